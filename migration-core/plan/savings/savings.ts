/**
 * What the move saves and costs. A line whose price is missing is left out and named in `omitted`; nothing is put in its
 * place. What had to be assumed is in `assumptions`, each with how many servers it was assumed of.
 */
import type { Savings, SavingsLine } from '../model/waves.ts';
import { SAVINGS_RULES } from '../rules/savings.ts';
import { cents, savingsContext, type SavingsContext, type SavingsInput } from './context.ts';
import {
  hostLines,
  licenceLines,
  maintenanceLines,
  migrationLines,
  platformLines,
  refreshLines,
} from './lines-money.ts';
import { powerLines, spaceLines } from './lines-power.ts';

export type { SavingsInput } from './context.ts';

/** Order of the report: what drives consolidation comes first. */
const PARTS = [
  powerLines,
  spaceLines,
  maintenanceLines,
  refreshLines,
  hostLines,
  platformLines,
  migrationLines,
] as const;

export function computeSavings(input: SavingsInput): Savings {
  const context = savingsContext(input);
  // Zeros before and after are no saving that was reckoned, and a cash flow of them no result.
  if (context.leaving.length > 0 || context.hosts.length > 0) for (const part of PARTS) part(context);
  else
    context.out.notes.push(
      'Nothing moves in this plan and nothing is retired, so that nothing is saved or spent.',
    );
  const licensing = licenceLines(context);
  countManaged(context);
  const { out } = context;
  const flow = cashFlow(context);
  return {
    lines: out.lines,
    omitted: out.omitted,
    cashFlow: flow,
    sensitivity: flow === null ? null : sensitivity(context),
    assumptions: out.assumptions,
    warnings: out.warnings,
    notes: out.notes,
    licensing,
  };
}

/** Lines without whose price a sum of money would promise too much. */
const NEEDED: readonly SavingsLine['id'][] = ['hosts', 'licences'];

function cashFlow({ out, years }: SavingsContext): Savings['cashFlow'] {
  if (out.payments.length === 0) return null;
  const lacking = out.omitted.filter(({ id }) => NEEDED.includes(id));
  if (lacking.length > 0) {
    out.warnings.push(
      `There is no cash flow: without ${lacking.map(({ missing }) => missing).join(' and ')} it would promise too much.`,
    );
    return null;
  }
  const left = [...new Set(out.omitted.map(({ id }) => id))].filter((id) => id !== 'carbon');
  if (left.length > 0)
    out.assume(`The cash flow is without the lines whose prices are missing: ${left.join(', ')}.`);
  out.assume(
    'What is paid once falls due at the beginning (year 0), what is paid yearly from year 1 on, when all servers have moved; amounts are not discounted and prices do not rise.',
  );
  let cumulative = 0;
  return Array.from({ length: years + 1 }, (_, year) => {
    const { cost, saving } = sumOf(out.payments, year);
    cumulative += saving - cost;
    return {
      year,
      costs: cents(cost),
      savings: cents(saving),
      net: cents(saving - cost),
      cumulative: cents(cumulative),
    };
  });
}

function sumOf(payments: SavingsContext['out']['payments'], year: number): { cost: number; saving: number } {
  let cost = 0;
  let saving = 0;
  for (const payment of payments) {
    if (payment.when === 'each' ? year === 0 : payment.when !== year) continue;
    cost += payment.cost;
    saving += payment.saving;
  }
  return { cost, saving };
}

/** Of each line that is paid yearly only the difference swings: price of before and after are the same. */
function sensitivity({ out, years, rules }: SavingsContext): { low: number; high: number } {
  const swing = rules.value(SAVINGS_RULES.sensitivity);
  let spent = 0;
  let saved = 0;
  for (const { when, cost, saving } of out.payments) {
    const net = (saving - cost) * (when === 'each' ? years : 1);
    if (net < 0) spent -= net;
    else saved += net;
  }
  return {
    low: cents(saved * (1 - swing) - spent * (1 + swing)),
    high: cents(saved * (1 + swing) - spent * (1 - swing)),
  };
}

/** What has to be looked after, and how many kinds of it. */
function countManaged({ out, leaving, moving, hosts, bought, rules, input }: SavingsContext): void {
  const { managedBefore, managedAfter } = input.plan.totals;
  out.notes.push(
    `Systems to look after: ${managedBefore} before, ${managedAfter} after; hosts are systems too.`,
    `Hosts are patched about ${rules.value(SAVINGS_RULES.patches)} times a year each: ${hosts.length * rules.value(SAVINGS_RULES.patches)} patches, ${bought.length * rules.value(SAVINGS_RULES.patches)} of them of new hosts.`,
  );
  const system = ({ inventory }: (typeof moving)[number]): string =>
    JSON.stringify([inventory?.operatingSystem?.name, inventory?.operatingSystem?.version]);
  const before = new Set(
    leaving.map((facts) => JSON.stringify([facts.inventory?.vendor, facts.inventory?.model, system(facts)])),
  );
  const after = new Set(moving.map(system));
  out.notes.push(
    `Images to keep: ${before.size} before, one for each operating system on each model of hardware; ${after.size} after, one for each operating system.`,
  );
}
