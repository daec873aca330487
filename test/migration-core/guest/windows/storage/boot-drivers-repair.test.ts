/** The fixer on servers where something is missing, damaged, or in the way. */
import { describe, expect, test } from 'vitest';
import { openHive } from '../../../../../migration-core/registry/hive.ts';
import { hiveOf, windowsHives, WINDOWS_VERSIONS, type Keys } from '../../../../support/windows-guest.ts';
import { inboxDrivers } from '../../../../support/windows/inbox.ts';
import { HDC, lines, made, messages, SCSI } from './as-set-up.ts';
import { runBench, type Result } from './bench.ts';
import { driverFile } from './driver-file.ts';

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
