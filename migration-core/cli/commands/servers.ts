import { COLUMNS, valueAt } from '../../assess/annotations/columns.ts';
import { formatBytes, formatSeconds, plural } from '../../base/text.ts';
import type { EngagementFile, SeriesInfo, ServerSummary } from '../../store/engagement.ts';
import type { ServerAnnotations } from '../../store/model/annotations.ts';
import { comparableName } from '../../store/model/identity.ts';
import { metricInfo } from '../../store/model/metrics.ts';
import type { ServerInventory } from '../../store/model/inventory.ts';
import type { Command } from '../commands.ts';
import { fittedTable, labelled, printable, wrap } from '../terminal.ts';
import type { World } from '../world.ts';
import { engagementOf, noServer, usage } from './collect/options.ts';
import { openToRead, READ_ENGAGEMENT_HELP } from './servers/reading.ts';

export const serversCommand: Command = {
  help: `Usage: ironlift servers [NAME] --engagement FILE [--json]

Lists the servers of an engagement: what they are, and how much of it they use.
With the NAME of one, tells all that is known of it. One that is called
as a command below: ironlift servers --engagement FILE -- NAME.

${READ_ENGAGEMENT_HELP}
  --json               print one JSON document`,
  options: { engagement: { type: 'string' } },
  async run({ values, positionals: [name, ...more] }, world) {
    const path = engagementOf(values, 'servers');
    if (more.length > 0) throw usage('servers', 'Name one server, or none for the list');
    const engagement = await openToRead(path, world);
    try {
      const json = values['json'] === true;
      if (name !== undefined) return one(engagement, name, json, world);
      const servers = engagement.servers();
      if (json) world.out(`${JSON.stringify({ servers, outdated: engagement.outdated() }, null, 2)}\n`);
      else world.out(list(servers, world.tableColumns) + stale(engagement.outdated().length));
      return 0;
    } finally {
      engagement.close();
    }
  },
};

const UNKNOWN = '—';
const percent = (value: number | null | undefined): string =>
  value === null || value === undefined ? UNKNOWN : `${value < 10 ? value.toFixed(1) : Math.round(value)} %`;
const bytes = (value: number | null | undefined): string =>
  value === null || value === undefined ? UNKNOWN : formatBytes(value);
const whole = (value: number | null | undefined): string =>
  value === null || value === undefined ? UNKNOWN : String(Math.round(value));

function list(servers: readonly ServerSummary[], columns: number): string {
  if (servers.length === 0) return 'No servers yet. `ironlift collect` brings them in.\n';
  const rows = servers.map(({ identity, model, operatingSystem, cores, memoryBytes, rollup }) => [
    short(identity.name, 24),
    short(model ?? UNKNOWN, 24),
    short(systemName(operatingSystem), 24),
    whole(cores),
    bytes(memoryBytes),
    percent(rollup?.cpuP95),
    bytes(rollup?.memoryUsedP95),
    whole(rollup?.diskOperationsP95),
    rollup === null ? UNKNOWN : rollup.days.toFixed(1),
  ]);
  const head = ['Server', 'Model', 'System', 'Cores', 'Memory', 'CPU p95', 'Used p95', 'IOPS p95', 'Days'];
  return `${fittedTable(head, rows, columns, ['Model', 'Days'])}${plural(servers.length, 'server')}.\n`;
}

/** A collection that was ended by force could not make its summaries. */
const stale = (servers: number): string =>
  servers === 0
    ? ''
    : `The figures of ${plural(servers, 'server')} are older than what was collected since, for a collection was cut short. The next \`ironlift collect\` brings them up to date.\n`;

/** Without the maker: what tells one Windows from another would not fit beside it. */
const systemName = (name: string | null | undefined): string =>
  (name ?? UNKNOWN).replace(/^Microsoft(?:\(R\)|®)? Windows(?:\(R\)|®)?/u, 'Windows');

const short = (text: string, length: number): string => {
  const shown = printable(text);
  return shown.length <= length ? shown : `${shown.slice(0, length - 1)}…`;
};

function one(engagement: EngagementFile, name: string, json: boolean, world: World): number {
  const found = engagement
    .servers()
    .filter(({ identity }) => comparableName(identity.name) === comparableName(name));
  if (found.length === 0) throw noServer(`There is no server ${name} in ${engagement.path}.`);
  const all = found.map((summary) => ({
    summary,
    inventory: engagement.inventory(summary.id),
    annotations: engagement.annotations(summary.id),
    annotationRemarks: engagement.annotationRemarks(summary.id),
    series: engagement.series(summary.id),
    rollups: engagement.rollups(summary.id),
  }));
  if (json) {
    world.out(`${JSON.stringify({ servers: all }, null, 2)}\n`);
    return 0;
  }
  for (const { summary, inventory, annotations, annotationRemarks, series } of all) {
    world.out(`${printable(summary.identity.name)}\n`);
    world.out(
      labelled([...facts(summary, inventory?.inventory ?? null), ...said(annotations)], world.columns),
    );
    for (const remark of annotationRemarks)
      world.out(`${wrap(`  note: ${remark}`, world.columns, '    ')}\n`);
    const gaps = inventory?.inventory.gaps ?? [];
    // One reason may hide several parts.
    for (const { why, next } of new Map(gaps.map((gap) => [gap.why, gap])).values())
      world.out(
        `${wrap(`  not seen: ${why}${next === undefined ? '' : ` ${next}`}`, world.columns, '    ')}\n`,
      );
    if (series.length > 0) world.out(`\n${seriesTable(series, world.tableColumns)}`);
  }
  return 0;
}

