/**
 * A list of servers in a workbook or CSV file: Live Optics exports, what a customer keeps in Excel. Which column is what
 * is found out by its name; the first sheet with a column of names and two others that are known is read.
 */
import { throwIfCancelled } from '../../../base/cancel.ts';
import { IronliftError } from '../../../base/errors.ts';
import { listed } from '../../../base/text.ts';
import { usableMac, usableSerial, usableUuid } from '../../../store/model/identity.ts';
import type { ServerInventory } from '../../../store/model/inventory.ts';
import type { CollectedItem, Importer } from '../../collector.ts';
import { count, known, number, osFamily, said, sized } from '../../values.ts';
import { isZip } from '../../zip.ts';
import { decodeHead } from './gather.ts';
import { LIST_FIELDS, type ListField } from './list-fields.ts';
import { columnKey, csvRows, records, rowProblem, sheetsOf, type RawSheet, type Row } from './sheets.ts';
import { Twins } from './twins.ts';

const MAX_SERVERS = 50_000;
/** Rows that are looked at for column names: some exports begin with a title. */
const MAX_TITLE_ROWS = 20;
/** Columns that are named where their names are not known. */
const NAMED_COLUMNS = 5;
const KIB = 1024;

type Field = ListField;

/** Names without their unit, as `plain` makes them. The first that a sheet has is taken. */
const COLUMNS: Record<Field, readonly string[]> = {
  name: [
    'server name',
    'hostname',
    'host name',
    'computer name',
    'machine name',
    'vm name',
    'server',
    'name',
    'host',
    'vm',
    'node',
  ],
  fqdn: ['fqdn', 'dns name', 'full name'],
  os: ['operating system', 'os', 'os name', 'guest os', 'os version', 'vm os'],
  vendor: ['manufacturer', 'vendor', 'make'],
  model: ['model', 'server model', 'hardware model', 'product'],
  serial: ['serial number', 'serial', 'service tag', 'serial no'],
  uuid: ['uuid', 'smbios uuid', 'bios uuid'],
  mac: ['mac address', 'mac', 'mac addresses'],
  address: ['ip address', 'ip', 'ip addresses', 'primary ip address', 'ipv4 address'],
  cpuModel: [
    'cpu model',
    'processor',
    'cpu',
    'cpu description',
    'processor model',
    'cpu type',
    'processor type',
  ],
  sockets: ['cpu sockets', 'sockets', 'cpu count', 'physical cpus', 'processors', '# cpu'],
  cores: [
    'cpu cores',
    'cores',
    'total cores',
    'core count',
    'physical cores',
    '# cores',
    'vcpu',
    'vcpus',
    'virtual cpu',
    'cpus',
  ],
  threads: ['logical processors', 'threads', 'logical cpus', 'hw threads'],
  megahertz: ['cpu speed mhz', 'mhz', 'speed mhz', 'core speed mhz'],
  gigahertz: ['cpu speed ghz', 'ghz', 'speed ghz', 'core speed ghz'],
  memory: [
    'memory',
    'ram',
    'total memory',
    'physical memory',
    'installed memory',
    'provisioned memory',
    'memory size',
    'net memory',
    'host memory',
  ],
  disk: [
    'disk',
    'storage',
    'total disk',
    'disk capacity',
    'capacity',
    'total storage',
    'provisioned storage',
    'virtual disk size',
    'total local capacity',
    'used and free local capacity',
    'disk size',
  ],
  diskUsed: [
    'disk used',
    'used storage',
    'used disk',
    'used local capacity',
    'storage used',
    'virtual disk used',
  ],
  virtual: ['hypervisor', 'virtual', 'virtualization', 'type'],
  role: ['role', 'application', 'function', 'purpose'],
};
const UNITS: Record<string, number> = {
  bytes: 1,
  kib: KIB,
  kb: KIB,
  mib: KIB ** 2,
  gib: KIB ** 3,
  tib: KIB ** 4,
  tb: KIB ** 4,
};

