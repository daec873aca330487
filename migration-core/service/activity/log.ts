/** The activity log: one JSON object a line in the data folder, five files of 5 MB at most, read by this user alone. */
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { LOG_LEVELS, logEntry, type LogEntry } from '../../contract/activity.ts';
import type { LogLevel } from '../session.ts';
import { cleaned, withoutSecrets } from './redact.ts';

const FILES = 5;
const MAX_BYTES = 5 << 20;
/** One fault of the program that repeats must not push everything else out: lines a minute. */
const MAX_A_MINUTE = 600;

export interface ActivityLog {
  write(what: string, details?: Record<string, unknown>, level?: LogLevel): void;
  /** Newest first. Lines that are no entries are left out. */
  read(options: { skip: number; limit: number; level: LogLevel }): { entries: LogEntry[]; more: boolean };
  /** Oldest first, all of them. */
  all(): LogEntry[];
}

export interface LogOptions {
  folder: string;
  now: () => number;
  /** Bytes of one file; for tests. */
  maxBytes?: number;
  /** Called once when nothing can be written there. */
  onFault: (error: unknown) => void;
}

export function activityLog({ folder, now, maxBytes = MAX_BYTES, onFault }: LogOptions): ActivityLog {
  const files = Array.from({ length: FILES }, (_, i) =>
    join(folder, i === 0 ? 'activity.ndjson' : `activity.${i}.ndjson`),
  );
  const [newest] = files as [string];
  let failed = false;
  let minute = -1;
  let lines = 0;

  /** Newest file first, newest line first; of a file at once, which has 5 MB. */
  function* entries(): Generator<LogEntry> {
    for (const file of files) {
      let text: string;
      try {
        // A file that somebody else made longer is no log of ours.
        if (statSync(file).size > 2 * maxBytes) continue;
        text = readFileSync(file, 'utf8');
      } catch {
        continue;
      }
      for (const line of text.split('\n').reverse()) {
        const entry = entryOf(line);
        if (entry !== null) yield entry;
      }
    }
  }

  return {
    write(what, details = {}, level = 'info') {
      const at = now();
      const thisMinute = Math.floor(at / 60_000);
      if (thisMinute !== minute) [minute, lines] = [thisMinute, 0];
      if (++lines > MAX_A_MINUTE) return;
      const isLast = lines === MAX_A_MINUTE;
      const entry: LogEntry = isLast
        ? { at, level: 'warning', what: 'More happened in this minute than is written down', details: {} }
        : { at, level, what: cleaned(what), details: withoutSecrets(details) as Record<string, unknown> };
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        rotate(files, maxBytes);
        const isNew = !existsSync(newest);
        appendFileSync(newest, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
        // The mask of the process may have made it more open or less.
        if (isNew) chmodSync(newest, 0o600);
        failed = false;
      } catch (error) {
        if (!failed) onFault(error);
        failed = true;
      }
    },
    read({ skip, limit, level }) {
      const least = LOG_LEVELS.indexOf(level);
      const found: LogEntry[] = [];
      let passed = 0;
      for (const entry of entries()) {
        if (LOG_LEVELS.indexOf(entry.level) < least || passed++ < skip) continue;
        if (found.length === limit) return { entries: found, more: true };
        found.push(entry);
      }
      return { entries: found, more: false };
    },
    all: () => [...entries()].reverse(),
  };
}

function entryOf(line: string): LogEntry | null {
  if (line === '') return null;
  try {
    const parsed = logEntry.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

function rotate(files: readonly string[], maxBytes: number): void {
  if (!existsSync(files[0]!) || statSync(files[0]!).size < maxBytes) return;
  for (let at = files.length - 1; at > 0; at--) {
    if (!existsSync(files[at - 1]!)) continue;
    renameSync(files[at - 1]!, files[at]!);
  }
}
