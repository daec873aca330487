/** Configuration files that no person wrote: nothing but typed errors, no endless search, and what is planned can be applied and undone. */
import { expect, test } from 'vitest';
import { IronliftError } from '../../../migration-core/base/errors.ts';
import { applyEdits } from '../../../migration-core/guest/apply.ts';
import { invertEdits } from '../../../migration-core/guest/apply-undo.ts';
import { planFixes } from '../../../migration-core/guest/fixers.ts';
import { blockNamesElsewhere } from '../../../migration-core/guest/linux/block-names-elsewhere.ts';
import { bls } from '../../../migration-core/guest/linux/bls.ts';
import { crypttab } from '../../../migration-core/guest/linux/crypttab.ts';
import { deviceMap } from '../../../migration-core/guest/linux/device-map.ts';
import { espFallback } from '../../../migration-core/guest/linux/esp-fallback.ts';
import { extlinux } from '../../../migration-core/guest/linux/extlinux.ts';
import { fstab } from '../../../migration-core/guest/linux/fstab.ts';
import { grubLegacy } from '../../../migration-core/guest/linux/grub-legacy.ts';
import { grub } from '../../../migration-core/guest/linux/grub.ts';
import { lvmDevices } from '../../../migration-core/guest/linux/lvm-devices.ts';
import { mdadm } from '../../../migration-core/guest/linux/mdadm.ts';
import { resume } from '../../../migration-core/guest/linux/resume.ts';
import type { OpenVolume } from '../../../migration-core/guest/inspect.ts';
import { contextFor, NOW, snapshot } from '../../support/fix-guest.ts';
import { debianGuest, rhel9Guest, type Tree } from '../../support/linux-guests.ts';
import { seeded } from '../../support/tools.ts';

const STORAGE = [
  fstab,
  crypttab,
  resume,
  grub,
  grubLegacy,
  bls,
  extlinux,
  deviceMap,
  mdadm,
  lvmDevices,
  blockNamesElsewhere,
  espFallback,
];

/** Sound texts, to be damaged. */
const TEXTS: Record<string, string> = {
  '/etc/fstab':
    '/dev/sda1 / ext4 defaults 0 1\n/dev/sdb1 /san xfs noatime 0 2\nUUID=x /y ext4 d 0 0\n/dev/disk/by-id/a-part2 /z ext4 d\n',
  '/etc/crypttab': 'a /dev/sda6 none luks\nb /dev/sdb1 /dev/urandom swap\n',
  '/etc/initramfs-tools/conf.d/resume': 'RESUME=/dev/sda5\n',
  '/etc/default/grub': 'GRUB_DEFAULT=saved\nGRUB_CMDLINE_LINUX="root=/dev/sda1 resume=/dev/sdq1"\n',
  '/boot/grub/grub.cfg': `set default="\${saved_entry}"\nmenuentry 'a' --id 'x' {\n linux /boot/vmlinuz-6.1.0-28-amd64 root=/dev/sda1\n}\nsubmenu "b" {\nmenuentry 'c' {\n linux /v root=/dev/sda1\n}\n}\n`,
  '/boot/grub/grubenv': '# GRUB Environment Block\nsaved_entry=x\nkernelopts=root=/dev/sda1 ro\n########',
  '/boot/grub/menu.lst': 'default 0\n# kopt=root=/dev/sda1\ntitle x\nkernel (hd0,0)/vmlinuz root=/dev/sda1\n',
  '/boot/grub/device.map': '(hd0) /dev/sda\n(hd1) /dev/sdb\n',
  '/boot/loader/entries/a.conf':
    'title x\nlinux /vmlinuz-6.1.0-28-amd64\ninitrd /i\noptions root=/dev/sda1 resume=/dev/sda5\n',
  '/boot/extlinux/extlinux.conf': 'DEFAULT a\nLABEL a\n LINUX /x\n APPEND root=/dev/sda1\n',
  '/etc/kernel/cmdline': 'root=/dev/sda1 resume=/dev/sda9\n',
  '/etc/mdadm/mdadm.conf': 'DEVICE /dev/sda1\nARRAY /dev/md0 UUID=a devices=/dev/sda1,/dev/sdb1\n',
  '/etc/lvm/lvm.conf': 'devices {\n filter = [ "a|/dev/sda|", "r|.*|" ]\n}\n',
  '/etc/multipath/bindings': 'mpatha 3600508b1001c3ab1c2d3e4f5a6b7c8d9\n',
  '/etc/smartd.conf': '/dev/sda -a\n',
  '/usr/lib/os-release': 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian \\"12\\""\n',
  '/etc/machine-id': '0123456789abcdef0123456789abcdef\n',
  '/etc/selinux/config': 'SELINUX=enforcing\nSELINUXTYPE=targeted\n',
};

