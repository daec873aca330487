/** The rows of what was found to break a start: each trap is one test on what is appended. */
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { FixPlan } from '../../../../../migration-core/guest/fixer.ts';
import {
  writeCpio,
  readCpio,
  type CpioEntry,
} from '../../../../../migration-core/guest/linux/initramfs/cpio.ts';
import { FileFeed } from '../../../../../migration-core/guest/linux/initramfs/feed.ts';
import { initramfsDrivers } from '../../../../../migration-core/guest/linux/initramfs/fixer.ts';
import { readKmodIndex } from '../../../../../migration-core/guest/linux/initramfs/kmod-index.ts';
import { packLz4 } from '../../../../../migration-core/guest/linux/initramfs/lz4.ts';
import { readInitramfs } from '../../../../../migration-core/guest/linux/initramfs/segments.ts';
import { StagedGuest } from '../../../../../migration-core/guest/stage.ts';
import {
  VERSION,
  ahciOnly,
  bytes,
  file,
  folder,
  guestWith,
  link,
  withFolders,
  type GuestOptions,
} from './images.ts';

const INITRD = `/boot/initrd.img-${VERSION}`;
const DIRECTORY = `/usr/lib/modules/${VERSION}`;
const PLACE = DIRECTORY.slice(1);

async function plan(
  options: GuestOptions,
  ...hardware: Parameters<ReturnType<typeof guestWith>['context']>
): Promise<FixPlan> {
  return initramfsDrivers.plan(guestWith(options).context(...hardware));
}

function appended(result: FixPlan): Uint8Array {
  expect(result.edits).toHaveLength(1);
  const { action } = result.edits[0]!;
  if (action.kind !== 'append') throw new Error(action.kind);
  expect(action.path).toBe(INITRD);
  return action.content;
}

/** The entries of the appended archive; the guest's kernel is said to read no gzip, so it is plain behind zeros. */
async function segment(
  options: GuestOptions,
  ...hardware: Parameters<ReturnType<typeof guestWith>['context']>
): Promise<CpioEntry[]> {
  const more = { ...options.more, [`/boot/config-${VERSION}`]: '# CONFIG_RD_GZIP is not set\n' };
  const content = appended(await plan({ ...options, more }, ...hardware));
  const archive = content.subarray(content.findIndex((byte) => byte !== 0));
  const tree = guestWith({ more: { '/archive': { file: archive } } }).files;
  const entries: CpioEntry[] = [];
  for await (const entry of readCpio(new FileFeed(tree, '/archive', 0, archive.length), {
    keep: () => 1 << 20,
  }))
    entries.push(entry);
  return entries;
}
const paths = (entries: readonly CpioEntry[], type: CpioEntry['type'] = 'file'): string[] =>
  entries.filter((entry) => entry.type === type).map(({ path }) => path);
const text = (entries: readonly CpioEntry[], path: string): string =>
  Buffer.from(entries.find((entry) => entry.path === path)!.content!).toString();

