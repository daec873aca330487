/** Boot store and drive letters of real servers; differences are written out and judged by hivex. */
import { describe, expect, it } from 'vitest';
import type { VolumeInfo } from '../../../../../migration-core/guest/fixer.ts';
import { bootStore } from '../../../../../migration-core/guest/windows/system/boot-store.ts';
import { driveLetter } from '../../../../../migration-core/guest/windows/system/drive-letter.ts';
import { windowsHives } from '../../../../support/windows-guest.ts';
import { hasShared, NEEDS_SHARED } from '../../../../support/shared.ts';
import { fixture } from '../../../registry/fixtures.ts';
import { difference, fixWindows, SYSTEM } from '../world.ts';

const UEFI = '/:esp/EFI/Microsoft/Boot/BCD';
const volume = (more: Partial<VolumeInfo>): VolumeInfo => ({
  id: 'disk0p2',
  disk: 0,
  partition: 2,
  size: 1 << 30,
  type: 'ntfs',
  uuid: '',
  label: '',
  partUuid: '',
  ...more,
});

describe.skipIf(!hasShared)(`stores of real servers ${NEEDS_SHARED}`, () => {
  it('the boot store of Windows 10 gets two settings of its default loader, and nothing else', async () => {
    const store = fixture('edge/regipy-BCD');
    const { after } = await fixWindows(bootStore, {
      system: windowsHives('10').system,
      esp: { '/EFI/Microsoft/Boot/BCD': store },
      guest: { firmware: 'uefi' },
      facts: { ntVersion: '10.0', hives: { system: SYSTEM, software: '', bootStores: [UEFI] } },
    });
    const elements = 'Objects\\{733b62e5-f608-11eb-825c-c112f60133ab}\\Elements';
    expect(await difference(store, await after.hive(UEFI))).toEqual([
      `+ ${elements}\\16000009 | "Element"=hex(3):00`,
      `+ ${elements}\\250000e0 |`,
      `+ ${elements}\\250000e0 | "Element"=hex(3):01,00,00,00,00,00,00,00`,
      `- ${elements}\\16000009 | "Element"=hex(3):01`,
    ]);
  });

  it.each([
    // As MountedDevices of each hive says it: signature and start, or GUID of the partition.
    ['regipy-SYSTEM', volume({ diskId: '5cbea03e', offset: 0x100000 })],
    ['bitcurator-M57-PAT-SYSTEM', volume({ diskId: 'd350d350', offset: 0x7e00 })],
    ['hackfortress-xp-system', volume({ diskId: '30793078', offset: 0x7000 })],
    [
      'dissect.regf-SYSTEM',
      volume({ diskId: '0'.repeat(36), offset: 0, partUuid: '1e178d94-4f79-41e9-865d-2e5b4328cd23' }),
    ],
  ])('%s finds its drive again', async (name, root) => {
    const system = fixture(`system/${name}`);
    expect((await fixWindows(driveLetter, { system, volumes: [root] })).planned).toEqual([]);
  });

  it('Windows XP on a disk with another signature gets its letter back, and only that', async () => {
    const system = fixture('system/hackfortress-xp-system');
    const volumes = [volume({ diskId: '11223344', offset: 0x7e00 })];
    const { after } = await fixWindows(driveLetter, { system, volumes });
    const line = (bytes: string): string => `MountedDevices | "\\\\DosDevices\\\\C:"=hex(3):${bytes}`;
    expect(await difference(system, await after.hive(SYSTEM))).toEqual([
      `+ ${line('44,33,22,11,00,7e,00,00,00,00,00,00')}`,
      `- ${line('78,30,79,30,00,70,00,00,00,00,00,00')}`,
    ]);
  });
});
