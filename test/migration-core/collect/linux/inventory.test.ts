import { expect, test } from 'vitest';
import { linuxInventory } from '../../../../migration-core/collect/linux/inventory.ts';
import { parseStorcli } from '../../../../migration-core/collect/linux/raid/storcli.ts';
import { parseArcconf, parseSasIrcu } from '../../../../migration-core/collect/linux/raid/others.ts';
import {
  parseEndpoint,
  parseNetstat,
  procAddress,
} from '../../../../migration-core/collect/linux/sockets.ts';
import { serverInventory, type ServerInventory } from '../../../../migration-core/store/model/inventory.ts';
import { SAN_SERVER, sectionsOf } from './servers.ts';

const inventoryOf = (parts: Record<string, string>, statuses?: Record<string, number>): ServerInventory =>
  serverInventory.parse(linuxInventory(sectionsOf(parts, statuses), { ourTime: 1_600_000_012_000 }));

const san = inventoryOf(SAN_SERVER);

test('the machine, its firmware and its processors', () => {
  expect(san).toMatchObject({
    identity: {
      name: 'db1',
      fqdn: 'db1.example.org',
      serial: '9ABCD12',
      smbiosUuid: '4c4c4544-0048-5110-804a-c6c04f594a32',
      macs: ['d4:ae:52:00:00:01', 'd4:ae:52:00:00:02'],
    },
    vendor: 'Dell Inc.',
    model: 'PowerEdge R710',
    chassis: 'Rack Mount Chassis',
    firmware: { kind: 'uefi', secureBoot: true, version: '6.6.0' },
    memoryBytes: 49_000_000 * 1024,
    operatingSystem: {
      id: 'rhel',
      version: '8.2',
      timeZone: 'Europe/Berlin',
      clockOffset: -12,
      bootedAt: 1_599_913_599_750,
    },
  });
  expect(san.virtual).toBeUndefined();
  expect(san.processors).toHaveLength(1);
  // VT-x is in the processor, and switched off.
  expect(san.processors![0]).toMatchObject({
    model: 'Intel(R) Xeon(R) CPU X5650 @ 2.67GHz',
    sockets: 2,
    cores: 12,
    threads: 24,
    megahertz: 2670,
    hardwareVirtualization: false,
    nestedPaging: true,
  });
});

test('a LUN behind two paths is one disk, and the way up to the root is known', () => {
  expect(san.disks).toEqual([
    {
      name: 'mpatha',
      bytes: 107_374_182_400,
      model: '2145',
      vendor: 'IBM',
      wwn: '3600507680',
      bus: 'fc',
      rotational: true,
      sectorBytes: 512,
      system: true,
      paths: ['sdb', 'sdc'],
    },
    { name: 'sda', bytes: 292_326_211_584, model: 'PERC H700', vendor: 'DELL', bus: 'raid', system: false },
  ]);
  const volumes = new Map(san.volumes!.map((volume) => [volume.name, volume]));
  expect([...volumes.keys()].sort()).toEqual(['luks-1', 'mpatha', 'sda1', 'tank/home', 'vg--a-root']);
  expect(volumes.get('vg--a-root')).toEqual({
    name: 'vg--a-root',
    mountPoint: '/',
    fileSystem: 'xfs',
    label: 'root',
    uuid: 'u2',
    bytes: 53_687_091_200,
    usedBytes: 10_240_000_000,
    kind: 'lvm',
    disks: ['mpatha'],
  });
  expect(volumes.get('mpatha')).toMatchObject({ encryption: 'luks' });
  expect(volumes.get('sda1')).toMatchObject({
    mountPoint: '/data space',
    usedBytes: 1_024_000,
    kind: 'partition',
    disks: ['sda'],
  });
  expect(volumes.get('tank/home')).toMatchObject({ kind: 'zfs', mountPoint: '/home' });
});

