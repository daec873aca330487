/** The fixer on servers of each generation, as setup leaves them, and on servers where something is missing or in the way. */
import { describe, expect, test } from 'vitest';
import { openHive } from '../../../../../migration-core/registry/hive.ts';
import type { DiskBus } from '../../../../../migration-core/target/machine.ts';
import {
  hiveOf,
  windowsHives,
  WINDOWS_VERSIONS,
  WINDOWS_VERSION_IDS,
  type Keys,
  type WindowsVersionId,
} from '../../../../support/windows-guest.ts';
import { inboxDrivers } from '../../../../support/windows/inbox.ts';
import { runBench, type Bench, type Result } from './bench.ts';
import { driverFile } from './driver-file.ts';

const HDC = '{4D36E96A-E325-11CE-BFC1-08002BE10318}';
const SCSI = '{4D36E97B-E325-11CE-BFC1-08002BE10318}';

const hives = new Map<string, Uint8Array>();
function hiveAsMade(id: WindowsVersionId): Uint8Array {
  let system = hives.get(id);
  if (system === undefined) hives.set(id, (system = windowsHives(id).system));
  return system;
}

function made(id: WindowsVersionId, more: Partial<Bench> & { system?: never; keys?: Keys }): Promise<Result> {
  const version = WINDOWS_VERSIONS[id];
  const { keys, buses = ['ide'], ...rest } = more;
  return runBench({
    ntVersion: version.nt,
    system: keys === undefined ? hiveAsMade(id) : windowsHives(id, { system: keys }).system,
    drivers: inboxDrivers(version).map(({ binary }) => binary),
    buses,
    ...rest,
  });
}

const messages = ({ findings }: Result): string[] => findings.map(({ message }) => message);

/** The lines of the first control set, after making sure that every other one got the same. */
function lines({ difference }: Result, sets: number): string[] {
  const first = difference.filter((line) => line.includes('ControlSet001'));
  for (let set = 2; set <= sets; set++)
    expect(
      difference
        .filter((line) => line.includes(`ControlSet00${set}`))
        .map((line) => line.replace(`ControlSet00${set}`, 'ControlSet001')),
    ).toEqual(first);
  expect(difference.filter((line) => !line.includes('ControlSet00'))).toEqual([]);
  return first.map((line) => line.replace('ControlSet001\\', ''));
}

const critical = (id: string, service: string, classGuid = HDC): string[] => [
  `Control\\CriticalDeviceDatabase\\${id}\\@ClassGUID = "${classGuid}|"`,
  `Control\\CriticalDeviceDatabase\\${id}\\@Service = "${service}|"`,
];
const starts = (...services: string[]): string[] =>
  services.map((service) => `Services\\${service}\\@Start = 0x0 (was 0x3)`);
const free = (...services: string[]): string[] =>
  services.map((service) => `- Services\\${service}\\StartOverride`);

/** XP and 2003, whose setup has entered only what it found: IDE for every hypervisor. */
const OLD_IDE = [
  ...critical('*azt0502', 'atapi'),
  ...critical('*pnp0600', 'atapi'),
  ...critical('pci#cc_0101', 'pciide'),
  ...critical('pci#ven_8086&dev_7010', 'intelide'),
  ...critical('pci#ven_8086&dev_7111', 'intelide'),
];
/** Hypervisors but Hyper-V have SATA and IDE to move to. */
const IDE_AND_SATA = starts('intelide', 'msahci', 'pciide');
const FREE_IDE = free('atapi', 'intelide', 'pciide');
const FREE_IDE_AND_SATA = free('atapi', 'intelide', 'pciide', 'storahci');

