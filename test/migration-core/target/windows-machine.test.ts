/** The machine a Windows gets: by the drivers it has or is given, on every platform. Expected by hand. */
import { describe, expect, test } from 'vitest';
import type { Finding } from '../../../migration-core/base/finding.ts';
import type { Guest } from '../../../migration-core/guest/guest.ts';
import { inspectGuest } from '../../../migration-core/guest/inspect.ts';
import type { CatalogueSigner, DriverPackage } from '../../../migration-core/guest/windows/driver-package.ts';
import { loadableDrivers } from '../../../migration-core/guest/windows/loadable-drivers.ts';
import { chooseChipset } from '../../../migration-core/target/chipset.ts';
import type { VirtualMachine } from '../../../migration-core/target/machine.ts';
import { planMachine } from '../../../migration-core/target/plan-machine.ts';
import { imitationGaps } from '../../../migration-core/target/qemu-hardware.ts';
import { proxmox } from '../../../migration-core/target/proxmox.ts';
import { targetById, targets } from '../../../migration-core/target/table.ts';
import { virtualBoxOsType } from '../../../migration-core/target/virtualbox-guest-os.ts';
import { vmwareGuestOs, vsphereGuestId } from '../../../migration-core/target/vmware-guest-os.ts';
import type { WindowsDrivers } from '../../../migration-core/target/windows-drivers.ts';
import { binary } from '../../../migration-core/registry/types.ts';
import {
  hiveOf,
  portableExecutable,
  windowsVolumes,
  WINDOWS_VERSION_IDS,
  type Keys,
  type WindowsGuestOptions,
  type WindowsVersionId,
} from '../../support/windows-guest.ts';

interface Asked {
  target?: string;
  bus?: string | null;
  drivers?: readonly DriverPackage[];
}

async function plan(
  options: WindowsGuestOptions,
  { target = 'kvm', bus = null, drivers = [] }: Asked = {},
): Promise<{ machine: VirtualMachine; findings: Finding[] }> {
  const { guest, tree } = await inspectGuest(await windowsVolumes(options));
  return planFor(guest, await loadableDrivers(tree, guest.windows!, drivers), target, bus);
}

function planFor(
  guest: Guest,
  windowsDrivers: WindowsDrivers,
  target: string,
  bus: string | null = null,
): { machine: VirtualMachine; findings: Finding[] } {
  const chosen = targetById(target)!;
  return planMachine({
    target: chosen,
    format: { id: chosen.formats[0]!, extension: '.img' },
    guest,
    modules: null,
    windowsDrivers,
    disks: [{ size: 8 << 30, fingerprint: { size: 8 << 30, mtime: '1', inode: '2', device: '3' } }],
    options: { name: null, cpus: null, memoryMiB: null, bus, nics: [] },
  });
}

const about = (findings: Finding[], subject: string): Finding =>
  findings.find(({ message }) => message.includes(subject))!;

/** What is said of the network cards. */
const findingOf = (findings: Finding[]): string =>
  findings.find(
    ({ code, message }) => /NIC_DRIVER$|HARDWARE_CHOSEN$/u.test(code) && /the network cards/iu.test(message),
  )!.message;

const MICROSOFT: CatalogueSigner = {
  name: 'Microsoft Windows Hardware Compatibility Publisher',
  microsoft: true,
  thumbprint: '11'.repeat(20),
  crossSigned: false,
};
const RED_HAT: CatalogueSigner = {
  name: 'Red Hat, Inc.',
  microsoft: false,
  thumbprint: '22'.repeat(20),
  crossSigned: true,
};

/** One driver of a source, for one device. */
function driverPackage(
  service: string,
  hardwareId: string,
  signed: Partial<DriverPackage> = { signature: 'sha2', signers: [MICROSOFT] },
): DriverPackage {
  return {
    inf: `${service}.inf`,
    source: `virtio-win.iso: ${service}/2k22/amd64`,
    provider: 'Red Hat, Inc.',
    className: 'SCSIAdapter',
    classGuid: '{4D36E97B-E325-11CE-BFC1-08002BE10318}',
    date: '2024-05-17',
    version: '100.95.104.26200',
    devices: [
      {
        description: service,
        hardwareIds: [hardwareId],
        compatibleIds: [],
        service: {
          name: service,
          displayName: service,
          type: 1,
          start: 0,
          errorControl: 1,
          group: 'SCSI miniport',
          binary: `${service}.sys`,
          values: [],
        },
      },
    ],
    files: [],
    signature: 'unknown',
    ...signed,
  };
}

