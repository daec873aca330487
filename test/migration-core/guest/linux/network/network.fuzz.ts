/** Configuration files of a guest, damaged at random: every reader and fixer must end soon, and only with our own errors. */
import { describe, expect, test } from 'vitest';
import { IronliftError } from '../../../../../migration-core/base/errors.ts';
import { planFixes } from '../../../../../migration-core/guest/fixers.ts';
import { agents } from '../../../../../migration-core/guest/linux/agents.ts';
import { blacklist } from '../../../../../migration-core/guest/linux/blacklist.ts';
import { consoles } from '../../../../../migration-core/guest/linux/consoles.ts';
import { networkAddresses } from '../../../../../migration-core/guest/linux/network/addresses.ts';
import { networkNames } from '../../../../../migration-core/guest/linux/network/names.ts';
import { readNetwork } from '../../../../../migration-core/guest/linux/network/read.ts';
import { parseYaml } from '../../../../../migration-core/guest/linux/network/yaml-subset.ts';
import { persistentNet } from '../../../../../migration-core/guest/linux/persistent-net.ts';
import { labelFor } from '../../../../../migration-core/guest/linux/selinux.ts';
import { xorg } from '../../../../../migration-core/guest/linux/xorg.ts';
import { contextOf, treeOf } from '../../../../support/fix-linux.ts';
import { seeded } from '../../../../support/tools.ts';

const ROUNDS = 600;
const MAC = '00:25:90:0a:00:01';
const NICS = [
  { name: 'eth0', mac: '52:54:00:aa:00:01' },
  { name: 'eth1', mac: '52:54:00:aa:00:02' },
];

const FILES: Record<string, string> = {
  '/etc/network/interfaces':
    'source interfaces.d/*\nauto lo\niface lo inet loopback\nauto bond0\niface bond0 inet static\n\taddress 192.0.2.1\n\tnetmask 255.255.255.0\n\tbond-slaves eth0 eth1\n\tbond-mode 4\niface eth0:1 inet6 dhcp\n  hwaddress ether 00:25:90:0a:00:01\n  up x \\\n  y\n',
  '/etc/network/interfaces.d/a':
    'source-directory ../interfaces.d\niface br0 inet manual\n bridge_ports eth2 bond0.4\n',
  '/etc/netplan/a.yaml': `network:\n  version: 2\n  ethernets:\n    eth0:\n      match: {macaddress: "${MAC}"}\n      set-name: eth0\n      addresses: [192.0.2.1/24, "2001:db8::1/64"]\n    any:\n      match:\n        name: en*\n      routes:\n      - to: default\n        via: 192.0.2.1\n  vlans: {v1: {id: 1, link: eth0}}\n`,
  '/etc/systemd/network/a.network': `[Match]\nName=eth0 eth1\nMACAddress=${MAC}\n[Network]\nDHCP=yes\nBond=bond1\nAddress=192.0.2.1/24\n`,
  '/etc/systemd/network/a.netdev': '[NetDev]\nName=bond1\nKind=bond\n[Bond]\nMode=802.3ad\n',
  '/etc/systemd/network/a.link': `[Match]\nMACAddress=${MAC}\n[Link]\nName=eth0\nMTUBytes=9000\n`,
  '/etc/NetworkManager/system-connections/a': `[connection]\nid=a\nuuid=u\ntype=ethernet\ninterface-name=eth0\nmaster=bond0\nslave-type=bond\n[ethernet]\nmac-address=${MAC}\n[ipv4]\nmethod=manual\naddress1=192.0.2.1/24,192.0.2.2\naddresses=1;2;3;\n`,
  '/etc/sysconfig/network-scripts/ifcfg-eth0': `DEVICE="eth0"\nHWADDR='${MAC}'\nIPADDR=192.0.2.1\nNETMASK=255.255.255.0\nMASTER=bond0\n`,
  '/etc/sysconfig/network/ifcfg-eth1':
    "IPADDR='192.0.2.1/24'\nIPADDR_2='1.2.3.4'\nETHERDEVICE=eth0\nBONDING_MASTER=no\n",
  '/etc/udev/rules.d/70-persistent-net.rules': `SUBSYSTEM=="net", ACTION=="add", DRIVERS=="?*", \\\n ATTR{address}=="${MAC}", ATTR{type}=="1", NAME="eth0"\nSUBSYSTEM=="net", KERNELS=="0000:01:00.0", NAME="eth1"\n`,
  '/etc/iftab': `eth0 mac ${MAC}\n`,
  '/var/lib/dhcp/dhclient.eth0.leases': 'lease {\n  option dhcp-client-identifier 1:0:25:90:a:0:1;\n}\n',
  '/lib/udev/rules.d/80-net-setup-link.rules': 'IMPORT{builtin}="net_setup_link"\n',
  '/etc/inittab': '1:2345:respawn:/sbin/getty 38400 tty1\nS1:23:respawn:/sbin/agetty ttyS1 9600\n',
  '/sbin/agetty': '',
  '/etc/securetty': 'tty1\n',
  '/boot/grub/grub.cfg':
    'serial --unit=1\nmenuentry x {\n linux /vmlinuz root=UUID=x ro console=ttyS1,9600 modprobe.blacklist=virtio_net,a\n}\n',
  '/etc/default/grub': 'GRUB_CMDLINE_LINUX="console=hvc0"\nGRUB_CMDLINE_LINUX_DEFAULT=quiet\n',
  '/boot/grub/grubenv': `# GRUB Environment Block\nkernelopts=root=x console=tty0\n${'#'.repeat(60)}`,
  '/etc/X11/xorg.conf': 'Section "Device"\n  Driver "mga"\n  BusID "PCI:1:0:0"\nEndSection\n',
  '/etc/modprobe.d/x.conf': 'blacklist virtio_net\ninstall nvme /bin/true\n',
  '/etc/modules': 'hpwdt\nipmi_si x=1\n',
  '/etc/systemd/system/hp-health.service': '[Install]\n',
  '/etc/multipath/wwids': '# x\n/36/\n',
  '/etc/selinux/config': 'SELINUXTYPE=targeted\n',
  '/etc/selinux/targeted/contexts/files/file_contexts':
    '/etc(/.*)?\tsystem_u:object_r:etc_t:s0\n/etc/[a-z]{1,9}/(a|b*)+\t--\tsystem_u:object_r:x_t:s0\n/.*\t<<none>>\n',
  '/etc/selinux/targeted/contexts/files/file_contexts.subs_dist': '/etc/systemd /usr/lib\n',
};

