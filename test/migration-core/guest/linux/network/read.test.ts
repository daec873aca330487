import { describe, expect, test } from 'vitest';
import { inCardOrder, readNetwork } from '../../../../../migration-core/guest/linux/network/read.ts';
import { treeOf } from '../../../../support/fix-linux.ts';
import type { Tree } from '../../../../support/linux-guests.ts';

const read = (files: Tree) => readNetwork(treeOf({ '/etc/hostname': 'x\n', ...files }));

/** `name kind mac addresses`, one line each. */
async function lines(files: Tree): Promise<string[]> {
  const { interfaces } = await read(files);
  return interfaces.map(({ name, kind, mac, addresses }) => [name, kind, mac ?? '-', ...addresses].join(' '));
}

describe('ifupdown', () => {
  test('Debian 12: static and DHCP, sourced files, loopback left out', async () => {
    expect(
      await lines({
        '/etc/network/interfaces': [
          '# The loopback network interface',
          'source /etc/network/interfaces.d/*',
          'auto lo',
          'iface lo inet loopback',
          'allow-hotplug enp3s0',
          'iface enp3s0 inet static',
          '        address 192.0.2.10/24',
          '        gateway 192.0.2.1',
          'iface enp3s0 inet6 static',
          '        address 2001:db8::10',
          '        netmask 64',
          '',
        ].join('\n'),
        '/etc/network/interfaces.d/second':
          'auto enp4s0\niface enp4s0 inet dhcp\n  hwaddress ether 00:1B:21:AA:BB:CC\n',
        '/etc/network/interfaces.d/.hidden': 'iface enp9s0 inet dhcp\n',
      }),
    ).toEqual(['enp3s0 physical - 192.0.2.10/24 2001:db8::10/64', 'enp4s0 physical 00:1b:21:aa:bb:cc dhcp']);
  });

  test('Debian 7: netmask in dots, alias, persistent rule as evidence', async () => {
    expect(
      await lines({
        '/etc/network/interfaces':
          'auto eth0\niface eth0 inet static\n address 10.0.0.5\n netmask 255.255.240.0\niface eth0:1 inet static\n address 10.0.0.6\n netmask 255.255.255.255\n',
        '/etc/udev/rules.d/70-persistent-net.rules':
          'SUBSYSTEM=="net", ACTION=="add", DRIVERS=="?*", ATTR{address}=="00:25:90:12:34:56", ATTR{dev_id}=="0x0", ATTR{type}=="1", KERNEL=="eth*", NAME="eth0"\n',
      }),
    ).toEqual(['eth0 physical 00:25:90:12:34:56 10.0.0.5/20 10.0.0.6/32']);
  });

  test('bond, VLAN and bridge stand on cards that only they name', async () => {
    const files = {
      '/etc/network/interfaces': [
        'auto bond0',
        'iface bond0 inet manual',
        '  bond-slaves eno1 eno2',
        '  bond_mode 802.3ad',
        'iface bond0.20 inet manual',
        'auto vmbr0',
        'iface vmbr0 inet static',
        '  address 192.0.2.2/24',
        '  bridge_ports bond0.20',
        '  bridge-stp off',
        'iface vlan7 inet static',
        '  address 198.51.100.2/24',
        '  vlan-raw-device eno3',
        'iface br1 inet manual',
        '  bridge_ports none',
        '',
      ].join('\n'),
    };
    expect(await lines(files)).toEqual([
      'eno1 physical -',
      'eno2 physical -',
      'eno3 physical -',
      'bond0 bond -',
      'bond0.20 vlan -',
      'br1 bridge -',
      'vlan7 vlan - 198.51.100.2/24',
      'vmbr0 bridge - 192.0.2.2/24',
    ]);
    expect((await read(files)).bonds).toEqual([{ name: 'bond0', slaves: ['eno1', 'eno2'], mode: '802.3ad' }]);
  });

  test('files that include each other in a circle', async () => {
    expect(
      await lines({
        '/etc/network/interfaces': 'source interfaces.d/a\niface eth0 inet dhcp\n',
        '/etc/network/interfaces.d/a': 'source /etc/network/interfaces\nsource-directory ../interfaces.d\n',
      }),
    ).toEqual(['eth0 physical - dhcp']);
  });
});

