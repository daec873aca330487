/** Dirty hives of Windows and their logs, completed by us: compared with what Windows itself and what yarp made of them. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { checkHive } from '../../../migration-core/registry/check.ts';
import { exportText } from '../../../migration-core/registry/export-text.ts';
import { openHive, type Hive } from '../../../migration-core/registry/hive.ts';
import { hasShared, NEEDS_SHARED, sharedJson } from '../../support/shared.ts';
import { fixture } from './fixtures.ts';

const NOW = new Date('2026-01-02T03:04:05.678Z');
const log = (name: string) => ({ name: name.slice(name.indexOf('.') + 1), bytes: fixture(`dirty/${name}`) });
const open = (name: string): Hive =>
  openHive(fixture(`dirty/${name}`), { logs: [log(`${name}.LOG1`), log(`${name}.LOG2`)] });
const refusal = (act: () => unknown): unknown => {
  try {
    return act();
  } catch (error) {
    return { code: (error as { code: string }).code, message: (error as Error).message };
  }
};

/** Offsets in the bins of two hives where they differ, beside the time of writing. */
function differences(ours: Buffer, theirs: Buffer): number[] {
  const bins = (bytes: Buffer): Buffer =>
    Buffer.from(bytes.subarray(4096, 4096 + bytes.readUInt32LE(40))).fill(0, 20, 28);
  const [a, b] = [bins(ours), bins(theirs)];
  return [...a.keys()].filter((at) => a[at] !== b[at]);
}

describe.skipIf(!hasShared)(`dirty hives ${NEEDS_SHARED}`, () => {
  it.each([
    [
      'yarp-OldDirtyHive.OldDirtyHive',
      'yarp-OldDirtyHive.RecoveredHive_Windows7',
      ['OldDirtyHive.LOG1'],
      64,
      [437704],
    ],
    [
      'yarp-NewDirtyHive1.NewDirtyHive',
      'yarp-NewDirtyHive1.RecoveredHive_Windows10',
      ['NewDirtyHive.LOG1', 'NewDirtyHive.LOG2'],
      4,
      [],
    ],
  ])('%s becomes what Windows made of it', (name, theirs, logs, pages, others) => {
    const hive = open(name);
    const windows = openHive(fixture(`dirty/${theirs}`));
    expect(exportText(hive.root)).toBe(exportText(windows.root));
    expect(exportText(openHive(fixture(`dirty/${name}`), { dirty: 'read' }).root)).not.toBe(
      exportText(windows.root),
    );
    expect(hive.recovery).toMatchObject({ logs, pages, baseBlockFromLog: false });
    // Byte for byte; in the first hive Windows corrected the longest name of a key's values as well.
    const ours = Buffer.from(hive.serialise(NOW));
    expect(differences(ours, fixture(`dirty/${theirs}`))).toEqual(others);
    expect(openHive(ours).recovery).toBeNull();
    expect(checkHive(openHive(ours)).filter(({ kind }) => kind !== 'lost')).toEqual([]);
  });

  it('a hive grows as its logs tell, to the bytes that yarp has', () => {
    const oracle = (
      sharedJson('hives/oracle/log-replay-yarp.json') as { files: Record<string, Record<string, unknown>> }
    ).files['regipy-transactions_NTUSER.DAT']!;
    const hive = openHive(fixture('dirty/regipy-transactions_NTUSER.DAT'), {
      logs: [log('regipy-transactions_ntuser.dat.log1'), log('regipy-transactions_ntuser.dat.log2')],
    });
    expect(hive.recovery).toMatchObject({
      pages: 132,
      sequence: oracle['lastAppliedSequence'],
      binsBefore: oracle['hiveBinsSizeBeforeReplay'],
      binsAfter: oracle['hiveBinsSizeAfterReplay'],
    });
    const { cells } = hive.core;
    const bins = cells.bytes.subarray(4096, 4096 + cells.binsSize);
    expect(createHash('sha256').update(bins).digest('hex')).toBe(oracle['sha256_of_hive_bins_after_replay']);
    expect(checkHive(hive)).toEqual([]);
  });

  it('a base block that is damaged is taken from the log', () => {
    const hive = open('yarp-BadBaseBlockHive.BadBaseBlockHive');
    expect(hive.recovery).toMatchObject({ baseBlockFromLog: true, pages: 64 });
    expect(exportText(hive.root)).toBe(exportText(open('yarp-OldDirtyHive.OldDirtyHive').root));
    expect(openHive(hive.serialise(NOW)).recovery).toBeNull();
  });

  it('a log that is damaged leaves nothing to go by', () => {
    expect(refusal(() => open('yarp-BadLogHive1.BadLogHive'))).toEqual({
      code: 'HIVE_DAMAGED',
      message:
        'The registry hive is damaged: its last write did not end, and BadLogHive.LOG1 has a wrong checksum.',
    });
  });
});
