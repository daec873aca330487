/** Directories lately looked into, as maps from name to inode, so that deep paths cost no second scan. Bounded by names. */

export interface NamedEntry {
  inode: number;
  /** As stored in the directory; 0 where the volume stores none. */
  type: number;
}

const LIMIT = 150_000;

export class DirectoryNames {
  readonly #directories = new Map<number, Map<string, NamedEntry>>();
  #total = 0;

  get(ino: number): Map<string, NamedEntry> | undefined {
    const names = this.#directories.get(ino);
    if (names !== undefined) {
      this.#directories.delete(ino);
      this.#directories.set(ino, names);
    }
    return names;
  }

  keep(ino: number, names: Map<string, NamedEntry>): void {
    if (names.size > LIMIT / 2) return;
    this.forget(ino);
    this.#directories.set(ino, names);
    this.#total += names.size;
    this.#shrink();
  }

  added(ino: number, name: string, entry: NamedEntry): void {
    const names = this.#directories.get(ino);
    if (names === undefined) return;
    names.set(name, entry);
    this.#total++;
    this.#shrink();
  }

  removed(ino: number, name: string): void {
    if (this.#directories.get(ino)?.delete(name) === true) this.#total--;
  }

  forget(ino: number): void {
    this.#total -= this.#directories.get(ino)?.size ?? 0;
    this.#directories.delete(ino);
  }

  clear(): void {
    this.#directories.clear();
    this.#total = 0;
  }

  #shrink(): void {
    for (const ino of this.#directories.keys()) {
      if (this.#total <= LIMIT) return;
      this.forget(ino);
    }
  }
}
