/**
 * Names: every entry has one of 8.3 characters in the OEM code page (437, as Linux takes it); one that does not fit has a
 * long name of UTF-16 besides, and an 8.3 alias. Microsoft "FAT: General Overview of On-Disk Format" 1.03, "Long Directory Entries".
 */
import { IronliftError } from '../../base/errors.ts';

/** UTF-16 units. */
export const MAX_NAME = 255;

const CODE_PAGE_437 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0';

/** Bits of byte 12 of an entry: the base or the extension is shown in lower case. */
export const LOWER_BASE = 0x08;
export const LOWER_EXTENSION = 0x10;

/** What each byte is shown as. A slash or control character, which only damage can bring here, would make a name unusable. */
const SHOWN = Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 0x80) return CODE_PAGE_437[byte - 0x80]!;
  return byte < 0x20 || byte === 0x2f || byte === 0x7f ? '_' : String.fromCharCode(byte);
});

/** The 11 bytes of a short name as they are shown, `caseBits` being byte 12. */
export function showShortName(bytes: Uint8Array, caseBits: number): string {
  // E5 as a first letter would mark a deleted entry; 05 stands for it.
  let base = SHOWN[bytes[0] === 0x05 ? 0xe5 : bytes[0]!]!;
  for (let i = 1; i < 8; i++) base += SHOWN[bytes[i]!]!;
  let extension = '';
  for (let i = 8; i < 11; i++) extension += SHOWN[bytes[i]!]!;
  base = base.trimEnd();
  extension = extension.trimEnd();
  if ((caseBits & LOWER_BASE) !== 0) base = base.toLowerCase();
  if ((caseBits & LOWER_EXTENSION) !== 0) extension = extension.toLowerCase();
  return extension === '' ? base : `${base}.${extension}`;
}

/** The sum over a short name that ties the parts of its long name to it. */
export function shortNameChecksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < 11; i++) sum = (((sum & 1) << 7) + (sum >>> 1) + bytes[i]!) & 0xff;
  return sum;
}

/** For comparisons: names differ only where more than the case of their letters does. */
export function foldCase(name: string): string {
  let folded = '';
  for (let i = 0; i < name.length; i++) {
    const upper = name[i]!.toUpperCase();
    folded += upper.length === 1 ? upper : name[i]!;
  }
  return folded;
}

const FORBIDDEN = /[\x00-\x1f"*/:<>?\\|\x7f]/;

/** @throws NAME_TOO_LONG, NAME_NOT_ALLOWED */
export function checkName(name: string): void {
  if (name.length > MAX_NAME)
    throw new IronliftError(
      'NAME_TOO_LONG',
      `The name "${name.slice(0, 40)}..." is longer than ${MAX_NAME} characters.`,
      { next: 'Choose a shorter name.' },
    );
  // Systems drop dots and spaces at the end, and then do not find the file again.
  if (name === '' || FORBIDDEN.test(name) || /[. ]$/.test(name))
    throw new IronliftError('NAME_NOT_ALLOWED', `A FAT file system cannot hold the name "${name}".`, {
      next: 'Choose a name without " * / : < > ? \\ | and without a dot or space at its end.',
    });
}

const SHORT_PART = /^[A-Z0-9!#$%&'()@^_`{}~-]*$/;

/** A name as a short one alone: its 11 bytes and the case bits; null where it needs a long name. */
export function asShortName(name: string): { bytes: Uint8Array; caseBits: number } | null {
  const dot = name.indexOf('.');
  const base = dot < 0 ? name : name.slice(0, dot);
  const extension = dot < 0 ? '' : name.slice(dot + 1);
  if (base.length < 1 || base.length > 8 || extension.length > 3 || (dot >= 0 && extension === ''))
    return null;
  let caseBits = 0;
  for (const [part, bit] of [
    [base, LOWER_BASE],
    [extension, LOWER_EXTENSION],
  ] as const) {
    if (SHORT_PART.test(part)) continue;
    // Only ASCII letters have the same lower case everywhere.
    if (!/^[\x20-\x7e]*$/.test(part) || /[A-Z]/.test(part) || !SHORT_PART.test(part.toUpperCase()))
      return null;
    caseBits |= bit;
  }
  return { bytes: pack(base.toUpperCase(), extension.toUpperCase()), caseBits };
}

/** An alias for a long name that `isTaken` does not know yet: `LONGNA~1.TXT`. */
export function makeAlias(name: string, isTaken: (bytes: Uint8Array) => boolean): Uint8Array {
  const plain = name.replace(/^[. ]+/, '');
  const dot = plain.lastIndexOf('.');
  const [base, wholeBase] = squeeze(dot < 0 ? plain : plain.slice(0, dot), 8);
  const [extension, wholeExtension] = squeeze(dot < 0 ? '' : plain.slice(dot + 1), 3);
  const start = base === '' ? '_' : base;
  if (wholeBase && wholeExtension && plain === name && base !== '') {
    const bytes = pack(start, extension);
    if (!isTaken(bytes)) return bytes;
  }
  for (let n = 1; n < 1_000_000; n++) {
    const tail = `~${n}`;
    const bytes = pack(start.slice(0, 8 - tail.length) + tail, extension);
    if (!isTaken(bytes)) return bytes;
  }
  throw new IronliftError('NAME_NOT_ALLOWED', `There are too many names like "${name}" in this folder.`, {
    next: 'Choose another name.',
  });
}

/** Upper case, at most `length` characters that a short name may have; and whether nothing was lost. */
function squeeze(part: string, length: number): [string, boolean] {
  const kept = part.replaceAll(/[. ]/g, '');
  const clean = Array.from(kept)
    .map((character) => {
      const upper = character.toUpperCase();
      return /^[\x21-\x7e]$/.test(character) && SHORT_PART.test(upper) ? upper : '_';
    })
    .join('');
  // A replaced character is a loss even where it was the very character that replaces it.
  const lossless = clean === part.toUpperCase() && clean.length <= length;
  return [clean.slice(0, length), lossless];
}

function pack(base: string, extension: string): Uint8Array {
  return Buffer.from(base.padEnd(8) + extension.padEnd(3), 'latin1');
}
