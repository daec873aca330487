/**
 * WMI classes and registry keys of a Windows server as its own tools print them: `wmic CLASS get /format:list` into
 * files named `SERVER-CLASS.wmi` (or .txt), `reg export` into `SERVER-KEY.reg`. A folder may hold those of many servers.
 */
import { throwIfCancelled } from '../../../base/cancel.ts';
import { IronliftError } from '../../../base/errors.ts';
import type { CollectionProblem } from '../../../store/engagement.ts';
import type { CollectedItem, Importer, ImportInput } from '../../collector.ts';
import { windowsInventory } from '../../windows/inventory.ts';
import { addRecord, isWindowsPart, type WindowsPartName, type WindowsParts } from '../../windows/schema.ts';
import { parseRegistryExport, parseWmicList, type RegistryKey, type TextRecord } from '../../windows/wmic.ts';
import { decodeHead, decodeText, gather } from './gather.ts';
import { excerpt } from './lines.ts';

/** Of one file; signed drivers and devices of the largest servers are 10 MiB in UTF-16. */
const MAX_FILE = 16 << 20;
const CLASS_IN_NAME = /(?:^|[-_.])((?:Win32|MSFT|MSVM|CIM)_\w+?)\.(?:wmi|txt|log)$/iu;

export const wmiDump: Importer = {
  id: 'wmi-dump',
  name: 'Windows server: output of wmic and reg export',
  recognise(input) {
    if (input.isFolder) return input.entries.some((name) => CLASS_IN_NAME.test(name)) ? 2 : 0;
    if (CLASS_IN_NAME.test(input.name)) return 3;
    const head = decodeHead(input.head);
    if (/^\s*(?:Windows Registry Editor Version 5|REGEDIT4)/u.test(head)) return 2;
    return /^[\r\n\s]*[A-Za-z]\w+=[^\r\n]*\r?\r?\n[A-Za-z]\w+=/u.test(head) && classOf('', head) !== null
      ? 2
      : 0;
  },
  async *read(input, options): AsyncGenerator<CollectedItem> {
    const servers = new Map<string, DumpedServer>();
    let done = 0;
    let isUnderstood = false;
    for (const entry of input.isFolder ? [...input.entries].sort() : [undefined]) {
      throwIfCancelled(options.signal);
      const name = entry ?? input.name;
      if (input.isFolder && !/\.(?:wmi|txt|log|reg)$/iu.test(name)) continue;
      const bytes = await gather(input, entry, MAX_FILE, options.signal);
      done += bytes.length;
      const text = decodeText(bytes);
      const file = readFile(name, text);
      if (file === null) {
        // Classes that nothing is taken from are no mistake.
        if (input.isFolder && !CLASS_IN_NAME.test(name))
          yield problemItem({
            at: 0,
            unit: 'record',
            message: `${name} holds no class or key that is of use.`,
          });
        continue;
      }
      isUnderstood = true;
      const key = input.isFolder ? file.server : (options.serverName ?? file.server);
      const server = servers.get(key) ?? { parts: {}, name: undefined };
      servers.set(key, server);
      for (const problem of file.fill(server)) yield problemItem(problem);
      yield { kind: 'position', doneBytes: done };
    }
    if (!isUnderstood) throw nothing(input);
    for (const [fileName, { parts, name }] of servers)
      yield {
        kind: 'inventory',
        // A name that a record carries is better than that of a file.
        inventory: windowsInventory(parts, { computer: options.serverName ?? name ?? fileName }),
        observedAt: options.now(),
      };
  },
};

const problemItem = (problem: CollectionProblem): CollectedItem => ({ kind: 'problem', problem });

const nothing = (input: ImportInput): IronliftError =>
  new IronliftError('IMPORT_DAMAGED', `${input.name} holds no WMI class that is of use.`, {
    next: 'Name each file after its class, as in SERVER-Win32_Processor.wmi, and import the folder.',
  });

interface DumpedServer {
  parts: WindowsParts;
  /** As records of it say. */
  name: string | undefined;
}

interface DumpFile {
  server: string;
  /** Puts the records into the parts; yields what it cannot use. */
  fill(server: DumpedServer): Iterable<CollectionProblem>;
}

function readFile(path: string, text: string): DumpFile | null {
  const name = path.split('/').at(-1)!;
  if (/^\s*(?:Windows Registry Editor Version 5|REGEDIT4)/u.test(text)) {
    const server = /^(.*?)[-_.][^-_.]*\.reg$/iu.exec(name)?.[1] ?? name.replace(/\.reg$/iu, '');
    return {
      server: serverOfKeyFile(name) ?? server,
      fill: ({ parts }) => fillFromRegistry(parts, text, name),
    };
  }
  const part = classOf(name, text);
  if (part === null) return null;
  const server = name.replace(CLASS_IN_NAME, '').replace(/\.\w{1,5}$/u, '');
  return {
    server: server === '' ? 'server' : server,
    fill: (into) => fillFromWmic(into, part, text, name),
  };
}

