/** Readers together, a writer alone, in the order they came. */
export class ReadWriteLock {
  #lastWrite: Promise<unknown> = Promise.resolve();
  #readers: Promise<unknown>[] = [];

  read<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#lastWrite.then(work);
    const settled = turn
      .catch(() => undefined)
      .then(() => {
        this.#readers = this.#readers.filter((reader) => reader !== settled);
      });
    this.#readers.push(settled);
    return turn;
  }

  write<T>(work: () => Promise<T>): Promise<T> {
    const before = [this.#lastWrite, ...this.#readers];
    const turn = Promise.all(before).then(work);
    this.#lastWrite = turn.catch(() => undefined);
    return turn;
  }
}
