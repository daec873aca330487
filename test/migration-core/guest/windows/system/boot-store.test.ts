import { describe, expect, it } from 'vitest';
import type { VolumeInfo } from '../../../../../migration-core/guest/fixer.ts';
import { bootStore } from '../../../../../migration-core/guest/windows/system/boot-store.ts';
import { driveLetter } from '../../../../../migration-core/guest/windows/system/drive-letter.ts';
import { binary, dword } from '../../../../../migration-core/registry/types.ts';
import { hasShared, NEEDS_SHARED } from '../../../../support/shared.ts';
import { hiveOf, windowsHives, type Keys } from '../../../../support/windows-guest.ts';
import {
  BOOT_MANAGER,
  LOADER,
  bootStore as storeOf,
  mountedDevice,
  type PartitionId,
} from '../../../../support/windows/boot-store.ts';
import { fixture } from '../../../registry/fixtures.ts';
import { fixWindows, SYSTEM, type World } from '../world.ts';

const MIB = 1 << 20;
const SIGNATURE = 0x5cbea03e;
const DISK = 'eff77581-f7ef-42bc-bd27-8be22d244bbd';
const WINDOWS = '178d943a-4f79-41e9-865d-2e5b4328cd23';
const ESP = '24e0e103-9bc2-477e-a5e2-3e42d2bb134f';

const volume = (partition: number, more: Partial<VolumeInfo>): VolumeInfo => ({
  id: `disk0p${partition}`,
  disk: 0,
  partition,
  size: 1000 * MIB,
  type: 'ntfs',
  uuid: '',
  label: '',
  partUuid: '',
  ...more,
});
const MBR_VOLUMES = [
  volume(1, { offset: MIB, diskId: '5cbea03e', partUuid: '5cbea03e-01' }),
  volume(2, { offset: 101 * MIB, diskId: '5cbea03e', partUuid: '5cbea03e-02' }),
];
const GPT_VOLUMES = [
  volume(1, { offset: MIB, diskId: DISK, partUuid: ESP, type: 'vfat' }),
  volume(2, { offset: 101 * MIB, diskId: DISK, partUuid: WINDOWS }),
];
const mbr = (offset: number, signature = SIGNATURE): PartitionId => ({ scheme: 'mbr', signature, offset });
const gpt = (partition: string): PartitionId => ({ scheme: 'gpt', disk: DISK, partition });

const BIOS = '/:boot/Boot/BCD';
const UEFI = '/:esp/EFI/Microsoft/Boot/BCD';
const hives = (store: string) => ({ system: SYSTEM, software: '', bootStores: [store] });
const system = windowsHives('7').system;
const element = (object: string, id: string) => `Objects\\${object}\\Elements\\${id}`;

const bios = (store: Uint8Array, more: Partial<World> = {}): World => ({
  system,
  boot: { '/Boot/BCD': store },
  volumes: MBR_VOLUMES,
  ...more,
  facts: { hives: hives(BIOS), ...more.facts },
});
const uefi = (store: Uint8Array, more: Partial<World> = {}): World => ({
  system,
  esp: { '/EFI/Microsoft/Boot/BCD': store },
  volumes: GPT_VOLUMES,
  guest: { firmware: 'uefi' },
  ...more,
  facts: { hives: hives(UEFI), ...more.facts },
});
const soundBios = (overrides: Keys = {}): Uint8Array =>
  storeOf('bios', mbr(MIB), mbr(101 * MIB), { overrides });

