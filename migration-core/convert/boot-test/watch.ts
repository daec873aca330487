/** Watches a machine start until it is clear how that ends: a sign on a console, a screen at rest, or the time is up. */
import { setTimeout as sleep } from 'node:timers/promises';
import { throwIfCancelled } from '../../base/cancel.ts';
import type { Accelerator } from './accelerator.ts';
import type { RunningMachine } from './machine-process.ts';
import { difference, type Picture } from './png.ts';
import { failedUnits, findSign, findWaiting, plainText, type SignSeen } from './signs.ts';

export type Ending =
  | { kind: 'sign'; seen: SignSeen; where: 'serial' | 'screen' }
  /** Nothing changes any more, and no sign was seen. */
  | { kind: 'at-rest'; forSeconds: number }
  | { kind: 'time-up'; waiting: { meaning: string; line: string } | null; last: LineSeen | null }
  /** Nothing has changed for a while although the processors are busy; only looked for when asked. */
  | { kind: 'stuck'; forSeconds: number }
  | { kind: 'restarts'; count: number }
  | { kind: 'switched-off' }
  | { kind: 'qemu-ended'; reason: string };

export interface LineSeen {
  where: 'serial' | 'screen';
  line: string;
}

export interface Watched {
  ending: Ending;
  /** The last screen; null when QEMU ended before there was one. */
  picture: Picture | null;
  failedUnits: string[];
}

export interface WatchOptions {
  accelerator: Accelerator;
  /** End as `stuck` when nothing changes for so long and nothing says what is waited for; never unless told. */
  stuckSeconds?: number | undefined;
  timeoutSeconds: number;
  now: () => number;
  signal?: AbortSignal | undefined;
  onProgress?: ((text: string) => void) | undefined;
}

const ROUND_SECONDS = 1;
/** The screen is a megabyte or more; the serial console is what usually decides. */
const SCREEN_EVERY = 3;
/** A start-up image that looks for its root disk is still for half a minute before it says so; software emulation takes longer. */
const REST_SECONDS = { emulated: 60, accelerated: 45 };
/** A clock or a blinking cursor is no change. */
const SAME_SCREEN = 0.005;
/** A server that restarts more often than this does so for ever; once or twice is a relabelling or an update. */
const MOST_RESTARTS = 4;
/** Console text that is searched: enough for a sign that came in pieces. */
const SEARCHED_TEXT = 65_536;
/** Between a login prompt and the picture of it. */
const SETTLE_SECONDS = 1;

export async function watchStart(machine: RunningMachine, options: WatchOptions): Promise<Watched> {
  const start = options.now();
  const seconds = (): number => (options.now() - start) / 1000;
  const rest = options.accelerator === 'tcg' ? REST_SECONDS.emulated : REST_SECONDS.accelerated;
  let raw = '';
  let units: string[] = [];
  let compared: Picture | null = null;
  let quietSince = 0;
  let idleRounds = 0;
  let busyRounds = 0;
  let lastText = '';

  /** The screen now; null when QEMU ends meanwhile. */
  const look = async (): Promise<Picture | null> => {
    try {
      return await machine.screen();
    } catch (error) {
      if (machine.ended() === null) throw error;
      return null;
    }
  };
  const finish = async (ending: Ending): Promise<Watched> => {
    const picture = machine.ended() === null ? await look() : null;
    return { ending, picture: picture ?? compared, failedUnits: units };
  };

  for (let round = 0; ; round++) {
    throwIfCancelled(options.signal);

    const news = await machine.readSerial();
    if (news !== '') {
      quietSince = seconds();
      raw = (raw + news).slice(-SEARCHED_TEXT);
      const text = plainText(raw);
      units = [...new Set([...units, ...failedUnits(text)])].slice(0, 50);
      const seen = findSign(text);
      if (seen !== null) {
        // More may follow the prompt, a failure that is told after it included.
        await sleep(SETTLE_SECONDS * 1000);
        raw += await machine.readSerial();
        return finish({ kind: 'sign', seen: findSign(plainText(raw)) ?? seen, where: 'serial' });
      }
    }

    const restarts = machine.qmp.events.filter(
      ({ event, data }) => event === 'RESET' && data['guest'] === true,
    ).length;
    if (restarts > MOST_RESTARTS) return finish({ kind: 'restarts', count: restarts });
    const reason = machine.ended();
    if (reason !== null) {
      const own = machine.qmp.events.some(
        ({ event, data }) => event === 'SHUTDOWN' && data['guest'] === true,
      );
      return finish(own ? { kind: 'switched-off' } : { kind: 'qemu-ended', reason });
    }

    if (round % SCREEN_EVERY === SCREEN_EVERY - 1) {
      const picture = await look();
      if (picture === null) continue;
      const text = await machine.screenText(picture);
      const seen = text === null ? null : findSign(text);
      if (seen !== null) return finish({ kind: 'sign', seen, where: 'screen' });
      lastText = text ?? '';
      if (compared === null || difference(picture, compared) > SAME_SCREEN) {
        compared = picture;
        quietSince = seconds();
      }
      const idle = await machine.idle();
      if (seconds() - quietSince < SCREEN_EVERY) idleRounds = busyRounds = 0;
      if (idle === false) busyRounds++;
      else idleRounds++;
      // Busy processors are still getting somewhere, and one that says what it waits for may get it.
      const forSeconds = seconds() - quietSince;
      const waits = findWaiting(`${plainText(raw)}\n${lastText}`) !== null;
      if (forSeconds >= rest && idleRounds > busyRounds && !waits)
        return finish({ kind: 'at-rest', forSeconds });
      if (options.stuckSeconds !== undefined && forSeconds >= options.stuckSeconds && !waits)
        return finish({ kind: 'stuck', forSeconds });
      options.onProgress?.(progressText(seconds(), plainText(raw.slice(-2000)), lastText));
    }

    if (seconds() >= options.timeoutSeconds) {
      const text = plainText(raw);
      return finish({
        kind: 'time-up',
        waiting: findWaiting(`${text}\n${lastText}`),
        last: lastLine(text, lastText),
      });
    }
    await sleep(
      ROUND_SECONDS * 1000,
      undefined,
      options.signal === undefined ? {} : { signal: options.signal },
    ).catch(() => undefined);
  }
}

function progressText(seconds: number, console: string, screen: string): string {
  const last = lastLine(console, screen);
  return `Starting for ${Math.round(seconds)} s${last === null ? '' : `: ${last.line}`}`;
}

/** What was written last: on the serial console, and where that is silent, on the screen. */
function lastLine(console: string, screen: string): LineSeen | null {
  for (const [where, text] of [
    ['serial', console],
    ['screen', screen],
  ] as const) {
    const line = text.split('\n').findLast((candidate) => candidate.trim() !== '');
    if (line !== undefined) return { where, line: line.trim().slice(0, 200) };
  }
  return null;
}
