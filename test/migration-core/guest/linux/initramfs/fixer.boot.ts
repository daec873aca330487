/**
 * The kernel itself and the real initramfs programs judge: a real image with AHCI drivers only does not find its root
 * disk on another controller; with the segment it does. Each kind of compression, each place of padding.
 */
import { writeFile, copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { GuestReader } from '../../../../../migration-core/guest/fixer.ts';
import { writeCpio } from '../../../../../migration-core/guest/linux/initramfs/cpio.ts';
import { initramfsDrivers } from '../../../../../migration-core/guest/linux/initramfs/fixer.ts';
import type { DiskBus } from '../../../../../migration-core/target/machine.ts';
import { machineOf, overlayOf, startGuest, unlessStarved } from '../../../../support/guests-machine.ts';
import { buildGuest, type GuestDisk } from '../../../../support/guests.ts';
import { run, scratchFolder } from '../../../../support/tools.ts';
import { contextOf, file, withFolders } from './images.ts';
import { openServer } from './servers.ts';

let server: GuestDisk;
beforeAll(async () => {
  server = await buildGuest('bios-ahci');
});

/** The guest's own files, but another initramfs. */
function withImage(files: GuestReader, path: string, image: Uint8Array<ArrayBuffer>): GuestReader {
  const isIt = (asked: string): boolean => asked === path;
  return {
    exists: (asked) => files.exists(asked),
    lstat: (asked) => files.lstat(asked),
    readdir: (asked) => files.readdir(asked),
    readFile: (asked, limit) => (isIt(asked) ? Promise.resolve(image) : files.readFile(asked, limit)),
    readText: (asked) => files.readText(asked),
    readlink: (asked) => files.readlink(asked),
    xattrs: (asked) => files.xattrs(asked),
    realpath: (asked) => files.realpath(asked),
    list: (asked) => files.list(asked),
    readRange: async (asked, offset, length) =>
      isIt(asked) ? image.slice(offset, offset + length) : files.readRange(asked, offset, length),
    stat: async (asked) => {
      const stat = await files.stat(asked);
      return isIt(asked) ? { ...stat!, size: image.length } : stat;
    },
  };
}

/** The image with what the fixer appends to it. */
async function fixed(
  guest: GuestDisk,
  image: Uint8Array<ArrayBuffer>,
  bus: DiskBus,
): Promise<{ image: Uint8Array; added: number }> {
  const { tree, kernel } = await openServer(guest);
  const files = withImage(tree, kernel.initramfs!, image);
  const plan = await initramfsDrivers.plan(contextOf(files, [kernel], bus));
  expect(plan.findings).toEqual([]);
  expect(plan.edits).toHaveLength(1);
  const { action } = plan.edits[0]!;
  if (action.kind !== 'append') throw new Error('not an append');
  return { image: Buffer.concat([image, action.content]), added: action.content.length };
}

/** /bin/true as the first program: that it ran proves that the root disk was found and mounted. */
const ROOT_FOUND = /Attempted to kill init! exitcode=0x00000000/u;
const ROOT_MISSING = /ALERT! .* does not exist|Warning: .* does not exist|Entering emergency mode/u;

const starts = (...start: Parameters<typeof startOnce>): Promise<string> =>
  unlessStarved(() => startOnce(...start));

async function startOnce(
  guest: GuestDisk,
  image: Uint8Array,
  bus: DiskBus,
  outcome: RegExp,
): Promise<string> {
  const folder = await scratchFolder();
  const path = join(folder, 'initrd');
  await writeFile(path, image);
  // The shell of a failed image waits for input; the fewer seconds it looks for the disk, the better.
  const limits = outcome === ROOT_MISSING ? ' rootdelay=3 rd.timeout=5 rd.retry=3' : '';
  const running = await startGuest({
    machine: machineOf('test', 'bios', bus, { model: 'virtio-net', mac: '52:54:00:00:00:01' }),
    disks: [await overlayOf(guest.disk, 'raw', join(folder, 'disk.qcow2'))],
    folder,
    kernel: {
      image: guest.kernelImage,
      initramfs: path,
      commandLine: `root=UUID=${guest.rootUuid} ro console=ttyS0 init=/bin/true${limits}`,
    },
  });
  try {
    await running.expect(outcome, 150);
    return running.console();
  } finally {
    await running.kill();
  }
}

/** The contents of the server's image packed by a program. */
async function repacked(program: string, args: string[]): Promise<Uint8Array<ArrayBuffer>> {
  const folder = await scratchFolder();
  const cpio = join(folder, 'main.cpio');
  await run('zstd', ['-q', '-d', server.initramfs, '-o', cpio]);
  if (program === 'cat') return new Uint8Array(await readFile(cpio));
  const out = join(folder, 'main.packed');
  await copyFile(cpio, join(folder, 'in'));
  await run('sh', ['-c', `${program} ${args.join(' ')} <in >main.packed`], { cwd: folder });
  return new Uint8Array(await readFile(out));
}

describe('an initramfs-tools image with AHCI drivers only', () => {
  test('does not find a virtio disk; with the segment behind it, in zstd as it is, it does', async () => {
    const image = new Uint8Array(await readFile(server.initramfs));
    await starts(server, image, 'virtio-blk', ROOT_MISSING);
    const { image: whole, added } = await fixed(server, image, 'virtio-blk');
    expect(added).toBeLessThan(2.5e6);
    const text = await starts(server, whole, 'virtio-blk', ROOT_FOUND);
    expect(text).not.toMatch(/unpacking failed|invalid magic/u);
  });

  test.each([
    ['LZ4, which has no end mark', 'lz4', ['-l', '-1']],
    ['bzip2, which is not unpacked here', 'bzip2', ['-1']],
    ['uncompressed', 'cat', []],
  ] as const)('%s', async (_name, program, args) => {
    const { image } = await fixed(server, await repacked(program, [...args]), 'nvme');
    const text = await starts(server, image, 'nvme', ROOT_FOUND);
    expect(text).not.toMatch(/unpacking failed|invalid magic/u);
  });

  test('xz with microcode in front of it, which stays the first segment', async () => {
    const early = writeCpio(
      withFolders([file('kernel/x86/microcode/GenuineIntel.bin', new Uint8Array(2048))]),
    );
    const main = await repacked('xz', ['--check=crc32', '-0']);
    const { image } = await fixed(server, new Uint8Array(Buffer.concat([early, main])), 'virtio-scsi');
    expect(Buffer.compare(image.subarray(0, early.length), early)).toBe(0);
    await starts(server, image, 'virtio-scsi', ROOT_FOUND);
  });
});

describe('a dracut image for its own hardware only', () => {
  test('finds a virtio disk only with the segment', async () => {
    const guest = await buildGuest('dracut');
    const image = new Uint8Array(await readFile(guest.initramfs));
    await starts(guest, image, 'virtio-blk', ROOT_MISSING);
    const { image: whole } = await fixed(guest, image, 'virtio-blk');
    await starts(guest, whole, 'virtio-blk', ROOT_FOUND);
  });
});
