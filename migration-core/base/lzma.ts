/**
 * The LZMA decoder, as LZMA2 chunks need it (specification: lzma-specification.txt of the LZMA SDK). Everything it
 * keeps between chunks is here: probabilities, the last four distances, and the dictionary, which is also the output.
 */

/** LZMA2 puts at most this much out of one chunk, bytes. */
export const MAX_CHUNK = 2 << 20;

/** Places in the table of probabilities; literals come last because their number depends on lc and lp. */
const IS_MATCH = 0; // [12 states][16 positions]
const IS_REP = IS_MATCH + 192; // [12]
const IS_REP0 = IS_REP + 12; // [12]
const IS_REP1 = IS_REP0 + 12; // [12]
const IS_REP2 = IS_REP1 + 12; // [12]
const IS_REP0_LONG = IS_REP2 + 12; // [12][16]
const SLOT = IS_REP0_LONG + 192; // [4][64]
const SPECIAL = SLOT + 256; // 115, reverse trees of distances 4..127
const ALIGN = SPECIAL + 128; // [16]
const LENGTH = ALIGN + 16; // choice, choice2, low [16][8], mid [16][8], high [256]
const LENGTH_SIZE = 2 + 128 + 128 + 256;
const REP_LENGTH = LENGTH + LENGTH_SIZE;
const LITERAL = REP_LENGTH + LENGTH_SIZE;
/** LZMA2 limits lc + lp to 4. */
const PROBABILITIES = LITERAL + (0x300 << 4);

/** States 7 to 11 follow a match. */
const AFTER_LITERAL = [0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 4, 5];

export interface LzmaDecoder {
  resetDictionary(): void;
  resetState(): void;
  /** The properties byte: (pb * 5 + lp) * 9 + lc. @throws what `damaged` makes. */
  setProperties(byte: number): void;
  /** Bytes that are stored as they are. Valid until the next call, as is what decode() returns. */
  store(bytes: Uint8Array): Uint8Array;
  /** One LZMA chunk that unpacks to `length` bytes. @throws what `damaged` makes. */
  decode(input: Uint8Array, length: number): Uint8Array;
}

/** Makes the error for data that cannot be right; the caller knows whose data it is. */
export type Damaged = (what: string, data?: Record<string, unknown>) => Error;

