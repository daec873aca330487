/** What the lines of the savings are reckoned from: who goes, what is bought, which prices are known. */
import { listed, plural } from '../../base/text.ts';
import type { EstateAssessment } from '../../assess/model/context.ts';
import type { ServerFacts } from '../../assess/model/facts.ts';
import type { RuleBook } from '../../assess/rules/pack.ts';
import type { Plan } from '../model/plan.ts';
import type { HostTemplate } from '../../assess/model/host.ts';
import type { Scenario } from '../model/scenario.ts';
import type { SavingsLine } from '../model/waves.ts';
import { SAVINGS_RULES } from '../rules/savings.ts';
import { shippedPowerData, type PowerData } from './power-data.ts';
import type { PowerModel } from './power.ts';

export interface SavingsInput {
  facts: readonly ServerFacts[];
  estate: EstateAssessment;
  plan: Plan;
  scenario: Scenario;
  /** By id: those of the scenario and those that came with the program. */
  templates: ReadonlyMap<string, HostTemplate>;
  rules: RuleBook;
  /** ISO date: what support dates are held against. */
  today: string;
  /** Of prices that name none. */
  currency?: string;
  powerModel?: PowerModel;
  /** What-if: the new hosts' fans and power supplies are controlled. */
  fanControl?: boolean;
  powerData?: PowerData;
}

/** A host of the plan. */
export interface SavingsHost {
  name: string;
  existing: boolean;
  template: HostTemplate;
  /** Mean use of processors, 0 to 1, and before the move (0 for a new one). */
  use: number;
  useBefore: number;
  /** Of OS virtualization: no virtual machine is ever on it, not on the worst day either. */
  shared: boolean;
  servers: readonly ServerFacts[];
}

/** An amount of money by when it falls due. */
export interface Payment {
  line: SavingsLine['id'];
  /** `each`: every year; a number: once, in that year from 0. */
  when: number | 'each';
  /** Both positive. */
  cost: number;
  saving: number;
}

export interface SavingsContext {
  input: SavingsInput;
  rules: RuleBook;
  prices: Scenario['prices'];
  currency: string;
  years: number;
  powerModel: PowerModel;
  powerData: PowerData;
  /** Physical servers that go away as boxes. */
  leaving: readonly ServerFacts[];
  /** All servers that become virtual machines, virtual ones among them. */
  moving: readonly ServerFacts[];
  /** Of those the ones that are virtual today: of the hosts they leave nothing is known. */
  virtual: readonly ServerFacts[];
  hosts: readonly SavingsHost[];
  bought: readonly SavingsHost[];
  out: SavingsOutput;
}

export class SavingsOutput {
  readonly lines: SavingsLine[] = [];
  readonly omitted: { id: SavingsLine['id']; missing: string }[] = [];
  readonly payments: Payment[] = [];
  readonly warnings: string[] = [];
  readonly notes: string[] = [];
  readonly #assumptions = new Map<string, Set<string>>();

  line(line: SavingsLine): void {
    this.lines.push({ ...line, before: cents(line.before), after: cents(line.after) });
  }

  omit(id: SavingsLine['id'], missing: string): void {
    this.omitted.push({ id, missing });
  }

  pay(line: SavingsLine['id'], when: number | 'each', cost: number, saving: number): void {
    this.payments.push({ line, when, cost, saving });
  }

  /** @param who whom it was assumed of; they are counted */
  assume(text: string, who?: string): void {
    const of = this.#assumptions.get(text) ?? new Set();
    if (who !== undefined) of.add(who);
    this.#assumptions.set(text, of);
  }

  get assumptions(): string[] {
    return [...this.#assumptions].map(([text, { size }]) =>
      size === 0 ? text : `${text} (${size} of them.)`,
    );
  }
}

