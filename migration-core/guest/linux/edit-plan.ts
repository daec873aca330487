/**
 * Collecting the edits of one fixer. Each edit is laid over the guest at once, so that the next question the fixer asks
 * sees it; missing directories are made, symlinks on the way are resolved, and nothing is planned that is there already.
 */
import type { Finding } from '../../base/finding.ts';
import type { EditAction, FixPlan, GuestEdit, GuestReader } from '../fixer.ts';
import { StagedGuest } from '../stage.ts';
import { joinPath, nameOf, parentOf } from '../tree-path.ts';
import { encodeText, readDecoded, type DecodedText } from '../tree-text.ts';

/** What is put behind the name of a file that is switched off; no program reads files of such names. */
export const ASIDE = '.ironlift-off';

/** No file that people configure a server with is larger. Bytes. */
const CONFIGURATION_LIMIT = 512 << 10;

export interface TextFile extends DecodedText {
  /** Canonical. */
  path: string;
}

/** One sentence each for the customer: what is changed, and why. */
export interface Reason {
  what: string;
  why: string;
}

export interface EditPlan {
  /** The guest with the edits so far. */
  readonly files: GuestReader;
  readonly edits: GuestEdit[];
  readonly findings: Finding[];
  /** Another content for a text file that is there; no edit where it is the same. */
  rewrite(file: TextFile, text: string, reason: Reason): Promise<void>;
  /** A file of ours; directories on the way are made. No edit where it has this content already. */
  writeFile(path: string, text: string, reason: Reason, mode?: number): Promise<void>;
  /** A symlink of ours; what is in its place is moved aside. No edit where it leads there already. */
  link(path: string, target: string, reason: Reason): Promise<void>;
  /** Gives a file or symlink (itself, not what it leads to) another name in the same directory. */
  renameTo(path: string, name: string, reason: Reason): Promise<void>;
  /** Renames a file or symlink so that nothing reads it any more. */
  moveAside(path: string, reason: Reason): Promise<void>;
  /** A symlink that only switches something on; what it was is kept for the undo. */
  remove(path: string, reason: Reason): Promise<void>;
  finished(): FixPlan;
}

export function editPlan(below: GuestReader): EditPlan {
  const files = new StagedGuest(below);
  const edits: GuestEdit[] = [];
  const findings: Finding[] = [];

  const add = async (action: EditAction, reason: Reason): Promise<void> => {
    await files.stage(action);
    edits.push({ what: reason.what, why: reason.why, action });
  };

  /** The canonical path of an object whose directory is made if need be; the object itself is not followed. */
  const place = async (path: string, reason: Reason): Promise<string> => {
    const directory = parentOf(path);
    if (await files.exists(directory)) return joinPath(await files.realpath(directory), nameOf(path));
    const made = await place(directory, reason);
    await add(
      { kind: 'mkdir', path: made },
      { what: `The directory ${made} is created.`, why: `It is needed for a new file: ${reason.what}` },
    );
    return joinPath(made, nameOf(path));
  };

  const renameTo = async (path: string, name: string, reason: Reason): Promise<void> => {
    const directory = await files.realpath(parentOf(path));
    let free = joinPath(directory, name);
    for (let round = 2; (await files.lstat(free)) !== null; round++)
      free = joinPath(directory, `${name}.${round}`);
    await add({ kind: 'rename', from: joinPath(directory, nameOf(path)), path: free }, reason);
  };

  const moveAside = (path: string, reason: Reason): Promise<void> =>
    renameTo(path, nameOf(path) + ASIDE, reason);

  return {
    files,
    edits,
    findings,
    async rewrite(file, text, reason) {
      if (text === file.text) return;
      await add({ kind: 'write', path: file.path, content: encodeText(text, file.encoding) }, reason);
    },
    async writeFile(path, text, reason, mode = 0o644) {
      const old = await readTextFile(files, path);
      if (old?.text === text) return;
      const where = old?.path ?? (await place(path, reason));
      const content = encodeText(text, 'utf8');
      // An existing file keeps its owner and mode.
      await add(
        { kind: 'write', path: where, content, ...(old === null ? { options: { mode } } : {}) },
        reason,
      );
    },
    async link(path, target, reason) {
      const where = await place(path, reason);
      const old = await files.lstat(where);
      if (old?.type === 'symlink' && (await files.readlink(where)) === target) return;
      if (old !== null)
        await moveAside(where, {
          what: `${path} is renamed to ${nameOf(path)}${ASIDE}.`,
          why: reason.why,
        });
      await add({ kind: 'symlink', path: where, target }, reason);
    },
    renameTo,
    moveAside,
    async remove(path, reason) {
      await add(
        { kind: 'remove', path: joinPath(await files.realpath(parentOf(path)), nameOf(path)) },
        reason,
      );
    },
    finished: () => ({ edits, findings }),
  };
}

/**
 * A text file at its canonical path, symlinks followed. Null where there is none, and where it is far too large for what
 * it should be: a damaged or foreign file is not configuration.
 */
export async function readTextFile(files: GuestReader, path: string): Promise<TextFile | null> {
  const stat = await files.stat(path);
  if (stat?.type !== 'file' || stat.size > CONFIGURATION_LIMIT) return null;
  const decoded = await readDecoded(files, path);
  return decoded === null ? null : { ...decoded, path: await files.realpath(path) };
}
