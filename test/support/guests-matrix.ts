/** One cell of the boot matrix: convert by the command line, start on the target's hardware, look around inside. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { DiskBus } from '../../migration-core/target/machine.ts';
import { checkRebuilt, checkRunning, readInitramfs } from './guests-checks.ts';
import { convertGuest, startConverted, type Converted, type Started } from './guests-converted.ts';
import type { GuestDisk } from './guests.ts';
import { scratchFolder } from './tools.ts';

export interface Cell {
  target: string;
  bus: DiskBus;
}

/** To the login prompt, and the network, the mounts and the drivers as they should be. */
export async function bootOnce(guest: GuestDisk, { target, bus }: Cell): Promise<void> {
  const scratch = await scratchFolder();
  const converted = await convertGuest(guest, target, bus, join(scratch, 'vm'));
  expect(converted.manifest.machine.disks.map((disk) => disk.bus)).toEqual([bus]);
  const { guest: running } = await startConverted(converted, guest.hostName, scratch);
  try {
    await checkRunning(running, guest, converted);
  } finally {
    await running.kill();
  }
}

/**
 * The same, then waits for the rebuild by the guest's own tool, switches off in order, shows that nothing of our segment
 * is left in the initramfs, and starts again from what the first start left behind.
 */
export async function bootTwice(
  guest: GuestDisk,
  { target, bus }: Cell,
  bootFileSystem: { offset: number; initramfs: string },
): Promise<void> {
  const scratch = await scratchFolder();
  const converted = await convertGuest(guest, target, bus, join(scratch, 'vm'));
  const first = await startConverted(converted, guest.hostName, scratch);
  try {
    await checkRunning(first.guest, guest, converted);
    await checkRebuilt(first.guest);
    await first.guest.powerOff();
  } finally {
    await first.guest.kill();
  }
  await expectNoSegment(guest, converted, first, bootFileSystem, scratch);
  const second = await startConverted(converted, guest.hostName, scratch, first.overlay);
  try {
    await checkRunning(second.guest, guest, converted);
    expect(await second.guest.command('systemctl --failed --plain --no-legend')).toBe('');
  } finally {
    await second.guest.kill();
  }
}

/** The converted image is the old one with our segment behind it; the rebuilt one shares neither with it. */
async function expectNoSegment(
  guest: GuestDisk,
  { folder, manifest }: Converted,
  { overlay }: Started,
  { offset, initramfs }: { offset: number; initramfs: string },
  scratch: string,
): Promise<void> {
  const [disk] = manifest.machine.disks;
  const original = await readFile(guest.initramfs);
  const converted = await readFile(
    await readInitramfs({ path: join(folder, disk!.file), format: disk!.format }, offset, initramfs, scratch),
  );
  expect(converted.length).toBeGreaterThan(original.length);
  expect(converted.subarray(0, original.length).equals(original)).toBe(true);
  const segment = converted.subarray(original.length);
  const rebuilt = await readFile(await readInitramfs(overlay, offset, initramfs, scratch));
  expect(rebuilt.length).toBeGreaterThan(1 << 20);
  expect(rebuilt.subarray(0, original.length).equals(original)).toBe(false);
  // Any part of it would do; the middle is file content, not headers.
  const middle = Math.floor(segment.length / 2);
  expect(rebuilt.includes(segment.subarray(middle, middle + 64))).toBe(false);
  expect(rebuilt.subarray(-64).equals(segment.subarray(-64))).toBe(false);
}
