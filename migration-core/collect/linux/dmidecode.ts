/** The text of dmidecode(8): the structures of SMBIOS (DMTF DSP0134) as it names them. */
import type { MemoryModule, Processor } from '../../store/model/inventory.ts';
import { known, usable } from './text.ts';

export interface DmiStructure {
  /** DSP0134 chapter 7: 1 system, 3 chassis, 4 processor, 17 memory device ... */
  type: number;
  handle: string;
  /** First of each name. */
  fields: Map<string, string>;
  /** Items of lists: `Characteristics` and the like. */
  lists: Map<string, string[]>;
}

/** The largest servers have 2000 structures: one for each slot of 12 TB of memory. */
const MAX_STRUCTURES = 20_000;
const MAX_FIELDS = 500;
/** Strings of SMBIOS are short; a longer one says nothing and costs. */
const MAX_TEXT = 1024;

/** Lines before the first structure and lines that are none of its grammar are left away. Structures of a table only. */
export function parseDmidecode(text: string): DmiStructure[] {
  const structures: DmiStructure[] = [];
  let current: DmiStructure | null = null;
  let list: string[] | null = null;
  for (const raw of text.split('\n')) {
    const line = raw.length > MAX_TEXT ? raw.slice(0, MAX_TEXT) : raw.trimEnd();
    const head = /^Handle (0x[0-9A-Fa-f]{4,8}), DMI type (\d{1,3})\b/u.exec(line);
    if (head !== null) {
      if (structures.length >= MAX_STRUCTURES) break;
      current = { type: Number(head[2]), handle: head[1]!, fields: new Map(), lists: new Map() };
      structures.push(current);
      list = null;
    } else if (line.startsWith('\t\t')) {
      if (list !== null && list.length < MAX_FIELDS) list.push(line.slice(2).trim());
    } else if (line.startsWith('\t') && current !== null && current.fields.size < MAX_FIELDS) {
      const colon = line.indexOf(':');
      if (colon < 0) continue;
      const name = line.slice(1, colon).trim();
      const value = line.slice(colon + 1).trim();
      list = value === '' ? [] : null;
      if (list !== null && !current.lists.has(name)) current.lists.set(name, list);
      if (list === null && !current.fields.has(name)) current.fields.set(name, value);
    }
  }
  return structures;
}

/** What dmidecode and firmware vendors write where they have nothing to say. */
const NOTHING =
  /^(?:not specified|not provided|unknown|none|n\/a|<out of spec>|<bad index>|default string|to be filled by o\.?e\.?m\.?|other|no asset (?:tag|information)|0x0+|\(\^_\^\))$/iu;

/** A field that says something. */
export function dmiField(structure: DmiStructure | undefined, ...names: string[]): string | undefined {
  for (const name of names) {
    const value = usable(structure?.fields.get(name));
    if (value !== undefined && !NOTHING.test(value)) return value;
  }
  return undefined;
}

/** `16384 MB`, `32 GB`, `No Module Installed`. @returns bytes, or undefined where there is no module or no size */
export function dmiBytes(text: string | undefined): number | undefined {
  const match = /^(\d{1,9}) (bytes|[kMGTP]B)$/u.exec(text?.trim() ?? '');
  if (match === null) return undefined;
  const bytes = Number(match[1]) * 1024 ** ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'].indexOf(match[2]!);
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : undefined;
}

/**
 * Modules of the system's memory; not those of video, flash or cache. An empty list: the firmware described sockets and
 * all are empty, or there is none.
 */
export function dmiMemoryModules(structures: readonly DmiStructure[]): MemoryModule[] {
  const others = new Set(
    structures
      .filter(({ type, fields }) => type === 16 && fields.has('Use') && fields.get('Use') !== 'System Memory')
      .map(({ handle }) => handle),
  );
  const modules: MemoryModule[] = [];
  for (const structure of structures) {
    const bytes = structure.type === 17 ? dmiBytes(structure.fields.get('Size')) : undefined;
    if (bytes === undefined || others.has(structure.fields.get('Array Handle') ?? '')) continue;
    modules.push(
      known<MemoryModule>({
        slot: dmiField(structure, 'Locator')?.replace(/\s+/gu, ' '),
        bytes,
        type: dmiField(structure, 'Type'),
        // `1333 MHz` of old versions and `1333 MT/s` of new ones are the same figure.
        speed: numberBefore(dmiField(structure, 'Speed'), /^(\d{1,6}) M(?:Hz|T\/s)$/u),
        vendor: dmiField(structure, 'Manufacturer'),
        partNumber: dmiField(structure, 'Part Number'),
        serial: dmiField(structure, 'Serial Number'),
      }),
    );
  }
  return modules;
}

/** One entry for each kind of processor; sockets that are empty count nothing. */
export function dmiProcessors(structures: readonly DmiStructure[]): Processor[] {
  const kinds = new Map<string, Processor>();
  for (const structure of structures) {
    const { fields } = structure;
    if (structure.type !== 4 || !/^populated/iu.test(fields.get('Status') ?? '')) continue;
    if (fields.has('Type') && fields.get('Type') !== 'Central Processor') continue;
    const model = dmiField(structure, 'Version', 'Family') ?? 'unknown';
    const count = (name: string): number | undefined => numberBefore(fields.get(name), /^(\d{1,5})$/u);
    // Cores that the firmware switched off are of no use to anyone.
    const cores = count('Core Enabled') ?? count('Core Count');
    const threads = count('Thread Count');
    const before = kinds.get(model);
    if (before === undefined)
      kinds.set(
        model,
        known<Processor>({
          model,
          vendor: dmiField(structure, 'Manufacturer'),
          sockets: 1,
          cores,
          threads,
          megahertz: numberBefore(fields.get('Current Speed'), /^(\d{1,6}) MHz$/u),
        }),
      );
    else {
      before.sockets = (before.sockets ?? 0) + 1;
      before.cores = sum(before.cores, cores);
      before.threads = sum(before.threads, threads);
    }
  }
  return [...kinds.values()].map((kind) => known(kind));
}

const sum = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? undefined : a + b;

function numberBefore(text: string | undefined, pattern: RegExp): number | undefined {
  const digits = pattern.exec(text?.trim() ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits);
}
