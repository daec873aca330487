/** FAT12, FAT16 and FAT32: EFI system partitions, boot partitions of old servers, recovery volumes of their makers. */
import { IronliftError } from '../../base/errors.ts';
import { ExtentList } from '../../base/extents.ts';
import type { Finding } from '../../base/finding.ts';
import { readBytes, type WritableBlocks } from '../../block/source.ts';
import { readFatBootSector } from '../../volume/fat-boot-sector.ts';
import { recogniseContent } from '../../volume/recognise.ts';
import type { FileSystemDriver, GuestFileSystem, OpenOptions } from '../filesystem.ts';
import { AllocationTable, BAD, FREE } from './allocation.ts';
import { checkTree } from './check.ts';
import { loadDirectory, rootCluster, entriesOf } from './directory.ts';
import { isDirectoryEntry } from './entry.ts';
import { damaged, notADirectory, notFound, notSupported } from './errors.ts';
import { dirtyFindings, writeFsInfo } from './fs-info.ts';
import { enter, findPlace } from './lookup.ts';
import { FileReader, statPath } from './read.ts';
import { clusterOffset, type FatVolume } from './volume.ts';
import { chmod, mkdir, remove, rename, truncate, writeFile, writeRange } from './write.ts';

const DEFAULT_READ_LIMIT = 64 << 20;

export const fatDriver: FileSystemDriver = {
  id: 'fat',
  // By all signatures: a RAID member or a BitLocker To Go volume looks like FAT from the front.
  probe: async (volume) => (await recogniseContent(volume)).type === 'vfat',
  open: openFat,
};

async function openFat(blocks: WritableBlocks, options: OpenOptions): Promise<GuestFileSystem> {
  if (blocks.size < 512) throw damaged('the volume is smaller than a sector');
  const geometry = readFatBootSector(await readBytes(blocks, 0, 512));
  if (typeof geometry === 'string') throw damaged(`its boot sector cannot be used, ${geometry}`);
  if (geometry.size > blocks.size)
    throw damaged(`it has ${geometry.size} bytes, and its partition only ${blocks.size}`, {
      expected: geometry.size,
      found: blocks.size,
    });
  const table = new AllocationTable(blocks, geometry);
  const { now, signal } = options;
  const findings: Finding[] = [];
  const volume: FatVolume = { blocks, geometry, table, now, findings, signal };
  findings.push(...(await dirtyFindings(volume)));
  let free = 0;
  await table.scan((_, value) => {
    if (value === FREE) free++;
  }, signal);
  table.freeCount = free;
  const { label } = await recogniseContent(blocks);
  return fileSystemOf(volume, label);
}

function fileSystemOf(volume: FatVolume, label: string): GuestFileSystem {
  const { geometry, table, findings } = volume;
  const reader = new FileReader(volume);
  /** Operations run one after another: each reads, changes and writes the same directories. */
  let queue: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = queue.then(work);
    queue = turn.catch(() => undefined);
    return turn;
  };
  let writable = false;
  const change = <T>(work: () => Promise<T>): Promise<T> =>
    inTurn(async () => {
      if (!writable) await prepareToWrite(volume);
      writable = true;
      return work();
    });
  const refuse = async (what: string): Promise<never> => {
    throw notSupported(what);
  };

  return {
    type: 'vfat',
    uuid: geometry.uuid,
    label,
    size: geometry.size,
    blockSize: geometry.clusterSize,
    get freeBytes() {
      return table.freeCount * geometry.clusterSize;
    },
    freeInodes: Infinity,
    findings,

    usedExtents: (signal) =>
      inTurn(async () => {
        const used = ExtentList.of([{ offset: 0, length: geometry.dataOffset }]);
        await table.scan((cluster, value) => {
          if (value !== FREE && value !== BAD) used.add(clusterOffset(volume, cluster), geometry.clusterSize);
        }, signal ?? volume.signal);
        return used;
      }),

    stat: (path) => inTurn(() => statPath(volume, path)),
    readdir: (path) => inTurn(() => readdir(volume, path)),
    readRange: (path, offset, length) => inTurn(() => reader.readRange(path, offset, length)),
    readFile: (path, limit = DEFAULT_READ_LIMIT) => inTurn(() => reader.readFile(path, limit)),
    readlink: (path) =>
      inTurn(async () => {
        await statPath(volume, path);
        throw new IronliftError('NOT_A_SYMLINK', `${path} is not a symbolic link.`, {
          next: 'Check the path.',
        });
      }),
    xattrs: (path) =>
      inTurn(async () => {
        await statPath(volume, path);
        return new Map<string, Uint8Array>();
      }),

    writeFile: (path, data, options) => change(() => writeFile(volume, path, data, options)),
    writeRange: (path, offset, data) => change(() => writeRange(volume, path, offset, data)),
    truncate: (path, size) => change(() => truncate(volume, path, size)),
    mkdir: (path, options) => change(() => mkdir(volume, path, options)),
    remove: (path) => change(() => remove(volume, path)),
    rename: (from, to) => change(() => rename(volume, from, to)),
    chmod: (path, mode) => change(() => chmod(volume, path, mode)),
    symlink: () => refuse('symbolic links'),
    chown: () => refuse('owners of files'),
    setXattr: () => refuse('extended attributes'),
    removeXattr: () => refuse('extended attributes'),
    flush: () =>
      inTurn(async () => {
        if (!writable) return;
        await table.flush();
        await writeFsInfo(volume);
      }),
  };
}

/** Before the first change: nothing of what is there may be destroyed by it, and the copies of the table must agree. */
async function prepareToWrite(volume: FatVolume): Promise<void> {
  await checkTree(volume);
  const differing = await volume.table.equalise();
  if (differing > 0)
    volume.findings.push({
      severity: 'warning',
      code: 'FAT_COPIES_DIFFERED',
      message: `The copies of the allocation table differed in ${differing} bytes; the first one is taken.`,
      next: 'Check the volume on the server with chkdsk or fsck.fat when there is time.',
    });
}

async function readdir(volume: FatVolume, path: string): ReturnType<GuestFileSystem['readdir']> {
  const place = await findPlace(volume, path);
  if (place !== null && place.entry === undefined) throw notFound(path);
  if (place?.entry !== undefined && !isDirectoryEntry(place.entry)) throw notADirectory(path);
  const directory =
    place?.entry === undefined
      ? await loadDirectory(volume, rootCluster(volume), '/')
      : await enter(volume, place.entry, path);
  return entriesOf(volume, directory).map((entry) => ({
    name: entry.name,
    type: isDirectoryEntry(entry) ? 'directory' : 'file',
  }));
}
