/**
 * Which characters the bytes of a text file are, and the file as UTF-8 whatever it was. Windows tools write what the
 * machine they ran on was set to: UTF-16 from PowerShell, the "ANSI" code page from Performance Monitor, the code page of
 * the console (437, 850, 866) from a redirected command.
 */
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

/** Judged from the beginning of a file, of which the first 64 KiB count. */
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

export interface DecodedText {
  /** Without a byte order mark. */
  text: string;
  encoding: TextEncoding;
}

/**
 * All of a text that is in memory. Not one byte becomes a replacement character where it is told as UTF-8: of what is
 * not UTF-8 to its last byte, another encoding is said.
 */
export function decodeText(bytes: Uint8Array): DecodedText {
  const judged = textEncodingOf(bytes);
  if (judged !== 'utf-8') return { text: withoutMark(textDecoder(judged)(bytes, true)), encoding: judged };
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), encoding: 'utf-8' };
  } catch {
    // The first letter that is none of UTF-8 may stand far behind what was judged by.
    const isMarked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
    const content = isMarked ? bytes.subarray(3) : bytes;
    const encoding = codePageOf(content);
    return { text: textDecoder(encoding)(content, true), encoding };
  }
}

const withoutMark = (text: string): string => (text.startsWith('\ufeff') ? text.slice(1) : text);
