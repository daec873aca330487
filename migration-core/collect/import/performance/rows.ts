/** Rows of separated values (RFC 4180) found in bytes: where each cell begins and ends, nothing copied. */
import { LONGEST_QUOTED, type LineBlock } from './lines.ts';
import type { ImportSink } from './sink.ts';

/** A log of every process of a large server has some ten thousand columns. Cells beyond are not looked at. */
export const MAX_COLUMNS = 1 << 17;
const QUOTE = 0x22;
const NEWLINE = 10;
const RETURN = 13;

export class RowScanner {
  /** Of the cells of the last row: from, to (without quotes). */
  starts = new Int32Array(64);
  ends = new Int32Array(64);
  /** Cells of the last row. */
  count = 0;
  /** The last row has a quote that is never closed. */
  broken = false;
  /** Line ends in the last row, its own included. */
  lines = 0;
  readonly #delimiter: number;

  constructor(delimiter: string) {
    this.#delimiter = delimiter.charCodeAt(0);
  }

  /**
   * Finds the cells of the row at `from`.
   * @returns where the next row begins; -1: a quoted cell goes on behind `bytes`, and `last` does not say that is all
   */
  scan(bytes: Uint8Array, from: number, last: boolean): number {
    const delimiter = this.#delimiter;
    const end = bytes.length;
    let at = from;
    this.count = 0;
    this.broken = false;
    this.lines = 1;
    for (;;) {
      if (this.count === this.starts.length) this.#grow();
      const cell = this.count;
      if (bytes[at] === QUOTE) {
        const closing = this.#closingQuote(bytes, at + 1, last);
        if (closing === -1) return -1;
        if (closing === -2) {
          this.broken = true;
          const lineEnd = bytes.indexOf(NEWLINE, at);
          return lineEnd < 0 ? end : lineEnd + 1;
        }
        this.starts[cell] = at + 1;
        this.ends[cell] = closing;
        at = closing + 1;
        // What stands between a closing quote and the delimiter is dropped.
        while (at < end && bytes[at] !== delimiter && bytes[at] !== NEWLINE) at++;
      } else {
        this.starts[cell] = at;
        let byte = 0;
        while (at < end && (byte = bytes[at]!) !== delimiter && byte !== NEWLINE) at++;
        this.ends[cell] = at;
      }
      if (cell < MAX_COLUMNS - 1) this.count = cell + 1;
      if (at >= end || bytes[at] === NEWLINE) {
        const lastCell = this.count - 1;
        if (this.ends[lastCell]! > this.starts[lastCell]! && bytes[this.ends[lastCell]! - 1] === RETURN)
          this.ends[lastCell]!--;
        return Math.min(at + 1, end);
      }
      at++;
    }
  }

  /** Where a quoted cell ends; -1: not in these bytes; -2: nowhere near. */
  #closingQuote(bytes: Uint8Array, from: number, last: boolean): number {
    const limit = Math.min(bytes.length, from + LONGEST_QUOTED);
    let lines = 0;
    for (let at = from; at < limit; at++) {
      if (bytes[at] === NEWLINE) lines++;
      if (bytes[at] !== QUOTE) continue;
      if (bytes[at + 1] === QUOTE) {
        at++;
        continue;
      }
      // One quote too many would swallow the lines up to the next one: that does not stand before a delimiter.
      if (lines > 0 && at + 1 < bytes.length && !this.#endsCell(bytes[at + 1]!)) return -2;
      this.lines += lines;
      return at;
    }
    return bytes.length - from >= LONGEST_QUOTED || last ? -2 : -1;
  }

  #endsCell(byte: number): boolean {
    return byte === this.#delimiter || byte === NEWLINE || byte === RETURN;
  }

  text(bytes: Buffer, cell: number): string {
    const text = bytes.toString('utf8', this.starts[cell], this.ends[cell]);
    return text.includes('""') ? text.replaceAll('""', '"') : text;
  }

  #grow(): void {
    const length = Math.min(this.starts.length * 4, MAX_COLUMNS);
    const starts = new Int32Array(length);
    const ends = new Int32Array(length);
    starts.set(this.starts);
    ends.set(this.ends);
    this.starts = starts;
    this.ends = ends;
  }
}

/** Goes through the rows of a block that begins with that line. @returns the number of the line after it */
export function eachRow(
  sink: ImportSink,
  scanner: RowScanner,
  block: LineBlock,
  line: number,
  row: (bytes: Buffer, line: number, from: number, to: number) => void,
): number {
  const { bytes } = block;
  let at = 0;
  let number = line;
  if (block.overlong) sink.problem(number++, 'This line is too long and was left out.');
  while (at < bytes.length) {
    const next = scanner.scan(bytes, at, block.last);
    if (next < 0) {
      block.rest = at;
      break;
    }
    row(bytes, number, at, next);
    number += scanner.lines;
    at = next;
  }
  return number;
}

/** The beginning of a row, for a problem. */
export const excerptOf = (bytes: Buffer, from: number, to: number): string =>
  bytes.toString('utf8', from, Math.min(to, from + 300)).trimEnd();
