/** Edits that are written down, shown, and taken back from a file. */
import { expect, it } from 'vitest';
import { checkHive } from '../../../migration-core/registry/check.ts';
import {
  EditJournal,
  describeEdit,
  undoEdits,
  type RegistryEdit,
} from '../../../migration-core/registry/edit-journal.ts';
import { exportText } from '../../../migration-core/registry/export-text.ts';
import { openHive } from '../../../migration-core/registry/hive.ts';
import { dword, text } from '../../../migration-core/registry/types.ts';
import { DESCRIPTOR, emptyHive } from './build-hive.ts';

const NOW = new Date('2026-01-02T03:04:05.678Z');

it('edits are told, and taken back value for value in the hive as it was written', () => {
  const other = Buffer.from(DESCRIPTOR);
  other[30] = 9;
  const first = openHive(emptyHive());
  const drive = first.createKey('Services\\storahci');
  drive.setValue('Start', ...dword(3));
  drive.setValue('Big', 3, Buffer.alloc(20_000, 4));
  drive.createSubkey('StartOverride', { security: other, className: 'c' }).setValue('0', ...dword(3));
  drive.createSubkey('Parameters').createSubkey('Device');
  const before = exportText(first.root);
  const hive = openHive(first.serialise(NOW));
  const journal = new EditJournal(hive);
  journal.setValue('services\\STORAHCI', 'start', ...dword(0));
  journal.setValue('Services\\storahci', 'Start', ...dword(0));
  journal.setValue('Services\\vioscsi\\Parameters', 'PnpInterface', ...text('x'));
  expect(journal.removeKey('Services\\storahci\\startoverride')).toBe(true);
  expect(journal.removeKey('Services\\storahci\\startoverride')).toBe(false);
  expect(journal.removeValue('Services\\storahci', 'big')).toBe(true);
  expect(journal.removeValue('Services\\storahci', 'big')).toBe(false);
  expect(journal.removeKey('')).toBe(false);
  expect(journal.edits.map(describeEdit).map((shown) => shown.slice(0, 80))).toEqual([
    '[\\Services\\storahci]\n-"Start"=dword:00000003\n+"Start"=dword:00000000',
    '+[\\Services\\vioscsi]',
    '+[\\Services\\vioscsi\\Parameters]',
    '[\\Services\\vioscsi\\Parameters]\n+"PnpInterface"=hex(1):78,00,00,00',
    '-[\\Services\\storahci\\StartOverride]',
    `[\\Services\\storahci]\n-"Big"=hex(3):${'04,'.repeat(20)}`.slice(0, 80),
  ]);
  const edits = JSON.parse(JSON.stringify(journal.edits)) as RegistryEdit[];
  const later = openHive(hive.serialise(NOW));
  expect(exportText(later.root)).not.toBe(before);
  undoEdits(later, edits);
  const undone = openHive(later.serialise(NOW));
  expect(exportText(undone.root)).toBe(before);
  expect(Buffer.from(undone.key('Services\\storahci\\StartOverride').security)).toEqual(other);
  expect(undone.key('Services\\storahci\\StartOverride').className).toBe('c');
  expect(checkHive(undone)).toEqual([]);
  expect(() => undoEdits(undone, edits)).toThrow(
    'The registry hive has no key "Services\\vioscsi\\Parameters".',
  );
});
