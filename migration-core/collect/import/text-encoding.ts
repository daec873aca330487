/** Files that are imported as UTF-8, whatever they were. */
import { textDecoder, textEncodingOf } from '../../base/text-encoding.ts';
import type { ImportInput } from '../collector.ts';

/** The beginning of the input as text, for telling what it is. */
export function headText(input: ImportInput): string {
  return textDecoder(textEncodingOf(input.head))(input.head);
}

/** The input, or an entry of a folder, as UTF-8 without a byte order mark. Pieces are valid until the next is asked for. */
export async function* utf8Pieces(input: ImportInput, entry?: string): AsyncGenerator<Uint8Array> {
  let decode: ((bytes: Uint8Array, last?: boolean) => string) | null | undefined;
  for await (const piece of input.read(entry)) {
    if (decode === undefined) {
      const encoding = textEncodingOf(entry === undefined ? input.head : piece);
      decode = encoding === 'utf-8' ? null : textDecoder(encoding);
      const mark = decode === null && piece[0] === 0xef && piece[1] === 0xbb && piece[2] === 0xbf;
      if (decode === null) {
        yield mark ? piece.subarray(3) : piece;
        continue;
      }
    }
    yield decode === null ? piece : Buffer.from(decode(piece), 'utf8');
  }
  const rest = decode?.(new Uint8Array(0), true) ?? '';
  if (rest !== '') yield Buffer.from(rest, 'utf8');
}
