/** Paths with the letters they have on the volume: Windows asks in either case, edits are planned on canonical paths. */
import type { FileType } from '../../filesystem/filesystem.ts';
import type { GuestReader } from '../fixer.ts';
import { joinPath } from '../tree-path.ts';
import { isAbsence } from '../tree.ts';

type Lister = Pick<GuestReader, 'readdir'>;

/** Folders kept: System32 with its thousands of names is asked for again and again. */
const MAX_FOLDERS = 256;

/** Looks paths up, a folder read once. Only for a guest that does not change meanwhile. */
export class VolumePaths {
  readonly #files: Lister;
  readonly #folders = new Map<string, Map<string, { name: string; type: FileType }>>();

  constructor(files: Lister) {
    this.#files = files;
  }

  /**
   * The path as it lies on the volume; null where nothing is there, and where the way leads through a symbolic link or a
   * junction: what lies behind one is not edited.
   */
  async find(path: string): Promise<string | null> {
    let found = '';
    const names = path.split('/').filter((name) => name !== '');
    for (const [depth, name] of names.entries()) {
      const entry = await this.#entry(found === '' ? '/' : found, name);
      if (entry === undefined || (depth < names.length - 1 && entry.type !== 'directory')) return null;
      found = joinPath(found === '' ? '/' : found, entry.name);
    }
    return found === '' ? '/' : found;
  }

  /** The same, where it is a file; null otherwise. */
  async file(path: string): Promise<string | null> {
    return this.#ofType(path, 'file');
  }

  /** The same, where it is a folder; null otherwise. */
  async folder(path: string): Promise<string | null> {
    return this.#ofType(path, 'directory');
  }

  /** Names in a folder as they are spelt, sorted; empty where there is none. */
  async names(path: string): Promise<string[]> {
    const folder = await this.folder(path);
    if (folder === null) return [];
    return [...(await this.#folder(folder)).values()].map(({ name }) => name).sort();
  }

  async #ofType(path: string, type: FileType): Promise<string | null> {
    const found = await this.find(path);
    if (found === null || found === '/') return type === 'directory' ? found : null;
    const at = found.lastIndexOf('/');
    const entry = await this.#entry(at === 0 ? '/' : found.slice(0, at), found.slice(at + 1));
    return entry?.type === type ? found : null;
  }

  async #entry(folder: string, name: string): Promise<{ name: string; type: FileType } | undefined> {
    // Volumes beside the tree (`/:esp`) are in no folder.
    if (folder === '/' && name.startsWith(':')) return { name, type: 'directory' };
    return (await this.#folder(folder)).get(name.toUpperCase());
  }

  async #folder(folder: string): Promise<Map<string, { name: string; type: FileType }>> {
    const known = this.#folders.get(folder);
    if (known !== undefined) return known;
    const names = new Map<string, { name: string; type: FileType }>();
    for (const entry of await this.#read(folder))
      if (!names.has(entry.name.toUpperCase())) names.set(entry.name.toUpperCase(), entry);
    if (this.#folders.size >= MAX_FOLDERS) this.#folders.clear();
    this.#folders.set(folder, names);
    return names;
  }

  async #read(folder: string): Promise<{ name: string; type: FileType }[]> {
    try {
      return await this.#files.readdir(folder);
    } catch (error) {
      if (isAbsence(error)) return [];
      throw error;
    }
  }
}
