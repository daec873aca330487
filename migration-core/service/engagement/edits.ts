/** What can be taken back: the last edits of the open engagement, for as long as it is open. */
import type { Changed } from '../../contract/contract.ts';

/** Each holds what was before, of some servers at most. */
export const MAX_EDITS = 200;

export interface Edit {
  label: string;
  changed: readonly Changed[];
  undo: () => void;
  redo: () => void;
}

export class EditLog {
  #done: Edit[] = [];
  #undone: Edit[] = [];

  add(edit: Edit): void {
    this.#done.push(edit);
    if (this.#done.length > MAX_EDITS) this.#done.shift();
    this.#undone = [];
  }

  clear(): void {
    this.#done = [];
    this.#undone = [];
  }

  get undo(): Edit | null {
    return this.#done.at(-1) ?? null;
  }

  get redo(): Edit | null {
    return this.#undone.at(-1) ?? null;
  }

  /** After it was taken back, or done again. */
  moved(way: 'undo' | 'redo'): void {
    const [from, to] = way === 'undo' ? [this.#done, this.#undone] : [this.#undone, this.#done];
    const edit = from.pop();
    if (edit !== undefined) to.push(edit);
  }

  /** It cannot be taken back or done again: the file is no longer as it was. */
  drop(way: 'undo' | 'redo'): void {
    (way === 'undo' ? this.#done : this.#undone).pop();
  }
}
