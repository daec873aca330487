/**
 * Whole disks of Windows servers, made by mkntfs and mkfs.fat, converted for several platforms and taken back. ntfs-3g reads every
 * file of every volume before and after: only what was planned differs, and in hives only the keys that were planned, as
 * hivexregedit reads them.
 */
import { writeFileSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  convertServer,
  previewConversion,
  type ConvertWorld,
} from '../../../migration-core/convert/convert.ts';
import { readManifest } from '../../../migration-core/convert/manifest.ts';
import type { ConvertOptions } from '../../../migration-core/convert/options.ts';
import { resumeConversion } from '../../../migration-core/convert/resume.ts';
import type { EditAction, GuestEdit } from '../../../migration-core/guest/fixer.ts';
import type { RegistryChange } from '../../../migration-core/guest/windows/registry-change.ts';
import { convertOptions } from '../../support/convert-options.ts';
import { sha256 } from '../../support/hash.ts';
import { hasShared, NEEDS_SHARED } from '../../support/shared.ts';
import { run, scratchFolder, scratchFolderForAll } from '../../support/tools.ts';
import {
  atWork,
  differences,
  everythingOn,
  needDiskTools,
  windowsDisk,
  type Everything,
  type WindowsDisk,
} from '../../support/windows-disk.ts';
import type { WindowsGuestOptions } from '../../support/windows-guest.ts';
import { ironlift } from '../../support/world.ts';
import { withChanges } from '../guest/windows/exported.ts';
import { fixture, hivexExport, parseExport, type Exported } from '../registry/fixtures.ts';

beforeAll(() => needDiskTools('hivexregedit'));

interface Source {
  disk: WindowsDisk;
  digest: string;
  everything: Everything;
  /** Hives by guest path, as hivexregedit exports them. */
  hives: Map<string, Exported>;
}

const SYSTEM = '/Windows/System32/config/SYSTEM';
const HIVES = /\/config\/(SYSTEM|SOFTWARE)$|\/BCD$/u;

async function readAll(
  image: string,
  volumes: WindowsDisk['volumes'],
): Promise<Pick<Source, 'everything' | 'hives'>> {
  const scratch = await scratchFolder();
  const hives = new Map<string, Exported>();
  const everything = await everythingOn(image, volumes, async (path, bytes) => {
    if (!HIVES.test(path)) return;
    const file = join(scratch, 'hive');
    writeFileSync(file, await bytes());
    hives.set(path, parseExport(await hivexExport(file)));
  });
  return { everything, hives };
}

const folder = scratchFolderForAll();

/** Disks are made once and only read. */
const made = new Map<string, Promise<Source>>();
function source(name: string, options: () => WindowsGuestOptions): Promise<Source> {
  let known = made.get(name);
  if (known === undefined) {
    known = (async () => {
      const disk = await windowsDisk(join(folder, `${name}.img`), options());
      return { disk, digest: await sha256(disk.path), ...(await readAll(disk.path, disk.volumes)) };
    })();
    made.set(name, known);
  }
  return known;
}

const optionsFor = (path: string, target: string, output = join(folder, 'nothing')): ConvertOptions =>
  convertOptions(path, target, output);

async function planned(path: string, target: string): Promise<GuestEdit[]> {
  const world = { now: Date.now, version: '0', onStep: () => undefined };
  return previewConversion(optionsFor(path, target), world, async ({ plan }) =>
    plan.fixes.flatMap(({ edits }) => edits),
  );
}

const pathsOf = (action: EditAction): string[] =>
  action.kind === 'rename' ? [action.from, action.path] : [action.path];
const changesOf = (edits: readonly GuestEdit[], path: string): RegistryChange[] =>
  edits.flatMap(({ action }) => (action.kind === 'registry' && action.path === path ? action.changes : []));

/** Keys that are not the same in both, in order, with their lines in the second. */
function changedKeys(before: Exported, after: Exported): [string, string[] | undefined][] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .sort()
    .filter((key) => JSON.stringify(before.get(key)) !== JSON.stringify(after.get(key)))
    .map((key): [string, string[] | undefined] => [key, after.get(key)]);
}

async function convertAndUndo(from: Source, target: string): Promise<void> {
  const edits = await planned(from.disk.path, target);
  const out = join(await scratchFolder(), 'out');
  const done = await ironlift(['convert', from.disk.path, '--to', target, '-o', out, '--json']);
  expect(done.status, done.err).toBe(0);
  expect(await sha256(from.disk.path)).toBe(from.digest);
  const { disks, edits: recorded } = await readManifest(out);
  expect(disks).toMatchObject([{ verified: true }]);
  expect(recorded.map(({ what, path }) => [what, path])).toEqual(
    edits.map(({ what, action }) => [what, action.path]),
  );
  const image = join(out, disks[0]!.file);

  const after = await readAll(image, from.disk.volumes);
  const expected = [...new Set(edits.flatMap(({ action }) => pathsOf(action)))].sort();
  expect(expected.length).toBeGreaterThan(4);
  expect(differences(from.everything, after.everything)).toEqual(expected);
  for (const [path, before] of from.hives) {
    const changes = changesOf(edits, path);
    const wanted = withChanges(before, changes);
    expect(changedKeys(before, after.hives.get(path)!), path).toEqual(changedKeys(before, wanted));
    expect(changedKeys(before, wanted).length > 0, path).toBe(changes.length > 0);
  }

  const undone = await ironlift(['undo', out, '--apply', '--json']);
  expect(undone.status, undone.err).toBe(0);
  expect(JSON.parse(undone.out)).toMatchObject({ applied: true, skipped: [] });
  // Digests of all files, the hives among them: byte for byte.
  const back = await everythingOn(image, from.disk.volumes);
  expect(differences(from.everything, back)).toEqual([]);
}

