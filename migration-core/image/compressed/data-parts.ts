/** What of unpacked bytes is written to a temporary file: all but its zeros, which become holes. */
import { isZero } from '../../block/zero-scan.ts';

/** What is zero in units of this (bytes) becomes a hole. */
const UNIT = 64 << 10;

/** The parts of `chunk` to write, as long as they can be. `position`: where it goes in the file, bytes. */
export function* dataParts(
  chunk: Uint8Array,
  position: number,
): Generator<{ offset: number; bytes: Uint8Array }> {
  const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
  let start = -1;
  for (let at = 0; at < bytes.length;) {
    const until = Math.min(bytes.length, at + UNIT - ((position + at) % UNIT));
    const zero = isZero(bytes, at, until);
    if (!zero && start < 0) start = at;
    if (zero && start >= 0) {
      yield { offset: position + start, bytes: bytes.subarray(start, at) };
      start = -1;
    }
    at = until;
  }
  if (start >= 0) yield { offset: position + start, bytes: bytes.subarray(start) };
}