const FIXERS = [persistentNet, networkAddresses, networkNames, agents, consoles, xorg, blacklist];

async function runAll(files: Record<string, string | Uint8Array>): Promise<void> {
  const tree = treeOf({
    ...files,
    '/etc': { dir: true, xattrs: { 'security.selinux': 'system_u:object_r:etc_t:s0' } },
  });
  const context = await contextOf(tree, {
    nics: NICS,
    guest: {
      init: 'sysvinit',
      bootLoaders: [
        { kind: 'grub2', files: ['/boot/grub/grub.cfg', '/etc/default/grub', '/boot/grub/grubenv'] },
      ],
    },
  });
  await planFixes(context, { fixers: FIXERS });
  await labelFor('/etc/systemd/network/10-x.link', tree);
}

/** What happened is ours, and it did not take long. */
async function survives(work: () => Promise<unknown>, seed: string): Promise<void> {
  const started = performance.now();
  try {
    await work();
  } catch (error) {
    if (!(error instanceof IronliftError)) throw new Error(`${seed}: ${String(error)}`, { cause: error });
  }
  expect(performance.now() - started, seed).toBeLessThan(20_000);
}

function damaged(text: string, random: () => number): Uint8Array {
  let bytes = Buffer.from(text);
  const tokens = [
    '"',
    "'",
    '\n',
    '[',
    ']',
    '{',
    '}',
    '=',
    ':',
    '- ',
    '#',
    '\\',
    '\0',
    '\t',
    '*',
    '&',
    '\r',
    ' ',
    'é',
    '\ufeff',
  ];
  for (let i = Math.ceil(random() * 6); i > 0; i--) {
    const at = Math.floor(random() * bytes.length);
    const end = Math.min(bytes.length, at + Math.floor(random() * 30));
    const what = Math.floor(random() * 5);
    const token = Buffer.from(tokens[Math.floor(random() * tokens.length)]!);
    if (what === 0) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
    else if (what === 1) bytes = Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
    else if (what === 2) bytes = Buffer.concat([bytes.subarray(0, at), token, bytes.subarray(at)]);
    else if (what === 3 && bytes.length > 0) bytes[at] = Math.floor(random() * 256);
    else bytes = bytes.subarray(0, random() < 0.1 ? at : bytes.length);
  }
  return new Uint8Array(bytes);
}

