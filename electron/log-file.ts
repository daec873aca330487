/** The technical log: JSON lines, for the person's own eyes, two files of bounded size. It holds no inputs and no secrets. */
import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface Log {
  info(what: string, facts?: Record<string, string | number | boolean>): void;
  /** A fault of the program itself: its stack goes into the file, and nowhere else. */
  fault(where: string, error: unknown): void;
}

/** Of one file; when it is full it becomes `.old`, and the one before goes. */
const FULL = 2 << 20;
/** Of one line: a stack that holds a whole file in its message is no help to anybody. */
const LINE = 8192;

/** @param folder is made when it is not there */
export function openLog(folder: string, name: string, now: () => number): Log {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `${name}.log`);
  const write = (level: string, what: string, facts: object): void => {
    try {
      if (sizeOf(path) > FULL) renameSync(path, `${path}.old`);
      const line = JSON.stringify({ at: new Date(now()).toISOString(), level, what, ...facts });
      appendFileSync(path, `${line.slice(0, LINE)}\n`, { mode: 0o600 });
    } catch {
      // A full disk must not stop the conversion that writes to another.
    }
  };
  return {
    info: (what, facts = {}) => write('info', what, facts),
    fault: (where, error) =>
      write('fault', where, {
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      }),
  };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** For tests and for the time before there is a folder. */
export const noLog: Log = { info: () => undefined, fault: () => undefined };
