/** Other servers: UEFI and GPT, a separate /boot and /home, dracut in hostonly mode. Each is converted and starts. */
import { expect, test } from 'vitest';
import { buildGuest } from '../../support/guests.ts';
import { bootOnce, bootTwice } from '../../support/guests-matrix.ts';
import { sha256 } from '../../support/hash.ts';

const [uefi, split, dracut] = [
  await buildGuest('uefi-gpt'),
  await buildGuest('split'),
  await buildGuest('dracut'),
];
const guests = [uefi, split, dracut];
const before = await Promise.all(guests.map(({ disk }) => sha256(disk)));

test('dracut in hostonly mode on virtio-blk: boots, the native rebuild runs, a second start works without our segment', async () => {
  await bootTwice(
    dracut,
    { target: 'kvm', bus: 'virtio-blk' },
    { offset: 2 * 2 ** 20, initramfs: `/boot/initrd.img-${dracut.kernel}` },
  );
});

test('dracut in hostonly mode on PVSCSI', async () => {
  await bootOnce(dracut, { target: 'vmware-workstation', bus: 'pvscsi' });
});

test('UEFI, GPT, no fallback loader: virtio-scsi under OVMF', async () => {
  await bootOnce(uefi, { target: 'kvm', bus: 'virtio-scsi' });
});

test('UEFI, GPT, no fallback loader: NVMe under OVMF', async () => {
  await bootOnce(uefi, { target: 'vmware-workstation', bus: 'nvme' });
});

test('separate /boot and /home on logical partitions, a network card known by its address: virtio-blk', async () => {
  await bootOnce(split, { target: 'kvm', bus: 'virtio-blk' });
});

test('the disks of the servers are byte for byte what they were', async () => {
  expect(await Promise.all(guests.map(({ disk }) => sha256(disk)))).toEqual(before);
});
