import { describe, expect, test } from 'vitest';
import type { Finding } from '../../../migration-core/base/finding.ts';
import { driverNeeds, driversFor, moduleName } from '../../../migration-core/target/drivers.ts';
import { fileStem, machineUuid, nameProblem } from '../../../migration-core/target/identity.ts';
import { kvm } from '../../../migration-core/target/kvm.ts';
import type { DiskBus } from '../../../migration-core/target/machine.ts';
import { planMachine, type MachineRequest } from '../../../migration-core/target/plan-machine.ts';
import { targetById, targets } from '../../../migration-core/target/table.ts';
import { vmwareWorkstation } from '../../../migration-core/target/vmware-workstation.ts';
import { chooseChipset } from '../../../migration-core/target/chipset.ts';
import { AWKWARD_NAMES, machine } from './machines.ts';

const ALL_MODULES = [
  ...['virtio_pci', 'virtio_blk', 'virtio_scsi', 'virtio_net', 'sd_mod', 'ahci', 'ata_piix', 'nvme'],
  ...['vmw_pvscsi', 'mptsas', 'mptspi', 'vmxnet3', 'e1000e', 'e1000'],
];

type Guest = NonNullable<MachineRequest['guest']>;

const GUEST: Guest = {
  hostName: 'db04',
  firmware: 'bios',
  architecture: 'x86_64',
  os: { id: 'debian', version: '12', name: 'Debian GNU/Linux 12 (bookworm)', family: 'debian' },
  kernels: [kernel('6.1.0-28-amd64', true)],
  interfaces: [
    {
      name: 'eno1',
      mac: '3c:52:82:aa:bb:01',
      addresses: ['dhcp'],
      configuredBy: '/etc/network/interfaces',
      kind: 'physical',
    },
    { name: 'eno2', mac: null, addresses: [], configuredBy: '/etc/network/interfaces', kind: 'physical' },
    {
      name: 'bond0',
      mac: null,
      addresses: ['10.0.0.4/24'],
      configuredBy: '/etc/network/interfaces',
      kind: 'bond',
    },
  ],
};

function kernel(version: string, isDefault: boolean): Guest['kernels'][number] {
  const initramfs = `/boot/initrd.img-${version}`;
  const modulesDirectory = `/usr/lib/modules/${version}`;
  return {
    version,
    image: `/boot/vmlinuz-${version}`,
    initramfs,
    modulesDirectory,
    initramfsTool: 'initramfs-tools',
    isDefault,
  };
}

const NOTHING_ASKED = { name: null, cpus: null, memoryMiB: null, bus: null, nics: [] };

function request(change: Partial<MachineRequest> = {}): MachineRequest {
  return {
    target: kvm,
    format: { id: 'qcow2', extension: '.qcow2' },
    guest: GUEST,
    modules: new Set(ALL_MODULES),
    disks: [{ size: 8 << 30, fingerprint: { size: 8 << 30, mtime: '1', inode: '2', device: '3' } }],
    options: NOTHING_ASKED,
    ...change,
  };
}

const codes = (findings: Finding[]): string[] => findings.map(({ code }) => code);
const blockers = (findings: Finding[]): Finding[] =>
  findings.filter(({ severity }) => severity === 'blocker');
const without = (...modules: string[]): Set<string> =>
  new Set(ALL_MODULES.filter((name) => !modules.includes(name)));

