/**
 * Text files of a guest. Most are UTF-8, old ones may hold comments in Latin-1; what is not edited must come back byte
 * for byte, so the encoding that was found is the one written back.
 */
import type { GuestReader } from './fixer.ts';

/** No configuration file is larger; what claims to be is not read. Bytes. */
export const TEXT_LIMIT = 4 << 20;

export interface DecodedText {
  text: string;
  encoding: 'utf8' | 'latin1';
}

export function decodeText(bytes: Uint8Array): DecodedText {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return {
      text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes),
      encoding: 'utf8',
    };
  } catch {
    return { text: buffer.toString('latin1'), encoding: 'latin1' };
  }
}

/** A text file with its encoding, symlinks followed; null where there is none. @throws FILE_TOO_LARGE. */
export async function readDecoded(files: GuestReader, path: string): Promise<DecodedText | null> {
  const stat = await files.stat(path);
  if (stat?.type !== 'file') return null;
  return decodeText(await files.readFile(path, TEXT_LIMIT));
}

/** Text back to bytes in the encoding it was read in. */
export function encodeText(text: string, encoding: DecodedText['encoding']): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text, encoding));
}
