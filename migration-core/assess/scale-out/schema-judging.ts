/**
 * Tables of an export that verdicts rest on: each server boiled down as the assessment boils it down (backups told apart, disks
 * and cards added slot by slot), and what it would go to.
 */
import type { ServerId } from '../../store/engagement.ts';
import type { ServerInventory } from '../../store/model/inventory.ts';
import type { AssessmentContext } from '../model/context.ts';
import type { DemandProfile, Statistic } from '../model/demand.ts';
import { MEASURES } from '../rules/confidence.ts';
import { isPlainSpindles, productive } from '../sizing/io-class.ts';
import type { Cell, Column, ColumnType, Table } from './schema.ts';

export interface ProfileRow {
  server: ServerId;
  profile: DemandProfile;
  inventory: ServerInventory | null;
}

const column = (
  name: string,
  type: ColumnType,
  unit: string,
  about: string,
  of: (row: ProfileRow) => Cell | undefined,
): Column<ProfileRow> => ({ name, type, unit, about, of });

const PARTS = [
  ['p50', 'median'],
  ['p90', '90th percentile'],
  ['p95', '95th percentile; the highest slot of fewer than 288'],
  ['p99', '99th percentile; the highest slot of fewer than 1000'],
  ['maximum', 'highest sample'],
] as const;
const percentiles = (
  name: string,
  unit: string,
  about: string,
  of: (profile: DemandProfile) => Statistic | null,
): Column<ProfileRow>[] =>
  PARTS.map(([part, words]) =>
    column(`${name}_${part}`, 'double', unit, `${about}, ${words}`, ({ profile }) => of(profile)?.[part]),
  );

const figure = (
  name: string,
  unit: string,
  about: string,
  of: (profile: DemandProfile) => number | null | undefined,
): Column<ProfileRow> => column(name, 'double', unit, about, ({ profile }) => of(profile));
const flag = (name: string, about: string, of: keyof DemandProfile['seen']): Column<ProfileRow> =>
  column(name, 'boolean', '', about, ({ profile }) => profile.seen[of]);

export const PROFILES: Table<ProfileRow> = {
  name: 'profiles',
  about:
    'One row for each server that was measured, as the assessment reckons with it: gaps of one or two slots bridged, impossible figures left out, backups told from production. Shares of slots (coverage) are of all between the first and the last of the server.',
  columns: [
    column('server', 'integer', '', 'As in servers', ({ server }) => server),
    figure('days', 'days', 'Between the first and the last slot', ({ days }) => days),
    ...percentiles('cpu', '%', 'Processor use, of all logical processors', ({ cpu }) => cpu),
    ...percentiles('memory_used', 'bytes', 'Memory in use', ({ memoryUsed }) => memoryUsed),
    figure(
      'disk_operations_p95',
      'operations/s',
      'All disks together, backups among them',
      ({ diskOperations }) => diskOperations?.p95,
    ),
    figure(
      'production_disk_operations_p95',
      'operations/s',
      'All disks together, without backups',
      (profile) => productive(profile, 'diskOperations')?.p95,
    ),
    figure(
      'production_disk_bytes_p95',
      'bytes/s',
      'All disks together, without backups',
      (profile) => productive(profile, 'diskBytes')?.p95,
    ),
    figure(
      'production_network_bytes_p95',
      'bytes/s',
      'All interfaces, in each slot the busier direction, without backups',
      (profile) => productive(profile, 'networkBytes')?.p95,
    ),
    figure(
      'busiest_uplink_share',
      'share',
      'Of the interface that is filled most, in the busier direction, p95; NULL where no speed is known',
      ({ busiestUplink }) => busiestUplink?.p95,
    ),
    figure(
      'disk_latency_p95',
      'seconds',
      'The worse of reads and writes, disks weighted by operations',
      ({ diskLatency }) => diskLatency?.p95,
    ),
    figure(
      'disk_queue_p95',
      'requests',
      'Waiting at the disk that has most',
      ({ diskQueue }) => diskQueue?.p95,
    ),
    column(
      'plain_spindles',
      'boolean',
      '',
      'All disks are known to rotate, without RAID controller or SAN',
      ({ inventory }) => isPlainSpindles({ inventory }),
    ),
    figure('cpu_coverage', 'share', 'Slots with a value', ({ cpu }) => cpu?.coverage),
    figure('memory_coverage', 'share', 'Slots with a value', ({ memoryUsed }) => memoryUsed?.coverage),
    figure(
      'disk_coverage',
      'share',
      'Slots with a value, of bytes, else of operations',
      ({ diskBytes, diskOperations }) => (diskBytes ?? diskOperations)?.coverage,
    ),
    figure('network_coverage', 'share', 'Slots with a value', ({ networkBytes }) => networkBytes?.coverage),
    column(
      'measures',
      'text',
      '',
      'JSON: what was measured, by the names of rule confidence.metrics',
      (row) => JSON.stringify(MEASURES.filter((name) => row.profile[name] !== null)),
    ),
    flag('seen_weekdays', 'Each day from Monday to Friday was seen', 'weekdayPeak'),
    flag('seen_weekend', 'A Saturday or Sunday was seen', 'weekend'),
    flag('seen_month_end', 'The turn of a month was seen', 'monthEnd'),
    flag('seen_backup', 'A backup was seen', 'backup'),
  ],
};

const target = (
  name: string,
  type: ColumnType,
  unit: string,
  about: string,
  of: (context: AssessmentContext) => Cell,
): Column<AssessmentContext> => ({ name, type, unit, about, of });

export const TARGET: Table<AssessmentContext> = {
  name: 'target',
  about:
    'One row: the host and the platform that classes of input and output are judged for. Change it (a table of the same columns) to ask about another host.',
  columns: [
    target('host', 'text', '', 'Host template', ({ host }) => host.id),
    target('platform', 'text', '', 'Platform', ({ platform }) => platform.id),
    target('planning', 'text', '', 'How carefully is planned', ({ profileName }) => profileName),
    target('disk_operations', 'double', 'operations/s', 'Of a host', ({ host }) => host.diskOperations),
    target('disk_bytes', 'double', 'bytes/s', 'Of a host', ({ host }) => host.diskBytesPerSecond),
    target('disk_ceiling', 'double', 'share', 'Of both that may be used', ({ profile }) => profile.hostDisk),
    target('uplink_bits', 'double', 'bits/s', 'Of one port', ({ host }) => host.nicSpeed),
    target('spindles', 'boolean', '', 'Its storage rotates', ({ host }) => host.spindles),
    target(
      'emulated',
      'boolean',
      '',
      'Machines reach their devices by emulation',
      ({ platform }) => platform.devices === 'emulated',
    ),
  ],
};

/** What the queries leave out on purpose, for the README: each a sentence. */
export const LEFT_OUT: readonly string[] = [
  'Sizes of virtual machines (processors, memory, disks): overhead, comfort, roles and growth are the business of the program.',
  'Gates, score and verdict, which ask for the inventory, roles and drivers as well.',
  'What caps confidence: short measuring, a guessed processor, storage that cannot be seen, and sizing by application. The column is what it is before.',
  'Servers sized by what they are for, not by measurements: the queries know measurements only.',
  'The folding of weeks and the telling of backups from production: profiles.parquet has what came of it.',
];
