/**
 * The disk that everything is timed on: 8 GiB, GPT, one ext4, 3 GiB of files written and every second one deleted
 * again, so half of what an image tool finds in the file is free space of the guest. Half of the data does not
 * compress, half is text. Built once, kept in test/.cache.
 */
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { needTools, run, seeded } from '../support/tools.ts';

const CACHE = join(import.meta.dirname, '../.cache');
const GIB = 1024 ** 3;
const MIB = 1024 ** 2;
const PARTITION_START = MIB;

/** Path of the disk; builds it on the first call (needs root for a loop mount, about half a minute). */
export async function benchDisk(): Promise<string> {
  const path = join(CACHE, 'bench.raw');
  if (existsSync(path)) return path;
  needTools('sgdisk', 'mkfs.ext4', 'mount', 'umount');
  await mkdir(CACHE, { recursive: true });
  const building = `${path}.building`;
  await emptyFile(building, 8 * GIB);
  await run('sgdisk', ['-o', '-n', '1:2048:0', '-t', '1:8300', building]);
  const partitionKiB = 8 * 1024 * 1024 - 1024 - 1024;
  await run('mkfs.ext4', ['-q', '-F', '-E', `offset=${PARTITION_START}`, building, `${partitionKiB}k`]);
  await fill(building);
  await rename(building, path);
  return path;
}

/** A disk of `size` bytes that is all hole but for a partition table and an empty ext4: for memory at large sizes. */
export async function sparseDisk(name: string, size: number): Promise<string> {
  const path = join(CACHE, name);
  if (existsSync(path)) return path;
  await mkdir(CACHE, { recursive: true });
  await emptyFile(`${path}.building`, size);
  await run('sgdisk', ['-o', '-n', '1:2048:0', '-t', '1:8300', `${path}.building`]);
  const kib = size / 1024 - 2048;
  await run('mkfs.ext4', [
    ...['-q', '-F', '-E', `offset=${PARTITION_START},nodiscard,lazy_itable_init=1`],
    ...[`${path}.building`, `${kib}k`],
  ]);
  await rename(`${path}.building`, path);
  return path;
}

async function emptyFile(path: string, size: number): Promise<void> {
  await rm(path, { force: true });
  await (await open(path, 'wx')).close();
  await truncate(path, size);
}

async function fill(disk: string): Promise<void> {
  const point = `${disk}.mounted`;
  await mkdir(point, { recursive: true });
  await run('mount', ['-o', `loop,offset=${PARTITION_START},nodiscard`, disk, point]);
  try {
    await writeFiles(point);
    await run('sync', ['-f', point]);
    await deleteEverySecond(point);
  } finally {
    await run('umount', [point]);
    await rm(point, { recursive: true });
  }
}

/** Sizes from 4 KiB to 16 MiB, as many small as large ones, in 64 folders. */
async function writeFiles(root: string): Promise<void> {
  const random = seeded(8);
  const noise = new Uint8Array(24 * MIB);
  for (let at = 0; at < noise.length; at += 65536) crypto.getRandomValues(noise.subarray(at, at + 65536));
  const text = Buffer.alloc(24 * MIB);
  for (let at = 0, n = 0; at < text.length; n++)
    at += text.write(`Nov 23 10:${n % 60} web01 daemon[${n}]: ${random()}\n`, at, 'latin1');
  let written = 0;
  for (let n = 0; written < 3 * GIB; n++) {
    const folder = join(root, `folder-${n % 64}`);
    if (n < 64) await mkdir(folder);
    const length = Math.floor(4096 * 2 ** (random() * 12));
    const from = Math.floor(random() * (noise.length - length));
    const file = await open(join(folder, `file-${n}`), 'wx');
    await file.write(n % 4 < 2 ? noise : text, from, length);
    await file.close();
    written += length;
  }
}

async function deleteEverySecond(root: string): Promise<void> {
  for (const folder of await readdir(root)) {
    if (!folder.startsWith('folder-')) continue;
    for (const file of await readdir(join(root, folder)))
      if (Math.floor(Number(file.slice(5)) / 64) % 2 === 0) await rm(join(root, folder, file));
  }
}