test('what looks like a disk and is none is not counted', () => {
  const names = [
    'bcache0',
    'drbd1',
    'zd0',
    'nvme0c0n1',
    'nvme0n1',
    'mmcblk0boot0',
    'zram0',
    'hdc',
    'hda',
    'md0',
    'sr0',
  ];
  const blocks = `/proc/ide/hdc/media\tcdrom\n/proc/ide/hda/media\tdisk\n${names.map((name) => `/sys/block/${name}/size\t2048\n`).join('')}/sys/block/hda/device\t/sys/devices/pci0000:00/0000:00:1f.1/ide0/0.0\n/sys/block/hda\t/sys/block/hda\n`;
  const found = inventoryOf({
    blocks,
    pci: '/sys/bus/pci/devices/0000:00:1f.1/class\t0x01018a\n/sys/bus/pci/devices/0000:00:1f.1/driver\t/sys/bus/pci/drivers/PIIX_IDE\n',
    'file:/proc/mounts': '/dev/hda / ext3 rw 0 0\n',
  });
  expect(found.disks?.map(({ name }) => name)).toEqual(['nvme0n1', 'hda']);
  expect(found.drivers).toContainEqual({
    name: 'PIIX_IDE',
    path: 'built into the kernel',
    loaded: true,
    bootCritical: true,
  });
});

test('drivers: what the system disk, its volumes and the screen need is critical, nothing else', () => {
  const critical = san
    .drivers!.filter(({ bootCritical }) => bootCritical === true)
    .map(({ name }) => name)
    .sort();
  expect(critical).toEqual(['dm_crypt', 'dm_multipath', 'mgag200', 'qla2xxx', 'xfs']);
  const drivers = new Map(san.drivers!.map((driver) => [driver.name, driver]));
  expect(drivers.get('qla2xxx')).toMatchObject({ version: '10.01.00.22', startType: 'boot', loaded: true });
  expect(drivers.get('bnx2')).toMatchObject({ version: '2.2.6', vendor: 'Someone', bootCritical: false });
});

test('host bus adapters, and a RAID controller whose members nobody guesses', () => {
  expect(san.hostBusAdapters).toEqual([
    {
      name: expect.stringContaining('ISP2532') as string,
      kind: 'fc',
      wwpns: ['21:00:00:1b:32:a1:b2:c3'],
      driver: 'qla2xxx',
      speed: 8e9,
    },
  ]);
  expect(san.raidControllers).toEqual([
    {
      name: expect.stringContaining('MegaRAID SAS 2108') as string,
      address: '0000:03:00.0',
      driver: 'megaraid_sas',
      logicalDisks: [{ name: 'sda', bytes: 292_326_211_584 }],
    },
  ]);
  expect(san.gaps.find(({ part }) => part === 'raidControllers.physicalDisks')?.why).toMatch(
    /^RAID volume, members unknown/u,
  );
  const told = inventoryOf({
    ...SAN_SERVER,
    'megacli-disks:MegaCli64':
      'Adapter #0\nEnclosure Device ID: 32\nSlot Number: 0\nPD Type: SAS\nRaw Size: 279.396 GB [0x22ecb25c Sectors]\nFirmware state: Online, Spun Up\nInquiry Data: SEAGATE ST3300657SS     ES646SJ1ABCD            \n',
  });
  expect(told.raidControllers).toHaveLength(1);
  expect(told.raidControllers![0]).toMatchObject({
    address: '0000:03:00.0',
    physicalDisks: [
      { slot: '32:0', model: 'SEAGATE ST3300657SS', serial: '6SJ1ABCD', bytes: 0x22ecb25c * 512 },
    ],
  });
  expect(told.gaps.map(({ part }) => part)).not.toContain('raidControllers.physicalDisks');
});