test(`${ROUNDS} damaged guests`, async () => {
  const random = seeded(20);
  const paths = Object.keys(FILES);
  for (let round = 0; round < ROUNDS; round++) {
    const files: Record<string, string | Uint8Array> = { ...FILES };
    for (let i = 0; i < 4; i++) {
      const path = paths[Math.floor(random() * paths.length)]!;
      files[path] = damaged(FILES[path]!, random);
    }
    await survives(() => runAll(files), `round ${round}`);
  }
});

describe('one pattern repeated up to the size limit', () => {
  const patterns = [
    ' ',
    '\n',
    '\t',
    '#',
    'a',
    'A',
    '"',
    '" #',
    "'",
    '- ',
    '[',
    '{',
    '{a: ',
    'a:\n ',
    '[a, ',
    '\\\n',
    '\\',
    'console=ttyS1 ',
    'modprobe.blacklist=virtio_net ',
    'x=1\n',
    '[Match]\n',
    'Name=eth0\n',
    `HWADDR=${MAC}\n`,
    `MACAddress=${MAC}\n`,
    `mac/${MAC} `,
    'iface eth0 inet dhcp\n',
    'iface a inet static\naddress 1.2.3.4\n',
    'NAME="',
    'NAME=="a"',
    'NAME="eth0"',
    'SUBSYSTEM=="net", NAME="eth1"\n',
    'linux ',
    'kernel --a ',
    'serial ',
    'dhcp-client-identifier ',
    '1:0:',
    '00:',
    'Section "Device"\n',
    '/a* b:c:d\n',
    '/(((((a+)+)+)+)+ b:c:d\n',
    'S1:2:respawn:getty ttyS1\n',
    '::respawn:',
    'auto mac/',
    'source *\n',
    'source-directory /\n',
    'e\u0301',
    '- - ',
    'a: {b: [',
    '  e: {match: {macaddress: "00:25:90:0a:00:01"}}\n',
  ];
  test.each(patterns.map((pattern) => [JSON.stringify(pattern), pattern]))('%s', async (_name, pattern) => {
    const random = seeded(pattern.length);
    const paths = Object.keys(FILES).filter(
      (path) => path.startsWith('/etc') || path.startsWith('/boot') || path.startsWith('/var'),
    );
    // Some files for each pattern; which ones differs between patterns.
    for (const path of paths.filter(() => random() < 0.5)) {
      const prefix =
        random() < 0.5 ? FILES[path]! : FILES[path]!.slice(0, Math.floor(random() * FILES[path]!.length));
      const count = Math.floor((120_000 - prefix.length) / pattern.length);
      const files = { ...FILES, [path]: prefix + pattern.repeat(count) + (random() < 0.5 ? '\nx' : 'x') };
      await survives(() => runAll(files), path);
    }
  });
});

test('YAML of random characters is read or refused', async () => {
  const random = seeded(3);
  const letters = 'ab:-[]{},#"\'\n\n  \t&*!|>%@`?\\0';
  for (let round = 0; round < 30_000; round++) {
    let text = '';
    for (let i = Math.floor(random() * 60); i > 0; i--)
      text += letters[Math.floor(random() * letters.length)]!;
    await survives(async () => parseYaml(text), JSON.stringify(text));
  }
});

test('nesting is bounded', async () => {
  for (const text of [
    '['.repeat(50_000),
    '- '.repeat(50_000),
    '{a: '.repeat(50_000),
    Array.from({ length: 300 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
  ])
    await survives(async () => parseYaml(text), text.slice(0, 10));
  await survives(() => readNetwork(treeOf({ '/etc/netplan/a.yaml': '['.repeat(50_000) })), 'netplan');
});
