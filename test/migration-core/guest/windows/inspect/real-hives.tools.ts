/** Facts of registries that Windows itself wrote, beside what libhivex reads of them; the rest was read off their exports by eye. */
import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import type { Guest } from '../../../../../migration-core/guest/guest.ts';
import { inspectGuest } from '../../../../../migration-core/guest/inspect.ts';
import { fixture } from '../../../registry/fixtures.ts';
import { hasShared, NEEDS_SHARED, sharedPath } from '../../../../support/shared.ts';
import { windowsVolumes, type WindowsVersionId } from '../../../../support/windows-guest.ts';

interface Oracle {
  select: { Current: number };
  topKeys: string[];
  computerName: string;
  services: {
    name: string;
    type: number | null;
    start: number | null;
    group: string | null;
    imagePath: string | null;
    startOverride: unknown;
  }[];
  classFilters: { class: string; upper: string[] | null; lower: string[] | null }[];
  enum: { bus: string; device: string; instance: string; service: string | null; classGuid: string | null }[];
}

const HIVES: { name: string; version: WindowsVersionId; software?: string }[] = [
  { name: 'bitcurator-M57-PAT-SYSTEM', version: 'xp' },
  { name: 'hackfortress-xp-system', version: 'xp', software: 'system/hackfortress-xp-software' },
  { name: 'regipy-SYSTEM', version: '7' },
  { name: 'dissect.regf-SYSTEM', version: '10' },
];

const oracle = (name: string): Oracle =>
  JSON.parse(
    execFileSync('xz', ['-dc', sharedPath(`hives/oracle/${name}.json.xz`)], {
      maxBuffer: 64 << 20,
    }).toString(),
  ) as Oracle;

async function guestOf({ name, version, software }: (typeof HIVES)[number]): Promise<Guest> {
  const hives = {
    system: fixture(`system/${name}`),
    ...(software === undefined ? {} : { software: fixture(software) }),
  };
  return (await inspectGuest(await windowsVolumes({ version, hives }))).guest;
}