const NETKVM = 'PCI\\VEN_1AF4&DEV_1041&SUBSYS_11001AF4&REV_01';
const VIRTIO = [
  driverPackage('viostor', 'PCI\\VEN_1AF4&DEV_1042&SUBSYS_11001AF4&REV_01'),
  driverPackage('netkvm', NETKVM),
];

/** Bus and card with nothing but what Windows has: KVM, ESXi, Hyper-V, VirtualBox. `none` where Windows has no driver for any card. */
const INBOX: Record<
  WindowsVersionId,
  readonly [kvm: string, esxi: string, hyperv: string, virtualbox: string]
> = {
  xp: ['ide none', 'ide none', 'ide none', 'ide none'],
  '2003': ['ide e1000', 'ide e1000', 'ide none', 'ide e1000'],
  vista: ['ahci e1000', 'lsi-sas e1000', 'ide none', 'ahci e1000'],
  '2008': ['ahci e1000', 'lsi-sas e1000', 'ide none', 'ahci e1000'],
  '7': ['ahci e1000e', 'lsi-sas e1000e', 'ide hyperv-net', 'ahci e1000'],
  '2008r2': ['ahci e1000e', 'lsi-sas e1000e', 'ide hyperv-net', 'ahci e1000'],
  '8': ['ahci e1000e', 'lsi-sas e1000e', 'ide hyperv-net', 'ahci e1000'],
  '2012': ['ahci e1000e', 'lsi-sas e1000e', 'ide hyperv-net', 'ahci e1000'],
  '8.1': ['ahci e1000e', 'lsi-sas e1000e', 'ide hyperv-net', 'ahci e1000'],
  '2012r2': ['ahci e1000e', 'lsi-sas e1000e', 'ide hyperv-net', 'ahci e1000'],
  '10': ['ahci e1000e', 'lsi-sas e1000e', 'hyperv-scsi hyperv-net', 'ahci e1000'],
  '2016': ['ahci e1000e', 'lsi-sas e1000e', 'ide hyperv-net', 'ahci e1000'],
  '2019': ['ahci e1000e', 'lsi-sas e1000e', 'hyperv-scsi hyperv-net', 'ahci e1000'],
  '11': ['ahci e1000e', 'lsi-sas e1000e', 'hyperv-scsi hyperv-net', 'ahci e1000'],
  '2022': ['ahci e1000e', 'lsi-sas e1000e', 'hyperv-scsi hyperv-net', 'ahci e1000'],
  '2025': ['ahci e1000e', 'lsi-sas e1000e', 'hyperv-scsi hyperv-net', 'ahci e1000'],
};

test.each(WINDOWS_VERSION_IDS)('Windows %s with its own drivers', async (version) => {
  const got: string[] = [];
  const { guest, tree } = await inspectGuest(await windowsVolumes({ version }));
  const own = await loadableDrivers(tree, guest.windows!);
  for (const target of ['kvm', 'vmware-esxi', 'hyperv', 'virtualbox']) {
    const { machine, findings } = planFor(guest, own, target);
    const none = findings.some(({ code }) => code === 'TARGET_NO_NIC_DRIVER');
    got.push(`${machine.disks[0]!.bus} ${none ? 'none' : machine.nics[0]!.model}`);
    expect(findings.filter(({ severity }) => severity === 'blocker')).toEqual([]);
    expect(
      targetById(target)!
        .check(machine)
        .filter(({ severity }) => severity === 'blocker'),
    ).toEqual([]);
    expect(machine.clock).toBe('localtime');
  }
  expect(got).toEqual(INBOX[version]);
});