/** Inspection may refuse such a guest; what it accepts is planned, applied and undone without any error. */
async function fixAndUndo(volumes: OpenVolume[]): Promise<number> {
  const before = await snapshot(volumes);
  const context = await contextFor(volumes).catch((error: unknown) => {
    if (error instanceof IronliftError && error.kind === 'refused') return null;
    throw error;
  });
  if (context === null) return 0;
  const edits = (await planFixes(context, { fixers: STORAGE })).flatMap((fix) => fix.edits);
  const records = await applyEdits(context.tree, edits, { now: NOW });
  await applyEdits(context.tree, invertEdits(records), { now: NOW });
  expect(await snapshot(volumes)).toEqual(before);
  return edits.length;
}

test('damaged texts', async () => {
  const random = seeded(42);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const pieces = [
    '\0',
    '\n',
    ' ',
    '\t',
    '"',
    "'",
    '\\',
    '\\040',
    '#',
    '=',
    '{',
    '}',
    '/dev/sda',
    'UUID=',
    '../',
    '\u00ff',
    '9'.repeat(30),
    '[',
    '|',
  ];
  const damage = (text: string): string => {
    let damaged = text;
    for (let n = 1 + Math.floor(random() * 4); n > 0; n--) {
      const at = Math.floor(random() * (damaged.length + 1));
      const length = Math.floor(random() * 12);
      const put = random() < 0.3 ? damaged.slice(at, at + 40).repeat(3) : random() < 0.7 ? pick(pieces) : '';
      damaged = damaged.slice(0, at) + put + damaged.slice(at + length);
    }
    return damaged;
  };
  let planned = 0;
  for (let round = 0; round < 250; round++) {
    const changes: Tree = {};
    for (const [path, text] of Object.entries(TEXTS)) if (random() < 0.6) changes[path] = damage(text);
    planned += await fixAndUndo(random() < 0.7 ? debianGuest(changes) : rhel9Guest(changes));
  }
  expect(planned).toBeGreaterThan(500);
});

/** What makes a careless pattern search each place of a long text from its start again. */
const SLOW: Record<string, string> = {
  'blank lines': '\n'.repeat(500_000),
  spaces: ` ${' '.repeat(500_000)}x`,
  'a key and spaces': `RESUME=${' '.repeat(400_000)}x\ntitle ${' '.repeat(50_000)}x\nfilter = [ ${'"a" '.repeat(20_000)}`,
  quotes: '"'.repeat(500_000),
  'apostrophes and backslashes': `menuentry '${"'\\''".repeat(100_000)}`,
  hashes: `kernelopts=root=/dev/sda1\n${'#'.repeat(400_000)}x`,
  braces: `menuentry x ${'{'.repeat(400_000)}x`,
  'nested menus': "submenu 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' {\n".repeat(10_000),
  'continuation lines': `ARRAY x\n${' \n'.repeat(200_000)}devices=/dev/sda`,
  arguments: `linux ${'root=/dev/sda1 '.repeat(30_000)}`,
  mounts: '/dev/sda1 /x ext4 d 0 0\n/dev/sdb2 /y ext4 d 0 0\n'.repeat(9000),
  names: Array.from({ length: 9000 }, (_, i) => `/dev/disk/by-id/x${i}-part1 /m${i} ext4 d 0 0`).join('\n'),
  dashes: `/dev/mapper/${'-'.repeat(7000)} /x ext4 d 0 0\n/dev/disk/by-id/${'-part1'.repeat(1000)} /y ext4 d 0 0\n`,
};

test.each(Object.entries(SLOW))('every file full of %s is read in seconds', async (_, text) => {
  for (const path of Object.keys(TEXTS)) {
    const started = performance.now();
    await fixAndUndo(debianGuest({ [path]: text }));
    // Generous for a busy machine; what grows with the square of the length takes minutes.
    expect(performance.now() - started, path).toBeLessThan(10_000);
  }
});
