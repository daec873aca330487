/**
 * Mutated inputs for every importer of inventories: whatever comes, they end with a typed error or with inventories
 * that the engagement accepts, soon, and nothing else. IRONLIFT_FUZZ_CASES sets the number for each importer.
 */
import { describe, expect, it } from 'vitest';
import { isIronliftError } from '../../../../../migration-core/base/errors.ts';
import type { Importer, ImportInput } from '../../../../../migration-core/collect/collector.ts';
import { importers } from '../../../../../migration-core/collect/import/table.ts';
import { serverInventory } from '../../../../../migration-core/store/model/inventory.ts';
import { ANSIBLE, FACTER, OHAI, OLD_FACTER } from '../../../../support/facts.ts';
import { fileInput, folderInput, imported, zipOf } from '../../../../support/import-input.ts';
import { seeded } from '../../../../support/tools.ts';
import { performanceLog, windowsBundleFiles } from '../../../../support/windows-bundle.ts';
import { workbook } from '../../../../support/workbook.ts';

const CASES = Number(process.env['IRONLIFT_FUZZ_CASES'] ?? 60);
/** Milliseconds; the machine may be busy. */
const LONGEST = 5000;

const bundle = windowsBundleFiles({ performance: performanceLog(5) });
const sheets = {
  vInfo: [
    ['VM', 'CPUs', 'Memory', 'Host', 'VM ID'],
    ['a', '2', '1024', 'h', 'vm-1'],
  ],
  vDisk: [
    ['VM', 'Disk', 'Capacity MiB'],
    ['a', 'Hard disk 1', '10'],
  ],
  vHost: [
    ['Host', '# CPU', '# Cores', '# Memory'],
    ['h', '2', '8', '1024'],
  ],
};
const wmic =
  'DeviceID=CPU0\r\r\nName=x\r\r\nNumberOfCores=2\r\r\nCapabilities={1,2}\r\r\n\r\r\nDeviceID=CPU1\r\r\n';
const registry =
  'Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\x]\r\n"DisplayName"="a \\"b\\""\r\n"V"=dword:00000001\r\n"H"=hex:00,\\\r\n  01\r\n';
const facts: Record<string, unknown>[] = [
  ANSIBLE,
  FACTER,
  OLD_FACTER,
  OHAI,
  {
    system: { manufacturer: 'x' },
    os: { hostname: 'x' },
    cpu: { cores: 2 },
    memLayout: [{ size: 1 }],
    diskLayout: [],
    net: [],
  },
  { inventory: { vms: { totalMigratable: 1 }, infra: { hosts: [{ id: 'x', cpuCores: 2 }] } } },
];

type Seed = (mutate: (bytes: Buffer) => Buffer) => ImportInput;
const SEEDS: Seed[] = [
  (mutate) =>
    folderInput(
      'b',
      Object.fromEntries(Object.entries(bundle).map(([name, text]) => [name, mutate(Buffer.from(text))])),
    ),
  (mutate) =>
    fileInput(
      'ironlift-b.zip',
      mutate(zipOf(Object.entries(bundle).map(([name, content]) => ({ name, content })))),
    ),
  (mutate) => fileInput('rvtools.xlsx', mutate(workbook(sheets, { shared: true }))),
  (mutate) =>
    folderInput(
      'csv',
      Object.fromEntries(
        Object.entries(sheets).map(([name, rows]) => [
          `RVTools_tab${name}.csv`,
          mutate(Buffer.from(rows.map((row) => row.join(';')).join('\r\n'))),
        ]),
      ),
    ),
  (mutate) =>
    folderInput('wmi', {
      'a-Win32_Processor.wmi': mutate(Buffer.from(`\ufeff${wmic}`, 'utf16le')),
      'a-Uninstall.reg': mutate(Buffer.from(registry)),
    }),
  (mutate) =>
    fileInput('list.csv', mutate(Buffer.from('Server Name;OS;Cores;Memory (GiB)\r\na;Windows;4;16\r\n'))),
  ...facts.map(
    (document): Seed =>
      (mutate) =>
        fileInput('facts.json', mutate(Buffer.from(JSON.stringify(document)))),
  ),
];

/** Values that parsers stumble over. */
const NASTY = [
  'null',
  '-1',
  '1e999',
  '{',
  '}',
  '[',
  ']',
  '"',
  '\\',
  '\u0000',
  '99999999999999999999',
  '__proto__',
  '\r',
  '\n',
  ',',
  '[[[[[[[[',
  '{"":',
];

function mutator(random: () => number): (bytes: Buffer) => Buffer {
  const pick = (below: number): number => Math.floor(random() * below);
  return (bytes) => {
    let result = Buffer.from(bytes);
    for (let times = pick(6); times > 0; times--) {
      const at = pick(result.length + 1);
      const kind = pick(5);
      if (kind === 0 && result.length > 0) result[Math.min(at, result.length - 1)] = pick(256);
      else if (kind === 1) result = result.subarray(0, at);
      else if (kind === 2)
        result = Buffer.concat([
          result.subarray(0, at),
          Buffer.from(NASTY[pick(NASTY.length)]!),
          result.subarray(at),
        ]);
      else if (kind === 3)
        result = Buffer.concat([
          result.subarray(0, at),
          result.subarray(Math.min(result.length, at + pick(40))),
        ]);
      else
        result = Buffer.concat([
          result.subarray(0, at),
          result.subarray(pick(at + 1), at),
          result.subarray(at),
        ]);
    }
    return result;
  };
}

async function survives(importer: Importer, input: ImportInput, what: string): Promise<void> {
  const started = performance.now();
  expect([0, 1, 2, 3], what).toContain(importer.recognise(input));
  try {
    const { inventories } = await imported(importer, input);
    for (const inventory of inventories) expect(serverInventory.parse(inventory), what).toEqual(inventory);
  } catch (error) {
    if (!isIronliftError(error)) throw new Error(`${what}: ${String(error)}`, { cause: error });
    expect(['IMPORT_DAMAGED', 'IMPORT_NOT_SUPPORTED'], what).toContain(error.code);
  }
  expect(performance.now() - started, what).toBeLessThan(LONGEST);
}

/** Importers of performance and of Linux tools have fuzzers of their own. */
const OURS = [
  'windows-bundle',
  'rvtools',
  'wmi-dump',
  'ansible-facts',
  'facter',
  'ohai',
  'systeminformation-json',
  'migration-planner',
  'inventory-sheet',
];

describe.each(
  importers.filter(({ id }) => OURS.includes(id)).map((importer) => [importer.id, importer] as const),
)('%s', (id, importer) => {
  it('survives whatever it is given', async () => {
    // Its own kind in most cases, any other in the rest.
    const own = SEEDS.filter((seed) => importer.recognise(seed((bytes) => bytes)) >= 2);
    expect(own.length, id).toBeGreaterThan(0);
    for (let seed = 0; seed < CASES; seed++) {
      const random = seeded(seed);
      const seeds = random() < 0.8 ? own : SEEDS;
      const make = seeds[Math.floor(random() * seeds.length)]!;
      await survives(importer, make(mutator(random)), `${id}, seed ${seed}`);
    }
  });
});
