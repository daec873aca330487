/**
 * The tables of an export for a data warehouse: each column with its type, its unit, what it is and where it comes from.
 * The Parquet files, their README and the queries of resources/scale-out go by this table.
 */
import type { ServerSummary } from '../../store/engagement.ts';
import type { ServerAnnotations } from '../../store/model/annotations.ts';
import type { ServerInventory } from '../../store/model/inventory.ts';
import { metricInfo } from '../../store/model/metrics.ts';
import type { Rollup } from '../../store/model/rollup.ts';

/** `integer` is 64 bits wide. Every column may be NULL: unknown. */
export type ColumnType = 'integer' | 'double' | 'text' | 'boolean';
export type Cell = number | string | boolean | null;

export interface Column<Row> {
  name: string;
  type: ColumnType;
  /** '' for none. */
  unit: string;
  about: string;
  of: (row: Row) => Cell | undefined;
}

export interface Table<Row> {
  /** Of the file, without `.parquet`. */
  name: string;
  about: string;
  columns: readonly Column<Row>[];
}

const column = <Row>(
  name: string,
  type: ColumnType,
  unit: string,
  about: string,
  of: (row: Row) => Cell | undefined,
): Column<Row> => ({ name, type, unit, about, of });

export interface ServerRow {
  summary: ServerSummary;
  inventory: ServerInventory | null;
  annotations: ServerAnnotations;
  /** Speed of one of its cores, one of the reference being 1; null: unknown. */
  coreScore: number | null;
}

const sum = (parts: readonly (number | undefined)[] | undefined): number | null => {
  const known = (parts ?? []).filter((part) => part !== undefined);
  return known.length === 0 ? null : known.reduce((total, part) => total + part, 0);
};
const count = (parts: readonly unknown[] | undefined): number | null => parts?.length ?? null;

/** Bits per second of the fastest interface that is a card and is not down. */
function uplink({ networkInterfaces }: ServerInventory): number | null {
  let fastest = 0;
  for (const { kind, up, speed } of networkInterfaces ?? [])
    if ((kind === undefined || kind === 'physical') && up !== false) fastest = Math.max(fastest, speed ?? 0);
  return fastest > 0 ? fastest : null;
}