test('bonds, VLANs, own addresses of members', () => {
  const nics = new Map(san.networkInterfaces!.map((nic) => [nic.name, nic]));
  expect(nics.get('em1')).toMatchObject({
    kind: 'physical',
    mac: 'd4:ae:52:00:00:01',
    speed: 1e9,
    up: true,
    driver: 'bnx2',
    address: '0000:01:00.0',
  });
  expect(nics.get('em2')).toMatchObject({ mac: 'd4:ae:52:00:00:02', up: false });
  expect(nics.get('em2')?.speed).toBeUndefined();
  expect(nics.get('bond0')).toMatchObject({
    kind: 'bond',
    teamMode: 'active-backup',
    members: ['em1', 'em2'],
  });
  expect(nics.get('bond0.7')).toMatchObject({
    kind: 'vlan',
    vlan: 7,
    members: ['bond0'],
    addresses: ['192.0.2.7/24', '2001:db8::7/64'],
    gateway: '192.0.2.1',
    dhcp: true,
  });
  expect(nics.has('bonding_masters')).toBe(false);
});

test('programs, roles and agents', () => {
  expect(san.services).toEqual([
    { name: 'postgresql', startType: 'disabled', running: true, title: 'PostgreSQL database server' },
    { name: 'dataeng', startType: 'auto' },
    { name: 'sshd', startType: 'auto', running: true, title: 'OpenSSH server' },
  ]);
  // The mail server listens to its own machine only.
  expect(san.roles).toEqual(['database']);
  expect(san.vendorAgents?.map(({ vendor }) => vendor)).toEqual(['Dell']);
  expect(san.software?.map(({ name }) => name)).toEqual(['bash', 'srvadmin-base']);
  expect(san.listeners).toContainEqual({
    protocol: 'tcp',
    address: '0.0.0.0',
    port: 5432,
    process: 'postmaster',
  });
  expect(san.connections).toEqual([
    {
      protocol: 'tcp',
      localAddress: '192.0.2.7',
      localPort: 5432,
      remoteAddress: '192.0.2.30',
      remotePort: 40_000,
      process: 'postmaster',
    },
  ]);
});

test('a server of 2005, without /sys, JSON, systemd and root', () => {
  const old = inventoryOf(
    {
      run: 'user\t500\n',
      hostname: 'web3\n',
      'uname-system': 'Linux\n',
      'uname-release': '2.6.9-89.ELsmp\n',
      'uname-machine': 'i686\n',
      'file:/etc/redhat-release': 'Red Hat Enterprise Linux AS release 4 (Nahant Update 8)\n',
      'file:/etc/sysconfig/clock': 'ZONE="Europe/Paris"\nUTC=true\n',
      dmidecode: '/dev/mem: Permission denied\n',
      'file:/proc/cpuinfo':
        'processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Intel(R) Xeon(TM) CPU 3.06GHz\ncpu MHz\t\t: 3059.2\nflags\t\t: fpu tsc msr\n',
      'file:/proc/partitions':
        'major minor  #blocks  name\n\n 104     0   71122560 cciss/c0d0\n 104     1     104391 cciss/c0d0p1\n 104     2   71015805 cciss/c0d0p2\n',
      'file:/proc/mounts': 'rootfs / rootfs rw 0 0\n/dev/cciss/c0d0p2 / ext3 rw 0 0\n',
      'file:/proc/mdstat':
        'Personalities : [raid1]\nmd0 : active raid1 hdc1[1] hda1[0](F)\n      104320 blocks [2/1] [_U]\nunused devices: <none>\n',
      ifconfig:
        'eth0      Link encap:Ethernet  HWaddr 00:0B:CD:01:02:03\n          inet addr:10.0.0.3  Bcast:10.0.0.255  Mask:255.255.255.0\n          UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1\nlo        Link encap:Local Loopback\n          inet addr:127.0.0.1  Mask:255.0.0.0\n',
      'file:/proc/net/route': 'Iface\tDestination\tGateway \tFlags\neth0\t00000000\t0100000A\t0003\n',
      'file:/proc/net/tcp':
        '  sl  local_address rem_address   st\n   0: 00000000:0050 00000000:0000 0A 00000000:00000000\n   1: 0300000A:0050 0900000A:C001 01 00000000:00000000\n',
      chkconfig:
        'httpd          \t0:off\t1:off\t2:on\t3:on\t4:on\t5:on\t6:off\ncpqarrayd      \t0:off\t1:off\t2:on\t3:on\t4:on\t5:on\t6:off\nnfs            \t0:off\t1:off\t2:off\t3:off\t4:off\t5:off\t6:off\n',
    },
    { dmidecode: 1 },
  );
  expect(old).toMatchObject({
    identity: { name: 'web3', macs: ['00:0b:cd:01:02:03'] },
    operatingSystem: { id: 'rhel', version: '4.8', timeZone: 'Europe/Paris' },
    processors: [{ threads: 1, hardwareVirtualization: false }],
    networkInterfaces: [
      { name: 'eth0', addresses: ['10.0.0.3/24'], gateway: '10.0.0.1' },
      { name: 'lo', kind: 'loopback' },
    ],
    disks: [{ name: 'cciss/c0d0', bytes: 72_829_501_440, bus: 'raid', system: true }],
    listeners: [{ protocol: 'tcp', address: '0.0.0.0', port: 80 }],
    connections: [{ localAddress: '10.0.0.3', remoteAddress: '10.0.0.9', remotePort: 49_153 }],
    raidControllers: [
      {
        name: 'Linux software RAID (md)',
        logicalDisks: [{ name: 'md0', level: 'raid1', bytes: 106_823_680, state: 'degraded' }],
        physicalDisks: [
          { slot: 'hdc1', state: 'in use' },
          { slot: 'hda1', state: 'failed' },
        ],
      },
    ],
    roles: ['web'],
  });
  expect(old.vendorAgents?.map(({ name }) => name)).toEqual(['Smart Array monitor']);
  expect(old.firmware?.kind).toBeUndefined();
  const why = old.gaps.find(({ part }) => part === 'identity.serial')?.why;
  expect(why).toBe('dmidecode needs root.');
});

