/**
 * Real SYSTEM hives made ready for every disk controller of every kind of platform: exactly which keys and values change, written
 * out by hand, and judged by hivexregedit over the whole hive.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openHive } from '../../../../../migration-core/registry/hive.ts';
import { changeHive } from '../../../../../migration-core/guest/windows/guest-hive.ts';
import type { RegistryChange } from '../../../../../migration-core/guest/windows/registry-change.ts';
import type { DiskBus } from '../../../../../migration-core/target/machine.ts';
import { hasShared, NEEDS_SHARED } from '../../../../support/shared.ts';
import { needTools, scratchFolder } from '../../../../support/tools.ts';
import { fixture, hivexExport, parseExport } from '../../../registry/fixtures.ts';
import { driverFilesOf, runBench, WRITTEN, type Bench } from './bench.ts';
import { difference } from './difference.ts';

needTools('hivexregedit', 'xz');

const HDC = '{4D36E96A-E325-11CE-BFC1-08002BE10318}';
const SYSTEM = '{4D36E97D-E325-11CE-BFC1-08002BE10318}';
/** Loaded by their names: XP has no ImagePath for them. */
const UNNAMED = ['mountmgr.sys', 'partmgr.sys', 'volsnap.sys', 'pciide.sys'];

const inSets = (sets: readonly number[], lines: readonly string[]): string[] =>
  sets.flatMap((set) => lines.map((line) => line.replace('CCS', `ControlSet00${set}`))).sort();

const critical = (id: string, service: string, classGuid: string): string[] => [
  `CCS\\Control\\CriticalDeviceDatabase\\${id}\\@ClassGUID = "${classGuid}|"`,
  `CCS\\Control\\CriticalDeviceDatabase\\${id}\\@Service = "${service}|"`,
];

/** What XP lacks for IDE on the boards of QEMU (7010) and of VMware, VirtualBox and Hyper-V (7111). */
const DELL_IDE = inSets(
  [1, 2],
  [
    ...critical('*azt0502', 'atapi', HDC),
    ...critical('*pnp0600', 'atapi', HDC),
    ...critical('pci#cc_0101', 'pciide', HDC),
    ...critical('pci#ven_8086&dev_7010', 'intelide', HDC),
    ...critical('pci#ven_8086&dev_7110&cc_0601', 'isapnp', SYSTEM),
    ...critical('pci#ven_8086&dev_7111', 'intelide', HDC),
  ],
);
/** This one knows the PIIX4 and its bridge already, having run on VMware; setup had switched PCIIde off. */
const VMWARE_XP_IDE = inSets(
  [1, 3],
  [
    ...critical('*azt0502', 'atapi', HDC),
    ...critical('*pnp0600', 'atapi', HDC),
    ...critical('pci#cc_0101', 'pciide', HDC),
    ...critical('pci#ven_8086&dev_7010', 'intelide', HDC),
    'CCS\\Services\\PCIIde\\@Start = 0x0 (was 0x4)',
  ],
);
const starts = (...services: string[]): string[] =>
  inSets(
    [1, 2],
    services.map((service) => `CCS\\services\\${service}\\@Start = 0x0 (was 0x3)`),
  );
const overrides = (...services: string[]): string[] =>
  services.map((service) => `- ControlSet001\\Services\\${service}\\StartOverride`).sort();

const reached = (name: string, services: string): string =>
  `info WINDOWS_DISK_DRIVER: Windows reaches its disks on ${name} with ${services}, which it loads together with its kernel.`;
const missing = (name: string, what: string, file = ''): string =>
  `blocker WINDOWS_NO_DISK_DRIVER: Windows would not find its disks on ${name}: this Windows has no driver for ${what}${file}.`;
const noFile = (service: string): string =>
  ` ("${service}": its file C:\\Windows\\System32\\drivers\\${service}.sys is missing)`;

const IDE = reached('IDE', 'intelide, atapi and disk');
const NO_BLOCK = missing('VirtIO block', 'the VirtIO block device');
const NO_VIRTIO_SCSI = missing('VirtIO SCSI', 'the VirtIO SCSI controller');
const PVSCSI = 'the VMware Paravirtual SCSI controller';