export function savingsContext(input: SavingsInput): SavingsContext {
  const { facts, estate, plan, scenario, templates, rules } = input;
  const out = new SavingsOutput();
  const byId = new Map(facts.map((one) => [one.id, one]));
  const virtual = new Set(
    estate.assessments.filter(({ ruled }) => ruled === 'already-virtual').map(({ server }) => server),
  );
  const grouped = new Set(plan.osGroups.flatMap(({ servers }) => servers));
  const placed = new Set(plan.hosts.flatMap(({ servers }) => servers.map(({ server }) => server)));
  const retired = new Set(
    plan.elsewhere.filter(({ outcome }) => outcome === 'retire').map(({ server }) => server),
  );
  const moving = facts.filter(({ id }) => placed.has(id) || grouped.has(id));
  const leaving = facts.filter(
    ({ id }) => (placed.has(id) || grouped.has(id) || retired.has(id)) && !virtual.has(id),
  );

  const hosts: SavingsHost[] = [];
  const missing = new Set<string>();
  const loads = new Map(scenario.hosts.map(({ name, load }) => [name, load.cpu]));
  for (const host of plan.hosts) {
    const template = templates.get(host.template);
    if (template === undefined) {
      missing.add(host.template);
      continue;
    }
    hosts.push({
      name: host.name,
      existing: host.existing,
      template,
      use: host.use.cpu.mean,
      useBefore: host.existing ? (loads.get(host.name) ?? 0) : 0,
      shared: false,
      servers: host.servers.map(({ server }) => byId.get(server)).filter((one) => one !== undefined),
    });
  }
  const groupTemplate = templates.get(scenario.template);
  for (const { id, title, servers, hosts: count } of plan.osGroups) {
    if (groupTemplate === undefined) {
      missing.add(scenario.template);
      continue;
    }
    out.assume(
      'The hosts of servers that share one operating system are of the model of the other new hosts; as their use was not reckoned, it is the mean of the servers that go there put on as many hosts.',
    );
    const members = servers.map((server) => byId.get(server)).filter((one) => one !== undefined);
    for (let n = 0; n < count; n++)
      hosts.push({
        name: `${title === '' ? id : title} ${n + 1}`,
        existing: false,
        template: groupTemplate,
        use: groupUse(members, count, groupTemplate),
        useBefore: 0,
        shared: true,
        // Licences are those of its one system: no machines to count.
        servers: [],
      });
  }
  for (const template of missing)
    out.warnings.push(
      `Nothing is known of the host model ${template}, so that its hosts are missing from all lines.`,
    );

  const { prices } = scenario;
  const currency = prices.currency ?? input.currency;
  if (currency === undefined)
    out.assume('No currency was named: amounts are in that of the prices that were entered.');
  const years = Math.ceil(scenario.years) || rules.value(SAVINGS_RULES.years);
  if (scenario.years === 0) out.assume(`The cash flow is of ${years} years, as no number was given.`);
  const staying = facts.length - leaving.length - facts.filter(({ id }) => virtual.has(id)).length;
  if (staying > 0)
    out.assume(
      `Servers that stay physical cost the same before and after, and are in neither column (${staying} of them).`,
    );
  const moved = moving.filter(({ id }) => virtual.has(id));
  if (moved.length > 0 && leaving.length > 0)
    out.assume(
      `What the present hosts of ${plural(moved.length, 'server that is', 'servers that are')} virtual already draw, take up and cost is not known and counts as nothing, so that more is saved than is shown: ${listed(moved.map(({ name }) => name))}.`,
    );
  return {
    input,
    rules,
    prices,
    currency: currency ?? 'currency',
    years,
    powerModel: input.powerModel ?? 'linear',
    powerData: input.powerData ?? shippedPowerData(),
    leaving,
    moving,
    virtual: moved,
    hosts,
    bought: hosts.filter(({ existing }) => !existing),
    out,
  };
}

/** Cores in use over cores there are: the plan says nothing of these hosts. */
function groupUse(members: readonly ServerFacts[], hosts: number, { cores }: HostTemplate): number {
  let busy = 0;
  for (const { profile, inventory } of members) {
    const own = (inventory?.processors ?? []).reduce((sum, { cores: of }) => sum + (of ?? 0), 0);
    busy += ((profile?.cpu?.mean ?? 0) / 100) * own;
  }
  return Math.min(1, busy / (cores * hosts));
}

/** Two decimals, as money has. */
export const cents = (value: number): number => Math.round(value * 100) / 100;

/** `1 server`, `12 servers`, without the digits' grouping that changes with the language. */
export const money = (value: number, currency: string): string => `${cents(value)} ${currency}`;
