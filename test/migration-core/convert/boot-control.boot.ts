/**
 * The control of the boot tests: the servers as they are, before any conversion. They start on the hardware they were
 * made on and on no other; what the boot matrix shows is therefore our doing.
 */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { DiskBus } from '../../../migration-core/target/machine.ts';
import { buildGuest, type GuestDisk, type GuestKind } from '../../support/guests.ts';
import {
  machineOf,
  overlayOf,
  startGuest,
  unlessStarved,
  type RunningGuest,
} from '../../support/guests-machine.ts';
import { sha256 } from '../../support/hash.ts';
import { scratchFolder } from '../../support/tools.ts';

const ENDINGS =
  /^\S+ login:(?= |$)|^\(initramfs\)|rdsosreport\.txt|^dracut:\/#|Kernel panic|BdsDxe: No bootable option|^Shell>/mu;

/** Starts the untouched disk; returns where it came to its end. `loader`: by the boot loader on it, else its kernel directly. */
const endOf = (guest: GuestDisk, bus: DiskBus, way: 'loader' | 'kernel'): Promise<string> =>
  unlessStarved(() => startToEnd(guest, bus, way));

async function startToEnd(guest: GuestDisk, bus: DiskBus, way: 'loader' | 'kernel'): Promise<string> {
  const folder = await scratchFolder();
  let running: RunningGuest | null = null;
  try {
    running = await startGuest({
      machine: machineOf(guest.hostName, way === 'loader' ? guest.firmware : 'bios', bus, {
        model: 'e1000e',
        mac: '00:25:90:00:00:01',
      }),
      disks: [await overlayOf(guest.disk, 'raw', join(folder, 'overlay.qcow2'))],
      folder,
      // The fstab of one server names its disk by what it is.
      diskIdentity: { model: 'WDC WD5003ABYX-01WERA1', serial: 'WD-WMAYP3841207' },
      ...(way === 'loader'
        ? {}
        : {
            kernel: {
              image: guest.kernelImage,
              initramfs: guest.initramfs,
              // The server itself has no serial console; dracut need not wait three minutes for a disk.
              commandLine: `root=UUID=${guest.rootUuid} ro console=ttyS0 rd.retry=20`,
            },
          }),
    });
    return await running.expect(ENDINGS, 900);
  } finally {
    await running?.kill();
  }
}

test('bios-ahci, by GRUB: login on AHCI, the initramfs prompt on virtio-blk; its file stays as it was', async () => {
  const guest = await buildGuest('bios-ahci');
  const before = await sha256(guest.disk);
  expect(await endOf(guest, 'ahci', 'loader')).toBe('erp01 login:');
  expect(await endOf(guest, 'virtio-blk', 'loader')).toBe('(initramfs)');
  expect(await sha256(guest.disk)).toBe(before);
});

test.each<[GuestKind, DiskBus, RegExp]>([
  ['bios-ahci', 'lsi-sas', /^\(initramfs\)/u],
  ['split', 'ahci', /^files03 login:/u],
  ['uefi-gpt', 'ahci', /^web02 login:/u],
  ['uefi-gpt', 'nvme', /^\(initramfs\)/u],
  ['dracut', 'ahci', /^db04 login:/u],
  ['dracut', 'virtio-blk', /^rdsosreport\.txt|^dracut:\/#/u],
])('%s, by its kernel: what comes on %s', async (kind, bus, ending) => {
  expect(await endOf(await buildGuest(kind), bus, 'kernel')).toMatch(ending);
});

test('uefi-gpt: firmware that remembers nothing finds no boot loader', async () => {
  expect(await endOf(await buildGuest('uefi-gpt'), 'ahci', 'loader')).toMatch(/BdsDxe|Shell>/u);
});
