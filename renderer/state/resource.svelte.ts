/** Something asked of the program, asked again when it changes; what was there stays on the screen meanwhile. */
import { shownError, type ShownError } from './shown-error.ts';
import { session, type SessionState } from './session.svelte.ts';
import type { ChangedKind } from './types.ts';

export class Resource<T> {
  /** null: not there yet. */
  value: T | null = $state.raw(null);
  error: ShownError | null = $state.raw(null);
  loading = $state(false);
  #asked: AbortController | null = null;

  /** What is shown is of before, and the new is on its way. */
  get stale(): boolean {
    return this.loading && this.value !== null;
  }

  /** An answer that was overtaken by a newer question is dropped. */
  async run(load: (signal: AbortSignal) => Promise<T>): Promise<void> {
    this.#asked?.abort();
    const asked = new AbortController();
    this.#asked = asked;
    this.loading = true;
    try {
      const value = await load(asked.signal);
      if (this.#asked !== asked) return;
      this.value = value;
      this.error = null;
    } catch (error) {
      if (this.#asked !== asked) return;
      this.error = shownError(error);
    }
    this.loading = false;
  }

  stop(): void {
    this.#asked?.abort();
    this.#asked = null;
    this.loading = false;
  }
}

/**
 * For use in a component's script. `load` runs at once, whenever state that it reads changes, and whenever one of `kinds`
 * changes. @param load returns null when there is nothing to ask for
 */
export function resource<T>(
  load: (signal: AbortSignal) => Promise<T> | null,
  kinds: readonly ChangedKind[],
  of: () => SessionState = () => session,
): Resource<T> {
  const made = new Resource<T>();
  $effect(() => {
    for (const kind of kinds) of().version(kind);
    const abort = new AbortController();
    const promise = load(abort.signal);
    if (promise === null) return;
    void made.run((signal) => {
      signal.addEventListener('abort', () => abort.abort());
      return promise;
    });
  });
  $effect(() => () => made.stop());
  return made;
}
