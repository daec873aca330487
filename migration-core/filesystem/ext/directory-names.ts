/** Directories lately looked into, as maps from name to inode, so that deep paths cost no second scan. Bounded by names. */

export interface NamedEntry {
  inode: number;
  /** As stored in the directory; 0 where the volume stores none. */
  type: number;
}

const LIMIT = 150_000;

interface Directory {
  names: Map<string, NamedEntry>;
  /** Asked for since it was last considered for dropping: it gets a second chance. */
  used: boolean;
}

export class DirectoryNames {
  readonly #directories = new Map<number, Directory>();
  #total = 0;

  get(ino: number): Map<string, NamedEntry> | undefined {
    const directory = this.#directories.get(ino);
    if (directory === undefined) return undefined;
    directory.used = true;
    return directory.names;
  }

  keep(ino: number, names: Map<string, NamedEntry>): void {
    if (names.size > LIMIT / 2) return;
    this.forget(ino);
    this.#directories.set(ino, { names, used: false });
    this.#total += names.size;
    this.#shrink();
  }

  added(ino: number, name: string, entry: NamedEntry): void {
    const names = this.#directories.get(ino)?.names;
    if (names === undefined) return;
    if (!names.has(name)) this.#total++;
    names.set(name, entry);
    this.#shrink();
  }

  removed(ino: number, name: string): void {
    if (this.#directories.get(ino)?.names.delete(name) === true) this.#total--;
  }

  forget(ino: number): void {
    this.#total -= this.#directories.get(ino)?.names.size ?? 0;
    this.#directories.delete(ino);
  }

  clear(): void {
    this.#directories.clear();
    this.#total = 0;
  }

  #shrink(): void {
    for (const [ino, directory] of this.#directories) {
      if (this.#total <= LIMIT) return;
      this.#directories.delete(ino);
      if (directory.used) this.#directories.set(ino, { ...directory, used: false });
      else this.#total -= directory.names.size;
    }
  }
}
