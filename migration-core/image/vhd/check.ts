/** Looks at all structures of a VHD: footers, dynamic header, block table, sector bitmaps, and room that nobody uses. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { roundUp } from '../../base/bytes.ts';
import { throwIfCancelled } from '../../base/cancel.ts';
import { isIronliftError } from '../../base/errors.ts';
import { ExtentList } from '../../base/extents.ts';
import { formatBytes, plural } from '../../base/text.ts';
import type { CheckOptions, ImageCheck } from '../image.ts';
import { problemList, type ProblemList } from '../problem-list.ts';
import { damaged, openReadFile, type ReadFile } from '../read-file.ts';
import {
  TABLE_LIMIT,
  blockFaults,
  presentBlocks,
  readDynamicHeader,
  readTable,
  type DynamicHeader,
} from './blocks.ts';
import { findFooter, type FoundFooter } from './footer.ts';
import { ABSENT, FOOTER_BYTES, HEADER_BYTES, SECTOR } from './layout.ts';

/** Writers leave this much between blocks so that data starts on a sector of the disk below. */
const ALIGNMENT = 4096;
const BITMAPS_A_TURN = 256;

/** @throws IMAGE_NOT_SUPPORTED, NOT_FOUND, READ_FAILED, CANCELLED */
export async function checkVhd(path: string, options: CheckOptions = {}): Promise<ImageCheck> {
  const file = await openReadFile(path);
  const problems = problemList();
  try {
    const found = findFooter(file);
    for (const note of found.notes) problems.add('note', note);
    const allocated =
      found.footer.type === 'fixed'
        ? checkFixed(file, found, problems)
        : await checkDynamic(file, found, { problems, options });
    return problems.result(allocated);
  } catch (error) {
    // What keeps the image from being opened at all is all that can be said of it.
    if (!isIronliftError(error, 'IMAGE_DAMAGED')) throw error;
    problems.add('error', error.message);
    return problems.result(null);
  } finally {
    await file.close();
  }
}

function checkFixed(file: ReadFile, { footer, end }: FoundFooter, problems: ProblemList): number {
  const { size } = footer;
  if (size > end) throw damaged(file.path, `it is cut off: of ${size} bytes of the disk it has ${end}`);
  if (size < end)
    problems.add('leak', `Between the disk and the footer lie ${formatBytes(end - size)} of no use.`, size);
  return size;
}

async function checkDynamic(
  file: ReadFile,
  found: FoundFooter,
  { problems, options }: { problems: ProblemList; options: CheckOptions },
): Promise<number | null> {
  const { footer } = found;
  checkCopy(file, found, problems);
  const header = readDynamicHeader(file, footer);
  const table = readTable(file, header, 0, header.blocks);
  let sound = true;
  for (const { message, offset } of blockFaults(file, header, { size: footer.size, table })) {
    problems.add('error', `In the block table: ${message}.`, offset);
    sound = false;
    if (problems.isHopeless()) return null;
  }
  const beyond = blocksBeyond(file, header);
  if (beyond.length > 0)
    problems.add(
      'leak',
      `The block table has ${plural(beyond.length, 'block')} beyond the end of the disk.`,
      beyond[0]! * SECTOR,
    );
  if (!sound) return allocatedBytes(table, header, footer.size);
  checkRoom({ found, header, table, beyond }, problems);
  await checkBitmaps(file, { header, table }, { problems, options });
  return allocatedBytes(table, header, footer.size);
}

/** The first sector is a copy of the footer. */
function checkCopy(file: ReadFile, { end, notes }: FoundFooter, problems: ProblemList): void {
  if (notes.length > 0) return;
  const copy = file.readNow(0, FOOTER_BYTES);
  const tail = file.readNow(end, FOOTER_BYTES);
  if (!copy.equals(tail))
    problems.add(
      'note',
      'The copy of the footer at the start of the file differs from the footer at its end.',
      0,
    );
}

/** Sectors of blocks that the table has for what lies beyond the disk. Most tables have an entry more than they need. */
function blocksBeyond(file: ReadFile, header: DynamicHeader): Uint32Array {
  const { tableOffset, blocks } = header;
  const inFile = Math.floor((file.size - tableOffset) / 4);
  const count = Math.min(header.maxTableEntries, inFile, TABLE_LIMIT) - blocks;
  if (count <= 0) return new Uint32Array(0);
  return readTable(file, header, blocks, count).filter((sector) => sector !== ABSENT);
}

function allocatedBytes(table: Uint32Array, { blockSize, blocks }: DynamicHeader, size: number): number {
  let bytes = 0;
  for (const sector of table) if (sector !== ABSENT) bytes += blockSize;
  const lastIsHere = blocks > 0 && table[blocks - 1] !== ABSENT;
  return lastIsHere ? bytes - (blocks * blockSize - size) : bytes;
}

interface Parts {
  found: FoundFooter;
  header: DynamicHeader;
  table: Uint32Array;
  beyond: Uint32Array;
}

/** Room of the file that neither a structure nor a block has. */
function checkRoom({ found, header, table, beyond }: Parts, problems: ProblemList): void {
  const used = new ExtentList();
  const whole = header.bitmapSize + header.blockSize;
  const all = new Uint32Array(table.length + beyond.length);
  all.set(table);
  all.set(beyond, table.length);
  for (const sector of presentBlocks(all)) used.add(sector * SECTOR, whole);
  for (const { offset, length } of [
    { offset: 0, length: FOOTER_BYTES },
    { offset: header.offset, length: HEADER_BYTES },
    { offset: header.tableOffset, length: roundUp(header.maxTableEntries * 4, SECTOR) },
    ...header.locators,
  ])
    used.add(offset, length);
  let bytes = 0;
  let first: number | undefined;
  for (const gap of used.gaps(0, found.end)) {
    if (gap.length < ALIGNMENT) continue;
    bytes += gap.length;
    first ??= gap.offset;
  }
  if (bytes > 0) problems.add('leak', `${formatBytes(bytes)} of the file belong to no block.`, first);
}

/** Blocks that have room and hold nothing. */
async function checkBitmaps(
  file: ReadFile,
  { header, table }: Pick<Parts, 'header' | 'table'>,
  { problems, options: { signal, onProgress } }: { problems: ProblemList; options: CheckOptions },
): Promise<void> {
  const nothing = Buffer.alloc(header.bitmapSize);
  let empty = 0;
  let first: number | undefined;
  for (let block = 0, read = 0; block < table.length; block++) {
    if (table[block] === ABSENT) continue;
    const offset = table[block]! * SECTOR;
    if (file.readNow(offset, header.bitmapSize).equals(nothing)) {
      empty++;
      first ??= offset;
    }
    if (++read % BITMAPS_A_TURN !== 0) continue;
    throwIfCancelled(signal);
    onProgress?.(block, table.length);
    await nextTurn();
  }
  throwIfCancelled(signal);
  onProgress?.(table.length, table.length);
  if (empty > 0)
    problems.add('leak', `${plural(empty, 'block has', 'blocks have')} room and no sector in it.`, first);
}
