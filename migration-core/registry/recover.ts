/**
 * A hive whose last write did not end is made whole from its transaction logs, in memory; the files are not written.
 *
 * The rule, after the regf specification ("Dirty state of a hive", "Multiple transaction log files"):
 * - A hive is dirty when the checksum of its base block is wrong or its two sequence numbers differ. The logs of a hive that is
 *   not dirty are ignored.
 * - Logs of the new format, when there is a usable one: entries are applied in the order of their numbers, from both logs, the
 *   log with the earlier entries first; a log whose first entry is older than the second sequence number of the hive is left
 *   out, and so is one that does not begin with the number after the last one applied. When the checksum of the base block is
 *   wrong, only the log with the latest entries is used, and the base block is taken from it.
 * - Otherwise one log of the old format: the first, in the order given, with the time that the base block has, for that is the
 *   write of the hive it belongs to. When the checksum of the base block is wrong, its time is not trusted: then the latest log is
 *   used, if it is not older than the time in the first bin, and the base block is taken from it. (A write begins with the
 *   base block, so a first bin that is older than the log is what a write that damaged the base block leaves.)
 * - The hive grows to the size the log gives.
 * - A dirty hive without a usable log, and one that is not whole after its logs have been applied, are refused.
 */
import { viewOf } from '../base/bytes.ts';
import { readBaseBlock, type BaseBlock } from './base-block.ts';
import { damaged, tooLarge } from './errors.ts';
import { BASE, BASE_BLOCK, BIN, MAX_HIVE, PAGE, signatureAt } from './layout.ts';
import { isNewLog, readNewLog, type NewLog } from './log-new.ts';
import { readOldLog, type DirtyPage, type OldLog } from './log-old.ts';

export interface HiveLog {
  /** As it is named in errors and reports, such as `SYSTEM.LOG1`. */
  name: string;
  bytes: Uint8Array;
}

/** What was done to make a dirty hive whole. */
export interface Recovery {
  /** Names of the logs, in the order they were applied. */
  logs: string[];
  pages: number;
  /** The number of the last entry or log applied. */
  sequence: number;
  /** Bytes of bins, before and after. */
  binsBefore: number;
  binsAfter: number;
  baseBlockFromLog: boolean;
}

export interface Recovered {
  bytes: Uint8Array<ArrayBuffer>;
  recovery: Recovery;
}

interface Named<T> {
  name: string;
  log: T;
}

/** Throws HIVE_DAMAGED with what is wrong with each log when none can be applied. `bytes` is not changed. */
export function recoverHive(bytes: Uint8Array, base: BaseBlock, logs: readonly HiveLog[]): Recovered {
  const newLogs: Named<NewLog>[] = [];
  const oldLogs: Named<OldLog>[] = [];
  const unusable: string[] = [];
  for (const { name, bytes: log } of logs) {
    if (log.length > MAX_HIVE * 2) throw tooLarge(log.length);
    // Windows leaves an empty log beside the one it uses.
    if (log.length === 0) continue;
    const head = readBaseBlock(log);
    const read = head !== null && isNewLog(head) ? readNewLog(log) : readOldLog(log);
    if (typeof read === 'string') unusable.push(`${name} ${read}`);
    else if ('entries' in read) newLogs.push({ name, log: read });
    else oldLogs.push({ name, log: read });
  }
  const recovered =
    newLogs.length > 0 ? applyNew(bytes, base, newLogs, unusable) : applyOld(bytes, base, oldLogs, unusable);
  if (recovered !== null) return recovered;
  const state = base.checksumRight ? 'its last write did not end' : 'the checksum of its base block is wrong';
  const why = unusable.length === 0 ? 'there is no transaction log to complete it' : unusable.join('; ');
  throw damaged(`${state}, and ${why}`, { logs: logs.map(({ name }) => name) });
}

