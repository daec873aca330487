/**
 * Sockets, cores and threads of Windows. Three traps: before Windows Server 2008, and without hotfix 932370, WMI has one
 * record for each logical processor and no count of cores; old WMI names a processor of today "Pentium III", where the
 * registry has the name it gives itself; and a processor of another stepping beside it is another kind.
 */
import type { InventoryGap, Processor } from '../../store/model/inventory.ts';
import { known } from '../values.ts';
import type { WindowsParts, WindowsRecord } from './schema.ts';

/** Win32_Processor.Architecture. */
const ARCHITECTURES: Record<number, string> = { 0: 'x86', 5: 'arm', 6: 'ia64', 9: 'x86_64', 12: 'aarch64' };
/** MHz above this are a known wrong answer of old firmware (12,076 MHz was seen). */
const FASTEST = 8000;

export interface ProcessorFacts {
  processors?: Processor[];
  gaps: InventoryGap[];
}

export function windowsProcessors(parts: WindowsParts): ProcessorFacts {
  const records = parts.Win32_Processor ?? [];
  const keys = parts.CentralProcessor ?? [];
  if (records.length === 0) return { ...fromRegistry(keys), gaps: [] };
  const names = registryNames(records, keys);
  const gaps: InventoryGap[] = [];
  const processors = [...groupBy(records, (record) => names.get(record) ?? 'unknown')].map(
    ([model, group]) => {
      const cores = group.map((record) => record.NumberOfCores);
      const counted = cores.every((count) => count !== undefined);
      const sockets = counted ? group.length : distinctSockets(group);
      if (!counted) gaps.push(NO_CORES);
      return processor(model, group, {
        sockets,
        cores: counted ? sum(cores) : undefined,
        // One record is one socket, or, where cores are not counted, one logical processor.
        threads: counted
          ? sum(group.map((record) => record.NumberOfLogicalProcessors ?? record.NumberOfCores))
          : Math.max(group.length, records.length === group.length ? keys.length : 0),
        // A hypervisor on this server hides both from Windows, which then says "off".
        hidden: parts.Win32_ComputerSystem?.[0]?.HypervisorPresent === true,
      });
    },
  );
  return { processors, gaps: gaps.slice(0, 1) };
}

const NO_CORES: InventoryGap = {
  part: 'processors.cores',
  why: 'This Windows lists logical processors and cannot tell cores from threads.',
  next: 'Read the number of cores from the data sheet of the processor.',
};

function processor(
  model: string,
  group: WindowsRecord<'Win32_Processor'>[],
  counts: {
    sockets: number | undefined;
    cores: number | undefined;
    threads: number | undefined;
    hidden: boolean;
  },
): Processor {
  const [first] = group;
  const speeds = group
    .map((record) => record.MaxClockSpeed)
    .filter((speed) => speed !== undefined && speed > 0 && speed <= FASTEST);
  const seen = (value: boolean | undefined): boolean | undefined =>
    counts.hidden && value === false ? undefined : value;
  return known({
    model,
    vendor: first?.Manufacturer,
    sockets: counts.sockets,
    cores: counts.cores,
    threads: counts.threads,
    megahertz: speeds[0],
    architecture: ARCHITECTURES[first?.Architecture ?? -1],
    hardwareVirtualization: seen(first?.VirtualizationFirmwareEnabled),
    nestedPaging: seen(first?.SecondLevelAddressTranslationExtensions),
  });
}

/** The name that the processor gives itself is in the registry; WMI of 2003 knows processors up to its own year. */
function registryNames(
  records: WindowsRecord<'Win32_Processor'>[],
  keys: WindowsRecord<'CentralProcessor'>[],
): Map<WindowsRecord<'Win32_Processor'>, string> {
  const told = [...new Set(keys.map((key) => key.ProcessorNameString).filter((name) => name !== undefined))];
  const only = told.length === 1 ? told[0] : undefined;
  return new Map(records.map((record) => [record, tidy(only ?? record.Name ?? 'unknown')]));
}

function fromRegistry(keys: WindowsRecord<'CentralProcessor'>[]): { processors?: Processor[] } {
  if (keys.length === 0) return {};
  const processors = [...groupBy(keys, (key) => tidy(key.ProcessorNameString ?? 'unknown'))].map(
    ([model, group]) =>
      known({
        model,
        vendor: group[0]?.VendorIdentifier,
        threads: group.length,
        megahertz: group[0]?.MHz,
      }),
  );
  return { processors };
}

/** Names are padded with blanks to 48 characters. */
const tidy = (name: string): string => name.replace(/\s+/gu, ' ').trim();

function distinctSockets(group: WindowsRecord<'Win32_Processor'>[]): number | undefined {
  const sockets = group.map((record) => record.SocketDesignation).filter((socket) => socket !== undefined);
  return sockets.length === group.length ? new Set(sockets).size : undefined;
}

const sum = (values: (number | undefined)[]): number =>
  values.reduce<number>((total, value) => total + (value ?? 0), 0);

function groupBy<T>(values: readonly T[], name: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const key = name(value);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}
