/** Tables that somebody has filled in, from their files. */
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { MAX_TABLE_BYTES, tableTooLarge, type CsvSource } from './csv-table.ts';
import { IronliftError, systemErrorCode } from './errors.ts';

/** @throws the code of `source` where it cannot be read, or is larger than any table, of which nothing is read then */
export async function readTableFile(file: string, source: CsvSource): Promise<Uint8Array> {
  try {
    const about = await stat(file);
    // Devices and pipes have no end.
    if (!about.isFile() && !about.isDirectory())
      throw new IronliftError(source.code, `${basename(file)} is no file.`, {
        next: 'Name the table that was filled in.',
        data: { file },
      });
    if (about.size > MAX_TABLE_BYTES) throw tableTooLarge(source, about.size);
    return await readFile(file);
  } catch (error) {
    const code = systemErrorCode(error);
    if (error instanceof IronliftError || code === undefined) throw error;
    throw new IronliftError(source.code, `${basename(file)} could not be read (${code}).`, {
      next: 'Check the name of the table, and close it in the spreadsheet program.',
      data: { file, code },
      cause: error,
    });
  }
}
