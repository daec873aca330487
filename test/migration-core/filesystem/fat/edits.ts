/** Random edits of a FAT volume beside a model of what it must hold afterwards. */
import { isIronliftError } from '../../../../migration-core/base/errors.ts';
import type { GuestFileSystem } from '../../../../migration-core/filesystem/filesystem.ts';
import type { Tree } from './fat-image.ts';

const WORDS = [
  'grub',
  'Boot',
  'x64',
  'kernel-image',
  'a',
  'Überlänge',
  'CONFIG',
  'initrd.img',
  'long name with spaces',
  'файл',
  'shim',
];
const ENDS = ['', '.efi', '.TXT', '.conf', '.tar.gz', '.c', '.Cfg'];

export class Edits {
  /** What must be there. */
  readonly tree: Tree = new Map();
  /** Edits that went through; the others were refused for want of room. */
  done = 0;
  readonly #fs: GuestFileSystem;
  readonly #random: () => number;

  constructor(fs: GuestFileSystem, random: () => number) {
    this.#fs = fs;
    this.#random = random;
  }

  async one(): Promise<void> {
    const free = this.#fs.freeBytes;
    try {
      await this.#edit();
      this.done++;
    } catch (error) {
      // Nothing may have been taken by what was refused.
      if (!isIronliftError(error, 'NO_SPACE_IN_GUEST') || this.#fs.freeBytes !== free) throw error;
      const files = this.#files();
      if (files.length > 0) await this.#remove(this.#pick(files));
    }
  }

  async #edit(): Promise<void> {
    const files = this.#files();
    const folders = this.#folders();
    const kind = this.#random();
    if (kind < 0.3 || files.length === 0) {
      const path = this.#newPath();
      const content = this.#content();
      await this.#fs.writeFile(path, content);
      this.tree.set(path, content);
    } else if (kind < 0.42) {
      const path = this.#pick(files);
      const content = this.#content();
      await this.#fs.writeFile(this.#otherCase(path), content);
      this.tree.set(path, content);
    } else if (kind < 0.52) {
      const path = this.#pick(files);
      const old = this.tree.get(path)!;
      const offset = this.#random() < 0.5 ? old.length : Math.floor(this.#random() * old.length);
      const data = this.#content();
      await this.#fs.writeRange(path, offset, data);
      const size = Math.max(old.length, offset + data.length);
      const content = Buffer.alloc(size);
      old.copy(content);
      data.copy(content, offset);
      this.tree.set(path, content);
    } else if (kind < 0.58) {
      const path = this.#pick(files);
      const size = Math.floor(this.#random() * (this.tree.get(path)!.length + 1));
      await this.#fs.truncate(path, size);
      this.tree.set(path, this.tree.get(path)!.subarray(0, size));
    } else if (kind < 0.68) {
      const path = this.#newPath();
      await this.#fs.mkdir(path);
      this.tree.set(path, null);
    } else if (kind < 0.84) {
      await this.#remove(this.#pick(files));
    } else if (kind < 0.88) {
      const empty = folders.filter(
        (folder) => ![...this.tree.keys()].some((path) => path.startsWith(`${folder}/`)),
      );
      if (empty.length > 0) await this.#remove(this.#pick(empty));
    } else {
      await this.#rename(this.#pick([...this.tree.keys()]));
    }
  }

  async #rename(from: string): Promise<void> {
    const to =
      this.#random() < 0.15
        ? from.slice(0, from.lastIndexOf('/')) + swapCase(from.slice(from.lastIndexOf('/')))
        : this.#newPath();
    if (to.startsWith(`${from}/`)) return;
    await this.#fs.rename(from, to);
    for (const [path, content] of [...this.tree]) {
      if (path !== from && !path.startsWith(`${from}/`)) continue;
      this.tree.delete(path);
      this.tree.set(to + path.slice(from.length), content);
    }
  }

  async #remove(path: string): Promise<void> {
    await this.#fs.remove(path);
    this.tree.delete(path);
  }

  #files(): string[] {
    return [...this.tree].filter(([, content]) => content !== null).map(([path]) => path);
  }

  #folders(): string[] {
    return [...this.tree].filter(([, content]) => content === null).map(([path]) => path);
  }

  #newPath(): string {
    const taken = new Set([...this.tree.keys()].map((path) => path.toUpperCase()));
    for (;;) {
      const folder = this.#pick(['', '', ...this.#folders()]);
      const name =
        this.#pick(WORDS) +
        (this.#random() < 0.7 ? String(Math.floor(this.#random() * 200)) : '') +
        this.#pick(ENDS);
      if (!taken.has(`${folder}/${name}`.toUpperCase())) return `${folder}/${name}`;
    }
  }

  #otherCase(path: string): string {
    return this.#random() < 0.3 ? swapCase(path) : path;
  }

  #content(): Buffer<ArrayBuffer> {
    const size = Math.floor(this.#random() ** 4 * 60_000);
    const content = Buffer.alloc(size);
    for (let i = 0; i < size; i++) content[i] = (this.#random() * 256) | 0;
    return content;
  }

  #pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#random() * items.length)]!;
  }
}

/** Letters that have one of the other case, alone. */
const swapCase = (text: string): string =>
  text
    .split('')
    .map((letter) => (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()))
    .join('');
