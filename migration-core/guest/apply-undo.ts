/** The state before an edit, and the edits that bring it back. Plain data, so that a conversion's record can keep it. */
import type { GuestEdit } from './fixer.ts';

interface Attributes {
  mode: number;
  uid: number;
  gid: number;
  mtime: number;
  xattrs: Record<string, Uint8Array>;
}

export type UndoState =
  | { kind: 'absent' }
  /** `addedXattrs`: attributes the edit put on that the file did not have. */
  | ({ kind: 'file'; content: Uint8Array; addedXattrs: string[] } & Attributes)
  | ({ kind: 'symlink'; target: string } & Attributes)
  | ({ kind: 'directory' } & Attributes)
  /** Bytes, before an append. */
  | { kind: 'size'; size: number }
  /** What a truncate cut off. */
  | { kind: 'tail'; content: Uint8Array }
  | { kind: 'mode'; mode: number }
  | { kind: 'renamed'; from: string };

export interface UndoRecord {
  /** GuestEdit.what of the edit. */
  what: string;
  path: string;
  before: UndoState;
}

/** The edits that restore content, mode, owner and attributes of everything the records tell of: the last one first. */
export function invertEdits(records: readonly UndoRecord[]): GuestEdit[] {
  return [...records].reverse().map((record) => ({
    what: `${record.path} is put back as it was on the physical server.`,
    why: `This change of the conversion is undone: ${record.what}`,
    action: inverse(record.path, record.before),
  }));
}

function inverse(path: string, before: UndoState): GuestEdit['action'] {
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
