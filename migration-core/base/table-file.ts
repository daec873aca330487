/** Tables that somebody has filled in, from their files. */
import { basename } from 'node:path';
import { readBounded } from './bounded-file.ts';
import { MAX_TABLE_BYTES, tableTooLarge, type CsvSource } from './csv-table.ts';
import { IronliftError, systemErrorCode } from './errors.ts';

/** @throws the code of `source` where it cannot be read, or is larger than any table, of which nothing is read then */
export function readTableFile(file: string, source: CsvSource): Uint8Array {
  const found = read(file, source);
  if (found instanceof Uint8Array) return found;
  if (found.why === 'too-large') throw tableTooLarge(source, found.bytes);
  throw new IronliftError(source.code, `${basename(file)} is no file.`, {
    next: 'Name the table that was filled in.',
    data: { file },
  });
}

function read(file: string, source: CsvSource): ReturnType<typeof readBounded> {
  try {
    return readBounded(file, MAX_TABLE_BYTES);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    throw new IronliftError(source.code, `${basename(file)} could not be read (${code}).`, {
      next: 'Check the name of the table, and close it in the spreadsheet program.',
      data: { file, code },
      cause: error,
    });
  }
}
