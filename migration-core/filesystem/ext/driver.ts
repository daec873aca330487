/** The ext2/3/4 driver: paths on the outside, inodes and blocks inside. */
import { IronliftError } from '../../base/errors.ts';
import type { BlockSource, WritableBlocks } from '../../block/source.ts';
import type {
  DirectoryEntry,
  FileStat,
  FileSystemDriver,
  GuestFileSystem,
  OpenOptions,
} from '../filesystem.ts';
import { changing, flushVolume } from './change.ts';
import * as edits from './edits.ts';
import { listDirectory } from './directory.ts';
import { typeFromDirent } from './dirent.ts';
import { damaged } from './errors.ts';
import { readContent, readTarget } from './file-read.ts';
import {
  isDirectory,
  linksOf,
  modeOf,
  mtimeOf,
  ownerOf,
  readInode,
  sizeOf,
  typeOf,
  type Inode,
} from './inode.ts';
import { ReadWriteLock } from '../lock.ts';
import { decodeName } from './names.ts';
import { openVolume } from './open.ts';
import { notADirectory, resolve } from './path.ts';
import { SB } from './layout.ts';
import { freeBlocksOf, looksLikeExt, typeName } from './superblock.ts';
import { usedExtents } from './used.ts';
import type { ExtVolume } from './volume.ts';
import { readXattrs } from './xattr.ts';
import { removeXattr, setXattr } from './xattr-write.ts';

export const extDriver: FileSystemDriver = {
  id: 'ext',
  probe: (volume: BlockSource) => looksLikeExt(volume),
  open: (volume: WritableBlocks, options: OpenOptions) => guarded(() => openExt(volume, options)),
};

/** A read past the end of a structure means that the structure is not what it should be. */
async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RangeError) throw damaged(`a structure is cut off (${error.message})`);
    throw error;
  }
}

const READ_LIMIT = 64 << 20;

async function openExt(blocks: WritableBlocks, options: OpenOptions): Promise<GuestFileSystem> {
  const volume = await openVolume(blocks, options);
  const { sb } = volume;
  const lock = new ReadWriteLock();
  const reading = <T>(work: () => Promise<T>): Promise<T> => lock.read(() => guarded(work));
  const writing = (work: () => Promise<void>): Promise<void> =>
    lock.write(() => guarded(() => changing(volume, work)));

  return {
    type: typeName(sb),
    uuid: sb.uuid,
    label: sb.label,
    size: sb.blocksCount * sb.blockSize,
    blockSize: sb.blockSize,
    get freeBytes() {
      return freeBlocksOf(sb) * sb.blockSize;
    },
    get freeInodes() {
      return sb.view.getUint32(SB.freeInodes, true);
    },
    findings: volume.findings,
    usedExtents: (signal) =>
      lock.write(() =>
        guarded(async () => {
          await flushVolume(volume, signal);
          return usedExtents(volume, signal);
        }),
      ),
    stat: (path) => reading(async () => statOf(volume, await resolve(volume, path))),
    readdir: (path) => reading(() => readDirectory(volume, path)),
    readRange: (path, offset, length) =>
      reading(async () => readContent(volume, await edits.fileInode(volume, path), offset, length)),
    readFile: (path, limit = READ_LIMIT) => reading(() => readWhole(volume, path, limit)),
    readlink: (path) => reading(() => readLink(volume, path)),
    xattrs: (path) => reading(async () => readXattrs(volume, await resolve(volume, path))),

    writeFile: (path, data, options = {}) => writing(() => edits.writeFile(volume, path, data, options)),
    writeRange: (path, offset, data) => writing(() => edits.writeRange(volume, path, offset, data)),
    truncate: (path, size) => writing(() => edits.truncate(volume, path, size)),
    mkdir: (path, options = {}) => writing(() => edits.mkdir(volume, path, options)),
    symlink: (path, target, options = {}) => writing(() => edits.symlink(volume, path, target, options)),
    remove: (path) => writing(() => edits.remove(volume, path)),
    rename: (from, to) => writing(() => edits.rename(volume, from, to)),
    chmod: (path, mode) => writing(() => edits.chmod(volume, path, mode)),
    chown: (path, uid, gid) => writing(() => edits.chown(volume, path, uid, gid)),
    setXattr: (path, name, value) =>
      writing(() => edits.editInode(volume, path, (inode) => setXattr(volume, inode, name, value))),
    removeXattr: (path, name) =>
      writing(() => edits.editInode(volume, path, (inode) => removeXattr(volume, inode, name))),
    flush: () => lock.write(() => guarded(() => flushVolume(volume))),
  };
}

function statOf(volume: ExtVolume, inode: Inode): FileStat {
  return {
    type: typeOf(inode),
    size: sizeOf(volume, inode),
    mode: modeOf(inode) & 0o7777,
    ...ownerOf(inode),
    mtime: mtimeOf(inode),
    inode: inode.ino,
    links: linksOf(inode),
  };
}

async function readDirectory(volume: ExtVolume, path: string): Promise<DirectoryEntry[]> {
  const inode = await resolve(volume, path);
  if (!isDirectory(inode)) throw notADirectory(path);
  const entries: DirectoryEntry[] = [];
  for (const [name, entry] of await listDirectory(volume, inode)) {
    // Volumes without the filetype feature keep the type in the inode alone.
    const type = typeFromDirent(entry.type) ?? typeOf(await readInode(volume, entry.inode));
    entries.push({ name, type });
  }
  return entries;
}

async function readWhole(volume: ExtVolume, path: string, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const inode = await edits.fileInode(volume, path);
  const size = sizeOf(volume, inode);
  if (size > limit) {
    throw new IronliftError('FILE_TOO_LARGE', `${path} has ${size} bytes, more than the ${limit} expected.`, {
      next: 'Read it in parts.',
      data: { size, limit },
    });
  }
  return readContent(volume, inode, 0, size);
}

async function readLink(volume: ExtVolume, path: string): Promise<string> {
  const inode = await resolve(volume, path);
  if (typeOf(inode) !== 'symlink')
    throw new IronliftError('NOT_A_SYMLINK', `${path} is no symbolic link.`, { next: 'Check the path.' });
  return decodeName(await readTarget(volume, inode));
}
