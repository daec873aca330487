/** Files of drivers in a guest: whether a driver can be loaded, and where Windows keeps a copy of a file that is missing. */
import { isIronliftError } from '../../../base/errors.ts';
import type { GuestReader } from '../../fixer.ts';
import type { WindowsFacts } from '../facts.ts';
import { VolumePaths } from '../volume-path.ts';
import { openCabinet } from './cabinet/cabinet.ts';
import { windowsPath } from '../inspect/services.ts';
import { forPeople } from '../path.ts';
import { importedModules } from './pe-imports.ts';

/** Bytes; the largest drivers of Windows measure some ten million. */
const LARGEST_DRIVER = 64 << 20;
/** Directories of the driver store that are looked through: servers have some thousands. */
const MOST_STORE_ENTRIES = 50_000;
/** Modules that one driver draws in, directly and through others. */
const MOST_MODULES = 200;
/** Files that are put in place for one driver. */
const MOST_RESTORED = 8;
/** Names of the folders for the files of a processor; a 64-bit XP or 2003 may have the second too. */
const OLD_FOLDERS = ['amd64', 'i386'];
/** API sets are names that the loader itself resolves, not files. */
const API_SET = /^(?:api|ext)-ms-/iu;

type Places = Pick<WindowsFacts, 'systemRoot' | 'system32' | 'systemDrive'>;

interface FoundFile {
  content: Uint8Array<ArrayBuffer>;
  /** For people: `the driver store of this Windows`. */
  from: string;
}

export interface RestoredFile extends FoundFile {
  /** Canonical guest path where it belongs. */
  path: string;
}

export class DriverFiles {
  readonly #windows: Places;
  readonly #files: GuestReader;
  readonly #paths: VolumePaths;
  readonly #signal: AbortSignal | undefined;
  /** Of files that were looked at: what keeps them from being loaded, or null. */
  readonly #obstacles = new Map<string, string | null>();

  constructor(windows: Places, files: GuestReader, signal?: AbortSignal) {
    this.#windows = windows;
    this.#files = files;
    this.#paths = new VolumePaths(files);
    this.#signal = signal;
  }