describe('the sentences', () => {
  test('name the drivers that are there and missing, and where better ones come from', async () => {
    const { findings } = await plan({ version: '2022' });
    expect(about(findings, 'The disks use')).toEqual({
      severity: 'info',
      code: 'TARGET_HARDWARE_CHOSEN',
      message:
        'The disks use ahci, the best choice on KVM (libvirt) after virtio-blk (this Windows has no driver for the VirtIO block device) and virtio-scsi (this Windows has no driver for the VirtIO SCSI controller); Windows has its drivers (storahci, disk).',
      next: 'For virtio-blk, name the ISO image of virtio-win with --drivers.',
    });
    expect(about(findings, 'The network cards').message).toBe(
      'The network cards use e1000e, the best choice on KVM (libvirt) after virtio-net (this Windows has no driver for the card (netkvm)); Windows has its drivers (net1ic64.inf).',
    );
  });

  test('a driver source makes the first choice possible', async () => {
    const { machine, findings } = await plan({ version: '2022' }, { drivers: VIRTIO });
    expect([machine.disks[0]!.bus, machine.nics[0]!.model]).toEqual(['virtio-blk', 'virtio-net']);
    expect(about(findings, 'The disks use')).toEqual({
      severity: 'info',
      code: 'TARGET_HARDWARE_CHOSEN',
      message:
        'The disks use virtio-blk, the first choice on KVM (libvirt); Windows has its drivers (viostor, disk).',
    });
    expect(about(findings, 'The network cards').message).toContain('(netkvm.inf)');
  });

  test('a card whose driver Windows would ask about is passed over, as the machine would come up without network', async () => {
    const card = async (
      version: WindowsVersionId,
      signed: Partial<DriverPackage>,
      rest: Partial<WindowsGuestOptions> = {},
    ): Promise<string> => {
      const drivers = [driverPackage('netkvm', 'PCI\\VEN_1AF4&DEV_1000&SUBSYS_00011AF4&REV_00', signed)];
      return (await plan({ version, ...rest }, { drivers })).machine.nics[0]!.model;
    };
    const asked = { signature: 'sha1', signers: [RED_HAT] } as const;
    const own = await plan({ version: '2012r2' }, { drivers: [driverPackage('netkvm', NETKVM, asked)] });
    expect(own.machine.nics[0]!.model).toBe('e1000e');
    expect(about(own.findings, 'The network cards')).toEqual({
      severity: 'info',
      code: 'TARGET_HARDWARE_CHOSEN',
      message:
        'The network cards use e1000e, the best choice on KVM (libvirt) after virtio-net (the driver package netkvm.inf (virtio-win.iso: netkvm/2k22/amd64) is signed by Red Hat, Inc. and not by Microsoft, so Windows asks before it installs it, and nobody is there to answer at its first start); Windows has its drivers (net1ic64.inf).',
      next: 'For virtio-net, name a source whose driver of it Microsoft has signed (WHQL) with --drivers, or install its driver on the server before the conversion.',
    });
    for (const [version, model] of [
      ['2003', 'e1000'],
      ['2008r2', 'e1000e'],
      ['2012', 'e1000e'],
    ] as const) {
      expect(await card(version, asked), version).toBe(model);
      expect(await card(version, { signature: 'sha1', signers: [MICROSOFT] }), version).toBe('virtio-net');
    }
    expect(await card('2022', { signature: 'none' })).toBe('e1000e');
    // Its publisher was trusted on the server: with its tools installed once, for instance.
    const trusted = `Microsoft\\SystemCertificates\\TrustedPublisher\\Certificates\\${RED_HAT.thumbprint}`;
    expect(await card('2012r2', asked, { software: { [trusted]: {} } })).toBe('virtio-net');
    // Windows has the driver already, and brings it to the new card.
    const installed = { '/Windows/INF/oem7.inf': 'PCI\\VEN_1AF4&DEV_1000' };
    expect(await card('2008r2', asked, { files: installed })).toBe('virtio-net');
  });

  test('where there is no other card, what is wrong with the package is said', async () => {
    const drivers = [driverPackage('netkvm', NETKVM, { signature: 'sha1', signers: [RED_HAT] })];
    const { findings } = await plan({ version: 'xp' }, { drivers });
    const none = findings.find(({ code }) => code === 'TARGET_NO_NIC_DRIVER')!;
    expect(none.severity).toBe('warning');
    expect(none.message).toContain(
      'virtio-net (the driver package netkvm.inf (virtio-win.iso: netkvm/2k22/amd64) is signed by Red Hat, Inc. and not by Microsoft',
    );
    expect(none.next).toBe(
      'Name a source of drivers that Microsoft has signed with --drivers, or choose another platform.',
    );
  });

  test('what was asked for and cannot be is refused, with what can', async () => {
    const { findings } = await plan({ version: '2022' }, { bus: 'virtio-blk' });
    const refused = about(findings, 'cannot use');
    expect(refused).toMatchObject({ severity: 'blocker', code: 'TARGET_NO_DRIVER' });
    expect(refused.message).toBe(
      'The disks cannot use virtio-blk: this Windows has no driver for the VirtIO block device.',
    );
    expect(refused.next).toBe('Choose ahci, for which this server has drivers.');
    const { findings: fine } = await plan({ version: '2022' }, { bus: 'virtio-blk', drivers: VIRTIO });
    expect(about(fine, 'The disks use').message).toBe(
      'The disks use virtio-blk, as asked for; Windows has its drivers.',
    );
  });

  test('a Windows without the files of any driver', async () => {
    const files: Record<string, null> = {};
    for (const name of ['storahci', 'atapi', 'intelide', 'pciide', 'lsi_sas', 'stornvme'])
      files[`/Windows/System32/drivers/${name}.sys`] = null;
    const { findings } = await plan({ version: '2022', files });
    const refused = about(findings, 'Nothing that');
    expect(refused.severity).toBe('blocker');
    expect(refused.message).toBe(
      'Nothing that KVM (libvirt) offers for the disks can be used: virtio-blk (this Windows has no driver for the VirtIO block device); virtio-scsi (this Windows has no driver for the VirtIO SCSI controller); ahci (the SATA (AHCI) controller has the driver "storahci", but its file C:\\Windows\\System32\\drivers\\storahci.sys is missing); ide (IDE disks exist on the i440FX board only, and UEFI guests need the Q35 board).',
    );
    expect(refused.next).toBe('Name a source of drivers with --drivers, or choose another platform.');
  });
});

