/**
 * Files of the `hardware` and `cardiff` tools of eNovance and Red Hat (`*.hw`, `*.hw_`): a Python list of four-tuples
 * `('disk', 'sda', 'size', '299')`, or the same as JSON. Read as text: nothing is evaluated.
 */
import { safeBytes, known, usable, wholeNumber } from '../../linux/text.ts';
import { usableMac, usableSerial, usableUuid } from '../../../store/model/identity.ts';
import type {
  MemoryModule,
  NetworkInterface,
  PhysicalDisk,
  Processor,
  RaidController,
  ServerInventory,
} from '../../../store/model/inventory.ts';
import type { Importer } from '../../collector.ts';
import { cutProblem, headText, lineProblem, nothingIn, serverNameOf, wholeText } from './whole-text.ts';

/** A server has about 500; one with benchmarks of 288 processors 10,000. */
const MAX_TUPLES = 200_000;

const FIRST =
  /^\s*\[\s*[([]\s*u?['"](?:disk|system|cpu|memory|network|firmware|pdisk|numa|ipmi|hpa|infiniband)['"]\s*,/u;

export const hardwareTuples: Importer = {
  id: 'hardware-tuples',
  name: 'hardware / cardiff (tuples)',
  recognise: (input) => (FIRST.test(headText(input).slice(0, 4096)) ? 3 : 0),
  async *read(input, options) {
    const { text, cut } = await wholeText(input, options);
    const { tuples, damagedAt } = parseTuples(text);
    if (tuples.length === 0) throw nothingIn(input, 'hardware-detect');
    if (cut) yield cutProblem(input.name);
    if (damagedAt !== null)
      yield {
        kind: 'problem',
        problem: {
          at: damagedAt,
          unit: 'byte',
          message: 'The list is damaged here; what came before is kept.',
          excerpt: text.slice(damagedAt, damagedAt + 200),
        },
      };
    const facts = new Map<string, Map<string, Map<string, string>>>();
    let strange = 0;
    for (const tuple of tuples) {
      const [part, item, key, value] = tuple;
      if (tuple.length !== 4) {
        strange++;
        continue;
      }
      const items = facts.get(part!) ?? new Map<string, Map<string, string>>();
      facts.set(part!, items);
      const fields = items.get(item!) ?? new Map<string, string>();
      items.set(item!, fields);
      if (!fields.has(key!)) fields.set(key!, value!);
    }
    if (strange > 0) yield lineProblem(0, `Tuples that have not four parts: ${strange}.`);
    const inventory = inventoryOf(facts);
    inventory.identity.name = serverNameOf(input, options, inventory.identity.serial);
    yield { kind: 'inventory', observedAt: options.now(), inventory };
    yield { kind: 'position', doneBytes: input.size };
  },
};

/**
 * Strings (with the escapes of Python that hardware descriptions use), numbers and names, in tuples or lists of one depth.
 *
 * @returns all tuples up to the first place that is none of that
 */
export function parseTuples(text: string): { tuples: string[][]; damagedAt: number | null } {
  const tuples: string[][] = [];
  // Sticky, and each alternative consumes at least one character: linear in the text.
  const token = /\s+|([[(])|([\])])|,|u?'((?:[^'\\]|\\[^])*)'|u?"((?:[^"\\]|\\[^])*)"|([A-Za-z0-9_.+-]+)/uy;
  let depth = 0;
  let current: string[] | null = null;
  while (token.lastIndex < text.length) {
    const at = token.lastIndex;
    const match = token.exec(text);
    if (match === null) return { tuples, damagedAt: at };
    const value = match[3] ?? match[4];
    if (match[1] !== undefined) {
      if (++depth > 2) return { tuples, damagedAt: at };
      if (depth === 2) current = [];
    } else if (match[2] !== undefined) {
      if (--depth < 0) return { tuples, damagedAt: at };
      if (current !== null && tuples.length < MAX_TUPLES) tuples.push(current);
      current = null;
    } else if (value !== undefined || match[5] !== undefined) {
      if (current === null || current.length > 16) return { tuples, damagedAt: at };
      current.push(value === undefined ? match[5]! : unescape(value));
    }
  }
  return { tuples, damagedAt: depth === 0 ? null : text.length };
}

const unescape = (text: string): string =>
  text.replace(
    /\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|([^]))/giu,
    (_, x: string | undefined, u: string | undefined, plain: string | undefined) =>
      plain === undefined
        ? String.fromCharCode(Number.parseInt((x ?? u)!, 16))
        : ({ n: '\n', t: '\t', r: '\r' }[plain] ?? plain),
  );

type Facts = ReadonlyMap<string, ReadonlyMap<string, ReadonlyMap<string, string>>>;

/** The tool writes what lshw gave it, and that says so where there was nothing. */
const said = (text: string | undefined): string | undefined => {
  const value = usable(text);
  return value === undefined || /^(?:not available|unknown|none|n\/a|not specified)$/iu.test(value)
    ? undefined
    : value;
};