/** @param dictionary bytes a match may reach back. */
export function lzmaDecoder(dictionary: number, damaged: Damaged): LzmaDecoder {
  const window = new Uint8Array(dictionary + 2 * MAX_CHUNK);
  const probabilities = new Uint16Array(PROBABILITIES);
  /** Range and code of the range coder: a typed array keeps them unboxed. */
  const coder = new Uint32Array(2);
  const distances = new Uint32Array(4);
  let input = new Uint8Array(0) as Uint8Array;
  let inputAt = 0;
  let state = 0;
  let literalContextBits = 3;
  let literalPositionMask = 0;
  let positionMask = 3;
  /** Where the next byte goes in the window, and how many before it are valid. */
  let at = 0;
  let valid = 0;
  /** Bytes put out since the dictionary was reset: lp and pb look at it, not at the place in the window. */
  let position = 0;

  const bit = (index: number): number => {
    const probability = probabilities[index]!;
    const range = coder[0]!;
    const code = coder[1]!;
    const bound = (range >>> 11) * probability;
    let result = 0;
    let left: number;
    if (code < bound) {
      left = bound;
      probabilities[index] = probability + ((2048 - probability) >>> 5);
    } else {
      left = range - bound;
      coder[1] = code - bound;
      probabilities[index] = probability - (probability >>> 5);
      result = 1;
    }
    if (left < 0x1000000) {
      left <<= 8;
      coder[1] = (coder[1]! << 8) | input[inputAt++]!;
    }
    coder[0] = left;
    return result;
  };

  const directBits = (count: number): number => {
    let result = 0;
    for (let i = 0; i < count; i++) {
      let range = coder[0]! >>> 1;
      let code = coder[1]!;
      const one = code >= range ? 1 : 0;
      if (one === 1) code -= range;
      if (range < 0x1000000) {
        range <<= 8;
        code = (code << 8) | input[inputAt++]!;
      }
      coder[0] = range;
      coder[1] = code;
      result = (result << 1) | one;
    }
    return result >>> 0;
  };

  const tree = (base: number, bits: number): number => {
    let node = 1;
    for (let i = 0; i < bits; i++) node = (node << 1) | bit(base + node);
    return node - (1 << bits);
  };

  const reverseTree = (base: number, bits: number): number => {
    let node = 1;
    let result = 0;
    for (let i = 0; i < bits; i++) {
      const one = bit(base + node);
      node = (node << 1) | one;
      result |= one << i;
    }
    return result;
  };

  const matchLength = (base: number, positionState: number): number => {
    if (bit(base) === 0) return 2 + tree(base + 2 + (positionState << 3), 3);
    if (bit(base + 1) === 0) return 10 + tree(base + 130 + (positionState << 3), 3);
    return 18 + tree(base + 258, 8);
  };

  const matchDistance = (length: number): number => {
    const slot = tree(SLOT + (Math.min(length - 2, 3) << 6), 6);
    if (slot < 4) return slot;
    const bits = (slot >>> 1) - 1;
    const high = ((2 | (slot & 1)) << bits) >>> 0;
    if (slot < 14) return high + reverseTree(SPECIAL + high - slot, bits);
    return high + directBits(bits - 4) * 16 + reverseTree(ALIGN, 4);
  };

  const literal = (): number => {
    const previous = valid === 0 ? 0 : window[at - 1]!;
    const context =
      ((position & literalPositionMask) << literalContextBits) | (previous >>> (8 - literalContextBits));
    const base = LITERAL + 0x300 * context;
    let symbol = 1;
    if (state >= 7) {
      let matched = window[at - 1 - distances[0]!]!;
      while (symbol < 0x100) {
        const expected = (matched >>> 7) & 1;
        matched <<= 1;
        const one = bit(base + ((1 + expected) << 8) + symbol);
        symbol = (symbol << 1) | one;
        if (one !== expected) break;
      }
    }
    while (symbol < 0x100) symbol = (symbol << 1) | bit(base + symbol);
    return symbol & 0xff;
  };

  /** Length of the next match, its distance in distances[0]; 1 for a short repeat. */
  const match = (positionState: number): number => {
    if (bit(IS_REP + state) === 0) {
      distances[3] = distances[2]!;
      distances[2] = distances[1]!;
      distances[1] = distances[0]!;
      const length = matchLength(LENGTH, positionState);
      distances[0] = matchDistance(length);
      state = state < 7 ? 7 : 10;
      return length;
    }
    if (bit(IS_REP0 + state) === 0) {
      if (bit(IS_REP0_LONG + (state << 4) + positionState) === 0) {
        state = state < 7 ? 9 : 11;
        return 1;
      }
    } else {
      let chosen = distances[1]!;
      if (bit(IS_REP1 + state) === 1) {
        if (bit(IS_REP2 + state) === 0) chosen = distances[2]!;
        else {
          chosen = distances[3]!;
          distances[3] = distances[2]!;
        }
        distances[2] = distances[1]!;
      }
      distances[1] = distances[0]!;
      distances[0] = chosen;
    }
    const length = matchLength(REP_LENGTH, positionState);
    state = state < 7 ? 8 : 11;
    return length;
  };

  const room = (length: number): void => {
    if (at + length <= window.length) return;
    const kept = Math.min(valid, dictionary);
    window.copyWithin(0, at - kept, at);
    at = kept;
    valid = kept;
  };

  const resetState = (): void => {
    state = 0;
    distances.fill(0);
    probabilities.fill(1024);
  };

  return {
    resetDictionary() {
      valid = 0;
      position = 0;
    },
    resetState,
    setProperties(byte) {
      const lc = byte % 9;
      const lp = Math.floor(byte / 9) % 5;
      const pb = Math.floor(byte / 45);
      if (pb > 4 || lc + lp > 4) throw damaged('its LZMA properties are impossible', { byte });
      literalContextBits = lc;
      literalPositionMask = (1 << lp) - 1;
      positionMask = (1 << pb) - 1;
      resetState();
    },
    store(bytes) {
      room(bytes.length);
      window.set(bytes, at);
      at += bytes.length;
      valid += bytes.length;
      position += bytes.length;
      return window.subarray(at - bytes.length, at);
    },
    decode(chunk, length) {
      if (chunk.length < 5 || chunk[0] !== 0) throw damaged('an LZMA chunk is broken');
      room(length);
      input = chunk;
      inputAt = 5;
      coder[0] = 0xffffffff;
      coder[1] = (chunk[1]! << 24) | (chunk[2]! << 16) | (chunk[3]! << 8) | chunk[4]!;
      const end = at + length;
      while (at < end) {
        const positionState = position & positionMask;
        if (bit(IS_MATCH + (state << 4) + positionState) === 0) {
          // Not `window[at++] = literal()`: the literal looks at the byte before `at`.
          window[at] = literal();
          at++;
          state = AFTER_LITERAL[state]!;
          valid++;
          position++;
          continue;
        }
        const run = match(positionState);
        const from = distances[0]! + 1;
        if (from > valid || from > dictionary || at + run > end)
          throw damaged('an LZMA match reaches too far', { from, run });
        for (let i = 0; i < run; i++, at++) window[at] = window[at - from]!;
        valid += run;
        position += run;
      }
      if (inputAt > chunk.length) throw damaged('an LZMA chunk is too short');
      return window.subarray(end - length, end);
    },
  };
}
