/**
 * One server, every disk controller: a Debian 12 that knows only AHCI (boot-control.boot.ts shows it) is converted and
 * starts on each of them, with its address on its interface.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { BootVerdict } from '../../../migration-core/convert/boot-test.ts';
import { buildGuest } from '../../support/guests.ts';
import { convertGuest, tryIronlift } from '../../support/guests-converted.ts';
import { bootOnce, bootTwice, type Cell } from '../../support/guests-matrix.ts';
import { sha256 } from '../../support/hash.ts';
import { scratchFolder } from '../../support/tools.ts';

const guest = await buildGuest('bios-ahci');
const before = await sha256(guest.disk);

test('virtio-blk: boots, the native rebuild runs, and a second start works without our segment', async () => {
  const initramfs = `/boot/initrd.img-${guest.kernel}`;
  await bootTwice(guest, { target: 'kvm', bus: 'virtio-blk' }, { offset: 2048 * 512, initramfs });
});

test.each<Cell>([
  { target: 'kvm', bus: 'virtio-scsi' },
  { target: 'vmware-workstation', bus: 'pvscsi' },
  { target: 'vmware-workstation', bus: 'lsi-sas' },
  { target: 'vmware-workstation', bus: 'nvme' },
])('$bus on $target: boots, address and interface as before', async (cell) => {
  await bootOnce(guest, cell);
});

test('`ironlift boot-test` sees the prepared machine boot and the unprepared one fail, and writes to neither', async () => {
  const folder = await scratchFolder();
  const fixed = await convertGuest(guest, 'vmware-workstation', 'pvscsi', join(folder, 'fixed'));
  const unfixed = await convertGuest(guest, 'kvm', 'virtio-blk', join(folder, 'unfixed'), ['--no-fix']);
  for (const { folder: vm, manifest } of [fixed, unfixed]) {
    const disk = join(vm, manifest.machine.disks[0]!.file);
    const hash = await sha256(disk);
    const boots = vm === fixed.folder;
    const args = ['boot-test', vm, '--accel', 'tcg', '--timeout', '400', '--json'];
    const ran = await tryIronlift(...args);
    const verdict = JSON.parse(ran.stdout) as BootVerdict;
    expect(verdict.sign).toBe(boots ? 'LOGIN_PROMPT' : 'INITRAMFS_PROMPT');
    expect(ran.status).toBe(boots ? 0 : 1);
    // The prompt comes on the serial console and on the screen; whichever is first decides.
    if (boots) expect(verdict.evidence?.line).toMatch(/^erp01 login:/u);
    const png = await readFile(join(vm, verdict.files.screen!));
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect(await sha256(disk)).toBe(hash);
  }
});

test('the disk of the server is byte for byte what it was', async () => {
  expect(await sha256(guest.disk)).toBe(before);
});
