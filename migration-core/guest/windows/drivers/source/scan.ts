/** Finds the INF files of a source: file contents are read later, and only those that are needed. */
import { throwIfCancelled } from '../../../../base/cancel.ts';
import { MAX_INF } from '../inf/syntax.ts';
import { joined, type SourceFile, type SourceTree } from './tree.ts';

/** virtio-win has 3 levels and 3,000 files; driver packs of vendors some 50,000. */
const MAX_DEPTH = 24;
const MAX_FILES = 300_000;
const MAX_INFS = 20_000;

export interface Scanned {
  /** Paths of the INF files, in the order of the alphabet. */
  infs: string[];
  /** Names in every folder that has an INF or lies below one, by its path. */
  folders: Map<string, SourceFile[]>;
  /** The source has more than was looked at. */
  cut: boolean;
}

export async function scan(tree: SourceTree, signal?: AbortSignal): Promise<Scanned> {
  const infs: string[] = [];
  const folders = new Map<string, SourceFile[]>();
  const waiting: { path: string; depth: number }[] = [{ path: '', depth: 0 }];
  let files = 0;
  let cut = false;
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    throwIfCancelled(signal);
    if (files > MAX_FILES || infs.length > MAX_INFS) {
      cut = true;
      break;
    }
    const { path, depth } = at;
    const entries = await tree.list(path);
    folders.set(path, entries);
    files += entries.length;
    for (const { name, type, size } of entries) {
      if (type === 'directory' && depth < MAX_DEPTH)
        waiting.push({ path: joined(path, name), depth: depth + 1 });
      else if (type === 'directory') cut = true;
      else if (/\.inf$/iu.test(name) && size <= MAX_INF && !/^autorun\.inf$/iu.test(name))
        infs.push(joined(path, name));
    }
  }
  infs.sort((a, b) => (a < b ? -1 : 1));
  return { infs, folders, cut };
}

/** The file of that path below a folder in any letters, as Windows would find it; null where there is none. */
export function findFile(
  folders: Scanned['folders'],
  folder: string,
  path: string,
): { path: string; size: number } | null {
  let at = folder;
  const parts = path.split('/');
  for (const [index, part] of parts.entries()) {
    const wanted = part.toLowerCase();
    const type = index === parts.length - 1 ? 'file' : 'directory';
    const found = folders
      .get(at)
      ?.find((entry) => entry.type === type && entry.name.toLowerCase() === wanted);
    if (found === undefined) return null;
    at = joined(at, found.name);
    if (type === 'file') return { path: at, size: found.size };
  }
  return null;
}
