/** The fixer on servers of each generation, as setup leaves them, and on those where its drivers are switched off. */
import { describe, expect, test } from 'vitest';
import type { DiskBus } from '../../../../../migration-core/target/machine.ts';
import {
  WINDOWS_VERSIONS,
  WINDOWS_VERSION_IDS,
  type Keys,
  type WindowsVersionId,
} from '../../../../support/windows-guest.ts';
import { inboxDrivers } from '../../../../support/windows/inbox.ts';
import { HDC, lines, made, messages } from './as-set-up.ts';
import type { Result } from './bench.ts';
import { driverFile } from './driver-file.ts';

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
