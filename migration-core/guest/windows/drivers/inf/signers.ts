/**
 * Who has signed a catalogue (.cat): the certificates of its PKCS #7 SignedData (RFC 2315, sections 9.1 and 9.2) that its
 * SignerInfos point at by issuer and serial number. The other certificates are there to vouch for that one, and say nothing of who
 * signed. Whether the signature is a good one is for Windows to say.
 */
import { createHash } from 'node:crypto';
import type { CatalogueSigner } from '../../driver-package.ts';
import { SIGNED_DATA } from './catalogue.ts';
import { element, elements, EXPLICIT_0, INTEGER, OID, oidOf, SEQUENCE, SET, type Element } from './der.ts';

/** A chain has three to five certificates, and time stamps bring theirs. */
const MAX_CERTIFICATES = 64;
/** Catalogues have one; a second one would be a matter of changing the digest. */
const MAX_SIGNERS = 16;
/** Parts of a name, and of a certificate: some ten. */
const MAX_PARTS = 64;
/** Characters that are kept of a name: the standard allows 64. */
const MAX_NAME = 200;

/** OID bytes of 2.5.4.3, 2.5.4.10 and 2.5.4.11 (X.520). */
const COMMON_NAME = '550403';
const ORGANISATION = '55040a';
const UNIT = '55040b';
/** UTF8String, PrintableString, TeletexString and IA5String: ASCII where the names are that matter here. */
const TEXTS: readonly number[] = [0x0c, 0x13, 0x14, 0x16];

/**
 * As whom Microsoft signs catalogues: drivers of others that passed its tests (WHQL) or that their makers vouched for before it
 * (attestation) in the first name, its own drivers in the others.
 */
const MICROSOFT_SIGNERS: readonly string[] = [
  'Microsoft Windows Hardware Compatibility Publisher',
  'Microsoft Windows',
  'Microsoft Windows Publisher',
];
const MICROSOFT = 'Microsoft Corporation';
/** Whoever signs kernel drivers in his own name shows a certificate of this one for that of his authority (cross-certificate). */
const CODE_VERIFICATION_ROOT = 'Microsoft Code Verification Root';

interface Name {
  common: string;
  organisation: string;
  units: string[];
}

interface Certificate {
  /** DER, to be compared byte for byte. */
  issuerBytes: Uint8Array;
  serial: Uint8Array;
  issuer: Name;
  subject: Name;
  thumbprint: string;
}

/** Null where the catalogue cannot be read, or does not have the certificate of one of its signers. */
export function signersOf(catalogue: Uint8Array): CatalogueSigner[] | null {
  const parts = signedParts(catalogue);
  if (parts === null) return null;
  const certificates = parts.certificates.map(certificateOf).filter((one) => one !== null);
  const crossSigned = certificates.some(({ issuer }) => issuer.common === CODE_VERIFICATION_ROOT);
  const signers: CatalogueSigner[] = [];
  for (const { tag, content } of parts.signers) {
    const issuerAndSerial = tag === SEQUENCE ? elements(content, MAX_PARTS)?.[1] : undefined;
    if (issuerAndSerial?.tag !== SEQUENCE) return null;
    const issuer = element(issuerAndSerial.content, 0);
    const serial = issuer === null ? null : element(issuerAndSerial.content, issuer.end);
    if (issuer === null || serial?.tag !== INTEGER) return null;
    const issuerBytes = issuerAndSerial.content.subarray(0, issuer.end);
    const own = certificates.find(
      (one) => sameBytes(one.issuerBytes, issuerBytes) && sameBytes(one.serial, serial.content),
    );
    if (own === undefined) return null;
    const { common, organisation } = own.subject;
    signers.push({
      name: common === '' ? organisation : common,
      microsoft: isMicrosoft(own),
      thumbprint: own.thumbprint,
      crossSigned,
    });
  }
  return signers.length === 0 ? null : signers;
}

/** Its own authorities alone give out certificates in these names. */
const isMicrosoft = ({ subject, issuer }: Certificate): boolean =>
  MICROSOFT_SIGNERS.includes(subject.common) &&
  [subject, issuer].every(
    ({ organisation, units }) => organisation === MICROSOFT || units.includes(MICROSOFT),
  );

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

function signedParts(
  catalogue: Uint8Array,
): { certificates: readonly Certified[]; signers: readonly Element[] } | null {
  const info = element(catalogue, 0);
  if (info?.tag !== SEQUENCE) return null;
  const type = element(info.content, 0);
  if (type?.tag !== OID || oidOf(type) !== SIGNED_DATA) return null;
  const wrapped = element(info.content, type.end);
  const signed = wrapped?.tag === EXPLICIT_0 ? element(wrapped.content, 0) : null;
  if (signed?.tag !== SEQUENCE) return null;
  // Version, digest algorithms, content; then the certificates, lists of revoked ones, and the signers.
  const fields = elements(signed.content, 6);
  const held = fields?.[3];
  const signerSet = fields?.at(-1);
  if (held?.tag !== EXPLICIT_0 || signerSet?.tag !== SET) return null;
  const certificates = elements(held.content, MAX_CERTIFICATES);
  const signers = elements(signerSet.content, MAX_SIGNERS);
  if (certificates === null || signers === null) return null;
  let at = 0;
  const whole = certificates.map((one) => {
    const bytes = held.content.subarray(at, one.end);
    at = one.end;
    return { ...one, bytes };
  });
  return { certificates: whole, signers };
}

/** With all its bytes. */
interface Certified extends Element {
  bytes: Uint8Array;
}

/** TBSCertificate of RFC 5280, section 4.1: version, serial number, algorithm, issuer, validity, subject. */
function certificateOf({ tag, content, bytes }: Certified): Certificate | null {
  const body = tag === SEQUENCE ? element(content, 0) : null;
  if (body?.tag !== SEQUENCE) return null;
  const fields = elements(body.content, MAX_PARTS);
  if (fields === null) return null;
  const first = fields[0]?.tag === EXPLICIT_0 ? 1 : 0;
  const [serial, algorithm, issuer, , subject] = fields.slice(first);
  if (serial?.tag !== INTEGER || algorithm === undefined) return null;
  if (issuer?.tag !== SEQUENCE || subject?.tag !== SEQUENCE) return null;
  return {
    issuerBytes: body.content.subarray(algorithm.end, issuer.end),
    serial: serial.content,
    issuer: nameOf(issuer),
    subject: nameOf(subject),
    thumbprint: createHash('sha1').update(bytes).digest('hex').toUpperCase(),
  };
}

/** What a name has twice counts the first time, but for the units. */
function nameOf({ content }: Element): Name {
  const name: Name = { common: '', organisation: '', units: [] };
  for (const set of elements(content, MAX_PARTS) ?? [])
    for (const pair of elements(set.content, MAX_PARTS) ?? []) {
      const type = element(pair.content, 0);
      const value = type === null ? null : element(pair.content, type.end);
      if (type === null || value === null || !TEXTS.includes(value.tag)) continue;
      const text = Buffer.from(value.content.subarray(0, MAX_NAME)).toString('utf8');
      const oid = oidOf(type);
      if (oid === COMMON_NAME) name.common ||= text;
      else if (oid === ORGANISATION) name.organisation ||= text;
      else if (oid === UNIT) name.units.push(text);
    }
  return name;
}
