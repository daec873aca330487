/** Inputs of importers that have to be whole in memory: bounded, and in whatever encoding the tool wrote. */
import { throwIfCancelled } from '../../../base/cancel.ts';
import { IronliftError } from '../../../base/errors.ts';
import type { ImportInput } from '../../collector.ts';

/** The inventory of a server is a megabyte or two; of 10,000 virtual machines in one workbook, 60 MB packed. */
export const MAX_DOCUMENT = 96 << 20;

/**
 * All bytes of the input or of one entry of it.
 * @throws IMPORT_NOT_SUPPORTED above `limit` bytes, IMPORT_DAMAGED for a folder without an entry, CANCELLED
 */
export async function gather(
  input: ImportInput,
  entry: string | undefined,
  limit: number = MAX_DOCUMENT,
  signal?: AbortSignal,
): Promise<Buffer> {
  if (input.isFolder && entry === undefined)
    throw new IronliftError('IMPORT_DAMAGED', `${input.name} is a folder, not a file of this kind.`, {
      next: 'Choose the file in it.',
    });
  const pieces: Uint8Array[] = [];
  let total = 0;
  for await (const piece of input.read(entry)) {
    throwIfCancelled(signal);
    total += piece.length;
    if (total > limit)
      throw new IronliftError(
        'IMPORT_NOT_SUPPORTED',
        `${entry ?? input.name} is larger than ${Math.floor(limit / 2 ** 20)} MiB, which no file of its kind is.`,
        { next: 'Check that it is the right file, and split it if it is an export of many servers.' },
      );
    pieces.push(piece.slice());
  }
  return Buffer.concat(pieces, total);
}

/** The encoding by byte order mark, else by where the NULs are, else UTF-8 where it is valid, else Windows-1252. */
export function decodeText(bytes: Uint8Array): string {
  const encoding = encodingOf(bytes);
  if (encoding !== 'utf-8') return new TextDecoder(encoding).decode(evenLength(encoding, bytes));
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

/** Only a beginning of a text, which may end inside a character. */
export function decodeHead(head: Uint8Array): string {
  const encoding = encodingOf(head);
  return new TextDecoder(encoding).decode(evenLength(encoding, head));
}

function encodingOf(bytes: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  // Western text in UTF-16 without a mark: every second byte is NUL.
  let odd = 0;
  const length = Math.min(bytes.length, 256);
  for (let i = 1; i < length; i += 2) if (bytes[i] === 0 && bytes[i - 1] !== 0) odd++;
  return length >= 16 && odd > length / 3 ? 'utf-16le' : 'utf-8';
}

const evenLength = (encoding: string, bytes: Uint8Array): Uint8Array =>
  encoding === 'utf-8' ? bytes : bytes.subarray(0, bytes.length & ~1);

/**
 * @returns the document
 * @throws IMPORT_DAMAGED
 */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/u, ''));
  } catch (error) {
    throw new IronliftError('IMPORT_DAMAGED', `${what} is not a whole JSON document.`, {
      next: 'Collect it again, and copy the file without opening it in an editor.',
      cause: error,
    });
  }
}
