/** A stream of bytes cut at line ends, so that everything after it is plain loops over bytes that are there. */

/** The headings of a log of 65,000 counters of 200 characters. What is longer is no line. */
const MAX_LINE = 16 << 20;
/** A quoted cell with line ends in it is a text; where it goes on longer than this, the quote is a mistake. */
export const LONGEST_QUOTED = 64 << 10;
/** Two pieces of a file. */
const FIRST_ROOM = 512 << 10;

export interface LineBlock {
  /** Whole lines; only the last of the file may lack its line end. */
  bytes: Buffer;
  /** What follows does not belong to its last line, or nothing follows. */
  last: boolean;
  /** A line too long to be one was left out before this block. */
  overlong: boolean;
  /** Set by who reads: bytes from here on belong to the next block (a quoted line end; never more than MAX_LINE). */
  rest: number;
}

/** Blocks in order; `bytes` is valid until the next one is asked for. */
export async function* lineBlocks(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<LineBlock> {
  // One buffer for all blocks: what is left of a block moves to its beginning.
  let buffer = Buffer.allocUnsafeSlow(FIRST_ROOM);
  let held = 0;
  let skipping = false;
  let overlong = false;
  // Whole lines that were given back, for a quoted cell may go on.
  let returned = 0;
  for await (const piece of pieces) {
    let part = piece;
    if (skipping) {
      const end = part.indexOf(10);
      if (end < 0) continue;
      skipping = false;
      part = part.subarray(end + 1);
    }
    if (held + part.length > buffer.length) {
      const larger = Buffer.allocUnsafeSlow(2 * (held + part.length));
      buffer.copy(larger, 0, 0, held);
      buffer = larger;
    }
    buffer.set(part, held);
    held += part.length;
    const lastEnd = part.lastIndexOf(10);
    if (lastEnd >= 0) {
      const end = held - part.length + lastEnd + 1;
      const block: LineBlock = { bytes: buffer.subarray(0, end), last: false, overlong, rest: end };
      overlong = false;
      yield block;
      buffer.copyWithin(0, block.rest, held);
      held -= block.rest;
      returned = end - block.rest;
    } else if (returned > 0 && held - returned > LONGEST_QUOTED) {
      // It does not: what follows is no cell.
      yield { bytes: buffer.subarray(0, returned), last: true, overlong, rest: returned };
      overlong = false;
      buffer.copyWithin(0, returned, held);
      held -= returned;
      returned = 0;
    }
    if (held > MAX_LINE) {
      held = 0;
      skipping = true;
      overlong = true;
    }
  }
  yield { bytes: buffer.subarray(0, held), last: true, overlong, rest: held };
}

/** Lines as text without their ends, numbered from 1; for formats that are kilobytes a day, not gigabytes. */
export async function* textLines(
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ lines: string[]; first: number; overlong: boolean }> {
  let first = 1;
  for await (const block of lineBlocks(pieces)) {
    if (block.overlong) first++;
    const lines = block.bytes.toString('utf8').split('\n');
    if (lines.at(-1) === '') lines.pop();
    yield {
      lines: lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line)),
      first,
      overlong: block.overlong,
    };
    first += lines.length;
  }
}
