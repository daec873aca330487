/**
 * A packer for LZX in cabinets that makes every kind of block: verbatim, aligned and stored, within and across frames, matches at
 * old and new distances, lengths of codes in runs. It packs badly and knows no hurry; cabextract judges what it makes.
 */
const FRAME = 32768;
const SLOTS: Record<number, number> = { 15: 30, 16: 32, 17: 34, 18: 36, 19: 38, 20: 42, 21: 50 };
const EXTRA: number[] = [];
const BASE: number[] = [];
for (let slot = 0; slot < 51; slot++) {
  EXTRA.push(slot < 4 ? 0 : Math.min(17, (slot >> 1) - 1));
  BASE.push(slot === 0 ? 0 : BASE[slot - 1]! + (1 << EXTRA[slot - 1]!));
}

export interface PackOptions {
  windowBits?: number;
  /** Translate calls (E8) for a file of this size; 0 for not. */
  translation?: number;
  random: () => number;
}

class BitWriter {
  readonly #bytes: number[] = [];
  #word = 0;
  #count = 0;

  write(value: number, bits: number): void {
    for (let i = bits - 1; i >= 0; i--) {
      this.#word = (this.#word << 1) | (Math.floor(value / 2 ** i) & 1);
      if (++this.#count === 16) this.#flush();
    }
  }

  #flush(): void {
    this.#bytes.push(this.#word & 255, this.#word >> 8);
    this.#word = 0;
    this.#count = 0;
  }

