/** SYSTEM hives with values of other types, keys taken away and cells damaged: a plan or a finding, never a crash. */
import { expect, test } from 'vitest';
import { isIronliftError } from '../../../../../migration-core/base/errors.ts';
import { openHive, type Hive } from '../../../../../migration-core/registry/hive.ts';
import { binary, dword, text } from '../../../../../migration-core/registry/types.ts';
import { seeded } from '../../../../support/tools.ts';
import { windowsHives, WINDOWS_VERSIONS } from '../../../../support/windows-guest.ts';
import { inboxDrivers } from '../../../../support/windows/inbox.ts';
import { factsOf, runBench, WRITTEN, type Bench } from './bench.ts';

const CASES = Number(process.env['IRONLIFT_FUZZ_CASES'] ?? 60);
const IDS = ['xp', '2008r2', '2022'] as const;
const sources = IDS.map((id) => ({
  ntVersion: WINDOWS_VERSIONS[id].nt,
  system: windowsHives(id).system,
  drivers: inboxDrivers(WINDOWS_VERSIONS[id]).map(({ binary: name }) => name),
}));
const PLACES: Pick<Bench, 'target' | 'buses'>[] = [
  { target: 'kvm', buses: ['ide'] },
  { target: 'vmware-esxi', buses: ['lsi-sas'] },
  { target: 'hyperv', buses: ['ide'] },
];

/** Whole hives whose content is not what it should be: every plan can be applied, and nothing is left to do after. */
test('values and keys that are not what they should be', async () => {
  const random = seeded(0x5e7);
  for (let i = 0; i < CASES; i++) {
    const source = sources[i % sources.length]!;
    const hive = openHive(source.system);
    for (let n = Math.floor(random() * 40); n >= 0; n--) disturb(hive, random);
    const system = hive.serialise(WRITTEN);
    const result = await runBench({ ...source, system, ...PLACES[i % PLACES.length]! });
    for (const { message } of result.findings) expect(message).toMatch(/^\S.*\.$/su);
    expect(
      (await result.again()).map(({ what }) => what),
      `case ${i}`,
    ).toEqual([]);
  }
});

function disturb(hive: Hive, random: () => number): void {
  const roots = [
    'ControlSet001\\Services',
    'ControlSet001\\Control\\CriticalDeviceDatabase',
    'DriverDatabase',
  ];
  let key = hive.find(roots[Math.floor(random() * roots.length)]!);
  for (let depth = 0; key !== undefined && depth < 6; depth++) {
    const below = key.subkeys();
    if (below.length === 0 || (depth > 0 && random() < 0.3)) break;
    key = below[Math.floor(random() * below.length)]!;
  }
  if (key === undefined || roots.some((root) => root.toLowerCase() === key.path.toLowerCase())) return;
  const values = key.values();
  if (random() < 0.15) {
    const at = key.path.lastIndexOf('\\');
    hive.key(key.path.slice(0, at)).removeSubkey(key.path.slice(at + 1));
  } else if (values.length > 0) {
    const { name } = values[Math.floor(random() * values.length)]!;
    const kind = Math.floor(random() * 5);
    if (kind === 0) key.removeValue(name);
    else if (kind === 1) key.setValue(name, ...dword(Math.floor(random() * 5)));
    else if (kind === 2)
      key.setValue(
        name,
        ...text(['', '\\', 'x'.repeat(300), '..\\..\\a', 'lsi_sas'][Math.floor(random() * 5)]!),
      );
    else if (kind === 3) key.setValue(name, ...binary(new Uint8Array(Math.floor(random() * 9))));
    else key.setValue(name, Math.floor(random() * 12), new Uint8Array(3));
  }
}

test('hives with damaged cells', async () => {
  const random = seeded(0xce11);
  for (let i = 0; i < CASES; i++) {
    const source = sources[i % sources.length]!;
    const system = Uint8Array.from(source.system);
    for (let n = Math.floor(random() * 30); n >= 0; n--)
      system[0x1020 + Math.floor(random() * (system.length - 0x1020))] = Math.floor(random() * 256);
    const facts = factsOf(openHive(source.system), source.ntVersion);
    try {
      const { findings } = await runBench({ ...source, system, facts, ...PLACES[i % PLACES.length]! });
      for (const { message } of findings) expect(message).toMatch(/^\S.*\.$/su);
    } catch (error) {
      // Applying to a hive that is damaged elsewhere may be refused by the registry room, in its own words.
      if (!isIronliftError(error)) throw new Error(`case ${i}`, { cause: error });
    }
  }
});