describe('a machine from a guest', () => {
  test('has what the guest has, and says what was assumed', () => {
    const { machine: made, findings } = planMachine(request());
    expect(made).toMatchObject({
      name: 'db04',
      cpus: 2,
      memoryMiB: 2048,
      firmware: 'bios',
      clock: 'utc',
      chipset: 'q35',
    });
    expect(made.disks).toEqual([
      { file: 'db04-disk0.qcow2', format: 'qcow2', size: 8 << 30, bus: 'virtio-blk', unit: 0 },
    ]);
    expect(codes(findings)).toEqual([
      'TARGET_CPUS_ASSUMED',
      'TARGET_MEMORY_ASSUMED',
      'TARGET_HARDWARE_CHOSEN',
      'TARGET_HARDWARE_CHOSEN',
      'TARGET_MAC_UNKNOWN',
    ]);
    expect(findings[2]!.message).toBe(
      'The disks use virtio-blk, the first choice on KVM (libvirt); kernel 6.1.0-28-amd64 has its drivers (virtio_pci, virtio_blk).',
    );
    expect(blockers([...findings, ...kvm.check(made)])).toEqual([]);
  });

  test('is the same every time, and another for another source or name', () => {
    const first = planMachine(request());
    expect(planMachine(request())).toEqual(first);
    const { options } = request({ options: { ...NOTHING_ASKED, name: 'other' } });
    expect(planMachine(request({ options })).machine.uuid).not.toBe(first.machine.uuid);
    expect(machineUuid('a', 'n')).not.toBe(machineUuid('b', 'n'));
    expect(machineUuid('a', 'n')).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });

  test('has one isolated card for each physical interface, with its MAC address where that is known', () => {
    const { nics } = planMachine(request()).machine;
    expect(nics.map(({ guestName, mode }) => [guestName, mode])).toEqual([
      ['eno1', 'isolated'],
      ['eno2', 'isolated'],
    ]);
    expect(nics[0]!.mac).toBe('3c:52:82:aa:bb:01');
    expect(nics[1]!.mac).toMatch(/^52:54:00:/);
    const onVmware = planMachine(request({ target: vmwareWorkstation })).machine.nics[1]!;
    expect(onVmware.mac).toMatch(/^00:50:56:[0-3][0-9a-f]:/);
    expect(onVmware.model).toBe('vmxnet3');
  });

  test('has one card where the guest configures none, and an address of its own where two interfaces share one', () => {
    const bare = planMachine(request({ guest: { ...GUEST, interfaces: [] } }));
    expect(bare.machine.nics).toHaveLength(1);
    expect(codes(bare.findings)).toContain('TARGET_NIC_ASSUMED');
    const shared = GUEST.interfaces.map((one) => ({ ...one, mac: '3c:52:82:aa:bb:01' }));
    const twice = planMachine(request({ guest: { ...GUEST, interfaces: shared } }));
    expect(new Set(twice.machine.nics.map(({ mac }) => mac)).size).toBe(2);
    expect(codes(twice.findings)).toContain('TARGET_MAC_SHARED');
  });

  test('takes cards as described, in the order of the interfaces', () => {
    const card = { mode: 'bridged', network: 'br0', vlan: 7, mac: '02:00:00:00:00:01' } as const;
    const one = planMachine(request({ options: { ...NOTHING_ASKED, nics: [card] } }));
    expect(one.machine.nics.map(({ mode, mac }) => [mode, mac.slice(0, 8)])).toEqual([
      ['bridged', '02:00:00'],
      ['isolated', '52:54:00'],
    ]);
    expect(codes(one.findings)).toEqual(expect.arrayContaining(['TARGET_NICS_ISOLATED', 'TARGET_BRIDGED']));
    const nat = { mode: 'nat', network: null, vlan: null, mac: 'new' } as const;
    const three = planMachine(request({ options: { ...NOTHING_ASKED, nics: [nat, nat, nat] } })).machine.nics;
    expect(three.map(({ guestName }) => guestName)).toEqual(['eno1', 'eno2', null]);
    expect(new Set(three.map(({ mac }) => mac)).size).toBe(3);
  });
});

