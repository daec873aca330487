/**
 * A registry hive ("regf" 1.2 to 1.6, Windows NT 3.5 to 11) in memory: read, edited, and given out again as bytes. Nothing is
 * written to the bytes it was opened from.
 *
 * What is refused, and what is recovered:
 * - NOT_A_HIVE: another kind of file, and a format that is not known.
 * - HIVE_TOO_LARGE: more than 512 MiB, also when an edit would need more.
 * - A dirty hive is completed from its transaction logs, by the rule in recover.ts, or refused (HIVE_DAMAGED). Without usable
 *   logs it may still be opened as it is (`dirty: 'read'`): such a hive is read and never edited.
 * - When a hive is opened, its bins must follow each other over the whole size that the base block gives, each filled by cells
 *   without a gap, and its root must be a key; else HIVE_DAMAGED. Nothing is searched for or put right.
 * - Every later reference must lead to the start of a cell in use that is large enough and of the right kind; lists must be as
 *   long as their key says and name nothing twice; a walk must meet each key once, at most 512 deep. Else reading that part
 *   throws HIVE_DAMAGED, and so does an edit that needs it, before it writes.
 * - Tolerated, since Windows finds the right key all the same: wrong parents of keys; wrong counts of security cells (they are
 *   counted before one is freed); subkey lists out of order or with wrong hashes (searched one by one; put in order when a key is
 *   added); two subkeys of one name (the first is found); bytes behind the last bin (kept).
 *
 * Cells that no edit touches keep their bytes and their place; `changes()` lists what differs from the file, so that
 * `revertChanges` restores it byte for byte.
 */
import { parsing } from '../base/bytes.ts';
import { baseBlockChecksum, checkBaseBlock, expectHiveFile, isDirty, readBaseBlock } from './base-block.ts';
import { CellStore, type HiveChange } from './cells.ts';
import { HiveCore } from './core.ts';
import { damaged, keyNotFound, tooLarge } from './errors.ts';
import { HiveKey } from './key.ts';
import { BASE, BASE_BLOCK, BIN, MAX_HIVE, NK } from './layout.ts';
import { recoverHive, type HiveLog, type Recovery } from './recover.ts';

export interface OpenHiveOptions {
  /** The files .LOG, .LOG1 and .LOG2 beside the hive, in this order, as far as they are there. */
  logs?: readonly HiveLog[];
  /** What becomes of a dirty hive that its logs do not complete: `refuse` is the default. */
  dirty?: 'refuse' | 'read';
  /** The bytes become the hive's own and are not copied, for hives are large; whoever gives them no longer uses them. */
  takeOver?: boolean;
}

/** Throws NOT_A_HIVE, HIVE_DAMAGED, HIVE_TOO_LARGE. `bytes` is copied unless it is to be taken over. */
export function openHive(bytes: Uint8Array, options: OpenHiveOptions = {}): Hive {
  expectHiveFile(bytes);
  if (bytes.length > MAX_HIVE) throw tooLarge(bytes.length);
  return parsing('HIVE_DAMAGED', 'The registry hive', 'Restore the hive from a backup.', () => {
    const base = readBaseBlock(bytes)!;
    if (!isDirty(base))
      return assemble(options.takeOver === true ? owned(bytes) : Uint8Array.from(bytes), null, false);
    try {
      const { bytes: whole, recovery } = recoverHive(bytes, base, options.logs ?? []);
      return assemble(whole, recovery, false);
    } catch (error) {
      if (options.dirty !== 'read' || !base.checksumRight) throw error;
      return assemble(Uint8Array.from(bytes), null, true);
    }
  });
}

/** The same bytes, where they lie in memory of the usual kind. */
const owned = (bytes: Uint8Array): Uint8Array<ArrayBuffer> =>
  bytes.buffer instanceof ArrayBuffer
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
    : Uint8Array.from(bytes);

function assemble(bytes: Uint8Array<ArrayBuffer>, recovery: Recovery | null, unfinished: boolean): Hive {
  const base = readBaseBlock(bytes)!;
  checkBaseBlock(base, bytes.length);
  const cells = new CellStore(bytes, base.binsSize, base.minor);
  return new Hive(new HiveCore(cells, base.rootCell, unfinished), recovery, unfinished);
}