describe('a boot configuration store', () => {
  it('that is right is told not to repair itself until the first good start', async () => {
    const { whats, messages, after } = await fixWindows(bootStore, bios(soundBios()));
    expect(messages).toEqual([]);
    expect(whats).toEqual([
      'Windows does not try to repair itself when a start fails, until the virtual machine has started well once.',
      expect.stringMatching(/^A folder for the work/u),
      expect.stringMatching(/^A folder for the work/u),
      'After its first good start Windows repairs failed starts as before.',
    ]);
    const store = await after.hive(BIOS);
    expect(store.find(element(LOADER, '16000009'))!.value('Element')!.data).toEqual(Uint8Array.of(0));
    expect(store.find(element(LOADER, '250000e0'))!.value('Element')).toMatchObject({
      type: 3,
      data: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0),
    });
    expect(await after.readText('/Windows/Ironlift/FirstBoot/80-boot-store.cmd')).toBe(
      [
        '@echo off',
        'rem Recovery after failed starts, as it was on the server.',
        'set failed=0',
        `"%SystemRoot%\\System32\\bcdedit.exe" /set ${LOADER} recoveryenabled Yes || set failed=1`,
        `"%SystemRoot%\\System32\\bcdedit.exe" /deletevalue ${LOADER} bootstatuspolicy || set failed=1`,
        'exit /b %failed%',
        '',
      ].join('\r\n'),
    );
  });

  it('puts back what the server had', async () => {
    const store = soundBios({
      [element(LOADER, '16000009')]: null,
      [element(LOADER, '250000e0')]: { Element: binary(Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0)) },
    });
    const { after } = await fixWindows(bootStore, bios(store));
    const step = await after.readText('/Windows/Ironlift/FirstBoot/80-boot-store.cmd');
    expect(step).toContain(`/deletevalue ${LOADER} recoveryenabled ||`);
    expect(step).toContain(`/set ${LOADER} bootstatuspolicy IgnoreShutdownFailures ||`);
  });

  it('that is set so already, or in a way nobody could put back, is left', async () => {
    const store = soundBios({
      [element(LOADER, '16000009')]: { Element: binary(Uint8Array.of(0)) },
      [element(LOADER, '250000e0')]: { Element: binary(Uint8Array.of(99, 0, 0, 0, 0, 0, 0, 0)) },
    });
    expect((await fixWindows(bootStore, bios(store))).planned).toEqual([]);
  });

  it('that leads to a partition which is not there is told of', async () => {
    const store = storeOf('bios', mbr(MIB, 0x11223344), mbr(202 * MIB));
    const { messages, codes } = await fixWindows(bootStore, bios(store));
    expect(messages).toEqual([
      'The boot manager is started from the partition at byte 1048576 of the disk with signature 11223344 by the boot configuration, which is on none of the disks given.',
      'The loader of Windows is started from the partition at byte 211812352 of the disk with signature 5cbea03e by the boot configuration, which is on none of the disks given.',
      'Windows is started from the partition at byte 211812352 of the disk with signature 5cbea03e by the boot configuration, which is on none of the disks given.',
    ]);
    expect(new Set(codes)).toEqual(new Set(['BOOT_STORE_ELSEWHERE']));
    const other = await fixWindows(
      bootStore,
      uefi(storeOf('uefi', gpt(ESP), gpt(`{${WINDOWS.replace('1', '9')}}`))),
    );
    expect(other.messages[0]).toBe(
      `The loader of Windows is started from the partition ${WINDOWS.replace('1', '9')} of the disk ${DISK} by the boot configuration, which is on none of the disks given.`,
    );
  });

  it('that starts another Windows, or names no place, is told of', async () => {
    const other = await fixWindows(bootStore, bios(storeOf('bios', mbr(MIB), mbr(MIB))));
    expect(other.messages).toEqual([
      'By default the boot configuration starts the Windows on disk0p1, which is not the one that is being converted.',
    ]);
    const none = await fixWindows(bootStore, bios(soundBios({ [element(LOADER, '21000001')]: null })));
    expect(none.messages).toEqual([
      'The boot configuration does not say from which partition Windows is started.',
    ]);
  });

  it('of a server whose disks have no known signatures is not judged', async () => {
    const store = storeOf('bios', mbr(MIB, 1), mbr(2));
    const unknown = MBR_VOLUMES.map(({ id, disk, ...rest }) => ({
      ...volume(rest.partition!, {}),
      id,
      disk,
    }));
    expect((await fixWindows(bootStore, bios(store, { volumes: unknown }))).messages).toEqual([]);
  });

  it('of the other firmware is told of', async () => {
    const store = storeOf('bios', gpt(ESP), gpt(WINDOWS));
    expect((await fixWindows(bootStore, uefi(store))).messages).toEqual([
      'The boot configuration starts \\Windows\\system32\\winload.exe, which is for BIOS, and the virtual machine has UEFI firmware.',
    ]);
    const missing = await fixWindows(bootStore, bios(soundBios(), { machine: { firmware: 'uefi' } }));
    expect(missing.codes).toEqual(['BOOT_STORE_MISSING']);
  });

  it('without a default, or that is no hive, is told of', async () => {
    for (const overrides of [
      { [element(BOOT_MANAGER, '23000003')]: null },
      { [element(BOOT_MANAGER, '23000003')]: { Element: '{bootmgr} & calc.exe' } },
      { [`Objects\\${LOADER}\\Description`]: { Type: 0x10200004 } },
      { [`Objects\\${LOADER}`]: null },
    ])
      expect((await fixWindows(bootStore, bios(soundBios(overrides)))).codes).toEqual([
        'BOOT_STORE_NO_DEFAULT',
      ]);
    const broken = await fixWindows(bootStore, bios(new Uint8Array(9000)));
    expect(broken.codes).toEqual(['BOOT_STORE_DAMAGED']);
  });

  it('of Vista on one processor looks for the hardware layer of several', async () => {
    const hal = 'CCS\\Enum\\Root\\ACPI_HAL\\0000';
    const up = windowsHives('vista', { system: { [hal]: { HardwareID: ['acpiapic_up'] } } }).system;
    const mp = windowsHives('vista', { system: { [hal]: { HardwareID: ['acpiapic_mp'] } } }).system;
    const world = (hive: Uint8Array, cpus: number): World =>
      bios(soundBios(), {
        system: hive,
        facts: { ntVersion: '6.0' },
        guest: { architecture: 'i686' },
        machine: { cpus },
      });
    const sentence =
      'Windows looks for the right hardware layer at its start (detecthal), because it was installed on one processor and gets 2.';
    expect((await fixWindows(bootStore, world(up, 2))).whats).toContain(sentence);
    expect((await fixWindows(bootStore, world(mp, 2))).whats).not.toContain(sentence);
    expect((await fixWindows(bootStore, world(up, 1))).whats).toHaveLength(4);
  });

  it.skipIf(!hasShared)(`of a real Windows 10 ${NEEDS_SHARED}`, async () => {
    const disk = '0b2394a9-095e-487d-8d48-719ecd4d78ca';
    const volumes = [
      volume(1, { offset: MIB, diskId: disk, partUuid: '36be3955-63bf-4068-a6ab-00195cca3a22' }),
      volume(2, { offset: 200 * MIB, diskId: disk, partUuid: '8e0f2c38-e4ea-47ba-b7fc-9d8c74dccf0b' }),
    ];
    const { messages, after } = await fixWindows(bootStore, uefi(fixture('edge/regipy-BCD'), { volumes }));
    expect(messages).toEqual([]);
    expect(await after.readText('/Windows/Ironlift/FirstBoot/80-boot-store.cmd')).toContain(
      'bcdedit.exe" /set {733b62e5-f608-11eb-825c-c112f60133ab} recoveryenabled Yes ||',
    );
  });
});

