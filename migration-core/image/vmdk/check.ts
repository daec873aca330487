/**
 * Looks at all tables of all extents of a VMDK: whether grains lie within the file and none is used twice, whether both
 * copies of the tables agree, whether the file has room that nothing uses. Flat extents have nothing to look at.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { throwIfCancelled } from '../../base/cancel.ts';
import { isIronliftError } from '../../base/errors.ts';
import { formatBytes } from '../../base/text.ts';
import { CHECK_LIMIT, type CheckOptions, type ImageCheck, type ImageProblem } from '../image.ts';
import type { ReadFile } from '../read-file.ts';
import type { TableExtent } from './extent.ts';
import { openExtents, type OpenExtent } from './extents.ts';
import { GRAIN_RECORD, openHosted, type HostedExtent } from './hosted.ts';
import { SECTOR } from './layout.ts';
import { readVmdkFile, type VmdkFile } from './reader.ts';
import { tableReader } from './second-copy.ts';

/**
 * Looks at all there is of the image itself; its parent is left alone. What keeps it from being opened is a problem too.
 * @throws IMAGE_NOT_SUPPORTED, NOT_FOUND, READ_FAILED, CANCELLED
 */
export async function checkVmdk(path: string, options: CheckOptions = {}): Promise<ImageCheck> {
  const result: ImageCheck = { problems: [], more: 0, allocatedBytes: 0 };
  let vmdk: VmdkFile | null = null;
  let extents: OpenExtent[] = [];
  try {
    vmdk = await readVmdkFile(path);
    const { file, embedded } = vmdk;
    if (embedded === null) ({ extents } = await openExtents(vmdk, null));
    const parts: Part[] =
      embedded === null
        ? extents.map(({ file: part, tables, source: { size } }) => ({ file: part, tables, size }))
        : [{ file, tables: openHosted(file, embedded), size: embedded.capacity * SECTOR }];
    await checkParts(parts, result, options);
  } catch (error) {
    if (!isIronliftError(error, 'IMAGE_DAMAGED')) throw error;
    add(result, 'error', error.message);
    result.allocatedBytes = null;
  } finally {
    await extents[0]?.source.close();
    await vmdk?.file.close();
  }
  return result;
}

interface Part {
  file: ReadFile | null;
  tables: TableExtent | null;
  /** Bytes of the disk. */
  size: number;
}

async function checkParts(parts: Part[], result: ImageCheck, options: CheckOptions): Promise<void> {
  const total = parts.reduce((sum, { tables }) => sum + (tables?.tables.length ?? 0), 0);
  let done = 0;
  for (const { file, tables, size } of parts) {
    if (file === null) continue;
    if (tables === null) result.allocatedBytes! += size;
    else
      await checkTables({ file, extent: tables, size }, result, async () => {
        options.onProgress?.(++done, total);
        throwIfCancelled(options.signal);
        if (done % TABLES_A_TURN === 0) await nextTurn();
      });
  }
}

/** Tables between two turns of the event loop. */
const TABLES_A_TURN = 16;

function add(result: ImageCheck, severity: ImageProblem['severity'], message: string, offset?: number): void {
  if (result.problems.length >= CHECK_LIMIT) result.more++;
  else result.problems.push({ severity, message, ...(offset === undefined ? {} : { offset }) });
}

interface Checked {
  file: ReadFile;
  extent: TableExtent;
  size: number;
}