export class Hive {
  readonly root: HiveKey;
  /** How the hive was completed from its logs; null when it was not dirty. */
  readonly recovery: Recovery | null;
  /** The hive is dirty and was opened as it is: it is older than what the server last knew, and is not edited. */
  readonly unfinished: boolean;
  readonly #core: HiveCore;
  /** Of the cells when the hive was given out last. */
  #serialisedVersion = -1;

  constructor(core: HiveCore, recovery: Recovery | null, unfinished: boolean) {
    this.#core = core;
    this.recovery = recovery;
    this.unfinished = unfinished;
    this.root = new HiveKey(core, core.rootCell, '', 0);
  }

  /** For the consistency check of this room. */
  get core(): HiveCore {
    return this.#core;
  }

  /** The second half of the format's version: 3 for NT 4 and boot stores, 5 for XP and later. */
  get minorVersion(): number {
    return this.#core.cells.minor;
  }

  /** Whether `serialise` gives other bytes than the file has. */
  get changed(): boolean {
    return this.recovery !== null || this.#core.cells.version > 0;
  }

  /** The key at a path such as `ControlSet001\\Services\\disk`, upper and lower case alike; undefined for none. */
  find(path: string): HiveKey | undefined {
    return this.root.find(path);
  }

  /** The same, throwing HIVE_KEY_NOT_FOUND. */
  key(path: string): HiveKey {
    const key = this.find(path);
    if (key === undefined) throw keyNotFound(path);
    return key;
  }

  /** The key at a path; what is missing of it is made. */
  createKey(path: string): HiveKey {
    let key = this.root;
    for (const name of path.split('\\')) if (name !== '') key = key.createSubkey(name);
    return key;
  }

  /** Every key, parents before their subkeys, in the order of the lists. HIVE_DAMAGED where a key is met twice. */
  walk(from: HiveKey = this.root): Generator<HiveKey> {
    return walkKeys(from);
  }

  /**
   * The hive as a file. Unchanged, it is the file that was opened. Otherwise it is clean: both sequence numbers are one
   * higher, and `now` (of which milliseconds are kept) stands as the last write in the base block, in the first bin and in
   * every key that was edited. Logs that lie beside it are then of no meaning, and Windows ignores them.
   */
  serialise(now: Date): Uint8Array<ArrayBuffer> {
    return this.finish(now).slice();
  }

  /** The same, but the bytes are those that the hive itself holds: to be looked at, and only until the next edit. */
  finish(now: Date): Uint8Array<ArrayBuffer> {
    const { cells, touched } = this.#core;
    if (!this.changed || cells.version === this.#serialisedVersion) return cells.file();
    this.#core.expectWritable();
    const time = (BigInt(now.getTime()) + 11644473600000n) * 10000n;
    for (const key of [...touched].sort((a, b) => a - b)) {
      cells.u64(cells.record(key, 'nk', NK.name, 'a key') + NK.timestamp, time);
    }
    touched.clear();
    const sequence = Math.max(
      cells.view.getUint32(BASE.primarySequence, true),
      cells.view.getUint32(BASE.secondarySequence, true),
    );
    // Numbers turn over after 2^32 - 1, and zero is not used.
    const next = (sequence + 1) >>> 0 || 1;
    cells.u32(BASE.primarySequence, next);
    cells.u32(BASE.secondarySequence, next);
    cells.u64(BASE.timestamp, time);
    cells.u32(BASE.binsSize, cells.binsSize);
    cells.u64(BASE_BLOCK + BIN.timestamp, time);
    cells.u32(BASE.checksum, baseBlockChecksum(cells.bytes));
    this.#serialisedVersion = cells.version;
    return cells.file();
  }

  /**
   * Where the hive now differs from the file it was opened from (after recovery from logs: from the recovered one), ascending.
   * Ask after `serialise`, which changes times and numbers.
   */
  changes(): HiveChange[] {
    return this.#core.cells.changes();
  }
}

/** A key and all below it, parents first. HIVE_DAMAGED where one is met twice. */
export function* walkKeys(from: HiveKey): Generator<HiveKey> {
  const seen = new Set<number>();
  const waiting = [from];
  for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
    if (seen.has(key.cell))
      throw damaged(`the key "${key.path}" is a subkey of two keys`, { cell: key.cell });
    seen.add(key.cell);
    yield key;
    const below = key.subkeys();
    for (let i = below.length - 1; i >= 0; i--) waiting.push(below[i]!);
  }
}
