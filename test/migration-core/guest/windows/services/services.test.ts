import { describe, expect, it } from 'vitest';
import { agents } from '../../../../../migration-core/guest/windows/services/agents.ts';
import { classFilters } from '../../../../../migration-core/guest/windows/services/class-filters.ts';
import { processor } from '../../../../../migration-core/guest/windows/services/processor.ts';
import { openHive } from '../../../../../migration-core/registry/hive.ts';
import {
  dword,
  expandText,
  readDword,
  readTexts,
  text,
} from '../../../../../migration-core/registry/types.ts';
import { hiveOf, windowsHives, type Keys } from '../../../../support/windows-guest.ts';
import { fixWindows, SYSTEM, type World } from '../world.ts';

const DISKS = '{4D36E967-E325-11CE-BFC1-08002BE10318}';
const VOLUMES = '{71A27CDD-812A-11D0-BEC7-08002BE2092F}';
const SYSTEM_DEVICES = '{4D36E97D-E325-11CE-BFC1-08002BE10318}';
const HDC = '{4D36E96A-E325-11CE-BFC1-08002BE10318}';
const KEYBOARDS = '{4D36E96B-E325-11CE-BFC1-08002BE10318}';
const classKey = (guid: string): string => `CCS\\Control\\Class\\${guid}`;

const driver = (name: string, start: number, displayName = ''): Keys => ({
  [`CCS\\Services\\${name}`]: {
    Type: 1,
    Start: start,
    ImagePath: expandText(`system32\\drivers\\${name}.sys`),
    ...(displayName === '' ? {} : { DisplayName: displayName }),
  },
});
const program = (name: string, DisplayName: string, more: Keys[string] = {}): Keys => ({
  [`CCS\\Services\\${name}`]: { Type: 16, Start: 2, ImagePath: 'C:\\x.exe', DisplayName, ...more },
});

/** A server of 2008 R2 with more in its registry. */
const server = (keys: Keys, version: '2008r2' | '2003' | '2019' = '2008r2'): Uint8Array =>
  windowsHives(version, { system: keys }).system;

async function startsOf(system: Uint8Array, world: Omit<World, 'system'> = {}, names: string[] = []) {
  const fixed = await fixWindows([agents, classFilters], { system, ...world });
  const hive = await fixed.after.hive(SYSTEM);
  const starts = Object.fromEntries(
    names.map((name) => [
      name,
      ['ControlSet001', 'ControlSet002'].map((set) =>
        readDword(hive.key(`${set}\\Services\\${name}`).value('Start')!),
      ),
    ]),
  );
  const filters = (guid: string, position: string, set = 'ControlSet001') => {
    const value = hive.find(`${set}\\Control\\Class\\${guid}`)?.value(position);
    return value === undefined ? null : readTexts(value);
  };
  return { ...fixed, hive, starts, filters };
}