function applyNew(
  bytes: Uint8Array,
  base: BaseBlock,
  logs: Named<NewLog>[],
  unusable: string[],
): Recovered | null {
  const first = (log: NewLog): number => log.entries[0]!.sequence;
  const last = (log: NewLog): number => log.entries.at(-1)!.sequence;
  let order = [...logs].sort((a, b) => first(a.log) - first(b.log));
  if (!base.checksumRight) order = order.sort((a, b) => last(a.log) - last(b.log)).slice(-1);
  const used: Named<NewLog>[] = [];
  for (const entry of order) {
    const before = used.at(-1);
    if (before !== undefined && first(entry.log) !== last(before.log) + 1) {
      unusable.push(`${entry.name} does not continue ${before.name}`);
    } else if (base.checksumRight && first(entry.log) < base.secondarySequence) {
      unusable.push(`${entry.name} is older than the hive`);
    } else {
      used.push(entry);
    }
  }
  if (used.length === 0) return null;
  const entries = used.flatMap(({ log }) => log.entries);
  const end = entries.at(-1)!;
  const target = startTarget(bytes, base, used[0]!.log.head, end.binsSize);
  let size = target.binsBefore;
  for (const entry of entries) {
    // Bins that were cut off and grew again begin as nothing.
    if (entry.binsSize < size) target.bytes.fill(0, BASE_BLOCK + entry.binsSize, BASE_BLOCK + size);
    size = entry.binsSize;
    applyPages(target, entry.pages);
  }
  const view = viewOf(target.bytes);
  const flags = view.getUint32(BASE.flags, true);
  view.setUint32(BASE.flags, ((flags & ~1) | (end.flags & 1)) >>> 0, true);
  return finish(
    target,
    base,
    used.map(({ name }) => name),
    end.sequence,
    end.binsSize,
  );
}

function applyOld(
  bytes: Uint8Array,
  base: BaseBlock,
  logs: Named<OldLog>[],
  unusable: string[],
): Recovered | null {
  const first = timeOfFirstBin(bytes);
  let use: Named<OldLog> | undefined;
  for (const entry of logs) {
    const time = entry.log.base.timestamp;
    const belongs = base.checksumRight ? time === base.timestamp : first !== null && time >= first;
    if (!belongs) unusable.push(`${entry.name} belongs to another write of the hive`);
    else if (use === undefined || time > use.log.base.timestamp) use = entry;
  }
  if (use === undefined) return null;
  const { binsSize, primarySequence } = use.log.base;
  const target = startTarget(bytes, base, use.log.head, binsSize);
  applyPages(target, use.log.pages);
  return finish(target, base, [use.name], primarySequence, binsSize);
}

function timeOfFirstBin(bytes: Uint8Array): bigint | null {
  if (bytes.length < BASE_BLOCK + PAGE || signatureAt(bytes, BASE_BLOCK, 4) !== 'hbin') return null;
  return viewOf(bytes).getBigUint64(BASE_BLOCK + BIN.timestamp, true);
}

interface Target {
  bytes: Uint8Array<ArrayBuffer>;
  binsBefore: number;
  pages: number;
}

function startTarget(bytes: Uint8Array, base: BaseBlock, head: Uint8Array, binsSize: number): Target {
  const size = Math.max(bytes.length, BASE_BLOCK + binsSize);
  if (size > MAX_HIVE) throw tooLarge(size);
  const copy = new Uint8Array(size);
  copy.set(bytes);
  const binsBefore = base.checksumRight ? base.binsSize : binsSize;
  if (base.checksumRight && base.binsSize < binsSize) {
    // What lies behind the end of a hive is left over from earlier.
    copy.fill(0, BASE_BLOCK + base.binsSize, BASE_BLOCK + binsSize);
  }
  if (!base.checksumRight) {
    copy.set(head);
    viewOf(copy).setUint32(BASE.fileType, 0, true);
  }
  return { bytes: copy, binsBefore, pages: 0 };
}

function applyPages(target: Target, pages: readonly DirtyPage[]): void {
  for (const page of pages) {
    const at = BASE_BLOCK + page.offset;
    // An entry in the middle may describe a hive that was larger than it is in the end.
    const room = Math.max(0, target.bytes.length - at);
    target.bytes.set(page.bytes.subarray(0, room), at);
    target.pages++;
  }
}

function finish(
  target: Target,
  base: BaseBlock,
  logs: string[],
  sequence: number,
  binsSize: number,
): Recovered {
  const view = viewOf(target.bytes);
  view.setUint32(BASE.binsSize, binsSize, true);
  view.setUint32(BASE.primarySequence, sequence, true);
  view.setUint32(BASE.secondarySequence, sequence, true);
  return {
    bytes: target.bytes,
    recovery: {
      logs,
      pages: target.pages,
      sequence,
      binsBefore: target.binsBefore,
      binsAfter: binsSize,
      baseBlockFromLog: !base.checksumRight,
    },
  };
}