describe('the disk bus', () => {
  test.each<[string, typeof kvm, Set<string>, DiskBus]>([
    ['KVM, all drivers', kvm, without(), 'virtio-blk'],
    ['KVM, no virtio-blk', kvm, without('virtio_blk'), 'virtio-scsi'],
    ['KVM, no virtio', kvm, without('virtio_pci'), 'ahci'],
    ['KVM, IDE only', kvm, new Set(['piix', 'ide_disk', 'e1000']), 'ide'],
    ['VMware, all drivers', vmwareWorkstation, without(), 'pvscsi'],
    ['VMware, no pvscsi (RHEL 5)', vmwareWorkstation, without('vmw_pvscsi'), 'lsi-sas'],
    ['VMware, no SCSI (RHEL 9)', vmwareWorkstation, without('vmw_pvscsi', 'mptsas', 'mptspi'), 'nvme'],
    ['VMware, SATA only', vmwareWorkstation, new Set(['ahci', 'sd_mod']), 'ahci'],
    ['VMware, its own old driver', vmwareWorkstation, new Set(['pvscsi', 'sd_mod']), 'pvscsi'],
  ])('%s', (_, target, modules, bus) => {
    const { machine: made, findings } = planMachine(request({ target, modules }));
    expect(made.disks[0]!.bus).toBe(bus);
    expect(blockers(findings)).toEqual([]);
  });

  test('that was asked for is refused where the kernel cannot drive it, with what it can', () => {
    const { findings } = planMachine(
      request({ modules: without('virtio_scsi'), options: { ...NOTHING_ASKED, bus: 'virtio-scsi' } }),
    );
    expect(blockers(findings)).toEqual([
      {
        severity: 'blocker',
        code: 'TARGET_NO_DRIVER',
        message: 'The disks cannot use virtio-scsi: kernel 6.1.0-28-amd64 has no virtio_scsi module.',
        next: 'Choose virtio-blk or ahci or ide, for which this server has drivers.',
      },
    ]);
  });

  test('is refused where nothing fits, and where the platform has it not', () => {
    expect(codes(blockers(planMachine(request({ modules: new Set() })).findings))).toEqual([
      'TARGET_NO_DRIVER',
    ]);
    const nvme = planMachine(request({ options: { ...NOTHING_ASKED, bus: 'nvme' } }));
    expect(codes(blockers(nvme.findings))).toEqual(['TARGET_BUS']);
  });

  test('has room for the disks', () => {
    const disks = Array.from({ length: 40 }, () => request().disks[0]!);
    const { machine: made } = planMachine(request({ disks }));
    expect(made.disks[0]!.bus).toBe('virtio-scsi');
    expect(new Set(made.disks.map(({ file }) => file)).size).toBe(40);
  });

  test('is what most systems drive where nothing is known of the guest', () => {
    for (const target of targets) {
      const { machine: made, findings } = planMachine(request({ target, guest: null, modules: null }));
      expect(made.disks[0]!.bus).toBe(target.id === 'hyperv' ? 'ide' : 'ahci');
      expect(target.nicModels).toContain(made.nics[0]!.model);
      if (target.nicModels.includes('e1000e')) expect(made.nics[0]!.model).toBe('e1000e');
      expect(made.name).toBe('server');
      expect(codes(findings)).toContain('TARGET_HARDWARE_UNPROVEN');
      expect(
        blockers(
          target.check({
            ...made,
            disks: made.disks.map((disk) => ({ ...disk, format: target.formats[0]! })),
          }),
        ),
      ).toEqual([]);
    }
  });

  test('virtio of an old kernel: the older board with BIOS, no virtio with UEFI', () => {
    const old = {
      ...GUEST,
      kernels: [kernel('2.6.32-754.el6.x86_64', true)],
      os: { ...GUEST.os, id: 'centos', version: '6' },
    };
    const bios = planMachine(request({ guest: old })).machine;
    expect([bios.disks[0]!.bus, chooseChipset(bios).chipset]).toEqual(['virtio-blk', 'i440fx']);
    const uefi = planMachine(request({ guest: { ...old, firmware: 'uefi' } })).machine;
    expect([uefi.disks[0]!.bus, uefi.nics[0]!.model, chooseChipset(uefi).chipset]).toEqual([
      'ahci',
      'e1000e',
      'q35',
    ]);
    const seven = { ...old, kernels: [kernel('3.10.0-1160.el7.x86_64', true)] };
    expect(chooseChipset(planMachine(request({ guest: seven })).machine).chipset).toBe('q35');
  });

  test('a server without a usable network card is still converted', () => {
    const { findings } = planMachine(request({ modules: without('virtio_net', 'e1000e', 'e1000') }));
    expect(blockers(findings)).toEqual([]);
    expect(codes(findings)).toContain('TARGET_NO_NIC_DRIVER');
  });
});