describe('netplan', () => {
  test('Ubuntu 22.04 server: several forms of one thing', async () => {
    const files = {
      '/etc/netplan/00-installer-config.yaml': [
        "# This is the network config written by 'subiquity'",
        'network:',
        '  version: 2',
        '  ethernets:',
        '    eno1:',
        '      addresses:',
        '      - 192.0.2.20/24',
        '      - "2001:db8::20/64":',
        '          label: "main"',
        '      routes: [{to: default, via: 192.0.2.1}]',
        '      nameservers: {addresses: [192.0.2.53, "2001:db8::53"], search: [example.org]}',
        '    lan1:',
        '      match: {macaddress: "3C:FD:FE:00:11:22"}',
        '      set-name: lan1',
        '      dhcp4: true',
        '    eno3: {dhcp4: no, optional: true}',
        '  bonds:',
        '    bond0:',
        '      interfaces: [eno3, eno4]',
        '      parameters: {mode: active-backup, mii-monitor-interval: 100}',
        '  vlans:',
        '    bond0.30: {id: 30, link: bond0, addresses: [198.51.100.30/25]}',
        '',
      ].join('\n'),
    };
    expect(await lines(files)).toEqual([
      'eno1 physical - 192.0.2.20/24 2001:db8::20/64',
      'eno3 physical -',
      'eno4 physical -',
      'lan1 physical 3c:fd:fe:00:11:22 dhcp',
      'bond0 bond -',
      'bond0.30 vlan - 198.51.100.30/25',
    ]);
    expect((await read(files)).findings).toEqual([]);
  });

  test('what is not understood is a finding that names the file and the line', async () => {
    const { interfaces, findings } = await read({
      '/etc/netplan/50-x.yaml': 'network:\n  ethernets:\n    eth0: &anchor\n      dhcp4: true\n',
    });
    expect(interfaces).toEqual([]);
    expect(findings.map(({ code }) => code)).toEqual(['NETWORK_NOT_UNDERSTOOD']);
    expect(findings[0]!.message).toContain('/etc/netplan/50-x.yaml');
    expect(findings[0]!.message).toContain('ine 3');
  });

  test('a definition for every card of a pattern has no name', async () => {
    const { interfaces, findings } = await read({
      '/etc/netplan/50-x.yaml':
        'network:\n  ethernets:\n    all:\n      match: {name: "en*"}\n      dhcp4: true\n',
    });
    expect(interfaces).toEqual([]);
    expect(findings).toHaveLength(1);
  });
});

describe('ifcfg', () => {
  test('RHEL 6 and 7: HWADDR, netmask, further addresses, bond, VLAN, bridge', async () => {
    const at = '/etc/sysconfig/network-scripts/';
    expect(
      await lines({
        [`${at}ifcfg-lo`]: 'DEVICE=lo\nIPADDR=127.0.0.1\n',
        [`${at}ifcfg-em1`]:
          'DEVICE="em1"\nBOOTPROTO=none\nHWADDR="00:26:B9:11:22:33"\nIPADDR=192.0.2.30\nNETMASK=255.255.255.0\nIPADDR1=192.0.2.31\nPREFIX1=32\nIPV6ADDR=2001:db8::30/64\n',
        [`${at}ifcfg-em1:1`]: 'DEVICE=em1:1\nIPADDR=192.0.2.32\nPREFIX=24\n',
        [`${at}ifcfg-em1.bak`]: 'DEVICE=em9\nBOOTPROTO=dhcp\n',
        [`${at}ifcfg-em2`]: 'DEVICE=em2\nMASTER=bond0\nSLAVE=yes\nHWADDR=00:26:b9:11:22:34\n',
        [`${at}ifcfg-em3`]: 'DEVICE=em3\nMASTER=bond0\nSLAVE=yes\n',
        [`${at}ifcfg-bond0`]: 'DEVICE=bond0\nBONDING_OPTS="mode=4 miimon=100"\nBRIDGE=br0\n',
        [`${at}ifcfg-br0`]: 'DEVICE=br0\nTYPE=Bridge\nBOOTPROTO=dhcp\n',
        [`${at}ifcfg-bond0.8`]: 'DEVICE=bond0.8\nVLAN=yes\nBOOTPROTO=none\nIPADDR=10.8.0.1\nPREFIX=16\n',
      }),
    ).toEqual([
      'em1 physical 00:26:b9:11:22:33 192.0.2.30/24 192.0.2.31/32 2001:db8::30/64 192.0.2.32/24',
      'em2 physical 00:26:b9:11:22:34',
      'em3 physical -',
      'bond0 bond -',
      'bond0.8 vlan - 10.8.0.1/16',
      'br0 bridge - dhcp',
    ]);
  });

  test('a profile without DEVICE gets its name from a rule with its address', async () => {
    const files: Tree = {
      '/etc/sysconfig/network-scripts/ifcfg-Wired_connection_1':
        'HWADDR=52:54:00:00:00:01\nBOOTPROTO=dhcp\nNAME="Wired connection 1"\n',
    };
    expect(await lines(files)).toEqual([]);
    expect((await read(files)).findings.map(({ code }) => code)).toEqual(['NETWORK_NOT_UNDERSTOOD']);
    files['/etc/systemd/network/10-lan.link'] = '[Match]\nMACAddress=52:54:00:00:00:01\n[Link]\nName=lan0\n';
    expect(await lines(files)).toEqual(['lan0 physical 52:54:00:00:00:01 dhcp']);
  });

  test('SLES 11 to 15: name of the file, bond, VLAN, addresses with endings', async () => {
    const at = '/etc/sysconfig/network/';
    expect(
      await lines({
        [`${at}ifcfg-lo`]: "IPADDR='127.0.0.1/8'\n",
        [`${at}ifcfg.template`]: 'x=y\n',
        [`${at}ifcfg-eth0`]:
          "BOOTPROTO='static'\nIPADDR='192.0.2.40/24'\nIPADDR_web='192.0.2.41'\nPREFIXLEN_web='32'\nSTARTMODE='auto'\n",
        [`${at}ifcfg-eth1`]: "BOOTPROTO='none'\n",
        [`${at}ifcfg-eth2`]: "BOOTPROTO='none'\n",
        [`${at}ifcfg-bond0`]:
          "BONDING_MASTER='yes'\nBONDING_SLAVE0='eth1'\nBONDING_SLAVE_1='eth2'\nBONDING_MODULE_OPTS='mode=active-backup miimon=100'\nBOOTPROTO='dhcp4'\n",
        [`${at}ifcfg-vlan5`]: "ETHERDEVICE='bond0'\nVLAN_ID='5'\nIPADDR='10.5.0.1/24'\n",
        '/etc/udev/rules.d/70-persistent-net.rules':
          '# eth0\nSUBSYSTEM=="net", ACTION=="add", DRIVERS=="?*", ATTR{address}=="00:0e:0c:00:00:01", ATTR{type}=="1", KERNEL=="eth*", NAME="eth0"\n',
      }),
    ).toEqual([
      'eth0 physical 00:0e:0c:00:00:01 192.0.2.40/24 192.0.2.41/32',
      'eth1 physical -',
      'eth2 physical -',
      'bond0 bond - dhcp',
      'vlan5 vlan - 10.5.0.1/24',
    ]);
  });
});

