/**
 * Hosted sparse extents keep their grain directory and grain tables twice. The second copy (the "redundant" one of the
 * header) is read where the first cannot be right and the second can: a whole table of one copy, never a mixture.
 */
import { isIronliftError } from '../../base/errors.ts';
import type { Finding } from '../../base/finding.ts';
import { plural } from '../../base/text.ts';
import { tableCache } from '../mapped.ts';
import type { ReadFile } from '../read-file.ts';
import type { TableExtent } from './extent.ts';

export interface SecondCopy {
  /** Byte of the file where the second copy of a grain table is; 0 for none. */
  place(table: number): number;
  /** Whether the second grain directory is the one in use. */
  readonly isDirectory: boolean;
  /** Numbers of the tables that the second copy answers for, as they are found. */
  readonly tables: Set<number>;
}

/** The directory by `first`, or by `second` where that is damaged. @throws what `first` throws */
export function eitherDirectory<T>(
  first: () => T,
  second: (() => T) | null,
): { tables: T; isSecond: boolean } {
  try {
    return { tables: first(), isSecond: false };
  } catch (error) {
    if (second === null || !isIronliftError(error, 'IMAGE_DAMAGED')) throw error;
    try {
      return { tables: second(), isSecond: true };
    } catch {
      throw error;
    }
  }
}

/** Tables by their number, which must have one; the latest used stay in memory up to `cacheBytes`. */
export function tableReader(
  file: ReadFile,
  extent: TableExtent,
  cacheBytes: number,
): (number: number) => DataView {
  const { tables, tableBytes, second } = extent;
  const tableAt = tableCache(file, tableBytes, cacheBytes);
  if (second === undefined) return (number) => tableAt(tables[number]!);
  const looked = new Uint8Array(tables.length);
  return (number) => {
    if (second.tables.has(number)) return tableAt(second.place(number));
    const table = tableAt(tables[number]!);
    if (looked[number] === 1) return table;
    looked[number] = 1;
    if (isSound(file, extent, number, table)) return table;
    const place = second.place(number);
    if (place === 0 || place === tables[number] || place + tableBytes > file.size) return table;
    const other = tableAt(place);
    if (!isSound(file, extent, number, other)) return table;
    second.tables.add(number);
    return other;
  };
}

/** Whether all entries of grains that the disk has are for grains within the file, behind its tables. */
function isSound(file: ReadFile, extent: TableExtent, number: number, table: DataView): boolean {
  const { entries, sectors, grain, firstGrain } = extent;
  const grains = Math.ceil((sectors * 512) / grain);
  const count = Math.min(entries, grains - number * entries);
  for (let i = 0; i < count; i++) {
    const entry = extent.entry(table, i);
    if (entry === 'wrong') return false;
    if (typeof entry === 'number' && (entry < firstGrain || entry >= file.size)) return false;
  }
  return true;
}

/** What is to be said of it, as far as the disk was read. */
export function secondCopyFindings(path: string, { second }: TableExtent): Finding[] {
  if (second === undefined || (second.tables.size === 0 && !second.isDirectory)) return [];
  const what = second.isDirectory ? 'The grain directory' : plural(second.tables.size, 'grain table');
  const is = second.isDirectory || second.tables.size === 1 ? 'is' : 'are';
  return [
    {
      severity: 'warning',
      code: 'IMAGE_SECOND_COPY',
      message: `${what} of ${path} ${is} damaged; the second copy in the file is sound and was read instead.`,
      next: 'Look into the health of the medium the image is on, and check what was made of it.',
    },
  ];
}
