/**
 * Planned edits become writes into the guest's file systems, and so into the overlay of its disks. Of each edit is kept
 * what was there before, so that it can be undone.
 */
import { throwIfCancelled } from '../base/cancel.ts';
import type { ErrorCode } from '../base/error-codes.ts';
import { isIronliftError } from '../base/errors.ts';
import type { CreateOptions, FileStat, GuestFileSystem } from '../filesystem/filesystem.ts';
import { checkRoom } from './apply-room.ts';
import type { UndoRecord, UndoState } from './apply-undo.ts';
import type { EditAction, GuestEdit, GuestReader } from './fixer.ts';
import { impossible } from './stage.ts';
import { joinPath, nameOf, parentOf } from './tree-path.ts';
import type { GuestTree } from './tree.ts';
import { HiveEdits } from './windows/hive-edits.ts';

export interface ApplyOptions {
  /** Seconds since 1970, for the files that change. */
  now: number;
  signal?: AbortSignal;
  /**
   * The edits take others back, on a guest that may have been at work since: one that finds no place any more is left out, and
   * its record tells.
   */
  takesBack?: boolean;
  /** The SELinux label for a new file, null where the guest has none; files whose edit names a label keep that one. */
  label?: (
    path: string,
    files: GuestReader,
    type: 'file' | 'directory' | 'symlink',
  ) => Promise<Uint8Array | null>;
}

const SELINUX = 'security.selinux';

/**
 * Writes the edits in order and flushes the volumes. Room is checked before the first write.
 * @returns one undo record for each edit, in the same order.
 * @throws NO_SPACE_IN_GUEST, EDIT_NOT_POSSIBLE, CANCELLED and what the file systems throw; the overlay is then to be thrown away.
 */
export async function applyEdits(
  tree: GuestTree,
  edits: readonly GuestEdit[],
  options: ApplyOptions,
): Promise<UndoRecord[]> {
  await checkRoom(tree, edits);
  const records: UndoRecord[] = [];
  const touched = new Set<GuestFileSystem>();
  const hives = new HiveEdits(options.now);
  for (const edit of edits) {
    throwIfCancelled(options.signal);
    const { fileSystem } = tree.locate(edit.action.path);
    touched.add(fileSystem);
    // What changes a hive's file otherwise finds it as the edits before it left it.
    if (edit.action.kind !== 'registry') {
      await hives.settle(edit.action.path);
      if (edit.action.kind === 'rename') await hives.settle(edit.action.from);
    }
    records.push(await applyOrLeave(tree, edit, options, hives));
    tree.forget();
  }
  throwIfCancelled(options.signal);
  await hives.finish();
  for (const fileSystem of touched) {
    throwIfCancelled(options.signal);
    await fileSystem.flush();
  }
  return records;
}

/** What says that the guest has changed the place of an edit; all are thrown before anything is written. */
const PLACE_CHANGED: readonly ErrorCode[] = [
  'EDIT_NOT_POSSIBLE',
  'NOT_FOUND',
  'NOT_A_DIRECTORY',
  'DIRECTORY_NOT_EMPTY',
  'ALREADY_EXISTS',
];

const isThere = async (tree: GuestTree, path: string): Promise<boolean> => (await tree.lstat(path)) !== null;

async function applyOrLeave(...edit: Parameters<typeof apply>): Promise<UndoRecord> {
  const [tree, { what, action }, options] = edit;
  const unchanged: UndoRecord = { what, path: action.path, before: { kind: 'unchanged' } };
  // What is to go and has gone is as it was before.
  if (options.takesBack === true && action.kind === 'remove' && !(await isThere(tree, action.path)))
    return unchanged;
  try {
    return await apply(...edit);
  } catch (error) {
    const left =
      options.takesBack === true &&
      action.kind !== 'restore-hive' &&
      isIronliftError(error) &&
      PLACE_CHANGED.includes(error.code);
    if (!left) throw error;
    return { ...unchanged, skipped: [error.message] };
  }
}

