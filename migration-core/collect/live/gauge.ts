/** Turns the samples of one connection into measurements with a time. */
import type { SampleBatch } from '../../store/model/samples.ts';
import { hasNarrowCounters } from './counters.ts';
import type { Frame, MachineFacts } from './frames.ts';
import { meters } from './meters.ts';

/** The script rests a second between samples; a server that sends them without a pause would fill our disk. */
const SHORTEST_MILLISECONDS = 500;

/**
 * Rates stand for the time between two samples of the same connection: after a gap the first sample begins anew, so
 * nothing is made up for a time in which nobody looked. Lengths of time come from the server's uptime, which neither its
 * administrator nor ours sets; the time of day comes from our clock, so that servers whose clocks differ line up.
 */
export class Gauge {
  readonly #interval: number;
  readonly #machine: MachineFacts;
  #before: Frame | null = null;
  /** Of the last sample, milliseconds since 1970. */
  #at = -Infinity;
  /** Milliseconds since 1970 at which the server started, by our clock: the least seen, for answers come late, never early. */
  #startedAt = Infinity;
  #disks: ReadonlySet<string> | null = null;
  #nics: ReadonlySet<string> | null = null;

  /** @param interval seconds, as the script was told */
  constructor(machine: MachineFacts, interval: number) {
    this.#machine = machine;
    this.#interval = interval;
  }

  /**
   * @param receivedAt milliseconds since 1970, by our clock
   * @returns one batch of one value for each metric and instance; empty where the sample is no later than the last one, or hardly
   */
  take(frame: Frame, receivedAt: number): { at: number; batches: SampleBatch[] } {
    this.#startedAt = Math.min(this.#startedAt, receivedAt - frame.uptime * 1000);
    const at = Math.round(this.#startedAt + frame.uptime * 1000);
    this.#disks = namesOf(frame, 'disks') ?? this.#disks;
    this.#nics = namesOf(frame, 'nics') ?? this.#nics;
    const before = this.#before;
    const seconds = before === null ? NaN : frame.uptime - before.uptime;
    if (seconds <= 0 || at - this.#at < SHORTEST_MILLISECONDS) return { at, batches: [] };
    this.#before = frame;
    this.#at = at;
    const context = {
      machine: this.#machine,
      seconds,
      bits: hasNarrowCounters(this.#machine.architecture) ? (32 as const) : (64 as const),
      disks: this.#disks,
      nics: this.#nics,
    };
    const batches = meters
      .flatMap((meter) => meter(frame, before, context))
      .filter(({ value }) => Number.isFinite(value))
      .map(({ metric, instance, value }) => ({
        metric,
        instance,
        times: Float64Array.of(at),
        values: Float64Array.of(value),
        interval: this.#interval,
      }));
    return { at, batches };
  }
}

/** null where the part is not there, or says nothing: a kernel without /sys. */
function namesOf(frame: Frame, part: string): ReadonlySet<string> | null {
  const names = frame.parts.get(part);
  return names === undefined || names.length === 0 ? null : new Set(names);
}