type Found = Partial<Record<Field, { column: string; unit: number | null }>>;

/** `Memory (GiB)` is the name memory and the unit GiB; GB and MB mean the same in such lists. */
function plain(column: string): { name: string; unit: number | null } {
  const unit = /[([]?\b(bytes|kib|kb|mib|gib|tib|tb)\b[)\]]?$/u.exec(column);
  const name = (unit === null ? column : column.slice(0, unit.index)).replace(/[()[\]:]/gu, ' ');
  return { name: name.replace(/\s+/gu, ' ').trim(), unit: unit === null ? null : UNITS[unit[1]!]! };
}

function fieldsOf(header: readonly string[]): Found {
  const found: Found = {};
  const plains = header.slice(0, 500).map((cell) => ({ column: columnKey(cell), ...plain(columnKey(cell)) }));
  for (const [field, names] of Object.entries(COLUMNS) as [Field, readonly string[]][])
    for (const name of names) {
      const match = plains.find((one) => one.name === name);
      if (match === undefined) continue;
      found[field] = { column: match.column, unit: match.unit };
      break;
    }
  return found;
}

/** A column of names, and so many others that it is no coincidence. */
const isList = (fields: Found): boolean => fields.name !== undefined && Object.keys(fields).length >= 3;

/** Where each thing stands, as far as the names of the columns tell. */
export function listFields(header: readonly string[]): Partial<Record<ListField, number>> {
  const keys = header.map(columnKey);
  const found = Object.entries(fieldsOf(header)) as [Field, { column: string }][];
  return Object.fromEntries(found.map(([field, { column }]) => [field, keys.indexOf(column)]));
}

/** A name of the column by which it is known for `field`; its unit stays. */
export function listColumn(field: ListField, title: string): string {
  const unit = /\b(bytes|kib|kb|mib|gib|tib|tb)\b[)\]]?$/u.exec(columnKey(title))?.[1];
  return `${COLUMNS[field][0]!}${unit === undefined ? '' : ` (${unit})`}`;
}

export const inventorySheet: Importer = {
  id: 'inventory-sheet',
  name: 'List of servers (workbook or CSV, by the names of its columns)',
  recognise(input) {
    if (input.isFolder) return 0;
    // What is in a workbook shows only when it is unpacked.
    if (isZip(input.head)) return /\.xlsx$/iu.test(input.name) ? 1 : 0;
    const head = decodeHead(input.head);
    if (!/\.(?:csv|txt|tsv)$/iu.test(input.name)) return 0;
    const [first] = csvRows(head.split('\n')[0] ?? '');
    return isList(fieldsOf(first ?? [])) ? 2 : 0;
  },
  async *read(input, options): AsyncGenerator<CollectedItem> {
    let found = 0;
    for (const sheet of await sheetsOf(input, options)) {
      const list = await listIn(sheet);
      if (list === null) continue;
      yield* unknownColumns(list.header, list.fields);
      const twins = new Twins();
      for await (const { row, record } of records(list.sheet)) {
        throwIfCancelled(options.signal);
        const at = row + list.skipped;
        if (found >= MAX_SERVERS) {
          yield rowProblem(at, `More than ${MAX_SERVERS} servers are not imported at once.`);
          break;
        }
        const inventory = serverOf(record, list.fields);
        if (inventory === null) {
          yield rowProblem(at, `${sheet.name.slice(0, 100)}: the row has no name of a server.`);
          continue;
        }
        found++;
        for (const message of unreadNumbers(record, list.fields)) yield rowProblem(at, message);
        const twin = twins.before(inventory.identity, at);
        if (twin !== null)
          yield rowProblem(
            at,
            `Row ${twin} names the server ${inventory.identity.name.slice(0, 100)} too, and no serial number or UUID tells them apart: both rows were taken for one server.`,
          );
        yield { kind: 'inventory', inventory, observedAt: options.now() };
      }
      if (twins.shared.length > 0)
        yield rowProblem(
          0,
          `Several servers have the same name and were told apart by serial number, UUID or domain: ${listed(twins.shared.map((name) => name.slice(0, 100)))}. What is measured under the name alone may be of any of them; look at it before you rely on it.`,
        );
      break;
    }
    if (found === 0)
      throw new IronliftError('IMPORT_DAMAGED', `${input.name} has no list of servers that is understood.`, {
        next: 'Give it one row of column names, among them "Server name", "Operating system", "Cores" and "Memory (GiB)".',
      });
    yield { kind: 'position', doneBytes: input.size };
  },
};