async function apply(
  tree: GuestTree,
  edit: GuestEdit,
  options: ApplyOptions,
  hives: HiveEdits,
): Promise<UndoRecord> {
  const { action } = edit;
  await checkPlace(tree, action);
  const { fileSystem, path } = tree.locate(action.path);
  const old = await statOrNull(fileSystem, path);
  const record = (before: UndoState): UndoRecord => ({ what: edit.what, path: action.path, before });
  const create = (wanted: CreateOptions = {}): CreateOptions => ({ mtime: options.now, ...wanted });
  switch (action.kind) {
    case 'write': {
      if (old?.type === 'directory') throw impossible(action, 'a directory is in the way');
      const replaces = old?.type === 'file';
      const before = await stateOf(fileSystem, path, old);
      if (old !== null && !replaces) await fileSystem.remove(path);
      await fileSystem.writeFile(path, action.content, create(action.options));
      const set = await attributes(tree, action, replaces, options);
      const present = before.kind === 'file' ? before.xattrs : {};
      if (before.kind === 'file')
        before.addedXattrs = Object.keys(set).filter((name) => present[name] === undefined);
      await setXattrs(fileSystem, path, set);
      for (const name of action.removeXattrs ?? [])
        if (present[name] !== undefined || set[name] !== undefined) await fileSystem.removeXattr(path, name);
      return record(before);
    }
    case 'append': {
      if (old?.type !== 'file') throw impossible(action, 'there is no such file');
      await fileSystem.writeRange(path, old.size, action.content);
      return record({ kind: 'size', size: old.size });
    }
    case 'truncate': {
      if (old?.type !== 'file' || old.size < action.size)
        throw impossible(action, 'the file is not that long');
      const tail = await fileSystem.readRange(path, action.size, old.size - action.size);
      await fileSystem.truncate(path, action.size);
      return record({ kind: 'tail', content: tail });
    }
    case 'mkdir': {
      if (old !== null) throw impossible(action, 'something of that name is there already');
      await fileSystem.mkdir(path, create(action.options));
      await setXattrs(fileSystem, path, await attributes(tree, action, false, options));
      return record({ kind: 'absent' });
    }
    case 'symlink': {
      if (old?.type === 'directory') throw impossible(action, 'a directory is in the way');
      const before = await stateOf(fileSystem, path, old);
      if (old !== null) await fileSystem.remove(path);
      await fileSystem.symlink(path, action.target, create(action.options));
      await setXattrs(fileSystem, path, await attributes(tree, action, false, options));
      return record(before);
    }
    case 'remove': {
      if (old === null) throw impossible(action, 'it is not there');
      const before = await stateOf(fileSystem, path, old);
      await fileSystem.remove(path);
      return record(before);
    }
    case 'rename': {
      const from = tree.locate(action.from);
      if (from.fileSystem !== fileSystem) throw impossible(action, 'the new name is on another volume');
      await fileSystem.rename(from.path, path);
      return record({ kind: 'renamed', from: action.from });
    }
    case 'chmod': {
      if (old === null) throw impossible(action, 'it is not there');
      await fileSystem.chmod(path, action.mode);
      return record({ kind: 'mode', mode: old.mode });
    }
    case 'registry':
      return record(await hives.change({ files: tree, fileSystem, path }, old, action));
    case 'restore-hive': {
      const { state, skipped } = await hives.restore({ files: tree, fileSystem, path }, old, action);
      return { ...record(state), ...(skipped.length === 0 ? {} : { skipped }) };
    }
  }
}

/** Everything an undo needs to make the object again as it is. */
async function stateOf(fileSystem: GuestFileSystem, path: string, stat: FileStat | null): Promise<UndoState> {
  if (stat === null) return { kind: 'absent' };
  const { mode, uid, gid, mtime } = stat;
  const common = { mode, uid, gid, mtime, xattrs: Object.fromEntries(await fileSystem.xattrs(path)) };
  if (stat.type === 'symlink') return { kind: 'symlink', target: await fileSystem.readlink(path), ...common };
  if (stat.type === 'directory') return { kind: 'directory', ...common };
  return { kind: 'file', content: await fileSystem.readFile(path), addedXattrs: [], ...common };
}

async function attributes(
  tree: GuestTree,
  action: Extract<EditAction, { kind: 'write' | 'mkdir' | 'symlink' }>,
  keepsLabel: boolean,
  options: ApplyOptions,
): Promise<Record<string, Uint8Array>> {
  const named = action.xattrs ?? {};
  if (keepsLabel || options.label === undefined || named[SELINUX] !== undefined) return named;
  const type = ({ write: 'file', mkdir: 'directory', symlink: 'symlink' } as const)[action.kind];
  const label = await options.label(action.path, tree, type);
  return label === null ? named : { ...named, [SELINUX]: label };
}

async function setXattrs(
  fileSystem: GuestFileSystem,
  path: string,
  xattrs: Record<string, Uint8Array>,
): Promise<void> {
  for (const [name, value] of Object.entries(xattrs)) {
    try {
      await fileSystem.setXattr(path, name, value);
    } catch (error) {
      // FAT keeps no attributes, so there the guest misses none.
      if (!isIronliftError(error, 'NOT_SUPPORTED')) throw error;
    }
  }
}

/** The path must be canonical now as it was when the edit was planned. */
async function checkPlace(tree: GuestTree, action: EditAction): Promise<void> {
  for (const path of action.kind === 'rename' ? [action.path, action.from] : [action.path]) {
    const parent = await tree.realpath(parentOf(path));
    if (joinPath(parent, nameOf(path)) !== path) throw impossible(action, 'a symbolic link is on the way');
  }
}

async function statOrNull(fileSystem: GuestFileSystem, path: string): Promise<FileStat | null> {
  try {
    return await fileSystem.stat(path);
  } catch (error) {
    if (isIronliftError(error, 'NOT_FOUND')) return null;
    throw error;
  }
}