describe('the drive letter of Windows', () => {
  const letters = (values: Record<string, Uint8Array>): Uint8Array =>
    hiveOf(
      { ControlSet001: {}, Select: { Current: 1 } },
      {
        MountedDevices: Object.fromEntries(
          Object.entries(values).map(([name, data]) => [name, binary(data)]),
        ),
      },
    );
  const C = '\\DosDevices\\C:';
  const D = '\\DosDevices\\D:';

  it('is left where the table has it', async () => {
    for (const [volumes, id] of [
      [MBR_VOLUMES, mbr(101 * MIB)],
      [GPT_VOLUMES, gpt(WINDOWS)],
    ] as const) {
      const world = { system: letters({ [C]: mountedDevice(id) }), volumes: [...volumes] };
      expect((await fixWindows(driveLetter, world)).planned).toEqual([]);
    }
  });

  it('is put right where the table has another partition, or none', async () => {
    const wrong = letters({ [C]: mountedDevice(mbr(63 * 512)), '\\??\\Volume{1}': mountedDevice(mbr(5)) });
    const fixed = await fixWindows(driveLetter, { system: wrong, volumes: MBR_VOLUMES });
    expect(fixed.whats).toEqual([
      'The partition of Windows gets its letter C: in the table of drives; the table named another partition.',
    ]);
    const table = (await fixed.after.hive(SYSTEM)).find('MountedDevices')!;
    expect(Buffer.from(table.value(C)!.data).toString('hex')).toBe('3ea0be5c0000500600000000');
    expect(table.value('\\??\\Volume{1}')!.data).toEqual(new Uint8Array(mountedDevice(mbr(5))));
    const none = await fixWindows(driveLetter, { system: letters({}), volumes: GPT_VOLUMES });
    expect(none.whats).toEqual([
      'The partition of Windows gets its letter C: in the table of drives; the table did not name it.',
    ]);
    const data = (await none.after.hive(SYSTEM)).find('MountedDevices')!.value(C)!.data;
    expect(Buffer.from(data).toString('hex')).toBe('444d494f3a49443a3a948d17794fe941865d2e5b4328cd23');
  });

  it('that another drive has is told of', async () => {
    const both = letters({ [C]: mountedDevice(mbr(5)), [D]: mountedDevice(mbr(101 * MIB)) });
    const { whats, messages } = await fixWindows(driveLetter, { system: both, volumes: MBR_VOLUMES });
    expect(whats).toEqual([]);
    expect(messages).toEqual([
      'Windows calls its own drive C:, and its table of drives gives that partition the letter D:.',
    ]);
  });

  it('is not judged without an identity of the disk, nor by values that are no bytes', async () => {
    const blank = MBR_VOLUMES.map((one) => ({ ...one, diskId: '00000000' }));
    expect((await fixWindows(driveLetter, { system: letters({}), volumes: blank })).planned).toEqual([]);
    const odd = hiveOf({ ControlSet001: {}, MountedDevices: { [C]: dword(1), [D]: 'x' } });
    expect((await fixWindows(driveLetter, { system: odd, volumes: MBR_VOLUMES })).whats).toHaveLength(1);
  });
});
