/** The NTFS driver: paths on the outside, records and clusters inside. */
import type { BlockSource, WritableBlocks } from '../../block/source.ts';
import { recogniseContent } from '../../volume/recognise.ts';
import type { FileSystemDriver, GuestFileSystem, OpenOptions } from '../filesystem.ts';
import { ReadWriteLock } from '../lock.ts';
import { changing } from './change.ts';
import * as edits from './edits.ts';
import { damaged, notSupported } from './errors.ts';
import { truncate, writeRange } from './file-write.ts';
import { openVolume } from './open.ts';
import { resolve } from './path.ts';
import { readDirectory, readFile, readLink, readRange, readXattrs, statOf } from './read.ts';
import { usedExtents } from './used.ts';

export const ntfsDriver: FileSystemDriver = {
  id: 'ntfs',
  probe: async (volume: BlockSource) => (await recogniseContent(volume)).type === 'ntfs',
  open: (volume: WritableBlocks, options: OpenOptions) => guarded(() => openNtfs(volume, options)),
};

const READ_LIMIT = 64 << 20;

/** A read past the end of a structure means that the structure is not what it should be. */
async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RangeError) throw damaged(`a structure is cut off (${error.message})`);
    throw error;
  }
}

async function openNtfs(blocks: WritableBlocks, options: OpenOptions): Promise<GuestFileSystem> {
  const volume = await openVolume(blocks, options);
  const { geometry } = volume;
  const lock = new ReadWriteLock();
  const reading = <T>(work: () => Promise<T>): Promise<T> => lock.read(() => guarded(work));
  const writing = (work: () => Promise<void>): Promise<void> =>
    lock.write(() => guarded(() => changing(volume, work)));
  const refuse = async (what: string): Promise<never> => {
    throw notSupported(`This version cannot ${what} on an NTFS volume.`);
  };

  return {
    type: 'ntfs',
    uuid: geometry.serial,
    label: volume.label,
    size: geometry.size,
    blockSize: geometry.clusterSize,
    get freeBytes() {
      return volume.freeClusters * geometry.clusterSize;
    },
    freeInodes: Infinity,
    findings: volume.findings,
    usedExtents: (signal) =>
      lock.write(() =>
        guarded(async () => {
          await volume.store.flush();
          return usedExtents(volume, signal);
        }),
      ),
    stat: (path) => reading(async () => statOf(volume, await resolve(volume, path))),
    readdir: (path) => reading(() => readDirectory(volume, path)),
    readRange: (path, offset, length) => reading(() => readRange(volume, path, offset, length)),
    readFile: (path, limit = READ_LIMIT) => reading(() => readFile(volume, path, limit)),
    readlink: (path) => reading(() => readLink(volume, path)),
    xattrs: (path) => reading(() => readXattrs(volume, path)),

    writeFile: (path, data, options = {}) => writing(() => edits.writeFile(volume, path, data, options)),
    writeRange: (path, offset, data) => writing(() => writeRange(volume, path, offset, data)),
    truncate: (path, size) => writing(() => truncate(volume, path, size)),
    mkdir: (path, options = {}) => writing(() => edits.mkdir(volume, path, options)),
    remove: (path) => writing(() => edits.remove(volume, path)),
    rename: (from, to) => writing(() => edits.rename(volume, from, to)),
    chmod: (path, mode) => writing(() => edits.chmod(volume, path, mode)),
    symlink: () => refuse('make symbolic links'),
    chown: () => refuse('change the owner of files'),
    setXattr: (path, name, value) => writing(() => edits.setStream(volume, path, name, value)),
    removeXattr: (path, name) => writing(() => edits.setStream(volume, path, name, null)),
    flush: () => lock.write(() => volume.store.flush()),
  };
}
