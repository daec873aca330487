/** The changes of the GuestFileSystem contract, path by path. Each runs inside changing(), so it happens whole or not at all. */
import { IronliftError } from '../../base/errors.ts';
import type { CreateOptions, FileType } from '../filesystem.ts';
import { addEntry, appendBlock, removeEntry, setParent, writeFirstBlock } from './directory-write.ts';
import { listDirectory } from './directory.ts';
import { MAX_NAME, typeToDirent } from './dirent.ts';
import { notFound } from './errors.ts';
import { cutContent, initialiseMap, replaceContent, setFileSize, touch, writeInto } from './file-write.ts';
import { groupFirstBlock } from './groups.ts';
import {
  iBlock,
  isDirectory,
  linksOf,
  modeOf,
  ownerOf,
  putInode,
  readInode,
  setTime,
  sizeOf,
  typeOf,
  type Inode,
} from './inode.ts';
import { I_BLOCK_SIZE, INCOMPAT, INODE, RO_COMPAT, S_IF } from './layout.ts';
import { encodeName } from './names.ts';
import { freeNode, makeNode, setOwner, type NewNode } from './node.ts';
import { isADirectory, lookUp, nameTooLong, notADirectory, resolve, splitPath } from './path.ts';
import { hasIncompat, hasRoCompat } from './superblock.ts';
import type { ExtVolume } from './volume.ts';

/** Where a name goes: its directory, and the inode it leads to now. */
interface Place {
  path: string;
  parent: Inode;
  name: string;
  present: number | null;
}

async function placeOf(volume: ExtVolume, path: string): Promise<Place> {
  const names = splitPath(path);
  const name = names.pop();
  if (name === undefined) throw exists('/');
  if (encodeName(name).length > MAX_NAME) throw nameTooLong(name);
  const parent = await resolve(volume, `/${names.join('/')}`);
  if (!isDirectory(parent)) throw notADirectory(`/${names.join('/')}`);
  return { path, parent, name, present: await lookUp(volume, parent, name) };
}

function exists(path: string): IronliftError {
  return new IronliftError('ALREADY_EXISTS', `There is something at ${path} already.`, {
    next: 'Choose another name.',
  });
}

function newNode(volume: ExtVolume, type: number, mode: number, options: CreateOptions): NewNode {
  return {
    mode: type | ((options.mode ?? mode) & 0o7777),
    uid: options.uid ?? 0,
    gid: options.gid ?? 0,
    mtime: options.mtime ?? volume.now,
  };
}

/** Gives a stored inode its name. */
async function link(volume: ExtVolume, place: Place, inode: Inode): Promise<void> {
  const type = hasIncompat(volume.sb, INCOMPAT.filetype) ? typeToDirent(typeOf(inode)) : 0;
  await addEntry(volume, place.parent, { name: encodeName(place.name), inode: inode.ino, type });
  touch(volume, place.parent);
  await putInode(volume, place.parent);
  volume.names.added(place.parent.ino, place.name, { inode: inode.ino, type });
}

/** Takes the name away; the directory's inode is stored. */
async function unlink(volume: ExtVolume, place: Place): Promise<void> {
  await removeEntry(volume, place.parent, encodeName(place.name));
  touch(volume, place.parent);
  await putInode(volume, place.parent);
  volume.names.removed(place.parent.ino, place.name);
}

const goalOf = (volume: ExtVolume, inode: Inode): number =>
  groupFirstBlock(volume.sb, Math.floor((inode.ino - 1) / volume.sb.inodesPerGroup));

export async function fileInode(volume: ExtVolume, path: string): Promise<Inode> {
  const inode = await resolve(volume, path);
  refuseOtherThanFile(path, typeOf(inode));
  return inode;
}

function refuseOtherThanFile(path: string, type: FileType): void {
  if (type === 'file') return;
  if (type === 'directory') throw isADirectory(path);
  throw new IronliftError('NOT_SUPPORTED', `${path} is no regular file but a ${type}.`, {
    next: 'Name a regular file.',
  });
}

export async function writeFile(
  volume: ExtVolume,
  path: string,
  data: Uint8Array,
  options: CreateOptions,
): Promise<void> {
  const place = await placeOf(volume, path);
  if (place.present === null) {
    const inode = await makeNode(volume, place.parent, newNode(volume, S_IF.file, 0o644, options));
    await replaceContent(volume, inode, data, goalOf(volume, inode));
    await putInode(volume, inode);
    return link(volume, place, inode);
  }
  const inode = await readInode(volume, place.present);
  refuseOtherThanFile(path, typeOf(inode));
  await replaceContent(volume, inode, data, goalOf(volume, inode));
  if (options.mode !== undefined) setMode(inode, options.mode);
  const owner = ownerOf(inode);
  setOwner(inode, options.uid ?? owner.uid, options.gid ?? owner.gid);
  touch(volume, inode, options.mtime);
  await putInode(volume, inode);
}

export async function writeRange(
  volume: ExtVolume,
  path: string,
  offset: number,
  data: Uint8Array,
): Promise<void> {
  const inode = await fileInode(volume, path);
  const size = sizeOf(volume, inode);
  if (!Number.isSafeInteger(offset) || offset < 0 || offset > size) {
    throw new IronliftError(
      'USAGE',
      `${path} has ${size} bytes; it cannot be written from byte ${offset} on.`,
      {
        next: 'Write within the file or right at its end.',
      },
    );
  }
  await writeInto(volume, inode, offset, data);
  touch(volume, inode);
  await putInode(volume, inode);
}

