/** Labels for paths against libselinux itself (matchpathcon), with the same policy. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { labelFor } from '../../../../../migration-core/guest/linux/selinux.ts';
import { treeOf } from '../../../../support/fix-linux.ts';
import { run, scratchFolder, seeded } from '../../../../support/tools.ts';

/** Written like the policies of distributions: general patterns, special ones, literal paths, types. */
const RULES = [
  ['/.*', '', 'default_t'],
  ['/etc(/.*)?', '', 'etc_t'],
  ['/etc/systemd/network(/.*)?', '', 'systemd_networkd_conf_t'],
  ['/etc/systemd/system(/.*)?', '', 'systemd_unit_file_t'],
  ['/etc/udev/rules\\.d(/.*)?', '', 'udev_rules_t'],
  ['/etc/modprobe\\.(d|conf)(/.*)?', '', 'modules_conf_t'],
  ['/etc/fstab.*', '--', 'fstab_t'],
  ['/etc/securetty', '--', 'securetty_t'],
  ['/etc/rc\\.d/rc[0-6S]\\.d/[SK][0-9]{2}[^/]+', '-l', 'initrc_link_t'],
  ['/etc/rc\\.d(/.*)?', '', 'initrc_t'],
  ['/etc/sysconfig/network-scripts/(ifcfg|route)-[^/]+', '--', 'net_conf_t'],
  ['/etc/NetworkManager(/.*)?', '', 'NetworkManager_etc_t'],
  ['/etc/NetworkManager/system-connections(/.*)?', '', 'NetworkManager_etc_rw_t'],
  ['/etc/inittab', '', 'init_etc_t'],
  ['/boot(/.*)?', '', 'boot_t'],
  ['/boot/(grub|grub2)/.+\\.(cfg|conf|lst)', '--', 'grub_t'],
  ['/boot/initr(d|amfs)[^/]*(\\.img)?', '--', 'initrd_t'],
  ['/(usr/)?lib(64)?/modules(/.*)?', '', 'modules_object_t'],
  ['/usr/lib/systemd/system/[^/]*\\.(service|socket)', '--', 'unit_t'],
  ['/var/lib/.*', '', 'var_lib_t'],
  ['/home/[^/]+', '-d', 'home_dir_t'],
  ['/home/[^/]+/.+', '', 'home_t'],
] as const;

const PATHS = [
  '/etc',
  '/etc/x',
  '/etc/systemd/network/10-ironlift-eth0.link',
  '/etc/systemd/system/a.service',
  '/etc/systemd/system',
  '/etc/udev/rules.d/70-persistent-net.rules',
  '/etc/modprobe.d/ironlift-hardware.conf',
  '/etc/modprobe.conf',
  '/etc/fstab',
  '/etc/fstab.old',
  '/etc/securetty',
  '/etc/securetty2',
  '/etc/rc.d/rc3.d/K15hp-health',
  '/etc/rc.d/rc3.d',
  '/etc/rc.d/rc9.d/S01x',
  '/etc/sysconfig/network-scripts/ifcfg-eth0',
  '/etc/sysconfig/network-scripts/x',
  '/etc/NetworkManager/system-connections/a',
  '/etc/NetworkManager/conf.d/a',
  '/etc/inittab',
  '/boot/grub2/grub.cfg',
  '/boot/grub/x/menu.lst',
  '/boot/initrd.img-6.1',
  '/boot/initramfs-5.14.img',
  '/boot/efi',
  '/lib/modules/6/x.ko',
  '/usr/lib64/modules',
  '/usr/lib/systemd/system/x.service',
  '/usr/lib/systemd/system/d/x.service',
  '/var/lib/ironlift/x',
  '/home/u',
  '/home/u/.ssh/k',
  '/.autorelabel',
  '/opt/a b',
];

test('every path, type and order of rules', async () => {
  const random = seeded(5);
  for (let round = 0; round < 4; round++) {
    const order = round === 0 ? [...RULES] : [...RULES].sort(() => random() - 0.5);
    const text = order
      .map(([pattern, type, name]) => `${pattern}\t${type}\tsystem_u:object_r:${name}:s0\n`)
      .join('');
    const file = join(await scratchFolder(), 'file_contexts');
    await writeFile(file, text);
    const files = treeOf({
      '/': { dir: true, xattrs: { 'security.selinux': 'inherited' } },
      '/etc/selinux/config': 'SELINUXTYPE=targeted\n',
      '/etc/selinux/targeted/contexts/files/file_contexts': text,
    });
    for (const [type, name] of [
      ['file', 'file'],
      ['directory', 'dir'],
      ['symlink', 'lnk_file'],
    ] as const) {
      const said = await run('matchpathcon', ['-m', name, '-f', file, ...PATHS]);
      const theirs = said
        .trimEnd()
        .split('\n')
        .map((line) => line.split('\t').at(-1));
      const ours: string[] = [];
      for (const path of PATHS) ours.push(await ourLabel(files, path, type));
      expect(ours.map((label, index) => `${PATHS[index]!} ${label}`)).toEqual(
        theirs.map((label, index) => `${PATHS[index]!} ${label!}`),
      );
    }
  }
});

/** The tree has directories without labels; one with a label stands for all of them. */
async function ourLabel(
  files: ReturnType<typeof treeOf>,
  path: string,
  type: 'file' | 'directory' | 'symlink',
): Promise<string> {
  const reader = new Proxy(files, {
    get: (target, key) =>
      key === 'xattrs'
        ? () => Promise.resolve(new Map([['security.selinux', new Uint8Array(1)]]))
        : (Reflect.get(target, key) as (...args: unknown[]) => unknown).bind(target),
  });
  return Buffer.from((await labelFor(path, reader, type))!)
    .toString()
    .replace('\0', '');
}
