/** Finds the INF files of a source: file contents are read later, and only those that are needed. */
import { throwIfCancelled } from '../../../../base/cancel.ts';
import { MAX_INF } from '../inf/syntax.ts';
import { joined, type SourceFile, type SourceTree } from './tree.ts';

/** virtio-win has 3 levels and 3,000 files; driver packs of vendors some 50,000. */
const MAX_DEPTH = 24;
const MAX_FILES = 300_000;
const MAX_INFS = 20_000;
/** Bytes of all of them: what they say of their devices is kept. An image of a few MiB can give one file twenty thousand names. */
const MAX_INF_BYTES = 256 << 20;
/** Characters: Windows has 260. Folders of an image can lie in themselves, and their paths would fill the memory. */
const MAX_PATH = 1024;

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
  let infBytes = 0;
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
      const isInf = type === 'file' && /\.inf$/iu.test(name) && !/^autorun\.inf$/iu.test(name);
      if (type === 'directory' && depth < MAX_DEPTH && path.length + name.length < MAX_PATH)
        waiting.push({ path: joined(path, name), depth: depth + 1 });
      else if (type === 'directory') cut = true;
      else if (isInf && size <= MAX_INF) {
        infBytes += size;
        if (infBytes > MAX_INF_BYTES) cut = true;
        else infs.push(joined(path, name));
      }
    }
  }
  infs.sort((a, b) => (a < b ? -1 : 1));
  return { infs, folders, cut };
}

/** Files and folders of one list by their names in lower case; of two that differ in case alone the first. */
const indexed = new WeakMap<readonly SourceFile[], Map<string, SourceFile>>();

function indexOf(entries: readonly SourceFile[]): Map<string, SourceFile> {
  let index = indexed.get(entries);
  if (index === undefined) {
    index = new Map();
    for (const entry of entries) {
      const key = `${entry.type} ${entry.name.toLowerCase()}`;
      if (!index.has(key)) index.set(key, entry);
    }
    indexed.set(entries, index);
  }
  return index;
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
    const type = index === parts.length - 1 ? 'file' : 'directory';
    const entries = folders.get(at);
    const found = entries === undefined ? undefined : indexOf(entries).get(`${type} ${part.toLowerCase()}`);
    if (found === undefined) return null;
    at = joined(at, found.name);
    if (type === 'file') return { path: at, size: found.size };
  }
  return null;
}
