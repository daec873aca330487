import { describe, expect, test } from 'vitest';
import { networkAddresses } from '../../../../../migration-core/guest/linux/network/addresses.ts';
import { cardNameFiles, networkNames } from '../../../../../migration-core/guest/linux/network/names.ts';
import { persistentNet } from '../../../../../migration-core/guest/linux/persistent-net.ts';
import { fix } from '../../../../support/fix-linux.ts';
import type { Tree } from '../../../../support/linux-guests.ts';

const NEW = '52:54:00:aa:00:01';
const SECOND = '52:54:00:aa:00:02';
const ALL = [persistentNet, networkAddresses, networkNames];

/** What the udev package of systemd guests brings. */
const SETUP_LINK: Tree = {
  '/usr/lib/udev/rules.d/80-net-setup-link.rules':
    'SUBSYSTEM!="net", GOTO="end"\nIMPORT{builtin}="path_id"\nIMPORT{builtin}="net_setup_link"\nNAME=="", ENV{ID_NET_NAME}!="", NAME="$env{ID_NET_NAME}"\nLABEL="end"\n',
};
const OLD_UDEV: Tree = { '/lib/udev/rules.d/60-persistent-storage.rules': '# x\n' };
const DEBIAN: Tree = { '/etc/network/interfaces': 'iface enp3s0 inet dhcp\n' };

const link = (name: string, mac: string, ...more: string[]): string =>
  [
    '# Written by Ironlift: the interface keeps the name it had on the physical server.',
    '[Match]',
    `MACAddress=${mac}`,
    '# Only a card has a place in the hardware. VLANs, bridges and bonds that take over its address have none.',
    'Path=?*',
    '',
    '[Link]',
    'NamePolicy=',
    `Name=${name}`,
    ...more,
    '',
  ].join('\n');
const rule = (name: string, mac: string): string =>
  `# Written by Ironlift: the interface keeps the name it had on the physical server.\nSUBSYSTEM=="net", ACTION=="add", DRIVERS=="?*", ATTR{address}=="${mac}", ATTR{type}=="1", NAME="${name}"\n`;

