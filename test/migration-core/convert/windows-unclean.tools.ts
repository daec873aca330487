/**
 * A Windows server copied while it runs: its volumes were not closed, and their maps are older than their files. Refused, converted
 * by decision of a person, and taken back. ntfs-3g reads every file of every volume before and after.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { readManifest } from '../../../migration-core/convert/manifest.ts';
import { sha256 } from '../../support/hash.ts';
import { run, scratchFolderForAll, tryRun } from '../../support/tools.ts';
import {
  differences,
  everythingOn,
  needDiskTools,
  windowsDisk,
  type Everything,
  type WindowsDisk,
} from '../../support/windows-disk.ts';
import { ironlift } from '../../support/world.ts';
import { changeVolume, makeLogDirty, placesIn } from '../filesystem/ntfs/unclean.ts';

beforeAll(() => needDiskTools('ntfsresize', 'istat'));

const folder = scratchFolderForAll();

let disk: WindowsDisk;
let before: Everything;

beforeAll(async () => {
  disk = await windowsDisk(join(folder, 'server.img'), { version: '2008r2' });
  before = await everythingOn(disk.path, disk.volumes);
  for (const volume of disk.volumes)
    await changeVolume(disk.path, volume, async (bytes, path) => {
      const places = await placesIn(path, bytes);
      makeLogDirty(bytes, places);
      if (volume.at !== '') return;
      // The half of the map where the files are that were written last.
      const half = Math.floor(size(bytes, places) / 2);
      let used = 0;
      for (let at = 0; at < half; at++) used += bytes[places.bitmap + at] === 0 ? 0 : 1;
      for (let at = 0, seen = 0; at < half; at++) {
        if (bytes[places.bitmap + at] !== 0) seen++;
        if (seen > used / 2) bytes[places.bitmap + at] = 0;
      }
    });
}, 120_000);

const size = (bytes: Buffer, { clusterSize }: { clusterSize: number }): number =>
  Math.floor(bytes.length / clusterSize / 8);

const CURE =
  'Start the server, run "chkdsk /f" for this volume and "shutdown /s /f /t 0" in a command prompt as administrator, and make the copy again; with --no-fix the disks are copied unchanged. Where that is not possible, --accept-unclean-ntfs goes on with the copy as it is: changes of the last seconds before the copy that only the log held are lost in the clone, and Windows checks the disk at its first start.';

it('is refused with its cure and with what may be decided instead', async () => {
  const out = await ironlift(['convert', disk.path, '--to', 'kvm', '-o', join(folder, 'refused'), '--json']);
  expect(out.status).not.toBe(0);
  const { error } = JSON.parse(out.out) as { error: Record<string, unknown> };
  expect(error).toMatchObject({
    code: 'NTFS_LOG_DIRTY',
    message: expect.stringContaining(
      'Windows cannot be prepared, because its volume (C:, disk0p2) was not left in order and must not be changed.',
    ) as string,
    next: expect.stringContaining(CURE) as string,
  });
});

it('is converted by decision, loses nothing but what only the log held, and is taken back', async () => {
  const digest = await sha256(disk.path);
  const args = ['convert', disk.path, '--to', 'kvm', '--format', 'raw', '--accept-unclean-ntfs'];
  const plan = await ironlift([...args, '-o', join(folder, 'planned'), '--plan', '--json']);
  expect(plan.status, plan.err).toBe(0);
  expect(JSON.parse(plan.out)).toMatchObject({ plan: { acceptUncleanNtfs: true } });

  const out = join(folder, 'out');
  const done = await ironlift([...args, '-o', out]);
  expect(done.status, done.err).toBe(0);
  expect(done.out.replaceAll(/\s+/gu, ' ')).toContain(
    'By decision of the person who converts the server (--accept-unclean-ntfs)',
  );
  expect(await sha256(disk.path)).toBe(digest);
  const manifest = await readManifest(out);
  expect(manifest.acceptedUncleanNtfs).toBe(true);
  const codes = manifest.findings.map(({ code }) => code);
  expect(codes).toEqual(expect.arrayContaining(['NTFS_UNCLEAN_ACCEPTED', 'NTFS_BITMAP_OLD']));
  const image = join(out, manifest.disks[0]!.file);

  const changed = [...new Set(manifest.edits.map(({ path }) => path))].sort();
  expect(changed.length).toBeGreaterThan(4);
  const clean = join(folder, 'clean.img');
  expect(differences(before, await readUnclean(image, clean))).toEqual(changed);

  const undone = await ironlift(['undo', out, '--apply', '--json']);
  expect(undone.status, undone.err).toBe(0);
  expect(JSON.parse(undone.out)).toMatchObject({ applied: true, skipped: [] });
  expect(differences(before, await readUnclean(image, clean))).toEqual([]);
});

/** Every file of a converted disk, after others found its volume of Windows to be checked, and its clusters in order. */
async function readUnclean(image: string, copy: string): Promise<Everything> {
  await run('cp', ['--sparse=always', image, copy]);
  for (const volume of disk.volumes)
    await changeVolume(copy, volume, async (bytes, path) => {
      if (volume.at === '') {
        expect((await tryRun('ntfsinfo', ['-m', path])).stderr).toContain('Volume is scheduled for check.');
        const { stdout } = await tryRun('ntfsresize', ['--info', '--force', '--no-progress-bar', path]);
        expect(stdout).toContain('You might resize at');
        expect(stdout).not.toMatch(/accounting failed|referenced multiple/iu);
      }
      // As Windows does after its check: the flag goes, and nothing else.
      await run('ntfsfix', ['-d', path]);
      readFileSync(path).copy(bytes);
    });
  return everythingOn(copy, disk.volumes);
}
