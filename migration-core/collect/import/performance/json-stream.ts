/**
 * Parts of a JSON document that may be larger than memory. The bytes are followed only as far as brackets and strings go;
 * what is asked for is cut out and parsed.
 */

/** One element: a moment of a server with thousands of disks, or a series of some months. */
const MAX_ELEMENT = 64 << 20;
/** Our formats have ten levels. */
const MAX_DEPTH = 64;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

export interface JsonPart {
  /** Keys from the top joined with dots; `[]` for elements of an array: `data.result[]`. */
  path: string;
  value: unknown;
  /** Number of this part among those of its path, from 1. */
  record: number;
}

export type JsonEvent = JsonPart | { path: string; record: number; broken: 'element' | 'document' };

interface Level {
  isArray: boolean;
  path: string;
  key: string;
}

/**
 * @param wanted paths whose values are cut out, objects and plain values alike
 * @returns parts in the order of the file; `broken: 'document'` where the file ends early or is no JSON any more
 */
export async function* jsonParts(
  pieces: AsyncIterable<Uint8Array>,
  wanted: ReadonlySet<string>,
): AsyncGenerator<JsonEvent> {
  const scanner = new JsonScanner(wanted);
  for await (const piece of pieces) {
    yield* scanner.feed(piece);
    if (scanner.broken) break;
  }
  yield* scanner.end();
}

class JsonScanner {
  broken = false;
  readonly #wanted: ReadonlySet<string>;
  readonly #levels: Level[] = [];
  readonly #records = new Map<string, number>();
  #inString = false;
  #escaped = false;
  /** The string that is being read is a key. */
  #expectKey = false;
  #key: number[] | null = null;
  /** A number, true, false or null goes on. */
  #inWord = false;
  /** What is cut out: its path, the depth it ends at, its bytes so far. */
  #capture: { path: string; depth: number; parts: Buffer[]; bytes: number } | null = null;
  #started = false;

  constructor(wanted: ReadonlySet<string>) {
    this.#wanted = wanted;
  }

  *feed(piece: Uint8Array): Generator<JsonEvent> {
    // Where what is cut out begins in this piece.
    let from = 0;
    for (let at = 0; at < piece.length; at++) {
      const byte = piece[at]!;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) {
          this.#inString = false;
          if (this.#key !== null) {
            this.#levels.at(-1)!.key = Buffer.from(this.#key).toString('utf8');
            this.#key = null;
          } else if (this.#endsHere()) {
            yield this.#cut(piece, from, at + 1);
          }
          continue;
        }
        if (this.#key !== null && this.#key.length < 200) this.#key.push(byte);
        continue;
      }
      if (this.#inWord && !isWord(byte)) {
        this.#inWord = false;
        if (this.#endsHere()) yield this.#cut(piece, from, at);
      }
      if (byte <= 0x20) continue;
      if (byte === 0x7b || byte === 0x5b) {
        if (this.#levels.length === 0 && this.#started) {
          this.#stop();
          return;
        }
        if (this.#begin()) from = at;
        if (this.#levels.length === MAX_DEPTH) {
          this.#stop();
          return;
        }
        this.#levels.push({ isArray: byte === 0x5b, path: this.#pathHere(), key: '' });
        this.#started = true;
        this.#expectKey = byte === 0x7b;
      } else if (byte === 0x7d || byte === 0x5d) {
        const level = this.#levels.pop();
        if (level === undefined || level.isArray !== (byte === 0x5d)) {
          this.#stop();
          return;
        }
        this.#expectKey = false;
        if (this.#endsHere()) yield this.#cut(piece, from, at + 1);
      } else if (byte === 0x2c) {
        const level = this.#levels.at(-1);
        if (level === undefined) {
          this.#stop();
          return;
        }
        this.#expectKey = !level.isArray;
      } else if (byte === 0x3a) this.#expectKey = false;
      else if (this.#levels.length === 0) {
        this.#stop();
        return;
      } else if (byte === QUOTE) {
        this.#inString = true;
        if (this.#expectKey) this.#key = [];
        else if (this.#begin()) from = at;
      } else if (isWord(byte)) {
        if (!this.#inWord) {
          this.#inWord = true;
          if (this.#begin()) from = at;
        }
      } else {
        this.#stop();
        return;
      }
    }
    if (this.#capture !== null) this.#hold(piece.subarray(from));
  }

  *end(): Generator<JsonEvent> {
    if (this.#levels.length > 0 || this.broken || !this.#started)
      yield { path: this.#capture?.path ?? '', record: 0, broken: 'document' };
  }

  #stop(): void {
    this.broken = true;
  }

  /** A value begins: is it one that is wanted? */
  #begin(): boolean {
    if (this.#capture !== null) return false;
    const path = this.#pathHere();
    if (!this.#wanted.has(path)) return false;
    this.#capture = { path, depth: this.#levels.length, parts: [], bytes: 0 };
    return true;
  }

  #pathHere(): string {
    const level = this.#levels.at(-1);
    if (level === undefined) return '';
    if (level.isArray) return `${level.path}[]`;
    return level.path === '' ? level.key : `${level.path}.${level.key}`;
  }

  #endsHere(): boolean {
    return this.#capture !== null && this.#levels.length === this.#capture.depth;
  }

  #hold(bytes: Uint8Array): void {
    const capture = this.#capture!;
    capture.bytes += bytes.length;
    // What is too long is followed to its end, but not kept.
    if (capture.bytes <= MAX_ELEMENT) capture.parts.push(Buffer.from(bytes));
    else capture.parts = [];
  }

  #cut(piece: Uint8Array, from: number, to: number): JsonEvent {
    this.#hold(piece.subarray(from, to));
    const { path, parts, bytes } = this.#capture!;
    this.#capture = null;
    const record = (this.#records.get(path) ?? 0) + 1;
    this.#records.set(path, record);
    if (bytes > MAX_ELEMENT) return { path, record, broken: 'element' };
    try {
      return { path, record, value: JSON.parse(Buffer.concat(parts).toString('utf8')) as unknown };
    } catch {
      return { path, record, broken: 'element' };
    }
  }
}

/** Numbers, true, false, null; what else passes is found by JSON.parse. */
const isWord = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) ||
  (byte >= 0x61 && byte <= 0x7a) ||
  (byte >= 0x41 && byte <= 0x5a) ||
  byte === 0x2d ||
  byte === 0x2b ||
  byte === 0x2e;

/** Of a value of unknown shape. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const recordsOf = (value: unknown): Record<string, unknown>[] =>
  Array.isArray(value) ? value.filter(isRecord) : [];

export const textIn = (record: Record<string, unknown>, key: string): string => {
  const value = record[key];
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
};
