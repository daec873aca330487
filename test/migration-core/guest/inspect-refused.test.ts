/** How firmware is told, what is refused and told of a Linux server, and files made to mislead. */
import { describe, expect, test } from 'vitest';
import { IronliftError, isIronliftError } from '../../../migration-core/base/errors.ts';
import type { ErrorCode } from '../../../migration-core/base/error-codes.ts';
import { inspectGuest, type OpenVolume } from '../../../migration-core/guest/inspect.ts';
import {
  BIOS_BOOT_TYPE,
  BOOT_UUID,
  ESP_TYPE,
  ESP_UUID,
  HOME_UUID,
  LINUX_TYPE,
  ROOT_UUID,
  debianGuest,
  modernBase,
  osRelease,
  volume,
  type Tree,
} from '../../support/linux-guests.ts';

const codes = (findings: { code: string }[]): string[] => findings.map(({ code }) => code);
describe('firmware', () => {
  const gpt = (types: string[], root: Tree): OpenVolume[] => [
    volume(
      { '/EFI/debian/grubx64.efi': 'x' },
      { partition: 1, type: 'vfat', uuid: ESP_UUID, partitionType: types[0]! },
    ),
    volume(null, { partition: 2, type: 'unknown', partitionType: types[1]! }),
    volume(
      {
        ...modernBase('x'),
        '/etc/os-release': osRelease('debian', '12', 'D'),
        '/boot/efi': { dir: true },
        ...root,
      },
      {
        partition: 3,
        uuid: ROOT_UUID,
        partitionType: LINUX_TYPE,
      },
    ),
  ];
  test.each<[string, string[], Tree, string]>([
    ['ESP alone', [ESP_TYPE, LINUX_TYPE], {}, 'uefi'],
    ['BIOS boot partition alone', [LINUX_TYPE, BIOS_BOOT_TYPE], {}, 'bios'],
    ['both, GRUB for BIOS', [ESP_TYPE, BIOS_BOOT_TYPE], { '/boot/grub/i386-pc/normal.mod': '' }, 'bios'],
    ['both, GRUB for UEFI', [ESP_TYPE, BIOS_BOOT_TYPE], { '/boot/grub/x86_64-efi/normal.mod': '' }, 'uefi'],
    [
      'both, ESP in fstab',
      [ESP_TYPE, BIOS_BOOT_TYPE],
      { '/etc/fstab': `UUID=${ESP_UUID} /boot/efi vfat d 0 0\n` },
      'uefi',
    ],
    ['MBR with an EFI partition', ['ef', '83'], { '/boot/grub/x86_64-efi/normal.mod': '' }, 'uefi'],
    ['MBR', ['0c', '83'], {}, 'bios'],
  ])('%s', async (_, types, root, firmware) => {
    expect((await inspectGuest(gpt(types, root))).guest.firmware).toBe(firmware);
  });

  test('an ESP that fstab does not name is found all the same', async () => {
    const { guest, tree } = await inspectGuest(gpt([ESP_TYPE, LINUX_TYPE], {}));
    expect(guest.mounts).toContainEqual({ path: '/boot/efi', volume: 'disk0p1', type: 'vfat' });
    expect(await tree.exists('/boot/efi/EFI/debian/grubx64.efi')).toBe(true);
  });
});

