/** What was looked at, how, and how far it can be trusted. */
import { plural } from '../../base/text.ts';
import type { Section } from '../model.ts';
import {
  ALL,
  column,
  fact,
  facts,
  note,
  paragraph,
  SERVER,
  tableOf,
  TECHNICAL,
  type Chapter,
} from './section.ts';

export const method: Chapter = ({ study, summaries, collections, about }): Section => {
  const { context, scenario, estate, problems, plan } = study;
  const measured = summaries.filter(({ lastSample }) => lastSample !== null);
  const from = Math.min(...measured.map(({ firstSample }) => firstSample!));
  const to = Math.max(...measured.map(({ lastSample }) => lastSample!));
  const unmeasured = summaries.length - measured.length;
  const byId = new Map(summaries.map((one) => [one.id, one]));
  const profile = context.profile;
  const of = (percent: number): string => `${Math.round(percent * 100)} %`;
  return {
    id: 'method',
    title: 'Scope, method and data quality',
    audiences: ALL,
    lead:
      summaries.length === 0
        ? 'Nothing has been collected yet.'
        : unmeasured === 0
          ? `All ${plural(summaries.length, 'server')} were measured.`
          : `${measured.length} of ${plural(summaries.length, 'server')} were measured; of the others the plan takes what they are built of.`,
    blocks: [
      facts(
        fact('period-from', 'Measured from', measured.length === 0 ? null : from, 'time', {
          basis: 'measured',
        }),
        fact('period-to', 'Measured to', measured.length === 0 ? null : to, 'time', { basis: 'measured' }),
        fact('platform', 'Platform', context.platform.name, 'text', { basis: 'entered' }),
        fact('host', 'Host', context.host.name, 'text', { basis: 'entered' }),
        fact('profile', 'Profile', context.profileName, 'text', { basis: 'entered' }),
        fact('rules', 'Rules', estate.rules, 'text'),
        fact('scenario', 'Scenario', scenario.title ?? scenario.name, 'text', { basis: 'entered' }),
      ),
      paragraph(
        `Servers are sized by the ${profile.cpuPercentile} of processor use, the ${profile.memoryPercentile} of memory and the ${profile.ioPercentile} of input and output, times ${profile.comfort} for comfort. A host is filled to ${of(profile.hostCpu)} of its processors, ${of(profile.hostMemory)} of its memory, ${of(profile.hostDisk)} of its storage and ${of(profile.hostNetwork)} of its network at most.`,
      ),
      paragraph(
        'Servers are added up for each part of a typical week, not by their peaks: two servers that are busy at different hours share what neither needs all the time. The same question always gives the same plan.',
      ),
      ...(plan.totals.placed > 0
        ? [
            paragraph(
              `No plan can do with fewer than ${plural(plan.bound.hosts, 'host')} (${plan.bound.by}).`,
            ),
          ]
        : []),
      ...(about.notes === '' ? [] : [paragraph(about.notes)]),
    ],
    sections: [
      {
        id: 'coverage',
        title: 'What was seen of each server',
        audiences: TECHNICAL,
        lead: 'A verdict is as good as the figures under it: stars say how good that is.',
        blocks: [
          {
            kind: 'chart',
            id: 'stars',
            title: 'Confidence',
            summary: [1, 2, 3, 4, 5]
              .map(
                (count) =>
                  `${plural(count, 'star')}: ${estate.assessments.filter(({ confidence }) => confidence.stars === count).length}`,
              )
              .join('; '),
            spec: {
              kind: 'histogram',
              unit: 'stars',
              bins: [1, 2, 3, 4, 5].map((count) => ({
                from: count,
                to: count,
                count: estate.assessments.filter(({ confidence }) => confidence.stars === count).length,
              })),
            },
          },
          tableOf({
            id: 'coverage',
            title: 'Data quality',
            columns: [
              SERVER,
              column('days', 'Days', 'number'),
              column('coverage', 'Samples there', 'share'),
              column('stars', 'Stars', 'count'),
              column('confidence', 'Confidence', 'score'),
              column('held-down-by', 'Held down by', 'text', { width: 4 }),
            ],
            rows: estate.assessments.map(({ server, name, confidence }) => {
              const rollup = byId.get(server)?.rollup ?? null;
              return [
                name,
                rollup === null ? null : rollup.days,
                rollup === null ? null : rollup.coverage,
                confidence.stars,
                confidence.value,
                confidence.caps.map(({ why }) => why).join(' ') || null,
              ];
            }),
            empty: 'No servers have been collected yet.',
          }),
          ...(problems.length === 0
            ? []
            : [
                note('conditions', `${plural(problems.length, 'server')} could not be read as a whole.`),
                tableOf({
                  id: 'problems',
                  title: 'What could not be read',
                  columns: [
                    column('what', 'What happened', 'text', { width: 3 }),
                    column('next', 'What to do', 'text', { width: 3 }),
                  ],
                  rows: problems.map(({ message, next }) => [message, next]),
                  empty: '',
                }),
              ]),
        ],
        sections: [],
      },
      {
        id: 'collections',
        title: 'Where the data come from',
        audiences: TECHNICAL,
        lead: `${plural(collections.length, 'collection')}, ${plural(
          collections.reduce((sum, { counts }) => sum + counts.samples, 0),
          'sample',
        )} in all.`,
        blocks: [
          tableOf({
            id: 'collections',
            title: 'Collections',
            columns: [
              column('collector', 'How', 'text'),
              column('source', 'From', 'text', { width: 2, secret: 'path' }),
              column('started', 'Begun', 'time'),
              column('finished', 'Ended', 'time'),
              column('servers', 'Servers', 'count'),
              column('samples', 'Samples', 'count', { total: true }),
              column('problems', 'Lines not understood', 'count', { total: true }),
              column('digest', 'SHA-256 of the file', 'text', { width: 2 }),
            ],
            rows: collections.map(({ collector, source, startedAt, finishedAt, counts, digest }) => [
              collector,
              source,
              startedAt,
              finishedAt,
              counts.servers,
              counts.samples,
              counts.problems,
              digest,
            ]),
            empty: 'Nothing has been collected yet.',
          }),
        ],
        sections: [],
      },
      {
        id: 'units',
        title: 'Units',
        audiences: TECHNICAL,
        lead: 'Sizes are binary: 1 GiB is 1024 MiB. Rates are per second. A figure that is not there was not measured.',
        blocks: [],
        sections: [],
      },
    ],
  };
};
