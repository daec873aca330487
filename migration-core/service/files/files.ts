/** The files a page knows: ids that stand for one path and one purpose each. */
import { stat } from 'node:fs/promises';
import { IronliftError } from '../../base/errors.ts';
import { FILE_PURPOSES, type FilePurpose, type FileRef } from '../../contract/files.ts';
import type { Output } from '../../contract/contract.ts';
import type { Files } from '../session.ts';
import type { Shell } from '../shell.ts';
import { COMPUTER, listFolder, nameOf, pathsOf, type Listed } from './browse.ts';
import { fits, withEnding } from './endings.ts';
import { checkName } from './names.ts';

/**
 * Some dozen full folders, of which a person sees the last. Entries of lists that are older are forgotten; what was
 * chosen stays.
 */
const MAX_LISTED = 100_000;
/** Files that a program knows and a person chose; an import of a folder is one. */
const MAX_CHOSEN = 100_000;

interface Known {
  path: string;
  purpose: FilePurpose;
}

type Browsed = Output<'files.browse'>;

export interface FileDesk extends Files {
  choose(purpose: FilePurpose, suggestedName: string | null): Promise<FileRef[]>;
  browse(purpose: FilePurpose, folder: string | null): Promise<Browsed>;
  take(purpose: FilePurpose, entries: readonly string[], name: string | null): Promise<FileRef[]>;
  /** Whatever it was chosen for. */
  anyPathOf(id: string): string;
}

export function makeFiles(shell: Shell): FileDesk {
  const { platform } = shell;
  const paths = pathsOf(platform);
  const chosen = new IdTable(MAX_CHOSEN, shell);
  /** Seen in a list, and not chosen: they open nothing. */
  const listed = new IdTable(MAX_LISTED, shell);

  async function register(path: string, purpose: FilePurpose): Promise<FileRef> {
    const stats = await stat(path).catch(() => null);
    return {
      id: chosen.idOf(path, purpose),
      purpose,
      name: nameOf(path, platform),
      path,
      bytes: stats?.isFile() === true ? stats.size : null,
    };
  }

  const entryOf = (one: Listed, purpose: FilePurpose): Browsed['folder'] => ({
    id: listed.idOf(one.path, purpose),
    name: one.name,
    kind: one.kind,
    bytes: one.bytes,
    changedAt: one.changedAt,
    fits: one.kind === 'folder' || (FILE_PURPOSES[purpose].what !== 'folder' && fits(one.name, purpose)),
  });

  function listedPath(id: string, purpose: FilePurpose): string {
    const known = listed.get(id);
    if (known?.purpose !== purpose) throw notChosen();
    return known.path;
  }

  async function takeNew(purpose: FilePurpose, folder: string, name: string): Promise<FileRef> {
    const { what, mode } = FILE_PURPOSES[purpose];
    if (mode !== 'save') throw wrongKind('Something that is there already has to be chosen here.');
    checkName(name);
    await checkFolder(folder);
    return register(paths.join(folder, what === 'folder' ? name : withEnding(name, purpose)), purpose);
  }

  async function checkFolder(path: string): Promise<void> {
    const stats = await stat(path).catch(() => null);
    if (path === COMPUTER || stats?.isDirectory() !== true)
      throw wrongKind('Nothing can be saved there: it is no folder, or is not there any more.');
  }

  return {
    register,
    pathOf(id, purpose) {
      const known = chosen.get(id);
      if (known?.purpose !== purpose) throw notChosen();
      return known.path;
    },
    anyPathOf(id) {
      const known = chosen.get(id);
      if (known === null) throw notChosen();
      return known.path;
    },
    async choose(purpose, suggestedName) {
      if (shell.chooseFiles === undefined)
        throw new IronliftError('USAGE', 'There is no dialog of the system here.', {
          next: 'Choose the file from the list of a folder.',
        });
      const { what, mode } = FILE_PURPOSES[purpose];
      const picked = await shell.chooseFiles(purpose, suggestedName);
      return Promise.all(
        picked.map(async (path) =>
          register(mode === 'save' && what === 'file' ? withEnding(path, purpose) : path, purpose),
        ),
      );
    },
    async browse(purpose, folder) {
      const path = folder === null ? shell.homeFolder : listedPath(folder, purpose);
      const listing = await listFolder(path, platform);
      return {
        folder: entryOf(listing.folder, purpose),
        path: listing.folder.path === COMPUTER ? listing.folder.name : listing.folder.path,
        parents: listing.parents.map((one) => entryOf(one, purpose)),
        entries: listing.entries
          .filter(({ kind }) => kind === 'folder' || FILE_PURPOSES[purpose].what !== 'folder')
          .map((one) => entryOf(one, purpose)),
        more: listing.more,
      };
    },
    async take(purpose, entries, name) {
      const taken = [...new Set(entries)].map((id) => listedPath(id, purpose));
      const { what } = FILE_PURPOSES[purpose];
      if (taken.length > 1 && (name !== null || what === 'file' || what === 'folder'))
        throw wrongKind('Only one can be chosen here.');
      if (name !== null) return [await takeNew(purpose, taken[0]!, name)];
      await Promise.all(taken.map(async (path) => checkKind(path, purpose)));
      return Promise.all(taken.map(async (path) => register(path, purpose)));
    },
  };
}

async function checkKind(path: string, purpose: FilePurpose): Promise<void> {
  const { what } = FILE_PURPOSES[purpose];
  const stats = await stat(path).catch(() => null);
  if (path === COMPUTER || stats === null) throw wrongKind('It is not there any more.');
  if (what === 'folder' && !stats.isDirectory()) throw wrongKind('A folder has to be chosen here.');
  if ((what === 'file' || what === 'files') && !stats.isFile())
    throw wrongKind('A file has to be chosen here.');
}

/** Ids for pairs of path and purpose. Beyond `limit` those go that were asked for the longest time ago. */
class IdTable {
  readonly #limit: number;
  readonly #shell: Shell;
  readonly #byId = new Map<string, Known>();
  readonly #byFile = new Map<string, string>();

  constructor(limit: number, shell: Shell) {
    this.#limit = limit;
    this.#shell = shell;
  }

  idOf(path: string, purpose: FilePurpose): string {
    const key = `${purpose}\0${path}`;
    const id = this.#byFile.get(key) ?? `file-${this.#shell.randomId()}`;
    // To the end of the line.
    this.#byId.delete(id);
    this.#byId.set(id, { path, purpose });
    this.#byFile.set(key, id);
    for (const [old, known] of this.#byId) {
      if (this.#byId.size <= this.#limit) break;
      this.#byId.delete(old);
      this.#byFile.delete(`${known.purpose}\0${known.path}`);
    }
    return id;
  }

  get(id: string): Known | null {
    return this.#byId.get(id) ?? null;
  }
}

const notChosen = (): IronliftError =>
  new IronliftError('FILE_NOT_CHOSEN', 'This file was not chosen for that.', {
    next: 'Choose the file again.',
  });

const wrongKind = (message: string): IronliftError =>
  new IronliftError('FILE_NOT_CHOSEN', message, { next: 'Choose something else.' });