interface Case {
  target: string;
  bus: DiskBus;
  firmware?: 'uefi';
  finding: string;
  lines: string[];
}
const of = (target: string, bus: DiskBus, finding: string, lines: string[], firmware?: 'uefi'): Case => ({
  target,
  bus,
  finding,
  lines,
  ...(firmware === undefined ? {} : { firmware }),
});

/** XP knows IDE alone; where that is not what the machine has, it is made ready all the same, to be moved to. */
const xp = (ide: string[]): Case[] => [
  of('kvm', 'virtio-blk', NO_BLOCK, ide),
  of('kvm', 'virtio-scsi', NO_VIRTIO_SCSI, ide),
  of('kvm', 'ahci', missing('SATA (AHCI)', 'the SATA (AHCI) controller'), ide),
  of('kvm', 'ide', IDE, ide),
  of('vmware-esxi', 'pvscsi', missing('VMware Paravirtual SCSI', PVSCSI), ide),
  of('vmware-esxi', 'lsi-sas', missing('LSI Logic SAS', 'the LSI Logic SAS controller'), ide),
  of('vmware-esxi', 'ahci', missing('SATA (AHCI)', 'the SATA (AHCI) controller'), ide),
  of('vmware-esxi', 'nvme', missing('NVMe', 'the NVMe controller'), ide),
  of('vmware-esxi', 'lsi', missing('LSI Logic Parallel', 'the LSI Logic Parallel controller'), ide),
  of('vmware-esxi', 'ide', IDE, ide),
  of('virtualbox', 'ide', IDE, ide),
  of('hyperv', 'ide', IDE, ide),
  of(
    'hyperv',
    'hyperv-scsi',
    missing(
      'Hyper-V SCSI',
      'the bus of Hyper-V (VMBus); this Windows has no driver for the Hyper-V SCSI controller',
    ),
    [],
    'uefi',
  ),
];

/** 7 has entered every device at its installation; its drivers wait with Start 3 for a device. */
const SEVEN = starts('msahci', 'pciide');
const SATA_7 = reached('SATA (AHCI)', 'msahci, atapi and disk');
const SEVEN_CASES: Case[] = [
  of('kvm', 'virtio-blk', NO_BLOCK, SEVEN),
  of('kvm', 'virtio-scsi', NO_VIRTIO_SCSI, SEVEN),
  of('kvm', 'ahci', SATA_7, SEVEN),
  of('kvm', 'ide', IDE, SEVEN),
  of('vmware-esxi', 'pvscsi', missing('VMware Paravirtual SCSI', PVSCSI), SEVEN),
  // Its own controller, and the other one of LSI, whose driver starts at boot here too: only the places to move to are new.
  of('vmware-esxi', 'lsi-sas', reached('LSI Logic SAS', 'LSI_SAS and disk'), SEVEN),
  of('vmware-esxi', 'lsi', reached('LSI Logic Parallel', 'LSI_SCSI and disk'), SEVEN),
  of('vmware-esxi', 'ahci', SATA_7, SEVEN),
  of('vmware-esxi', 'nvme', missing('NVMe', 'the NVMe controller', noFile('stornvme')), SEVEN),
  of('vmware-esxi', 'ide', IDE, SEVEN),
  of('virtualbox', 'ahci', SATA_7, SEVEN),
  of('hyperv', 'ide', IDE, starts('pciide', 'storvsc')),
  of('hyperv', 'hyperv-scsi', reached('Hyper-V SCSI', 'vmbus, storvsc and disk'), starts('storvsc'), 'uefi'),
];

