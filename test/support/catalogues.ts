/**
 * Catalogues of drivers (.cat) with certificates and a signature of their own: PKCS #7 SignedData over an empty list, in the form of
 * Microsoft's. OpenSSL judges them in signers.tools.ts.
 */
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

export type Digest = 'sha1' | 'sha256';

/** Attributes of a name in their order; a name of attribute is one of OIDS. */
export type Subject = readonly (readonly [type: 'C' | 'O' | 'OU' | 'CN', value: string])[];

const OIDS = {
  C: '550406',
  O: '55040a',
  OU: '55040b',
  CN: '550403',
  rsa: '2a864886f70d010101',
  sha1: '2b0e03021a',
  sha256: '608648016503040201',
  sha1WithRsa: '2a864886f70d010105',
  sha256WithRsa: '2a864886f70d01010b',
  signedData: '2a864886f70d010702',
  trustList: '2b0601040182370a01',
  contentType: '2a864886f70d010903',
  messageDigest: '2a864886f70d010904',
  basicConstraints: '551d13',
} as const;

export function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  if (length < 0x100) return Buffer.concat([Buffer.from([tag, 0x81, length]), content]);
  const size = Buffer.alloc(2);
  size.writeUInt16BE(length);
  return Buffer.concat([Buffer.from([tag, 0x82]), size, content]);
}

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const oid = (name: keyof typeof OIDS): Buffer => der(0x06, hex(OIDS[name]));
const algorithm = (name: keyof typeof OIDS): Buffer => der(0x30, oid(name), hex('0500'));
const number = (value: number): Buffer => der(0x02, Buffer.from([value]));
const time = (text: string): Buffer => der(0x17, Buffer.from(text, 'latin1'));

const nameOf = (subject: Subject): Buffer =>
  der(
    0x30,
    ...subject.map(([type, value]) =>
      der(0x31, der(0x30, oid(type), der(0x13, Buffer.from(value, 'latin1')))),
    ),
  );

export interface Certificate {
  bytes: Buffer;
  subject: Subject;
  serial: number;
  issuer: Subject;
  key: KeyObject;
}

/** One pair is enough for all: a signature is as real with it. */
let pair: { publicKey: KeyObject; privateKey: KeyObject } | null = null;

export function certificate(
  subject: Subject,
  issuer: Subject,
  serial: number,
  authority = false,
): Certificate {
  pair ??= generateKeyPairSync('rsa', { modulusLength: 2048 });
  const body = der(
    0x30,
    der(0xa0, number(2)),
    number(serial),
    algorithm('sha256WithRsa'),
    nameOf(issuer),
    der(0x30, time('200101000000Z'), time('491231235959Z')),
    nameOf(subject),
    pair.publicKey.export({ format: 'der', type: 'spki' }),
    ...(authority
      ? [
          der(
            0xa3,
            der(0x30, der(0x30, oid('basicConstraints'), hex('0101ff'), der(0x04, hex('30030101ff')))),
          ),
        ]
      : []),
  );
  const signature = sign('sha256', body, pair.privateKey);
  const bytes = der(0x30, body, algorithm('sha256WithRsa'), der(0x03, hex('00'), signature));
  return { bytes, subject, serial, issuer, key: pair.privateKey };
}

const MICROSOFT: Subject = [
  ['C', 'US'],
  ['O', 'Microsoft Corporation'],
];
const ROOT: Subject = [...MICROSOFT, ['CN', 'Example Root Authority']];
const WHQL_AUTHORITY: Subject = [...MICROSOFT, ['CN', 'Example Third Party Component CA']];
const MAKER_ROOT: Subject = [
  ['O', 'Example Trust'],
  ['CN', 'Example Code Signing Root'],
];
const CODE_VERIFICATION: Subject = [...MICROSOFT, ['CN', 'Microsoft Code Verification Root']];

const ofMaker = () =>
  certificate(
    [
      ['C', 'US'],
      ['O', 'Example, Inc.'],
      ['CN', 'Example, Inc.'],
    ],
    MAKER_ROOT,
    0x31,
  );

/** A chain, the signer's own certificate first. */
export const CHAINS = {
  microsoft: () => [
    certificate(
      [...MICROSOFT, ['CN', 'Microsoft Windows Hardware Compatibility Publisher']],
      WHQL_AUTHORITY,
      0x21,
    ),
    certificate(WHQL_AUTHORITY, ROOT, 0x22, true),
  ],
  maker: () => [ofMaker(), certificate(MAKER_ROOT, MAKER_ROOT, 0x32, true)],
  /** As drivers for x64 Windows before 10 were signed: Microsoft vouches for the maker's authority. */
  'cross-signed': () => [
    ofMaker(),
    certificate(MAKER_ROOT, CODE_VERIFICATION, 0x33, true),
    certificate(CODE_VERIFICATION, CODE_VERIFICATION, 0x34, true),
  ],
} as const;

export type Chain = keyof typeof CHAINS;

const made = new Map<string, Buffer>();

/** The same bytes for the same request, within one process. */
export function catalogue(digest: Digest = 'sha256', chain: Chain = 'microsoft'): Buffer {
  const key = `${digest} ${chain}`;
  const known = made.get(key) ?? signedBy(CHAINS[chain](), digest);
  made.set(key, known);
  return known;
}

/** Signed with the first certificate; all of them come along, the last one first, as their order means nothing. */
export function signedBy(
  chain: readonly Certificate[],
  digest: Digest = 'sha256',
  signers = [chain[0]!],
): Buffer {
  const list = Buffer.concat([oid('trustList'), time('200101000000Z')]);
  const hash = createHash(digest).update(list).digest();
  const attributes = Buffer.concat([
    der(0x30, oid('contentType'), der(0x31, oid('trustList'))),
    der(0x30, oid('messageDigest'), der(0x31, der(0x04, hash))),
  ]);
  const infos = signers.map(({ issuer, serial, key }) =>
    der(
      0x30,
      number(1),
      der(0x30, nameOf(issuer), number(serial)),
      algorithm(digest),
      der(0xa0, attributes),
      algorithm('rsa'),
      der(0x04, sign(digest, der(0x31, attributes), key)),
    ),
  );
  const signed = der(
    0x30,
    number(1),
    der(0x31, algorithm(digest)),
    der(0x30, oid('trustList'), der(0xa0, der(0x30, list))),
    der(0xa0, ...[...chain].reverse().map(({ bytes }) => bytes)),
    der(0x31, ...infos),
  );
  return der(0x30, oid('signedData'), der(0xa0, signed));
}
