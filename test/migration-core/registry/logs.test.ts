/** Dirty hives and logs that the test writes from the specification: which log is used, in which order, and when none is. */
import { describe, expect, it } from 'vitest';
import { exportText } from '../../../migration-core/registry/export-text.ts';
import { openHive } from '../../../migration-core/registry/hive.ts';
import { dword } from '../../../migration-core/registry/types.ts';
import { emptyHive, seal } from './build-hive.ts';
import { dirty, newLog, oldLog, sign } from './build-log.ts';

const NOW = new Date('2026-01-02T03:04:05.678Z');
/** The hive after 0, 1, 2 and 3 edits, each with more bins than the last; all with one time and number in the base block. */
const states = [0, 1, 2, 3].map((count) => {
  const hive = openHive(emptyHive());
  for (let i = 0; i < count; i++) hive.createKey(`edit ${i}`).setValue('v', 3, Buffer.alloc(10_000, i));
  const bytes = Buffer.from(hive.serialise(NOW));
  bytes.writeUInt32LE(50, 4);
  bytes.writeUInt32LE(50, 8);
  emptyHive().copy(bytes, 12, 12, 20);
  emptyHive().copy(bytes, 4096 + 20, 4096 + 20, 4096 + 28);
  return seal(bytes);
});
const hive = dirty(states[0]!);
const content = (state: number): string => exportText(openHive(states[state]!).root);
const named = (...logs: Buffer[]) => logs.map((bytes, i) => ({ name: `LOG${i + 1}`, bytes }));
const opened = (logs: Buffer[], bytes = hive): string => {
  try {
    const found = openHive(bytes, { logs: named(...logs) });
    const again = openHive(found.serialise(NOW));
    expect(exportText(again.root)).toBe(exportText(found.root));
    return exportText(found.root);
  } catch (error) {
    return `${(error as { code: string }).code}: ${(error as Error).message}`;
  }
};
const DIRTY = 'HIVE_DAMAGED: The registry hive is damaged: its last write did not end, and ';
const cut = (log: Buffer, from: number): Buffer => Buffer.from(log.subarray(0, log.length - from));
const changed = (log: Buffer, change: (log: Buffer) => unknown): Buffer => {
  const copy = Buffer.from(log);
  change(copy);
  return copy;
};

describe('logs of the new format', () => {
  const both = newLog(states, 50);
  const early = newLog(states.slice(0, 2), 50);
  const late = newLog(states.slice(1), 51);

  it('are applied entry by entry, whichever log they are in', () => {
    expect(opened([both])).toBe(content(3));
    expect(opened([early, late])).toBe(content(3));
    expect(opened([late, early])).toBe(content(3));
    expect(opened([Buffer.alloc(0), both])).toBe(content(3));
    expect(openHive(hive, { logs: named(late, early) }).recovery).toEqual({
      logs: ['LOG2', 'LOG1'],
      pages: expect.any(Number) as number,
      sequence: 52,
      binsBefore: 4096,
      binsAfter: states[3]!.length - 4096,
      baseBlockFromLog: false,
    });
  });

  it('end where an entry is not whole, and where the numbers do', () => {
    expect(opened([cut(both, 512)])).toBe(content(2));
    expect(opened([changed(both, (log) => (log[log.length - 5000]! ^= 1))])).toBe(content(2));
    // A remnant of an older round behind the first entry.
    expect(opened([Buffer.concat([early, newLog(states.slice(1, 3), 40).subarray(512)])])).toBe(content(1));
    expect(opened([early, newLog(states.slice(2), 60)])).toBe(content(1));
  });

  it('are refused where none of them belongs to the hive', () => {
    expect(opened([newLog(states, 20)])).toBe(`${DIRTY}LOG1 is older than the hive.`);
    expect(opened([changed(both, (log) => (log[600]! ^= 1))])).toBe(`${DIRTY}LOG1 holds no whole entry.`);
    expect(opened([changed(both, (log) => (log[100]! ^= 1))])).toBe(`${DIRTY}LOG1 has a wrong checksum.`);
    expect(opened([Buffer.from('something else')])).toBe(`${DIRTY}LOG1 does not begin as a log does.`);
    expect(opened([])).toBe(`${DIRTY}there is no transaction log to complete it.`);
    // Whole and signed, but with a bin of another place in it: what comes out is looked at like any hive.
    const wrong = changed(early, (log) => {
      const pages = log.readUInt32LE(512 + 20);
      log.writeUInt32LE(0x8000, 512 + 40 + pages * 8 + 4);
      sign(log.subarray(512));
    });
    expect(opened([wrong])).toBe(
      'HIVE_DAMAGED: The registry hive is damaged: the bin at 0x0 says that it lies elsewhere.',
    );
  });

  it('give a damaged base block back', () => {
    const damaged = changed(hive, (bytes) => bytes.fill(0xee, 12, 500));
    expect(opened([early], damaged)).toBe(content(1));
    expect(openHive(damaged, { logs: named(early) }).recovery).toMatchObject({ baseBlockFromLog: true });
  });

  it('are ignored beside a hive that is not dirty', () => {
    expect(opened([both], states[0])).toBe(content(0));
  });
});

describe('logs of the old format', () => {
  const log = oldLog(states[0]!, states[2]!);

  it('are applied when they belong to this write of the hive', () => {
    expect(opened([log])).toBe(content(2));
    expect(opened([Buffer.alloc(0), log])).toBe(content(2));
    const other = seal(changed(log.subarray(0, 512), (head) => head.writeUInt32LE(77, 12)));
    expect(opened([Buffer.concat([other, log.subarray(512)]), log])).toBe(content(2));
    expect(opened([Buffer.concat([other, log.subarray(512)])])).toBe(
      `${DIRTY}LOG1 belongs to another write of the hive.`,
    );
  });

  it('are refused when they are not whole', () => {
    expect(opened([cut(log, 100)])).toBe(`${DIRTY}LOG1 ends inside its pages.`);
    expect(opened([log.subarray(0, 700)])).toBe(`${DIRTY}LOG1 ends inside its bitmap of pages.`);
    expect(opened([changed(log, (bytes) => bytes.write('TRID', 512))])).toBe(
      `${DIRTY}LOG1 has no bitmap of pages.`,
    );
    const head = (change: (head: Buffer) => unknown): Buffer =>
      Buffer.concat([seal(changed(log.subarray(0, 512), change)), log.subarray(512)]);
    expect(opened([head((bytes) => bytes.writeUInt32LE(99, 4))])).toBe(
      `${DIRTY}LOG1 was not written to its end.`,
    );
    expect(opened([head((bytes) => bytes.writeUInt32LE(77, 44))])).toBe(
      `${DIRTY}LOG1 names a sector size that no disk has.`,
    );
    expect(opened([head((bytes) => bytes.writeUInt32LE(0xfffff000, 40))])).toBe(
      `${DIRTY}LOG1 names an impossible size of the hive.`,
    );
  });

  it('leave a hive that is edited and written like any other', () => {
    const found = openHive(hive, { logs: named(log) });
    found.root.setValue('after', ...dword(1));
    expect(openHive(found.serialise(NOW)).root.value('after')).toBeDefined();
  });
});
