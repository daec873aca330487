/** Whether a job that does not come to its end leaves what it has for later, and what it says then. */
import { isPause } from '../base/cancel.ts';
import { commandWord } from '../base/command-word.ts';
import { IronliftError, isIronliftError } from '../base/errors.ts';
import type { Job } from './fill-folder.ts';

type Stopped = Pick<Job, 'world' | 'past'>;

/**
 * A job that is cancelled or fails takes away what it wrote, unless it was paused or told to keep it. One that was gone
 * on with keeps it when it fails: hours may be in it, and what failed is mostly mended in a minute.
 */
export function keepsPartial({ world, past }: Stopped, error: unknown): boolean {
  if (world.keepPartial === true) return true;
  if (isIronliftError(error) && error.kind === 'cancelled') return isPause(world.signal);
  return past !== null;
}

/** The same error, with what can be done now that everything is still there. */
export function keptError(folder: string, error: unknown): unknown {
  if (!isIronliftError(error)) return error;
  const goOn = `continue with \`ironlift resume ${commandWord(folder)}\``;
  if (error.kind === 'cancelled')
    return new IronliftError('PAUSED', 'The job was stopped; what it has copied is kept.', {
      next: `To go on, ${goOn}.`,
      data: { folder },
      cause: error,
    });
  if (error.kind === 'refused') return error;
  return new IronliftError(error.code, error.message, {
    next: `${error.next.replace(/, then (?:start|convert) again\.$/u, '.')} What was copied is kept: then ${goOn}.`,
    data: { ...error.data, folder, canResume: true },
    cause: error,
  });
}