describe('guests that read .link files (Debian 9-12, Ubuntu 16-24, RHEL 7-9, SLES 15)', () => {
  test('one file for each card', async () => {
    const { after, changes, findings } = await fix(
      ALL,
      { ...SETUP_LINK, '/etc/network/interfaces': 'iface enp3s0 inet dhcp\niface eno2 inet dhcp\n' },
      {
        nics: [
          { name: 'eno2', mac: NEW },
          { name: 'enp3s0', mac: SECOND },
          { name: null, mac: '52:54:00:aa:00:03' },
        ],
      },
    );
    expect(changes).toEqual([
      'mkdir /etc/systemd',
      'mkdir /etc/systemd/network',
      'write /etc/systemd/network/10-ironlift-eno2.link',
      'write /etc/systemd/network/10-ironlift-enp3s0.link',
    ]);
    expect(findings).toEqual([]);
    expect(await after.readText('/etc/systemd/network/10-ironlift-eno2.link')).toBe(link('eno2', NEW));
    expect(await after.readText('/etc/systemd/network/10-ironlift-enp3s0.link')).toBe(link('enp3s0', SECOND));
    expect(await cardNameFiles(after)).toEqual([
      '/etc/systemd/network/10-ironlift-eno2.link',
      '/etc/systemd/network/10-ironlift-enp3s0.link',
    ]);
  });

  test('an upgraded guest: its rule with the old address is commented out, others stay', async () => {
    const before = [
      '# This file was automatically generated',
      'SUBSYSTEM=="net", ACTION=="add", DRIVERS=="?*", ATTR{address}=="00:25:90:00:00:01", ATTR{type}=="1", KERNEL=="eth*", NAME="enp3s0"',
      'SUBSYSTEM=="net", ACTION=="add", DRIVERS=="?*", ATTR{address}=="00:25:90:00:00:09", ATTR{type}=="1", KERNEL=="eth*", NAME="eth9"',
      '',
    ];
    const { after, changes, findings } = await fix(
      ALL,
      { ...SETUP_LINK, ...DEBIAN, '/etc/udev/rules.d/70-persistent-net.rules': before.join('\n') },
      { nics: [{ name: 'enp3s0', mac: NEW }] },
    );
    expect(changes).toEqual([
      'write /etc/udev/rules.d/70-persistent-net.rules',
      'mkdir /etc/systemd',
      'mkdir /etc/systemd/network',
      'write /etc/systemd/network/10-ironlift-enp3s0.link',
    ]);
    expect(await after.readText('/etc/udev/rules.d/70-persistent-net.rules')).toBe(
      [before[0], `#ironlift# ${before[1]!}`, before[2], ''].join('\n'),
    );
    expect(findings).toEqual(['NETWORK_NAMES_IN_INITRAMFS']);
  });

  test('a rule that names the card by its kept address is enough', async () => {
    const { changes } = await fix(
      ALL,
      {
        ...SETUP_LINK,
        '/etc/network/interfaces': 'iface eth0 inet dhcp\n',
        '/etc/udev/rules.d/70-persistent-net.rules':
          'SUBSYSTEM=="net", ACTION=="add", DRIVERS=="?*", \\\n  ATTR{address}=="00:25:90:00:00:01", ATTR{dev_id}=="0x0", ATTR{type}=="1", KERNEL=="eth*", NAME="eth0"\n',
      },
      { nics: [{ name: 'eth0', mac: '00:25:90:00:00:01' }] },
    );
    expect(changes).toEqual([]);
  });

  test('a .link file with the old address is bound to the new one and names the card from then on', async () => {
    const before = '[Match]\nMACAddress=00:25:90:00:00:01\n\n[Link]\nName=lan0\nMTUBytes=9000\n';
    const { after, changes } = await fix(
      ALL,
      {
        ...SETUP_LINK,
        '/etc/network/interfaces': 'iface lan0 inet dhcp\n',
        '/etc/systemd/network/10-lan.link': before,
      },
      { nics: [{ name: 'lan0', mac: NEW }] },
    );
    expect(changes).toEqual(['write /etc/systemd/network/10-lan.link']);
    expect(await after.readText('/etc/systemd/network/10-lan.link')).toBe(
      before.replace('00:25:90:00:00:01', NEW),
    );
  });

  test('a .link file by the place of the card is moved aside; its other settings are kept', async () => {
    const { after, changes } = await fix(
      ALL,
      {
        ...SETUP_LINK,
        '/etc/network/interfaces': 'iface lan0 inet dhcp\n',
        '/etc/systemd/network/10-lan.link':
          '[Match]\nPath=pci-0000:02:00.0\n\n[Link]\nNamePolicy=path\nName=lan0\nMTUBytes=9000\nWakeOnLan=magic\n',
        '/etc/systemd/network/99-default.link': '[Match]\nOriginalName=*\n[Link]\nMACAddressPolicy=none\n',
      },
      { nics: [{ name: 'lan0', mac: NEW }] },
    );
    expect(changes).toEqual([
      'rename /etc/systemd/network/10-lan.link.ironlift-off',
      'write /etc/systemd/network/10-ironlift-lan0.link',
    ]);
    expect(await after.readText('/etc/systemd/network/10-ironlift-lan0.link')).toBe(
      link('lan0', NEW, 'MTUBytes=9000', 'WakeOnLan=magic'),
    );
  });

  test('ethN names that would have to be exchanged are said', async () => {
    const { findings } = await fix(
      ALL,
      { ...SETUP_LINK, '/etc/network/interfaces': 'iface eth0 inet dhcp\niface eth1 inet dhcp\n' },
      {
        nics: [
          { name: 'eth1', mac: NEW },
          { name: 'eth0', mac: SECOND },
        ],
      },
    );
    expect(findings).toEqual(['NETWORK_NAME_ORDER']);
  });
});