/** Per generation: the expected changes, or the part of the blocker that says what is missing. */
interface Expected {
  target: string;
  bus: DiskBus;
  firmware?: 'uefi';
  changes: string[];
  missing?: string;
}
const on = (target: string, bus: DiskBus, changes: string[], missing?: string): Expected => ({
  target,
  bus,
  changes,
  ...(missing === undefined ? {} : { missing }),
  ...(bus === 'hyperv-scsi' ? { firmware: 'uefi' } : {}),
});
const NO_AHCI = 'no driver for the SATA (AHCI) controller';
const NO_NVME = 'no driver for the NVMe controller';
const NO_LSI = 'no driver for the LSI Logic Parallel controller';
const NO_VMBUS = 'no driver for the bus of Hyper-V (VMBus)';

const NT5: Expected[] = [
  on('kvm', 'ide', OLD_IDE),
  on('hyperv', 'ide', OLD_IDE),
  on('virtualbox', 'ahci', OLD_IDE, NO_AHCI),
  on('vmware-esxi', 'lsi-sas', OLD_IDE, 'no driver for the LSI Logic SAS controller'),
  on('vmware-esxi', 'nvme', OLD_IDE, NO_NVME),
  on('hyperv', 'hyperv-scsi', [], NO_VMBUS),
];
const NT60: Expected[] = [
  on('kvm', 'ide', IDE_AND_SATA),
  on('kvm', 'ahci', IDE_AND_SATA),
  on('vmware-esxi', 'lsi-sas', [...starts('LSI_SAS'), ...IDE_AND_SATA]),
  on('vmware-esxi', 'lsi', [...starts('LSI_SCSI'), ...IDE_AND_SATA]),
  on('vmware-esxi', 'nvme', IDE_AND_SATA, NO_NVME),
  on('hyperv', 'ide', starts('intelide', 'pciide')),
  on('hyperv', 'hyperv-scsi', [], NO_VMBUS),
];
const NT61: Expected[] = [
  ...NT60.filter(({ target }) => target !== 'hyperv'),
  on('hyperv', 'ide', starts('intelide', 'pciide', 'storvsc')),
  on('hyperv', 'hyperv-scsi', starts('storvsc')),
];
const NT62: Expected[] = [
  on('kvm', 'ide', FREE_IDE_AND_SATA),
  on('kvm', 'ahci', FREE_IDE_AND_SATA),
  on('vmware-esxi', 'lsi-sas', [...free('LSI_SAS'), ...FREE_IDE_AND_SATA]),
  on('vmware-esxi', 'lsi', FREE_IDE_AND_SATA, NO_LSI),
  on('vmware-esxi', 'nvme', FREE_IDE_AND_SATA, NO_NVME),
  on('hyperv', 'ide', [...FREE_IDE, ...free('storflt', 'storvsc', 'vmbus')]),
  on('hyperv', 'hyperv-scsi', free('storvsc', 'vmbus')),
];
const NT63: Expected[] = [
  ...NT62.filter(({ bus }) => bus !== 'nvme'),
  on('vmware-esxi', 'nvme', [...FREE_IDE_AND_SATA, ...free('stornvme')]),
];
const BY_NT: Record<string, Expected[]> = {
  '5.1': NT5,
  '5.2': [...NT5, on('vmware-esxi', 'lsi', OLD_IDE, NO_LSI)],
  '6.0': NT60,
  '6.1': NT61,
  '6.2': NT62,
  '6.3': NT63,
  '10.0': NT63,
};

describe.each(WINDOWS_VERSION_IDS)('Windows %s as setup leaves it', (id) => {
  test.each(BY_NT[WINDOWS_VERSIONS[id].nt]!)('on $target with disks on $bus', async (one) => {
    const { target, bus, changes, missing, firmware } = one;
    const result = await made(id, {
      target,
      buses: [bus],
      ...(firmware === undefined ? {} : { firmware }),
    });
    expect(lines(result, WINDOWS_VERSIONS[id].nt === '10.0' ? 1 : 2)).toEqual(
      [...changes].sort((a, b) => (a < b ? -1 : 1)),
    );
    const [finding, ...others] = result.findings;
    expect(others).toEqual([]);
    if (missing === undefined) expect(finding!.message).toMatch(/^Windows reaches its disks on /u);
    else {
      expect(finding!.severity).toBe('blocker');
      expect(finding!.message).toContain(missing);
    }
    if (bus === 'ide') expect((await result.again()).map(({ what }) => what)).toEqual([]);
  });
});