const server = column<ServerRow>;
export const SERVERS: Table<ServerRow> = {
  name: 'servers',
  about: 'One row for each server: what it is, what is said of it, and what the list of servers shows.',
  columns: [
    server(
      'server',
      'integer',
      '',
      'Number of the server in the engagement file',
      ({ summary }) => summary.id,
    ),
    server('name', 'text', '', 'Name, as it came', ({ summary }) => summary.identity.name),
    server('fqdn', 'text', '', 'Name with domain', ({ summary }) => summary.identity.fqdn),
    server('smbios_uuid', 'text', '', 'SMBIOS UUID', ({ summary }) => summary.identity.smbiosUuid),
    server('serial', 'text', '', 'Serial number', ({ summary }) => summary.identity.serial),
    server('vendor', 'text', '', 'Vendor of the machine', ({ summary }) => summary.vendor),
    server('model', 'text', '', 'Model of the machine', ({ summary }) => summary.model),
    server(
      'virtual',
      'text',
      '',
      'Hypervisor, where it is virtual already',
      ({ inventory }) => inventory?.virtual,
    ),
    server('operating_system', 'text', '', 'Operating system', ({ summary }) => summary.operatingSystem),
    server(
      'os_family',
      'text',
      '',
      'linux, windows, unix, other',
      ({ inventory }) => inventory?.operatingSystem?.family,
    ),
    server(
      'os_version',
      'text',
      '',
      'Version of the operating system',
      ({ inventory }) => inventory?.operatingSystem?.version,
    ),
    server('firmware', 'text', '', 'bios or uefi', ({ inventory }) => inventory?.firmware?.kind),
    server(
      'cpu_model',
      'text',
      '',
      'Model of the processors',
      ({ inventory }) => inventory?.processors?.[0]?.model,
    ),
    server('sockets', 'double', '', 'Processor sockets in use', ({ inventory }) =>
      sum(inventory?.processors?.map(({ sockets }) => sockets)),
    ),
    server('cores', 'double', '', 'Cores of all processors', ({ summary }) => summary.cores),
    server('threads', 'double', '', 'Logical processors', ({ inventory }) =>
      sum(inventory?.processors?.map(({ threads }) => threads)),
    ),
    server(
      'megahertz',
      'double',
      'MHz',
      'Nominal clock',
      ({ inventory }) => inventory?.processors?.[0]?.megahertz,
    ),
    server(
      'core_score',
      'double',
      'cores of the reference',
      'Speed of one core, as the assessment judges it: score, year, model, clock',
      ({ coreScore }) => coreScore,
    ),
    server('memory_bytes', 'double', 'bytes', 'Memory installed', ({ summary }) => summary.memoryBytes),
    server('disk_bytes', 'double', 'bytes', 'All disks together', ({ summary }) => summary.diskBytes),
    server('disks', 'integer', '', 'Disks', ({ inventory }) => count(inventory?.disks)),
    server('volume_used_bytes', 'double', 'bytes', 'In use on all volumes', ({ inventory }) =>
      sum(inventory?.volumes?.map(({ usedBytes }) => usedBytes)),
    ),
    server('nics', 'integer', '', 'Network interfaces', ({ inventory }) =>
      count(inventory?.networkInterfaces),
    ),
    server('uplink_bits', 'double', 'bits/s', 'Speed of the fastest card that is up', ({ inventory }) =>
      inventory === null ? null : uplink(inventory),
    ),
    server('raid_controllers', 'integer', '', 'RAID controllers', ({ inventory }) =>
      count(inventory?.raidControllers),
    ),
    server('host_bus_adapters', 'integer', '', 'Fibre Channel and other adapters', ({ inventory }) =>
      count(inventory?.hostBusAdapters),
    ),
    server(
      'inventory_gaps',
      'integer',
      '',
      'Parts of the inventory that could not be seen',
      ({ inventory }) => count(inventory?.gaps),
    ),
    server(
      'criticality',
      'text',
      '',
      'low, normal, high, critical',
      ({ annotations }) => annotations.criticality,
    ),
    server('environment', 'text', '', 'production, test ...', ({ annotations }) => annotations.environment),
    server(
      'application',
      'text',
      '',
      'The first application that is named',
      ({ annotations }) => annotations.applications?.[0],
    ),
    server('owner', 'text', '', 'Owner', ({ annotations }) => annotations.owner),
    server('site', 'text', '', 'Site', ({ annotations }) => annotations.site),
    server('zone', 'text', '', 'Security zone', ({ annotations }) => annotations.zone),
    server(
      'launch_year',
      'double',
      '',
      'Year the model came out',
      ({ annotations }) => annotations.launchYear,
    ),
    server(
      'first_sample',
      'double',
      'ms since 1970',
      'First sample of any series',
      ({ summary }) => summary.firstSample,
    ),
    server(
      'last_sample',
      'double',
      'ms since 1970',
      'Last sample of any series',
      ({ summary }) => summary.lastSample,
    ),
    server(
      'days',
      'double',
      'days',
      'Between the first and the last sample',
      ({ summary }) => summary.rollup?.days,
    ),
    server(
      'cpu_mean',
      'double',
      '%',
      'Processor use, of all logical processors',
      ({ summary }) => summary.rollup?.cpuMean,
    ),
    server('cpu_p95', 'double', '%', 'Processor use', ({ summary }) => summary.rollup?.cpuP95),
    server(
      'cpu_maximum',
      'double',
      '%',
      'Processor use, highest sample',
      ({ summary }) => summary.rollup?.cpuMaximum,
    ),
    server(
      'memory_used_p95',
      'double',
      'bytes',
      'Memory in use without caches',
      ({ summary }) => summary.rollup?.memoryUsedP95,
    ),
    server(
      'disk_operations_p95',
      'double',
      'operations/s',
      'All disks, sums over the same slots',
      ({ summary }) => summary.rollup?.diskOperationsP95,
    ),
    server(
      'disk_bytes_p95',
      'double',
      'bytes/s',
      'All disks, sums over the same slots',
      ({ summary }) => summary.rollup?.diskBytesP95,
    ),
    server(
      'network_bytes_p95',
      'double',
      'bytes/s',
      'All interfaces, both directions, sums over the same slots',
      ({ summary }) => summary.rollup?.networkBytesP95,
    ),
    server(
      'cpu_coverage',
      'double',
      'share',
      'Slots of the processor series with a value',
      ({ summary }) => summary.rollup?.coverage,
    ),
    server(
      'backup_start_minute',
      'double',
      'minutes',
      'Begin of the backup that was seen, after midnight of the site',
      ({ summary }) => summary.rollup?.backupWindow?.startMinute,
    ),
    server(
      'backup_end_minute',
      'double',
      'minutes',
      'Its end',
      ({ summary }) => summary.rollup?.backupWindow?.endMinute,
    ),
  ],
};

export interface SeriesRow {
  server: number;
  rollup: Rollup;
  /** One of those whose sum is the whole server. */
  counted: boolean;
}

/** Monday to Friday come first in a week. */
const WEEKDAY_HOURS = 120;
const seenHours = (week: readonly number[]): number => week.filter((value) => !Number.isNaN(value)).length;

