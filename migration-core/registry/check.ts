/**
 * Looks at every cell of a hive: whether each one in use is reached from the root exactly once, and whether what is said of it
 * elsewhere is right. Reading needs none of it; it tells whether a hive is fit to be edited, and judges what edits made of it.
 */
import { IronliftError } from '../base/errors.ts';
import type { HiveCore } from './core.ts';
import type { Hive } from './hive.ts';
import type { HiveKey } from './key.ts';
import { partsOfKey } from './key-cells.ts';
import { MAX_DEPTH, NK, SK } from './layout.ts';
import { isSound, readSubkeyList } from './subkey-list.ts';
import { valueCells, valueName, readValue } from './value-list.ts';

/**
 * `damage`: a part that cannot be read, or belongs to two owners. `lost`: a cell in use that nothing leads to (harmless). The
 * others are what Windows puts right or lives with: the order or the hashes of a subkey list, the parent of a key, the count or
 * the ring of security cells, the longest name or data a key says to have.
 */
export type HiveProblemKind = 'damage' | 'lost' | 'order' | 'parent' | 'security' | 'longest';

export interface HiveProblem {
  kind: HiveProblemKind;
  /** One sentence. */
  text: string;
  /** Relative to the start of the hive bins. */
  cell: number;
}

/** Problems listed at the most; a hive with more is no better understood by them. */
const MAX_PROBLEMS = 1000;

export function checkHive(hive: Hive): HiveProblem[] {
  return new Check(hive.core).run(hive.root);
}

class Check {
  readonly #core: HiveCore;
  readonly #owned = new Set<number>();
  readonly #security = new Map<number, number>();
  readonly #problems: HiveProblem[] = [];

  constructor(core: HiveCore) {
    this.#core = core;
  }

  run(root: HiveKey): HiveProblem[] {
    const waiting: { key: HiveKey; parent: number; depth: number }[] = [{ key: root, parent: -1, depth: 0 }];
    this.#claim(root.cell, 'The root');
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (this.#problems.length >= MAX_PROBLEMS) return this.#problems;
      const { key, parent, depth } = next;
      this.#guard(key.cell, () => this.#checkKey(key, parent));
      if (depth >= MAX_DEPTH) continue;
      this.#guard(key.cell, () => {
        for (const below of key.subkeys())
          if (this.#claim(below.cell, `The key "${below.path}"`))
            waiting.push({ key: below, parent: key.cell, depth: depth + 1 });
      });
    }
    for (const cell of this.#security.keys()) this.#claim(cell, 'A security cell');
    this.#guard(root.cell, () => this.#checkRing(root));
    for (const { cell, free, size } of this.#core.cells.cells())
      if (!free && !this.#owned.has(cell))
        this.#report('lost', cell, `Nothing leads to a cell of ${size} bytes in use.`);
    return this.#problems;
  }

  #report(kind: HiveProblemKind, cell: number, text: string): void {
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push({ kind, cell, text });
  }

  #guard(cell: number, look: () => void): void {
    try {
      look();
    } catch (error) {
      if (!(error instanceof IronliftError)) throw error;
      this.#report('damage', cell, error.message);
    }
  }

  #claim(cell: number, what: string): boolean {
    if (!this.#core.cells.isAllocated(cell)) {
      this.#report('damage', cell, `${what} is where no cell is in use.`);
      return false;
    }
    if (this.#owned.has(cell)) {
      this.#report('damage', cell, `${what} shares a cell with something else.`);
      return false;
    }
    this.#owned.add(cell);
    return true;
  }

  #checkKey(key: HiveKey, parent: number): void {
    const { cells, nameOf } = this.#core;
    const at = cells.record(key.cell, 'nk', NK.name, 'a key');
    const word = (field: number): number => cells.view.getUint32(at + field, true);
    const named = `the key "${key.path}"`;
    const security = word(NK.security);
    cells.record(security, 'sk', SK.descriptor, 'the security of a key');
    this.#security.set(security, (this.#security.get(security) ?? 0) + 1);
    if (parent >= 0 && word(NK.parent) !== parent)
      this.#report('parent', key.cell, `Another key is named as the parent of ${named}.`);
    for (const part of partsOfKey(this.#core, key.cell)) this.#claim(part, `A part of ${named}`);
    const list = readSubkeyList(cells, at);
    if (list !== null && !isSound(list, nameOf))
      this.#report('order', key.cell, `The subkeys of ${named} are not in order, or their hashes are wrong.`);
    const longest = key.subkeys().reduce((most, { name }) => Math.max(most, name.length * 2), 0);
    if (longest > cells.view.getUint16(at + NK.maxSubkeyName, true))
      this.#report('longest', key.cell, `A subkey of ${named} has a longer name than it says.`);
    for (const value of valueCells(this.#core, key.cell)) {
      if (valueName(this.#core, value).length * 2 > word(NK.maxValueName))
        this.#report('longest', key.cell, `A value of ${named} has a longer name than it says.`);
      if (readValue(this.#core, value).size > word(NK.maxValueData))
        this.#report('longest', key.cell, `A value of ${named} has more data than it says.`);
    }
  }

  #checkRing(root: HiveKey): void {
    const { cells } = this.#core;
    const first = cells.view.getUint32(cells.data(root.cell, NK.name, 'a key') + NK.security, true);
    const ring = new Set<number>();
    for (let cell = first; !ring.has(cell);) {
      ring.add(cell);
      // One without users is kept by the ring.
      if (!this.#security.has(cell)) this.#claim(cell, 'A security cell');
      const at = cells.record(cell, 'sk', SK.descriptor, 'a security cell');
      const next = cells.view.getUint32(at + SK.next, true);
      const nextAt = cells.record(next, 'sk', SK.descriptor, 'the next security cell');
      if (cells.view.getUint32(nextAt + SK.previous, true) !== cell)
        this.#report('security', cell, 'The ring of security cells is broken.');
      const users = this.#security.get(cell) ?? 0;
      if (cells.view.getUint32(at + SK.references, true) !== users)
        this.#report('security', cell, `A security cell counts other than the ${users} keys that use it.`);
      cell = next;
    }
    for (const cell of this.#security.keys())
      if (!ring.has(cell))
        this.#report('security', cell, 'A security cell is not in the ring of the others.');
  }
}