const DATA = { '/Shares/report.xlsx': 'x'.repeat(70_000), '/Shares/Größe.txt': 'data' };
const MADE: [name: string, target: string, options: WindowsGuestOptions][] = [
  ['2008r2', 'kvm', { version: '2008r2' }],
  ['2019', 'vmware-esxi', { version: '2019', data: DATA }],
  ['2019', 'hyperv', { version: '2019', data: DATA }],
];
const REAL: [name: string, target: string, hive: string, options: WindowsGuestOptions][] = [
  ['real-7', 'virtualbox', 'system/regipy-SYSTEM', { version: '7' }],
  ['real-10', 'kvm', 'system/dissect.regf-SYSTEM', { version: '10', data: DATA }],
];

describe('a whole server', () => {
  it.each(MADE)(
    '%s to %s: nothing but what is planned differs, and undone nothing',
    async (name, target, options) => {
      await convertAndUndo(await source(name, () => options), target);
    },
  );

  it('gone on with after an interruption: the same changes come out, at any time', async () => {
    const from = await source('2019', () => ({ version: '2019', data: DATA }));
    const out = join(await scratchFolder(), 'out');
    const controller = new AbortController();
    const world = (now: number, onStep: (sentence: string) => void): ConvertWorld => ({
      now: () => now,
      version: '0',
      onStep,
    });
    const interrupted = convertServer(optionsFor(from.disk.path, 'virtualbox', out), {
      ...world(1_800_000_000_000, (sentence) => {
        if (/^Reading disk 1 of 1 again/u.test(sentence)) controller.abort();
      }),
      signal: controller.signal,
      keepPartial: true,
    });
    await expect(interrupted).rejects.toMatchObject({ code: 'PAUSED' });
    const steps: string[] = [];
    await resumeConversion(
      out,
      world(1_900_000_000_000, (sentence) => void steps.push(sentence)),
    );
    expect(steps.some((sentence) => sentence.startsWith('Copying'))).toBe(false);
    const { disks, edits } = await readManifest(out);
    const after = await readAll(join(out, disks[0]!.file), from.disk.volumes);
    expect(differences(from.everything, after.everything)).toEqual(
      [...new Set(edits.map(({ path }) => path))].sort(),
    );
    const wanted = withChanges(
      from.hives.get(SYSTEM)!,
      changesOf(await planned(from.disk.path, 'virtualbox'), SYSTEM),
    );
    expect(changedKeys(from.hives.get(SYSTEM)!, after.hives.get(SYSTEM)!)).toEqual(
      changedKeys(from.hives.get(SYSTEM)!, wanted),
    );
  });

  it('undone after its first start: what Windows did since stays, the rest is as it was', async () => {
    const from = await source('2008r2', () => ({ version: '2008r2' }));
    const scratch = await scratchFolder();
    const out = join(scratch, 'out');
    const args = ['convert', from.disk.path, '--to', 'kvm', '--format', 'raw', '-o', out];
    expect((await ironlift(args)).status).toBe(0);
    const image = join(out, (await readManifest(out)).disks[0]!.file);
    await atWork(
      image,
      from.disk.volumes.find(({ at }) => at === '')!,
      async (mount) => {
        const ours = join(mount, 'Windows/Ironlift/FirstBoot');
        for (const name of await readdir(ours)) await rm(join(ours, name));
        await writeFile(join(ours, 'log.txt'), 'All steps are done.');
        const changes = join(scratch, 'changes.reg');
        const lines = [
          'Windows Registry Editor Version 5.00',
          '[-\\ControlSet001\\Services\\IronliftFirstBoot]',
          '[\\ControlSet001\\Services\\NewDriver]',
          '"Start"=dword:00000003',
          '',
        ];
        await writeFile(changes, lines.join('\n'));
        await run('hivexregedit', ['--merge', join(mount, 'Windows/System32/config/SYSTEM'), changes]);
      },
    );

    const undone = await ironlift(['undo', out, '--apply', '--json']);
    expect(undone.status, undone.err).toBe(0);
    expect((JSON.parse(undone.out) as { skipped: string[] }).skipped).toEqual([
      'The folder C:\\Windows\\Ironlift\\FirstBoot is not empty.',
      'The folder C:\\Windows\\Ironlift is not empty.',
    ]);
    expect((await readManifest(out)).findings.filter(({ code }) => code === 'UNDO_INCOMPLETE').length).toBe(
      2,
    );
    const back = await readAll(image, from.disk.volumes);
    expect(differences(from.everything, back.everything)).toEqual([
      '/Windows/Ironlift',
      '/Windows/Ironlift/FirstBoot',
      '/Windows/Ironlift/FirstBoot/log.txt',
      SYSTEM,
    ]);
    expect(changedKeys(from.hives.get(SYSTEM)!, back.hives.get(SYSTEM)!)).toEqual([
      ['ControlSet001\\Services\\NewDriver', ['"Start"=dword:00000003']],
    ]);
  });

  describe.skipIf(!hasShared)(`with the registry of a real one ${NEEDS_SHARED}`, () => {
    it.each(REAL)('%s to %s: the same', async (name, target, hive, options) => {
      await convertAndUndo(
        await source(name, () => ({ ...options, hives: { system: fixture(hive) } })),
        target,
      );
    });
  });
});