describe('guests whose names are given by rules', () => {
  const RHEL6: Tree = {
    ...OLD_UDEV,
    '/etc/sysconfig/network-scripts/ifcfg-eth0':
      'DEVICE=eth0\nHWADDR=00:25:90:00:00:01\nBOOTPROTO=none\nIPADDR=192.0.2.5\nPREFIX=24\n',
  };

  test('RHEL 6: a rule, and HWADDR of the profile', async () => {
    const { after, changes, findings } = await fix(ALL, RHEL6, { nics: [{ name: 'eth0', mac: NEW }] });
    expect(changes).toEqual([
      'write /etc/sysconfig/network-scripts/ifcfg-eth0',
      'mkdir /etc/udev',
      'mkdir /etc/udev/rules.d',
      'write /etc/udev/rules.d/70-persistent-net.rules',
    ]);
    expect(findings).toEqual([]);
    expect(await after.readText('/etc/sysconfig/network-scripts/ifcfg-eth0')).toBe(
      `DEVICE=eth0\nHWADDR=${NEW}\nBOOTPROTO=none\nIPADDR=192.0.2.5\nPREFIX=24\n`,
    );
    expect(await after.readText('/etc/udev/rules.d/70-persistent-net.rules')).toBe(rule('eth0', NEW));
  });

  test('Debian 7: the generated line is commented out, the new one put below', async () => {
    const old =
      'SUBSYSTEM=="net", ACTION=="add", DRIVERS=="?*", ATTR{address}=="00:25:90:00:00:01", ATTR{dev_id}=="0x0", ATTR{type}=="1", KERNEL=="eth*", NAME="eth0"';
    const { after } = await fix(
      ALL,
      {
        ...OLD_UDEV,
        '/etc/network/interfaces': 'iface eth0 inet dhcp\n',
        '/lib/udev/rules.d/75-persistent-net-generator.rules': '# generates\n',
        '/etc/udev/rules.d/70-persistent-net.rules': `# PCI device 0x14e4:0x1639 (bnx2)\n${old}`,
      },
      { nics: [{ name: 'eth0', mac: NEW }], guest: { init: 'sysvinit' } },
    );
    expect(await after.readText('/etc/udev/rules.d/70-persistent-net.rules')).toBe(
      `# PCI device 0x14e4:0x1639 (bnx2)\n#ironlift# ${old}\n${rule('eth0', NEW)}`,
    );
  });

  test('Debian 8 and SLES 12 read .link files, but their rule generator comes first', async () => {
    const generator = { '/usr/lib/udev/rules.d/75-persistent-net-generator.rules': 'ENV{x}="1"\n' };
    const world = { nics: [{ name: 'eth0', mac: NEW }] };
    const guest = { ...SETUP_LINK, ...generator, '/etc/sysconfig/network/ifcfg-eth0': "BOOTPROTO='dhcp'\n" };
    const { changes } = await fix(ALL, guest, world);
    expect(changes.at(-1)).toBe('write /etc/udev/rules.d/70-persistent-net.rules');
    // Switched off by the administrator, it no longer does.
    const off = { ...guest, '/etc/udev/rules.d/75-persistent-net-generator.rules': { symlink: '/dev/null' } };
    expect((await fix(ALL, off, world)).changes.at(-1)).toBe(
      'write /etc/systemd/network/10-ironlift-eth0.link',
    );
    // Names by .link files switched off: rules again.
    const noLinks = { ...off, '/etc/udev/rules.d/80-net-setup-link.rules': { symlink: '/dev/null' } };
    expect((await fix(ALL, noLinks, world)).changes.at(-1)).toBe(
      'write /etc/udev/rules.d/70-persistent-net.rules',
    );
    // A rules file that is a link to /dev/null stays one.
    const noRules = { ...noLinks, '/etc/udev/rules.d/70-persistent-net.rules': { symlink: '/dev/null' } };
    expect((await fix(ALL, noRules, world)).changes).toEqual([
      'write /etc/udev/rules.d/70-ironlift-net.rules',
    ]);
  });

  test('old udev exchanges names, so their order is free', async () => {
    const { findings } = await fix(
      ALL,
      { ...OLD_UDEV, '/etc/network/interfaces': 'iface eth0 inet dhcp\niface eth1 inet dhcp\n' },
      {
        nics: [
          { name: 'eth1', mac: NEW },
          { name: 'eth0', mac: SECOND },
        ],
      },
    );
    expect(findings).toEqual([]);
  });
});

test('a guest without udev cannot be told names', async () => {
  const { changes, findings } = await fix(
    ALL,
    { '/etc/network/interfaces': 'iface lan0 inet dhcp\n' },
    { nics: [{ name: 'lan0', mac: NEW }] },
  );
  expect(changes).toEqual([]);
  expect(findings).toEqual(['NETWORK_NAMES_NOT_KEPT']);
});

describe('rules by the place of a card', () => {
  const placed = 'SUBSYSTEM=="net", ACTION=="add", KERNELS=="0000:03:00.0", NAME="eth5"';

  test('a file of nothing else is moved aside', async () => {
    const { changes } = await fix(persistentNet, {
      '/etc/udev/rules.d/60-net.rules': `# ports\n${placed}\n`,
    });
    expect(changes).toEqual(['rename /etc/udev/rules.d/60-net.rules.ironlift-off']);
  });

  test('in a file with more, the line is commented out; storage rules stay', async () => {
    const rest =
      'KERNEL=="sd*", SUBSYSTEM=="block", NAME="disk"\nSUBSYSTEM=="net", NAME="$env{ID_NET_NAME}"\n';
    const { after, changes } = await fix(persistentNet, {
      '/etc/udev/rules.d/60-mix.rules': `${placed}\n${rest}`,
    });
    expect(changes).toEqual(['write /etc/udev/rules.d/60-mix.rules']);
    expect(await after.readText('/etc/udev/rules.d/60-mix.rules')).toBe(`#ironlift# ${placed}\n${rest}`);
  });
});
