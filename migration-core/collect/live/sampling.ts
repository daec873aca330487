/** Measures a running Unix server over one connection, by resources/collectors/linux-sample.sh. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { IronliftError, isIronliftError } from '../../base/errors.ts';
import type { SampleBatch } from '../../store/model/samples.ts';
import { runScript } from '../script.ts';
import type { Shell } from '../shell.ts';
import type { Clock } from './clock.ts';
import { hasNarrowCounters } from './counters.ts';
import { readFrames } from './frames.ts';
import { Gauge } from './gauge.ts';

export interface SamplingOptions {
  /** Seconds between samples. */
  interval: number;
  clock: Clock;
  /** Ends it at once, and what runs on the server. */
  signal: AbortSignal;
}

export type SamplingEvent =
  | { kind: 'samples'; /** Milliseconds since 1970. */ at: number; batches: SampleBatch[] }
  | { kind: 'problem'; message: string; excerpt?: string };

/** Devices and volumes are looked at again this often, in seconds. */
const SLOW_SECONDS = 300;
/** A sample of the largest server has some 10 MB a day at this pace; nobody measures for years. */
const MAXIMUM_BYTES = 2 ** 50;
/** A gigabit per second fills a counter of 32 bits with bytes in 34 seconds. */
const WRAP_SECONDS = 30;
const SCRIPT = new URL('../../../resources/collectors/linux-sample.sh', import.meta.url);

/** Goes on until the signal or the loss of the connection ends it; ends without an error then. @throws COLLECT_FAILED */
export async function* sampleServer(shell: Shell, options: SamplingOptions): AsyncGenerator<SamplingEvent> {
  const { interval, clock, signal } = options;
  const token = `sample${randomBytes(8).toString('hex')}`;
  const slow = Math.max(1, Math.round(SLOW_SECONDS / interval));
  let gauge: Gauge | null = null;
  try {
    const run = await runScript(shell, await readFile(SCRIPT, 'utf8'), {
      args: [token, String(interval), '0', String(slow)],
      maximumBytes: MAXIMUM_BYTES,
      signal,
    });
    for await (const event of readFrames(run.output, token)) {
      if (event.kind === 'machine') {
        gauge = new Gauge(event.machine, interval);
        if (hasNarrowCounters(event.machine.architecture) && interval > WRAP_SECONDS) {
          yield { kind: 'problem', message: mayWrap(shell.machine) };
        }
      }
      if (event.kind === 'problem') yield event;
      else if (event.kind === 'frame' && gauge !== null) {
        const { at, batches } = gauge.take(event.frame, clock.now());
        if (batches.length > 0) yield { kind: 'samples', at, batches };
      }
    }
    // A lost connection has no exit status; only a script that found nothing to measure ends with one.
    if (gauge === null && (await run.ended).status !== null) throw notMeasurable(shell.machine);
  } catch (error) {
    if (!isIronliftError(error, 'CANCELLED')) throw error;
  }
}

const notMeasurable = (machine: string): IronliftError =>
  new IronliftError('COLLECT_FAILED', `${machine} cannot be measured: it has no /proc of Linux.`, {
    next: 'Import what its own tools recorded (sar, nmon, iostat) instead.',
  });

const mayWrap = (machine: string): string =>
  `${machine} has a 32-bit kernel that counts bytes to 4 GiB and begins anew: measure it every ${WRAP_SECONDS} seconds, or loads above 4 GiB in an interval look smaller than they are.`;