describe('what the customer is told', () => {
  test('one sentence for each driver, with the reason', async () => {
    const { edits, findings } = await made('2012r2', {
      target: 'vmware-esxi',
      buses: ['nvme'],
      firmware: 'uefi',
    });
    expect(edits.map(({ what, why }) => `${what} ${why}`)).toEqual([
      'Windows loads the driver "stornvme" together with its kernel, for the NVMe controller. The disks of the new machine are on NVMe: Windows needs this driver before it can read its own files.',
      'Windows loads the driver "storahci" together with its kernel, for the SATA (AHCI) controller. With this the disks can be moved to SATA (AHCI), should the machine not start with the controller it has.',
    ]);
    expect(findings).toEqual([
      {
        severity: 'info',
        code: 'WINDOWS_DISK_DRIVER',
        message:
          'Windows reaches its disks on NVMe with stornvme and disk, which it loads together with its kernel.',
      },
    ]);
  });

  test('a bus without a driver is refused with what else there is', async () => {
    const [finding] = (await made('2003', { target: 'vmware-esxi', buses: ['lsi-sas'] })).findings;
    expect(finding).toEqual({
      severity: 'blocker',
      code: 'WINDOWS_NO_DISK_DRIVER',
      message:
        'Windows would not find its disks on LSI Logic SAS: this Windows has no driver for the LSI Logic SAS controller.',
      next: 'Choose ide with --bus, for which this Windows has its drivers, or point --drivers at a folder with the LSI SAS driver for this Windows.',
    });
    const [uefi] = (await made('8', { target: 'kvm', buses: ['virtio-blk'], firmware: 'uefi' })).findings;
    expect(uefi!.next).toBe(
      'Choose ahci with --bus, for which this Windows has its drivers, or point --drivers at the virtio-win ISO image or its folder, which has the drivers for this Windows.',
    );
  });

  test('without drivers that every start needs, there is a warning', async () => {
    const keys = { 'CCS\\Services\\volmgr': null, 'CCS\\Services\\partmgr': null };
    const { findings } = await made('2019', { buses: ['ahci'], keys });
    expect(findings.find(({ severity }) => severity === 'warning')).toEqual({
      severity: 'warning',
      code: 'WINDOWS_BOOT_STACK_INCOMPLETE',
      message: 'The registry of this Windows lacks drivers that it needs to start: partmgr, volmgr.',
      next: 'Check that the server itself starts from this disk.',
    });
  });
});

describe('drivers that every way needs', () => {
  const all = (id: WindowsVersionId): string[] =>
    inboxDrivers(WINDOWS_VERSIONS[id]).map(({ binary }) => binary);

  test('are not started at boot where their file is missing: Windows would stop there', async () => {
    const keys: Keys = {
      'ControlSet001\\Services\\volmgr': { Start: 3 },
      'ControlSet001\\Services\\mountmgr': { Start: 3 },
    };
    const drivers = all('2008r2').filter((name) => !/^(volmgr|volsnap)\.sys$/iu.test(name));
    const result = await made('2008r2', { buses: ['ahci'], keys, drivers });
    const blocker = (name: string): object => ({
      severity: 'blocker',
      code: 'WINDOWS_BOOT_DRIVER_UNUSABLE',
      message: `Windows would not start: every way to the disk needs its driver "${name}", but its file C:\\Windows\\System32\\drivers\\${name}.sys is missing.`,
      next: 'Put the file back on the server (sfc /scannow, or from the installation medium of this Windows), and check that the server itself starts from this disk.',
    });
    expect(result.findings.filter(({ severity }) => severity === 'blocker')).toEqual([
      blocker('volmgr'),
      blocker('volsnap'),
    ]);
    expect(result.difference.filter((line) => /volmgr|mountmgr/u.test(line))).toEqual([
      'ControlSet001\\Services\\mountmgr\\@Start = 0x0 (was 0x3)',
    ]);
  });

  test('nor where what the file itself needs is', async () => {
    const result = await made('2019', {
      buses: ['ahci'],
      drivers: all('2019').filter((name) => name !== 'mountmgr.sys'),
      files: { '/Windows/System32/drivers/mountmgr.sys': driverFile(['NOTTHERE.SYS']) },
    });
    expect(messages(result)).toContain(
      'Windows would not start: every way to the disk needs its driver "mountmgr", but its file C:\\Windows\\System32\\drivers\\mountmgr.sys needs NOTTHERE.SYS, which is missing.',
    );
  });
});