  /** To the end of the word; a whole word of padding where `whole` and none is begun. */
  align(whole = false): void {
    if (this.#count > 0 || whole) this.write(0, 16 - this.#count);
  }

  raw(bytes: Iterable<number>): void {
    this.#bytes.push(...bytes);
  }

  take(): Uint8Array {
    this.align();
    return Uint8Array.from(this.#bytes.splice(0));
  }
}

/** Complete code of two neighbouring lengths over the symbols that occur; a second symbol is added to a lonely one. */
function codeLengths(used: Set<number>, size: number): number[] {
  const symbols = [...used].sort((a, b) => a - b);
  for (let extra = 0; symbols.length === 1; extra++) if (extra !== symbols[0]) symbols.push(extra);
  symbols.sort((a, b) => a - b);
  const lengths = new Array<number>(size).fill(0);
  const short = Math.floor(Math.log2(Math.max(1, symbols.length)));
  const shorter = 2 ** (short + 1) - symbols.length;
  symbols.forEach((symbol, i) => (lengths[symbol] = i < shorter ? short : short + 1));
  return lengths;
}

function codes(lengths: number[]): Map<number, [code: number, bits: number]> {
  const found = new Map<number, [number, number]>();
  let code = 0;
  for (let bits = 1; bits <= 16; bits++, code <<= 1)
    lengths.forEach((length, symbol) => {
      if (length === bits) found.set(symbol, [code++, bits]);
    });
  return found;
}

/** Lengths as differences from the last ones, runs packed. */
function writeLengths(out: BitWriter, before: number[], now: number[]): void {
  const items: [symbol: number, extra: number, bits: number, then?: number][] = [];
  for (let at = 0; at < now.length;) {
    let run = 1;
    while (at + run < now.length && now[at + run] === now[at]) run++;
    const delta = (before[at]! - now[at]! + 17) % 17;
    if (now[at] === 0 && run >= 20) {
      run = Math.min(run, 51);
      items.push([18, run - 20, 5]);
    } else if (now[at] === 0 && run >= 4) {
      run = Math.min(run, 19);
      items.push([17, run - 4, 4]);
    } else if (run >= 4) {
      run = Math.min(run, 5);
      items.push([19, run - 4, 1, delta]);
    } else {
      run = 1;
      items.push([delta, 0, 0]);
    }
    at += run;
  }
  const used = new Set(
    items.flatMap(([symbol, , , then]) => (then === undefined ? [symbol] : [symbol, then])),
  );
  const lengths = codeLengths(used, 20);
  for (const length of lengths) out.write(length, 4);
  const table = codes(lengths);
  for (const [symbol, extra, bits, then] of items) {
    out.write(...table.get(symbol)!);
    out.write(extra, bits);
    if (then !== undefined) out.write(...table.get(then)!);
  }
  now.forEach((length, i) => (before[i] = length));
}

type Token = { literal: number } | { length: number; slot: number; rest: number };

/** The frames of a folder: what each block of data of the cabinet holds. */
export function packLzx(input: Uint8Array, options: PackOptions): { packed: Uint8Array; size: number }[] {
  const { windowBits = 16, translation = 0, random } = options;
  const data = Uint8Array.from(input);
  if (translation > 0) translate(data, translation);
  const window = 2 ** windowBits;
  const mainSize = 256 + 8 * SLOTS[windowBits]!;
  const mainBefore = new Array<number>(mainSize).fill(0);
  const longBefore = new Array<number>(249).fill(0);
  let recent = [1, 1, 1];
  const heads = new Map<number, number>();
  const out = new BitWriter();
  out.write(translation > 0 ? 1 : 0, 1);
  if (translation > 0) out.write(translation, 32);
  const frames: { packed: Uint8Array; size: number }[] = [];
  let frameStart = 0;
  const endFrame = (at: number): void => {
    if (at - frameStart < FRAME && at < data.length) return;
    frames.push({ packed: out.take(), size: at - frameStart });
    frameStart = at;
  };

  for (let at = 0; at < data.length;) {
    const size = Math.min(data.length - at, 1 + Math.floor(random() * 70_000));
    const kind = 1 + Math.floor(random() * 3);
    out.write(kind, 3);
    out.write(size, 24);
    const end = at + size;
    if (kind === 3) {
      out.align(true);
      recent = recent.map((distance) => distance);
      for (const distance of recent) {
        const bytes = Buffer.alloc(4);
        bytes.writeUInt32LE(distance);
        out.raw(bytes);
      }
      while (at < end) {
        const stop = Math.min(end, frameStart + FRAME);
        out.raw(data.subarray(at, stop));
        if (stop === end && size % 2 === 1) out.raw([0]);
        at = stop;
        endFrame(at);
      }
      continue;
    }
    const tokens: Token[] = [];
    let boundary = frameStart + FRAME;
    for (let from = at; from < end;) {
      if (from === boundary) boundary += FRAME;
      const found = match(data, from, Math.min(end, boundary), heads, window);
      if (found === null) {
        tokens.push({ literal: data[from]! });
        from++;
        continue;
      }
      const { distance, length } = found;
      const old = recent.indexOf(distance);
      if (old >= 0) {
        tokens.push({ length, slot: old, rest: 0 });
        recent[old] = recent[0]!;
        recent[0] = distance;
      } else {
        let slot = 3;
        while (BASE[slot + 1]! <= distance + 2) slot++;
        tokens.push({ length, slot, rest: distance + 2 - BASE[slot]! });
        recent = [distance, recent[0]!, recent[1]!];
      }
      from += length;
    }
    const head = (token: Token): number =>
      'literal' in token ? token.literal : 256 + token.slot * 8 + Math.min(7, token.length - 2);
    const long = new Set<number>();
    const low = new Set<number>();
    for (const token of tokens) {
      if ('literal' in token) continue;
      if (token.length >= 9) long.add(token.length - 9);
      if (kind === 2 && EXTRA[token.slot]! >= 3) low.add(token.rest & 7);
    }
    const lowLengths = codeLengths(low.size === 0 ? new Set([0, 1]) : low, 8);
    if (kind === 2) for (const length of lowLengths) out.write(length, 3);
    const mainLengths = codeLengths(new Set(tokens.map(head)), mainSize);
    const longLengths = codeLengths(long, 249);
    const mainNow = { low: mainLengths.slice(0, 256), high: mainLengths.slice(256) };
    const before = { low: mainBefore.slice(0, 256), high: mainBefore.slice(256) };
    writeLengths(out, before.low, mainNow.low);
    writeLengths(out, before.high, mainNow.high);
    writeLengths(out, longBefore, longLengths);
    mainLengths.forEach((length, i) => (mainBefore[i] = length));
    const [mainCodes, longCodes, lowCodes] = [codes(mainLengths), codes(longLengths), codes(lowLengths)];
    for (const token of tokens) {
      out.write(...mainCodes.get(head(token))!);
      if ('literal' in token) at++;
      else {
        if (token.length >= 9) out.write(...longCodes.get(token.length - 9)!);
        const extra = EXTRA[token.slot]!;
        if (kind === 2 && extra >= 3) {
          out.write(token.rest >> 3, extra - 3);
          out.write(...lowCodes.get(token.rest & 7)!);
        } else out.write(token.rest, extra);
        at += token.length;
      }
      endFrame(at);
    }
  }
  return frames;
}

/** The last place where the same three bytes stood, if it is near enough. */
function match(
  data: Uint8Array,
  from: number,
  end: number,
  heads: Map<number, number>,
  window: number,
): { distance: number; length: number } | null {
  if (end - from < 3) return null;
  const key = data[from]! | (data[from + 1]! << 8) | (data[from + 2]! << 16);
  const last = heads.get(key);
  heads.set(key, from);
  if (last === undefined || from - last > window - 3) return null;
  let length = 3;
  while (length < 257 && from + length < end && data[last + length] === data[from + length]) length++;
  return { distance: from - last, length };
}

/** The targets of CALL made absolute, frame by frame. */
function translate(data: Uint8Array, size: number): void {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  for (let frame = 0; frame < data.length; frame += FRAME) {
    const end = Math.min(frame + FRAME, data.length) - 10;
    for (let at = frame; at < end; at++) {
      if (data[at] !== 0xe8) continue;
      const target = view.getInt32(at + 1, true);
      if (target >= -at && target < size - at) view.setInt32(at + 1, target + at, true);
      else if (target >= size - at && target < size) view.setInt32(at + 1, target - size, true);
      at += 4;
    }
  }
}
