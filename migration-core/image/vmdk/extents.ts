/** Opens the extents a descriptor names: each becomes a source, and the disk is one behind the other. */
import { fstatSync } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, win32 } from 'node:path';
import { IronliftError } from '../../base/errors.ts';
import { ExtentList } from '../../base/extents.ts';
import { fileSource } from '../../block/file-source.ts';
import { checkRange } from '../../block/range.ts';
import { slice } from '../../block/slice.ts';
import type { BlockSource } from '../../block/source.ts';
import type { DiskImage } from '../image.ts';
import { mappedSource } from '../mapped.ts';
import { isPartial, PARTIAL } from '../partial.ts';
import { damaged, openReadFile, unsupported, type ReadFile } from '../read-file.ts';
import type { ExtentLine } from './descriptor.ts';
import { openCowd, openSeSparse } from './esx.ts';
import { CONVERT_IT, extentKind } from './extent-kind.ts';
import { grainLookup, type TableExtent } from './extent.ts';
import { openHosted } from './hosted.ts';
import { SECTOR } from './layout.ts';
import type { VmdkFile } from './reader.ts';

export interface OpenExtent {
  /** Closing it closes the files of all extents: they share some, and are closed together. */
  source: BlockSource;
  /** Null for zeros, which are in no file. */
  file: ReadFile | null;
  /** Null where there are no tables: flat data and zeros. */
  tables: TableExtent | null;
}

export interface OpenExtents {
  extents: OpenExtent[];
  /** Paths of the files that were opened for them. */
  files: string[];
}

/** Bytes of grain tables that stay in memory, for all extents of a disk together. */
const TABLE_CACHE = 8 << 20;