async function checkTables(
  { file, extent, size }: Checked,
  result: ImageCheck,
  tableDone: () => Promise<void>,
): Promise<void> {
  const { tables, entries, grain, tableBytes } = extent;
  const grains = Math.ceil(size / grain);
  const used = usedUnits(file, extent);
  if (extent.unclean) add(result, 'note', `${file.path} was not closed by the program that wrote it last.`);
  if (used === null) add(result, 'note', `${file.path} is too large to look for grains that are used twice.`);
  let count = 0;
  let errors = 0;
  if (extent.second?.isDirectory === true)
    add(
      result,
      'note',
      `The grain directory of ${file.path} is damaged; its second copy is sound and is read instead.`,
    );
  const tableOf = tableReader(file, extent, tableBytes);
  for (const [number, at] of tables.entries()) {
    if (at > 0) {
      const view = tableOf(number);
      if (extent.second?.tables.has(number) === true)
        add(
          result,
          'note',
          `Grain table ${number} of ${file.path} is damaged; its second copy is sound and is read instead.`,
          at,
        );
      const most = Math.min(entries, grains - number * entries);
      for (let i = 0; i < most; i++) {
        const entry = extent.entry(view, i);
        if (entry === 'absent' || entry === 'zero') continue;
        const index = number * entries + i;
        const here = Math.min(grain, size - index * grain);
        const wrong =
          entry === 'wrong' ? 'means nothing' : grainProblem({ file, extent, size }, index, entry, here);
        if (wrong !== null) {
          errors++;
          add(
            result,
            'error',
            `Entry ${i} of grain table ${number} of ${file.path} ${wrong}.`,
            at + (i * tableBytes) / entries,
          );
          continue;
        }
        if (used?.(Number(entry)) === true) {
          errors++;
          add(
            result,
            'error',
            `Two entries of the grain tables of ${file.path} share one grain.`,
            Number(entry),
          );
          continue;
        }
        count++;
        result.allocatedBytes! += here;
      }
    }
    if (extent.kind === 'KDMV') compareCopies(file, extent as HostedExtent, number, result);
    await tableDone();
  }
  const left = extent.room === null ? 0 : Math.floor((extent.room - count * grain) / grain) * grain;
  // With errors the sum means nothing.
  if (left > 0 && errors === 0)
    add(result, 'leak', `${formatBytes(left)} of ${file.path} belong to no grain.`);
}

/** What is wrong with a grain at `offset` (bytes) of the file that holds `here` bytes of the disk, or null. */
function grainProblem({ file, extent }: Checked, index: number, offset: number, here: number): string | null {
  const { packed, grain, firstGrain } = extent;
  const outside = 'is for a grain that is not within the file';
  if (offset + (packed === null ? here : GRAIN_RECORD) > file.size) return outside;
  if (offset < firstGrain) return 'is for a grain in the middle of the tables';
  if (packed === null) return null;
  const record = file.readNow(offset, GRAIN_RECORD);
  if (record.readBigUInt64LE(0) !== BigInt((index * grain) / SECTOR))
    return 'is for a grain of another place of the disk';
  const length = record.readUInt32LE(8);
  return length === 0 || length > packed || offset + GRAIN_RECORD + length > file.size ? outside : null;
}

/** Bytes of the map of used units: enough for 1 TiB of compressed grains, and for all that has plain ones. */
const MAP_LIMIT = 256 << 20;
const PAGE_BITS = 1 << 16;

/**
 * Notes the grain at an offset of the file and tells whether it was noted before: one bit for each place where one may
 * begin. Two grains that begin in one unit overlap, and whole grains always begin in different ones.
 */
function usedUnits(file: ReadFile, { grain, packed }: TableExtent): ((offset: number) => boolean) | null {
  const unit = packed === null ? grain : SECTOR;
  if (file.size / unit / 8 > MAP_LIMIT) return null;
  const pages = new Map<number, Uint8Array>();
  return (offset) => {
    const index = Math.floor(offset / unit);
    const number = Math.floor(index / PAGE_BITS);
    let page = pages.get(number);
    if (page === undefined) pages.set(number, (page = new Uint8Array(PAGE_BITS / 8)));
    const at = (index % PAGE_BITS) >> 3;
    const bit = 1 << (index & 7);
    const wasUsed = (page[at]! & bit) !== 0;
    page[at]! |= bit;
    return wasUsed;
  };
}

/** The second copy is read where the first is damaged (second-copy.ts); VMware and VirtualBox want it to be alike. */
function compareCopies(file: ReadFile, extent: HostedExtent, number: number, result: ImageCheck): void {
  const { header, tables, tableBytes } = extent;
  if (header.redundantDirectory === 0 || extent.second?.isDirectory === true) return;
  if (extent.second?.tables.has(number) === true) return;
  const entry = file.readNow(header.redundantDirectory * SECTOR + number * 4, 4).readUInt32LE(0) * SECTOR;
  const main = tables[number]!;
  const differ = (how: string): void =>
    add(
      result,
      'note',
      `The second copy of grain table ${number} of ${file.path} ${how}; the first one counts.`,
      entry,
    );
  if (entry + tableBytes > file.size) differ('is not within the file');
  else if (entry === 0 || main === 0) {
    if (entry !== main) differ(entry === 0 ? 'is not there' : 'is there although there is no first one');
  } else if (!file.readNow(entry, tableBytes).equals(file.readNow(main, tableBytes)))
    differ('says something else');
}
