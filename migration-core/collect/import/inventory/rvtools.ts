/**
 * RVTools exports (workbook, or a folder of CSV files, versions 3 and 4): virtual machines from vInfo with what the
 * sheets vCPU, vMemory, vDisk, vPartition and vNetwork add, and the hosts from vHost with vHBA and vNIC.
 */
import { throwIfCancelled } from '../../../base/cancel.ts';
import { IronliftError } from '../../../base/errors.ts';
import type { CollectedItem, Importer } from '../../collector.ts';
import { isZip } from '../../zip.ts';
import { decodeHead } from './gather.ts';
import { hostOf, type RvHost } from './rvtools-hosts.ts';
import { rvMachine, type RvMachine, type RvSheet } from './rvtools-machines.ts';
import { columnKey, csvRows, records, rowProblem, sheetsOf, type RawSheet, type Row } from './sheets.ts';

/** Machines in one export; one vCenter manages 40,000. */
const MAX_MACHINES = 50_000;
/** Disks, partitions and interfaces of one machine. */
const MAX_PARTS = 1000;

const SHEETS = [
  'vInfo',
  'vCPU',
  'vMemory',
  'vDisk',
  'vPartition',
  'vNetwork',
  'vHost',
  'vHBA',
  'vNIC',
] as const;

export const rvtools: Importer = {
  id: 'rvtools',
  name: 'RVTools export (virtual machines and hosts of vSphere)',
  recognise(input) {
    if (input.isFolder) return input.entries.some((name) => /tabvInfo\.csv$/iu.test(name)) ? 3 : 0;
    if (isZip(input.head)) {
      if (!/\.xlsx$/iu.test(input.name)) return 0;
      return /rvtools/iu.test(input.name) ? 3 : 1;
    }
    if (/tabv(?:Info|Host)\.csv$/iu.test(input.name)) return 3;
    const [header] = csvRows(decodeHead(input.head).split('\n')[0] ?? '');
    const columns = new Set(header?.map(columnKey));
    return columns.has('vm') && columns.has('powerstate') && columns.has('cpus') ? 3 : 0;
  },
  async *read(input, options): AsyncGenerator<CollectedItem> {
    const sheets = new Map<string, RawSheet>();
    for (const sheet of await sheetsOf(input, options)) {
      const name = SHEETS.find((one) => one.toLowerCase() === sheet.name.toLowerCase());
      if (name !== undefined && !sheets.has(name)) sheets.set(name, sheet);
    }
    // A single CSV file may have any name.
    const [only] =
      sheets.size === 0 && !input.isFolder && !isZip(input.head) ? await sheetsOf(input, options) : [];
    if (only !== undefined) sheets.set('vInfo', only);
    if (!sheets.has('vInfo') && !sheets.has('vHost')) throw noRvtools(input.name);

    const hosts = new Map<string, RvHost>();
    for (const name of ['vHost', 'vHBA', 'vNIC'] as const) {
      for await (const { row, record } of recordsOf(sheets, name)) {
        const message = hostOf(hosts, name, record);
        if (message !== null) yield rowProblem(row, `${name}: ${message}`);
      }
    }
    const machines = new Machines();
    for await (const { row, record } of recordsOf(sheets, 'vInfo')) {
      throwIfCancelled(options.signal);
      const message = machines.add(record, hosts);
      if (message !== null) yield rowProblem(row, `vInfo: ${message}`);
    }
    for (const name of ['vCPU', 'vMemory', 'vDisk', 'vPartition', 'vNetwork'] as const)
      for await (const { row, record } of recordsOf(sheets, name)) {
        throwIfCancelled(options.signal);
        const message = machines.extend(name, record);
        if (message !== null) yield rowProblem(row, `${name}: ${message}`);
      }
    if (hosts.size === 0 && machines.all.length === 0) throw noRvtools(input.name);
    const observedAt = options.now();
    for (const host of hosts.values()) yield { kind: 'inventory', inventory: host.inventory(), observedAt };
    for (const machine of machines.all)
      yield { kind: 'inventory', inventory: machine.inventory(), observedAt };
    yield { kind: 'position', doneBytes: input.size };
  },
};

const noRvtools = (what: string): IronliftError =>
  new IronliftError(
    'IMPORT_DAMAGED',
    `${what} has no sheet of RVTools with virtual machines or hosts in it.`,
    {
      next: 'Export all sheets from RVTools again (File, Export all to Excel).',
    },
  );

async function* recordsOf(
  sheets: Map<string, RawSheet>,
  name: (typeof SHEETS)[number],
): AsyncGenerator<{ row: number; record: Row }> {
  const sheet = sheets.get(name);
  if (sheet !== undefined) yield* records(sheet);
}

/** All machines, found again by the identifier that a sheet has, else by name and host, else by name. */
class Machines {
  readonly all: RvMachine[] = [];
  readonly #byKey = new Map<string, RvMachine>();
  readonly #left = new Set<string>();

  add(record: Row, hosts: Map<string, RvHost>): string | null {
    const name = record.get('vm');
    if (name === undefined) return 'the row has no name of a virtual machine.';
    if (this.all.length >= MAX_MACHINES)
      return `more than ${MAX_MACHINES} machines are not imported at once.`;
    for (const [column, what] of [
      ['template', 'a template'],
      ['srm placeholder', 'a placeholder of Site Recovery'],
    ] as const)
      if (record.get(column)?.toLowerCase() === 'true') {
        for (const key of keysOf(record)) this.#left.add(key);
        return `${name.slice(0, 100)} is ${what} and no server.`;
      }
    const machine = rvMachine(name, record, hosts.get(record.get('host') ?? ''));
    this.all.push(machine);
    for (const key of keysOf(record)) if (!this.#byKey.has(key)) this.#byKey.set(key, machine);
    return null;
  }

  extend(sheet: RvSheet, record: Row): string | null {
    const keys = keysOf(record);
    if (keys.length === 0) return 'the row has no name of a virtual machine.';
    const machine = keys.map((key) => this.#byKey.get(key)).find((one) => one !== undefined);
    if (machine === undefined)
      return keys.some((key) => this.#left.has(key)) ? null : 'its virtual machine is not in vInfo.';
    return machine.extend(sheet, record, MAX_PARTS);
  }
}

/** Strongest first. */
function keysOf(record: Row): string[] {
  const name = record.get('vm');
  const id = record.get('vm id');
  const vcenter = record.get('vi sdk uuid') ?? '';
  return [
    ...(id === undefined ? [] : [`id ${vcenter} ${id}`, `id  ${id}`]),
    ...(record.has('vm uuid') ? [`uuid ${record.get('vm uuid')!}`] : []),
    ...(name === undefined ? [] : [`name ${name}`]),
  ];
}