test('driver needs: a list whole, whichever way its names are spelled', () => {
  expect(driversFor(driverNeeds('virtio-scsi'), new Set(['virtio_pci', 'virtio_scsi']))).toBeNull();
  expect(driversFor(driverNeeds('ide'), new Set(['piix', 'ide_gd_mod']))).toEqual(['piix', 'ide_gd_mod']);
  expect(moduleName('virtio-blk')).toBe('virtio_blk');
});

describe('everything impossible is reported at once', () => {
  test('on KVM', () => {
    const bad = {
      ...machine({
        name: 'a/b',
        bus: 'ide',
        disks: 5,
        firmware: 'uefi',
        format: 'vmdk',
        mode: 'bridged',
        nics: 2,
        vlan: 5000,
      }),
      cpus: 0,
      memoryMiB: 1.5,
      architecture: 'aarch64' as const,
    };
    bad.nics[1]!.mac = bad.nics[0]!.mac = '01:00:5e:00:00:01';
    expect(new Set(codes(blockers(kvm.check(bad))))).toEqual(
      new Set([
        'TARGET_NAME',
        'TARGET_ARCHITECTURE',
        'TARGET_CPUS',
        'TARGET_MEMORY',
        'TARGET_FORMAT',
        'TARGET_TOO_MANY_DISKS',
        'TARGET_MAC',
        'TARGET_MAC_TWICE',
        'TARGET_VLAN',
        'TARGET_BUS',
        'KVM_NETWORK_NAME_MISSING',
      ]),
    );
    for (const finding of kvm.check(bad)) expect(finding.message).toMatch(/^\S.*\.$/);
  });

  test('on VMware Workstation', () => {
    const bad = machine({
      bus: 'virtio-blk',
      format: 'qcow2',
      nic: 'virtio-net',
      nics: 11,
      mode: 'nat',
      network: 'br0',
      vlan: 3,
    });
    expect(new Set(codes(blockers(vmwareWorkstation.check(bad))))).toEqual(
      new Set([
        'TARGET_FORMAT',
        'TARGET_BUS',
        'TARGET_TOO_MANY_NICS',
        'TARGET_NIC_MODEL',
        'VMWARE_VLAN',
        'VMWARE_NETWORK',
      ]),
    );
  });
});

describe('names', () => {
  test('make file names that are safe everywhere', () => {
    expect(AWKWARD_NAMES.map(fileStem)).toEqual([
      'web01',
      'a-b-c-d',
      'name-amp',
      'Gro-e',
      'pipe-hash-backtick-dollar-HOME',
      'vm-con',
      'with-comma-and-semicolon',
      'x'.repeat(60),
    ]);
    expect(fileStem('..')).toBe('server');
    expect(fileStem('../../etc/passwd')).toBe('etc-passwd');
  });

  test('are refused where a platform or a command would trip over them', () => {
    for (const name of ['', ' ', '-x', 'a\nb', 'a/b', 'a\\b', 'x'.repeat(81), '\ud800'])
      expect(nameProblem(name)).not.toBeNull();
    for (const name of AWKWARD_NAMES) expect(nameProblem(name)).toBeNull();
  });
});

test('targets by name', () => {
  expect(targetById('kvm')).toBe(kvm);
  expect(targetById('vmware-workstation')).toBe(vmwareWorkstation);
  expect(targetById('abacus')).toBeNull();
});

