/**
 * A whole file system in memory, for fast tests of everything that works on a guest's tree. It behaves as the drivers
 * of real volumes do: no symlink is followed, missing parents and full volumes are errors.
 */
import { ExtentList } from '../../migration-core/base/extents.ts';
import { IronliftError } from '../../migration-core/base/errors.ts';
import type { ErrorCode } from '../../migration-core/base/error-codes.ts';
import type {
  CreateOptions,
  DirectoryEntry,
  FileStat,
  FileType,
  GuestFileSystem,
} from '../../migration-core/filesystem/filesystem.ts';

export interface MemoryEntry {
  /** One of these four says what it is; a symlink is `{ symlink: target }`, a directory `{ dir: true }`. */
  file?: string | Uint8Array;
  symlink?: string;
  dir?: true;
  special?: FileType;
  mode?: number;
  uid?: number;
  gid?: number;
  xattrs?: Record<string, string | Uint8Array>;
  /** Claims this size; reads give zeros beyond the content. */
  size?: number;
}

export interface MemoryOptions {
  type?: string;
  uuid?: string;
  label?: string;
  size?: number;
  freeBytes?: number;
  freeInodes?: number;
  /** Names are found in either case and keep their letters, as on NTFS. */
  ignoreCase?: boolean;
}

interface Node {
  type: FileType;
  mode: number;
  uid: number;
  gid: number;
  mtime: number;
  inode: number;
  data: Uint8Array<ArrayBuffer>;
  /** Bytes; above data.length for a sparse file. */
  size: number;
  target: string;
  children: Map<string, Node>;
  xattrs: Map<string, Uint8Array>;
}

function fail(code: ErrorCode, message: string): IronliftError {
  return new IronliftError(code, message, { next: 'Correct the test.' });
}

const bytesOf = (content: string | Uint8Array): Uint8Array<ArrayBuffer> =>
  typeof content === 'string' ? new TextEncoder().encode(content) : new Uint8Array(content);

