/** Directories read lately, by the number of their record: a walk asks for every name of each, one after the other. */
import type { IndexName } from './index-node.ts';
import type { Reference } from './layout.ts';
import type { Upcase } from './upcase.ts';

/** Names kept, all directories together: some 15 MiB. */
const MAX_NAMES = 50_000;
const MAX_PATHS = 20_000;

interface Listing {
  names: readonly IndexName[];
  /** By their name in upper case; a second one that differs in case only is in `others` by its exact name. */
  folded: Map<string, IndexName>;
  others: Map<string, IndexName>;
}

export class DirectoryNames {
  readonly #listings = new Map<number, Listing>();
  readonly #paths = new Map<string, Reference>();
  #count = 0;

  put(directory: number, names: readonly IndexName[], upcase: Upcase): void {
    if (names.length > MAX_NAMES || this.#listings.has(directory)) return;
    while (this.#count + names.length > MAX_NAMES) {
      const [oldest, { names: dropped }] = this.#listings.entries().next().value!;
      this.#listings.delete(oldest);
      this.#count -= dropped.length;
    }
    const listing: Listing = { names, folded: new Map(), others: new Map() };
    for (const name of names) {
      const key = upcase.fold(name.name);
      if (listing.folded.has(key)) listing.others.set(name.name, name);
      else listing.folded.set(key, name);
    }
    this.#listings.set(directory, listing);
    this.#count += names.length;
  }

  list(directory: number): readonly IndexName[] | undefined {
    return this.#listings.get(directory)?.names;
  }

  /** Undefined where the directory is not known, null where it has no such name. */
  find(directory: number, name: string, upcase: Upcase): IndexName | null | undefined {
    const listing = this.#listings.get(directory);
    if (listing === undefined) return undefined;
    return listing.others.get(name) ?? listing.folded.get(upcase.fold(name)) ?? null;
  }

  /** Directories found before, by their path. */
  path(path: string): Reference | undefined {
    return this.#paths.get(path);
  }

  putPath(path: string, reference: Reference): void {
    if (this.#paths.size >= MAX_PATHS) this.#paths.clear();
    this.#paths.set(path, reference);
  }

  clear(): void {
    this.#listings.clear();
    this.#paths.clear();
    this.#count = 0;
  }
}
