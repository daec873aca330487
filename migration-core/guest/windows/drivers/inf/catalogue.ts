/**
 * Which digest a catalogue (.cat) is signed by: PKCS #7 SignedData (RFC 2315) in DER. Only as far as its list of digest
 * algorithms is read; whether the signature is a good one is for Windows to say.
 */
import { element, EXPLICIT_0, INTEGER, OID, oidOf, SEQUENCE, SET } from './der.ts';

/** OID bytes: 1.2.840.113549.1.7.2 (signedData), 1.3.14.3.2.26 (SHA-1), 2.16.840.1.101.3.4.2.1 to 3 (SHA-256, 384, 512). */
export const SIGNED_DATA = '2a864886f70d010702';
const SHA1 = '2b0e03021a';
const SHA2 = /^60864801650304020[1-3]$/u;
/** A catalogue has one signer; two digests are there while a change is under way. */
const MAX_ALGORITHMS = 16;

/** `head`: the catalogue, or its first kilobyte, in which the algorithms stand. */
export function signatureOf(head: Uint8Array): 'sha1' | 'sha2' | 'unknown' {
  const info = element(head, 0, true);
  if (info?.tag !== SEQUENCE) return 'unknown';
  const type = element(info.content, 0, false);
  if (type?.tag !== OID || oidOf(type) !== SIGNED_DATA) return 'unknown';
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
    found.push(oidOf(oid));
    at = algorithm.end;
  }
  // Old Windows is content with the SHA-1 of two.
  if (found.includes(SHA1)) return 'sha1';
  return found.some((oid) => SHA2.test(oid)) ? 'sha2' : 'unknown';
}