test('VMware: static addresses of its own range are written plainly, others with the check switched off', () => {
  const text = (mac: string): string => {
    const subject = machine({ bus: 'pvscsi', format: 'vmdk', nic: 'vmxnet3' });
    subject.nics[0]!.mac = mac;
    return vmwareWorkstation.configure(subject)[0]!.content;
  };
  expect(text('00:50:56:3f:ff:ff')).not.toContain('checkMACAddress');
  for (const mac of ['00:50:56:40:00:00', '00:0c:29:01:02:03', '3c:52:82:01:02:03'])
    expect(text(mac)).toContain('ethernet0.checkMACAddress = "FALSE"');
});

test('VMware: sixteen disks need a second SCSI controller, and none sits on id 7', () => {
  const [file] = vmwareWorkstation.configure(machine({ bus: 'lsi-sas', format: 'vmdk', disks: 16, nics: 0 }));
  expect(file!.content).toContain('scsi0:15.fileName = "web01-disk14.vmdk"');
  expect(file!.content).toContain('scsi1:0.fileName = "web01-disk15.vmdk"');
  expect(file!.content).not.toContain(':7.fileName');
});

describe('a machine that is known from another platform', () => {
  const CARDS = [
    { mac: '00:50:56:00:00:02' },
    { mac: '3c:52:82:aa:bb:01' },
    { mac: null },
    { mac: '00:50:56:00:00:03' },
  ];
  const known = { cpus: 8, memoryMiB: 16_384, firmware: 'bios' as const, name: 'the database', nics: CARDS };

  test('keeps its name, size and firmware where nothing else is asked for', () => {
    const { machine: made, findings } = planMachine(request({ hardware: known }));
    expect(made).toMatchObject({ name: 'the database', cpus: 8, memoryMiB: 16_384, firmware: 'bios' });
    expect(findings.map(({ code }) => code)).not.toContain('TARGET_CPUS_ASSUMED');
    const asked = { ...NOTHING_ASKED, name: 'x', cpus: 1, memoryMiB: 256 };
    expect(planMachine(request({ hardware: known, options: asked })).machine).toMatchObject({
      name: 'x',
      cpus: 1,
      memoryMiB: 256,
    });
  });

  test('a name that no platform takes is not kept', () => {
    expect(planMachine(request({ hardware: { ...known, name: 'a/b' } })).machine.name).toBe('db04');
  });

  test('every card keeps its address: by what the guest notes, else in order', () => {
    const { nics } = planMachine(request({ hardware: known })).machine;
    expect(nics.map(({ guestName, mac }) => [guestName, mac])).toEqual([
      ['eno1', '3c:52:82:aa:bb:01'],
      ['eno2', '00:50:56:00:00:02'],
      [null, expect.stringMatching(/^52:54:00/u)],
      [null, '00:50:56:00:00:03'],
    ]);
  });

  test('a note of the guest that fits no card gives way to the card it has', () => {
    const hardware = { ...known, nics: [{ mac: '00:50:56:00:00:09' }] };
    const { machine: made } = planMachine(request({ hardware }));
    expect(made.nics.map(({ guestName, mac }) => [guestName, mac]).slice(0, 1)).toEqual([
      ['eno1', '00:50:56:00:00:09'],
    ]);
    expect(made.nics).toHaveLength(2);
  });

  test('cards that are on a multicast address, or on the same, get another', () => {
    const hardware = {
      ...known,
      nics: [{ mac: '01:00:5e:00:00:01' }, { mac: '00:50:56:00:00:02' }, { mac: '00:50:56:00:00:02' }],
    };
    const macs = planMachine(request({ hardware, guest: null })).machine.nics.map(({ mac }) => mac);
    expect(new Set(macs).size).toBe(3);
    expect(macs).not.toContain('01:00:5e:00:00:01');
  });

  test('firmware that its disks do not look like is said', () => {
    const { machine: made, findings } = planMachine(request({ hardware: { ...known, firmware: 'uefi' } }));
    expect(made.firmware).toBe('uefi');
    expect(findings).toContainEqual(
      expect.objectContaining({ code: 'TARGET_FIRMWARE_DIFFERS', severity: 'warning' }),
    );
  });
});
