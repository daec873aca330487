/**
 * Free cells by size. Entries are not taken back when cells are joined or divided: what is handed out is asked for its
 * present size first.
 */

/** Sizes up to this have a list of their own. */
const EXACT = 1024;
const EXACT_LISTS = EXACT / 8 + 1;
/** Cells of a list of several sizes that are looked at before a larger list is tried, where every cell fits. */
const TRIES = 32;

const listOf = (size: number): number =>
  size <= EXACT ? size / 8 : EXACT_LISTS + 31 - Math.clz32(size) - 10;

export class FreeCells {
  readonly #lists: number[][] = Array.from({ length: EXACT_LISTS + 22 }, () => []);

  add(cell: number, size: number): void {
    this.#lists[listOf(size)]!.push(cell);
  }

  /** A cell of at least `size` bytes, or undefined. `sizeNow` gives the size of a cell that is still free, else 0. */
  take(size: number, sizeNow: (cell: number) => number): number | undefined {
    for (let list = listOf(size); list < this.#lists.length; list++) {
      const cells = this.#lists[list]!;
      for (let i = cells.length - 1, tries = 0; i >= 0 && tries < TRIES; i--) {
        const cell = cells[i]!;
        const now = sizeNow(cell);
        if (now === 0 || listOf(now) !== list) {
          // Not free any more, or kept in another list by now.
          cells.splice(i, 1);
          continue;
        }
        tries++;
        if (now < size) continue;
        cells.splice(i, 1);
        return cell;
      }
    }
    return undefined;
  }
}
