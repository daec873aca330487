/**
 * Which digest a catalogue (.cat) is signed by: PKCS #7 SignedData (RFC 2315) in DER. Only as far as its list of digest
 * algorithms is read; whether the signature is a good one is for Windows to say.
 */

/** OID bytes: 1.2.840.113549.1.7.2 (signedData), 1.3.14.3.2.26 (SHA-1), 2.16.840.1.101.3.4.2.1 to 3 (SHA-256, 384, 512). */
const SIGNED_DATA = '2a864886f70d010702';
const SHA1 = '2b0e03021a';
const SHA2 = /^60864801650304020[1-3]$/u;
/** A catalogue has one signer; two digests are there while a change is under way. */
const MAX_ALGORITHMS = 16;

const SEQUENCE = 0x30;
const SET = 0x31;
const OID = 0x06;
const INTEGER = 0x02;
const EXPLICIT_0 = 0xa0;

interface Element {
  tag: number;
  content: Uint8Array;
  /** First byte after it. */
  end: number;
}

/** The element at `at`, which must lie within `bytes` unless `cut` says that only their beginning is here; null otherwise. */
function element(bytes: Uint8Array, at: number, cut: boolean): Element | null {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined) return null;
  let length = first;
  let start = at + 2;
  if (first >= 0x80) {
    const count = first & 0x7f;
    // Indefinite lengths are no DER; four bytes are 4 GiB.
    if (count === 0 || count > 4 || start + count > bytes.length) return null;
    length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + bytes[start + i]!;
    start += count;
  }
  const end = start + length;
  if (end > bytes.length && !cut) return null;
  return { tag, content: bytes.subarray(start, Math.min(end, bytes.length)), end };
}

/** `head`: the catalogue, or its first kilobyte, in which the algorithms stand. */
export function signatureOf(head: Uint8Array): 'sha1' | 'sha2' | 'unknown' {
  const info = element(head, 0, true);
  if (info?.tag !== SEQUENCE) return 'unknown';
  const type = element(info.content, 0, false);
  if (type?.tag !== OID || Buffer.from(type.content).toString('hex') !== SIGNED_DATA) return 'unknown';
  const wrapped = element(info.content, type.end, true);
  if (wrapped?.tag !== EXPLICIT_0) return 'unknown';
  const signed = element(wrapped.content, 0, true);
  if (signed?.tag !== SEQUENCE) return 'unknown';
  const version = element(signed.content, 0, false);
  if (version?.tag !== INTEGER) return 'unknown';
  const algorithms = element(signed.content, version.end, false);
  if (algorithms?.tag !== SET) return 'unknown';
  const found: string[] = [];
  for (let at = 0; at < algorithms.content.length && found.length < MAX_ALGORITHMS;) {
    const algorithm = element(algorithms.content, at, false);
    if (algorithm?.tag !== SEQUENCE) return 'unknown';
    const oid = element(algorithm.content, 0, false);
    if (oid?.tag !== OID) return 'unknown';
    found.push(Buffer.from(oid.content).toString('hex'));
    at = algorithm.end;
  }
  // Old Windows is content with the SHA-1 of two.
  if (found.includes(SHA1)) return 'sha1';
  return found.some((oid) => SHA2.test(oid)) ? 'sha2' : 'unknown';
}
