/** What it saves and what it costs, with every assumption; what has no price is left out and said so. */
import { plural } from '../../base/text.ts';
import type { Block, Section } from '../model.ts';
import { ALL, column, list, namesOf, note, tableOf, TECHNICAL, withNames, type Chapter } from './section.ts';

/** How the note on what has no price begins. */
export const LEFT_OUT = 'Left out, for nothing is guessed:';

export const savings: Chapter = (input): Section => {
  const {
    lines,
    omitted,
    cashFlow,
    sensitivity,
    assumptions,
    warnings = [],
    notes = [],
    licensing,
  } = input.study.savings;
  const names = namesOf(input);
  const { currency } = input.about;
  const last = cashFlow?.at(-1) ?? null;
  const paysBack = cashFlow?.find(({ cumulative, year }) => year > 0 && cumulative >= 0) ?? null;
  const energy = lines.find(({ id, unit }) => id === 'power' && unit === 'kWh');
  return {
    id: 'savings',
    title: 'Savings',
    audiences: ALL,
    lead:
      // A sum of nothing is not negative, and pays nothing back.
      input.study.plan.totals.placed === 0
        ? 'Nothing can be reckoned yet.'
        : last !== null
          ? paysBack === null
            ? `It does not pay back within ${plural(last.year, 'year')}.`
            : `It pays back within ${plural(paysBack.year, 'year')}.`
          : energy === undefined
            ? 'Nothing can be reckoned yet.'
            : `${Math.abs(Math.round(energy.before - energy.after))} kWh a year ${energy.before < energy.after ? 'more' : 'less'}; money is left out, for prices are missing.`,
    blocks: [
      tableOf({
        id: 'savings',
        title: 'Before and after',
        columns: [
          column('what', 'What', 'text', { width: 3 }),
          column('before', 'Before', 'number'),
          column('after', 'After', 'number'),
          column('saved', 'Saved', 'number'),
          column('unit', 'Unit', 'text'),
          column('per', 'Per', 'text'),
          column('basis', 'How it was reckoned', 'text', { width: 6 }),
        ],
        rows: lines.map(({ title, before, after, unit, perYear, basis }) => [
          title,
          before,
          after,
          before - after,
          unit,
          perYear ? 'year' : 'once',
          basis,
        ]),
        empty: 'Nothing can be reckoned yet.',
      }),
      ...(omitted.length === 0
        ? []
        : [
            note(
              'information',
              `${LEFT_OUT} ${omitted.map(({ id, missing }) => `${id} (${missing} is missing)`).join(', ')}.`,
            ),
          ]),
      ...(cashFlow === null
        ? []
        : ([
            {
              kind: 'chart',
              id: 'cash-flow',
              title: 'Sum over the years',
              summary: cashFlow
                .map(({ year, cumulative }) => `year ${year}: ${Math.round(cumulative)} ${currency}`)
                .join('; '),
              spec: {
                kind: 'steps',
                unit: currency,
                start: 0,
                steps: cashFlow.map(({ year, net }) => ({ title: `Year ${year}`, change: net })),
              },
            },
            tableOf({
              id: 'cash-flow',
              title: 'Cash flow',
              columns: [
                column('year', 'Year', 'count'),
                column('costs', 'Costs', 'money', { total: true }),
                column('savings', 'Savings', 'money', { total: true }),
                column('net', 'Net', 'money', { total: true }),
                column('cumulative', 'Sum', 'money'),
              ],
              rows: cashFlow.map(({ year, costs, savings: saved, net, cumulative }) => [
                year,
                costs,
                saved,
                net,
                cumulative,
              ]),
              empty: '',
            }),
          ] satisfies Block[])),
      ...(sensitivity === null
        ? []
        : [
            note(
              'information',
              `With what is saved 20 % cheaper and what is spent 20 % dearer the sum is ${Math.round(sensitivity.low)} ${currency}, the other way round ${Math.round(sensitivity.high)} ${currency}.`,
            ),
          ]),
      ...warnings.map((text) => note('conditions', withNames(text, names))),
    ],
    sections: [
      {
        id: 'assumptions',
        title: 'What the figures rest on',
        audiences: ALL,
        lead: `${plural(assumptions.length, 'assumption')}.`,
        blocks: [
          ...list(assumptions.map((text) => withNames(text, names))),
          ...list(notes.map((text) => withNames(text, names))),
        ],
        sections: [],
      },
      {
        id: 'licences',
        title: 'Licences',
        audiences: TECHNICAL,
        lead:
          licensing === undefined
            ? 'No licences were looked at.'
            : 'Windows Server by host, and products that are licensed by the hosts they run on.',
        blocks:
          licensing === undefined
            ? []
            : [
                tableOf({
                  id: 'windows-licences',
                  title: 'Windows Server',
                  columns: [
                    column('host', 'Host', 'text', { secret: 'host' }),
                    column('machines', 'Machines', 'count', { total: true }),
                    column('cores', 'Cores', 'count', { total: true }),
                    column('sets', 'Sets of Standard', 'count', { total: true }),
                    column('edition', 'Cheaper', 'text'),
                    column('cost', 'Cost', 'money', { total: true }),
                  ],
                  rows: licensing.windows.map(({ host, machines, cores, standardSets, edition, cost }) => [
                    host,
                    machines,
                    cores,
                    standardSets,
                    edition,
                    cost,
                  ]),
                  empty: 'No machine runs Windows Server.',
                }),
                tableOf({
                  id: 'host-licences',
                  title: 'Products licensed by hosts',
                  columns: [
                    column('group', 'Product', 'text', { width: 2 }),
                    column('servers', 'Servers', 'count'),
                    column('hosts', 'Hosts', 'count'),
                    column('cores', 'Cores to license', 'count'),
                    column('all', 'Cores of all hosts', 'count'),
                    column('saved', 'Cores saved', 'count'),
                  ],
                  rows: licensing.groups.map(({ group, servers, hosts, cores, coresOfAll, saved }) => [
                    group,
                    servers,
                    hosts,
                    cores,
                    coresOfAll,
                    saved,
                  ]),
                  empty: 'There are none.',
                }),
              ],
        sections: [],
      },
    ],
  };
};
