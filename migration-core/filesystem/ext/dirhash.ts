/**
 * The hashes by which large directories are ordered ("Hash Tree Directories"). Three functions, each in a variant that
 * takes bytes of the name as signed numbers, as the machine had them that made the volume.
 */
export const HASH = { legacy: 0, halfMd4: 1, tea: 2 } as const;

export interface DirHash {
  /** The order in the tree; the lowest bit is always 0. */
  major: number;
  minor: number;
}

/** The value that means "end of directory" to readdir(2), and which no name may have. */
const END_OF_DIRECTORY = 0xfffffffe;

const rotate = (value: number, by: number): number => (value << by) | (value >>> (32 - by));

/** Four bytes a word, the last ones shifted in from below; missing ones are the length repeated. */
function words(name: Uint8Array, from: number, count: number, signed: boolean): Int32Array {
  const result = new Int32Array(count);
  const left = name.length - from;
  let pad = left | (left << 8);
  pad |= pad << 16;
  let value = pad;
  let at = 0;
  const length = Math.min(left, count * 4);
  for (let i = 0; i < length; i++) {
    const byte = name[from + i]!;
    value = ((signed ? (byte << 24) >> 24 : byte) + (value << 8)) | 0;
    if (i % 4 === 3) {
      result[at++] = value;
      value = pad;
    }
  }
  if (at < count) result[at++] = value;
  while (at < count) result[at++] = pad;
  return result;
}

function halfMd4(state: Int32Array, x: Int32Array): void {
  let [a, b, c, d] = state as unknown as [number, number, number, number];
  const F = (p: number, q: number, r: number): number => r ^ (p & (q ^ r));
  const G = (p: number, q: number, r: number): number => (p & q) + ((p ^ q) & r);
  const H = (p: number, q: number, r: number): number => p ^ q ^ r;
  const rounds: [typeof F, number, readonly number[], readonly number[]][] = [
    [F, 0, [0, 1, 2, 3, 4, 5, 6, 7], [3, 7, 11, 19]],
    [G, 0x5a827999, [1, 3, 5, 7, 0, 2, 4, 6], [3, 5, 9, 13]],
    [H, 0x6ed9eba1, [3, 7, 2, 6, 1, 5, 0, 4], [3, 9, 11, 15]],
  ];
  for (const [mix, constant, order, shifts] of rounds) {
    for (let i = 0; i < 8; i++) {
      const sum = (a + mix(b, c, d) + x[order[i]!]! + constant) | 0;
      [a, b, c, d] = [d, rotate(sum, shifts[i % 4]!), b, c];
    }
  }
  state[0]! += a;
  state[1]! += b;
  state[2]! += c;
  state[3]! += d;
}

function tea(state: Int32Array, key: Int32Array): void {
  let b0 = state[0]!;
  let b1 = state[1]!;
  let sum = 0;
  for (let i = 0; i < 16; i++) {
    sum = (sum + 0x9e3779b9) | 0;
    b0 = (b0 + (((b1 << 4) + key[0]!) ^ (b1 + sum) ^ ((b1 >>> 5) + key[1]!))) | 0;
    b1 = (b1 + (((b0 << 4) + key[2]!) ^ (b0 + sum) ^ ((b0 >>> 5) + key[3]!))) | 0;
  }
  state[0]! += b0;
  state[1]! += b1;
}

function legacy(name: Uint8Array, signed: boolean): number {
  let hash0 = 0x12a3fe2d;
  let hash1 = 0x37abe8f9;
  for (const byte of name) {
    const product = Math.imul(signed ? (byte << 24) >> 24 : byte, 7152373);
    let hash = (hash1 + (hash0 ^ product)) >>> 0;
    if (hash & 0x80000000) hash = (hash - 0x7fffffff) >>> 0;
    hash1 = hash0;
    hash0 = hash;
  }
  return (hash0 << 1) >>> 0;
}

/** `seed`: the four words of s_hash_seed; all zeros mean the default. */
export function dirHash(version: number, signed: boolean, seed: Uint32Array, name: Uint8Array): DirHash {
  const state = Int32Array.from(
    seed.some((word) => word !== 0) ? seed : [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476],
  );
  let major: number;
  let minor = 0;
  if (version === HASH.legacy) {
    major = legacy(name, signed);
  } else if (version === HASH.halfMd4) {
    for (let at = 0; at < name.length; at += 32) halfMd4(state, words(name, at, 8, signed));
    major = state[1]! >>> 0;
    minor = state[2]! >>> 0;
  } else {
    for (let at = 0; at < name.length; at += 16) tea(state, words(name, at, 4, signed));
    major = state[0]! >>> 0;
    minor = state[1]! >>> 0;
  }
  major = (major & ~1) >>> 0;
  if (major === END_OF_DIRECTORY) major = (END_OF_DIRECTORY - 2) >>> 0;
  return { major, minor };
}
