/** Onto how many hosts, how full they get, and what happens when one fails. */
import { RESOURCES, type ResourceName } from '../../assess/model/demand.ts';
import { plural } from '../../base/text.ts';
import { clock, shortSlotText } from '../../plan/build/units.ts';
import type { PlanHost } from '../../plan/model/plan.ts';
import type { Block, Section } from '../model.ts';
import {
  ALL,
  column,
  fact,
  facts,
  list,
  namesOf,
  note,
  paragraph,
  SERVER,
  SERVERS,
  staleNote,
  tableOf,
  TECHNICAL,
  withNames,
  type Chapter,
} from './section.ts';

export const RESOURCE_NAMES: Record<PlanHost['binding'], string> = {
  cpu: 'Processors',
  memory: 'Memory',
  diskOperations: 'Disk operations',
  diskBytes: 'Disk throughput',
  networkBytes: 'Network',
  storage: 'Disk space',
  vcpus: 'Virtual processors',
  machines: 'Number of machines',
  none: 'Nothing',
};

const HOST = column('host', 'Host', 'text', { secret: 'host' });
/** Paper shows the week of so many hosts; the fullest first. */
const STRIPS_ON_PAPER = 8;

export const plan: Chapter = (input): Section => {
  const { plan: planned, context } = input.study;
  const { totals, bound, failover, hosts, unplaced, elsewhere, osGroups, constraints, warnings } = planned;
  const names = namesOf(input);
  const say = (text: string) => withNames(text, names);
  const fullest = [...hosts].sort((a, b) => fill(b) - fill(a) || (a.name < b.name ? -1 : 1));
  return {
    id: 'plan',
    title: 'Consolidation plan',
    audiences: ALL,
    lead:
      totals.placed === 0
        ? 'No server becomes a virtual machine in this plan.'
        : `${plural(totals.placed, 'server')} on ${plural(totals.hosts, 'host')}, ${totals.ratio.toFixed(1)} on each; no plan can do with fewer than ${bound.hosts}.`,
    blocks: [
      ...staleNote(input),
      facts(
        fact('plan-hosts', 'Hosts', totals.hosts, 'count', { basis: 'computed' }),
        fact('plan-placed', 'Virtual machines', totals.placed, 'count', { basis: 'computed' }),
        fact('plan-bound', 'Fewest possible', bound.hosts, 'count', { basis: 'computed' }),
        fact('plan-gap', 'Above that, without hosts for failures', bound.gap, 'share', { basis: 'computed' }),
        fact('plan-peaks', 'By adding up peaks', totals.sumOfPeaksHosts, 'count', { basis: 'computed' }),
        fact('plan-p95', 'By adding up 95th percentiles', totals.sumOfP95Hosts, 'count', {
          basis: 'computed',
        }),
        fact('plan-spare', 'Hosts for failures alone', hosts.filter(({ spare }) => spare).length, 'count', {
          basis: 'computed',
        }),
      ),
      ...(hosts.length === 0
        ? []
        : ([
            {
              kind: 'chart',
              id: 'host-fill',
              title: 'How full the fullest resource of each host gets',
              summary: say(
                `The fullest is ${fullest[0]!.name} with ${Math.round(fill(fullest[0]!) * 100)} % of ${RESOURCE_NAMES[fullest[0]!.binding].toLowerCase()}.`,
              ),
              spec: {
                kind: 'bars',
                unit: '%',
                bars: hosts.map((host) => {
                  const binding = resourceOf(host);
                  return {
                    title: host.name,
                    value: host.use[binding].peak * 100,
                    ceiling: host.use[binding].ceiling * 100,
                  };
                }),
              },
            },
          ] satisfies Block[])),
      tableOf({
        id: 'hosts',
        title: 'Hosts',
        columns: [
          HOST,
          column('template', 'Model', 'text', { width: 2 }),
          column('state', 'State', 'text'),
          column('machines', 'Machines', 'count', { total: true }),
          column('cpu', 'CPU peak', 'share'),
          column('memory', 'Memory peak', 'share'),
          column('iops', 'Disk operations peak', 'share'),
          column('disk', 'Disk throughput peak', 'share'),
          column('network', 'Network peak', 'share'),
          column('binding', 'Full first', 'text'),
          column('when', 'At', 'text'),
          column('vcpus-per-core', 'vCPUs a core', 'number'),
        ],
        rows: hosts.map((host) => [
          host.name,
          host.template,
          host.existing ? 'there already' : host.spare ? 'spare' : 'to buy',
          host.servers.length,
          ...RESOURCES.map((resource) => host.use[resource].peak),
          RESOURCE_NAMES[host.binding],
          shortSlotText(host.use[resourceOf(host)].slot, context.profile.shape, 'month end'),
          host.vcpusPerCore,
        ]),
        empty: 'No hosts are needed.',
      }),
      ...(totals.placed === 0
        ? []
        : failover.proved
          ? [
              paragraph(
                `Every ${failover.failures === 1 ? 'host' : `set of ${failover.failures} hosts`} was taken out of the plan and its machines packed onto the others: there is room each time (${plural(failover.sets, 'case')}${failover.exhaustive ? ', which are all there are' : ''}).`,
              ),
            ]
          : [
              note('stop', `The loss of ${plural(failover.failures, 'host')} is not survived.`),
              ...list(
                failover.gaps
                  .slice(0, 10)
                  .map(({ hosts: lost, servers }) =>
                    say(
                      `Without ${lost.join(', ')} there is no room for ${servers.slice(0, 8).join(', ')}${servers.length > 8 ? ` and ${servers.length - 8} more` : ''}.`,
                    ),
                  ),
              ),
            ]),
      ...list(warnings.map(say)),
    ],
    sections: [
      {
        id: 'host-weeks',
        title: 'Load of the hosts over a week',
        audiences: TECHNICAL,
        lead: `Each strip is a typical week from Monday to Sunday; the line is what may be used.`,
        blocks: fullest.slice(0, STRIPS_ON_PAPER).flatMap((host): Block[] => {
          const strips = input.strips.get(host.name);
          if (strips === undefined) return [];
          return [
            {
              kind: 'chart',
              id: `week-${host.name}`,
              title: host.name,
              summary: say(
                `${host.name}: ${RESOURCES.map((resource) => `${RESOURCE_NAMES[resource].toLowerCase()} ${Math.round(host.use[resource].peak * 100)} %`).join(', ')} at most.`,
              ),
              spec: {
                kind: 'week',
                unit: '%',
                ceiling: host.use[resourceOf(host)].ceiling * 100,
                rows: (['cpu', 'memory', 'diskOperations', 'networkBytes'] as const).map((resource) => ({
                  title: RESOURCE_NAMES[resource],
                  values: strips[resource].map((value) => value * 100),
                })),
              },
            },
          ];
        }),
        sections: [],
      },
      {
        id: 'placement',
        title: 'Which server on which host',
        audiences: SERVERS,
        lead: `${plural(totals.placed, 'server')} placed.`,
        blocks: [
          tableOf({
            id: 'placement',
            title: 'Placement',
            columns: [
              SERVER,
              HOST,
              column('vcpus', 'vCPUs', 'count', { total: true }),
              column('memory', 'Memory', 'bytes', { total: true }),
            ],
            rows: hosts.flatMap(({ name: host, servers }) =>
              servers.map(({ name, vcpus, memoryBytes }) => [name, host, vcpus, memoryBytes]),
            ),
            empty: 'No server is placed.',
            // One short line for each: of a thousand servers each is found in print.
            paperRows: 1000,
          }),
        ],
        sections: [],
      },
      {
        id: 'elsewhere',
        title: 'Servers that do not become virtual machines',
        audiences: SERVERS,
        lead: `${plural(elsewhere.length + unplaced.length, 'server')}: every server is in the plan or in this list.`,
        blocks: [
          tableOf({
            id: 'elsewhere',
            title: 'Elsewhere',
            columns: [
              SERVER,
              column('outcome', 'What becomes of it', 'text', { width: 2 }),
              column('why', 'Why', 'text', { width: 6 }),
            ],
            rows: [
              ...unplaced.map(({ name, why, next }) => [name, 'no place in the plan', `${why} ${next}`]),
              ...elsewhere.map(({ name, outcome, why }) => [name, ELSEWHERE[outcome] ?? outcome, why]),
            ],
            empty: 'All servers become virtual machines.',
          }),
          ...(osGroups.length === 0
            ? []
            : [
                tableOf({
                  id: 'shared-systems',
                  title: 'Servers that could share one operating system',
                  columns: [
                    column('title', 'What they share', 'text', { width: 4 }),
                    column('servers', 'Servers', 'count', { total: true }),
                    column('hosts', 'Hosts', 'count', { total: true }),
                    column('memory', 'Memory saved', 'bytes', { total: true }),
                    column('disk', 'Disk saved', 'bytes', { total: true }),
                  ],
                  rows: osGroups.map(({ title, servers, hosts: needed, saved }) => [
                    title,
                    servers.length,
                    needed,
                    saved.memoryBytes,
                    saved.diskBytes,
                  ]),
                  empty: '',
                }),
              ]),
        ],
        sections: [],
      },
      {
        id: 'constraints',
        title: 'Rules that the plan keeps',
        audiences: TECHNICAL,
        lead: `${plural(constraints.length, 'rule')}, asked for or found from what the servers are.`,
        blocks: [
          tableOf({
            id: 'constraints',
            title: 'Rules kept',
            columns: [
              column('kind', 'Kind', 'text'),
              column('origin', 'From', 'text'),
              column('why', 'Rule', 'text', { width: 6 }),
            ],
            rows: constraints.map(({ kind, origin, why }) => [
              kind,
              origin === 'found' ? 'found' : 'scenario',
              why,
            ]),
            empty: 'There are none.',
          }),
          ...(input.comparison === null || input.comparison.scenarios.length < 2
            ? []
            : [
                tableOf({
                  id: 'scenarios',
                  title: 'Scenarios side by side',
                  columns: [
                    column('figure', 'Figure', 'text', { width: 3 }),
                    ...input.comparison.scenarios.map((scenario, index) =>
                      column(`scenario-${index + 1}`, scenario, 'text'),
                    ),
                  ],
                  rows: input.comparison.rows.map(({ title, unit, values }) => [
                    unit === '' ? title : `${title} (${unit})`,
                    ...values.map((value) => (value === null ? null : String(value))),
                  ]),
                  empty: '',
                }),
              ]),
        ],
        sections: [],
      },
      backups(input),
    ],
  };
};

