/**
 * Puts what collectors and importers yield into the engagement file: some seconds' worth in one transaction, so that a
 * power cut costs no more than that, and a file never holds half of something.
 */
import { throwIfCancelled } from '../base/cancel.ts';
import { isIronliftError } from '../base/errors.ts';
import type { CollectionCounts, CollectionProblem, EngagementFile, ServerId } from '../store/engagement.ts';
import type { CollectedItem } from './collector.ts';

/** Samples in one transaction: 200,000 take a fifth of a second and 5 MB. */
const SAMPLES_AT_ONCE = 200_000;
/** Milliseconds after which what came slowly is put down all the same. */
const AT_LEAST_EVERY = 2000;
/** Servers summed up in one transaction, which takes 5 ms and more to be durable; and milliseconds after which it ends. */
const SUMMED_UP_AT_ONCE = 50;
const SUM_UP_FOR = 100;
/** Problems whose text is kept; the others are counted. */
const PROBLEMS_KEPT = 1000;

export interface KeepOptions {
  /** Milliseconds since 1970. */
  now: () => number;
  signal?: AbortSignal | undefined;
  /** Bytes of the source that are in the file by now. */
  onPosition?: ((doneBytes: number) => void) | undefined;
  /** Milliseconds after which servers are summed up while collecting goes on; without, once at the end. */
  sumUpEvery?: number | undefined;
  /** After the source: servers whose samples are summed up, and how many there are. */
  onSummedUp?: ((done: number, total: number) => void) | undefined;
}

export interface KeepResult {
  collection: number;
  counts: CollectionCounts;
  /** Servers that something was collected of. */
  servers: ServerId[];
}

/** What a collection is about; see CollectionRecord. */
export interface CollectionAbout {
  collector: string;
  source: string;
  digest: string | null;
}

/**
 * Returns when the source is at its end and all of it is in the file, summed up. If the source fails, what came before is
 * in the file, summed up; if it is cancelled, it is in the file. In both cases the collection stays unfinished.
 * @throws what the source throws, CANCELLED, ENGAGEMENT_READ_ONLY, ENGAGEMENT_FULL
 */
export async function keep(
  items: AsyncIterable<CollectedItem>,
  engagement: EngagementFile,
  about: CollectionAbout,
  options: KeepOptions,
): Promise<KeepResult> {
  const collection = engagement.beginCollection({ ...about, startedAt: options.now() });
  const writer = new Writer(engagement, collection, options);
  try {
    try {
      for await (const item of items) writer.take(item);
    } finally {
      writer.finish();
    }
  } catch (error) {
    // Half of a file is data too. Whoever cancels does not want to wait, and the next collection sums up what is left.
    if (isSourceError(error)) await sumUp(engagement, writer.measured, options);
    throw error;
  }
  await sumUp(engagement, writer.measured, options);
  engagement.finishCollection(collection, options.now());
  return { collection, counts: writer.counts, servers: [...writer.servers] };
}

const isSourceError = (error: unknown): boolean =>
  !isIronliftError(error) || (error.kind !== 'cancelled' && !error.code.startsWith('ENGAGEMENT_'));

