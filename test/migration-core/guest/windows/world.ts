/** One or more fixers on a Windows in memory: what they change, that a second plan changes nothing, and hives before and after. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { FixContext, Fixer, VolumeInfo } from '../../../../migration-core/guest/fixer.ts';
import { planFixes, type PlannedFix } from '../../../../migration-core/guest/fixers.ts';
import type { Guest } from '../../../../migration-core/guest/guest.ts';
import { StagedGuest } from '../../../../migration-core/guest/stage.ts';
import { GuestTree } from '../../../../migration-core/guest/tree.ts';
import type { WindowsFacts, WindowsService } from '../../../../migration-core/guest/windows/facts.ts';
import { openHive, type Hive } from '../../../../migration-core/registry/hive.ts';
import { readDword, readText } from '../../../../migration-core/registry/types.ts';
import type { VirtualMachine } from '../../../../migration-core/target/machine.ts';
import { targetById } from '../../../../migration-core/target/table.ts';
import { memoryFileSystem } from '../../../support/memory-filesystem.ts';
import type { Tree } from '../../../support/linux-guests.ts';
import { scratchFolder } from '../../../support/tools.ts';
import { hivexExport, parseExport, type Exported } from '../../registry/fixtures.ts';

export const SYSTEM = '/Windows/System32/config/SYSTEM';
const WRITTEN = new Date('2026-01-02T03:04:05.678Z');

export interface World {
  system: Uint8Array;
  /** Besides the hive and every driver it names. */
  files?: Tree;
  /** Drivers whose files are missing, by the name of their service. */
  without?: string[];
  esp?: Tree;
  boot?: Tree;
  /** What was read from the hive; without it that is done here. */
  read?: WindowsFacts;
  /** What differs from that. */
  facts?: Partial<WindowsFacts>;
  guest?: Partial<Guest>;
  machine?: Partial<VirtualMachine>;
  target?: string;
  volumes?: VolumeInfo[];
}

export async function contextOf(world: World): Promise<FixContext> {
  const files: Tree = { [SYSTEM]: world.system, ...world.files };
  const windows = { ...(world.read ?? factsOf(openHive(world.system))), ...world.facts };
  for (const { name, image } of windows.services) {
    const path = fileOf(name, image);
    if (path !== null && world.without?.includes(name) !== true) files[path] ??= 'MZ';
  }
  const tree = new GuestTree(memoryFileSystem(files, { ignoreCase: true }), 'disk0p2');
  if (world.esp !== undefined)
    tree.attach(':esp', memoryFileSystem(world.esp, { ignoreCase: true }), 'disk0p1');
  if (world.boot !== undefined)
    tree.attach(':boot', memoryFileSystem(world.boot, { ignoreCase: true }), 'disk0p1');
  const guest: Guest = {
    os: { id: 'windows', version: windows.ntVersion, name: 'Windows', family: 'windows' },
    architecture: 'x86_64',
    hostName: 'FILESRV01',
    machineId: '',
    firmware: 'bios',
    init: 'unknown',
    mergedUsr: false,
    mounts: [{ path: '/', volume: 'disk0p2', type: 'ntfs' }],
    fstab: [],
    kernels: [],
    bootLoaders: [],
    interfaces: [],
    agents: [],
    selinux: 'absent',
    windows,
    findings: [],
    ...world.guest,
  };
  const machine: VirtualMachine = {
    name: 'filesrv01',
    uuid: '00000000-0000-4000-8000-000000000001',
    cpus: 2,
    memoryMiB: 4096,
    firmware: guest.firmware,
    architecture: guest.architecture,
    os: guest.os,
    clock: 'localtime',
    disks: [diskOf(0)],
    nics: [],
    ...world.machine,
  };
  return {
    guest,
    files: tree,
    machine,
    target: targetById(world.target ?? 'kvm')!,
    volumes: world.volumes ?? [],
  };
}

export const diskOf = (unit: number, size = 40 * 2 ** 30): VirtualMachine['disks'][number] => ({
  file: `filesrv01-disk${unit}.qcow2`,
  format: 'qcow2',
  size,
  bus: 'ahci',
  unit,
});

export interface Fixed {
  planned: PlannedFix[];
  after: StagedGuest;
  /** What of each edit, in order. */
  whats: string[];
  messages: string[];
  codes: string[];
}

