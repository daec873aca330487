/** Registry edits of real hives on NTFS made by mkntfs: judged by hivex, ntfs-3g's programs and digests. */
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { applyEdits } from '../../../../migration-core/guest/apply.ts';
import { invertEdits, type UndoRecord } from '../../../../migration-core/guest/apply-undo.ts';
import type { GuestEdit } from '../../../../migration-core/guest/fixer.ts';
import { GuestTree } from '../../../../migration-core/guest/tree.ts';
import type { RegistryChange } from '../../../../migration-core/guest/windows/registry-change.ts';
import { openHive } from '../../../../migration-core/registry/hive.ts';
import { dword } from '../../../../migration-core/registry/types.ts';
import { hasShared, NEEDS_SHARED } from '../../../support/shared.ts';
import { findTool, needTools, run, scratchFolder } from '../../../support/tools.ts';
import { makeNtfs, openNtfs, writeOut, type NtfsImage } from '../../filesystem/ntfs/ntfs-image.ts';
import { fixture, hivexExport, parseExport, type Exported } from '../../registry/fixtures.ts';
import { changesAtRandom } from './random-changes.ts';

const NOW = 1_800_000_000;
const CONFIG = '/Windows/System32/config';
const PATH = `${CONFIG}/SYSTEM`;

beforeAll(() => needTools('hivexregedit', 'xz', 'mkntfs', 'ntfscat', 'ntfsfix'));

interface Volume {
  image: NtfsImage;
  tree: GuestTree;
  folder: string;
}

async function volumeWith(files: Record<string, Uint8Array>): Promise<Volume> {
  const folder = await scratchFolder();
  const image = await openNtfs(await makeNtfs(folder, 'windows.img', 96));
  for (const path of ['/Windows', '/Windows/System32', CONFIG]) await image.fs.mkdir(path);
  for (const [name, bytes] of Object.entries(files)) await image.fs.writeFile(`${CONFIG}/${name}`, bytes);
  await image.fs.flush();
  return { image, tree: new GuestTree(image.fs, 'disk0p1'), folder };
}

/** The file as ntfs-3g's ntfscat reads it from the volume, which ntfsfix finds in order. */
async function judged({ image, folder }: Volume, name = 'SYSTEM'): Promise<{ bytes: Buffer; path: string }> {
  const copy = await writeOut(image, join(folder, 'result.img'));
  await run('ntfsfix', ['-n', copy]);
  const bytes = execFileSync(findTool('ntfscat')!, [copy, `${CONFIG}/${name}`], { maxBuffer: 1 << 30 });
  const path = join(folder, 'judged');
  writeFileSync(path, bytes);
  return { bytes, path };
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const exported = async (path: string): Promise<Exported> => parseExport(await hivexExport(path));

/** Several edits of several changes each. */
function editsOf(changes: readonly RegistryChange[], path = PATH): GuestEdit[] {
  const edits: GuestEdit[] = [];
  for (let from = 0; from < changes.length; from += 7)
    edits.push({
      what: `Changes from ${from} on are made.`,
      why: 'They are needed.',
      action: { kind: 'registry', path, changes: changes.slice(from, from + 7) },
    });
  return edits;
}

/** As the manifest keeps it: plain data. */
const kept = (records: UndoRecord[]): UndoRecord[] => structuredClone(records);

const HIVES: [name: string, seed: number][] = [
  ['system/bitcurator-M57-PAT-SYSTEM', 11],
  ['system/regipy-SYSTEM', 12],
  ['system/dissect.regf-SYSTEM', 13],
];

describe.skipIf(!hasShared)(`hives of real servers ${NEEDS_SHARED}`, () => {
  it.each(HIVES)('%s: 400 changes are what hivex reads; undone byte for byte', async (name, seed) => {
    const original = fixture(name);
    const volume = await volumeWith({ SYSTEM: original });
    const before = await judged(volume);
    const model = await exported(before.path);
    const untouched = await exported(before.path);
    const changes = changesAtRandom(model, 400, seed);
    const records = await applyEdits(volume.tree, editsOf(changes), { now: NOW });
    expect(records.length).toBe(58);
    const after = await judged(volume);
    expect(await exported(after.path)).toEqual(model);
    expect(model).not.toEqual(untouched);

    await applyEdits(volume.tree, invertEdits(kept(records)), { now: NOW + 60 });
    const undone = await judged(volume);
    expect([undone.bytes.length, sha256(undone.bytes)]).toEqual([original.length, sha256(original)]);
  });

  it.each(HIVES.slice(1, 2))(
    '%s: taken back value for value where it was written to since',
    async (name, seed) => {
      const volume = await volumeWith({ SYSTEM: fixture(name) });
      const before = await exported((await judged(volume)).path);
      const changes = changesAtRandom(new Map(before), 400, seed + 100);
      const records = await applyEdits(volume.tree, editsOf(changes), { now: NOW });
      const hive = openHive(await volume.image.fs.readFile(PATH));
      hive.createKey('Ironlift test').setValue('Started', ...dword(1));
      await volume.image.fs.writeFile(PATH, hive.serialise(new Date((NOW + 30) * 1000)));

      const undone = await applyEdits(volume.tree, invertEdits(kept(records)), { now: NOW + 60 });
      expect(undone.flatMap(({ skipped }) => skipped ?? [])).toEqual([]);
      const after = await exported((await judged(volume)).path);
      expect(after.get('Ironlift test')).toEqual(['"Started"=dword:00000001']);
      after.delete('Ironlift test');
      expect(after).toEqual(before);
    },
  );

  it('a dirty hive is completed as Windows completed it, changed, and dirty again when undone', async () => {
    const dirty = fixture('dirty/yarp-NewDirtyHive1.NewDirtyHive');
    const logs = {
      'SYSTEM.LOG1': fixture('dirty/yarp-NewDirtyHive1.NewDirtyHive.LOG1'),
      'SYSTEM.LOG2': fixture('dirty/yarp-NewDirtyHive1.NewDirtyHive.LOG2'),
    };
    const volume = await volumeWith({ SYSTEM: dirty, ...logs });
    const path = join(volume.folder, 'windows');
    writeFileSync(path, fixture('dirty/yarp-NewDirtyHive1.RecoveredHive_Windows10'));
    const model = await exported(path);
    const changes = changesAtRandom(model, 50, 7);
    const records = await applyEdits(volume.tree, editsOf(changes), { now: NOW });
    expect(await exported((await judged(volume)).path)).toEqual(model);
    await applyEdits(volume.tree, invertEdits(kept(records)), { now: NOW + 60 });
    expect(sha256((await judged(volume)).bytes)).toBe(sha256(dirty));
    for (const [name, bytes] of Object.entries(logs))
      expect(sha256((await judged(volume, name)).bytes)).toBe(sha256(bytes));
  });
});
