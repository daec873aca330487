/** Lines of a text file of any size, one at a time. */

/** Characters; the longest honest line is that of a performance log with thousands of columns. */
export const MAX_LINE = 1 << 20;

/**
 * Lines of UTF-8 text without their ends; a line longer than MAX_LINE comes as null.
 */
export async function* linesOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string | null> {
  const decoder = new TextDecoder('utf-8');
  let open = '';
  let isLong = false;
  const split = function* (text: string): Generator<string | null> {
    let start = 0;
    for (;;) {
      const end = text.indexOf('\n', start);
      if (end < 0) break;
      const line = open + text.slice(start, end);
      yield isLong || line.length > MAX_LINE ? null : line.replace(/\r$/u, '');
      open = '';
      isLong = false;
      start = end + 1;
    }
    // Of a line without end only the fact that it is too long is kept.
    if (!isLong) open += text.slice(start);
    if (open.length > MAX_LINE) {
      open = '';
      isLong = true;
    }
  };
  for await (const piece of pieces) yield* split(decoder.decode(piece, { stream: true }));
  yield* split(decoder.decode());
  if (isLong) yield null;
  else if (open !== '') yield open.replace(/\r$/u, '');
}

/** The beginning of something that was not understood, as problems keep it. */
export const excerpt = (text: string): string => text.slice(0, 200);