describe('software of the old hardware', () => {
  it('of an HP ProLiant is switched off in every control set', async () => {
    const system = server({
      ...program('CqMgHost', 'HP Insight Foundation Agents'),
      ...program('sysdown', 'HP ProLiant System Shutdown Service'),
      ...program('Cissesrv', 'HP Smart Array SAS/SATA Event Notification Service'),
      ...driver('hpqilo3', 3, 'HP ProLiant iLO 3 Management Controller Driver'),
      ...driver('HpCISSs2', 0),
      ...program('Spooler', 'Print Spooler'),
    });
    const { starts, whats } = await startsOf(system, {}, [
      'CqMgHost',
      'sysdown',
      'Cissesrv',
      'hpqilo3',
      'HpCISSs2',
      'Spooler',
    ]);
    expect(starts).toEqual({
      CqMgHost: [4, 4],
      sysdown: [4, 4],
      Cissesrv: [4, 4],
      hpqilo3: [4, 4],
      // The controller's driver waits for a controller, and a print server prints.
      HpCISSs2: [0, 0],
      Spooler: [2, 2],
    });
    expect(whats).toEqual([
      'The service "HP Insight Foundation Agents" (CqMgHost) of HP Insight Management Agents is switched off; it started by itself.',
      'The service "HP ProLiant System Shutdown Service" (sysdown) of HP ProLiant health drivers and automatic server recovery is switched off; it started by itself.',
      'The driver "HP ProLiant iLO 3 Management Controller Driver" (hpqilo3) of HP ProLiant health drivers and automatic server recovery is switched off; it started on demand.',
      'The service "HP Smart Array SAS/SATA Event Notification Service" (Cissesrv) of HP Smart Array tools is switched off; it started by itself.',
    ]);
  });

  it('of Xen loses its filters of system devices and controllers as well', async () => {
    const system = server({
      ...driver('xenbus', 0),
      ...driver('xenfilt', 0),
      ...driver('xenvbd', 0),
      ...program('xenbus_monitor', 'Xen PV Bus Monitor'),
      [classKey(SYSTEM_DEVICES)]: { UpperFilters: ['XENFILT'] },
      [classKey(HDC)]: { UpperFilters: ['other', 'xenfilt'] },
      ...driver('other', 0),
    });
    const { starts, filters, whats } = await startsOf(system, {}, [
      'xenbus',
      'xenfilt',
      'xenvbd',
      'xenbus_monitor',
    ]);
    for (const start of Object.values(starts)) expect(start).toEqual([4, 4]);
    for (const set of ['ControlSet001', 'ControlSet002']) {
      expect(filters(SYSTEM_DEVICES, 'UpperFilters', set)).toBeNull();
      expect(filters(HDC, 'UpperFilters', set)).toEqual(['other']);
    }
    expect(whats).toContain(
      'The filter XENFILT is taken out of the list of filters of all system devices (UpperFilters).',
    );
  });

  it('whose path is one of the kernel cannot be judged, and keeps its filter', async () => {
    const at = (name: string, ImagePath: string): Keys => ({
      [`CCS\\Services\\${name}`]: { Type: 1, Start: 0, ImagePath: expandText(ImagePath) },
    });
    const system = server({
      ...at('byDevice', '\\Device\\HarddiskVolume2\\Windows\\System32\\drivers\\a.sys'),
      ...at('byVolume', '\\??\\Volume{11111111-2222-3333-4444-555555555555}\\Windows\\a.sys'),
      ...at('missing', '\\SystemRoot\\System32\\drivers\\missing.sys'),
      [classKey(DISKS)]: { LowerFilters: ['byDevice', 'missing', 'byVolume'] },
    });
    const { filters } = await startsOf(system, { without: ['byDevice', 'byVolume', 'missing'] });
    expect(filters(DISKS, 'LowerFilters')).toEqual(['byDevice', 'byVolume']);
  });

  it('of Parallels loses its filter of disks, and keyboards keep theirs', async () => {
    const system = server({
      ...driver('prl_strg', 0),
      ...driver('prl_tg', 0),
      ...driver('kbdclass', 1),
      ...driver('vmkbd', 3),
      [classKey(DISKS)]: { LowerFilters: ['prl_strg'] },
      [classKey(KEYBOARDS)]: { UpperFilters: ['vmkbd', 'kbdclass'] },
    });
    const { starts, filters } = await startsOf(system, {}, ['prl_strg', 'prl_tg']);
    expect(starts).toEqual({ prl_strg: [4, 4], prl_tg: [4, 4] });
    expect(filters(DISKS, 'LowerFilters')).toBeNull();
    expect(filters(DISKS, 'UpperFilters')).toEqual(['partmgr']);
    expect(filters(KEYBOARDS, 'UpperFilters')).toEqual(['vmkbd', 'kbdclass']);
  });

  it('is kept on the platform it serves', async () => {
    const system = server({
      ...program('QEMU-GA', 'QEMU Guest Agent'),
      ...program('VBoxService', 'VirtualBox'),
    });
    expect((await startsOf(system, { target: 'kvm' }, ['QEMU-GA', 'VBoxService'])).starts).toEqual({
      'QEMU-GA': [2, 2],
      VBoxService: [4, 4],
    });
    expect((await startsOf(system, { target: 'virtualbox' }, ['QEMU-GA', 'VBoxService'])).starts).toEqual({
      'QEMU-GA': [4, 4],
      VBoxService: [2, 2],
    });
  });

  it('takes a StartOverride away, which would win', async () => {
    const system = server({
      ...driver('xenbus', 0),
      'CCS\\Services\\xenbus\\StartOverride': { '0': 3 },
    });
    const { hive, starts } = await startsOf(system, {}, ['xenbus']);
    expect(starts['xenbus']).toEqual([4, 4]);
    expect(hive.find('ControlSet002\\Services\\xenbus\\StartOverride')).toBeUndefined();
  });

  it('is told of where something else needs it', async () => {
    const system = server({
      ...program('CqMgHost', 'HP Insight Foundation Agents'),
      ...program('CqMgServ', 'HP Insight Server Agents', { DependOnService: ['CqMgHost'] }),
      ...program('Monitor', 'Monitoring of the branch office', { DependOnService: ['RPCSS', 'cqmghost'] }),
      ...program('Resting', 'Resting', { Start: 4, DependOnService: ['CqMgHost'] }),
    });
    const { messages } = await startsOf(system);
    expect(messages).toEqual([
      'The service "Monitoring of the branch office" (Monitor) needs the service "HP Insight Foundation Agents" (CqMgHost), which is switched off, and will not start.',
    ]);
  });

  it('that joins paths is left where disks come over several', async () => {
    const system = server({
      ...driver('EmcpBase', 0),
      [classKey(DISKS)]: { UpperFilters: ['EmcpBase', 'partmgr'] },
    });
    const disk = { description: '', service: 'disk', classGuid: '', hardwareIds: [], bootCritical: true };
    const inUse = { storage: [{ ...disk, instance: 'MPIO\\Disk&Ven_EMC&Prod_SYMMETRIX\\1&7f6ac24' }] };
    const kept = await startsOf(system, { facts: inUse }, ['EmcpBase']);
    expect(kept.starts).toEqual({ EmcpBase: [0, 0] });
    expect(kept.messages).toEqual([
      'The server reaches disks over several paths, and the software that joins them (EMC PowerPath) is left as it is.',
    ]);
    const gone = await startsOf(system, {}, ['EmcpBase']);
    expect(gone.starts).toEqual({ EmcpBase: [4, 4] });
    expect(gone.filters(DISKS, 'UpperFilters')).toEqual(['partmgr']);
  });
});