test('what counts is what the fixer of boot drivers can do: the file, from wherever Windows keeps one', async () => {
  const of = async (options: Partial<WindowsGuestOptions>): Promise<string> =>
    (await plan({ version: '2012', ...options })).machine.disks[0]!.bus;
  const gone = { '/Windows/System32/drivers/storahci.sys': null };
  const store = '/Windows/System32/DriverStore/FileRepository/mshdc.inf_amd64_1/storahci.sys';
  expect(await of({})).toBe('ahci');
  expect(await of({ system: { 'CCS\\Services\\storahci': null } })).toBe('ahci');
  expect(await of({ files: gone })).toBe('ide');
  expect(await of({ files: { ...gone, [store]: portableExecutable('amd64') } })).toBe('ahci');
});

test('cards are known by the INF files, and by the hive DRIVERS where there is one', async () => {
  const card = async (files: Record<string, Uint8Array | string | null>): Promise<string> =>
    findingOf((await plan({ version: '2022', files })).findings);
  const claim: Keys = {
    'DriverDatabase\\DeviceIds\\PCI\\VEN_1AF4&DEV_1041': { 'oem7.inf': binary(Uint8Array.of(1, 0xff, 0, 0)) },
  };
  expect(await card({ '/Windows/System32/config/DRIVERS': hiveOf(claim) })).toContain(
    'virtio-net, the first choice',
  );
  // A subsystem or revision after the ID is the same card, a longer number is another one.
  const inf = (id: string): Uint8Array => Buffer.from(`\ufeff[Models]\r\n%x% = y, ${id}\r\n`, 'utf16le');
  expect(
    await card({ '/Windows/INF/oem3.inf': inf('PCI\\VEN_1AF4&DEV_1000&SUBSYS_00011AF4&REV_00') }),
  ).toContain('(oem3.inf)');
  expect(await card({ '/Windows/INF/oem3.inf': inf('PCI\\VEN_1AF4&DEV_10001') })).toContain('(net1ic64.inf)');
  const none = { '/Windows/INF/net1ic64.inf': null, '/Windows/INF/nete1g3e.inf': null };
  expect(await card(none)).toMatch(/^Nothing that KVM \(libvirt\) offers for the network cards can be used/u);
});

test('the board: XP and 2003 on i440FX, all later on Q35 unless their disks are IDE', async () => {
  const board = async (version: WindowsVersionId, drivers: readonly DriverPackage[]): Promise<string> =>
    chooseChipset((await plan({ version }, { drivers })).machine).chipset;
  expect(await board('2003', VIRTIO)).toBe('i440fx');
  expect((await plan({ version: '2003' }, { drivers: VIRTIO })).machine.disks[0]!.bus).toBe('virtio-blk');
  expect(await board('2008', [])).toBe('q35');
  expect(await board('2022', VIRTIO)).toBe('q35');
  const { machine } = await plan({ version: '2003' }, { drivers: VIRTIO });
  expect(chooseChipset(machine).why).toBe('Windows XP and Server 2003 have no drivers for the Q35 board.');
});

const configurationOf = (machine: VirtualMachine, target: string): string =>
  targetById(target)!
    .configure(machine)
    .map(({ content }) => content)
    .join('\n');

