/** What is in a folder, for shells that have no dialog of the system. Nothing but names, sizes and times is read. */
import type { Stats } from 'node:fs';
import { opendir, realpath, stat } from 'node:fs/promises';
import { posix, win32 } from 'node:path';
import { IronliftError, systemErrorCode } from '../../base/errors.ts';

export interface Listed {
  path: string;
  name: string;
  kind: 'file' | 'folder';
  bytes: number | null;
  /** Milliseconds since 1970. */
  changedAt: number | null;
}

export interface Listing {
  folder: Listed;
  parents: Listed[];
  entries: Listed[];
  more: boolean;
}

/** More than anybody looks through; a folder of a million files must not fill memory. */
export const MAX_ENTRIES = 5000;
/** Names that are looked at to find as many: hidden ones count here. */
const MAX_LOOKED = 50_000;
/** Questions to the file system at once. */
const AT_ONCE = 32;

/** The list of drives of Windows stands above all of them. No path is empty. */
export const COMPUTER = '';
const COMPUTER_NAME = 'This computer';

export const pathsOf = (platform: string): typeof posix => (platform === 'win32' ? win32 : posix);

/** From the top down, without the folder itself. */
export function parentsOf(path: string, platform: string): string[] {
  if (path === COMPUTER) return [];
  const paths = pathsOf(platform);
  const parents: string[] = [];
  for (let at = path; paths.dirname(at) !== at; at = paths.dirname(at)) parents.unshift(paths.dirname(at));
  return platform === 'win32' ? [COMPUTER, ...parents] : parents;
}

export function nameOf(path: string, platform: string): string {
  if (path === COMPUTER) return COMPUTER_NAME;
  const base = pathsOf(platform).basename(path);
  return base === '' ? path : base;
}

const bare = (path: string, platform: string): Listed => ({
  path,
  name: nameOf(path, platform),
  kind: 'folder',
  bytes: null,
  changedAt: null,
});

/** @throws FOLDER_NOT_READABLE */
export async function listFolder(path: string, platform: string): Promise<Listing> {
  if (path === COMPUTER)
    return { folder: bare(path, platform), parents: [], entries: await drives(platform), more: false };
  try {
    // A link that leads back to a folder above shows that folder, not an ever longer path.
    const real = await realpath(path);
    const { names, more } = await visibleNames(real);
    const entries = await inGroups(names, async (name) => describe(pathsOf(platform).join(real, name), name));
    return {
      folder: bare(real, platform),
      parents: parentsOf(real, platform).map((parent) => bare(parent, platform)),
      entries: entries.filter((entry) => entry !== null).sort(inOrder),
      more,
    };
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined || error instanceof IronliftError) throw error;
    throw new IronliftError('FOLDER_NOT_READABLE', `The folder ${path} ${whyOf(code)}.`, {
      next: 'Choose another folder.',
      data: { path, code },
      cause: error,
    });
  }
}

function whyOf(code: string): string {
  if (code === 'ENOENT') return 'is not there any more';
  if (code === 'ENOTDIR') return 'is no folder';
  if (code === 'EACCES' || code === 'EPERM') return 'may not be read by you';
  if (code === 'ELOOP') return 'is a link that leads to itself';
  return 'could not be read';
}

async function visibleNames(path: string): Promise<{ names: string[]; more: boolean }> {
  const names: string[] = [];
  let looked = 0;
  for await (const entry of await opendir(path)) {
    if (++looked > MAX_LOOKED) return { names, more: true };
    if (isHidden(entry.name)) continue;
    if (names.length === MAX_ENTRIES) return { names, more: true };
    names.push(entry.name);
  }
  return { names, more: false };
}

/** Files that the system and programs keep for themselves, not those that a person made. */
const isHidden = (name: string): boolean =>
  name.startsWith('.') ||
  name.startsWith('$') ||
  [
    'System Volume Information',
    'pagefile.sys',
    'hiberfil.sys',
    'swapfile.sys',
    'desktop.ini',
    'Thumbs.db',
  ].includes(name);

/** null: neither file nor folder, or a link that leads nowhere. */
async function describe(path: string, name: string): Promise<Listed | null> {
  let stats: Stats;
  try {
    stats = await stat(path);
  } catch {
    return null;
  }
  if (!stats.isFile() && !stats.isDirectory()) return null;
  const isFile = stats.isFile();
  return {
    ...{ path, name },
    kind: isFile ? 'file' : 'folder',
    bytes: isFile ? stats.size : null,
    changedAt: Number.isFinite(stats.mtimeMs) ? Math.round(stats.mtimeMs) : null,
  };
}

async function drives(platform: string): Promise<Listed[]> {
  if (platform !== 'win32') return [bare('/', platform)];
  const letters = Array.from({ length: 26 }, (_, i) => `${String.fromCharCode(65 + i)}:\\`);
  const there = await inGroups(letters, async (path) => describe(path, path));
  return there.filter((drive) => drive !== null);
}

async function inGroups<T, R>(items: T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += AT_ONCE)
    results.push(...(await Promise.all(items.slice(at, at + AT_ONCE).map(work))));
  return results;
}

/** Folders first; names without regard to case, then by code unit: the same on every machine. */
function inOrder(a: Listed, b: Listed): number {
  if (a.kind !== b.kind) return a.kind === 'folder' ? -1 : 1;
  const [x, y] = [a.name.toLowerCase(), b.name.toLowerCase()];
  if (x !== y) return x < y ? -1 : 1;
  return a.name < b.name ? -1 : 1;
}