/** What of the list is not read, so that nobody takes it for known. */
function* unknownColumns(header: readonly string[], fields: Found): Generator<CollectedItem> {
  const read = new Set(Object.values(fields).map(({ column }) => column));
  const left = header.filter((title) => title.trim() !== '' && !read.has(columnKey(title)));
  if (left.length === 0) return;
  const names = left.slice(0, NAMED_COLUMNS).map((title) => title.trim().slice(0, 100));
  yield rowProblem(
    0,
    `${left.length === 1 ? '1 column has a name that is not known and was' : `${left.length} columns have names that are not known and were`} left out: ${names.join(', ')}${left.length > names.length ? ' and others' : ''}. Names that are known are "Manufacturer", "Model", "Serial number", "Cores" and "Operating system", for example.`,
  );
}

/** The sheet from its row of column names on, or null where it has none. */
async function listIn(
  sheet: RawSheet,
): Promise<{ sheet: RawSheet; header: string[]; fields: Found; skipped: number } | null> {
  let skipped = 0;
  for await (const row of sheet.rows()) {
    const fields = fieldsOf(row);
    if (isList(fields)) {
      const from = skipped;
      return {
        sheet: { name: sheet.name, rows: () => rowsFrom(sheet, from) },
        header: row,
        fields,
        skipped,
      };
    }
    skipped++;
    if (skipped >= MAX_TITLE_ROWS) break;
  }
  return null;
}

async function* rowsFrom(sheet: RawSheet, from: number): AsyncGenerator<string[]> {
  let number = 0;
  for await (const row of sheet.rows()) if (number++ >= from) yield row;
}

/** No server has none of these: a 0 in a list stands for "not filled in". */
const NEVER_ZERO: readonly Field[] = [
  ...(['sockets', 'cores', 'threads', 'megahertz', 'gigahertz', 'memory', 'disk'] as const),
];

/** A sentence for each cell that is not what its column counts; those that say "not known" need none. */
function unreadNumbers(record: Row, fields: Found): string[] {
  return [...NEVER_ZERO, 'diskUsed' as const].flatMap((field) => {
    const value = valueOf(record, fields, field);
    if (value === undefined || said(value) === undefined || /^[?x-]+$/iu.test(value)) return [];
    const shown = `${LIST_FIELDS[field]}: "${value.slice(0, 40)}"`;
    const read = numeric(value);
    if (read === undefined) return [`${shown} is no number and was left out.`];
    return read === 0 && field !== 'diskUsed' ? [`${shown} was taken for not known.`] : [];
  });
}

function valueOf(record: Row, fields: Found, field: Field): string | undefined {
  const at = fields[field];
  return at === undefined ? undefined : record.get(at.column);
}

