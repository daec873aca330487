/** Hives and logs changed at random: a typed error or a hive that holds together, in bounded time; the input is never written. */
import { describe, expect, it } from 'vitest';
import { isIronliftError } from '../../../migration-core/base/errors.ts';
import { checkHive } from '../../../migration-core/registry/check.ts';
import { exportText } from '../../../migration-core/registry/export-text.ts';
import { openHive, type Hive } from '../../../migration-core/registry/hive.ts';
import { dword, text } from '../../../migration-core/registry/types.ts';
import { seeded } from '../../support/tools.ts';
import { DESCRIPTOR, emptyHive, seal } from './build-hive.ts';
import { dirty, newLog, oldLog, sign } from './build-log.ts';

const CASES = Number(process.env['IRONLIFT_FUZZ_CASES'] ?? 40);
const NOW = new Date('2026-01-02T03:04:05.678Z');
const CODES = [
  'NOT_A_HIVE',
  'HIVE_DAMAGED',
  'HIVE_TOO_LARGE',
  'HIVE_KEY_NOT_FOUND',
  'EDIT_NOT_POSSIBLE',
  'NAME_NOT_ALLOWED',
];
/** One case takes milliseconds; the bound is for a loop. */
const SLOW = 3000;

function everything(): Hive {
  const hive = openHive(emptyHive({ padding: 4096 }));
  const other = Buffer.from(DESCRIPTOR);
  other[30] = 1;
  const services = hive.createKey('ControlSet001\\Services');
  for (let i = 0; i < 30; i++) services.createSubkey(`service ${i}`).setValue('Start', ...dword(i % 5));
  services.createSubkey('secured', { security: other, className: 'class' });
  hive.key('ControlSet001\\Services\\service 3').setValue('big', 3, Buffer.alloc(40_000, 3));
  const deep = hive.createKey('a\\b\\c\\d\\e');
  for (let i = 0; i < 20; i++) deep.setValue(`value ${i}`, ...text('x'.repeat(i * 9)));
  const many = hive.createKey('many');
  for (let i = 0; i < 600; i++) many.createSubkey(`k${i}`);
  return hive;
}

const INTERESTING = [
  0, 1, 2, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffff8, 0x1000, 0x20, 8,
];

function mutate(bytes: Buffer, random: () => number, from: number): void {
  const below = (limit: number): number => Math.floor(random() * limit);
  for (let i = 0, count = 1 + below(6); i < count; i++) {
    const at = from + below((bytes.length - from) / 4) * 4;
    const kind = random();
    if (at + 8 > bytes.length) continue;
    if (kind < 0.25) bytes[at + below(4)] = below(256);
    else if (kind < 0.5) bytes.writeUInt32LE(INTERESTING[below(INTERESTING.length)]!, at);
    else if (kind < 0.6)
      bytes.writeUInt16LE(INTERESTING[below(INTERESTING.length)]! & 0xffff, at + 2 * below(2));
    else if (kind < 0.8) bytes.writeUInt32LE(below(bytes.length / 8) * 8, at);
    else bytes.copyWithin(at, from + below(bytes.length - from - 64), from + below(64) + 8);
  }
}

/** Points a random offset-like word of a random record at another record: loops, shared lists, cells of two owners. */
function rewire(bytes: Buffer, random: () => number): void {
  const records: number[] = [];
  for (let at = 4096 + 32; at + 80 < bytes.length; at += 8)
    if (['nk', 'vk', 'sk', 'lh', 'ri', 'db'].includes(bytes.toString('latin1', at + 4, at + 6)))
      records.push(at);
  const pick = (): number => records[Math.floor(random() * records.length)]!;
  const FIELDS: Record<string, number[]> = {
    nk: [16, 20, 28, 36, 40, 44, 48],
    vk: [4, 8],
    sk: [4, 8, 12],
    lh: [4, 12],
    ri: [4, 8],
    db: [4],
  };
  for (let i = 0; i < 1 + Math.floor(random() * 3); i++) {
    const at = pick();
    const fields = FIELDS[bytes.toString('latin1', at + 4, at + 6)] ?? [4];
    const field = at + 4 + fields[Math.floor(random() * fields.length)]!;
    if (field + 4 <= bytes.length) bytes.writeUInt32LE(pick() - 4096, field);
  }
}