describe('NetworkManager', () => {
  const at = '/etc/NetworkManager/system-connections/';

  test('RHEL 9: ethernet, bond by UUID and by name, VLAN', async () => {
    const files: Tree = {
      [`${at}eno1.nmconnection`]:
        '[connection]\nid=eno1\ntype=ethernet\ninterface-name=eno1\n\n[ethernet]\nmac-address=B4:96:91:00:00:01\n\n[ipv4]\naddress1=192.0.2.50/24,192.0.2.1\nmethod=manual\n\n[ipv6]\nmethod=disabled\n',
      [`${at}bond.nmconnection`]:
        '[connection]\nid=b\nuuid=9d9a7d35-0000-4000-8000-000000000001\ntype=bond\ninterface-name=bond0\n[bond]\nmode=802.3ad\n[ipv4]\nmethod=auto\n',
      [`${at}port1.nmconnection`]:
        '[connection]\ntype=ethernet\ninterface-name=eno2\nmaster=9d9a7d35-0000-4000-8000-000000000001\nslave-type=bond\n',
      [`${at}port2.nmconnection`]:
        '[connection]\ntype=ethernet\ninterface-name=eno3\ncontroller=bond0\nport-type=bond\n',
      [`${at}vlan.nmconnection`]:
        '[connection]\ntype=vlan\ninterface-name=bond0.9\n[vlan]\nid=9\nparent=9d9a7d35-0000-4000-8000-000000000001\n[ipv4]\nmethod=manual\naddresses1=10.9.0.1;16;10.9.0.254;\n',
      [`${at}any.nmconnection~`]: '[connection]\ntype=ethernet\ninterface-name=eno9\n',
    };
    expect(await lines(files)).toEqual([
      'eno1 physical b4:96:91:00:00:01 192.0.2.50/24',
      'eno2 physical -',
      'eno3 physical -',
      'bond0 bond - dhcp',
      'bond0.9 vlan - 10.9.0.1/16',
    ]);
    expect((await read(files)).bonds).toEqual([{ name: 'bond0', slaves: ['eno2', 'eno3'], mode: '802.3ad' }]);
  });

  test('leases tell names and addresses where no file does', async () => {
    expect(
      await lines({
        [`${at}Wired connection 1.nmconnection`]: '[connection]\ntype=ethernet\n[ipv4]\nmethod=auto\n',
        '/var/lib/NetworkManager/internal-5d2f4c86-1111-3333-8888-aaaaaaaaaaaa-enp5s0.lease':
          '# This is private data. Do not parse.\nADDRESS=192.0.2.77\nCLIENTID=01a0369fabcdef\n',
      }),
    ).toEqual(['enp5s0 physical a0:36:9f:ab:cd:ef dhcp']);
  });
});

