/** What the list of servers shows, column by column, and what its facets ask. */
import type { ServerRow } from '../../../migration-core/contract/servers.ts';
import type { Format } from '../../format.ts';
import type { Column } from '../../state/table.svelte.ts';
import { annotations as words, inventory } from '../../text/inventory.ts';

export type { ServerRow };

export type System = keyof typeof inventory.systems;

/** By what the system calls itself. */
export function systemOf({ operatingSystem }: ServerRow): System {
  if (operatingSystem === null) return 'unknown';
  if (/windows/iu.test(operatingSystem)) return 'windows';
  return /linux|debian|ubuntu|centos|red hat|rhel|suse|fedora|rocky|alma|oracle/iu.test(operatingSystem)
    ? 'linux'
    : 'other';
}

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const { columns: title, units, hints } = inventory;

export function serverColumns(format: Format): Column<ServerRow>[] {
  const number = (value: number | null, digits = 0): string => format.number(value, digits);
  const list = (items: readonly string[]): string => items.join(', ');
  return [
    { id: 'name', title: title.name, value: (row) => row.name, width: 128 },
    {
      id: 'operatingSystem',
      title: title.operatingSystem,
      value: (row) => row.operatingSystem,
      width: 170,
      grow: true,
    },
    { id: 'model', title: title.model, value: (row) => row.model, width: 150, hidden: true },
    { id: 'vendor', title: title.vendor, value: (row) => row.vendor, width: 120, hidden: true },
    {
      id: 'cores',
      title: title.cores,
      value: (row) => row.cores,
      text: (row) => number(row.cores),
      numeric: true,
      width: 66,
    },
    {
      id: 'memory',
      title: title.memory,
      unit: units.gib,
      value: (row) => row.memoryBytes,
      text: (row) => format.gibibytes(row.memoryBytes),
      numeric: true,
      width: 100,
    },
    {
      id: 'disk',
      title: title.disk,
      unit: units.gib,
      value: (row) => row.diskBytes,
      text: (row) => format.gibibytes(row.diskBytes),
      numeric: true,
      width: 88,
    },
    {
      id: 'cpu',
      title: title.cpu,
      unit: units.percent,
      hint: hints.cpu,
      value: (row) => row.cpuP95,
      text: (row) => format.fixed(row.cpuP95, 1),
      numeric: true,
      width: 92,
    },
    {
      id: 'memoryUsed',
      title: title.memoryUsed,
      unit: units.gib,
      value: (row) => row.memoryUsedP95,
      text: (row) => format.fixed(row.memoryUsedP95 === null ? null : row.memoryUsedP95 / GIB, 1),
      numeric: true,
      width: 126,
    },
    {
      id: 'operations',
      title: title.operations,
      unit: units.iops,
      value: (row) => row.diskOperationsP95,
      text: (row) => number(row.diskOperationsP95),
      numeric: true,
      width: 110,
    },
    {
      id: 'network',
      title: title.network,
      unit: units.mibs,
      value: (row) => row.networkBytesP95,
      text: (row) => format.fixed(row.networkBytesP95 === null ? null : row.networkBytesP95 / MIB, 1),
      numeric: true,
      width: 140,
      hidden: true,
    },
    {
      id: 'days',
      title: title.days,
      unit: units.days,
      hint: hints.days,
      value: (row) => (row.firstSample === null ? null : row.days),
      text: (row) => format.fixed(row.firstSample === null ? null : row.days, 1),
      numeric: true,
      width: 112,
      hidden: true,
    },
    {
      id: 'criticality',
      title: title.criticality,
      value: (row) => row.criticality,
      text: (row) => (row.criticality === null ? '–' : words.criticalities[row.criticality]),
      width: 88,
    },
    {
      id: 'environment',
      title: title.environment,
      value: (row) => row.environment,
      text: (row) => (row.environment === null ? '–' : words.environments[row.environment]),
      width: 106,
    },
    {
      id: 'applications',
      title: title.applications,
      value: (row) => list(row.applications) || null,
      width: 140,
      hidden: true,
    },
    { id: 'owner', title: title.owner, value: (row) => row.owner, width: 120, hidden: true },
    { id: 'site', title: title.site, value: (row) => row.site, width: 100, hidden: true },
    { id: 'zone', title: title.zone, value: (row) => row.zone, width: 90, hidden: true },
    { id: 'tags', title: title.tags, value: (row) => list(row.tags) || null, width: 120 },
    {
      id: 'dependsOn',
      title: title.dependsOn,
      value: (row) => list(row.dependsOn) || null,
      width: 140,
      hidden: true,
    },
  ];
}

export interface Facets {
  environment: string;
  criticality: string;
  system: string;
}
/** `all`: whatever it is; `unknown`: nobody said. */
export const NO_FACETS: Facets = { environment: 'all', criticality: 'all', system: 'all' };

/** null: every server. */
export function facetFilter({
  environment,
  criticality,
  system,
}: Facets): ((row: ServerRow) => boolean) | null {
  if (environment === 'all' && criticality === 'all' && system === 'all') return null;
  const fits = (wanted: string, value: string | null): boolean =>
    wanted === 'all' || wanted === (value ?? 'unknown');
  return (row) =>
    fits(environment, row.environment) && fits(criticality, row.criticality) && fits(system, systemOf(row));
}

/** `a, b ,, c` typed into one field. */
export const splitList = (text: string): string[] => [
  ...new Set(
    text
      .split(/[,;]/u)
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  ),
];