function inventoryOf(facts: Facts): ServerInventory {
  const product = facts.get('system')?.get('product');
  const bios = facts.get('firmware')?.get('bios');
  const nics = [...(facts.get('network') ?? [])].map(([name, of]) => networkInterface(name, of));
  const modules = [...(facts.get('memory') ?? [])]
    .map(([, of]) => memoryModule(of))
    .filter((module) => module !== null);
  const total = wholeNumber(facts.get('memory')?.get('total')?.get('size'));
  const { disks, members } = disksOf(facts.get('disk'));
  const raid: RaidController[] =
    members.length === 0 ? [] : [{ name: 'RAID controller', physicalDisks: members }];
  return known<ServerInventory>({
    identity: known({
      name: '',
      serial: usableSerial(product?.get('serial')),
      smbiosUuid: usableUuid(product?.get('uuid')),
      macs: nics.map(({ mac }) => usableMac(mac)).filter((mac) => mac !== undefined),
    }),
    vendor: said(product?.get('vendor')),
    model: said(product?.get('name')),
    firmware:
      bios === undefined
        ? undefined
        : known({
            vendor: said(bios.get('vendor')),
            version: said(bios.get('version')),
            date: said(bios.get('date')),
          }),
    processors: processorsOf(facts.get('cpu')),
    memoryModules: modules.length > 0 ? modules : undefined,
    memoryBytes:
      total ??
      (modules.length > 0 ? safeBytes(modules.reduce((sum, { bytes }) => sum + bytes, 0)) : undefined),
    disks,
    raidControllers: raid.length > 0 ? raid : undefined,
    networkInterfaces: nics.length > 0 ? nics : undefined,
    gaps: [],
  });
}

function processorsOf(
  cpu: ReadonlyMap<string, ReadonlyMap<string, string>> | undefined,
): Processor[] | undefined {
  const kinds = new Map<string, Processor>();
  for (const [name, of] of cpu ?? []) {
    if (!/^physical_\d+$/u.test(name)) continue;
    const model = said(of.get('product')) ?? 'unknown';
    const [cores, threads] = [
      wholeNumber(of.get('enabled_cores') ?? of.get('cores')),
      wholeNumber(of.get('threads')),
    ];
    const hertz = wholeNumber(of.get('frequency'));
    const before = kinds.get(model);
    if (before === undefined)
      kinds.set(
        model,
        known({
          model,
          vendor: said(of.get('vendor')),
          sockets: 1,
          cores,
          threads,
          megahertz: hertz === undefined ? undefined : Math.round(hertz / 1e6),
        }),
      );
    else {
      before.sockets = (before.sockets ?? 0) + 1;
      before.cores = before.cores === undefined || cores === undefined ? undefined : before.cores + cores;
      before.threads =
        before.threads === undefined || threads === undefined ? undefined : before.threads + threads;
    }
  }
  const list = [...kinds.values()];
  // Only the whole machine's logical processors are counted by the kernel; the firmware's count may leave some away.
  const logical = wholeNumber(cpu?.get('logical')?.get('number'));
  if (list.length === 1 && logical !== undefined) list[0]!.threads = logical;
  return list.length > 0 ? list.map((kind) => known(kind)) : undefined;
}

function memoryModule(of: ReadonlyMap<string, string>): MemoryModule | null {
  const bytes = wholeNumber(of.get('size'));
  // Empty banks have no size, `total` no slot.
  if (bytes === undefined || bytes === 0 || !of.has('slot')) return null;
  const clock = wholeNumber(of.get('clock'));
  return known<MemoryModule>({
    slot: said(of.get('slot')?.replace(/\s+/gu, ' ')),
    bytes,
    type: /\bDDR\d?\b/u.exec(of.get('description') ?? '')?.[0],
    speed: clock === undefined ? undefined : Math.round(clock / 1e6),
    vendor: said(of.get('vendor')),
    partNumber: said(of.get('product')),
    serial: said(of.get('serial')),
  });
}

function networkInterface(name: string, of: ReadonlyMap<string, string>): NetworkInterface {
  const prefix = of.get('ipv4-cidr');
  const address = of.get('ipv4');
  return known<NetworkInterface>({
    name,
    mac: said(of.get('serial'))?.toLowerCase(),
    kind: of.has('businfo') ? ('physical' as const) : undefined,
    addresses: address === undefined ? [] : [prefix === undefined ? address : `${address}/${prefix}`],
    up: of.get('link') === undefined ? undefined : of.get('link') === 'yes',
    driver: said(of.get('driver')),
    address: /^pci@(\S+)$/u.exec(of.get('businfo') ?? '')?.[1],
  });
}

/** Sizes are whole decimal gigabytes. Disks named `1I:1:1` are members behind a Smart Array controller. */
function disksOf(disk: ReadonlyMap<string, ReadonlyMap<string, string>> | undefined): {
  disks: PhysicalDisk[] | undefined;
  members: NonNullable<RaidController['physicalDisks']>;
} {
  const disks: PhysicalDisk[] = [];
  const members: NonNullable<RaidController['physicalDisks']> = [];
  for (const [name, of] of disk ?? []) {
    const gigabytes = wholeNumber(of.get('size'));
    const bytes = gigabytes === undefined || gigabytes > 9e6 ? undefined : gigabytes * 1e9;
    if (/^\d+[IE]:\d+:\d+$/u.test(name)) members.push(known({ slot: name, bytes }));
    else if (/^[a-z]+[a-z0-9!]*$/u.test(name) && name !== 'logical')
      disks.push(
        known<PhysicalDisk>({
          name,
          bytes,
          vendor: said(of.get('vendor')),
          model: said(of.get('model')),
          serial: said(of.get('serial') ?? of.get('SMART/serial_number')),
        }),
      );
  }
  return { disks: disk === undefined ? undefined : disks, members };
}
