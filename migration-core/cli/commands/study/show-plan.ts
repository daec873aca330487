/** Plans, savings and waves as a person reads them at a terminal. */
import { formatBytes, formatSeconds, plural } from '../../../base/text.ts';
import { RESOURCES, type ResourceName, type WeekShape } from '../../../assess/model/demand.ts';
import { clock, shortSlotText } from '../../../plan/build/units.ts';
import type { Comparison } from '../../../plan/compare.ts';
import type { Plan, PlanHost } from '../../../plan/model/plan.ts';
import type { Savings, WavePlan } from '../../../plan/model/waves.ts';
import type { WhatIf } from '../../../plan/what-if.ts';
import { fittedTable, table, wrap } from '../../terminal.ts';
import { short, some } from './show-assessment.ts';

const percent = (share: number): string => `${Math.round(share * 100)} %`;

const RESOURCE_TITLES: Record<PlanHost['binding'], string> = {
  cpu: 'processor',
  memory: 'memory',
  diskOperations: 'disk operations',
  diskBytes: 'disk throughput',
  networkBytes: 'network',
  storage: 'disk space',
  vcpus: 'virtual processors',
  machines: 'number of machines',
  none: 'nothing',
};

/** @param columns of the terminal; @param tableColumns World.tableColumns */
export function planText(
  plan: Plan,
  savings: Savings,
  shape: WeekShape,
  columns: number,
  tableColumns = Infinity,
): string {
  const out: string[] = [];
  const say = (text: string, indent = '  '): void => void out.push(`${wrap(text, columns, indent)}\n`);
  const { totals, bound, failover } = plan;
  say(
    totals.placed === 0
      ? 'No server becomes a virtual machine in this plan.'
      : `${plural(totals.placed, 'server')} of ${totals.servers} on ${plural(totals.hosts, 'host')}, ${totals.ratio.toFixed(1)} on each. At least ${plural(bound.hosts, 'host')} needed (${bound.by})${plan.unplaced.length > 0 ? ` for all of them` : `; the plan is ${percent(bound.gap)} above that${failover.added > 0 ? `, ${plural(failover.added, 'host')} for failures aside` : ''}`}.`,
  );
  if (totals.placed > 0)
    say(
      `Adding up peaks would take ${plural(totals.sumOfPeaksHosts, 'host')}, adding up 95th percentiles ${totals.sumOfP95Hosts}. Systems to look after: ${totals.managedBefore} today, ${totals.managedAfter} then.`,
    );
  if (plan.hosts.length > 0) out.push(`\n${hostTable(plan.hosts, shape, tableColumns)}\n`);
  if (totals.placed > 0)
    say(
      failover.proved
        ? `There is room for the loss of ${plural(failover.failures, 'host')}: each was taken out and its machines found room on the others${failover.added > 0 ? `; ${plural(failover.added, 'host')} in the plan for that alone${failover.spread === true ? ', and the machines are spread over all' : ''}` : ''}.`
        : `Does not survive the loss of ${plural(failover.failures, 'host')}: ${failover.gaps
            .slice(0, 3)
            .map(({ hosts, servers }) => `without ${hosts.join(', ')} there is no room for ${some(servers)}`)
            .join('; ')}.`,
    );
  section(
    out,
    'Without a place',
    plan.unplaced.map(({ name, why, next }) => `${name}: ${why} ${next}`),
    columns,
  );
  section(
    out,
    'Not a virtual machine',
    together(
      plan.elsewhere
        .filter(({ outcome }) => outcome !== 'os-virtualization')
        .map(({ name, why }) => ({ name, why: firstSentence(why) })),
    ),
    columns,
  );
  section(
    out,
    'Sharing one operating system',
    plan.osGroups.map(
      ({ title, servers, hosts, saved }) =>
        `${title}: ${plural(servers.length, 'server')} on ${plural(hosts, 'host')}, saves ${formatBytes(saved.memoryBytes)} of memory and ${formatBytes(saved.diskBytes)} of disk.`,
    ),
    columns,
  );
  section(
    out,
    'Backups',
    [
      ...plan.backup.runs
        .filter(({ movedFrom, relocatedFrom }) => movedFrom !== null || relocatedFrom !== null)
        .map(
          ({ server, host, startMinute, movedFrom, relocatedFrom }) =>
            `${nameOf(plan, server)}: starts at ${clock(startMinute)}${movedFrom === null ? '' : ` instead of ${clock(movedFrom)}`}${relocatedFrom === null ? '' : `, for which it moves from ${relocatedFrom} to ${host} and back`}.`,
        ),
      ...plan.backup.clashes.map(({ text, next }) => `${text} ${next}`),
    ],
    columns,
  );
  section(
    out,
    'Savings',
    [
      ...savings.lines.map(
        ({ title, before, after, unit, perYear, basis }) =>
          `${title}: ${amount(before)} to ${amount(after)} ${unit}${perYear ? ' a year' : ''} (${basis})`,
      ),
      ...(savings.omitted.length === 0
        ? []
        : [
            `Left out, for it is not known: ${savings.omitted.map(({ id, missing }) => `${id} (${missing})`).join(', ')}.`,
          ]),
    ],
    columns,
  );
  section(
    out,
    'To know',
    [
      ...plan.warnings,
      ...plan.hosts.flatMap(({ name, warnings }) => warnings.map((text) => `${name}: ${text}`)),
    ],
    columns,
  );
  say(`\nRules ${plan.rules}, seed ${plan.seed}, scenario ${plan.scenario}.`.trimStart());
  return out.join('');
}

const amount = (value: number): string =>
  Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en-US') : String(Math.round(value * 10) / 10);

