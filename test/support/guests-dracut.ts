/**
 * The last step of the dracut server: dracut looks at the hardware it runs on (hostonly), so its image is made by the
 * server itself, started once on the hardware of the physical machine.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GuestDisk } from './guests.ts';
import { machineOf, startGuest } from './guests-machine.ts';
import { run } from './tools.ts';

/** Root is the second partition, behind the BIOS boot partition of 1 MiB. */
const ROOT_OFFSET = 2 * 2 ** 20;

export async function finishDracutServer(guest: GuestDisk): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ironlift-dracut-'));
  try {
    const running = await startGuest({
      machine: machineOf('db04', 'bios', 'ahci', { model: 'e1000e', mac: '00:25:90:00:00:04' }),
      disks: [{ path: guest.disk, format: 'raw' }],
      folder,
      kernel: {
        image: guest.kernelImage,
        initramfs: guest.initramfs,
        commandLine: `root=UUID=${guest.rootUuid} ro console=ttyS0`,
      },
    });
    try {
      await running.expect(/ login: /u, 180);
      await running.login('ironlift');
      const image = `/boot/initrd.img-${guest.kernel}`;
      // On a physical machine dracut leaves out what it adds for QEMU.
      await running.command(`dracut --force --omit 'qemu qemu-net' ${image} ${guest.kernel}`, 600);
      const drivers = await running.command(`lsinitrd ${image} | grep -oE '(drivers|block)/.*\\.ko'`, 120);
      if (!drivers.includes('/ahci.ko') || /virtio_blk|virtio_scsi|nvme\.ko|mptsas|pvscsi/u.test(drivers))
        throw new Error(`dracut did not make an image for its own hardware only:\n${drivers}`);
      // It slept through the installation; this is no part of the physical server.
      await running.command('journalctl --rotate --vacuum-size=1K; rm -f /root/.bash_history; sync');
      await running.powerOff();
    } finally {
      await running.kill();
    }
    // Debugfs reads the initramfs out of the root file system.
    await run('debugfs', [
      '-R',
      `dump /boot/initrd.img-${guest.kernel} ${guest.initramfs}`,
      `${guest.disk}?offset=${ROOT_OFFSET}`,
    ]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