function serverOf(record: Row, fields: Found): ServerInventory | null {
  const get = (field: Field): string | undefined => {
    const value = valueOf(record, fields, field);
    return NEVER_ZERO.includes(field) && numeric(value) === 0 ? undefined : value;
  };
  /** Without a unit in its name the column counts GiB, as people do, unless the number is too large for that. */
  const size = (field: Field, largestGib: number): number | undefined => {
    const value = numeric(get(field));
    const unit = fields[field]?.unit ?? ((value ?? 0) > largestGib ? KIB ** 2 : KIB ** 3);
    return value === undefined ? undefined : sized(value, unit);
  };
  const name = get('name') ?? get('fqdn');
  if (name === undefined) return null;
  const fqdn = get('fqdn') ?? name;
  const os = get('os');
  const cores = count(numeric(get('cores')));
  const model = said(get('cpuModel'));
  const disk = size('disk', 500_000);
  const used = size('diskUsed', 500_000);
  const addresses = (get('address') ?? '').split(/[\s,;]+/u).filter((address) => address !== '');
  const macs = (get('mac') ?? '')
    .split(/[\s,;]+/u)
    .map((mac) => usableMac(mac))
    .filter((mac) => mac !== undefined);
  const hypervisor = get('virtual');
  const ghz = numeric(get('gigahertz'));
  return {
    identity: {
      name,
      ...known({
        fqdn: fqdn.includes('.') && !/^[\d.]+$/u.test(fqdn) ? fqdn.toLowerCase() : undefined,
        smbiosUuid: usableUuid(get('uuid')),
        serial: usableSerial(get('serial')),
      }),
      macs,
    },
    ...known({
      vendor: said(get('vendor')),
      model: said(get('model')),
      virtual: virtualOf(hypervisor),
      processors:
        model === undefined && cores === undefined
          ? undefined
          : [
              known({
                // A column "CPU" may hold a number.
                model: model === undefined || /^[\d.]+$/u.test(model) ? 'unknown' : model,
                sockets: count(numeric(get('sockets'))),
                cores,
                threads: count(numeric(get('threads'))),
                megahertz: ghz === undefined ? numeric(get('megahertz')) : Math.round(ghz * 1000),
              }),
            ],
      memoryBytes: size('memory', 24_576),
      disks: disk === undefined ? undefined : [{ name: 'all disks', bytes: disk }],
      volumes:
        used === undefined ? undefined : [known({ name: 'all volumes', bytes: disk, usedBytes: used })],
      networkInterfaces:
        addresses.length === 0 ? undefined : [known({ name: 'unknown', mac: macs[0], addresses })],
      operatingSystem: os === undefined ? undefined : { family: osFamily(os), name: os },
      roles: get('role') === undefined ? undefined : [get('role')!],
    }),
    gaps:
      disk === undefined
        ? []
        : [{ part: 'disks', why: 'The list has the sum of all disks, not the single ones.' }],
  };
}

/** `1,024`, `1 024,5`, `16 GB`: digits as people write them. Not negative. */
function numeric(value: string | undefined): number | undefined {
  if (value === undefined || value.length > 40) return undefined;
  // 1e99 and 4x8 are not 1 and 4; what follows a number is its unit, or nothing.
  if (/^[\d.,]+(?:e[+-]?|x)\d/iu.test(value)) return undefined;
  const digits = /^[\d.,\s\u00a0']+/u.exec(value)?.[0].replace(/[\s\u00a0']/gu, '');
  if (digits === undefined || digits === '') return undefined;
  // The last mark with other than three digits after it is the decimal one.
  const decimal = /[.,](\d{1,2}|\d{4,})$/u.exec(digits);
  const whole = (decimal === null ? digits : digits.slice(0, decimal.index)).replace(/[.,]/gu, '');
  const found = number(decimal === null ? whole : `${whole}.${decimal[1]!}`);
  return found === undefined || found < 0 ? undefined : found;
}

function virtualOf(word: string | undefined): string | undefined {
  if (word === undefined || /^(?:no|false|physical|none|-|n\/a|bare.?metal)$/iu.test(word)) return undefined;
  if (/^(?:yes|true|virtual|vm|virtual machine)$/iu.test(word)) return 'unknown hypervisor';
  return /vmware|esx|hyper-?v|xen|kvm|qemu|virtualbox|nutanix|ahv|proxmox|ovirt|rhv|vsphere/iu.test(word)
    ? word
    : undefined;
}
