/**
 * The guest as it will be: the tree of its volumes with the edits planned so far laid over it. Nothing is written.
 * Contents of edits are kept by reference, contents of the guest stay where they are.
 */
import { IronliftError } from '../base/errors.ts';
import type { CreateOptions, DirectoryEntry, FileStat, FileType } from '../filesystem/filesystem.ts';
import type { Hive } from '../registry/hive.ts';
import type { EditAction, GuestReader, HiveReader } from './fixer.ts';
import { pieceLength, readPieces, type Piece } from './stage-pieces.ts';
import { joinPath, nameOf, notFound, parentOf, resolvePath, type PathNode } from './tree-path.ts';
import { TEXT_LIMIT, decodeText } from './tree-text.ts';
import { isAbsence } from './tree.ts';
import { changeHive, openGuestHive } from './windows/guest-hive.ts';

const READ_LIMIT = 64 << 20;

interface StagedNode {
  /** Made by the plan: below it the guest has nothing. */
  fresh: boolean;
  stat: FileStat;
  /** Of a file: its bytes, in order. */
  pieces: Piece[];
  /** Of a symlink. */
  target: string;
  xattrs: Map<string, Uint8Array>;
}

export class StagedGuest implements GuestReader, HiveReader {
  /** Copies of the guest's hives with the changes planned so far; the files below keep their bytes. */
  readonly #hives = new Map<string, Hive>();
  readonly #below: GuestReader;
  /** By canonical path; null where the plan removes what the guest has. */
  readonly #nodes = new Map<string, StagedNode | null>();
  /** Names the plan touches in each directory. */
  readonly #touched = new Map<string, Set<string>>();
  /** Seconds since 1970, of what the plan makes. */
  readonly #now: number;
  #nextInode = 2 ** 40;

  constructor(below: GuestReader, now = 0) {
    this.#below = below;
    this.#now = now;
  }