/** Parents that are not named are made, root:root 0755. Paths are absolute. */
export function memoryFileSystem(
  tree: Record<string, string | Uint8Array | MemoryEntry>,
  options: MemoryOptions = {},
): GuestFileSystem {
  const now = 1_700_000_000;
  let nextInode = 2;
  let freeBytes = options.freeBytes ?? 1 << 30;
  let freeInodes = options.freeInodes ?? 100_000;

  const make = (type: FileType, mode: number, create: CreateOptions = {}): Node => ({
    type,
    mode: create.mode ?? mode,
    uid: create.uid ?? 0,
    gid: create.gid ?? 0,
    mtime: create.mtime ?? now,
    inode: nextInode++,
    data: new Uint8Array(0),
    size: 0,
    target: '',
    children: new Map(),
    xattrs: new Map(),
  });
  const root = make('directory', 0o755);

  /** The name as it lies in the directory. */
  const spelt = ({ children }: Node, name: string): string => {
    if (options.ignoreCase !== true || children.has(name)) return name;
    const upper = name.toUpperCase();
    return [...children.keys()].find((other) => other.toUpperCase() === upper) ?? name;
  };

  const split = (path: string): string[] => {
    if (!path.startsWith('/')) throw new Error(`path within a volume must be absolute: ${path}`);
    const names = path.split('/').slice(1);
    if (path === '/') return [];
    if (names.some((name) => name === '' || name === '.' || name === '..'))
      throw new Error(`path within a volume must be clean: ${path}`);
    return names;
  };
  const find = (path: string): Node => {
    let node = root;
    for (const name of split(path)) {
      if (node.type !== 'directory')
        throw fail('NOT_A_DIRECTORY', `${path}: a component is not a directory.`);
      const child = node.children.get(spelt(node, name));
      if (child === undefined) throw fail('NOT_FOUND', `There is no ${path}.`);
      node = child;
    }
    return node;
  };
  const parent = (path: string): { directory: Node; name: string } => {
    const slash = path.lastIndexOf('/');
    const directory = find(slash <= 0 ? '/' : path.slice(0, slash));
    if (directory.type !== 'directory')
      throw fail('NOT_A_DIRECTORY', `${path}: the parent is not a directory.`);
    const name = path.slice(slash + 1);
    if (name === '') throw fail('ALREADY_EXISTS', 'The root directory is always there.');
    if (Buffer.byteLength(name) > 255) throw fail('NAME_TOO_LONG', `${name} is too long.`);
    return { directory, name };
  };
  const file = (path: string): Node => {
    const node = find(path);
    if (node.type === 'directory') throw fail('IS_A_DIRECTORY', `${path} is a directory.`);
    if (node.type !== 'file') throw fail('NOT_SUPPORTED', `${path} is not a regular file.`);
    return node;
  };
  const take = (bytes: number, inodes: number): void => {
    if (bytes > freeBytes || inodes > freeInodes)
      throw fail('NO_SPACE_IN_GUEST', 'There is no room on the volume.');
    freeBytes -= bytes;
    freeInodes -= inodes;
  };
  const add = (path: string, node: Node): void => {
    const { directory, name } = parent(path);
    if (directory.children.has(spelt(directory, name)))
      throw fail('ALREADY_EXISTS', `${path} is there already.`);
    take(0, 1);
    directory.children.set(name, node);
  };
  const setContent = (node: Node, data: Uint8Array<ArrayBuffer>): void => {
    take(data.length - node.data.length, 0);
    node.data = data;
    node.size = data.length;
  };

  for (const [path, value] of Object.entries(tree)) {
    const entry: MemoryEntry =
      typeof value === 'string' || value instanceof Uint8Array ? { file: value } : value;
    let at = root;
    const names = split(path);
    for (const name of names.slice(0, -1)) {
      if (!at.children.has(name)) at.children.set(name, make('directory', 0o755));
      at = at.children.get(name)!;
      if (at.type !== 'directory') throw new Error(`${path}: a component is not a directory`);
    }
    const type: FileType =
      entry.special ??
      (entry.symlink !== undefined ? 'symlink' : entry.file !== undefined ? 'file' : 'directory');
    const name = names.at(-1);
    const existing = name === undefined ? root : at.children.get(name);
    const node = existing ?? make(type, type === 'directory' ? 0o755 : type === 'symlink' ? 0o777 : 0o644);
    node.mode = entry.mode ?? node.mode;
    node.uid = entry.uid ?? 0;
    node.gid = entry.gid ?? 0;
    node.target = entry.symlink ?? '';
    node.data = bytesOf(entry.file ?? '');
    node.size = entry.size ?? node.data.length;
    for (const [key, attribute] of Object.entries(entry.xattrs ?? {}))
      node.xattrs.set(key, bytesOf(attribute));
    if (name !== undefined) at.children.set(name, node);
  }

  const slice = (node: Node, offset: number, length: number): Uint8Array<ArrayBuffer> => {
    const result = new Uint8Array(Math.max(0, Math.min(length, node.size - offset)));
    result.set(node.data.subarray(offset, offset + result.length));
    return result;
  };

  return {
    type: options.type ?? 'ext4',
    uuid: options.uuid ?? '11111111-2222-3333-4444-555555555555',
    label: options.label ?? '',
    size: options.size ?? 8 << 30,
    blockSize: 4096,
    get freeBytes() {
      return freeBytes;
    },
    get freeInodes() {
      return freeInodes;
    },
    findings: [],
    usedExtents: async () => ExtentList.of([{ offset: 0, length: 4096 }]),
    async stat(path): Promise<FileStat> {
      const node = find(path);
      const { type, mode, uid, gid, mtime, inode } = node;
      const size = type === 'symlink' ? Buffer.byteLength(node.target) : node.size;
      return { type, size, mode, uid, gid, mtime, inode, links: 1 };
    },
    async readdir(path): Promise<DirectoryEntry[]> {
      const node = find(path);
      if (node.type !== 'directory') throw fail('NOT_A_DIRECTORY', `${path} is not a directory.`);
      return [...node.children].map(([name, child]) => ({ name, type: child.type }));
    },
    readRange: async (path, offset, length) => slice(file(path), offset, length),
    async readFile(path, limit = 64 << 20) {
      const node = file(path);
      if (node.size > limit) throw fail('FILE_TOO_LARGE', `${path} is larger than ${limit} bytes.`);
      return slice(node, 0, node.size);
    },
    async readlink(path) {
      const node = find(path);
      if (node.type !== 'symlink') throw fail('NOT_A_SYMLINK', `${path} is not a symlink.`);
      return node.target;
    },
    xattrs: async (path) => new Map(find(path).xattrs),
    async writeFile(path, data, create = {}) {
      const { directory, name } = parent(path);
      let node = directory.children.get(spelt(directory, name));
      if (node?.type === 'directory') throw fail('IS_A_DIRECTORY', `${path} is a directory.`);
      if (node !== undefined && node.type !== 'file')
        throw fail('ALREADY_EXISTS', `${path} is not a regular file.`);
      if (node === undefined) {
        node = make('file', 0o644, create);
        add(path, node);
      } else {
        node.mode = create.mode ?? node.mode;
        node.uid = create.uid ?? node.uid;
        node.gid = create.gid ?? node.gid;
        node.mtime = create.mtime ?? now;
      }
      setContent(node, new Uint8Array(data));
    },
    async writeRange(path, offset, data) {
      const node = file(path);
      if (offset > node.size) throw fail('READ_PAST_END', 'The range begins beyond the end of the file.');
      const content = new Uint8Array(Math.max(node.size, offset + data.length));
      content.set(node.data);
      content.set(data, offset);
      setContent(node, content);
    },
    async truncate(path, size) {
      const node = file(path);
      if (size < node.size) setContent(node, slice(node, 0, size));
    },
    mkdir: async (path, create) => add(path, make('directory', 0o755, create)),
    async symlink(path, target, create) {
      const node = make('symlink', 0o777, create);
      node.target = target;
      add(path, node);
    },
    async remove(path) {
      const { directory, name } = parent(path);
      const node = find(path);
      if (node.children.size > 0) throw fail('DIRECTORY_NOT_EMPTY', `${path} is not empty.`);
      directory.children.delete(spelt(directory, name));
      take(-node.data.length, -1);
    },
    async rename(from, to) {
      const node = find(from);
      const source = parent(from);
      const destination = parent(to);
      if (destination.directory.children.has(spelt(destination.directory, destination.name)))
        throw fail('ALREADY_EXISTS', `${to} is there already.`);
      source.directory.children.delete(spelt(source.directory, source.name));
      destination.directory.children.set(destination.name, node);
    },
    async chmod(path, mode) {
      find(path).mode = mode & 0o7777;
    },
    async chown(path, uid, gid) {
      Object.assign(find(path), { uid, gid });
    },
    async setXattr(path, name, value) {
      find(path).xattrs.set(name, new Uint8Array(value));
    },
    async removeXattr(path, name) {
      find(path).xattrs.delete(name);
    },
    flush: async () => undefined,
  };
}