describe('drivers that are there', () => {
  test('what every way to the disk needs is started at boot again', async () => {
    const keys: Keys = {
      'ControlSet001\\Services\\volmgr': { Start: 3 },
      'CCS\\Services\\mountmgr\\StartOverride': { '0': 3 },
    };
    const result = await made('2012', { buses: ['ahci'], keys });
    expect(result.difference).toContain('ControlSet001\\Services\\volmgr\\@Start = 0x0 (was 0x3)');
    expect(result.difference).toContain('- ControlSet002\\Services\\mountmgr\\StartOverride');
    expect(result.edits.map(({ what }) => what)).toContain(
      'Windows loads the driver "volmgr" together with its kernel.',
    );
  });

  /** virtio-win installed on the running server, which has no such device: held back from then on. */
  const virtio: Keys = {
    'CCS\\Services\\viostor': {
      Type: 1,
      Start: 3,
      ErrorControl: 1,
      ImagePath: '\\??\\C:\\Windows\\System32\\drivers\\viostor.sys',
    },
    'CCS\\Services\\viostor\\StartOverride': { '0': 3 },
    'DriverDatabase\\DriverInfFiles\\oem9.inf': {
      Active: 'viostor.inf_amd64_1',
      Configurations: ['rhelscsi_inst'],
    },
    'DriverDatabase\\DriverPackages\\viostor.inf_amd64_1\\Configurations\\rhelscsi_inst': {
      Service: 'viostor',
    },
    'DriverDatabase\\DriverPackages\\viostor.inf_amd64_1\\Descriptors\\PCI\\VEN_1AF4&DEV_1042&SUBSYS_11001AF4&REV_01':
      { Configuration: 'rhelscsi_inst' },
    'DriverDatabase\\DeviceIds\\PCI\\VEN_1AF4&DEV_1042&SUBSYS_11001AF4&REV_01': { 'oem9.inf': 1 },
  };

  test('a bound driver of another maker is started at boot and otherwise left as it is', async () => {
    const result = await made('2022', {
      buses: ['virtio-blk'],
      firmware: 'uefi',
      keys: virtio,
      files: {
        '/Windows/System32/drivers/viostor.sys': driverFile(['ntoskrnl.exe']),
        '/Windows/System32/ntoskrnl.exe': '',
      },
    });
    expect(messages(result)).toEqual([
      'Windows reaches its disks on VirtIO block with viostor and disk, which it loads together with its kernel.',
    ]);
    expect(result.difference.filter((line) => line.includes('viostor'))).toEqual([
      '- ControlSet001\\Services\\viostor\\StartOverride',
      'ControlSet001\\Services\\viostor\\@ImagePath = %"System32\\drivers\\viostor.sys|" (was "\\??\\C:\\Windows\\System32\\drivers\\viostor.sys|")',
      'ControlSet001\\Services\\viostor\\@Start = 0x0 (was 0x3)',
    ]);
    expect(await result.again()).toEqual([]);
  });

  test('a bound driver without its file, or without a module that it imports, is no driver', async () => {
    const without = await made('2022', { buses: ['virtio-blk'], firmware: 'uefi', keys: virtio });
    expect(messages(without)).toEqual([
      'Windows would not find its disks on VirtIO block: the VirtIO block device has the driver "viostor", but its file C:\\Windows\\System32\\drivers\\viostor.sys is missing.',
    ]);
    const file = driverFile(['ntoskrnl.exe', 'storport.sys', 'api-ms-win-core-x-l1-1-0.dll']);
    const cut = await made('2022', {
      buses: ['virtio-blk'],
      firmware: 'uefi',
      keys: virtio,
      files: { '/Windows/System32/drivers/viostor.sys': file, '/Windows/System32/NTOSKRNL.EXE': '' },
    });
    expect(messages(cut)).toEqual([
      'Windows would not find its disks on VirtIO block: the VirtIO block device has the driver "viostor", but its file C:\\Windows\\System32\\drivers\\viostor.sys needs storport.sys, which is missing.',
    ]);
  });

  test('what a driver imports is looked at as well, in circles too', async () => {
    const bench = (imports: string[]): Promise<Result> =>
      made('7', {
        buses: ['ahci'],
        files: {
          '/Windows/System32/drivers/msahci.sys': driverFile(['ataport.SYS']),
          '/Windows/System32/drivers/ataport.sys': driverFile(imports),
        },
      });
    expect(messages(await bench(['msahci.sys']))[0]).toContain('with msahci, atapi and disk');
    expect(messages(await bench(['gone.sys']))[0]).toContain(
      'but its file C:\\Windows\\System32\\drivers\\msahci.sys needs gone.sys, which is missing',
    );
  });

  test('a driver on another drive cannot be loaded at boot', async () => {
    const keys = { 'CCS\\Services\\msahci': { ImagePath: 'D:\\drivers\\msahci.sys' } };
    const { difference } = await made('7', { buses: ['ahci'], keys });
    // The file of Windows itself is there, and is what the service gets.
    expect(difference).toContain(
      'ControlSet001\\Services\\msahci\\@ImagePath = %"system32\\drivers\\msahci.sys|" (was "D:\\drivers\\msahci.sys|")',
    );
  });
});