test.each([
  ['VMware', { dmi: '/sys/class/dmi/id/sys_vendor\tVMware, Inc.\n' }],
  [
    'Hyper-V',
    {
      dmi: '/sys/class/dmi/id/sys_vendor\tMicrosoft Corporation\n/sys/class/dmi/id/product_name\tVirtual Machine\n',
    },
  ],
  ['Xen', { virtual: '/proc/xen/capabilities\n/sys/hypervisor/type\txen\n' }],
  [
    undefined,
    { virtual: '/proc/xen/capabilities\n/proc/xen/capabilities\tcontrol_d\n/sys/hypervisor/type\txen\n' },
  ],
  ['OpenVZ container', { virtual: '/proc/vz\n' }],
  [undefined, { virtual: '/proc/vz\n/proc/bc\n' }],
  ['KVM', { 'detect-virt': 'kvm\n' }],
  ['Xen', { 'virt-what': 'aws2\nxen-domU\n' }],
  [undefined, { 'detect-virt': 'none\n' }],
  ['unknown hypervisor', { 'file:/proc/cpuinfo': 'processor : 0\nflags : fpu hypervisor\n' }],
])('what it runs on: %s', (expected, parts) => {
  expect(inventoryOf(parts as Record<string, string>).virtual).toBe(expected);
});

test('figures that no machine has are left away', () => {
  const huge = '9'.repeat(15);
  const found = inventoryOf({
    'file:/proc/meminfo': `MemTotal: ${huge} kB\n`,
    'file:/proc/partitions': ` 8 0 ${huge} sda\n`,
    'file:/proc/mdstat': `md0 : active raid1 sda[0]\n  ${huge} blocks [2/2]\n`,
    df: `/dev/sda ext4 ${huge} ${huge} 0 1% /\n`,
    tw_cli: `p0     OK               u0     69.25 GB    ${huge}     WD-1\n`,
    'sas2ircu:0': `Controller type : SAS\nDevice is a Hard disk\nSize (in MB)/(in sectors) : 1/${huge}\n`,
    dmidecode: `Handle 0x0001, DMI type 17, 34 bytes\nMemory Device\n\tSize: 8 PB\n\n`.repeat(4),
  });
  expect(found.memoryBytes).toBeUndefined();
  expect(found.disks?.[0]?.bytes).toBeUndefined();
});

