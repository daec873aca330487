/** FAT volumes made by mkfs.fat, opened by our driver, and what mtools and fsck.fat say of them. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { memorySource } from '../../../../migration-core/block/memory.ts';
import { Overlay } from '../../../../migration-core/block/overlay.ts';
import type { ExtentList } from '../../../../migration-core/base/extents.ts';
import type { GuestFileSystem } from '../../../../migration-core/filesystem/filesystem.ts';
import { fatDriver } from '../../../../migration-core/filesystem/fat/driver.ts';
import { run, tryRun } from '../../../support/tools.ts';
import { makeDisk } from '../../volume/disk-file.ts';

export const NOW = Date.UTC(2024, 4, 17, 12, 34, 56) / 1000;

export interface FatImage {
  path: string;
  bytes: Uint8Array<ArrayBuffer>;
  overlay: Overlay;
  fs: GuestFileSystem;
}

export async function makeFat(folder: string, name: string, kib: number, options: string[]): Promise<string> {
  const path = await makeDisk(join(folder, name), kib * 1024);
  await run('mkfs.fat', [...options, path]);
  return path;
}

/** Opens an image through an overlay; its file is never written by us. */
export async function openFat(path: string): Promise<FatImage> {
  const bytes = new Uint8Array(await readFile(path));
  const overlay = new Overlay(memorySource(bytes));
  return { path, bytes, overlay, fs: await fatDriver.open(overlay, { now: NOW }) };
}

/** Writes the volume as it is now to a file; outside `used`, where given, rubbish takes the place of what was there. */
export async function writeOut(image: FatImage, path: string, used?: ExtentList): Promise<string> {
  const bytes = new Uint8Array(image.overlay.size);
  await image.overlay.read(bytes, 0);
  if (used !== undefined)
    for (const { offset, length } of used.gaps(0, bytes.length)) bytes.fill(0xa5, offset, offset + length);
  await writeFile(path, bytes);
  return path;
}

export async function fsck(path: string): Promise<{ status: number; output: string }> {
  const { status, stdout, stderr } = await tryRun('fsck.fat', ['-n', '-v', path]);
  return { status, output: stdout + stderr };
}

/** mtools, without its check of geometry: the images are of disks that never were. */
export const mtools = (program: string, path: string, ...args: string[]): Promise<string> =>
  run(program, ['-i', path, ...args], { env: { MTOOLS_SKIP_CHECK: '1', LC_ALL: 'C.UTF-8', TZ: 'UTC' } });

/** A tree as text for comparisons: path to content, null for folders. */
export type Tree = Map<string, Buffer | null>;

export async function ourTree(fs: GuestFileSystem, path = ''): Promise<Tree> {
  const tree: Tree = new Map();
  for (const { name, type } of await fs.readdir(path === '' ? '/' : path)) {
    const child = `${path}/${name}`;
    tree.set(child, type === 'directory' ? null : Buffer.from(await fs.readFile(child)));
    if (type === 'directory')
      for (const [below, content] of await ourTree(fs, child)) tree.set(below, content);
  }
  return tree;
}