const series = column<SeriesRow>;
export const SERIES: Table<SeriesRow> = {
  name: 'series',
  about:
    'One row for each series of a server: percentiles by nearest rank, over the means of slots. Metrics and their units are those of the column metric and unit.',
  columns: [
    series('server', 'integer', '', 'As in servers', (row) => row.server),
    series(
      'metric',
      'text',
      '',
      'cpu.busy, memory.used, disk.readOperations ...',
      ({ rollup }) => rollup.metric,
    ),
    series('unit', 'text', '', 'Unit of the figures', ({ rollup }) => metricInfo(rollup.metric)?.unit),
    series(
      'instance',
      'text',
      '',
      'Disk, interface ...; empty for the whole server',
      ({ rollup }) => rollup.instance,
    ),
    series(
      'counted',
      'boolean',
      '',
      'Part of the sum over all disks or interfaces; false for partitions, bonds ...',
      (row) => row.counted,
    ),
    series('slot', 'double', 'seconds', 'Length of a slot', ({ rollup }) => rollup.slot),
    series('first', 'double', 'ms since 1970', 'End of the first slot', ({ rollup }) => rollup.first),
    series('last', 'double', 'ms since 1970', 'End of the last slot', ({ rollup }) => rollup.last),
    series('slots', 'integer', '', 'Slots with a value', ({ rollup }) => rollup.slots),
    series(
      'coverage',
      'double',
      'share',
      'Slots with a value, of those between first and last',
      ({ rollup }) => rollup.coverage,
    ),
    series(
      'gaps',
      'integer',
      '',
      'Gaps of more than two slots, at most 100',
      ({ rollup }) => rollup.gaps.length,
    ),
    series('mean', 'double', 'unit', 'Mean of the slots', ({ rollup }) => rollup.mean),
    series('minimum', 'double', 'unit', 'Least slot', ({ rollup }) => rollup.minimum),
    series('maximum', 'double', 'unit', 'Highest sample', ({ rollup }) => rollup.maximum),
    series('p50', 'double', 'unit', 'Median of the slots', ({ rollup }) => rollup.p50),
    series('p90', 'double', 'unit', '90th percentile', ({ rollup }) => rollup.p90),
    series(
      'p95',
      'double',
      'unit',
      '95th percentile; the highest slot of fewer than 288',
      ({ rollup }) => rollup.p95,
    ),
    series(
      'p99',
      'double',
      'unit',
      '99th percentile; the highest slot of fewer than 1000',
      ({ rollup }) => rollup.p99,
    ),
    series(
      'weekday_hours',
      'integer',
      '',
      'Hours of a week from Monday to Friday (120) in which something was seen',
      ({ rollup }) => seenHours(rollup.week.slice(0, WEEKDAY_HOURS)),
    ),
    series('weekend_hours', 'integer', '', 'The same of Saturday and Sunday (48)', ({ rollup }) =>
      seenHours(rollup.week.slice(WEEKDAY_HOURS)),
    ),
  ],
};

export interface RuleRow {
  rule: string;
  value: unknown;
  source: string;
  pack: string;
}

const rules = column<RuleRow>;
export const RULES: Table<RuleRow> = {
  name: 'rules',
  about: 'One row for each number of the rule pack: the queries hold none.',
  columns: [
    rules('rule', 'text', '', 'Id', (row) => row.rule),
    rules('value', 'text', '', 'JSON', ({ value }) => JSON.stringify(value)),
    rules('source', 'text', '', 'Where it comes from', (row) => row.source),
    rules('pack', 'text', '', 'Rule pack it is of', (row) => row.pack),
  ],
};

export interface SampleRow {
  server: number;
  metric: string;
  instance: string;
  slot: number;
  slotNumber: number | null;
  time: number;
  value: number | null;
}

const samples = column<SampleRow>;
export const SAMPLES: Table<SampleRow> = {
  name: 'samples',
  about: 'One row for each sample, by server, metric, instance and time.',
  columns: [
    samples('server', 'integer', '', 'As in servers', (row) => row.server),
    samples('metric', 'text', '', 'As in series', (row) => row.metric),
    samples('instance', 'text', '', 'As in series', (row) => row.instance),
    samples('slot', 'double', 'seconds', 'Length of a slot of the series', (row) => row.slot),
    samples(
      'slot_number',
      'double',
      '',
      'Slot it counts for: slot k ends k times its length after 1970; NULL without a value',
      (row) => row.slotNumber,
    ),
    samples('time', 'double', 'ms since 1970', 'End of the interval it stands for', (row) => row.time),
    samples(
      'value',
      'double',
      'unit',
      'In the unit of the metric; NULL where nothing was measured',
      (row) => row.value,
    ),
  ],
};
