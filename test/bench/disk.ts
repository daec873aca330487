/** The disks that are measured. Built once, kept in test/.cache. */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { buildGuest } from '../support/guests.ts';
import { smallServer } from '../support/small-server.ts';

export const CACHE = join(import.meta.dirname, '../.cache');
const MIB = 2 ** 20;

/** A Debian server: 8 GiB, of which 3 GiB were written and half deleted again. */
export async function benchDisk(): Promise<string> {
  return (await buildGuest('bench')).disk;
}

/** A server on a disk of `size` bytes that is nearly all hole: what memory a conversion takes must not depend on the size. */
export async function sparseServer(size: number): Promise<string> {
  const path = join(CACHE, `sparse-${size / 2 ** 30}GiB.raw`);
  if (existsSync(path)) return path;
  await mkdir(CACHE, { recursive: true });
  const building = `${path}.building`;
  await rm(building, { force: true });
  await smallServer(building, {
    sizeMiB: size / MIB,
    table: 'gpt',
    // Written where they are used, or a 2 TiB disk has 32 GiB of empty inode tables.
    mkfs: ['-E', `offset=${MIB},root_owner=0:0,lazy_itable_init=1,nodiscard`],
  });
  await rename(building, path);
  return path;
}