describe('drivers in the initramfs', () => {
  test('modules that are missing, with what they need and the indexes; nothing that is there', async () => {
    const entries = await segment({}, 'virtio-blk');
    expect(paths(entries).sort()).toEqual([
      `${PLACE}/kernel/crypto/crct10dif_generic.ko`,
      `${PLACE}/kernel/drivers/block/virtio_blk.ko`,
      `${PLACE}/kernel/drivers/net/virtio_net.ko`,
      `${PLACE}/kernel/drivers/virtio/virtio.ko`,
      `${PLACE}/kernel/drivers/virtio/virtio_pci.ko`,
      `${PLACE}/kernel/drivers/virtio/virtio_ring.ko`,
      `${PLACE}/kernel/lib/crc-t10dif.ko`,
      `${PLACE}/modules.alias.bin`,
      `${PLACE}/modules.dep.bin`,
      `${PLACE}/modules.softdep`,
    ]);
    expect(text(entries, `${PLACE}/kernel/drivers/block/virtio_blk.ko`)).toBe(
      'module kernel/drivers/block/virtio_blk.ko',
    );
    expect(text(entries, `${PLACE}/modules.dep.bin`)).toBe('dep of the guest');
  });

  test('directories that do not exist yet come before their content, no other ones', async () => {
    const entries = await segment({}, 'virtio-blk');
    expect(paths(entries, 'directory').sort()).toEqual([
      `${PLACE}/kernel/crypto`,
      `${PLACE}/kernel/drivers/block`,
      `${PLACE}/kernel/drivers/net`,
      `${PLACE}/kernel/drivers/virtio`,
      `${PLACE}/kernel/lib`,
    ]);
    const at = (path: string): number => entries.findIndex((entry) => entry.path === path);
    for (const path of paths(entries)) {
      const parent = path.slice(0, path.lastIndexOf('/'));
      if (at(parent) >= 0) expect(at(parent)).toBeLessThan(at(path));
    }
  });

  test('no entry for /lib or below it where that is a link; /lib itself where it is none', async () => {
    const merged = await segment({}, 'virtio-blk');
    expect(merged.filter(({ path }) => path === 'lib' || path.startsWith('lib/'))).toEqual([]);
    const split = await segment({ merged: false }, 'virtio-blk');
    expect(paths(split).every((path) => path.startsWith(`lib/modules/${VERSION}/`))).toBe(true);
  });

  test('an image that cannot be listed: places as on the root file system, all directories', async () => {
    const packed = Buffer.concat([bytes('BZh9'), new Uint8Array(5000).fill(7)]);
    const entries = await segment({ image: packed }, 'virtio-blk');
    expect(paths(entries, 'directory').slice(0, 4)).toEqual(['usr', 'usr/lib', 'usr/lib/modules', PLACE]);
    expect(paths(entries)).toContain(`${PLACE}/kernel/drivers/ata/ahci.ko`);
  });

  test('the whole file afterwards has the driver, and a second run adds nothing', async () => {
    for (const main of [
      ahciOnly(),
      gzipSync(ahciOnly()),
      zstdCompressSync(ahciOnly()),
      packLz4(ahciOnly()),
    ]) {
      const guest = guestWith({ image: main });
      const context = guest.context('virtio-blk');
      const staged = new StagedGuest(context.files);
      const { edits } = await initramfsDrivers.plan(context);
      for (const { action } of edits) await staged.stage(action);
      const image = await readInitramfs(staged, INITRD);
      expect(image.complete).toBe(true);
      expect(image.listing.has(`${PLACE}/kernel/drivers/block/virtio_blk.ko`)).toBe(true);
      expect(image.listing.get('lib')?.type).toBe('symlink');
      expect(await initramfsDrivers.plan({ ...context, files: staged })).toEqual({ edits: [], findings: [] });
    }
  });

  test('an image that has all drivers of the machine is left alone', async () => {
    expect(
      await plan(
        {
          image: ahciOnly({
            more: [
              file(`${PLACE}/kernel/lib/crc-t10dif.ko`),
              file(`${PLACE}/kernel/crypto/crct10dif_generic.ko`),
            ],
          }),
        },
        'ahci',
      ),
    ).toEqual({ edits: [], findings: [] });
    // Built into the kernel.
    expect((await plan({}, 'nvme')).edits).toEqual([]);
  });

  test('compressed modules keep their names and bytes where the image has such, too', async () => {
    const compressed = {
      suffix: '.xz',
      pack: (content: Uint8Array) => Buffer.concat([bytes('XZ'), content]),
    };
    const image = writeCpio(
      withFolders([
        folder('usr/lib'),
        link('lib', 'usr/lib'),
        file('usr/lib/systemd/systemd-udevd'),
        file(`${PLACE}/kernel/drivers/ata/ahci.ko.xz`),
      ]),
    );
    const entries = await segment({ image, compressed }, 'virtio-blk');
    const path = `${PLACE}/kernel/drivers/block/virtio_blk.ko.xz`;
    expect(text(entries, path)).toBe('XZmodule kernel/drivers/block/virtio_blk.ko');
    expect(text(entries, `${PLACE}/modules.dep.bin`)).toBe('dep of the guest');
  });

  test.each([
    { suffix: '.gz', pack: gzipSync },
    { suffix: '.zst', pack: zstdCompressSync },
  ])(
    'an image with unpacked modules gets unpacked ones, and an index of its own ($suffix)',
    async (compressed) => {
      const entries = await segment({ compressed }, 'virtio-blk');
      const path = `${PLACE}/kernel/drivers/block/virtio_blk.ko`;
      expect(text(entries, path)).toBe('module kernel/drivers/block/virtio_blk.ko');
      const index = readKmodIndex(
        entries.find((entry) => entry.path === `${PLACE}/modules.dep.bin`)!.content!,
      );
      expect(index.get('virtio_blk')).toEqual([
        'kernel/drivers/block/virtio_blk.ko: kernel/drivers/virtio/virtio.ko kernel/drivers/virtio/virtio_ring.ko',
      ]);
      // Those that were there keep the names they have in the image; those that are nowhere keep the ones of the guest.
      expect(index.get('ahci')![0]).toMatch(
        /^kernel\/drivers\/ata\/ahci\.ko: kernel\/drivers\/ata\/libata\.ko /,
      );
      expect(index.get('ext4')![0]).toBe(`kernel/fs/ext4/ext4.ko${compressed.suffix}:`);
    },
  );

  test('a packed module that is damaged is an error of ours', async () => {
    const compressed = { suffix: '.gz', pack: () => bytes('not gzip') };
    await expect(plan({ compressed }, 'virtio-blk')).rejects.toMatchObject({ code: 'INITRAMFS_DAMAGED' });
  });

  test('the modprobe of busybox gets the text indexes as well', async () => {
    const image = writeCpio(
      withFolders([
        file('bin/busybox'),
        link('sbin/modprobe', '/bin/busybox'),
        file('sbin/nlplug-findfs'),
        folder(`lib/modules/${VERSION}/kernel`),
      ]),
    );
    const entries = await segment({ image, merged: false }, 'virtio-blk');
    const place = `lib/modules/${VERSION}`;
    expect(text(entries, `${place}/modules.dep`)).toContain(
      'kernel/drivers/block/virtio_blk.ko: kernel/drivers/virtio/',
    );
    expect(text(entries, `${place}/modules.alias`)).toContain('alias pci:v00001AF4d* virtio_pci');
  });

  test('interface names go along when they are not in the image already', async () => {
    const more = {
      '/etc/systemd/network/10-eno1.link': '[Match]\nMACAddress=52:54:00:00:00:01\n[Link]\nName=eno1\n',
    };
    const entries = await segment({ more }, 'virtio-blk');
    expect(text(entries, 'etc/systemd/network/10-eno1.link')).toContain('Name=eno1');
    expect(paths(entries, 'directory')).toEqual(
      expect.arrayContaining(['etc', 'etc/systemd', 'etc/systemd/network']),
    );
    const image = (content: string): Uint8Array =>
      ahciOnly({ more: [file('usr/lib/systemd/network/10-eno1.link', content)] });
    const same = await segment(
      { more, image: image(more['/etc/systemd/network/10-eno1.link']) },
      'virtio-blk',
    );
    expect(paths(same).filter((path) => path.endsWith('.link'))).toEqual([]);
    const other = await segment({ more, image: image('old') }, 'virtio-blk');
    expect(paths(other)).toContain('etc/systemd/network/10-eno1.link');
  });

  test('a list of the old disks for LVM in the image is switched off', async () => {
    const image = ahciOnly({
      more: [file('etc/lvm/devices/system.devices'), file('etc/lvm/lvmlocal.conf', 'local {}')],
    });
    const entries = await segment({ image }, 'virtio-blk');
    expect(text(entries, 'etc/lvm/lvmlocal.conf')).toBe('local {}\ndevices { use_devicesfile = 0 }\n');
  });

  test('a driver that the image is told not to load, but the converted server is not', async () => {
    const more = {
      '/etc/modprobe.d/kvm.conf': '# blacklist virtio_blk\n',
      '/etc/modprobe.d/other.conf': 'new\n',
    };
    const image = ahciOnly({
      more: [
        file('etc/modprobe.d/kvm.conf', 'blacklist virtio-blk\n'),
        file('etc/modprobe.d/other.conf', 'blacklist pcspkr\n'),
      ],
    });
    const entries = await segment({ image, more }, 'virtio-blk');
    expect(text(entries, 'etc/modprobe.d/kvm.conf')).toBe('# blacklist virtio_blk\n');
    expect(paths(entries)).not.toContain('etc/modprobe.d/other.conf');
  });

  test('a swap space for hibernation that is not there any more is not waited for', async () => {
    const image = ahciOnly({
      more: [
        file('conf/conf.d/resume', 'RESUME=/dev/sda2\n'),
        file('conf/initramfs.conf', 'MODULES=list\nRESUME=auto\n'),
      ],
    });
    const entries = await segment({ image }, 'virtio-blk');
    expect(text(entries, 'conf/conf.d/resume')).toBe('RESUME=none\n');
    expect(paths(entries)).not.toContain('conf/initramfs.conf');
  });

  test('gzip where the kernel or the image says that it is read', async () => {
    const start = (content: Uint8Array): number => content[content.findIndex((byte) => byte !== 0)]!;
    expect(start(appended(await plan({ image: zstdCompressSync(ahciOnly()) }, 'virtio-blk')))).toBe(0x1f);
    const more = { [`/boot/config-${VERSION}`]: '' };
    expect(start(appended(await plan({ image: zstdCompressSync(ahciOnly()), more }, 'virtio-blk')))).toBe(
      0x30,
    );
    expect(start(appended(await plan({ image: gzipSync(ahciOnly()), more }, 'virtio-blk')))).toBe(0x1f);
  });

  test.each([
    ['INITRAMFS_UNKNOWN', { image: bytes('an ext2 file system, as initrds once were') }],
    ['INITRAMFS_NO_AUTOLOAD', { image: gzipSync(writeCpio(withFolders([file('init'), file('bin/nash')]))) }],
    [
      'KERNEL_WITHOUT_MODULES',
      { more: { [`${DIRECTORY}/modules.dep`]: '', [`${DIRECTORY}/modules.dep.bin`]: '' } },
    ],
  ] as [string, GuestOptions][])('%s is reported and nothing is changed', async (code, options) => {
    const result = await plan(options, 'virtio-blk');
    expect(result.edits).toEqual([]);
    expect(result.findings.map((finding) => finding.code)).toEqual([code]);
  });

  test('a kernel that cannot drive the machine is named with what it lacks', async () => {
    const result = await plan({}, 'pvscsi', 'vmxnet3');
    expect(result.findings.map(({ code, message }) => [code, message])).toEqual([
      ['DRIVER_MISSING', `Kernel ${VERSION} of the server has no driver for pvscsi: vmw_pvscsi.`],
      ['DRIVER_MISSING', `Kernel ${VERSION} of the server has no driver for vmxnet3: vmxnet3.`],
    ]);
  });

  test('a damaged image is reported and gets its drivers all the same', async () => {
    const result = await plan({ image: gzipSync(ahciOnly()).subarray(0, -30) }, 'virtio-blk');
    expect(result.findings.map(({ code }) => code)).toEqual(['INITRAMFS_DAMAGED']);
    expect(result.edits).toHaveLength(1);
  });

  test('kernels that share an image get one segment; a link to it is followed', async () => {
    const guest = guestWith({ more: { '/initrd.img': { symlink: INITRD.slice(1) } } });
    const context = guest.context('virtio-blk');
    const kernels = [guest.kernel, { ...guest.kernel, initramfs: '/initrd.img', isDefault: false }];
    const result = await initramfsDrivers.plan({ ...context, guest: { ...context.guest, kernels } });
    appended(result);
  });

  test('stops when it is told to', async () => {
    const signal = AbortSignal.abort();
    await expect(initramfsDrivers.plan(guestWith().context('virtio-blk'), signal)).rejects.toMatchObject({
      code: 'CANCELLED',
    });
  });
});