describe('a SATA driver of Intel that the server had for its own board', () => {
  const CHIP = 'Control\\CriticalDeviceDatabase\\PCI#VEN_8086&DEV_2922&CC_0106';
  const intel: Keys = {
    [`CCS\\${CHIP}`]: { Service: 'iaStor', ClassGUID: SCSI },
    'CCS\\Services\\iaStor': { Type: 1, Start: 3, ImagePath: 'system32\\drivers\\iaStor.sys' },
  };
  const files = { '/Windows/System32/drivers/iastor.sys': '' };

  test('makes Windows XP start from the chip it knows, and from no other', async () => {
    const bench = (target: string): Promise<Result> =>
      made('xp', { target, buses: ['ahci'], keys: intel, files });
    const onQemu = await bench('kvm');
    expect(messages(onQemu)).toEqual([
      'Windows reaches its disks on SATA (AHCI) with iaStor, atapi and disk, which it loads together with its kernel.',
    ]);
    expect(onQemu.difference).toContain('ControlSet001\\Services\\iaStor\\@Start = 0x0 (was 0x3)');
    expect(await onQemu.again()).toEqual([]);
    for (const target of ['virtualbox', 'vmware-esxi', 'ova'])
      expect(messages(await bench(target))).toEqual([
        'Windows would not find its disks on SATA (AHCI): this Windows has no driver for the SATA (AHCI) controller.',
      ]);
  });

  test('is what later ones take before their own: it has to start, or they get the chip back', async () => {
    const there = await made('7', { buses: ['ahci'], keys: intel, files });
    expect(messages(there)).toEqual([
      'Windows reaches its disks on SATA (AHCI) with iaStor, atapi and disk, which it loads together with its kernel.',
    ]);
    expect(there.difference).toContain('ControlSet002\\Services\\iaStor\\@Start = 0x0 (was 0x3)');
    const gone = await made('7', { buses: ['ahci'], keys: intel });
    expect(messages(gone)).toEqual([
      'Windows reaches its disks on SATA (AHCI) with msahci, atapi and disk, which it loads together with its kernel.',
    ]);
    expect(gone.difference).toContain(`ControlSet002\\${CHIP}\\@Service = "msahci|" (was "iaStor|")`);
    expect(await gone.again()).toEqual([]);
  });
});