  /** Lays one more edit over the guest. @throws EDIT_NOT_POSSIBLE where it could not be applied. */
  async stage(action: EditAction): Promise<void> {
    await this.#checkPlace(action.path);
    const old = await this.#nodeAt(action.path);
    switch (action.kind) {
      case 'write': {
        if (old?.stat.type === 'directory') throw impossible(action, 'a directory is in the way');
        const kept = old?.stat.type === 'file' ? old : null;
        const node = kept ?? this.#fresh('file', 0o644);
        const xattrs = new Map([...node.xattrs, ...Object.entries(action.xattrs ?? {})]);
        for (const name of action.removeXattrs ?? []) xattrs.delete(name);
        const stat = { ...this.#withOptions(node.stat, action.options), size: action.content.length };
        this.#put(action.path, { ...node, stat, pieces: [{ bytes: action.content }], target: '', xattrs });
        return;
      }
      case 'append': {
        const node = fileOr(old, action);
        const stat = { ...node.stat, size: node.stat.size + action.content.length, mtime: this.#now };
        this.#put(action.path, { ...node, stat, pieces: [...node.pieces, { bytes: action.content }] });
        return;
      }
      case 'truncate': {
        const node = fileOr(old, action);
        if (action.size > node.stat.size) throw impossible(action, 'the file is shorter than that');
        const pieces: Piece[] = [];
        let left = action.size;
        for (const piece of node.pieces) {
          const length = Math.min(left, pieceLength(piece));
          pieces.push(
            'bytes' in piece ? { bytes: piece.bytes.subarray(0, length) } : { from: piece.from, length },
          );
          left -= length;
        }
        this.#put(action.path, { ...node, stat: { ...node.stat, size: action.size }, pieces });
        return;
      }
      case 'mkdir': {
        if (old !== null) throw impossible(action, 'something of that name is there already');
        const node = this.#fresh('directory', 0o755);
        const xattrs = new Map(Object.entries(action.xattrs ?? {}));
        this.#put(action.path, { ...node, stat: this.#withOptions(node.stat, action.options), xattrs });
        return;
      }
      case 'symlink': {
        if (old?.stat.type === 'directory') throw impossible(action, 'a directory is in the way');
        const node = this.#fresh('symlink', 0o777);
        const stat = {
          ...this.#withOptions(node.stat, action.options),
          size: Buffer.byteLength(action.target),
        };
        const xattrs = new Map(Object.entries(action.xattrs ?? {}));
        this.#put(action.path, { ...node, stat, target: action.target, xattrs });
        return;
      }
      case 'remove': {
        if (old === null) throw impossible(action, 'it is not there');
        if (old.stat.type === 'directory' && (await this.readdir(action.path)).length > 0)
          throw impossible(action, 'the directory is not empty');
        this.#put(action.path, null);
        return;
      }
      case 'rename': {
        await this.#checkPlace(action.from);
        const node = await this.#nodeAt(action.from);
        if (old !== null) throw impossible(action, 'the new name is taken');
        if (node?.stat.type !== 'file' && node?.stat.type !== 'symlink')
          throw impossible(action, 'there is no file or link of the old name');
        this.#put(action.from, null);
        this.#put(action.path, node);
        return;
      }
      case 'chmod': {
        if (old === null) throw impossible(action, 'it is not there');
        this.#put(action.path, { ...old, stat: { ...old.stat, mode: action.mode } });
        return;
      }
      case 'registry': {
        fileOr(old, action);
        const hive = await this.hive(action.path);
        for (const change of action.changes) changeHive(hive, change);
        return;
      }
      case 'restore-hive':
        throw impossible(action, 'only an undo does that');
    }
  }

  async hive(path: string): Promise<Hive> {
    const canonical = await this.#existing(path);
    let hive = this.#hives.get(canonical);
    if (hive === undefined) this.#hives.set(canonical, (hive = await openGuestHive(this, canonical)));
    return hive;
  }

  async exists(path: string): Promise<boolean> {
    return (await this.stat(path)) !== null;
  }

  async stat(path: string): Promise<FileStat | null> {
    return this.#statOrNull(path, true);
  }

  async lstat(path: string): Promise<FileStat | null> {
    return this.#statOrNull(path, false);
  }

  async readdir(path: string): Promise<DirectoryEntry[]> {
    const canonical = await this.#existing(path);
    const staged = this.#nodes.get(canonical);
    const entries = staged?.fresh === true ? [] : await this.#below.readdir(canonical);
    const touched = this.#touched.get(canonical);
    if (touched === undefined) return entries;
    const result = entries.filter((entry) => !touched.has(entry.name));
    for (const name of touched) {
      const node = this.#nodes.get(joinPath(canonical, name));
      if (node != null) result.push({ name, type: node.stat.type });
    }
    return result;
  }

  async readFile(path: string, limit = READ_LIMIT): Promise<Uint8Array<ArrayBuffer>> {
    const canonical = await this.#existing(path);
    const node = this.#nodes.get(canonical);
    if (node == null) return this.#below.readFile(canonical, limit);
    if (node.stat.size > limit)
      throw new IronliftError('FILE_TOO_LARGE', `${path} in the guest is larger than expected.`, {
        next: 'Look at the file on the server; it should be a small one.',
        data: { path, size: node.stat.size, limit },
      });
    return this.readRange(canonical, 0, node.stat.size);
  }

  async readRange(path: string, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const canonical = await this.#existing(path);
    const node = this.#nodes.get(canonical);
    if (node == null) return this.#below.readRange(canonical, offset, length);
    if (node.stat.type !== 'file') throw notAFile(path);
    return readPieces(this.#below, node.pieces, offset, length);
  }

  async readText(path: string): Promise<string | null> {
    const stat = await this.stat(path);
    if (stat?.type !== 'file') return null;
    return decodeText(await this.readFile(path, TEXT_LIMIT)).text;
  }

  async readlink(path: string): Promise<string> {
    const { path: canonical, node } = await this.#resolve(path, false);
    if (node === null) throw notFound(path);
    const staged = this.#nodes.get(canonical);
    if (staged == null) return this.#below.readlink(canonical);
    if (staged.stat.type !== 'symlink')
      throw new IronliftError('NOT_A_SYMLINK', `${path} in the guest is not a symbolic link.`, {
        next: 'Check the path; a symbolic link was expected there.',
      });
    return staged.target;
  }

  async xattrs(path: string): Promise<Map<string, Uint8Array>> {
    const canonical = await this.#existing(path);
    const node = this.#nodes.get(canonical);
    return node == null ? this.#below.xattrs(canonical) : new Map(node.xattrs);
  }

  async realpath(path: string): Promise<string> {
    return (await this.#resolve(path, true)).path;
  }

  async list(path: string): Promise<string[]> {
    const stat = await this.stat(path);
    if (stat?.type !== 'directory') return [];
    return (await this.readdir(path)).map((entry) => entry.name).sort();
  }

  #put(path: string, node: StagedNode | null): void {
    this.#nodes.set(path, node);
    const directory = parentOf(path);
    const names = this.#touched.get(directory) ?? new Set();
    this.#touched.set(directory, names.add(nameOf(path)));
  }

  #fresh(type: FileType, mode: number): StagedNode {
    const inode = this.#nextInode++;
    const stat = { type, size: 0, mode, uid: 0, gid: 0, mtime: this.#now, inode, links: 1 };
    return { fresh: true, stat, pieces: [], target: '', xattrs: new Map() };
  }

  #withOptions(stat: FileStat, options: CreateOptions = {}): FileStat {
    return {
      ...stat,
      mode: options.mode ?? stat.mode,
      uid: options.uid ?? stat.uid,
      gid: options.gid ?? stat.gid,
      mtime: options.mtime ?? this.#now,
    };
  }

  /** What is at a canonical path, of the plan or of the guest. */
  async #nodeAt(canonical: string): Promise<StagedNode | null> {
    const staged = this.#nodes.get(canonical);
    if (staged !== undefined) return staged;
    const stat = await this.#below.lstat(canonical);
    if (stat === null) return null;
    const pieces: Piece[] = stat.type === 'file' ? [{ from: canonical, length: stat.size }] : [];
    const target = stat.type === 'symlink' ? await this.#below.readlink(canonical) : '';
    // Attributes of a link itself are not to be had from a reader that follows it; they are not edited either.
    const none = new Map<string, Uint8Array>();
    const xattrs = stat.type === 'symlink' ? none : await this.#below.xattrs(canonical);
    return { fresh: false, stat, pieces, target, xattrs };
  }

  /** An edit names the object itself: a path with a symlink on the way is a mistake of the plan. */
  async #checkPlace(path: string): Promise<void> {
    const { path: canonical, node } = await this.#resolve(parentOf(path), true);
    if (path !== joinPath(canonical, nameOf(path)) || node?.type !== 'directory')
      throw new IronliftError(
        'EDIT_NOT_POSSIBLE',
        `A change was planned for ${path}, which has no directory.`,
        {
          next: 'Report this as a fault of the program, with the output of ironlift inspect.',
          data: { path, canonical },
        },
      );
  }

