/** Lines of a text file of any size, one at a time. */

/** Characters; the longest honest line is that of a performance log with thousands of columns. */
export const MAX_LINE = 1 << 20;

/**
 * Lines of UTF-8 text without their ends; a line longer than MAX_LINE comes as null.
 */
export async function* linesOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string | null> {
  const decoder = new TextDecoder('utf-8');
  const splitter = new LineSplitter();
  for await (const piece of pieces) yield* splitter.push(decoder.decode(piece, { stream: true }));
  yield* splitter.push(decoder.decode());
  yield* splitter.end();
}

class LineSplitter {
  #open = '';
  /** Of a line that is too long only that is kept. */
  #isLong = false;

  *push(text: string): Generator<string | null> {
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      yield this.#line(text.slice(start, end));
      start = end + 1;
    }
    if (!this.#isLong) this.#open += text.slice(start);
    if (this.#open.length > MAX_LINE) {
      this.#open = '';
      this.#isLong = true;
    }
  }

  *end(): Generator<string | null> {
    if (this.#isLong || this.#open !== '') yield this.#line('');
  }

  #line(rest: string): string | null {
    const line = this.#open + rest;
    const isLong = this.#isLong || line.length > MAX_LINE;
    this.#open = '';
    this.#isLong = false;
    return isLong ? null : line.replace(/\r$/u, '');
  }
}

/** The beginning of something that was not understood, as problems keep it. */
export const excerpt = (text: string): string => text.slice(0, 200);