  forPeople(path: string): string {
    return forPeople(this.#windows, path);
  }

  /** Canonical path of System32\drivers. */
  async folder(): Promise<string> {
    const { system32 } = this.#windows;
    const names = await this.#files.list(system32);
    return `${system32}/${names.find((name) => name.toLowerCase() === 'drivers') ?? 'drivers'}`;
  }

  /**
   * Guest path of the file that an ImagePath leads to; null where it leads off the system drive. A missing one stands for
   * System32\drivers\<service>.sys.
   */
  pathOf(imagePath: string, service: string): string | null {
    const path = windowsPath(
      imagePath === '' ? `System32\\drivers\\${service}.sys` : imagePath,
      this.#windows,
    );
    return path?.startsWith('/:') === true ? null : path;
  }

  /**
   * What keeps a driver from being loaded, as a part of a sentence; null for nothing. A file that is no PE image is taken as it
   * is: nothing can be said of it.
   */
  async obstacle(path: string): Promise<string | null> {
    const known = this.#obstacles.get(path.toLowerCase());
    if (known !== undefined) return known;
    const found = await this.#findObstacle(path);
    this.#obstacles.set(path.toLowerCase(), found);
    return found;
  }

  async #findObstacle(path: string): Promise<string | null> {
    // A file that an edit before puts there is found by the letters of that edit alone.
    const canonical = await this.#paths.file(path);
    if (canonical === null) return `its file ${this.forPeople(path)} is missing`;
    const waiting = [canonical];
    const seen = new Set([path.toLowerCase()]);
    for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
      const content = await this.#read(file);
      if (content === null) return `its file ${this.forPeople(file)} cannot be read`;
      for (const module of await this.#modules(content)) {
        if (module.place === null)
          return `its file ${this.forPeople(path)} needs ${module.name}, which is missing`;
        if (seen.has(module.place.toLowerCase()) || seen.size >= MOST_MODULES) continue;
        seen.add(module.place.toLowerCase());
        // The kernel itself and what lies beside it start every Windows; only drivers are followed.
        if (isDriver(module.place)) waiting.push(module.place);
      }
    }
    return null;
  }

  /** The modules a driver imports and where the loader finds them: beside it in System32\drivers, or in System32. */
  async #modules(content: Uint8Array): Promise<{ name: string; place: string | null }[]> {
    const found: { name: string; place: string | null }[] = [];
    for (const name of importedModules(content) ?? []) {
      if (API_SET.test(name) || /[\\/\0]/u.test(name) || name === '') continue;
      found.push({ name, place: await this.#findModule(name) });
    }
    return found;
  }

  async #findModule(name: string): Promise<string | null> {
    for (const folder of [`${this.#windows.system32}/drivers`, this.#windows.system32])
      if (await this.#files.exists(`${folder}/${name}`)) return `${folder}/${name}`;
    return null;
  }

  async #read(path: string): Promise<Uint8Array<ArrayBuffer> | null> {
    try {
      return await this.#files.readFile(path, LARGEST_DRIVER);
    } catch (error) {
      if (isIronliftError(error)) return null;
      throw error;
    }
  }

  /**
   * A driver of Windows and the modules it needs, as far as they are missing, taken from where Windows keeps copies; null where it
   * keeps none.
   */
  async restore(inf: string, binary: string): Promise<RestoredFile[] | null> {
    const folder = await this.folder();
    const restored: RestoredFile[] = [];
    const waiting = [binary];
    const seen = new Set<string>();
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      if (seen.has(name.toLowerCase())) continue;
      seen.add(name.toLowerCase());
      const path = `${folder}/${name}`;
      const there = await this.#read(path);
      const copy = there === null ? await this.#copyOf(inf, name) : null;
      const content = there ?? copy?.content;
      if (content === undefined || restored.length >= MOST_RESTORED || seen.size > MOST_MODULES) return null;
      if (copy !== null) restored.push({ path, ...copy });
      for (const module of await this.#modules(content))
        if (module.place === null || isDriver(module.place)) waiting.push(module.name);
    }
    return restored;
  }

  async #copyOf(inf: string, name: string): Promise<FoundFile | null> {
    return (
      (await this.#fromStore(inf, name)) ??
      (await this.#fromOldCaches(name)) ??
      (await this.#fromCabinets(name))
    );
  }

  /** XP and 2003 keep copies of the files they guard, and those of the last service pack. */
  async #fromOldCaches(name: string): Promise<FoundFile | null> {
    const { systemRoot, system32 } = this.#windows;
    for (const folder of [
      `${system32}/dllcache`,
      ...OLD_FOLDERS.map((one) => `${systemRoot}/ServicePackFiles/${one}`),
    ]) {
      const path = `${folder}/${name}`;
      if ((await this.#files.stat(path))?.type !== 'file') continue;
      const content = await this.#read(path);
      if (content !== null) return { content, from: this.forPeople(path) };
    }
    return null;
  }

  /** And all drivers they came with, in cabinets; those of service packs (sp3.cab before sp2.cab) hold the newer files. */
  async #fromCabinets(name: string): Promise<FoundFile | null> {
    for (const folder of OLD_FOLDERS.map((one) => `${this.#windows.systemRoot}/Driver Cache/${one}`)) {
      const cabinets = (await this.#files.list(folder)).filter((file) =>
        /^(?:sp\d+|driver)\.cab$/iu.test(file),
      );
      const order = (file: string): number => Number(/^sp(\d{1,3})\./iu.exec(file)?.[1] ?? 0);
      for (const file of cabinets.sort((a, b) => order(b) - order(a))) {
        const content = await this.#fromCabinet(`${folder}/${file}`, name);
        if (content !== null) return { content, from: this.forPeople(`${folder}/${file}`) };
      }
    }
    return null;
  }

  /** Null where the cabinet does not have it or cannot be read: the next one may. */
  async #fromCabinet(path: string, name: string): Promise<Uint8Array<ArrayBuffer> | null> {
    try {
      const cabinet = await openCabinet((offset, length) => this.#files.readRange(path, offset, length));
      const file = cabinet.files.find((one) => one.name.toLowerCase() === name.toLowerCase());
      return file === undefined ? null : await cabinet.extract(file, this.#signal);
    } catch (error) {
      if (isIronliftError(error) && error.code !== 'CANCELLED') return null;
      throw error;
    }
  }

  /** A copy of a driver of Windows in the driver store, where Vista and later keep all they came with; null for none. */
  async #fromStore(inf: string, binary: string): Promise<FoundFile | null> {
    const store = `${this.#windows.system32}/DriverStore/FileRepository`;
    const folders = (await this.#files.list(store)).slice(0, MOST_STORE_ENTRIES);
    // Several versions of one package are told apart by digits that say nothing of their age: the newest file is taken.
    let best: { path: string; time: number } | null = null;
    for (const folder of folders.filter((name) => name.toLowerCase().startsWith(`${inf}_`))) {
      const path = `${store}/${folder}/${binary}`;
      const stat = await this.#files.stat(path);
      if (stat?.type === 'file' && (best === null || stat.mtime > best.time))
        best = { path, time: stat.mtime };
    }
    const content = best === null ? null : await this.#read(best.path);
    return content === null ? null : { content, from: 'the driver store of this Windows' };
  }
}

const isDriver = (path: string): boolean => path.toLowerCase().includes('/drivers/');