const nameOf = (plan: Plan, server: number): string =>
  plan.hosts.flatMap(({ servers }) => servers).find((one) => one.server === server)?.name ?? String(server);

/** All of it is in the assessment of the server. */
export const firstSentence = (text: string): string => /^.*?[.?!](?= [A-Z]|$)/u.exec(text)?.[0] ?? text;

/** Servers with the same reason share its line. */
function together(servers: readonly { name: string; why: string }[]): string[] {
  const names = new Map<string, string[]>();
  for (const { name, why } of servers) names.set(why, [...(names.get(why) ?? []), name]);
  return [...names].map(([why, those]) => `${some(those)}: ${why}`);
}

/** A terminal is read, not scrolled for hours; all of it is in --json. */
const MOST_LINES = 40;

export function section(out: string[], title: string, lines: readonly string[], columns: number): void {
  if (lines.length === 0) return;
  out.push(`\n${title}\n`);
  for (const line of lines.slice(0, MOST_LINES)) out.push(`${wrap(`  ${line}`, columns, '    ')}\n`);
  if (lines.length > MOST_LINES)
    out.push(`  and ${lines.length - MOST_LINES} more; --json has all of them\n`);
}

function hostTable(hosts: readonly PlanHost[], shape: WeekShape, columns: number): string {
  const shown = hosts.slice(0, MOST_LINES);
  const peak = (host: PlanHost, resource: ResourceName): string => percent(host.use[resource].peak);
  const rows = shown.map((host) => {
    const slot = (RESOURCES as readonly string[]).includes(host.binding)
      ? shortSlotText(host.use[host.binding as ResourceName].slot, shape)
      : '';
    return [
      short(host.name, 20),
      short(host.template, 18),
      String(host.servers.length),
      ...RESOURCES.map((resource) => peak(host, resource)),
      `${RESOURCE_TITLES[host.binding]}${slot === '' ? '' : `, ${slot}`}`,
    ];
  });
  const head = ['Host', 'Model', 'VMs', 'CPU', 'Memory', 'IOPS', 'Disk', 'Network', 'Full first'];
  const more =
    hosts.length > shown.length
      ? `and ${plural(hosts.length - shown.length, 'more host')}; --json has all of them\n`
      : '';
  return `${fittedTable(head, rows, columns, ['Network', 'Disk'])}${more}`;
}

/** @param columns of the terminal; @param tableColumns World.tableColumns */
export function wavesText(
  { waves, outside, problems, notes = [] }: WavePlan,
  columns: number,
  tableColumns = Infinity,
): string {
  const out: string[] = [];
  const time = (minutes: number): string => (minutes === 0 ? '—' : formatSeconds(minutes * 60));
  const rows = waves.map(({ number, title, members, starts, ends, accepted, ...rest }) => [
    String(number),
    short(title, 34),
    String(members.length),
    starts ?? '—',
    ends ?? '—',
    accepted ?? '—',
    time(rest.copyMinutes),
    time(rest.testMinutes),
    String(rest.risks.filter(({ severity }) => severity === 'high').length),
  ]);
  if (rows.length === 0) out.push('No server moves in this plan.\n');
  else
    out.push(
      fittedTable(
        ['Wave', 'What', 'Servers', 'Starts', 'Ends', 'Signed', 'Copying', 'Testing', 'High risks'],
        rows,
        tableColumns,
        ['Signed', 'High risks', 'Testing', 'Copying'],
      ),
    );
  for (const wave of waves) {
    section(
      out,
      `Wave ${wave.number}: ${wave.title}`,
      [
        ...wave.members.map(
          ({ name, why, copyMinutes }) => `${name}, ${formatSeconds(copyMinutes * 60)} to copy: ${why}`,
        ),
        ...(wave.people.length === 0
          ? []
          : [`People: ${wave.people.map(({ role, does }) => `${role}: ${does}`).join(' ')}`]),
        ...wave.risks.map(({ severity, text, mitigation }) => `${severity} risk: ${text} ${mitigation}`),
        ...(wave.gates.length === 0
          ? []
          : [`Before the next wave: ${wave.gates.map(({ text }) => text).join(' ')}`]),
        `Way back: ${wave.rollback}`,
      ],
      columns,
    );
  }
  section(out, 'In no wave', together(outside), columns);
  section(out, 'To settle', problems, columns);
  section(out, 'To know', notes, columns);
  return out.join('');
}

export function whatIfText({ changes, overrides, summary }: WhatIf, columns: number): string {
  const out: string[] = summary.map((line) => `${wrap(`  ${line}`, columns, '  ')}\n`);
  if (changes.length === 0) out.push('  Nothing changes.\n');
  section(
    out,
    'What changes',
    changes.map(
      ({ name, before, after, why }) =>
        `${name}: ${before === '' ? 'nothing' : before} becomes ${after === '' ? 'nothing' : after}. ${why}`,
    ),
    columns,
  );
  section(
    out,
    'Decided by hand',
    overrides.map(({ name, text }) => `${name}: ${text}`),
    columns,
  );
  return out.join('');
}

/** A row for each figure, a column for each scenario; the best of a row is marked. */
export function comparisonText({ scenarios, rows }: Comparison): string {
  const cells = rows.map(({ title, unit, values, best }) => [
    title,
    ...values.map((value, at) => {
      const shown = value === null ? '—' : `${value}${unit === '' ? '' : ` ${unit}`}`;
      return best.includes(at) ? `${shown} *` : shown;
    }),
  ]);
  return `${table(['', ...scenarios.map((name) => short(name, 20))], cells)}* the best of its row.\n`;
}
