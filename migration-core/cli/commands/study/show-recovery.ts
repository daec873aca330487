/** The recovery site as a person reads it at a terminal. */
import { plural } from '../../../base/text.ts';
import type { RecoveryPlan, RecoveryQuestion } from '../../../plan/recovery.ts';
import { table, wrap } from '../../terminal.ts';
import { short, some } from './show-assessment.ts';
import { firstSentence, section } from './show-plan.ts';

const percent = (share: number): string => `${Math.round(share * 100)} %`;
const siteOf = (site: string | null): string => (site === null ? 'no site told' : short(site, 24));

export function recoveryText(
  plan: RecoveryPlan,
  together: RecoveryQuestion['sites'],
  columns: number,
): string {
  const out: string[] = [];
  const say = (text: string): void => void out.push(`${wrap(text, columns, '  ')}\n`);
  const who =
    plan.least === 'critical' ? 'critical servers' : `servers of criticality ${plan.least} and above`;
  const placed = plan.sites.reduce((sum, { servers }) => sum + servers.length, 0);
  if (placed === 0) say(`Nothing fails over: no ${who} become virtual machines in this plan.`);
  else {
    say(
      `${plural(plan.hosts, 'host')} at the recovery site, of model ${plan.template}, for ${who}: ${
        together === 'largest' ? 'as many as the largest site needs' : 'the sum of what the sites need'
      }.`,
    );
    say(
      `On that day a host may be filled up to ${percent(plan.ceilings.cpu)} of its processors and ${percent(plan.ceilings.memory)} of its memory, and no further host fails. ${plural(plan.left, 'server')} ${plan.left === 1 ? 'is' : 'are'} not planned to fail over.`,
    );
    out.push(
      `\n${table(
        ['Site', 'Hosts', 'Servers', 'Which'],
        plan.sites.map(({ site, hosts, names }) => [
          siteOf(site),
          String(hosts),
          String(names.length),
          some(names),
        ]),
      )}`,
    );
  }
  section(
    out,
    'Without a place',
    plan.sites.flatMap(({ unplaced }) => unplaced.map(({ name, why, next }) => `${name}: ${why} ${next}`)),
    columns,
  );
  section(
    out,
    'Important, and no virtual machine: they need a way of their own',
    plan.sites.flatMap(({ elsewhere }) => elsewhere.map(({ name, why }) => `${name}: ${firstSentence(why)}`)),
    columns,
  );
  section(out, 'To know', plan.warnings, columns);
  return out.join('');
}
