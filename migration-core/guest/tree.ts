/** The whole directory tree of a guest: its volumes mounted as its fstab says, symlinks followed across them. */
import { IronliftError, isIronliftError } from '../base/errors.ts';
import type { DirectoryEntry, FileStat, GuestFileSystem } from '../filesystem/filesystem.ts';
import type { GuestReader } from './fixer.ts';
import { nameOf, notFound, resolvePath, type PathNode } from './tree-path.ts';
import { TEXT_LIMIT, decodeText } from './tree-text.ts';

/** Lookups kept: a path has few components, and fixers ask for the same directories again and again. */
const MAX_REMEMBERED = 4096;

/** A volume in the tree, under the canonical path where it is mounted. */
export interface MountedVolume {
  path: string;
  /** VolumeInfo.id. */
  volume: string;
  fileSystem: GuestFileSystem;
}

/** Where a canonical guest path lies. */
export interface Located {
  volume: string;
  fileSystem: GuestFileSystem;
  /** The path within that volume. */
  path: string;
}

export class GuestTree implements GuestReader {
  readonly #mounts: MountedVolume[] = [];
  readonly #remembered = new Map<string, PathNode | null>();

  constructor(root: GuestFileSystem, volume: string) {
    this.#mounts.push({ path: '/', volume, fileSystem: root });
  }

  /** All mounted volumes, root first. */
  get mounts(): readonly MountedVolume[] {
    return this.#mounts;
  }

  /**
   * Mounts a volume on a directory, over what was mounted there before. Parents first, as in fstab.
   * @throws NOT_FOUND, NOT_A_DIRECTORY where the mount point is none.
   */
  async mount(path: string, fileSystem: GuestFileSystem, volume: string): Promise<void> {
    const { path: canonical, node } = await this.#resolve(path, true);
    if (node === null) throw notFound(path);
    if (node.type !== 'directory')
      throw new IronliftError('NOT_A_DIRECTORY', `The mount point ${path} of the guest is not a directory.`, {
        next: 'Correct /etc/fstab on the server.',
      });
    this.#mounts.push({ path: canonical, volume, fileSystem });
    this.forget();
  }

  /**
   * Shows a volume under a name in the main folder that no file of the guest can have, for volumes that the guest reaches
   * otherwise than by a path: the other drives of a Windows (`/:D`), its system partition (`/:esp`, `/:boot`).
   */
  attach(name: `:${string}`, fileSystem: GuestFileSystem, volume: string): void {
    this.#mounts.push({ path: `/${name}`, volume, fileSystem });
    this.forget();
  }

  /** The volume and the path on it of a canonical guest path. */
  locate(canonical: string): Located {
    let best = this.#mounts[0]!;
    for (const mount of this.#mounts) {
      const inside = mount.path === '/' || canonical === mount.path || canonical.startsWith(`${mount.path}/`);
      if (inside && mount.path.length >= best.path.length) best = mount;
    }
    const rest = best.path === '/' ? canonical : canonical.slice(best.path.length);
    return { volume: best.volume, fileSystem: best.fileSystem, path: rest === '' ? '/' : rest };
  }

  /** To be called after a file system of the tree was written to. */
  forget(): void {
    this.#remembered.clear();
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
    const at = await this.#locateExisting(path);
    return at.fileSystem.readdir(at.path);
  }

  async readFile(path: string, limit?: number): Promise<Uint8Array<ArrayBuffer>> {
    const at = await this.#locateExisting(path);
    return at.fileSystem.readFile(at.path, limit);
  }

  async readRange(path: string, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const at = await this.#locateExisting(path);
    return at.fileSystem.readRange(at.path, offset, length);
  }

  async readText(path: string): Promise<string | null> {
    const stat = await this.stat(path);
    if (stat?.type !== 'file') return null;
    return decodeText(await this.readFile(path, TEXT_LIMIT)).text;
  }

  async readlink(path: string): Promise<string> {
    const { path: canonical, node } = await this.#resolve(path, false);
    if (node === null) throw notFound(path);
    const at = this.locate(canonical);
    return at.fileSystem.readlink(at.path);
  }

  async xattrs(path: string): Promise<Map<string, Uint8Array>> {
    const at = await this.#locateExisting(path);
    return at.fileSystem.xattrs(at.path);
  }

  async realpath(path: string): Promise<string> {
    return (await this.#resolve(path, true)).path;
  }

  async list(path: string): Promise<string[]> {
    const stat = await this.stat(path);
    if (stat?.type !== 'directory') return [];
    return (await this.readdir(path)).map((entry) => entry.name).sort();
  }

  async #statOrNull(path: string, follow: boolean): Promise<FileStat | null> {
    try {
      const { path: canonical, node } = await this.#resolve(path, follow);
      if (node === null) return null;
      const at = this.locate(canonical);
      return await at.fileSystem.stat(at.path);
    } catch (error) {
      if (isAbsence(error)) return null;
      throw error;
    }
  }

  async #locateExisting(path: string): Promise<Located> {
    const { path: canonical, node } = await this.#resolve(path, true);
    if (node === null) throw notFound(path);
    return this.locate(canonical);
  }

  async #resolve(path: string, followLast: boolean): Promise<{ path: string; node: PathNode | null }> {
    return resolvePath(path, followLast, (canonical) => this.#lookup(canonical));
  }

  async #lookup(canonical: string): Promise<PathNode | null> {
    const known = this.#remembered.get(canonical);
    if (known !== undefined) return known;
    const node = await this.#look(canonical);
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
    this.#remembered.set(canonical, node);
    return node;
  }

  async #look(canonical: string): Promise<PathNode | null> {
    const at = this.locate(canonical);
    if (at.path === '/') return { type: 'directory' };
    // A name no file system can hold is absent; drivers need not be asked.
    if (Buffer.byteLength(nameOf(canonical)) > 255) return null;
    try {
      const stat = await at.fileSystem.stat(at.path);
      if (stat.type !== 'symlink') return { type: stat.type };
      return { type: 'symlink', target: await at.fileSystem.readlink(at.path) };
    } catch (error) {
      if (isAbsence(error)) return null;
      throw error;
    }
  }
}

/** Nothing is there, or nothing can be: a dangling or circular link counts as absent, as for test(1). */
export function isAbsence(error: unknown): boolean {
  return (
    isIronliftError(error, 'NOT_FOUND') ||
    isIronliftError(error, 'NOT_A_DIRECTORY') ||
    isIronliftError(error, 'SYMLINK_LOOP') ||
    isIronliftError(error, 'NAME_TOO_LONG')
  );
}
