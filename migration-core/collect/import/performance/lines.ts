/** A stream of bytes cut at line ends, so that everything after it is plain loops over bytes that are there. */

/** The headings of a log of 65,000 counters of 200 characters. What is longer is no line. */
const MAX_LINE = 16 << 20;

export interface LineBlock {
  /** Whole lines; only the last of the file may lack its line end. */
  bytes: Buffer;
  /** The file ends with it. */
  last: boolean;
  /** A line too long to be one was left out before this block. */
  overlong: boolean;
  /** Set by who reads: bytes from here on belong to the next block (a quoted line end; never more than MAX_LINE). */
  rest: number;
}

/** Blocks in order; `bytes` is valid until the next one is asked for. */
export async function* lineBlocks(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<LineBlock> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let skipping = false;
  let overlong = false;
  for await (const piece of pieces) {
    let part = piece;
    if (skipping) {
      const end = part.indexOf(10);
      if (end < 0) continue;
      skipping = false;
      part = part.subarray(end + 1);
    }
    const end = part.lastIndexOf(10) + 1;
    if (end > 0) {
      held.push(part.subarray(0, end));
      const block: LineBlock = { bytes: joined(held), last: false, overlong, rest: -1 };
      overlong = false;
      held = [];
      heldBytes = 0;
      yield block;
      if (block.rest >= 0 && block.rest < block.bytes.length) {
        held.push(Uint8Array.prototype.slice.call(block.bytes, block.rest));
        heldBytes = held[0]!.length;
      }
      part = part.subarray(end);
    }
    if (part.length > 0) {
      // The piece may be used again for the next one.
      held.push(Uint8Array.prototype.slice.call(part));
      heldBytes += part.length;
    }
    if (heldBytes > MAX_LINE) {
      held = [];
      heldBytes = 0;
      skipping = true;
      overlong = true;
    }
  }
  yield { bytes: joined(held), last: true, overlong, rest: -1 };
}

function joined(parts: Uint8Array[]): Buffer {
  if (parts.length === 1) return Buffer.from(parts[0]!.buffer, parts[0]!.byteOffset, parts[0]!.length);
  return Buffer.concat(parts);
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