test('nothing at all is an inventory of gaps', () => {
  const none = inventoryOf({});
  expect(none.identity).toEqual({ name: '', macs: [] });
  expect(none.gaps.map(({ part }) => part)).toEqual(
    expect.arrayContaining(['devices', 'memoryModules', 'software', 'listeners']),
  );
  for (const { why, next } of none.gaps) expect(`${why} ${next ?? 'x.'}`).toMatch(/^[^.].*\.$/u);
});

test('hostile values are kept as they are, or left away; never interpreted', () => {
  const evil = '=cmd|calc!A1';
  const hostile = inventoryOf({
    ...SAN_SERVER,
    hostname: `${evil}\u001b[31m<script>\n`,
    dmi: `/sys/class/dmi/id/sys_vendor\t<img src=x onerror=alert(1)>\n/sys/class/dmi/id/product_name\t${evil}\n`,
    units: `evil.service loaded active running ${evil} \u0007\n`,
    'unit-files': 'evil.service constructor __proto__\n',
    'lsblk-json': '{"blockdevices":[{"name":"sdz","type":"constructor","mountpoint":"/","size":1}]}',
    rpm: `${evil}\t1\t"';DROP TABLE x;--\n__proto__\t1\tx\n`,
    nics: '/sys/class/net/__proto__/address\t00:11:22:33:44:55\n/sys/class/net/__proto__/mtu\t99999999999999999999\n',
  });
  expect(hostile).toMatchObject({
    identity: { name: `${evil}\u001b[31m<script>` },
    vendor: '<img src=x onerror=alert(1)>',
    model: evil,
  });
  expect(hostile.services).toEqual([{ name: 'evil', running: true, title: `${evil} \u0007` }]);
  expect(hostile.software).toEqual([
    { name: evil, version: '1', vendor: `"';DROP TABLE x;--` },
    { name: '__proto__', version: '1', vendor: 'x' },
  ]);
  expect(hostile.networkInterfaces![0]!.name).toBe('__proto__');
});

test('a line of four megabytes and a hundred thousand devices take seconds at most', () => {
  const started = Date.now();
  const long = 'a: '.repeat(1 << 20);
  for (const name of Object.keys(SAN_SERVER)) inventoryOf({ [name]: `${long}\n` });
  const spaces = ' '.repeat(1 << 20);
  for (const name of [
    'df',
    'ss',
    'netstat',
    'ip-address',
    'multipath',
    'lspci',
    'units',
    'chkconfig',
    'upstart',
    'openrc',
    'file:/proc/mdstat',
  ])
    inventoryOf({
      [name]: `tcp${spaces}x\n1: a: <${spaces}>\nmd0 : active raid1${spaces}x\n00:00.0 a${spaces}\n`,
    });
  const many = Array.from(
    { length: 100_000 },
    (_, i) => `/sys/block/sd${i}/size\t8\n/sys/block/sd${i}/holders/dm-${i}\n`,
  ).join('');
  const links = Array.from({ length: 50_000 }, (_, i) => `/dev/mapper/m${i} /m${i} ext4 rw 0 0`).join('\n');
  expect(inventoryOf({ blocks: many, 'file:/proc/mounts': links }).disks!.length).toBeLessThanOrEqual(50_000);
  expect(Date.now() - started).toBeLessThan(20_000);
});