/** These servers, and those that a collection before this one left: its program was killed, or they were merged. */
async function sumUp(
  engagement: EngagementFile,
  measured: ReadonlySet<ServerId>,
  options: KeepOptions,
): Promise<void> {
  let left: readonly ServerId[] = [...new Set([...measured, ...engagement.outdated()])];
  const total = left.length;
  while (left.length > 0) {
    throwIfCancelled(options.signal);
    left = sumUpSome(engagement, left, options.now, measured);
    options.onSummedUp?.(total - left.length, total);
    // Others want this thread too: a signal that is raised, a screen that shows how far it is.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** At least one of these servers, in one transaction. @returns those that are left */
function sumUpSome(
  engagement: EngagementFile,
  servers: readonly ServerId[],
  now: () => number,
  /** Those that this collection is about. Damage in another is told when that one is looked at, and stops nothing here. */
  ours: ReadonlySet<ServerId>,
): readonly ServerId[] {
  const begun = now();
  let done = 0;
  const end = Math.min(SUMMED_UP_AT_ONCE, servers.length);
  const rollUp = (server: ServerId): void => {
    try {
      engagement.rollUp(server);
    } catch (error) {
      if (ours.has(server) || !isIronliftError(error, 'ENGAGEMENT_DAMAGED')) throw error;
    }
  };
  engagement.transaction(() => {
    do rollUp(servers[done++]!);
    while (done < end && now() - begun < SUM_UP_FOR);
  });
  return servers.slice(done);
}

class Writer {
  readonly servers = new Set<ServerId>();
  /** Those whose samples have to be summed up anew. */
  readonly measured = new Set<ServerId>();
  readonly counts: CollectionCounts = { servers: 0, samples: 0, repeated: 0, inventories: 0, problems: 0 };
  readonly #engagement: EngagementFile;
  readonly #collection: number;
  readonly #options: KeepOptions;
  #waiting: CollectedItem[] = [];
  #samples = 0;
  #position: number | null = null;
  #problemsKept = 0;
  #summedUp: number;
  /** Servers that are summed up anew, a few with each flush. */
  #due: readonly ServerId[] = [];
  #timer: NodeJS.Timeout | null = null;
  #failure: { error: unknown } | null = null;

  constructor(engagement: EngagementFile, collection: number, options: KeepOptions) {
    this.#engagement = engagement;
    this.#collection = collection;
    this.#options = options;
    this.#summedUp = options.now();
  }

  take(item: CollectedItem): void {
    throwIfCancelled(this.#options.signal);
    if (this.#failure !== null) throw this.#failure.error;
    if (item.kind === 'position') {
      this.#position = item.doneBytes;
      return;
    }
    this.#waiting.push(item);
    if (item.kind === 'samples') for (const { times } of item.batches) this.#samples += times.length;
    if (this.#samples >= SAMPLES_AT_ONCE || this.#waiting.length >= 10_000) this.flush();
    else this.#timer ??= this.#later();
  }

  #later(): NodeJS.Timeout {
    return setTimeout(() => {
      try {
        this.flush();
      } catch (error) {
        this.#failure ??= { error };
      }
    }, AT_LEAST_EVERY).unref();
  }

  /** The last of it. @throws what a flush threw while the source was silent, ENGAGEMENT_READ_ONLY, ENGAGEMENT_FULL */
  finish(): void {
    try {
      this.flush();
    } finally {
      if (this.#timer !== null) clearTimeout(this.#timer);
    }
    if (this.#failure !== null) throw this.#failure.error;
  }

  /** @throws ENGAGEMENT_READ_ONLY, ENGAGEMENT_FULL */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const items = this.#waiting;
    if (items.length > 0) {
      this.#waiting = [];
      this.#samples = 0;
      this.#engagement.transaction(() => this.#put(items));
    }
    this.#sumUpWhileGoingOn();
    if (this.#position !== null) this.#options.onPosition?.(this.#position);
    this.#position = null;
  }

  /** A collection may go on for a month, and its list of servers is looked at every day. */
  #sumUpWhileGoingOn(): void {
    const { sumUpEvery, now } = this.#options;
    if (sumUpEvery === undefined) return;
    if (this.#due.length === 0) {
      if (now() - this.#summedUp < sumUpEvery) return;
      this.#summedUp = now();
      this.#due = [...this.measured];
    }
    if (this.#due.length === 0) return;
    // A month of a server takes up to a second, in which no other server is heard.
    this.#due = sumUpSome(this.#engagement, this.#due, now, this.measured);
    if (this.#due.length > 0) this.#timer ??= this.#later();
  }

  #put(items: readonly CollectedItem[]): void {
    const { counts } = this;
    const problems: CollectionProblem[] = [];
    for (const item of items) {
      if (item.kind === 'problem') {
        if (item.problem.at > 0) counts.problems++;
        if (this.#problemsKept++ < PROBLEMS_KEPT) problems.push(item.problem);
      } else if (item.kind === 'inventory') {
        const { id } = this.#engagement.server(item.inventory.identity, item.observedAt);
        this.servers.add(id);
        this.#engagement.putInventory(id, item.inventory, item.observedAt, this.#collection);
        counts.inventories++;
      } else if (item.kind === 'samples') {
        this.#putSamples(item);
      }
    }
    if (problems.length > 0) this.#engagement.addProblems(this.#collection, problems);
    counts.servers = this.servers.size;
    this.#engagement.countCollection(this.#collection, counts);
  }

  #putSamples({ server, batches }: Extract<CollectedItem, { kind: 'samples' }>): void {
    const seen = batches.reduce((last, { times }) => Math.max(last, times.at(-1) ?? 0), 0);
    const { id } = this.#engagement.server(server, seen || this.#options.now());
    this.servers.add(id);
    this.measured.add(id);
    for (const batch of batches) {
      const { added, repeated } = this.#engagement.appendSamples(id, batch);
      this.counts.samples += added;
      this.counts.repeated += repeated;
    }
  }
}
