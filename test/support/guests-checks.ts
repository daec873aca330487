/** What must be true of a converted server once it runs, read inside it over its serial console. */
import { expect } from 'vitest';
import type { DiskBus, NicModel } from '../../migration-core/target/machine.ts';
import type { Converted } from './guests-converted.ts';
import type { RunningGuest } from './guests-machine.ts';
import type { GuestDisk } from './guests.ts';
import { run } from './tools.ts';

const DISK_DRIVERS: Partial<Record<DiskBus, string>> = {
  'virtio-blk': 'virtio_blk',
  'virtio-scsi': 'virtio_scsi',
  pvscsi: 'vmw_pvscsi',
  'lsi-sas': 'mptsas',
  nvme: 'nvme',
  ahci: 'ahci',
};
const NIC_DRIVERS: Record<NicModel, string> = {
  'virtio-net': 'virtio_net',
  vmxnet3: 'vmxnet3',
  e1000e: 'e1000e',
  e1000: 'e1000',
  'hyperv-net': 'hv_netvsc',
  tulip: 'tulip',
};

/** The root disk hangs on the bus it was converted for, all of the old network is there, everything is mounted. */
export async function checkRunning(
  guest: RunningGuest,
  from: GuestDisk,
  { manifest }: Converted,
): Promise<void> {
  const { disks, nics } = manifest.machine;
  const [nic] = nics;
  const wait = `for i in $(seq 90); do ip -br -4 addr show dev ${from.interface} 2>/dev/null | grep -q ${from.address} && break; sleep 1; done`;
  await guest.command(wait, 200);

  // "enp0s25  UP  10.0.2.15/24"; every card there is, by the name it had.
  const addresses = (await guest.command('ip -br -4 addr show | grep -v ^lo'))
    .split('\n')
    .map((line) => line.trim());
  expect(addresses).toHaveLength(1);
  expect(addresses[0]!.split(/\s+/u)).toEqual([from.interface, 'UP', from.address]);
  const links = await guest.command('ip -br link show | grep -v ^lo');
  expect(links.split('\n')).toHaveLength(1);
  expect(links).toContain(nic!.mac);
  expect(await guest.command('ip -4 route show default')).toContain(
    `default via 10.0.2.2 dev ${from.interface}`,
  );
  if (from.mac !== '') expect(nic!.mac).toBe(from.mac);

  const driver = (path: string): string => `basename $(readlink -f ${path})`;
  expect(await guest.command(driver(`/sys/class/net/${from.interface}/device/driver`))).toBe(
    NIC_DRIVERS[nic!.model],
  );
  // The driver of the controller is one of those above the disk that root is on.
  const above = await guest.command(
    'd=$(readlink -f /sys/class/block/$(basename $(findmnt -no SOURCE /))/..); ' +
      'while [ "$d" != /sys ]; do [ -e $d/driver ] && basename $(readlink -f $d/driver); d=$(dirname $d); done',
  );
  expect(above.split(/\s+/u)).toContain(DISK_DRIVERS[disks[0]!.bus]);
  // What fstab names is there.
  const missing = await guest.command(
    `awk '!/^#/ && NF > 3 && $3 != "swap" && $4 !~ /noauto/ { print $2 }' /etc/fstab | ` +
      'while read place; do mountpoint -q $place || echo "not mounted: $place"; done',
  );
  expect(missing).toBe('');
  expect(await guest.command('cat /proc/swaps | wc -l')).toBe('2');
}

/** Waits until the first start is over, the native rebuild of the initramfs with it, and checks how that ended. */
export async function checkRebuilt(guest: RunningGuest): Promise<void> {
  const state = await guest.command('systemctl is-system-running --wait || true', 1200);
  const failed = await guest.command('systemctl --failed --plain --no-legend');
  const log = await guest.command('cat /var/log/ironlift-first-boot.log');
  expect(failed, log).toBe('');
  expect(state, log).toBe('running');
  expect(log).toMatch(/ is rebuilt\.\s[\s\S]*Done\.$/u);
  expect(await guest.command('systemctl show -P Result ironlift-first-boot.service')).toBe('success');
  expect(await guest.command('systemctl is-enabled ironlift-first-boot.service || true')).not.toBe('enabled');
  await guest.command('sync');
}

/** The initramfs of the disk QEMU wrote into, taken out of its root or boot file system, which starts at `offset`. */
export async function readInitramfs(
  disk: { path: string; format: string },
  offset: number,
  path: string,
  scratch: string,
): Promise<string> {
  const raw = `${scratch}/disk.raw`;
  const out = `${scratch}/initrd.out`;
  await run('qemu-img', ['convert', '-f', disk.format, '-O', 'raw', disk.path, raw]);
  // The system was switched off in order; what is still in the journal is none of debugfs's business.
  await run('debugfs', ['-R', `dump ${path} ${out}`, `${raw}?offset=${offset}`]);
  await run('rm', [raw]);
  return out;
}
