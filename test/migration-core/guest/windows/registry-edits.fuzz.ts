/**
 * Damaged hives and senseless changes: an edit is made and can be taken back byte for byte, or a typed error is thrown and the
 * file is as it was.
 */
import { describe, expect, it } from 'vitest';
import { isIronliftError } from '../../../../migration-core/base/errors.ts';
import { applyEdits } from '../../../../migration-core/guest/apply.ts';
import { invertEdits } from '../../../../migration-core/guest/apply-undo.ts';
import type { EditAction } from '../../../../migration-core/guest/fixer.ts';
import { GuestTree } from '../../../../migration-core/guest/tree.ts';
import type {
  HivePatch,
  KeptKey,
  RegistryChange,
  RegistryUndo,
} from '../../../../migration-core/guest/windows/registry-change.ts';
import { openHive } from '../../../../migration-core/registry/hive.ts';
import { dword } from '../../../../migration-core/registry/types.ts';
import { memoryFileSystem } from '../../../support/memory-filesystem.ts';
import { seeded } from '../../../support/tools.ts';
import { DESCRIPTOR, emptyHive, seal } from '../../registry/build-hive.ts';

const CASES = Number(process.env['IRONLIFT_FUZZ_CASES'] ?? 150);
const PATH = '/SYSTEM';
const CODES = ['NOT_A_HIVE', 'HIVE_DAMAGED', 'HIVE_TOO_LARGE', 'EDIT_NOT_POSSIBLE', 'NAME_NOT_ALLOWED'];
/** One case takes milliseconds; the bound is for a loop. */
const SLOW = 3000;

const PARTS = [
  'ControlSet001',
  'Services',
  'service 3',
  'service 30',
  'secured',
  'a',
  '',
  'x'.repeat(255),
  'y'.repeat(256),
  '\u0000',
  '\ud800',
  '..',
  '=cmd|calc',
];

function sound(): Buffer {
  const hive = openHive(emptyHive());
  const services = hive.createKey('ControlSet001\\Services');
  for (let i = 0; i < 12; i++) services.createSubkey(`service ${i}`).setValue('Start', ...dword(i % 5));
  const other = Buffer.from(DESCRIPTOR);
  other[30] = 1;
  services.createSubkey('secured', { security: other, className: 'class' }).createSubkey('a');
  services.subkey('service 3')!.setValue('big', 3, Buffer.alloc(20_000, 3));
  return Buffer.from(hive.serialise(new Date(0)));
}

type Random = () => number;
const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
const pathAtRandom = (random: Random): string =>
  Array.from({ length: Math.floor(random() * 5) }, () => pick(random, PARTS)).join('\\');

function changeAtRandom(random: Random): RegistryChange {
  const key =
    random() < 0.5 ? `ControlSet001\\Services\\service ${Math.floor(random() * 14)}` : pathAtRandom(random);
  const name = random() < 0.5 ? 'Start' : pick(random, [...PARTS, 'n'.repeat(17_000)]);
  const data = new Uint8Array(pick(random, [0, 1, 4, 5, 20_000]));
  const type = pick(random, [0, 1, 4, 0xffffffff, -1, 1.5, 2 ** 32]);
  return pick<RegistryChange>(random, [
    { op: 'set', key, name, type, data },
    { op: 'set', key, name, type: 4, data: new Uint8Array(4) },
    { op: 'create-key', key },
    { op: 'delete-value', key, name },
    { op: 'delete-key', key },
  ]);
}

function keptAtRandom(random: Random, depth: number): KeptKey {
  const security = random() < 0.7 ? DESCRIPTOR : new Uint8Array(Math.floor(random() * 40));
  return {
    name: pick(random, PARTS),
    className: pick(random, [null, 'c', 'c'.repeat(40_000)]),
    ...(random() < 0.1 ? { link: true as const } : {}),
    security,
    values: [{ name: pick(random, PARTS), type: 1, data: new Uint8Array(2) }],
    subkeys: Array.from({ length: depth > 3 ? 0 : Math.floor(random() * 3) }, () =>
      keptAtRandom(random, depth + 1),
    ),
  };
}

function undoAtRandom(random: Random): RegistryUndo {
  if (random() < 0.6) return changeAtRandom(random);
  const key = pathAtRandom(random);
  if (random() < 0.5) return { op: 'delete-empty-key', key };
  return { op: 'restore-key', key, tree: keptAtRandom(random, 0) };
}

function mutate(bytes: Buffer, random: Random): void {
  for (let i = 0, count = Math.floor(random() * 5); i < count; i++) {
    const at = Math.floor(random() * (bytes.length / 4)) * 4;
    const kind = random();
    if (kind < 0.3) bytes[at] = random() * 256;
    else if (kind < 0.6) bytes.writeUInt32LE(pick(random, [0, 1, 0x20, 0x1000, 0xffffffff, 0x7fffffff]), at);
    else bytes.writeUInt32LE(Math.floor(random() * (bytes.length / 8)) * 8, at);
  }
  if (random() < 0.8) seal(bytes);
}

describe('hostile', () => {
  const base = sound();
  const attempt = async (tree: GuestTree, actions: EditAction[]): ReturnType<typeof applyEdits> =>
    applyEdits(
      tree,
      actions.map((action) => ({ what: 'w', why: 'y', action })),
      { now: 1 },
    );

  it(`hives, changes and records (${CASES} cases)`, async () => {
    let done = 0;
    for (let seed = 1; seed <= CASES; seed++) {
      const random = seeded(seed);
      const bytes = Buffer.from(base);
      if (random() < 0.7) mutate(bytes, random);
      const fs = memoryFileSystem({ [PATH]: bytes });
      const tree = new GuestTree(fs, 'disk0p1');
      const read = async (): Promise<Buffer> => Buffer.from(await fs.readFile(PATH));
      const begin = Date.now();
      const typed = async (error: unknown, before: Buffer): Promise<null> => {
        if (!isIronliftError(error) || !CODES.includes(error.code)) throw error;
        expect(Buffer.compare(await read(), before), `seed ${seed}: the file was written to`).toBe(0);
        return null;
      };
      const actions = Array.from({ length: 3 }, (): EditAction => ({
        kind: 'registry',
        path: PATH,
        changes: Array.from({ length: 1 + Math.floor(random() * 4) }, () => changeAtRandom(random)),
      }));
      const records = await attempt(tree, actions).catch((error: unknown) => typed(error, bytes));
      if (records !== null) {
        const after = await read();
        await applyEdits(tree, invertEdits(records), { now: 2 });
        expect(Buffer.compare(await read(), bytes), `seed ${seed}: not undone`).toBe(0);
        await fs.writeFile(PATH, after);
        done++;
      }
      // A record of anyone: the patch fits, or the changes are tried one by one.
      const now = await read();
      const sha256 = random() < 0.3 ? 'no digest' : '';
      const patch: HivePatch = { sha256, size: now.length, ranges: [] };
      const changes = Array.from({ length: 5 }, () => undoAtRandom(random));
      await attempt(tree, [{ kind: 'restore-hive', path: PATH, patch, changes }]).catch((error: unknown) =>
        typed(error, now),
      );
      expect(Date.now() - begin, `seed ${seed}`).toBeLessThan(SLOW);
    }
    expect(done).toBeGreaterThan(CASES / 10);
  });
});