  async #existing(path: string): Promise<string> {
    const { path: canonical, node } = await this.#resolve(path, true);
    if (node === null) throw notFound(path);
    return canonical;
  }

  async #statOrNull(path: string, follow: boolean): Promise<FileStat | null> {
    try {
      const { path: canonical, node } = await this.#resolve(path, follow);
      if (node === null) return null;
      const staged = this.#nodes.get(canonical);
      return staged == null ? await this.#below.lstat(canonical) : staged.stat;
    } catch (error) {
      if (isAbsence(error)) return null;
      throw error;
    }
  }

  #resolve(path: string, followLast: boolean): Promise<{ path: string; node: PathNode | null }> {
    return resolvePath(path, followLast, async (canonical) => {
      const staged = this.#nodes.get(canonical);
      if (staged === null) return null;
      if (staged !== undefined) return { type: staged.stat.type, target: staged.target };
      // A directory that only the plan has is not asked of the guest.
      if (this.#nodes.get(parentOf(canonical))?.fresh === true) return null;
      const stat = await this.#below.lstat(canonical);
      if (stat === null) return null;
      if (stat.type !== 'symlink') return { type: stat.type };
      return { type: 'symlink', target: await this.#below.readlink(canonical) };
    });
  }
}

function fileOr(node: StagedNode | null, action: EditAction): StagedNode {
  if (node?.stat.type !== 'file') throw impossible(action, 'there is no such file');
  return node;
}

function notAFile(path: string): IronliftError {
  return new IronliftError('IS_A_DIRECTORY', `${path} in the guest is not a file.`, {
    next: 'Check the path; a file was expected there.',
  });
}

/** A change that contradicts the state of the guest. */
export function impossible(action: EditAction, why: string): IronliftError {
  return new IronliftError(
    'EDIT_NOT_POSSIBLE',
    `The change "${action.kind}" of ${action.path} is not possible: ${why}.`,
    {
      next: 'Start again from the unchanged source; report it as a fault of the program if it happens again.',
      data: { kind: action.kind, path: action.path },
    },
  );
}