describe('files that are missing', () => {
  const everywhere = ['acpi.sys', 'pci.sys', 'partmgr.sys', 'volmgr.sys', 'mountmgr.sys', 'volsnap.sys'];
  const drivers = [...everywhere, 'disk.sys', 'atapi.sys', 'ntoskrnl.exe'];

  test('come from the driver store, the newest of them, with what they import', async () => {
    const store = '/Windows/System32/DriverStore/FileRepository';
    const result = await made('2008r2', {
      buses: ['ahci'],
      drivers,
      files: {
        [`${store}/mshdc.inf_amd64_neutral_aad30bdeec04ea5e/msahci.sys`]: driverFile(['ATAPORT.SYS']),
        [`${store}/mshdc.inf_amd64_neutral_aad30bdeec04ea5e/ataport.sys`]: driverFile([]),
        [`${store}/other.inf_amd64_neutral_aad30bdeec04ea5e/msahci.sys`]: 'not this one',
      },
    });
    const written = result.edits.flatMap(({ action, what }) => (action.kind === 'write' ? [what] : []));
    expect(written).toEqual([
      'The driver file C:\\Windows\\System32\\drivers\\msahci.sys is put in its place, taken from the driver store of this Windows.',
      'The driver file C:\\Windows\\System32\\drivers\\ATAPORT.SYS is put in its place, taken from the driver store of this Windows.',
    ]);
    expect(messages(result)).toEqual([
      'Windows reaches its disks on SATA (AHCI) with msahci, atapi and disk, which it loads together with its kernel.',
    ]);
    expect(await result.again()).toEqual([]);
  });

  test('are not searched for a controller that is only a place to move to', async () => {
    const store = '/Windows/System32/DriverStore/FileRepository/mshdc.inf_amd64_neutral_aad30bdeec04ea5e';
    const { edits } = await made('2008r2', {
      target: 'vmware-esxi',
      buses: ['lsi-sas'],
      drivers: [...drivers, 'lsi_sas.sys'],
      files: { [`${store}/msahci.sys`]: driverFile([]) },
    });
    expect(edits.map(({ what }) => what)).toEqual([
      'Windows loads the driver "LSI_SAS" together with its kernel, for the LSI Logic SAS controller.',
    ]);
  });

  test('come from the files that XP guards', async () => {
    const result = await made('xp', {
      buses: ['ide'],
      drivers,
      files: {
        '/Windows/System32/dllcache/intelide.sys': driverFile(['PCIIDEX.SYS'], { wide: false }),
        '/Windows/ServicePackFiles/i386/pciidex.sys': driverFile([], { wide: false }),
      },
    });
    expect(result.edits.slice(0, 2).map(({ what }) => what)).toEqual([
      'The driver file C:\\Windows\\System32\\drivers\\intelide.sys is put in its place, taken from C:\\Windows\\System32\\dllcache\\intelide.sys.',
      'The driver file C:\\Windows\\System32\\drivers\\PCIIDEX.SYS is put in its place, taken from C:\\Windows\\ServicePackFiles\\i386\\PCIIDEX.SYS.',
    ]);
    expect(result.difference).not.toContain('pciide|');
  });
});