export async function fixWindows(fixers: Fixer | Fixer[], world: World): Promise<Fixed> {
  const context = await contextOf(world);
  const options = { fixers: Array.isArray(fixers) ? fixers : [fixers] };
  const planned = await planFixes(context, options);
  const after = new StagedGuest(context.files);
  for (const { edits, findings } of planned) {
    for (const { action, what, why } of edits) {
      await after.stage(action);
      for (const sentence of [what, why]) expect(sentence).toMatch(/^[A-Z][^\n]*\.$/u);
    }
    for (const { message, next } of findings) {
      expect(message).toMatch(/^[A-Z][^\n]*[^\s]$/u);
      expect(next).toMatch(/^[A-Z][^\n]*\.$/u);
    }
  }
  // Changes of hives become files, as applying writes them.
  const changed = planned.flatMap(({ edits }) => edits.map(({ action }) => action));
  for (const path of new Set(changed.flatMap((one) => (one.kind === 'registry' ? [one.path] : []))))
    await after.stage({ kind: 'write', path, content: (await after.hive(path)).serialise(WRITTEN) });
  // Planned again on the result: facts are read anew, as a conversion of the converted guest would.
  const windows = { ...context.guest.windows!, services: factsOf(await after.hive(SYSTEM)).services };
  const again = await planFixes({ ...context, guest: { ...context.guest, windows }, files: after }, options);
  expect(again.flatMap(({ edits }) => edits.map(({ what }) => what))).toEqual([]);
  const findings = planned.flatMap((one) => one.findings);
  return {
    planned,
    after,
    whats: planned.flatMap(({ edits }) => edits.map(({ what }) => what)),
    messages: findings.map(({ message }) => message),
    codes: findings.map(({ code }) => code),
  };
}

/** Facts as far as these fixers read them, straight from the hive: the inspection is not under test here. */
export function factsOf(system: Hive): WindowsFacts {
  const controlSets = system.root
    .subkeys()
    .flatMap(({ name }) => /^ControlSet(\d{3})$/iu.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
  const current = system.find('Select')?.value('Current');
  const currentControlSet = (current === undefined ? undefined : readDword(current)) ?? 1;
  const name = `ControlSet${String(currentControlSet).padStart(3, '0')}`;
  return {
    ntVersion: '6.1',
    build: 7601,
    servicePack: 'Service Pack 1',
    edition: 'ServerStandard',
    installation: 'server',
    systemRoot: '/Windows',
    system32: '/Windows/System32',
    systemDrive: 'C',
    hives: { system: SYSTEM, software: '/Windows/System32/config/SOFTWARE', bootStores: [] },
    controlSets,
    currentControlSet,
    bindingTable: 'critical-device-database',
    hal: null,
    services: servicesOf(system, name),
    storage: [],
    adapters: [],
    filters: [],
    teams: [],
    roles: [],
    activation: { channel: 'unknown', evidence: '' },
    pendingRestart: [],
    clockIsUtc: false,
    fastStartup: false,
    hibernation: false,
    sanPolicy: null,
    crashAutoReboot: null,
    restrictions: [],
  };
}

function servicesOf(system: Hive, controlSet: string): WindowsService[] {
  return (system.find(`${controlSet}\\Services`)?.subkeys() ?? []).map((key) => {
    const text = (name: string): string => {
      const value = key.value(name);
      return (value === undefined ? undefined : readText(value)) ?? '';
    };
    const number = (name: string): number | null => {
      const value = key.value(name);
      return (value === undefined ? undefined : readDword(value)) ?? null;
    };
    return {
      name: key.name,
      displayName: text('DisplayName'),
      type: number('Type') ?? 0,
      start: number('Start'),
      startOverride: null,
      image: text('ImagePath'),
      group: text('Group'),
      file: null,
    };
  });
}

/** Every spelling of paths that the hives of these tests have. */
function fileOf(name: string, image: string): string | null {
  if (image === '') return `/Windows/System32/drivers/${name}.sys`;
  const below = image.replace(/^\\SystemRoot\\/iu, '').replace(/^%SystemRoot%\\/iu, '');
  return /^\w[\w \\-]*\.sys$/iu.test(below) ? `/Windows/${below.replaceAll('\\', '/')}` : null;
}

/** What an independent reader sees of a hive. */
export async function exported(bytes: Uint8Array): Promise<Exported> {
  const path = join(await scratchFolder(), 'hive');
  writeFileSync(path, bytes);
  return parseExport(await hivexExport(path));
}

/** Lines that are gone (`- key | line`) and new (`+ key | line`), sorted; a key without values counts as one line. */
export async function difference(before: Uint8Array, after: Hive): Promise<string[]> {
  const [old, now] = await Promise.all([exported(before), exported(after.serialise(WRITTEN))]);
  const lines = (all: Exported): Set<string> =>
    new Set([...all].flatMap(([key, values]) => [`${key} |`, ...values.map((line) => `${key} | ${line}`)]));
  const [a, b] = [lines(old), lines(now)];
  return [
    ...[...a].filter((line) => !b.has(line)).map((line) => `- ${line}`),
    ...[...b].filter((line) => !a.has(line)).map((line) => `+ ${line}`),
  ].sort();
}

/** `hex(7):...` of a list of strings, as the export writes it. */
export const multi = (...names: string[]): string =>
  `hex(7):${[...Buffer.from(`${names.map((name) => `${name}\0`).join('')}\0`, 'utf16le')]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join(',')}`;
