/** Public keys of servers as they go over the wire (RFC 4253 6.6, RFC 5656 3.1, RFC 8709 4). */
import { createHash } from 'node:crypto';

export interface HostKey {
  /** `ssh-ed25519`, `ecdsa-sha2-nistp256`, `ssh-rsa` ... */
  algorithm: string;
  blob: Buffer;
}

/** Keys of RSA with 16,384 bits have 2 KiB. */
const MAXIMUM_BLOB = 16 << 10;

/** @returns the key, or null where the bytes are none */
export function readHostKey(blob: Uint8Array): HostKey | null {
  const bytes = Buffer.from(blob);
  const algorithm = field(bytes, 0);
  if (algorithm === null || bytes.length > MAXIMUM_BLOB || !/^[a-z0-9@.-]{1,64}$/u.test(algorithm.text))
    return null;
  return { algorithm: algorithm.text, blob: bytes };
}

export interface Fingerprint {
  bits: number;
  /** `SHA256:` and base64 without padding. */
  sha256: string;
  /** `ED25519`, `RSA`, `ECDSA`, `DSA`. */
  kind: string;
  /** `256 SHA256:... (ED25519)`: what `ssh-keygen -lf` prints, without its comment. */
  text: string;
}

export function fingerprint(key: HostKey): Fingerprint {
  const sha256 = `SHA256:${createHash('sha256').update(key.blob).digest('base64').replace(/=+$/u, '')}`;
  const [kind, bits] = kindAndBits(key);
  return { bits, sha256, kind, text: `${bits} ${sha256} (${kind})` };
}

function kindAndBits({ algorithm, blob }: HostKey): [kind: string, bits: number] {
  if (algorithm === 'ssh-ed25519') return ['ED25519', 256];
  if (algorithm === 'ssh-ed448') return ['ED448', 448];
  const curve = /^ecdsa-sha2-nistp(\d{3})$/u.exec(algorithm);
  if (curve !== null) return ['ECDSA', Number(curve[1])];
  const name = field(blob, 0)!;
  // RSA: exponent, modulus. DSA: prime first.
  if (algorithm === 'ssh-rsa')
    return ['RSA', bitsOf(field(blob, field(blob, name.next)?.next ?? blob.length))];
  if (algorithm === 'ssh-dss') return ['DSA', bitsOf(field(blob, name.next))];
  return [algorithm.toUpperCase(), 0];
}

/** Of a number, most significant byte first. */
function bitsOf(number: { bytes: Buffer } | null): number {
  const bytes = number?.bytes ?? Buffer.alloc(0);
  const first = bytes.findIndex((byte) => byte !== 0);
  return first < 0 ? 0 : (bytes.length - first) * 8 - Math.clz32(bytes[first]!) + 24;
}

/** A string with its length in front (RFC 4251 5). */
function field(bytes: Buffer, at: number): { text: string; bytes: Buffer; next: number } | null {
  if (at + 4 > bytes.length) return null;
  const next = at + 4 + bytes.readUInt32BE(at);
  if (next > bytes.length) return null;
  const content = bytes.subarray(at + 4, next);
  return { text: content.toString('latin1'), bytes: content, next };
}