test('a hardware clock in UTC stays so, also on VMware, which gives Windows local time', async () => {
  const system = { 'CCS\\Control\\TimeZoneInformation': { RealTimeIsUniversal: 1 } };
  const inUtc = await plan({ version: '2022', system }, { target: 'vmware-esxi' });
  expect(inUtc.machine.clock).toBe('utc');
  expect(configurationOf(inUtc.machine, 'vmware-esxi')).toContain('rtc.diffFromUTC = "0"');
  const local = await plan({ version: '2022' }, { target: 'vmware-esxi' });
  expect(configurationOf(local.machine, 'vmware-esxi')).not.toContain('rtc.diffFromUTC');
  expect(
    targetById('vmware-esxi')!
      .check(local.machine)
      .map(({ code }) => code),
  ).not.toContain('VMWARE_CLOCK');
});

test('KVM shows itself to Windows as a hypervisor it knows, from Vista on', async () => {
  const xml = async (version: WindowsVersionId): Promise<string> =>
    configurationOf((await plan({ version })).machine, 'kvm');
  expect(await xml('2008')).toContain('<timer name="hypervclock" present="yes"/>');
  expect(await xml('2022')).toContain('<relaxed state="on"/>');
  expect(await xml('2003')).not.toMatch(/hyperv/u);
});

test("each platform's name for each Windows", async () => {
  const names: string[][] = [];
  for (const version of WINDOWS_VERSION_IDS) {
    const { machine } = await plan({ version });
    const configuration = proxmox
      .configure(machine)
      .map(({ content }) => content)
      .join('\n');
    names.push([
      version,
      vmwareGuestOs(machine),
      vsphereGuestId(vmwareGuestOs(machine)),
      virtualBoxOsType(machine),
      /ostype:? *(?:'|=)?(\w+)/u.exec(configuration)?.[1] ?? 'none',
    ]);
  }
  expect(names.sort()).toEqual(
    [
      ['xp', 'winXPPro', 'winXPProGuest', 'WindowsXP', 'wxp'],
      ['2003', 'winNetStandard', 'winNetStandardGuest', 'Windows2003', 'w2k3'],
      ['vista', 'winVista-64', 'winVista64Guest', 'WindowsVista_64', 'wvista'],
      ['2008', 'longhorn-64', 'winLonghorn64Guest', 'Windows2008_64', 'w2k8'],
      ['7', 'windows7-64', 'windows7_64Guest', 'Windows7_64', 'win7'],
      ['2008r2', 'windows7srv-64', 'windows7Server64Guest', 'Windows2008_64', 'win7'],
      ['8', 'windows8-64', 'windows8_64Guest', 'Windows8_64', 'win8'],
      ['2012', 'windows8srv-64', 'windows8Server64Guest', 'Windows2012_64', 'win8'],
      ['8.1', 'windows8-64', 'windows8_64Guest', 'Windows81_64', 'win8'],
      ['2012r2', 'windows8srv-64', 'windows8Server64Guest', 'Windows2012_64', 'win8'],
      ['10', 'windows9-64', 'windows9_64Guest', 'Windows10_64', 'win10'],
      ['2016', 'windows9srv-64', 'windows9Server64Guest', 'Windows2016_64', 'win10'],
      ['2019', 'windows2019srv-64', 'windows2019srv_64Guest', 'Windows2019_64', 'win10'],
      ['11', 'windows11-64', 'windows11_64Guest', 'Windows10_64', 'win11'],
      ['2022', 'windows2019srvnext-64', 'windows2019srvNext_64Guest', 'Windows2019_64', 'win11'],
      ['2025', 'windows2022srvnext-64', 'windows2022srvNext_64Guest', 'Windows2019_64', 'win11'],
    ].sort(),
  );
});

test('no platform speaks of Linux to the owner of a Windows', async () => {
  for (const version of ['2003', '2008r2', '2022'] as const) {
    const { guest, tree } = await inspectGuest(await windowsVolumes({ version }));
    const own = await loadableDrivers(tree, guest.windows!);
    for (const target of targets) {
      const { machine, findings } = planFor(guest, own, target.id);
      const said = [
        ...[...findings, ...target.check(machine)].flatMap(({ message, next }) => [message, next ?? '']),
        target.importSteps(machine),
        ...imitationGaps(machine),
      ].join('\n');
      expect(said, `${version} ${target.id}`).not.toMatch(
        /hv_|sym53c8xx|initramfs|timedatectl|kernel|Linux guest/iu,
      );
    }
  }
});

test('every platform makes its files of a Windows machine', async () => {
  const { guest, tree } = await inspectGuest(await windowsVolumes({ version: '2022' }));
  const own = await loadableDrivers(tree, guest.windows!);
  for (const target of targets) {
    const { machine } = planFor(guest, own, target.id);
    expect(target.configure(machine).length + (target.packaging === undefined ? 0 : 1)).toBeGreaterThan(0);
  }
});
