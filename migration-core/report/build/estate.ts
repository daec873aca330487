/** What there is: systems, hardware, and how much of it is used. */
import { plural } from '../../base/text.ts';
import type { ReportInput } from '../input.ts';
import type { Section } from '../model.ts';
import {
  ALL,
  column,
  list,
  paragraph,
  SERVER,
  SERVERS,
  tableOf,
  TECHNICAL,
  withNames,
  namesOf,
  type Chapter,
} from './section.ts';

/** How many have each value, the commonest first; names in the order of the alphabet where they are equally many. */
function tally(values: readonly (string | null)[]): { title: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value ?? 'not known', (counts.get(value ?? 'not known') ?? 0) + 1);
  return [...counts]
    .map(([title, count]) => ({ title, count }))
    .sort((a, b) => b.count - a.count || (a.title < b.title ? -1 : 1));
}

const BINS = [0, 5, 10, 20, 30, 50, 75, 100] as const;

export const estate: Chapter = (input): Section => {
  const { study, summaries } = input;
  const systems = tally(summaries.map(({ operatingSystem }) => operatingSystem));
  const models = tally(
    summaries.map(({ vendor, model }) =>
      model === null ? null : vendor === null ? model : `${vendor} ${model}`,
    ),
  );
  const idle = study.estate.assessments.filter(({ usage }) => usage === 'idle' || usage === 'zombie');
  const inScope = new Set(study.estate.assessments.map(({ server }) => server));
  const scope = summaries.filter(({ id }) => inScope.has(id));
  const loads = scope.flatMap(({ rollup }) =>
    rollup?.cpuP95 === null || rollup === null ? [] : [rollup.cpuP95],
  );
  return {
    id: 'estate',
    title: 'The servers of today',
    audiences: ALL,
    lead:
      loads.length === 0
        ? `${plural(scope.length, 'server')}, none of them measured.`
        : `${plural(scope.length, 'server')}; half of those measured use less than ${Math.round(median(loads))} % of their processors at the 95th percentile.`,
    blocks: [
      {
        kind: 'chart',
        id: 'processor-use',
        title: 'Processor use, 95th percentile',
        summary: BINS.slice(0, -1)
          .map((from, index) => `${from} to ${BINS[index + 1]!} %: ${between(loads, from, BINS[index + 1]!)}`)
          .join('; '),
        spec: {
          kind: 'histogram',
          unit: '% of all processors',
          bins: BINS.slice(0, -1).map((from, index) => ({
            from,
            to: BINS[index + 1]!,
            count: between(loads, from, BINS[index + 1]!),
          })),
        },
      },
      tableOf(counted('systems', 'Operating systems', 'System', systems)),
      tableOf(counted('models', 'Hardware', 'Model', models)),
      ...(idle.length === 0
        ? []
        : [
            paragraph(
              `${plural(idle.length, 'server')} hardly used: retiring them is cheaper than moving them.`,
            ),
            ...list(idle.slice(0, 12).map(({ name }) => withNames(name, namesOf(input)))),
          ]),
    ],
    sections: [
      {
        id: 'inventory',
        title: 'Inventory',
        audiences: SERVERS,
        lead: 'One line for each server: what it is, and the 95th percentile of what it uses.',
        blocks: [
          tableOf({
            id: 'inventory',
            title: 'Inventory',
            columns: [
              SERVER,
              column('vendor', 'Vendor', 'text'),
              column('model', 'Model', 'text', { width: 2 }),
              column('serial', 'Serial number', 'text', { secret: 'serial' }),
              column('system', 'Operating system', 'text', { width: 2 }),
              column('cores', 'Cores', 'count', { total: true }),
              column('memory', 'Memory', 'bytes', { total: true }),
              column('disk', 'Disk', 'bytes', { total: true }),
              column('cpu-mean', 'CPU mean', 'share'),
              column('cpu-p95', 'CPU p95', 'share'),
              column('memory-p95', 'Memory used p95', 'bytes'),
              column('iops-p95', 'Disk p95', 'number', { unit: 'IOPS' }),
              column('disk-p95', 'Disk p95', 'bytes-rate'),
              column('network-p95', 'Network p95', 'bytes-rate'),
            ],
            rows: scope.map(
              ({ identity, vendor, model, operatingSystem, cores, memoryBytes, diskBytes, rollup }) => [
                identity.name,
                vendor,
                model,
                identity.serial ?? null,
                operatingSystem,
                cores,
                memoryBytes,
                diskBytes,
                share(rollup?.cpuMean),
                share(rollup?.cpuP95),
                rollup?.memoryUsedP95 ?? null,
                rollup?.diskOperationsP95 ?? null,
                rollup?.diskBytesP95 ?? null,
                rollup?.networkBytesP95 ?? null,
              ],
            ),
            empty: 'No servers have been collected yet.',
          }),
        ],
        sections: [],
      },
      {
        id: 'groups',
        title: 'Servers that are alike',
        audiences: TECHNICAL,
        lead:
          study.estate.groups.length === 0
            ? 'No two servers are so much alike that one recipe would do for both.'
            : `${plural(study.estate.groups.length, 'group')}: what is worked out for one of them holds for all.`,
        blocks: [
          tableOf({
            id: 'groups',
            title: 'Groups',
            columns: [
              column('kind', 'Kind', 'text'),
              column('title', 'What they share', 'text', { width: 3 }),
              column('members', 'Servers', 'count'),
              column('pilot', 'Begin with', 'text', { secret: 'server' }),
              column('similarity', 'Least alike', 'share'),
              column('memory-saved', 'Memory saved', 'bytes'),
            ],
            rows: study.estate.groups.map(({ kind, title, members, pilot, similarity, saved }) => [
              kind === 'cookie-cutter' ? 'one recipe' : 'one operating system',
              title,
              members.length,
              nameOf(input, pilot),
              similarity,
              saved?.memoryBytes ?? null,
            ]),
            empty: 'No two servers are alike enough.',
          }),
        ],
        sections: [],
      },
    ],
  };
};

export const nameOf = ({ study }: ReportInput, server: number): string =>
  study.facts.find(({ id }) => id === server)?.name ?? String(server);

const share = (percent: number | null | undefined): number | null =>
  percent === null || percent === undefined ? null : percent / 100;

const between = (values: readonly number[], from: number, to: number): number =>
  values.filter((value) => value >= from && (value < to || (to === 100 && value >= 100))).length;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)]!;
}

const counted = (id: string, title: string, what: string, counts: { title: string; count: number }[]) => ({
  id,
  title,
  columns: [
    column('what', what, 'text', { width: 4 }),
    column('servers', 'Servers', 'count', { total: true }),
  ],
  rows: counts.map(({ title: name, count }) => [name, count]),
  empty: 'Nothing is known of them yet.',
});
