/** The guest tree of a real test server's disk, read by the program's own drivers. */
import { open } from 'node:fs/promises';
import { onTestFinished } from 'vitest';
import { Overlay } from '../../../../../migration-core/block/overlay.ts';
import { writableSlice } from '../../../../../migration-core/block/slice.ts';
import { extDriver } from '../../../../../migration-core/filesystem/ext/driver.ts';
import type { Kernel } from '../../../../../migration-core/guest/guest.ts';
import { GuestTree } from '../../../../../migration-core/guest/tree.ts';
import type { GuestDisk } from '../../../../support/guests.ts';
import { run } from '../../../../support/tools.ts';

export async function openServer(guest: GuestDisk): Promise<{ tree: GuestTree; kernel: Kernel }> {
  const handle = await open(guest.disk);
  onTestFinished(() => handle.close());
  const { size } = await handle.stat();
  const table = JSON.parse(await run('sfdisk', ['--json', guest.disk])) as {
    partitiontable: { partitions: { node: string; start: number; size: number }[] };
  };
  const root = table.partitiontable.partitions.find(({ node }) =>
    node.endsWith(`raw${guest.rootPartition}`),
  )!;
  const source = {
    size,
    sectorSize: 512,
    async read(into: Uint8Array, offset: number): Promise<void> {
      for (let at = 0; at < into.length;) {
        const { bytesRead } = await handle.read(into, at, into.length - at, offset + at);
        if (bytesRead === 0) throw new Error(`the disk ends at ${offset + at}`);
        at += bytesRead;
      }
    },
    close: async () => undefined,
  };
  const volume = writableSlice(new Overlay(source), root.start * 512, root.size * 512);
  const tree = new GuestTree(await extDriver.open(volume, { now: 1_700_000_000 }), 'disk0p1');
  const kernel: Kernel = {
    version: guest.kernel,
    image: `/boot/vmlinuz-${guest.kernel}`,
    initramfs: `/boot/initrd.img-${guest.kernel}`,
    modulesDirectory: `/usr/lib/modules/${guest.kernel}`,
    initramfsTool: guest.kind === 'dracut' ? 'dracut' : 'initramfs-tools',
    isDefault: true,
  };
  return { tree, kernel };
}