describe('what is refused, and what is told', () => {
  const refusal = async (volumes: OpenVolume[], root?: string): Promise<IronliftError> => {
    const error: unknown = await inspectGuest(volumes, root === undefined ? {} : { root }).catch(
      (e: unknown) => e,
    );
    if (!isIronliftError(error)) throw new Error('not refused');
    expect(error.kind).toBe('refused');
    expect(error.next).toMatch(/^[A-Z].*\.$/);
    return error;
  };

  test.each<[string, ErrorCode]>([
    ['crypto_LUKS', 'ROOT_ENCRYPTED'],
    ['BitLocker', 'ROOT_ENCRYPTED'],
    ['LVM2_member', 'ROOT_NOT_SUPPORTED'],
    ['linux_raid_member', 'ROOT_NOT_SUPPORTED'],
    ['xfs', 'ROOT_NOT_SUPPORTED'],
    ['ReFS', 'ROOT_NOT_SUPPORTED'],
    ['LDM', 'ROOT_NOT_SUPPORTED'],
    ['StorageSpaces', 'ROOT_NOT_SUPPORTED'],
    ['unknown', 'NO_OS_FOUND'],
  ])('a disk whose largest volume is %s', async (type, code) => {
    const boot = volume({ '/vmlinuz-1': 'k' }, { partition: 1, size: 1 << 30 });
    expect((await refusal([boot, volume(null, { partition: 2, type, size: 100 << 30 })])).code).toBe(code);
  });

  test('a root volume whose driver refused it is refused with that reason', async () => {
    const broken = volume(null, { partition: 1 });
    broken.error = new IronliftError('EXT_DAMAGED', 'The volume is damaged.', { next: 'Run fsck.' });
    expect((await refusal([broken])).code).toBe('EXT_DAMAGED');
  });

  test('several systems: the one to take is asked for, and taken', async () => {
    const other = debianGuest()[0]!;
    const second = { ...other, info: { ...other.info, id: 'disk1p1', disk: 1 } };
    const error = await refusal([...debianGuest(), second]);
    expect(error.code).toBe('SEVERAL_OS_FOUND');
    expect(error.message).toContain('disk0p1');
    expect(error.message).toContain('disk1p1');
    expect(
      (await inspectGuest([...debianGuest(), second], { root: 'disk1p1' })).guest.mounts[0]!.volume,
    ).toBe('disk1p1');
    expect((await refusal([...debianGuest()], 'disk7')).code).toBe('NO_OS_FOUND');
  });

  test('no kernel', async () => {
    const volumes = [
      volume({ ...modernBase('c'), '/etc/os-release': osRelease('debian', '12', 'D'), '/etc/fstab': '' }, {}),
    ];
    expect(codes((await inspectGuest(volumes)).findings)).toContain('NO_KERNEL_FOUND');
  });

  test('hibernated: a blocker where the guest would wake up, a warning where not', async () => {
    const asleep = (): OpenVolume[] => {
      const [root, swap] = debianGuest();
      return [root!, { ...swap!, info: { ...swap!.info, type: 'swsuspend' } }];
    };
    const blocked = (await inspectGuest(asleep())).findings;
    expect(blocked).toContainEqual(
      expect.objectContaining({ code: 'GUEST_HIBERNATED', severity: 'blocker' }),
    );
    const foreign = volume(null, { disk: 1, partition: 1, type: 'swsuspend', uuid: HOME_UUID });
    const warned = (await inspectGuest(debianGuest({}, [foreign]))).findings;
    expect(warned).toContainEqual(
      expect.objectContaining({ code: 'HIBERNATION_IMAGE', severity: 'warning' }),
    );
  });

  test('volumes of fstab that are not there, or not readable', async () => {
    const { findings, guest } = await inspectGuest(
      debianGuest(
        {
          '/etc/fstab': `/dev/sda1 / ext4 defaults 0 1
UUID=${BOOT_UUID} /var/lib/san xfs defaults 0 2
/dev/mapper/vg-data /srv ext4 defaults 0 2
nas:/export /mnt/nas nfs defaults 0 0
`,
        },
        [volume(null, { partition: 2, type: 'LVM2_member', uuid: 'x' })],
      ),
    );
    expect(guest.mounts).toHaveLength(1);
    expect(codes(findings)).toEqual(['VOLUME_NOT_READ', 'VOLUME_NOT_READ']);
    const alone = await inspectGuest(
      debianGuest({ '/etc/fstab': '/dev/sda1 / ext4 d 0 1\n/dev/sdb1 /san xfs d 0 2\n' }),
    );
    expect(codes(alone.findings)).toEqual(['VOLUME_MISSING']);
  });
});

describe('hostile files', () => {
  test.each<[string, Tree]>([
    ['a gigabyte of os-release', { '/usr/lib/os-release': { file: 'ID=debian', size: 1e9 } }],
    ['a gigabyte of fstab', { '/etc/fstab': { file: '/dev/sda1 / ext4', size: 1e9 } }],
    ['NULs for fstab', { '/etc/fstab': new Uint8Array(4096) }],
    [
      'random bytes for fstab',
      { '/etc/fstab': Uint8Array.from({ length: 65536 }, (_, i) => (i * 167) ^ (i >> 3)) },
    ],
    ['a million fields', { '/etc/fstab': 'x '.repeat(1_000_000) }],
    ['endless lines', { '/etc/fstab': '/dev/sda1 /x ext4 d 0 0\n'.repeat(100_000) }],
    [
      'links in a circle',
      {
        '/etc/fstab': { symlink: 'fstab' },
        '/usr/bin/dash': { symlink: 'sh' },
        '/boot/grub/grub.cfg': { symlink: '../../boot/grub/grub.cfg' },
      },
    ],
    [
      'directories in the place of files',
      { '/etc/fstab': { dir: true }, '/etc/machine-id': { dir: true }, '/boot/grub/grub.cfg': { dir: true } },
    ],
    [
      'a menu of braces',
      { '/boot/grub/grub.cfg': `${"menuentry 'x' {\nsubmenu 'y' {\n".repeat(5000)}linux /x\n` },
    ],
    [
      'mounts on themselves',
      { '/etc/fstab': '/dev/sda1 / ext4 d 0 0\n/dev/sda1 /etc ext4 d 0 0\nUUID= /a ext4 d 0 0\n' },
    ],
  ])('%s', async (_, changes) => {
    const { guest } = await inspectGuest(debianGuest(changes));
    expect(guest.kernels).toHaveLength(2);
    expect(guest.mounts[0]).toEqual({ path: '/', volume: 'disk0p1', type: 'ext4' });
  });
});
