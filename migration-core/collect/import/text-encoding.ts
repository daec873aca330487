/**
 * Which characters the bytes of a text file are, and the file as UTF-8 whatever it was. Windows tools write what the
 * machine they ran on was set to: UTF-16 from PowerShell, the "ANSI" code page from Performance Monitor, the code page of
 * the console (437, 850, 866) from a redirected command.
 */
import type { ImportInput } from '../collector.ts';

export type TextEncoding =
  'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1251' | 'windows-1252' | 'ibm866' | 'cp437' | 'cp850';

/** The upper halves of the two code pages that the WHATWG encoding standard, and so TextDecoder, leaves out. */
const CONSOLE_PAGES = {
  cp437:
    'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0',
  cp850:
    'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u00ad±‗¾¶§÷¸°¨·¹³²■\u00a0',
};

/** What is looked at to tell code pages apart; the headings of a log of thousands of counters fit. */
const LOOK_AT = 64 << 10;

/** Judged from the beginning of a file. */
export function textEncodingOf(head: Uint8Array): TextEncoding {
  const bytes = head.subarray(0, LOOK_AT);
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  const zeros = [0, 0];
  for (let i = 0; i < bytes.length; i++) if (bytes[i] === 0) zeros[i & 1]!++;
  const half = bytes.length / 2;
  // Tables are mostly ASCII: every second byte of theirs is zero in UTF-16.
  if (zeros[1]! > half * 0.4 && zeros[0]! < half * 0.1) return 'utf-16le';
  if (zeros[0]! > half * 0.4 && zeros[1]! < half * 0.1) return 'utf-16be';
  return isUtf8(bytes, bytes.length < head.length || head.length === LOOK_AT) ? 'utf-8' : codePageOf(bytes);
}

function isUtf8(bytes: Uint8Array, cut: boolean): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: cut });
    return true;
  } catch {
    return false;
  }
}

/** Letters of western languages stand alone between ASCII letters; Cyrillic words have none of those. */
function codePageOf(bytes: Uint8Array): TextEncoding {
  let high = 0;
  let runs = 0;
  let below = 0;
  let ownOf850 = 0;
  let boxes = 0;
  let before = 0;
  for (const byte of bytes) {
    if (byte >= 0x80) {
      high++;
      if (before < 0x80) runs++;
      if (byte < 0xb0) below++;
      if (byte >= 0xb5) ownOf850++;
      if (byte >= 0xb0 && byte <= 0xdf && before >= 0xb0 && before <= 0xdf) boxes++;
    }
    before = byte;
  }
  // Letters of 866 are on both sides of its line drawings; below 0xB0 code page 1251 has signs that are rare.
  if (high / runs >= 2.5) return below > high / 5 ? 'ibm866' : 'windows-1251';
  if (below <= high / 2) return 'windows-1252';
  // They differ above 0xB4: letters with accents in 850, more line drawings, side by side, in 437.
  return ownOf850 > 0 && boxes === 0 ? 'cp850' : 'cp437';
}

/** @returns a function that decodes pieces in order; `last` with the final one */
export function textDecoder(encoding: TextEncoding): (bytes: Uint8Array, last?: boolean) => string {
  if (encoding === 'cp437' || encoding === 'cp850') {
    const page = CONSOLE_PAGES[encoding];
    return (bytes) =>
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
        .toString('latin1')
        .replace(/[\x80-\xff]/gu, (character) => page[character.charCodeAt(0) - 0x80]!);
  }
  const decoder = new TextDecoder(encoding);
  return (bytes, last = false) => decoder.decode(bytes, { stream: !last });
}

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
