/** Names of new files: one name in one folder, that Windows and the sticks that are carried about can have, too. */
import { IronliftError } from '../../base/errors.ts';

/** Bytes of UTF-8: ext4, APFS and most others; NTFS and exFAT have 255 UTF-16 units, which is never less. */
const MAX_BYTES = 255;
/** An ending, and what writers add while they write: `.partial`, `-journal`. */
const ROOM = 40;
/** Names that Windows keeps for devices, whatever their ending. */
const DEVICES = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\.|$)/iu;

/** Why it cannot be the name of a new file or folder, as the end of a sentence; null: it can. */
export function whyNoName(name: string): string | null {
  if (name.trim() === '') return 'it is empty';
  if (name === '.' || name === '..') return 'it stands for a folder';
  if (/[/\\]/u.test(name)) return 'it holds a separator of folders';
  if (/[\p{Cc}\u2028\u2029]/u.test(name)) return 'it holds characters that cannot be seen';
  if (/[<>:"|?*]/u.test(name)) return 'it holds one of < > : " | ? *, which Windows does not take';
  if (/[. ]$/u.test(name) || name.startsWith(' ')) return 'it begins with a space, or ends with one or a dot';
  if (DEVICES.test(name)) return 'Windows keeps it for a device';
  if (Buffer.byteLength(name) > MAX_BYTES - ROOM) return 'it is too long';
  return null;
}

export function checkName(name: string): void {
  const why = whyNoName(name);
  if (why !== null)
    throw new IronliftError('FILE_NAME_NOT_ALLOWED', `This name cannot be used: ${why}.`, {
      next: 'Choose another name.',
      data: { name },
    });
}