/** @throws IMAGE_DAMAGED, IMAGE_NOT_SUPPORTED, READ_FAILED */
export async function openExtents(vmdk: VmdkFile, parent: DiskImage | null): Promise<OpenExtents> {
  const { file: descriptorFile, descriptor } = vmdk;
  const lines = descriptor.extents;
  if (lines.length === 0) throw damaged(descriptorFile.path, 'its descriptor names no extents');
  const cacheBytes = TABLE_CACHE / lines.length;
  const opened = new Map<string, OpenFile>();
  const extents: OpenExtent[] = [];
  try {
    let start = 0;
    for (const line of lines) {
      const size = line.sectors * SECTOR;
      if (holdsNothing(descriptorFile.path, line)) {
        extents.push({ source: zeros(size), file: null, tables: null });
      } else {
        const used = await openOnce(descriptorFile.path, line, opened);
        const { file } = used;
        if (line.type === 'FLAT' || line.type === 'VMFS') {
          extents.push({ source: flatExtent(line, used), file, tables: null });
        } else {
          const tables = openTables(used, line);
          const source = tableSource(file, tables, { start, size, parent, cacheBytes });
          extents.push({ source, file, tables });
        }
      }
      start += size;
    }
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
  return {
    extents: extents.map(({ source, ...extent }) => ({
      ...extent,
      source: { ...source, close: () => closeAll(opened) },
    })),
    files: [...opened.values()].map(({ file }) => file.path),
  };
}

interface OpenFile {
  file: ReadFile;
  /** Bytes of it that flat extents have taken; `null` once an extent with tables has all of it. */
  taken: ExtentList | null;
}

async function closeAll(opened: Map<string, OpenFile>): Promise<void> {
  const files = [...opened.values()];
  opened.clear();
  await Promise.all(files.map(({ file }) => file.close()));
}

/** Whether an extent line stands for zeros. @throws IMAGE_NOT_SUPPORTED for kinds of extents that are not read */
function holdsNothing(path: string, line: ExtentLine): boolean {
  if (line.type === 'ZERO') return true;
  if (line.access === 'NOACCESS')
    throw unsupported(path, 'has a part that must not be read (NOACCESS)', CONVERT_IT);
  if (!['FLAT', 'VMFS', 'SPARSE', 'VMFSSPARSE', 'SESPARSE'].includes(line.type))
    throw unsupported(
      path,
      `has a part that lies on a physical disk or is of a kind not known here (${line.type})`,
      'Convert that disk itself, or copy it into an image first.',
    );
  return false;
}

/** The name a descriptor gives may have a path of another computer before it: only the descriptor's folder is looked in. */
async function openOnce(path: string, line: ExtentLine, opened: Map<string, OpenFile>): Promise<OpenFile> {
  const name = basename(win32.basename(line.name ?? ''));
  if (name === '' || name === '.' || name === '..' || name.includes('\0'))
    throw damaged(path, 'its descriptor names an extent without a file');
  const known = opened.get(name);
  if (known !== undefined) return known;
  const file = await openReadFile(await findExtent(path, name));
  const one = { file, taken: new ExtentList() };
  opened.set(name, one);
  return one;
}

/** A descriptor that is not finished belongs to parts that are not either, whatever else of that name is there. */
async function findExtent(path: string, name: string): Promise<string> {
  const folder = dirname(path);
  for (const candidate of isPartial(path) ? [name + PARTIAL, name] : [name]) {
    const found = join(folder, candidate);
    const file = await stat(found).catch(() => null);
    if (file === null) continue;
    if (!file.isFile()) throw damaged(path, `${candidate}, which belongs to it, is not a file`);
    // A link could lead to any file of this computer.
    if (dirname(await realpath(found)) === (await realpath(folder))) return found;
    throw damaged(path, `${candidate}, which belongs to it, is a link to another folder`);
  }
  throw new IronliftError(
    'IMAGE_DAMAGED',
    `The disk image ${path} is not complete: its part ${name} is not beside it.`,
    {
      next: `Copy ${name} and all other parts from where the image came into the same folder, under the names they had.`,
      data: { path, missing: name },
    },
  );
}

function flatExtent(line: ExtentLine, { file, taken }: OpenFile): BlockSource {
  const offset = (line.offset ?? 0) * SECTOR;
  const size = line.sectors * SECTOR;
  if (offset + size > file.size)
    throw damaged(file.path, `it has ${file.size} bytes where its descriptor says ${offset + size}`, {
      size: file.size,
      expected: offset + size,
    });
  if (taken === null || taken.overlaps(offset, size))
    throw damaged(file.path, 'two extents of its disk share it');
  taken.add(offset, size);
  const { blocks } = fstatSync(file.fd);
  const sparse = blocks * 512 < file.size;
  const whole = fileSource(file.fd, file.path, { size: file.start + file.size, sectorSize: SECTOR, sparse });
  return slice(whole, file.start + offset, size);
}

function openTables(used: OpenFile, line: ExtentLine): TableExtent {
  const { file } = used;
  if (used.taken === null || used.taken.count > 0)
    throw damaged(file.path, 'two extents of its disk share it');
  used.taken = null;
  const extent = openTableExtent(file);
  const { sectors } = extent;
  // The header may count whole grains.
  if (sectors < line.sectors || sectors - line.sectors >= extent.grain / SECTOR)
    throw damaged(file.path, `it has ${sectors} sectors where its descriptor says ${line.sectors}`, {
      sectors,
      expected: line.sectors,
    });
  return extent;
}

/** An extent with tables, by its first bytes. @throws IMAGE_DAMAGED, IMAGE_NOT_SUPPORTED */
export function openTableExtent(file: ReadFile): TableExtent {
  switch (extentKind(file.readNow(0, 8))) {
    case 'KDMV':
      return openHosted(file);
    case 'COWD':
      return openCowd(file);
    case 'seSparse':
      return openSeSparse(file);
    case null:
      throw damaged(file.path, 'it does not begin as an extent of a disk');
  }
}

/** `start`: where on the disk the extent lies, bytes: what it does not have, its parent has there. */
export function tableSource(
  file: ReadFile,
  extent: TableExtent,
  where: { start: number; size: number; parent: DiskImage | null; cacheBytes?: number },
): BlockSource {
  const { start, size, parent, cacheBytes = TABLE_CACHE } = where;
  const below = parent === null || parent.size <= start ? null : parentPart(parent, start, size);
  return mappedSource({
    file,
    size,
    unit: extent.grain,
    facts: { format: 'vmdk', subformat: extent.kind, contentId: null, files: [], parent: below, details: {} },
    run: grainLookup(file, extent, cacheBytes),
    packing: extent.packing,
  });
}

/** Closing it leaves the parent open: other extents read it too. */
function parentPart(parent: DiskImage, start: number, size: number): DiskImage {
  return { ...slice(parent, start, Math.min(size, parent.size - start)), facts: parent.facts };
}

function zeros(size: number): BlockSource {
  return {
    size,
    sectorSize: SECTOR,
    async read(into, offset) {
      checkRange(offset, into.length, size);
      into.fill(0);
    },
    async *extents(offset, length) {
      checkRange(offset, length, size);
      if (length > 0) yield { offset, length, kind: 'zero' };
    },
    close: async () => undefined,
  };
}
