/** Who listens to what. A listener that fails takes nothing from the others. */
import type { NumberedEvent } from '../../migration-core/contract/contract.ts';
import type { Line, Place, StreamLine } from './connection.ts';

type Listener = (data: unknown) => void;

export class Listeners {
  readonly #byEvent = new Map<string, Set<Listener>>();
  readonly #lines = new Set<(line: Line) => void>();
  #line: Line = 'down';
  /** null: nothing was heard yet. */
  place: Place | null = null;

  on(event: string, listener: Listener): () => void {
    const listeners = this.#byEvent.get(event) ?? new Set();
    this.#byEvent.set(event, listeners);
    // One function may listen twice, and end once.
    const own: Listener = (data) => listener(data);
    listeners.add(own);
    return () => void listeners.delete(own);
  }

  onLine(listener: (line: Line) => void): () => void {
    this.#lines.add(listener);
    listener(this.#line);
    return () => void this.#lines.delete(listener);
  }

  setLine(line: Line): void {
    if (line === this.#line || this.#line === 'gone') return;
    this.#line = line;
    for (const listener of [...this.#lines]) guarded(() => listener(line));
  }

  /** One piece of the stream, in its order. Events that were seen already are left out. */
  take(line: StreamLine): void {
    if ('run' in line) {
      if (this.place?.run !== line.run) this.place = { run: line.run, number: line.number };
      this.setLine('up');
    } else if ('event' in line) {
      this.#tell(line);
    }
  }

  #tell({ number, event, data }: NumberedEvent): void {
    if (this.place !== null) {
      // Number 0 is not of the stream: it brings a client up to date that missed too much.
      if (number !== 0 && number <= this.place.number) return;
      if (number !== 0) this.place.number = number;
    }
    for (const listener of [...(this.#byEvent.get(event) ?? [])]) guarded(() => listener(data));
  }
}

function guarded(work: () => void): void {
  try {
    work();
  } catch (error) {
    // Seen by the page's own handling of faults, after the others were told.
    queueMicrotask(() => {
      throw error;
    });
  }
}