test('storcli JSON, arcconf and sas2ircu', () => {
  const json = JSON.stringify({
    Controllers: [
      {
        'Command Status': { Controller: 0 },
        'Response Data': {
          Basics: { Model: 'PERC H730 Mini', 'PCI Address': '00:03:00:00' },
          Version: { 'Driver Name': 'megaraid_sas', 'Firmware Package Build': '25.5' },
          'VD LIST': [{ 'DG/VD': '0/0', TYPE: 'RAID5', State: 'Optl', Size: '1.089 TB', Name: 'data' }],
          'PD LIST': [{ 'EID:Slt': '32:0', State: 'Onln', Size: '558.406 GB', Model: 'ST600MM0006' }],
        },
      },
    ],
  });
  expect(parseStorcli(json)[0]!.controller).toEqual({
    name: 'PERC H730 Mini',
    address: '0000:03:00.0',
    driver: 'megaraid_sas',
    firmware: '25.5',
    logicalDisks: [{ name: 'data', level: 'RAID 5', bytes: Math.round(1.089 * 1024 ** 4), state: 'Optl' }],
    physicalDisks: [
      { slot: '32:0', model: 'ST600MM0006', bytes: Math.round(558.406 * 1024 ** 3), state: 'Onln' },
    ],
  });
  expect(parseStorcli('{"Controllers":[{"Response Data":7}]}')).toEqual([]);
  expect(
    parseArcconf(
      '   Controller Model                         : Adaptec 5805\nLogical device number 0\n   Logical device name                      : sys\n   RAID level                               : 1\n   Status of logical device                 : Optimal\n   Size                                     : 76181 MB\nDevice #0\n   Device is a Hard drive\n   State                              : Online\n   Vendor                             : WDC\n   Model                              : WD800\n   Serial number                      : W1\n   Size                               : 76319 MB\nDevice #1\n   Device is an Enclosure services device\n',
    ),
  ).toEqual([
    {
      name: 'Adaptec 5805',
      logicalDisks: [{ name: 'sys', level: 'RAID 1', bytes: 76181 * 1024 ** 2, state: 'Optimal' }],
      physicalDisks: [{ model: 'WDC WD800', serial: 'W1', bytes: 76319 * 1024 ** 2, state: 'Online' }],
    },
  ]);
  expect(
    parseSasIrcu(
      '  Controller type                         : SAS2008\nIR volume 1\n  RAID level                              : RAID1\n  Size (in MB)                            : 139236\n  Status of volume                        : Okay (OKY)\nDevice is a Hard disk\n  Enclosure #                             : 1\n  Slot #                                  : 2\n  Size (in MB)/(in sectors)               : 140014/286749487\n  Serial No                               : 3NM\n',
    ),
  ).toMatchObject([
    {
      name: 'SAS2008',
      logicalDisks: [{ level: 'RAID 1', bytes: 139236 * 1024 ** 2 }],
      physicalDisks: [{ slot: '1:2', bytes: 286749487 * 512, serial: '3NM' }],
    },
  ]);
});

test('addresses of sockets in every spelling', () => {
  expect(parseEndpoint('[::]:22')).toEqual({ address: '::', port: 22 });
  expect(parseEndpoint(':::22')).toEqual({ address: '::', port: 22 });
  expect(parseEndpoint('*:*')).toEqual({ address: '*', port: 0 });
  expect(parseEndpoint('[fe80::1%eth0]:546')).toEqual({ address: 'fe80::1', port: 546 });
  expect(parseEndpoint('127.0.0.53%lo:53')).toEqual({ address: '127.0.0.53', port: 53 });
  expect(parseEndpoint('x:99999')).toBeUndefined();
  expect(procAddress('0100007F')).toBe('127.0.0.1');
  expect(procAddress('00000000000000000000000001000000')).toBe('::1');
  expect(procAddress('00000000000000000000000000000000')).toBe('::');
  expect(procAddress('0000000000000000FFFF00000100007F')).toBe('127.0.0.1');
  expect(procAddress('B80D0120000000000000000001000000')).toBe('2001:db8::1');
  expect(
    parseNetstat(
      'Proto Recv-Q Send-Q Local\ntcp        0      0 0.0.0.0:22    0.0.0.0:*     LISTEN      0          12345      99/sshd\nudp6  0 0 :::123 :::*      38 1 5/ntpd\n',
    ),
  ).toMatchObject([
    { listening: true, process: 'sshd' },
    { protocol: 'udp', listening: true, process: 'ntpd', local: { port: 123 } },
  ]);
});