describe('systemd-networkd', () => {
  test('cards, a bond, a VLAN; the address from .network or .link', async () => {
    const at = '/etc/systemd/network/';
    expect(
      await lines({
        [`${at}10-a.network`]:
          '[Match]\nName=ens1\n[Network]\nAddress=192.0.2.60/24\nVLAN=ens1.4\n[Address]\nAddress=192.0.2.61/32\n',
        [`${at}10-a.network.d/more.conf`]: '[Network]\nDHCP=ipv6\n',
        [`${at}ens1.4.netdev`]: '[NetDev]\nName=ens1.4\nKind=vlan\n[VLAN]\nId=4\n',
        [`${at}20-b.network`]: '[Match]\nMACAddress=00:50:b6:00:00:02\n[Network]\nBond=bond1\n',
        [`${at}20-b.link`]: '[Match]\nMACAddress=00:50:B6:00:00:02\n[Link]\nName=port0\n',
        [`${at}bond1.netdev`]: '[NetDev]\nName=bond1\nKind=bond\n[Bond]\nMode=active-backup\n',
        [`${at}bond1.network`]: '[Match]\nName=bond1\n[Network]\nDHCP=yes\n',
        [`${at}wg0.netdev`]: '[NetDev]\nName=wg0\nKind=wireguard\n',
      }),
    ).toEqual([
      'ens1 physical - dhcp 192.0.2.60/24 192.0.2.61/32',
      'port0 physical 00:50:b6:00:00:02',
      'bond1 bond - dhcp',
      'ens1.4 vlan -',
    ]);
  });
});

test('one interface that two systems name is one entry; a binding outweighs a rule, a rule a lease', async () => {
  const files: Tree = {
    '/etc/network/interfaces': 'iface eno1 inet manual\n',
    '/etc/netplan/a.yaml':
      'network: {ethernets: {eno1: {match: {macaddress: "00:00:5e:00:00:01"}, set-name: eno1, addresses: [192.0.2.1/24]}}}\n',
    '/etc/udev/rules.d/70-persistent-net.rules':
      'SUBSYSTEM=="net", ATTR{address}=="00:00:5e:00:00:02", NAME="eno1"\n',
    '/var/lib/dhcp/dhclient.eno1.leases':
      'lease {\n  interface "eno1";\n  option dhcp-client-identifier 1:0:0:5e:0:0:3;\n}\n',
  };
  expect(await lines(files)).toEqual(['eno1 physical 00:00:5e:00:00:01 192.0.2.1/24']);
  delete files['/etc/netplan/a.yaml'];
  expect(await lines(files)).toEqual(['eno1 physical 00:00:5e:00:00:02']);
  delete files['/etc/udev/rules.d/70-persistent-net.rules'];
  expect(await lines(files)).toEqual(['eno1 physical 00:00:5e:00:00:03']);
});

test('a name can hold the address', async () => {
  expect(await lines({ '/etc/network/interfaces': 'iface enx001b21aabbcc inet dhcp\n' })).toEqual([
    'enx001b21aabbcc physical 00:1b:21:aa:bb:cc dhcp',
  ]);
});

test('cards are ordered so that no kernel name has to be exchanged', () => {
  const order = (...names: string[]): string[] =>
    inCardOrder(names.map((name) => ({ name }))).map(({ name }) => name);
  expect(order('eth0', 'eth1', 'eth2')).toEqual(['eth0', 'eth1', 'eth2']);
  expect(order('eth1', 'eth2')).toEqual(['eth2', 'eth1']);
  expect(order('eth1')).toEqual(['eth1']);
  expect(order('eno1', 'eth0', 'eth7')).toEqual(['eth0', 'eno1', 'eth7']);
  // Whatever the names: a card with a kernel name below the number of cards has the place of that name.
  for (let mask = 1; mask < 64; mask++) {
    const names = [0, 1, 2, 3, 4, 5].filter((bit) => mask & (1 << bit)).map((bit) => `eth${bit}`);
    const sorted = order(...names);
    expect(sorted.toSorted()).toEqual(names);
    for (const [place, name] of sorted.entries())
      if (Number(name.slice(3)) < names.length) expect(name).toBe(`eth${place}`);
  }
});
