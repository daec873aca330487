/**
 * The LZMA decoder, as LZMA2 chunks need it (specification: lzma-specification.txt of the LZMA SDK). Everything it
 * keeps between chunks is here: probabilities, the last four distances, and the dictionary, which is also the output.
 */

/** LZMA2 puts at most this much out of one chunk, bytes. */
export const MAX_CHUNK = 2 << 20;
/** And takes at most this much in. */
const MAX_PACKED = 64 << 10;
/** What one symbol may take beyond the end before it is looked at where the chunk ends, bytes: it has below 64 bits, each at most a byte. */
const SLACK = 64;

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

/**
 * @param dictionary bytes a match may reach back.
 * @param whole has room for everything that will be put out, which then stays there; without, there is a window that moves.
 */
export function lzmaDecoder(dictionary: number, damaged: Damaged, whole?: Uint8Array): LzmaDecoder {
  const window = whole ?? new Uint8Array(dictionary + 2 * MAX_CHUNK);
  const probabilities = new Uint16Array(PROBABILITIES);
  /** The packed bytes of one chunk. In a buffer of our own, reads are of one kind and within bounds. */
  const input = new Uint8Array(MAX_PACKED + SLACK);
  /**
   * The range coder between symbols: range, code, and where in `input` it is. Whoever decodes several bits takes the
   * three into variables, which stay in registers, and puts them back: each bit depends on the one before it, so that
   * going through memory for each would take twice as long.
   */
  const coder = new Int32Array(3);
  const distances = new Uint32Array(4);
  let state = 0;
  let literalContextBits = 3;
  let literalPositionMask = 0;
  let positionMask = 3;
  /** Where the next byte goes in the window, and how many before it are valid. */
  let at = 0;
  let valid = 0;
  /**
   * Bytes put out since the dictionary was reset, of which lp and pb see the lowest four bits; not the place in the
   * window, which moves.
   */
  let position = 0;

  const bit = (index: number): number => {
    const probability = probabilities[index]!;
    let range = coder[0]!;
    let code = coder[1]!;
    const bound = Math.imul(range >>> 11, probability);
    let result = 0;
    if (code >>> 0 < bound >>> 0) {
      range = bound;
      probabilities[index] = probability + ((2048 - probability) >>> 5);
    } else {
      range = (range - bound) | 0;
      code = (code - bound) | 0;
      probabilities[index] = probability - (probability >>> 5);
      result = 1;
    }
    if (range >>> 24 === 0) {
      range <<= 8;
      code = (code << 8) | input[coder[2]!++]!;
    }
    coder[0] = range;
    coder[1] = code;
    return result;
  };

  const directBits = (count: number): number => {
    let range = coder[0]!;
    let code = coder[1]!;
    let from = coder[2]!;
    let result = 0;
    for (let i = 0; i < count; i++) {
      range >>>= 1;
      // The code is below the former range, twice what this is: the sign of the difference tells.
      code = (code - range) | 0;
      const less = code >> 31;
      code = (code + (less & range)) | 0;
      if (range >>> 24 === 0) {
        range <<= 8;
        code = (code << 8) | input[from++]!;
      }
      result = (result << 1) + 1 + less;
    }
    coder[0] = range;
    coder[1] = code;
    coder[2] = from;
    return result >>> 0;
  };

  /** Bits of a tree, the high one first. */
  const tree = (base: number, bits: number): number => {
    let range = coder[0]!;
    let code = coder[1]!;
    let from = coder[2]!;
    let node = 1;
    for (let i = 0; i < bits; i++) {
      const index = base + node;
      const probability = probabilities[index]!;
      const bound = Math.imul(range >>> 11, probability);
      const rest = (code - bound) | 0;
      const less = ((~code & bound) | (~(code ^ bound) & rest)) >> 31;
      range = (less & bound) | (~less & (range - bound));
      code = (rest + (less & bound)) | 0;
      probabilities[index] = probability - ((probability + (less & (31 - 2048))) >> 5);
      node = (node << 1) + 1 + less;
      if (range >>> 24 === 0) {
        range <<= 8;
        code = (code << 8) | input[from++]!;
      }
    }
    coder[0] = range;
    coder[1] = code;
    coder[2] = from;
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
    if (whole !== undefined) throw damaged('it unpacks to more than it says');
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
      position = (position + bytes.length) & 15;
      return window.subarray(at - bytes.length, at);
    },
    decode(chunk, length) {
      if (chunk.length < 5 || chunk.length > MAX_PACKED || chunk[0] !== 0)
        throw damaged('an LZMA chunk is broken');
      room(length);
      input.set(chunk);
      input.fill(0, chunk.length, chunk.length + SLACK);
      let range = -1;
      let code = (chunk[1]! << 24) | (chunk[2]! << 16) | (chunk[3]! << 8) | chunk[4]!;
      let from = 5;
      const end = at + length;
      let to = at;
      /** `position` and `valid` are behind `to` by these. */
      const ahead = position - at;
      const before = valid - at;
      while (to < end) {
        if (from > chunk.length) break;
        const positionState = (to + ahead) & positionMask;
        const choice = IS_MATCH + (state << 4) + positionState;
        const likely = probabilities[choice]!;
        const border = Math.imul(range >>> 11, likely);
        if (code >>> 0 >= border >>> 0) {
          range = (range - border) | 0;
          code = (code - border) | 0;
          probabilities[choice] = likely - (likely >>> 5);
          if (range >>> 24 === 0) {
            range <<= 8;
            code = (code << 8) | input[from++]!;
          }
          coder[0] = range;
          coder[1] = code;
          coder[2] = from;
          const run = match(positionState);
          range = coder[0]!;
          code = coder[1]!;
          from = coder[2]!;
          const back = distances[0]! + 1;
          if (back > to + before || back > dictionary || to + run > end)
            throw damaged('an LZMA match reaches too far', { from: back, run });
          for (const until = to + run; to < until; to++) window[to] = window[to - back]!;
          continue;
        }
        range = border;
        probabilities[choice] = likely + ((2048 - likely) >>> 5);
        if (range >>> 24 === 0) {
          range <<= 8;
          code = (code << 8) | input[from++]!;
        }
        // A literal: eight bits of a tree of its own for what the byte before it and its position are.
        const previous = to + before === 0 ? 0 : window[to - 1]!;
        const context =
          (((to + ahead) & literalPositionMask) << literalContextBits) |
          (previous >>> (8 - literalContextBits));
        const base = LITERAL + 0x300 * context;
        // After a match the byte that would have continued it chooses the tree, as long as bits agree with it.
        let matched = 0;
        let agrees = 0;
        if (state >= 7) {
          matched = window[to - 1 - distances[0]!]!;
          agrees = 0x100;
        }
        let symbol = 1;
        while (symbol < 0x100) {
          matched <<= 1;
          const expected = matched & agrees;
          const index = base + agrees + expected + symbol;
          const probability = probabilities[index]!;
          const bound = Math.imul(range >>> 11, probability);
          const rest = (code - bound) | 0;
          // All bits set where code is less (the borrow of the subtraction): half of these bits cannot be predicted.
          const less = ((~code & bound) | (~(code ^ bound) & rest)) >> 31;
          range = (less & bound) | (~less & (range - bound));
          code = (rest + (less & bound)) | 0;
          probabilities[index] = probability - ((probability + (less & (31 - 2048))) >> 5);
          symbol = (symbol << 1) + 1 + less;
          agrees &= expected ^ less;
          if (range >>> 24 === 0) {
            range <<= 8;
            code = (code << 8) | input[from++]!;
          }
        }
        window[to++] = symbol;
        state = AFTER_LITERAL[state]!;
      }
      position = (position + length) & 15;
      valid += length;
      at = end;
      if (from > chunk.length) throw damaged('an LZMA chunk is too short');
      return window.subarray(end - length, end);
    },
  };
}