describe('hives that are not what they should be', () => {
  test('a device that another driver had, which cannot be loaded, is given to Windows own', async () => {
    const keys: Keys = {
      'CCS\\Control\\CriticalDeviceDatabase\\PCI#VEN_1000&DEV_0054': { Service: 'mylsi', ClassGUID: SCSI },
    };
    const result = await made('2008', { target: 'vmware-esxi', buses: ['lsi-sas'], keys });
    expect(result.difference).toContain(
      'ControlSet002\\Control\\CriticalDeviceDatabase\\PCI#VEN_1000&DEV_0054\\@Service = "LSI_SAS|" (was "mylsi|")',
    );
    expect(await result.again()).toEqual([]);
  });

  test('keys of critical devices without a service are filled', async () => {
    const keys: Keys = {
      'CCS\\Control\\CriticalDeviceDatabase\\PCI#VEN_8086&DEV_7010&CC_0101': { ClassGUID: HDC },
    };
    const result = await made('xp', { buses: ['ide'], keys });
    expect(result.difference).toContain(
      'ControlSet001\\Control\\CriticalDeviceDatabase\\PCI#VEN_8086&DEV_7010&CC_0101\\@Service = "intelide|"',
    );
    expect(await result.again()).toEqual([]);
  });

  test('nothing of a service at all: it is made whole', async () => {
    const keys: Keys = { 'CCS\\Services\\LSI_SAS': null };
    const result = await made('7', { target: 'vmware-esxi', buses: ['lsi-sas'], keys });
    expect(lines(result, 2).filter((line) => line.includes('LSI_SAS'))).toEqual([
      'Services\\LSI_SAS\\@DisplayName = "LSI_SAS|"',
      'Services\\LSI_SAS\\@ErrorControl = 0x1',
      'Services\\LSI_SAS\\@Group = "SCSI Miniport|"',
      'Services\\LSI_SAS\\@ImagePath = %"system32\\drivers\\lsi_sas.sys|"',
      'Services\\LSI_SAS\\@Start = 0x0',
      'Services\\LSI_SAS\\@Type = 0x1',
      'Services\\LSI_SAS\\Parameters\\PnpInterface\\@5 = 0x1',
    ]);
  });

  test('an empty hive is told of, not fallen over', async () => {
    const system = hiveOf({ Select: { Current: 1 }, ControlSet001: {} });
    const result = await runBench({ ntVersion: '6.1', system, buses: ['ahci'] });
    expect(result.difference).toEqual([]);
    expect(result.findings.map(({ severity }) => severity)).toEqual(['blocker', 'warning']);
  });

  test('a damaged control set is told of, and the others are made ready', async () => {
    const { system } = windowsHives('2008r2');
    const result = await runBench({
      ntVersion: '6.1',
      system: withBrokenServices(system, 'ControlSet002'),
      drivers: inboxDrivers(WINDOWS_VERSIONS['2008r2']).map(({ binary }) => binary),
      buses: ['ahci'],
    });
    expect(result.difference).toEqual([
      'ControlSet001\\Services\\intelide\\@Start = 0x0 (was 0x3)',
      'ControlSet001\\Services\\msahci\\@Start = 0x0 (was 0x3)',
      'ControlSet001\\Services\\pciide\\@Start = 0x0 (was 0x3)',
    ]);
    expect(result.findings.at(-1)).toEqual({
      severity: 'warning',
      code: 'WINDOWS_CONTROL_SET_DAMAGED',
      message:
        'Control set 2 in the registry is damaged, and drivers could not be entered there; it is not the one Windows starts with.',
      next: 'Do not start the new machine with "Last Known Good Configuration".',
    });
  });

  test('a damaged current control set refuses the conversion', async () => {
    const { system } = windowsHives('2008r2');
    const { findings, edits } = await runBench({
      ntVersion: '6.1',
      system: withBrokenServices(system, 'ControlSet001'),
      buses: ['ahci'],
    });
    expect(edits).toEqual([]);
    expect(findings[0]!.code).toBe('WINDOWS_HIVE_DAMAGED');
    expect(findings[0]!.message).toMatch(/^The drivers for the new machine's disks cannot be entered: /u);
  });
});

/** The list of subkeys of a control set's Services made to lead nowhere. */
function withBrokenServices(system: Uint8Array, controlSet: string): Uint8Array {
  const bytes = Uint8Array.from(system);
  const key = openHive(bytes).key(`${controlSet}\\Services`);
  // Offset of the list in the record of the key: 4 of the cell's size and 28.
  new DataView(bytes.buffer).setUint32(0x1000 + key.cell + 4 + 28, 0x00fffff0, true);
  return bytes;
}
