/** The state before an edit, and the edits that bring it back. Plain data, so that a conversion's record can keep it. */
import type { GuestEdit } from './fixer.ts';
import type { HivePatch, RegistryUndo } from './windows/registry-change.ts';

interface Attributes {
  mode: number;
  uid: number;
  gid: number;
  mtime: number;
  xattrs: Record<string, Uint8Array>;
}

export type UndoState =
  | { kind: 'absent' }
  /** The edit changed nothing. */
  | { kind: 'unchanged' }
  /** `addedXattrs`: attributes the edit put on that the file did not have. */
  | ({ kind: 'file'; content: Uint8Array; addedXattrs: string[] } & Attributes)
  | ({ kind: 'symlink'; target: string } & Attributes)
  | ({ kind: 'directory' } & Attributes)
  /** Bytes, before an append. */
  | { kind: 'size'; size: number }
  /** What a truncate cut off. */
  | { kind: 'tail'; content: Uint8Array }
  | { kind: 'mode'; mode: number }
  | { kind: 'renamed'; from: string }
  /** What takes the changes of a hive back, in the order in which it is done; nothing where all was so already. */
  | {
      kind: 'registry';
      undo: RegistryUndo[];
      /** Of all edits that were written together, with the first of them. */
      patch?: HivePatch;
    };

export interface UndoRecord {
  /** GuestEdit.what of the edit. */
  what: string;
  path: string;
  before: UndoState;
  /** A sentence for each thing that an undo had to leave as the guest has made it since. */
  skipped?: string[];
}

/**
 * The edits that restore content, mode, owner and attributes of everything the records tell of: the last one first. Registry
 * edits of one hive that were written together are taken back together.
 *
 * Rights on NTFS: a file keeps those it has while its content changes there and back, and what was added goes with its own. The
 * description of those stays in the volume's table of rights, where nothing uses it any more; Windows leaves such ones too. A
 * file that an edit had removed would come back with the rights its folder hands on; no edit removes one from Windows.
 */
export function invertEdits(records: readonly UndoRecord[]): GuestEdit[] {
  const hives = new Map<UndoRecord, UndoRecord[]>();
  const current = new Map<string, UndoRecord[]>();
  for (const record of records) {
    const { before } = record;
    if (before.kind !== 'registry') continue;
    const name = record.path.toLowerCase();
    const group = before.patch === undefined ? (current.get(name) ?? []) : [];
    group.push(record);
    current.set(name, group);
    // The place of all is that of the last one.
    if (group.length > 1) hives.delete(group.at(-2)!);
    hives.set(record, group);
  }
  return [...records].reverse().flatMap((record) => {
    if (record.before.kind === 'unchanged') return [];
    if (record.before.kind !== 'registry') return [inverse([record], restoring(record.path, record.before))];
    const group = hives.get(record);
    return group === undefined ? [] : [inverse(group, restoringHive(group))];
  });
}

function inverse(records: readonly UndoRecord[], action: GuestEdit['action']): GuestEdit {
  const changes = records.map(({ what }) => what).join(' ');
  return {
    what: `${action.path} is put back as it was on the physical server.`,
    why:
      records.length === 1
        ? `This change of the conversion is undone: ${changes}`
        : `These changes of the conversion are undone: ${changes}`,
    action,
  };
}

/** No file has this digest: without a patch, changes are taken back one by one. */
const NO_PATCH: HivePatch = { sha256: '', size: 0, ranges: [] };

function restoringHive(group: readonly UndoRecord[]): GuestEdit['action'] {
  const states = group.map(({ before }) => before).filter((before) => before.kind === 'registry');
  return {
    kind: 'restore-hive',
    path: group[0]!.path,
    patch: states[0]!.patch ?? NO_PATCH,
    changes: [...states].reverse().flatMap(({ undo }) => undo),
  };
}

function restoring(
  path: string,
  before: Exclude<UndoState, { kind: 'registry' | 'unchanged' }>,
): GuestEdit['action'] {
  switch (before.kind) {
    case 'absent':
      return { kind: 'remove', path };
    case 'file': {
      const { content, mode, uid, gid, mtime, xattrs, addedXattrs } = before;
      return {
        kind: 'write',
        path,
        content,
        options: { mode, uid, gid, mtime },
        xattrs,
        removeXattrs: addedXattrs,
      };
    }
    case 'symlink': {
      const { target, mode, uid, gid, mtime, xattrs } = before;
      return { kind: 'symlink', path, target, options: { mode, uid, gid, mtime }, xattrs };
    }
    case 'directory': {
      const { mode, uid, gid, mtime, xattrs } = before;
      return { kind: 'mkdir', path, options: { mode, uid, gid, mtime }, xattrs };
    }
    case 'size':
      return { kind: 'truncate', path, size: before.size };
    case 'tail':
      return { kind: 'append', path, content: before.content };
    case 'mode':
      return { kind: 'chmod', path, mode: before.mode };
    case 'renamed':
      return { kind: 'rename', from: path, path: before.from };
  }
}