export async function truncate(volume: ExtVolume, path: string, size: number): Promise<void> {
  const inode = await fileInode(volume, path);
  if (!Number.isSafeInteger(size) || size < 0)
    throw new IronliftError('USAGE', `${size} is no size of a file.`, { next: 'Give a number of bytes.' });
  if (size >= sizeOf(volume, inode)) return;
  await cutContent(volume, inode, size);
  touch(volume, inode);
  await putInode(volume, inode);
}

/** Directories of ext4 stop counting at this many links; on older volumes there can be no more. */
const MAX_LINKS = 65000;

/** One subdirectory more. */
function countSubdirectory(volume: ExtVolume, parent: Inode): void {
  const links = linksOf(parent);
  // 1 stands for "more than can be counted".
  if (links === 1) return;
  if (links < MAX_LINKS) {
    parent.view.setUint16(INODE.links, links + 1, true);
    return;
  }
  if (!hasRoCompat(volume.sb, RO_COMPAT.dirNlink)) {
    throw new IronliftError('TOO_MANY_LINKS', 'The folder cannot have more folders in it.', {
      next: 'Use another folder.',
    });
  }
  parent.view.setUint16(INODE.links, 1, true);
}

function uncountSubdirectory(parent: Inode): void {
  const links = linksOf(parent);
  if (links > 2) parent.view.setUint16(INODE.links, links - 1, true);
}

export async function mkdir(volume: ExtVolume, path: string, options: CreateOptions): Promise<void> {
  const place = await placeOf(volume, path);
  if (place.present !== null) throw exists(path);
  const inode = await makeNode(volume, place.parent, newNode(volume, S_IF.directory, 0o755, options));
  const { physical } = await appendBlock(volume, inode);
  writeFirstBlock(volume, inode, physical, place.parent.ino);
  await putInode(volume, inode);
  countSubdirectory(volume, place.parent);
  await link(volume, place, inode);
}

export async function symlink(
  volume: ExtVolume,
  path: string,
  target: string,
  options: CreateOptions,
): Promise<void> {
  const place = await placeOf(volume, path);
  if (place.present !== null) throw exists(path);
  const bytes = encodeName(target);
  if (bytes.length === 0 || bytes.length >= Math.min(4096, volume.sb.blockSize)) throw nameTooLong(target);
  const inode = await makeNode(volume, place.parent, newNode(volume, S_IF.symlink, 0o777, options));
  if (bytes.length < I_BLOCK_SIZE) {
    iBlock(inode).set(bytes);
    setFileSize(volume, inode, bytes.length);
  } else {
    initialiseMap(volume, inode);
    await replaceContent(volume, inode, bytes, goalOf(volume, inode));
  }
  await putInode(volume, inode);
  await link(volume, place, inode);
}

export async function remove(volume: ExtVolume, path: string): Promise<void> {
  const place = await placeOf(volume, path);
  if (place.present === null) throw notFound(path);
  const inode = await readInode(volume, place.present);
  if (isDirectory(inode)) {
    if ((await listDirectory(volume, inode)).size > 0) {
      throw new IronliftError('DIRECTORY_NOT_EMPTY', `The folder ${path} is not empty.`, {
        next: 'Remove what is in it first.',
      });
    }
    uncountSubdirectory(place.parent);
    await unlink(volume, place);
    return freeNode(volume, inode);
  }
  await unlink(volume, place);
  const links = linksOf(inode);
  if (links <= 1) return freeNode(volume, inode);
  inode.view.setUint16(INODE.links, links - 1, true);
  setTime(inode, INODE.ctime, INODE.ctimeExtra, volume.now);
  await putInode(volume, inode);
}

export async function rename(volume: ExtVolume, from: string, to: string): Promise<void> {
  const source = await placeOf(volume, from);
  const target = await placeOf(volume, to);
  if (source.present === null) throw notFound(from);
  if (target.present !== null) throw exists(to);
  const inode = await readInode(volume, source.present);
  const within = splitPath(from).every((name, i) => splitPath(to)[i] === name);
  if (isDirectory(inode) && within) {
    throw new IronliftError('USAGE', `${from} cannot be moved into itself.`, {
      next: 'Choose another folder.',
    });
  }
  if (target.parent.ino === source.parent.ino) target.parent = source.parent;
  else if (isDirectory(inode)) {
    uncountSubdirectory(source.parent);
    countSubdirectory(volume, target.parent);
    await setParent(volume, inode, target.parent.ino);
  }
  await link(volume, target, inode);
  await unlink(volume, source);
  setTime(inode, INODE.ctime, INODE.ctimeExtra, volume.now);
  await putInode(volume, inode);
}

function setMode(inode: Inode, mode: number): void {
  inode.view.setUint16(INODE.mode, (modeOf(inode) & S_IF.mask) | (mode & 0o7777), true);
}

/** Changes what is in the inode itself. */
export async function editInode(
  volume: ExtVolume,
  path: string,
  edit: (inode: Inode) => void | Promise<void>,
): Promise<void> {
  const inode = await resolve(volume, path);
  await edit(inode);
  setTime(inode, INODE.ctime, INODE.ctimeExtra, volume.now);
  await putInode(volume, inode);
}

export const chmod = (volume: ExtVolume, path: string, mode: number): Promise<void> =>
  editInode(volume, path, (inode) => setMode(inode, mode));

export const chown = (volume: ExtVolume, path: string, uid: number, gid: number): Promise<void> =>
  editInode(volume, path, (inode) => setOwner(inode, uid, gid));