describe('filters of classes', () => {
  it('go where their driver is missing, has no file or is off, and only in the control sets where it is so', async () => {
    const system = hiveOf(
      { ControlSet001: {}, ControlSet002: {}, Select: { Current: 1 } },
      {
        ...driver('partmgr', 0),
        ...driver('gone', 0),
        ...driver('snap', 0),
        'ControlSet002\\Services\\snap': { Start: 4 },
        [classKey(DISKS)]: { UpperFilters: ['gone', 'partmgr', 'orphan', 'snap'] },
        'ControlSet002\\Control\\Class\\{4D36E967-E325-11CE-BFC1-08002BE10318}': {
          UpperFilters: ['snap', 'orphan', 'partmgr'],
        },
      },
    );
    const { filters, planned } = await startsOf(system, { without: ['gone'] });
    expect(filters(DISKS, 'UpperFilters')).toEqual(['partmgr', 'snap']);
    expect(filters(DISKS, 'UpperFilters', 'ControlSet002')).toEqual(['partmgr']);
    expect(planned.flatMap(({ edits }) => edits.map(({ why }) => why))).toEqual([
      'The file of its driver is missing (C:\\Windows\\system32\\drivers\\gone.sys); Windows starts no device of a class while one of its filters cannot be loaded.',
      'There is no driver of that name on the server; Windows starts no device of a class while one of its filters cannot be loaded.',
      'Its driver is switched off; Windows starts no device of a class while one of its filters cannot be loaded.',
    ]);
  });

  it('whose file lies where it cannot be looked for stay', async () => {
    const at = (name: string, ImagePath: string): Keys => ({
      [`CCS\\Services\\${name}`]: { Type: 1, Start: 0, ImagePath },
    });
    const system = server({
      ...at('other', '\\??\\D:\\drivers\\other.sys'),
      ...at('device', '\\\\server\\share\\device.sys'),
      ...at('variable', '%ProgramFiles%\\x.sys'),
      ...at('up', '..\\..\\x.sys'),
      ...at('here', '\\SystemRoot\\System32\\here.sys'),
      [classKey(DISKS)]: { UpperFilters: ['other', 'device', 'variable', 'up', 'here', 'partmgr'] },
    });
    const { filters } = await startsOf(system, { without: ['here'] });
    expect(filters(DISKS, 'UpperFilters')).toEqual(['other', 'device', 'variable', 'up', 'partmgr']);
  });

  it('of Windows itself are told of and kept; those that encrypt are named', async () => {
    const system = server({
      'CCS\\Services\\partmgr': { Start: 4 },
      ...driver('veracrypt', 0),
      [classKey(VOLUMES)]: { UpperFilters: ['veracrypt', 'volsnap'] },
    });
    const { filters, messages } = await startsOf(system);
    expect(filters(DISKS, 'UpperFilters')).toEqual(['partmgr']);
    expect(filters(VOLUMES, 'UpperFilters')).toEqual(['veracrypt', 'volsnap']);
    expect(messages).toEqual([
      'The filter partmgr of all disks, a part of Windows, cannot be loaded: its driver is switched off.',
      'VeraCrypt is installed and stands between Windows and its disks: the virtual machine starts only if they are not encrypted.',
    ]);
  });

  it('are not all that encrypts: a driver that starts at boot is enough, one that rests is not', async () => {
    const system = server({ ...driver('PGPwded', 0), ...driver('MfeEpePc', 4), ...driver('truecrypt', 1) });
    expect((await startsOf(system)).messages).toEqual([
      'PGP or Symantec Drive Encryption is installed and stands between Windows and its disks: the virtual machine starts only if they are not encrypted.',
    ]);
  });

  it('that are no lists are not touched', async () => {
    const system = server({
      [classKey(DISKS)]: { UpperFilters: 'partmgr', LowerFilters: dword(7) },
      [classKey(VOLUMES)]: { UpperFilters: Array.from({ length: 500 }, (_, at) => `f${at}`) },
    });
    expect((await startsOf(system)).whats).toEqual([]);
  });
});