/** 10 starts all with Start 0; what it had no device for is held back by StartOverride. */
const TEN_CASES: Case[] = [
  of('kvm', 'virtio-blk', NO_BLOCK, [], 'uefi'),
  of('kvm', 'virtio-scsi', NO_VIRTIO_SCSI, [], 'uefi'),
  of('kvm', 'ahci', reached('SATA (AHCI)', 'storahci and disk'), [], 'uefi'),
  of('kvm', 'ide', IDE, overrides('pciide')),
  // VMware Tools has staged its INF, but that binds nothing: the file is not there either.
  of('vmware-esxi', 'pvscsi', missing('VMware Paravirtual SCSI', PVSCSI, noFile('pvscsi')), [], 'uefi'),
  of('vmware-esxi', 'lsi-sas', reached('LSI Logic SAS', 'LSI_SAS and disk'), overrides('LSI_SAS'), 'uefi'),
  of('vmware-esxi', 'ahci', reached('SATA (AHCI)', 'storahci and disk'), [], 'uefi'),
  of('vmware-esxi', 'nvme', reached('NVMe', 'stornvme and disk'), [], 'uefi'),
  of('vmware-esxi', 'lsi', missing('LSI Logic Parallel', 'the LSI Logic Parallel controller'), [], 'uefi'),
  of('vmware-esxi', 'ide', IDE, overrides('pciide')),
  of('virtualbox', 'ahci', reached('SATA (AHCI)', 'storahci and disk'), [], 'uefi'),
  of('hyperv', 'ide', IDE, overrides('pciide', 'storflt', 'storvsc', 'vmbus')),
  of(
    'hyperv',
    'hyperv-scsi',
    reached('Hyper-V SCSI', 'vmbus, storvsc and disk'),
    overrides('storvsc', 'vmbus'),
    'uefi',
  ),
];

const HIVES = [
  { name: 'bitcurator-M57-PAT-SYSTEM', ntVersion: '5.1', cases: xp(DELL_IDE) },
  { name: 'hackfortress-xp-system', ntVersion: '5.1', cases: xp(VMWARE_XP_IDE) },
  { name: 'regipy-SYSTEM', ntVersion: '6.1', cases: SEVEN_CASES },
  { name: 'dissect.regf-SYSTEM', ntVersion: '10.0', cases: TEN_CASES },
] as const;

describe.skipIf(!hasShared)(`boot drivers of real hives ${NEEDS_SHARED}`, () => {
  describe.each(HIVES)('$name', ({ name, ntVersion, cases }) => {
    const system = hasShared ? fixture(`system/${name}`) : Buffer.alloc(0);
    const drivers = hasShared ? [...driverFilesOf(openHive(system)), ...UNNAMED] : [];
    const bench = ({ target, bus, firmware }: Case): Bench => ({
      ntVersion,
      system,
      drivers: drivers.filter((file) => file.toLowerCase() !== 'pvscsi.sys'),
      target,
      buses: [bus],
      ...(firmware === undefined ? {} : { firmware }),
    });
    const changes: RegistryChange[] = [];

    test.each(cases)('on $target with disks on $bus', async (one) => {
      const result = await runBench(bench(one));
      expect(result.difference).toEqual(one.lines);
      expect(result.findings.map(({ severity, code, message }) => `${severity} ${code}: ${message}`)).toEqual(
        [one.finding],
      );
      for (const { action } of result.edits) if (action.kind === 'registry') changes.push(...action.changes);
    });

    test('hivexregedit finds these changes in the whole hive and no others', async () => {
      const folder = await scratchFolder();
      const hive = openHive(system);
      for (const change of changes) changeHive(hive, change);
      writeFileSync(join(folder, 'before'), system);
      writeFileSync(join(folder, 'after'), hive.serialise(WRITTEN));
      const [before, after] = await Promise.all(
        ['before', 'after'].map(async (file) => parseExport(await hivexExport(join(folder, file)))),
      );
      const all = [...new Set(cases.flatMap(({ lines }) => lines))].sort();
      expect(difference(before!, after!)).toEqual(all);
    });

    test('nothing is left to do when it was done', async () => {
      const result = await runBench(bench(cases.find(({ bus }) => bus === 'ide')!));
      expect((await result.again()).map(({ what }) => what)).toEqual([]);
    });
  });
});
