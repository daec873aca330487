/** The fixer of boot drivers on a hive: facts read off the hive, files in memory, the changes applied to a copy. */
import type { DiskBus, VirtualMachine } from '../../../../../migration-core/target/machine.ts';
import { targetById } from '../../../../../migration-core/target/table.ts';
import { openHive, type Hive } from '../../../../../migration-core/registry/hive.ts';
import { readDword, readText } from '../../../../../migration-core/registry/types.ts';
import type { Finding } from '../../../../../migration-core/base/finding.ts';
import type { FixContext, GuestEdit } from '../../../../../migration-core/guest/fixer.ts';
import type { Guest } from '../../../../../migration-core/guest/guest.ts';
import { planFixes } from '../../../../../migration-core/guest/fixers.ts';
import { GuestTree } from '../../../../../migration-core/guest/tree.ts';
import type { WindowsFacts } from '../../../../../migration-core/guest/windows/facts.ts';
import { changeHive } from '../../../../../migration-core/guest/windows/guest-hive.ts';
import { bootDrivers } from '../../../../../migration-core/guest/windows/storage/boot-drivers.ts';
import { machineWith } from '../../../../support/fix-guest.ts';
import { memoryFileSystem } from '../../../../support/memory-filesystem.ts';
import { changesAsLines } from './difference.ts';

export interface Bench {
  /** `5.1`. */
  ntVersion: string;
  /** The SYSTEM hive. */
  system: Uint8Array;
  /** Files of the volume besides the hive: names below System32\drivers, or whole paths with their content. */
  drivers?: readonly string[];
  files?: Record<string, string | Uint8Array>;
  target?: string;
  buses: DiskBus[];
  firmware?: 'bios' | 'uefi';
  /** Without it they are read from the hive. */
  facts?: WindowsFacts;
}

export interface Result {
  edits: GuestEdit[];
  findings: Finding[];
  /** What differs in the hive afterwards, as `difference` of exports says it. */
  difference: string[];
  /** The hive afterwards, as a file. */
  after: Uint8Array;
  /** Plans the same again on the result. */
  again: () => Promise<GuestEdit[]>;
}

const SYSTEM = '/Windows/System32/config/SYSTEM';
export const WRITTEN = new Date('2026-01-02T03:04:05Z');

export async function runBench(bench: Bench): Promise<Result> {
  const { edits, findings } = await plan(bench, bench.system);
  const hive = openHive(bench.system);
  const changes = edits.flatMap(({ action }) => (action.kind === 'registry' ? action.changes : []));
  const lines = changesAsLines(hive, changes);
  for (const change of changes) changeHive(hive, change);
  const after = hive.serialise(WRITTEN);
  const written = Object.fromEntries(
    edits.flatMap(({ action }) => (action.kind === 'write' ? [[action.path, action.content]] : [])),
  );
  const again = { ...bench, files: { ...bench.files, ...written } };
  return {
    edits,
    findings,
    difference: lines,
    after,
    again: async () => (await plan(again, after)).edits,
  };
}

async function plan(bench: Bench, system: Uint8Array): Promise<{ edits: GuestEdit[]; findings: Finding[] }> {
  const drivers = bench.drivers ?? [];
  const root = memoryFileSystem(
    {
      [SYSTEM]: system,
      '/Windows/System32/drivers/readme.txt': '',
      ...Object.fromEntries(drivers.map((name) => [`/Windows/System32/drivers/${name}`, 'driver'])),
      ...bench.files,
    },
    { ignoreCase: true },
  );
  const windows = bench.facts ?? factsOf(openHive(system), bench.ntVersion);
  const firmware = bench.firmware ?? 'bios';
  const machine: VirtualMachine = { ...machineWith(bench.buses), firmware };
  const context: FixContext = {
    guest: { windows, firmware } as Guest,
    files: new GuestTree(root, 'disk0'),
    machine,
    target: targetById(bench.target ?? 'kvm')!,
    volumes: [],
  };
  const planned = await planFixes(context, { fixers: [bootDrivers] });
  return {
    edits: planned.flatMap((fix) => fix.edits),
    findings: planned.flatMap((fix) => fix.findings),
  };
}

/** What the fixer asks of the facts, read here on its own. */
export function factsOf(system: Hive, ntVersion: string): WindowsFacts {
  const current = readDword(system.key('Select').value('Current')!)!;
  const controlSets = system.root
    .subkeys()
    .map(({ name }) => /^ControlSet(\d{3})$/u.exec(name))
    .flatMap((match) => (match === null ? [] : [Number(match[1])]));
  return {
    ntVersion,
    systemRoot: '/Windows',
    system32: '/Windows/System32',
    systemDrive: 'C',
    hives: { system: SYSTEM, software: '', bootStores: [] },
    controlSets,
    currentControlSet: current,
    bindingTable:
      system.find('DriverDatabase') === undefined ? 'critical-device-database' : 'driver-database',
  } as unknown as WindowsFacts;
}

/** The services of a real hive that a boot loader would load, for the files that are laid beside it. */
export function driverFilesOf(system: Hive): string[] {
  const controlSet = `ControlSet${String(readDword(system.key('Select').value('Current')!)).padStart(3, '0')}`;
  return system
    .key(`${controlSet}\\Services`)
    .subkeys()
    .flatMap((key) => {
      const image = key.value('ImagePath');
      const file = image === undefined ? undefined : /([^\\]+\.sys)$/iu.exec(readText(image) ?? '')?.[1];
      return file === undefined ? [] : [file];
    });
}