describe('processor drivers', () => {
  const keys: Keys = {
    ...driver('intelppm', 1, 'Intel Processor Driver'),
    ...driver('amdppm', 3),
    ...driver('agp440', 0, 'Intel AGP Bus Filter'),
    ...driver('gagp30kx', 3),
  };
  const run = async (ntVersion: string) =>
    (await fixWindows(processor, { system: server(keys, '2003'), facts: { ntVersion } })).whats;

  it('of XP and 2003 go, with the filter of the AGP bridge', async () => {
    expect(await run('5.2')).toEqual([
      'The driver "Intel AGP Bus Filter" (agp440) is switched off; it started at boot.',
      'The driver amdppm is switched off; it started on demand.',
      'The driver "Intel Processor Driver" (intelppm) is switched off; it started with Windows.',
    ]);
  });

  it('of later Windows go where they start whatever the processor is', async () => {
    expect(await run('6.1')).toEqual([
      'The driver "Intel Processor Driver" (intelppm) is switched off; it started with Windows.',
    ]);
  });
});

it('hostile values of services change nothing and stop nothing', async () => {
  const system = server({
    'CCS\\Services\\VMTools': {
      Start: text('2'),
      Type: text('x'),
      DisplayName: dword(1),
      ImagePath: dword(2),
    },
    'CCS\\Services\\vmci': null,
    'CCS\\Services\\xenbus': {},
    [classKey(DISKS)]: null,
  });
  const hive = openHive(system);
  expect(readDword(hive.key('ControlSet001\\Services\\VMTools').value('Start')!)).toBeUndefined();
  const { starts, whats } = await startsOf(system, {}, ['VMTools', 'xenbus']);
  expect(starts).toEqual({ VMTools: [4, 4], xenbus: [4, 4] });
  expect(whats[0]).toBe(
    'The service VMTools of VMware Tools is switched off; it started in a way that is not known.',
  );
});