function facts(summary: ServerSummary, inventory: ServerInventory | null): [string, string][] {
  const { identity, rollup } = summary;
  const rows: [string, string | undefined][] = [
    ['Serial number', identity.serial],
    ['SMBIOS UUID', identity.smbiosUuid],
    ['MAC addresses', identity.macs.length === 0 ? undefined : identity.macs.join(', ')],
    ['Machine', [summary.vendor, summary.model].filter((part) => part !== null).join(' ') || undefined],
    ...(inventory === null ? [] : ofInventory(inventory)),
    [
      'Processor',
      rollup === null
        ? undefined
        : `${percent(rollup.cpuMean)} on average, ${percent(rollup.cpuP95)} at the 95th percentile, ${percent(rollup.cpuMaximum)} at most`,
    ],
    [
      'Memory in use',
      rollup?.memoryUsedP95 == null ? undefined : `${bytes(rollup.memoryUsedP95)} at the 95th percentile`,
    ],
    [
      'Measured',
      rollup === null
        ? undefined
        : `${rollup.days.toFixed(1)} days, ${Math.round(rollup.coverage * 100)} % of them covered`,
    ],
    [
      'Backup',
      rollup?.backupWindow == null
        ? undefined
        : `likely from ${clock(rollup.backupWindow.startMinute)} to ${clock(rollup.backupWindow.endMinute)}, seen in ${plural(rollup.backupWindow.nights, 'night')}`,
    ],
  ];
  return rows.filter((row): row is [string, string] => row[1] !== undefined);
}

/** As people fill it in. */
const said = (annotations: ServerAnnotations): [string, string][] =>
  COLUMNS.flatMap(({ name, kind, path }): [string, string][] => {
    const value = valueAt(annotations, path);
    const title = name.replaceAll('_', ' ').replace(/^./u, (letter) => letter.toUpperCase());
    return value === undefined ? [] : [[title, kind.write(value)]];
  });

const clock = (minutes: number): string =>
  `${String(Math.floor(minutes / 60) % 24).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;

/** A few of each; all of it is in --json. */
const SHOWN = 6;
const some = (names: readonly string[]): string | undefined =>
  names.length === 0
    ? undefined
    : names.slice(0, SHOWN).join(', ') + (names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '');

function ofInventory(inventory: ServerInventory): [string, string | undefined][] {
  const { firmware, processors, memoryModules, memoryBytes, disks, networkInterfaces, operatingSystem } =
    inventory;
  return [
    ['Virtual already', inventory.virtual],
    [
      'Firmware',
      firmware === undefined
        ? undefined
        : [
            firmware.kind?.toUpperCase(),
            firmware.secureBoot === true ? 'Secure Boot' : undefined,
            firmware.vendor,
            firmware.version,
          ]
            .filter((part) => part !== undefined)
            .join(', '),
    ],
    [
      'Processors',
      processors
        ?.map(({ model, sockets, cores, threads }) =>
          [
            model.trim(),
            sockets === undefined ? undefined : plural(sockets, 'socket'),
            cores === undefined ? undefined : plural(cores, 'core'),
            threads === undefined ? undefined : plural(threads, 'thread'),
          ]
            .filter((part) => part !== undefined)
            .join(', '),
        )
        .join('; '),
    ],
    [
      'Memory',
      memoryBytes === undefined
        ? undefined
        : `${formatBytes(memoryBytes)}${memoryModules === undefined || memoryModules.length === 0 ? '' : ` in ${plural(memoryModules.length, 'module')}`}`,
    ],
    [
      'System',
      operatingSystem === undefined
        ? undefined
        : [operatingSystem.name, operatingSystem.build].filter((part) => part !== undefined).join(', '),
    ],
    [
      'Disks',
      some(
        disks?.map(
          ({ name, bytes: size, model }) =>
            `${name}${size === undefined ? '' : ` ${formatBytes(size)}`}${model === undefined ? '' : ` (${model.trim()})`}`,
        ) ?? [],
      ),
    ],
    [
      'Network',
      some(
        networkInterfaces
          ?.filter(({ kind }) => kind !== 'loopback')
          .map(
            ({ name, addresses }) => `${name}${addresses.length === 0 ? '' : ` ${addresses.join(' ')}`}`,
          ) ?? [],
      ),
    ],
    ['Roles', some(inventory.roles ?? [])],
    ['Vendor agents', some(inventory.vendorAgents?.map(({ name }) => name) ?? [])],
    ['Devices', inventory.devices === undefined ? undefined : plural(inventory.devices.length, 'device')],
    ['Drivers', inventory.drivers === undefined ? undefined : plural(inventory.drivers.length, 'driver')],
    ['Services', inventory.services === undefined ? undefined : plural(inventory.services.length, 'service')],
  ];
}

function seriesTable(series: readonly SeriesInfo[], columns: number): string {
  const date = (time: number): string => new Date(time).toISOString().slice(0, 16).replace('T', ' ');
  const rows = series.map(({ metric, instance, samples, first, last, interval }) => [
    metricInfo(metric)?.title ?? metric,
    short(instance, 28),
    String(samples),
    formatSeconds(Math.round(interval)),
    date(first),
    date(last),
  ]);
  const head = ['Measured', 'Of', 'Samples', 'Every', 'From (UTC)', 'To (UTC)'];
  return fittedTable(head, rows, columns, ['Samples', 'Every']);
}
