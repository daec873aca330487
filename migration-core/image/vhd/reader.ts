/** Reads VHD: fixed, dynamic, and differencing disks with the parents they hold the changes to. */
import { fstatSync } from 'node:fs';
import { IronliftError } from '../../base/errors.ts';
import { formatBytes } from '../../base/text.ts';
import { fileSource } from '../../block/file-source.ts';
import type { DiskImage, ImageFacts, OpenContext } from '../image.ts';
import { mappedSource, tableCache, type UnitRun } from '../mapped.ts';
import { damaged, openReadFile, unsupported, type ReadFile } from '../read-file.ts';
import { blockFaults, readDynamicHeader, readTable, type DynamicHeader } from './blocks.ts';
import { findFooter, type Footer, type FoundFooter } from './footer.ts';
import { ABSENT, SECTOR } from './layout.ts';

/** @throws IMAGE_DAMAGED, IMAGE_NOT_SUPPORTED, IMAGE_HAS_BACKING, READ_FAILED, NOT_FOUND */
export async function openVhd(path: string, context?: OpenContext): Promise<DiskImage> {
  const file = await openReadFile(path);
  try {
    const found = findFooter(file);
    if (found.footer.savedState)
      throw unsupported(
        path,
        'belongs to a machine that was saved while it ran',
        'Start the machine once more, shut it down, then start again.',
      );
    return found.footer.type === 'fixed' ? openFixed(file, found) : await openDynamic(file, found, context);
  } catch (error) {
    await file.close();
    throw error;
  }
}

function factsOf(path: string, { footer, notes }: FoundFooter): ImageFacts {
  const { cylinders, heads, sectorsPerTrack } = footer.geometry;
  return {
    format: 'vhd',
    subformat: footer.type,
    contentId: footer.uniqueId,
    files: [path],
    parent: null,
    details: {
      'Made by': creatorName(footer),
      Geometry: `${cylinders}/${heads}/${sectorsPerTrack}`,
      ...(notes.length === 0 ? {} : { Note: notes.join(' ') }),
    },
  };
}

const CREATORS: Readonly<Record<string, string>> = {
  'win ': 'Windows or Hyper-V',
  'vpc ': 'Virtual PC',
  'vs  ': 'Virtual Server',
  'd2v\0': 'Disk2vhd',
  'd2v ': 'Disk2vhd',
  vbox: 'VirtualBox',
  qemu: 'QEMU',
  qem2: 'QEMU',
  'tap\0': 'XenServer',
  CTXS: 'Citrix',
  'wa\0\0': 'Azure',
};

const creatorName = ({ creator }: Footer): string =>
  CREATORS[creator] ?? JSON.stringify(creator.replace(/\0+$/u, ''));

/** The disk from the first byte of the file on; the footer after it. */
function openFixed(file: ReadFile, found: FoundFooter): DiskImage {
  const { path, fd } = file;
  const { size } = found.footer;
  if (size > found.end)
    throw damaged(path, `it is cut off: of ${size} bytes of the disk it has ${found.end}`, { size });
  const sparse = fstatSync(fd).blocks * SECTOR < file.size;
  return {
    ...fileSource(fd, path, { size, sectorSize: SECTOR, sparse }),
    ...(sparse ? {} : { extents: allData }),
    facts: factsOf(path, found),
    close: () => file.close(),
  };
}

async function* allData(
  offset: number,
  length: number,
): AsyncGenerator<{ offset: number; length: number; kind: 'data' }> {
  if (length > 0) yield { offset, length, kind: 'data' };
}

async function openDynamic(
  file: ReadFile,
  found: FoundFooter,
  context: OpenContext | undefined,
): Promise<DiskImage> {
  const { path } = file;
  const { size, type } = found.footer;
  const header = readDynamicHeader(file, found.footer);
  const table = readTable(file, header, 0, header.blocks);
  for (const { message, offset } of blockFaults(file, header, { size, table }))
    throw damaged(path, message, { offset });
  const facts = factsOf(path, found);
  return mappedSource({
    file,
    size,
    // Sectors, not blocks: each has a bit of its own.
    unit: SECTOR,
    facts: {
      ...facts,
      parent: type === 'differencing' ? await openParent(path, header, context) : null,
      details: { 'Block size': formatBytes(header.blockSize), ...facts.details },
    },
    run: sectorLookup(file, header, table, type === 'differencing' ? 'parent' : 'zero'),
  });
}

async function openParent(
  path: string,
  header: DynamicHeader,
  context: OpenContext | undefined,
): Promise<DiskImage> {
  if (context === undefined) {
    throw new IronliftError('IMAGE_HAS_BACKING', `${path} holds only the changes to another image.`, {
      next: 'Merge the two with the program that made them, then start again with the result.',
      data: { path, parents: header.parentNames },
    });
  }
  // A parent is always a VHD. To look at its first bytes would let a guest choose the format of its own fixed disk.
  const parent = await context.openParent(path, header.parentNames, 'vhd');
  if (parent.facts.contentId === header.parentId) return parent;
  const found = parent.facts.files[0] ?? '';
  await parent.close();
  throw new IronliftError(
    'IMAGE_HAS_BACKING',
    `${path} holds the changes to the image with the identity ${header.parentId}, and ${found} is another one (${parent.facts.contentId ?? 'none'}).`,
    {
      next: 'Put the parent it was made from beside it, then start again.',
      data: { path, parent: found, expected: header.parentId, found: parent.facts.contentId },
    },
  );
}

/** `absent`: what a sector is that is not in this file. */
function sectorLookup(
  file: ReadFile,
  header: DynamicHeader,
  table: Uint32Array,
  absent: 'zero' | 'parent',
): (index: number, count: number) => UnitRun {
  const perBlock = header.blockSize / SECTOR;
  const bitmapAt = tableCache(file, header.bitmapSize);
  return (index, count) => {
    const block = Math.floor(index / perBlock);
    const within = index % perBlock;
    if (table[block] === ABSENT) {
      const end = Math.min(table.length, Math.ceil((index + count) / perBlock));
      let next = block + 1;
      while (next < end && table[next] === ABSENT) next++;
      return { kind: absent, count: next * perBlock - index };
    }
    const offset = table[block]! * SECTOR;
    const { set, length } = bitRun(bitmapAt(offset), within, Math.min(count, perBlock - within));
    if (!set) return { kind: absent, count: length };
    return { kind: 'plain', count: length, offset: offset + header.bitmapSize + within * SECTOR };
  };
}

/** How many bits from `first` on are alike, at most `most`; the first sector has the highest bit of the first byte. */
export function bitRun(bitmap: DataView, first: number, most: number): { set: boolean; length: number } {
  const bit = (at: number): number => (bitmap.getUint8(at >>> 3) >>> (7 - (at & 7))) & 1;
  const value = bit(first);
  const alike = value === 1 ? -1 : 0;
  const end = first + most;
  let at = first + 1;
  while (at < end) {
    // 32 at once wherever they stand in one word.
    if (at % 32 === 0 && at + 32 <= end && bitmap.getInt32(at >>> 3) === alike) at += 32;
    else if (bit(at) === value) at++;
    else break;
  }
  return { set: value === 1, length: at - first };
}