/** Keys that are exported are known by name; one that is named after a class has dashes in it. */
const serverOfKeyFile = (name: string): string | null =>
  /^(.+?)-(?:CentralProcessor|Uninstall|Network|Services|\{[0-9a-f-]{36}\})\.reg$/iu.exec(name)?.[1] ?? null;

/** Properties that only one class has, for files without it in their name. */
const TELLING: readonly [RegExp, WindowsPartName][] = [
  [/^NumberOfLogicalProcessors=|^CpuStatus=/mu, 'Win32_Processor'],
  [/^InterleavePosition=/mu, 'Win32_PhysicalMemory'],
  [/^TotalVisibleMemorySize=/mu, 'Win32_OperatingSystem'],
  [/^SMBIOSBIOSVersion=/mu, 'Win32_BIOS'],
  [/^IPSubnet=/mu, 'Win32_NetworkAdapterConfiguration'],
  [/^NetConnectionID=/mu, 'Win32_NetworkAdapter'],
  [/^SectorsPerTrack=/mu, 'Win32_DiskDrive'],
  [/^VolumeDirty=/mu, 'Win32_LogicalDisk'],
  [/^PageFilePresent=/mu, 'Win32_Volume'],
  [/^IdentifyingNumber=[^\n]*\n[^\n]*\nName=/mu, 'Win32_ComputerSystemProduct'],
  [/^AutomaticManagedPagefile=/mu, 'Win32_ComputerSystem'],
];

function classOf(name: string, text: string): WindowsPartName | null {
  const named = CLASS_IN_NAME.exec(name)?.[1];
  const canonical = Object.keys(CANONICAL).find((one) => one === named?.toLowerCase());
  if (canonical !== undefined) return CANONICAL[canonical]!;
  if (named !== undefined) return isWindowsPart(named) ? named : null;
  const head = text.slice(0, 20_000);
  const created = /^CreationClassName=(\w{1,64})\s*$/mu.exec(head)?.[1];
  if (created !== undefined && isWindowsPart(created)) return created;
  return TELLING.find(([pattern]) => pattern.test(head))?.[1] ?? null;
}

/** Names of classes are the same in any case. */
const CANONICAL: Record<string, WindowsPartName> = {
  win32_bios: 'Win32_BIOS',
  win32_pnpentity: 'Win32_PnPEntity',
  win32_pnpsigneddriver: 'Win32_PnPSignedDriver',
};

function* fillFromWmic(
  server: DumpedServer,
  part: WindowsPartName,
  text: string,
  name: string,
): Generator<CollectionProblem> {
  const { records, problems } = parseWmicList(text);
  const { parts } = server;
  parts[part] ??= [];
  for (const { line, text: excerptText } of problems)
    yield {
      at: line,
      unit: 'line',
      message: `A line of ${name} is no property.`,
      excerpt: excerpt(excerptText),
    };
  for (const record of records) {
    const message = addRecord(parts, part, record.fields);
    if (message === null) server.name ??= computerName(record);
    else yield { at: record.line, unit: 'line', message };
  }
}

/** Most classes carry the name of the computer under one of these properties. */
function computerName({ fields }: TextRecord): string | undefined {
  for (const property of ['SystemName', 'CSName', 'PSComputerName']) {
    const value = fields[property];
    if (typeof value === 'string' && /^\S{1,64}$/u.test(value)) return value;
  }
  return undefined;
}

function* fillFromRegistry(parts: WindowsParts, text: string, name: string): Generator<CollectionProblem> {
  const { keys, problems } = parseRegistryExport(text);
  for (const { line, text: excerptText } of problems)
    yield {
      at: line,
      unit: 'line',
      message: `A line of ${name} is no value.`,
      excerpt: excerpt(excerptText),
    };
  for (const key of keys) {
    const record = recordOf(key);
    if (record === null) continue;
    const message = addRecord(parts, record.part, record.fields);
    if (message !== null) yield { at: key.line, unit: 'line', message };
  }
}

/** Keys whose parts our own collector reads too. */
function recordOf(key: RegistryKey): { part: WindowsPartName; fields: Record<string, unknown> } | null {
  const { path, values } = key;
  if (/\\CentralProcessor\\\d{1,5}$/iu.test(path))
    return { part: 'CentralProcessor', fields: { ...values, MHz: values['~MHz'] } };
  if (/\\CurrentVersion\\Uninstall\\[^\\]+$/iu.test(path))
    return values['DisplayName'] === undefined ? null : { part: 'Uninstall', fields: textsOf(values) };
  const service = /\\Services\\([^\\]+)$/iu.exec(path)?.[1];
  if (service !== undefined && typeof values['Type'] === 'number')
    return { part: 'DriverService', fields: { ...values, Name: service } };
  return null;
}

/** Some programs write their version as a number. */
const textsOf = (values: Record<string, string | number>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, name === 'SystemComponent' ? value : String(value)]),
  );