/** Everything there is to be done with a hive; whatever throws throws one of our errors. */
function useAll(bytes: Buffer, open: () => Hive, random: () => number): 'refused' | 'used' {
  const before = Buffer.from(bytes);
  const started = Date.now();
  let outcome: 'refused' | 'used' = 'used';
  const attempt = <T>(act: () => T): T | undefined => {
    try {
      return act();
    } catch (error) {
      if (!isIronliftError(error) || !CODES.includes(error.code)) throw error;
      expect(error.message).toMatch(/^[A-Z"].*\.$/su);
      return undefined;
    }
  };
  const hive = attempt(open);
  if (hive === undefined) outcome = 'refused';
  else {
    const readable = attempt(() => exportText(hive.root)) !== undefined;
    const sound = checkHive(hive).every(({ kind }) => kind !== 'damage');
    // What can be read as a whole and has no cell of two owners holds together after every edit.
    attempt(() =>
      hive.createKey('a\\b\\new').setValue('x', 3, Buffer.alloc(Math.floor(random() * 20_000), 1)),
    );
    attempt(() => hive.root.removeSubkey(random() < 0.5 ? 'many' : 'a'));
    attempt(() => hive.key('ControlSet001\\Services\\service 3').removeValue('big'));
    attempt(() => hive.key('ControlSet001\\Services').removeSubkey('secured'));
    attempt(() => hive.key('ControlSet001\\Services\\service 7').setValue('start', ...dword(0)));
    const written = attempt(() => hive.serialise(NOW));
    if (written !== undefined) {
      const again = openHive(written);
      if (readable && sound) {
        exportText(again.root);
        expect(checkHive(again).filter(({ kind }) => kind === 'damage')).toEqual([]);
      }
    }
  }
  expect(Date.now() - started).toBeLessThan(SLOW);
  expect(Buffer.compare(bytes, before)).toBe(0);
  return outcome;
}

describe('hives changed at random', () => {
  const sound = Buffer.from(everything().serialise(NOW));

  it.each([
    ['anywhere', 1, (bytes: Buffer, random: () => number) => mutate(bytes, random, 0)],
    [
      'in the bins, with the checksum right',
      2,
      (bytes: Buffer, random: () => number) => mutate(bytes, random, 4096),
    ],
    ['in where records point to', 3, rewire],
    [
      'cut off',
      4,
      (bytes: Buffer, random: () => number) => bytes.fill(0, Math.floor(random() * bytes.length)),
    ],
  ] as const)('%s', (_name, seed, change) => {
    const random = seeded(seed);
    const outcomes = { refused: 0, used: 0 };
    for (let i = 0; i < CASES; i++) {
      const bytes = Buffer.from(sound);
      change(bytes, random);
      if (seed > 1) seal(bytes);
      outcomes[useAll(bytes, () => openHive(bytes, { dirty: 'read' }), random)]++;
    }
    expect(outcomes[seed === 4 ? 'refused' : 'used']).toBeGreaterThan(0);
  });

  it('and logs: old and new, with right hashes and wrong ones', () => {
    const next = openHive(sound);
    next.createKey('new').setValue('v', 3, Buffer.alloc(30_000, 9));
    const after = Buffer.from(next.serialise(NOW));
    const hive = dirty(sound);
    hive.copy(after, 12, 12, 20);
    seal(after);
    const random = seeded(5);
    const outcomes = { refused: 0, used: 0 };
    for (let i = 0; i < CASES; i++) {
      const log = i % 2 === 0 ? oldLog(sound, after) : newLog([sound, after], hive.readUInt32LE(8));
      mutate(log, random, random() < 0.5 ? 0 : 512);
      if (random() < 0.7) {
        seal(log);
        if (i % 2 === 1) sign(log.subarray(512));
      }
      if (i % 5 === 0) hive[508] = i & 255;
      const logs = [
        { name: 'LOG1', bytes: log },
        ...(i % 3 === 0 ? [{ name: 'LOG2', bytes: log.subarray(0, 5000) }] : []),
      ];
      outcomes[useAll(hive, () => openHive(hive, { logs }), random)]++;
      seal(hive);
    }
    expect(outcomes.used).toBeGreaterThan(0);
    expect(outcomes.refused).toBeGreaterThan(0);
  });
});
