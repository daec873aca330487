/** Plans of several scenarios side by side: one row for each figure, one column for each plan. */
import type { Plan } from './model/plan.ts';
import { RESOURCE_TITLES } from './reasons.ts';
import type { ResourceName } from '../assess/model/demand.ts';

export interface ComparisonRow {
  id: string;
  title: string;
  /** '' for plain numbers and words. */
  unit: string;
  /** One for each plan, in their order; null: does not apply. */
  values: (number | string | null)[];
  /** Which end of the row is better; null: neither. */
  better: 'less' | 'more' | null;
  /** Indices of the plans with the best value; empty where all are the same or neither is better. */
  best: number[];
}

export interface Comparison {
  scenarios: string[];
  rows: ComparisonRow[];
}

interface Figure {
  id: string;
  title: string;
  unit: string;
  better: ComparisonRow['better'];
  of: (plan: Plan) => number | string | null;
}

const percent = (share: number): number => Math.round(share * 1000) / 10;
const peakOf = (plan: Plan, resource: ResourceName): number | null =>
  plan.hosts.length === 0 ? null : percent(Math.max(...plan.hosts.map(({ use }) => use[resource].peak)));

const count = (
  id: string,
  title: string,
  better: Figure['better'],
  of: (plan: Plan) => number | null,
): Figure => ({ id, title, unit: '', better, of });
const share = (
  id: string,
  title: string,
  better: Figure['better'],
  of: (plan: Plan) => number | null,
): Figure => ({ id, title, unit: '%', better, of });

const FIGURES: readonly Figure[] = [
  count('servers', 'Servers of the scenario', null, ({ totals }) => totals.servers),
  count('placed', 'Servers placed', 'more', ({ totals }) => totals.placed),
  count('unplaced', 'Servers without a place', 'less', ({ unplaced }) => unplaced.length),
  count('elsewhere', 'Servers that go elsewhere', null, ({ elsewhere }) => elsewhere.length),
  count('hosts', 'Hosts', 'less', ({ totals }) => totals.hosts),
  count('bought', 'Hosts to buy', 'less', ({ hosts }) => hosts.filter(({ existing }) => !existing).length),
  count('osHosts', 'Hosts of OS virtualization', 'less', ({ osGroups }) =>
    osGroups.reduce((sum, { hosts }) => sum + hosts, 0),
  ),
  count('ratio', 'Servers on a host', 'more', ({ totals }) => Math.round(totals.ratio * 10) / 10),
  {
    id: 'binding',
    title: 'What is full first',
    unit: '',
    better: null,
    of: commonestBinding,
  },
  count('bound', 'Hosts any plan needs', null, ({ bound }) => bound.hosts),
  share('gap', 'Hosts above that', 'less', ({ bound }) => percent(bound.gap)),
  share('cpu', 'Highest use of processors', null, (plan) => peakOf(plan, 'cpu')),
  share('memory', 'Highest use of memory', null, (plan) => peakOf(plan, 'memory')),
  share('disk', 'Highest use of disk throughput', null, (plan) => peakOf(plan, 'diskBytes')),
  share('network', 'Highest use of the network', null, (plan) => peakOf(plan, 'networkBytes')),
  count('failures', 'Host failures planned for', 'more', ({ failover }) => failover.failures),
  {
    id: 'failover',
    title: 'Failover proved',
    unit: '',
    better: null,
    of: ({ failover }) => (failover.failures === 0 ? 'not planned' : failover.proved ? 'yes' : 'no'),
  },
  count('blast', 'Machines hit by one fault at most', 'less', ({ hosts }) =>
    hosts.reduce((most, { blastRadius }) => Math.max(most, blastRadius.machines), 0),
  ),
  count('clashes', 'Backups that clash', 'less', ({ backup }) => backup.clashes.length),
  count('sumOfPeaks', 'Hosts by sum of peaks', null, ({ totals }) => totals.sumOfPeaksHosts),
  count('sumOfP95', 'Hosts by sum of 95th percentiles', null, ({ totals }) => totals.sumOfP95Hosts),
  count('managedAfter', 'Systems to manage afterwards', 'less', ({ totals }) => totals.managedAfter),
  count('warnings', 'Warnings', 'less', ({ warnings, hosts }) =>
    hosts.reduce((sum, host) => sum + host.warnings.length, warnings.length),
  ),
];

export function comparePlans(plans: readonly Plan[]): Comparison {
  return {
    scenarios: plans.map(({ scenario }) => scenario),
    rows: FIGURES.map(({ of, ...figure }) => {
      const values = plans.map(of);
      return { ...figure, values, best: bestOf(values, figure.better) };
    }),
  };
}

function bestOf(values: ComparisonRow['values'], better: ComparisonRow['better']): number[] {
  const numbers = values.filter((value) => typeof value === 'number');
  if (better === null || numbers.length === 0 || new Set(numbers).size === 1) return [];
  const best = better === 'less' ? Math.min(...numbers) : Math.max(...numbers);
  return values.flatMap((value, at) => (value === best ? [at] : []));
}

/** Of all hosts with machines; the first in the order of resources where several are as common. */
function commonestBinding({ hosts }: Plan): string | null {
  const counts = new Map<string, number>();
  for (const { binding } of hosts)
    if (binding !== 'none') counts.set(binding, (counts.get(binding) ?? 0) + 1);
  const common = Object.keys(RESOURCE_TITLES).reduce<string | null>(
    (most, name) => ((counts.get(name) ?? 0) > (most === null ? 0 : counts.get(most)!) ? name : most),
    null,
  );
  return common === null ? null : RESOURCE_TITLES[common as keyof typeof RESOURCE_TITLES];
}