const ELSEWHERE: Record<string, string> = {
  'keep-physical': 'stays physical',
  'os-virtualization': 'shares an operating system',
  clustering: 'becomes part of a cluster',
  unknown: 'too little is known',
  'already-virtual': 'is virtual already',
  retire: 'is retired',
  excluded: 'left out of the scenario',
  'good-candidate': 'not planned',
  'candidate-with-conditions': 'not planned',
};

const backups: (input: Parameters<Chapter>[0]) => Section = (input) => {
  const { backup } = input.study.plan;
  const names = namesOf(input);
  const moved = backup.runs.filter(({ movedFrom }) => movedFrom !== null).length;
  const server = new Map(input.study.facts.map(({ id, name }) => [id, name]));
  return {
    id: 'backups',
    title: 'Backup windows',
    audiences: ['technical'],
    lead:
      backup.runs.length === 0
        ? 'No backups are known.'
        : `${plural(backup.runs.length, 'backup')}${moved === 0 ? ', all where they are today' : `; ${moved} start at another time than today`}.`,
    blocks: [
      ...(backup.runs.length === 0
        ? []
        : ([
            {
              kind: 'chart',
              id: 'backup-windows',
              title: 'Backups of a night, by host',
              summary: `${plural(new Set(backup.runs.map(({ host }) => host)).size, 'host')} with backups.`,
              spec: {
                kind: 'spans',
                unit: 'minutes',
                from: 0,
                to: 1440,
                rows: [...Map.groupBy(backup.runs, ({ host }) => host)].map(([host, runs]) => ({
                  title: host,
                  spans: runs.flatMap(({ server: id, startMinute, endMinute }) => {
                    const title = server.get(id) ?? String(id);
                    return endMinute > startMinute
                      ? [{ from: startMinute, to: endMinute, title }]
                      : [
                          { from: startMinute, to: 1440, title },
                          { from: 0, to: endMinute, title },
                        ];
                  }),
                })),
              },
            },
          ] satisfies Block[])),
      tableOf({
        id: 'backups',
        title: 'Backups',
        columns: [
          SERVER,
          HOST,
          column('start', 'Start', 'text'),
          column('end', 'End', 'text'),
          column('was', 'Today', 'text'),
          column('method', 'How', 'text'),
        ],
        rows: backup.runs.map(({ server: id, host, startMinute, endMinute, movedFrom, method }) => [
          server.get(id) ?? String(id),
          host,
          clock(startMinute),
          clock(endMinute),
          movedFrom === null ? clock(startMinute) : clock(movedFrom),
          method,
        ]),
        empty: 'No backups are known.',
      }),
      ...list(backup.clashes.map(({ text, next }) => withNames(`${text} ${next}`, names))),
    ],
    sections: [],
  };
};

const resourceOf = ({ binding, use }: PlanHost): ResourceName =>
  RESOURCES.find((resource) => resource === binding) ??
  RESOURCES.reduce((best, resource) => (use[resource].peak > use[best].peak ? resource : best));
const fill = (host: PlanHost): number => host.use[resourceOf(host)].peak;
