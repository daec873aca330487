/**
 * Checks a qcow2 file as `qemu-img check` does: every cluster has as many users as its refcount says, nothing lies over
 * the tables, and what is marked as used once is used once.
 *
 * Memory is that of a window over the file: users are counted for 8 million clusters at a time (512 GiB with clusters of
 * 64 KiB), and the tables are walked once for each window that has any.
 */
import { formatBytes } from '../../base/text.ts';
import { CHECK_LIMIT, type CheckOptions, type ImageCheck, type ImageProblem } from '../image.ts';
import { openReadFile, type ReadFile } from '../read-file.ts';
import { parseHeader, type Header } from './header.ts';
import { readRefcountTable, type Refcounts } from './refcounts.ts';
import { USE, USE_NAMES, walkReferences, type ReferenceListener, type Use } from './references.ts';

/** Clusters. */
const WINDOW = 8 << 20;
/** Counts go no further: nobody shares a cluster so often. */
const MOST = 65535;

/** @throws IMAGE_DAMAGED where there is nothing that could be checked, IMAGE_NOT_SUPPORTED, READ_FAILED, CANCELLED */
export async function checkQcow2(path: string, options: CheckOptions = {}): Promise<ImageCheck> {
  const file = await openReadFile(path);
  try {
    const header = parseHeader(file);
    const found = new Problems();
    const allocated = await checkFile(file, header, found, options);
    return { ...found.result(), allocatedBytes: Math.min(header.size, allocated * header.cluster) };
  } finally {
    await file.close();
  }
}

class Problems {
  readonly #problems: ImageProblem[] = [];
  #more = 0;

  add(severity: ImageProblem['severity'], message: string, offset?: number): void {
    if (this.#problems.length >= CHECK_LIMIT) this.#more++;
    else this.#problems.push({ severity, message, ...(offset === undefined ? {} : { offset }) });
  }

  result(): { problems: ImageProblem[]; more: number } {
    return { problems: this.#problems, more: this.#more };
  }
}

async function checkFile(
  file: ReadFile,
  header: Header,
  found: Problems,
  options: CheckOptions,
): Promise<number> {
  const { cluster } = header;
  if (header.dirty)
    found.add(
      'note',
      'It was not closed properly: its refcounts may be behind, which QEMU mends when it opens it.',
    );
  const refcounts = readRefcountTable(file, header);
  if (header.refcountTableOffset % cluster !== 0 || header.refcountTableOffset >= file.size)
    found.add('error', 'The refcount table is not within the file.', header.refcountTableOffset);
  for (const { index, offset } of refcounts.wrong)
    found.add('error', `Refcount block ${index} is not within the file.`, offset);

  const windowed = windowsOf(file, header, refcounts);
  const progress = { done: 0, tables: 0 };
  const walk = (listener: ReferenceListener) =>
    walkReferences(file, header, refcounts.blocks, listener, {
      signal: options.signal,
      onTable() {
        progress.tables++;
        if (progress.tables % 64 === 0) options.onProgress?.(progress.done, progress.done + progress.tables);
      },
    });

  // The first walk finds what is wrong by itself, and which windows there are.
  const { allocated } = await walk({
    used: (offset, length) => windowed.touch(offset, length),
    copied: () => undefined,
    wrong: (message, offset) => found.add('error', message, offset),
  });
  const tables = progress.tables;
  const windows = windowed.list();
  for (const [index, first] of windows.entries()) {
    progress.tables = 0;
    progress.done = (index + 1) * tables;
    await checkWindow({ file, header, refcounts, found, first, walk });
    options.onProgress?.((index + 2) * tables, (windows.length + 1) * tables);
  }
  return allocated;
}

/** Which windows of the file hold anything that is used or counted; counts beyond the end of the file mean nothing. */
function windowsOf(
  file: ReadFile,
  { cluster }: Header,
  { blocks, perBlock }: Refcounts,
): { touch(offset: number, length: number): void; list(): number[] } {
  const windows = new Set<number>();
  const clusters = Math.ceil(file.size / cluster);
  const touch = (offset: number, length: number): void => {
    const last = Math.min(clusters - 1, Math.floor((offset + length - 1) / cluster));
    const end = Math.floor(last / WINDOW);
    for (let window = Math.floor(offset / cluster / WINDOW); window <= end; window++) windows.add(window);
  };
  for (const [index, block] of blocks.entries())
    if (block > 0 && index * perBlock < clusters) touch(index * perBlock * cluster, perBlock * cluster);
  return { touch, list: () => [...windows].sort((a, b) => a - b).map((window) => window * WINDOW) };
}

interface WindowCheck {
  file: ReadFile;
  header: Header;
  refcounts: Refcounts;
  found: Problems;
  /** First cluster of the window. */
  first: number;
  walk: (listener: ReferenceListener) => Promise<unknown>;
}

async function checkWindow({ file, header, refcounts, found, first, walk }: WindowCheck): Promise<void> {
  const { cluster } = header;
  const clusters = Math.min(WINDOW, Math.ceil(file.size / cluster) - first);
  const users = new Uint16Array(clusters);
  const uses = new Uint8Array(clusters);
  const counted = new Uint16Array(clusters);
  readCounts(refcounts, { first, counted });

  await walk({
    used(offset, length, use) {
      const from = Math.max(0, Math.floor(offset / cluster) - first);
      const until = Math.min(clusters - 1, Math.floor((offset + length - 1) / cluster) - first);
      for (let i = from; i <= until; i++) {
        const before = uses[i] as Use | 0;
        if (before === 0) uses[i] = use;
        else if (before !== use || use < USE.l2)
          found.add('error', `${overlap(before, use)} lie in the same cluster.`, (first + i) * cluster);
        if (users[i]! < MOST) users[i]!++;
      }
    },
    copied(offset, copied, what) {
      const index = offset / cluster - first;
      if (index < 0 || index >= clusters || copied === (counted[index] === 1)) return;
      found.add(
        'error',
        copied
          ? `An ${what} entry says that its cluster is used once, and its refcount is ${counted[index]!}.`
          : `An ${what} entry says that its cluster is shared, and its refcount is 1.`,
        offset,
      );
    },
    wrong: () => undefined,
  });

  for (let i = 0; i < clusters; i++) {
    if (users[i] === counted[i]) continue;
    const offset = (first + i) * cluster;
    if (counted[i]! > users[i]!)
      found.add(
        'leak',
        `A cluster of ${formatBytes(cluster)} has refcount ${counted[i]!} and ${users[i]!} users.`,
        offset,
      );
    else
      found.add(
        'error',
        `A cluster that holds ${USE_NAMES[uses[i] as Use]} has refcount ${counted[i]!} and ${users[i]!} users.`,
        offset,
      );
  }
}

function readCounts(refcounts: Refcounts, { first, counted }: { first: number; counted: Uint16Array }): void {
  const { perBlock } = refcounts;
  const block = new Uint16Array(perBlock);
  // Windows are whole blocks, or blocks whole windows: both are powers of two.
  for (let at = 0; at < counted.length;) {
    const index = Math.floor((first + at) / perBlock);
    const skip = first + at - index * perBlock;
    const count = Math.min(perBlock - skip, counted.length - at);
    refcounts.read(index, block);
    counted.set(block.subarray(skip, skip + count), at);
    at += count;
  }
}

function overlap(one: Use, two: Use): string {
  const [first, second] = [USE_NAMES[one], USE_NAMES[two]];
  const text = one === two ? `${first} twice` : `${first} and ${second}`;
  return text[0]!.toUpperCase() + text.slice(1);
}
