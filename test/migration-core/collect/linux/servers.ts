/** Servers as sections, as if the collector had asked them. */
import type { Section } from '../../../../migration-core/collect/linux/sections.ts';

export function sectionsOf(
  parts: Record<string, string>,
  statuses: Record<string, number> = {},
): Map<string, Section> {
  return new Map(
    Object.entries(parts).map(([name, text]) => [
      name,
      { status: statuses[name] ?? 0, text, errors: '', truncated: false },
    ]),
  );
}

const cpu = (processor: number, socket: number, core: number): string =>
  `processor\t: ${processor}
vendor_id\t: GenuineIntel
model name\t: Intel(R) Xeon(R) CPU           X5650  @ 2.67GHz
cpu MHz\t\t: 1596.000
physical id\t: ${socket}
core id\t\t: ${core}
flags\t\t: fpu vme tsc msr pae vmx ept vpid lm
`;

/** Two sockets, 12 cores, 24 threads; disks behind FC with multipath; LVM on LUKS; bond with a VLAN on it; UEFI. */
export const SAN_SERVER: Record<string, string> = {
  run: 'user\t0\nsudo\t\ntimeout\ttimeout -s KILL\n',
  date: '1600000000 +0200 CEST\n',
  'uname-release': '4.18.0-193.el8.x86_64\n',
  'uname-machine': 'x86_64\n',
  'uname-system': 'Linux\n',
  hostname: 'db1.example.org\n',
  fqdn: 'db1.example.org\n',
  'file:/proc/uptime': '86400.25 1000.00\n',
  'file:/etc/os-release':
    'NAME="Red Hat Enterprise Linux"\nID="rhel"\nVERSION_ID="8.2"\nPRETTY_NAME="Red Hat Enterprise Linux 8.2 (Ootpa)"\n',
  localtime: '/usr/share/zoneinfo/Europe/Berlin\n',
  dmi: [
    'product_uuid\t4C4C4544-0048-5110-804A-C6C04F594A32',
    'product_serial\t9ABCD12',
    'sys_vendor\tDell Inc.',
    'product_name\tPowerEdge R710',
    'chassis_type\t23',
    'bios_vendor\tDell Inc.',
    'bios_version\t6.6.0',
    'bios_date\t05/22/2018',
  ]
    .map((line) => `/sys/class/dmi/id/${line}\n`)
    .join(''),
  firmware:
    '/sys/firmware/efi\n/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c\t   6   0   0   0   1\n',
  'file:/proc/cpuinfo': Array.from({ length: 24 }, (_, i) => cpu(i, i % 2, (i >> 1) % 6)).join('\n'),
  'file:/proc/meminfo': 'MemTotal:       49000000 kB\n',
  'boot-messages': '[    0.9] kvm: disabled by bios\n',
  pci: [
    ['0000:05:00.0', '0x1077', '0x2532', '0x0c0400', 'qla2xxx'],
    ['0000:03:00.0', '0x1000', '0x0079', '0x010400', 'megaraid_sas'],
    ['0000:01:00.0', '0x14e4', '0x1639', '0x020000', 'bnx2'],
    ['0000:01:00.1', '0x14e4', '0x1639', '0x020000', 'bnx2'],
    ['0000:08:03.0', '0x102b', '0x0532', '0x030000', 'mgag200'],
  ]
    .map(
      ([address, vendor, device, kind, driver]) =>
        `/sys/bus/pci/devices/${address!}/vendor\t${vendor!}\n/sys/bus/pci/devices/${address!}/device\t${device!}\n/sys/bus/pci/devices/${address!}/class\t${kind!}\n/sys/bus/pci/devices/${address!}/driver\t/sys/bus/pci/drivers/${driver!}\n`,
    )
    .join(''),
  'file:/proc/modules':
    'qla2xxx 1000 2 - Live 0x0\nmegaraid_sas 1000 1 - Live 0x0\nbnx2 1000 0 - Live 0x0\nmgag200 1 0 - Live 0x0\ndm_multipath 1 2 - Live 0x0\ndm_crypt 1 1 - Live 0x0\nxfs 1 1 - Live 0x0\nnfs 1 0 - Live 0x0\n',
  modules: '/sys/module/qla2xxx/version\t10.01.00.22\n/sys/module/qla2xxx/drivers/pci:qla2xxx\n',
  modinfo:
    'filename:       /lib/modules/4.18.0/kernel/drivers/net/bnx2.ko.xz\nversion:        2.2.6\nauthor:         Someone\nfilename:       /lib/modules/4.18.0/kernel/fs/nfs/nfs.ko.xz\n',
  initramfs:
    '/boot/initramfs-4.18.0-193.el8.x86_64.img\n-rw-r--r-- 1 root root 1 usr/lib/modules/4.18.0/kernel/drivers/scsi/qla2xxx/qla2xxx.ko.xz\n',
  blocks: [
    ...['sdb', 'sdc'].flatMap((name, i) => [
      `/sys/block/${name}/size\t209715200`,
      `/sys/block/${name}/queue/logical_block_size\t512`,
      `/sys/block/${name}/queue/rotational\t1`,
      `/sys/block/${name}/device/vendor\tIBM`,
      `/sys/block/${name}/device/model\t2145`,
      `/sys/block/${name}\t/sys/devices/pci0000:00/0000:00:07.0/0000:05:00.0/host${i + 3}/rport-3:0-${i}/target3:0:${i}/3:0:${i}:0/block/${name}`,
      `/sys/block/${name}/holders/dm-0`,
    ]),
    '/sys/block/sda/size\t570949632',
    '/sys/block/sda/device/vendor\tDELL',
    '/sys/block/sda/device/model\tPERC H700',
    '/sys/block/sda\t/sys/devices/pci0000:00/0000:00:03.0/0000:03:00.0/host0/target0:2:0/0:2:0:0/block/sda',
    '/sys/block/sda/sda1/start\t2048',
    '/sys/block/sda/sda1/size\t570947584',
    '/sys/block/dm-0/size\t209715200',
    '/sys/block/dm-0/dm/name\tmpatha',
    '/sys/block/dm-0/dm/uuid\tmpath-3600507680',
    '/sys/block/dm-1/size\t209711104',
    '/sys/block/dm-1/dm/name\tluks-1',
    '/sys/block/dm-1/dm/uuid\tCRYPT-LUKS2-aa-luks-1',
    '/sys/block/dm-1/slaves/dm-0',
    '/sys/block/dm-2/size\t104857600',
    '/sys/block/dm-2/dm/name\tvg--a-root',
    '/sys/block/dm-2/dm/uuid\tLVM-xyz',
    '/sys/block/dm-2/slaves/dm-1',
    '/sys/block/sr0/size\t2097151',
  ].join('\n'),
  'file:/proc/mounts':
    '/dev/mapper/vg--a-root / xfs rw 0 0\n/dev/sda1 /data\\040space ext4 rw 0 0\ntmpfs /run tmpfs rw 0 0\nnas:/x /nas nfs rw 0 0\n',
  blkid:
    '/dev/mapper/mpatha: UUID="u1" TYPE="crypto_LUKS"\n/dev/mapper/vg--a-root: LABEL="root" UUID="u2" TYPE="xfs"\n',
  df: 'Filesystem Type 1024-blocks Used Available Capacity Mounted on\n/dev/mapper/vg--a-root xfs 52403200 10000000 42403200 20% /\n/dev/sda1 ext4 280000000 1000 279999000 1% /data space\ntank/home zfs 1000 10 990 1% /home\n',
  multipath:
    "mpatha (3600507680) dm-0 IBM,2145\nsize=100G features='1' hwhandler='1 alua' wp=rw\n|-+- policy='service-time 0' prio=50 status=active\n| `- 3:0:0:0 sdb 8:16 active ready running\n`-+- policy\n  `- 4:0:1:0 sdc 8:32 active ready running\n",
  adapters:
    '/sys/class/fc_host/host3/port_name\t0x2100001b32a1b2c3\n/sys/class/fc_host/host3/speed\t8 Gbit\n/sys/class/fc_host/host3\t/sys/devices/pci0000:00/0000:00:07.0/0000:05:00.0/host3/fc_host/host3\n',
  nics: [
    '/sys/class/net/em1/address\taa:bb:cc:00:00:01',
    '/sys/class/net/em1/speed\t1000',
    '/sys/class/net/em1/operstate\tup',
    '/sys/class/net/em1/device\t/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0',
    '/sys/class/net/em1/device/driver\t/sys/bus/pci/drivers/bnx2',
    '/sys/class/net/em2/address\taa:bb:cc:00:00:01',
    '/sys/class/net/em2/speed\t4294967295',
    '/sys/class/net/em2/operstate\tdown',
    '/sys/class/net/em2/device\t/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.1',
    '/sys/class/net/bond0/address\taa:bb:cc:00:00:01',
    '/sys/class/net/bond0/bonding/mode\tactive-backup 1',
    '/sys/class/net/bond0/bonding/slaves\tem1 em2',
    '/sys/class/net/bond0.7/address\taa:bb:cc:00:00:01',
    '/sys/class/net/bonding_masters\tbond0',
  ].join('\n'),
  'file:/proc/net/bonding/bond0':
    'Bonding Mode: fault-tolerance (active-backup)\n\nSlave Interface: em1\nPermanent HW addr: d4:ae:52:00:00:01\n\nSlave Interface: em2\nPermanent HW addr: d4:ae:52:00:00:02\n',
  'file:/proc/net/vlan/config':
    'VLAN Dev name    | VLAN ID\nName-Type: VLAN_NAME_TYPE_RAW_PLUS_VID_NO_PAD\nbond0.7        | 7  | bond0\n',
  'ip-address':
    '2: em1: <BROADCAST,UP> mtu 1500 qdisc mq\n    link/ether aa:bb:cc:00:00:01 brd ff:ff:ff:ff:ff:ff\n9: bond0.7@bond0: <BROADCAST,UP> mtu 9000 qdisc noqueue\n    link/ether aa:bb:cc:00:00:01 brd ff\n    vlan protocol 802.1Q id 7 <REORDER_HDR>\n    inet 192.0.2.7/24 brd 192.0.2.255 scope global dynamic bond0.7\n    inet6 2001:db8::7/64 scope global\n',
  'ip-route': 'default via 192.0.2.1 dev bond0.7 proto static\n192.0.2.0/24 dev bond0.7 proto kernel\n',
  ss: 'Netid State  Recv-Q Send-Q Local Address:Port Peer Address:Port Process\ntcp LISTEN 0 128 0.0.0.0:5432 0.0.0.0:* users:(("postmaster",pid=1,fd=3))\ntcp LISTEN 0 128 [::1]:25 [::]:* users:(("master",pid=2,fd=3))\nudp UNCONN 0 0 *:68 *:* users:(("dhclient",pid=9,fd=6))\ntcp ESTAB 0 0 [::ffff:192.0.2.7]:5432 [::ffff:192.0.2.30]:40000 users:(("postmaster",pid=7,fd=9))\ntcp ESTAB 0 0 127.0.0.1:1 127.0.0.1:2\n',
  'unit-files':
    'postgresql.service disabled disabled\ndataeng.service enabled enabled\nsshd.service enabled enabled\n',
  units:
    '● broken.service not-found inactive dead broken.service\n  postgresql.service loaded active running PostgreSQL database server\n  sshd.service loaded active running OpenSSH server\n',
  rpm: 'bash\t4.4.19-10.el8\tRed Hat, Inc.\nsrvadmin-base\t9.3.0\tDell Inc.\ngpg-pubkey\tfd431d51-4ae0493b\t(none)\n',
};
