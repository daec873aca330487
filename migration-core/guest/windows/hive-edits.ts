/**
 * The registry edits of one job. Each hive is opened once, changed in memory by one edit after the other, and written when
 * the last one is made, or when another edit comes to its file.
 */
import { formatBytes } from '../../base/text.ts';
import type { FileStat, GuestFileSystem } from '../../filesystem/filesystem.ts';
import type { Hive } from '../../registry/hive.ts';
import type { UndoState } from '../apply-undo.ts';
import type { EditAction, GuestReader } from '../fixer.ts';
import { impossible } from '../stage.ts';
import { LARGEST_HIVE, openGuestHive } from './guest-hive.ts';
import { applyPatch, hiveDigest, patchFits, writeHive } from './hive-patch.ts';
import type { RegistryUndo } from './registry-change.ts';
import { keptBytes, makeChange, takeBack } from './registry-edits.ts';

type Registry = Extract<EditAction, { kind: 'registry' }>;
type RestoreHive = Extract<EditAction, { kind: 'restore-hive' }>;
export type RegistryState = Extract<UndoState, { kind: 'registry' }>;

/** Where a hive lies. */
export interface HivePlace {
  files: GuestReader;
  fileSystem: GuestFileSystem;
  /** Within its volume. */
  path: string;
}

interface OpenHive extends HivePlace {
  hive: Hive;
  /** The bytes of the file, where they are not those of the hive because it was completed from its logs. */
  found: Uint8Array | null;
  /** Of its first edit, which gets the patch. */
  first: RegistryState | null;
  /** Bytes of data kept for the undo so far. */
  kept: number;
}

/**
 * Bytes of data kept for the undo of one hive. Settings of a server are kilobytes; a damaged hive can have a thousand values
 * that all share one of a hundred megabytes.
 */
const MOST_KEPT = 64 << 20;

export class HiveEdits {
  /** By guest path in lower case: two ways to write one name must not become two hives. */
  readonly #open = new Map<string, OpenHive>();
  readonly #now: Date;

  /** `now`: seconds since 1970. */
  constructor(now: number) {
    this.#now = new Date(now * 1000);
  }

  /** @throws EDIT_NOT_POSSIBLE, and what opening and editing the hive throws; the file is not written then. */
  async change(place: HivePlace, old: FileStat | null, action: Registry): Promise<RegistryState> {
    return this.#edit(place, old, action, (hive, keep) => {
      const undo: RegistryUndo[][] = [];
      for (const change of action.changes) {
        const back = makeChange(hive, change);
        keep(back);
        undo.push(back);
      }
      return { undo: undo.reverse().flat() };
    });
  }

  /** Byte for byte, where the file is as the patch expects it; else change by change. Throws as `change` does. */
  async restore(
    place: HivePlace,
    old: FileStat | null,
    action: RestoreHive,
  ): Promise<{ state: RegistryState; skipped: string[] }> {
    await this.settle(action.path);
    if (old?.type !== 'file') throw impossible(action, 'there is no such file');
    const { fileSystem, path } = place;
    const bytes = await fileSystem.readFile(path, LARGEST_HIVE);
    if (hiveDigest(bytes) === action.patch.sha256) {
      if (!patchFits(action.patch, bytes.length))
        throw impossible(action, 'the record of its former bytes is damaged');
      const patch = await applyPatch(fileSystem, path, action.patch, bytes);
      return { state: { kind: 'registry', undo: [], patch }, skipped: [] };
    }
    const skipped: string[] = [];
    const state = await this.#edit(place, old, action, (hive, keep) => {
      const back = takeBack(hive, action.changes);
      keep(back.undo);
      skipped.push(...back.skipped);
      return back;
    });
    await this.settle(action.path);
    return { state, skipped };
  }

  async #edit(
    place: HivePlace,
    old: FileStat | null,
    action: Registry | RestoreHive,
    edit: (hive: Hive, keep: (undo: readonly RegistryUndo[]) => void) => { undo: RegistryUndo[] },
  ): Promise<RegistryState> {
    if (old?.type !== 'file') throw impossible(action, 'there is no such file');
    const name = action.path.toLowerCase();
    const open = this.#open.get(name) ?? (await this.#openAt(place, action.path));
    const { undo } = edit(open.hive, (kept) => {
      open.kept += keptBytes(kept);
      if (open.kept > MOST_KEPT)
        throw impossible(action, `more than ${formatBytes(MOST_KEPT)} would have to be kept to undo it`);
    });
    const state: RegistryState = { kind: 'registry', undo };
    open.first ??= state;
    this.#open.set(name, open);
    return state;
  }

  async #openAt(place: HivePlace, guestPath: string): Promise<OpenHive> {
    const hive = await openGuestHive(place.files, guestPath);
    const found = hive.recovery === null ? null : await place.fileSystem.readFile(place.path, LARGEST_HIVE);
    return { ...place, hive, found, first: null, kept: 0 };
  }

  /** Writes the hive that an edit of this path would meet: its own file, or one of the logs beside it. */
  async settle(path: string): Promise<void> {
    const name = path.toLowerCase();
    for (const [hivePath, open] of this.#open) {
      if (!name.startsWith(hivePath)) continue;
      this.#open.delete(hivePath);
      await this.#write(open);
    }
  }

  /** Writes all that are open. */
  async finish(): Promise<void> {
    for (const open of this.#open.values()) await this.#write(open);
    this.#open.clear();
  }

  async #write({ fileSystem, path, hive, found, first }: OpenHive): Promise<void> {
    if (!hive.changed || first === null) return;
    first.patch = await writeHive(fileSystem, path, hive, found, this.#now);
  }
}