const STORAGE_CLASSES = /^\{(4D36E967|4D36E965|4D36E96A|4D36E97B|4D36E97D|71A27CDD|533C5B84)-/iu;

describe.skipIf(!hasShared)(`registries of Windows ${NEEDS_SHARED}`, () => {
  test.each(HIVES)('$name: services, filters and control sets as libhivex reads them', async (hive) => {
    const judge = oracle(hive.name);
    const guest = await guestOf(hive);
    const windows = guest.windows!;
    const known = judge.services.filter(
      ({ type, start, imagePath }) => type !== null || start !== null || imagePath !== null,
    );
    expect(known.length).toBeGreaterThan(200);
    const shown = new Map(windows.services.map((one) => [one.name, one]));
    expect([...shown.keys()].sort()).toEqual(known.map(({ name }) => name).sort());
    for (const { name, type, start, group, imagePath } of known)
      expect(shown.get(name), name).toMatchObject({
        type: type ?? 0,
        start,
        group: group ?? '',
        image: imagePath ?? '',
      });
    const overridden = known.filter(({ startOverride }) => startOverride !== null).map(({ name }) => name);
    expect(
      windows.services
        .filter((one) => one.startOverride !== null)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(overridden.sort());

    const filters = judge.classFilters
      .filter((one) => STORAGE_CLASSES.test(one.class))
      .flatMap((one) =>
        (['upper', 'lower'] as const).flatMap((side) => {
          const list = one[side];
          const position = side === 'upper' ? 'UpperFilters' : 'LowerFilters';
          return list === null || list.length === 0
            ? []
            : [`${one.class.toUpperCase()} ${position} ${list.join()}`];
        }),
      );
    expect(filters.length).toBeGreaterThan(1);
    expect(
      windows.filters
        .filter(({ controlSets }) => controlSets.includes(judge.select.Current))
        .map(({ classGuid, position, services }) => `${classGuid} ${position} ${services.join()}`)
        .sort(),
    ).toEqual(filters.sort());
    expect(windows.currentControlSet).toBe(judge.select.Current);
    expect(windows.controlSets).toEqual(
      judge.topKeys
        .flatMap((name) => /^ControlSet(\d{3})$/u.exec(name)?.[1] ?? [])
        .map(Number)
        .sort((a, b) => a - b),
    );
    expect(windows.bindingTable).toBe(
      judge.topKeys.includes('DriverDatabase') ? 'driver-database' : 'critical-device-database',
    );
    expect(guest.hostName.toUpperCase()).toBe(judge.computerName.toUpperCase());

    const controllers = judge.enum
      .filter(
        ({ classGuid, service }) => /^\{4D36E9(6A|7B)-/iu.test(classGuid ?? '') && (service ?? '') !== '',
      )
      .map(({ bus, device, instance }) => `${bus}\\${device}\\${instance}`);
    expect(controllers.length).toBeGreaterThan(1);
    const named = windows.storage
      .filter(({ classGuid }) => /^\{4D36E9(6A|7B)-/u.test(classGuid))
      .map(({ instance }) => instance);
    expect(named.sort()).toEqual(controllers.sort());
  });

  /** From the disk upwards: what each of these machines started from. */
  const CHAINS: Record<string, string[]> = {
    'bitcurator-M57-PAT-SYSTEM': ['disk', 'intelide', 'pci', 'atapi', 'atapi'],
    'hackfortress-xp-system': ['disk', 'vmscsi', 'pci'],
    'regipy-SYSTEM': ['disk', 'LSI_SAS', 'pci', 'pci', 'disk'],
    'dissect.regf-SYSTEM': ['disk', 'stornvme', 'pci', 'pci'],
  };

  test.each(HIVES)('$name: the way to the disk', async (hive) => {
    const { storage } = (await guestOf(hive)).windows!;
    const chain = storage.filter(({ bootCritical }) => bootCritical).map(({ service }) => service);
    expect(chain).toEqual(CHAINS[hive.name]);
  });

  test('network settings', async () => {
    const shown = async (hive: (typeof HIVES)[number]): Promise<unknown> =>
      (await guestOf(hive)).interfaces.map(({ name, mac, addresses, kind }) => [name, mac, addresses, kind]);
    expect(await shown(HIVES[0]!)).toEqual([['Local Area Connection', null, ['dhcp'], 'physical']]);
    expect(await shown(HIVES[1]!)).toEqual([['Local Area Connection', null, ['dhcp'], 'physical']]);
    expect(await shown(HIVES[2]!)).toEqual([
      ['Local Area Connection', null, ['192.168.1.123/24'], 'physical'],
      ['Local Area Connection 2', null, ['10.3.58.5/24'], 'physical'],
    ]);
    // Its serial number is 000C29FFFF661AA2: the address VMware gave the card.
    expect(await shown(HIVES[3]!)).toEqual([['Ethernet0', '00:0c:29:66:1a:a2', ['dhcp'], 'physical']]);
    const { adapters } = (await guestOf(HIVES[2]!)).windows!;
    expect(adapters[0]).toMatchObject({
      guid: '{6AAFC9A9-0542-4DB2-8760-CCFFA953737C}',
      service: 'E1G60',
      gateways: ['192.168.1.1'],
      dnsServers: ['192.168.1.112'],
    });
  });

  test('a pair of SYSTEM and SOFTWARE of XP', async () => {
    const guest = await guestOf(HIVES[1]!);
    expect(guest.os).toMatchObject({ version: 'xp', name: 'Microsoft Windows XP (build 2600)' });
    expect(guest.windows).toMatchObject({
      ntVersion: '5.1',
      servicePack: 'Service Pack 3',
      installation: 'client',
      controlSets: [1, 3],
      pendingRestart: ['files in use are to be replaced at the next start'],
      activation: { channel: 'unknown' },
    });
  });

  test('state of Windows 10', async () => {
    expect((await guestOf(HIVES[3]!)).windows).toMatchObject({
      clockIsUtc: false,
      // HiberbootEnabled is 1, and hibernation is off.
      fastStartup: false,
      hibernation: false,
      sanPolicy: 1,
      crashAutoReboot: true,
      pendingRestart: [],
    });
  });
});
