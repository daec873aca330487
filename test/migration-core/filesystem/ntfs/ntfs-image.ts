/** NTFS volumes made by mkntfs and filled through ntfs-3g, opened by our driver through an overlay. */
import { createHash } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { memorySource } from '../../../../migration-core/block/memory.ts';
import { Overlay } from '../../../../migration-core/block/overlay.ts';
import type { ExtentList } from '../../../../migration-core/base/extents.ts';
import type { GuestFileSystem, OpenOptions } from '../../../../migration-core/filesystem/filesystem.ts';
import { ntfsDriver } from '../../../../migration-core/filesystem/ntfs/driver.ts';
import { needTools, run } from '../../../support/tools.ts';
import { makeDisk } from '../../volume/disk-file.ts';

export const NOW = Date.UTC(2024, 4, 17, 12, 34, 56) / 1000;

export interface NtfsImage {
  path: string;
  bytes: Uint8Array<ArrayBuffer>;
  overlay: Overlay;
  fs: GuestFileSystem;
}

export async function makeNtfs(
  folder: string,
  name: string,
  mib: number,
  options: string[] = [],
): Promise<string> {
  needTools('mkntfs', 'ntfs-3g', 'fusermount3');
  const path = await makeDisk(join(folder, name), mib * 1024 * 1024);
  await run('mkntfs', ['-q', '-F', '-f', ...options, path]);
  return path;
}

/** Runs `use` while ntfs-3g has the volume mounted. */
export async function withMount<T>(
  path: string,
  options: string,
  use: (mount: string) => Promise<T>,
): Promise<T> {
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK);
  } catch {
    throw new Error('These tests mount NTFS with ntfs-3g, which needs /dev/fuse; run them where it is.');
  }
  const mount = `${path}.mount`;
  await mkdir(mount, { recursive: true });
  await run('ntfs-3g', ['-o', options, path, mount]);
  try {
    return await use(mount);
  } finally {
    await run('fusermount3', ['-u', mount]);
    // The program goes on writing for a moment after the mount is gone.
    await run('bash', [
      '-c',
      'for i in $(seq 200); do fuser -s "$0" || exit 0; sleep 0.05; done; exit 1',
      path,
    ]);
  }
}

/** Opens an image through an overlay; its file is never written by us. */
export async function openNtfs(path: string, sectorSize = 512): Promise<NtfsImage> {
  return { path, ...(await openBytes(new Uint8Array(await readFile(path)), sectorSize)) };
}

export async function openBytes(
  bytes: Uint8Array<ArrayBuffer>,
  sectorSize = 512,
  options: Partial<OpenOptions> = {},
): Promise<{ bytes: Uint8Array<ArrayBuffer>; overlay: Overlay; fs: GuestFileSystem }> {
  const overlay = new Overlay(memorySource(bytes, sectorSize));
  return { bytes, overlay, fs: await ntfsDriver.open(overlay, { now: NOW, ...options }) };
}

/** Writes the volume as it is now to a file; outside `used`, where given, rubbish takes the place of what was there. */
export async function writeOut(
  image: { overlay: Overlay },
  path: string,
  used?: ExtentList,
): Promise<string> {
  const bytes = new Uint8Array(image.overlay.size);
  await image.overlay.read(bytes, 0);
  if (used !== undefined)
    for (const { offset, length } of used.gaps(0, bytes.length)) bytes.fill(0xa5, offset, offset + length);
  await writeFile(path, bytes);
  return path;
}

/** Path to `folder`, or to the length and digest of a file, or to the target of a link. */
export type Tree = Map<string, string>;

export const digest = (content: Uint8Array): string =>
  `${content.length} ${createHash('sha1').update(content).digest('hex')}`;

export async function ourTree(fs: GuestFileSystem, path = ''): Promise<Tree> {
  const tree: Tree = new Map();
  for (const { name, type } of await fs.readdir(path === '' ? '/' : path)) {
    const child = `${path}/${name}`;
    const stat = await fs.stat(child);
    if (stat.type !== type) throw new Error(`${child} is a ${type} in its folder and a ${stat.type} itself`);
    if (type === 'directory') {
      tree.set(child, 'folder');
      for (const [below, what] of await ourTree(fs, child)) tree.set(below, what);
    } else if (type === 'symlink') {
      tree.set(child, `link to ${await fs.readlink(child)}`);
    } else {
      const content = await fs.readFile(child);
      if (content.length !== stat.size)
        throw new Error(`${child} has ${content.length} bytes instead of ${stat.size}`);
      tree.set(child, digest(content));
    }
  }
  return tree;
}

export async function diskTree(root: string, path = ''): Promise<Tree> {
  const tree: Tree = new Map();
  for (const name of await readdir(join(root, path))) {
    const child = `${path}/${name}`;
    const stat = await lstat(join(root, child));
    if (stat.isDirectory()) {
      tree.set(child, 'folder');
      for (const [below, what] of await diskTree(root, child)) tree.set(below, what);
    } else tree.set(child, digest(await readFile(join(root, child))));
  }
  return tree;
}

export const sorted = (tree: Tree): [string, string][] =>
  [...tree].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
