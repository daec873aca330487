/** A conversion that was interrupted is given up on the command line. */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { convertServer } from '../../../migration-core/convert/convert.ts';
import { convertOptions } from '../../support/convert-options.ts';
import { pausedAt } from '../../support/paused-conversion.ts';
import { smallServer } from '../../support/small-server.ts';
import { scratchFolder, seeded } from '../../support/tools.ts';
import { ironlift } from '../../support/world.ts';

let shared: string;
let disk: string;
beforeAll(async () => {
  shared = await mkdtemp(join(tmpdir(), 'ironlift-test-'));
  const random = seeded(8);
  const data = Buffer.alloc(12 << 20);
  for (let at = 0; at < data.length; at += 4) data.writeUInt32LE(random() * 2 ** 32, at);
  disk = await smallServer(join(shared, 'disk.img'), { sizeMiB: 96, files: { 'srv/data': data } });
});
afterAll(() => rm(shared, { recursive: true, force: true }));

/** Begins a conversion into `folder` and pauses it half way. */
async function interrupted(folder: string): Promise<void> {
  const world = { now: Date.now, version: 'test', onStep: () => undefined };
  await pausedAt(folder, 0.5, world, (paused) => convertServer(convertOptions(disk, 'kvm', folder), paused));
}

it('takes away what was written, and the folder that was made for it', async () => {
  const folder = join(await scratchFolder(), 'out');
  await interrupted(folder);
  const names = (await readdir(folder)).sort();
  const { status, out, err } = await ironlift(['discard', folder]);
  expect([status, err]).toEqual([0, '']);
  for (const name of names) expect(out).toContain(name);
  expect(out).toContain(`The conversion in ${folder} is given up.`);
  expect(out).toContain('The folder, which it had made, is gone, too.');
  await expect(stat(folder)).rejects.toMatchObject({ code: 'ENOENT' });
});

it('leaves what others put there, and says so', async () => {
  const folder = join(await scratchFolder(), 'out');
  await interrupted(folder);
  await writeFile(join(folder, 'notes.txt'), 'ask for the key of the rack');
  const { status, out } = await ironlift(['discard', folder, '--json']);
  expect(status).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ folder, left: ['notes.txt'], folderRemoved: false });
  expect(await readdir(folder)).toEqual(['notes.txt']);
  expect(await readFile(join(folder, 'notes.txt'), 'utf8')).toBe('ask for the key of the rack');
});

it('is refused for a finished machine, for a folder without a conversion, and without a folder', async () => {
  const folder = join(await scratchFolder(), 'out');
  expect((await ironlift(['convert', disk, '--to', 'kvm', '-o', folder])).status).toBe(0);
  const names = (await readdir(folder)).sort();
  const finished = await ironlift(['discard', folder]);
  expect(finished.status).toBe(3);
  expect(finished.err).toContain(`The conversion in ${folder} is finished.`);
  expect(finished.err).toContain('A finished machine is not discarded from here');
  expect((await readdir(folder)).sort()).toEqual(names);
  const other = await scratchFolder();
  const none = await ironlift(['discard', other]);
  expect(none.status).toBe(3);
  expect(none.err).toContain(`There is no conversion in ${other} to be discarded.`);
  expect((await ironlift(['discard'])).status).toBe(2);
});

it('is named where a folder is refused because of such a conversion', async () => {
  const folder = join(await scratchFolder(), 'out');
  await interrupted(folder);
  const { status, err } = await ironlift(['convert', disk, '--to', 'kvm', '-o', folder]);
  expect(status).toBe(3);
  expect(err).toContain(`give it up with \`ironlift discard ${folder}\``);
});
