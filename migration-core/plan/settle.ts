/**
 * From a packing to hosts that are settled: evened out, backups in time, spare hosts for those that fail. Evening out never
 * costs a host or the proof that a loss is survived: where it would, the packing stays as it is.
 */
import { listed } from '../base/text.ts';
import { problemOf, type Built } from './build/problem.ts';
import { demandsWithBackups, settleBackups, writeProduction, type PlannedItem } from './build/items.ts';
import { planBackups } from './backups.ts';
import { checkedPack, type PackingQuestion } from './checked-pack.ts';
import { proveFailover } from './failover.ts';
import type { BackupPlan, FailoverProof } from './model/plan.ts';
import { openHosts, type OpenHost } from './open-hosts.ts';
import type { PackedHost, PackingResult, PackingRules } from './packing/problem.ts';
import type { PackingEngine, PlanRequest } from './planning.ts';

export interface Packed {
  result: PackingResult;
  rules: PackingRules;
  warnings: string[];
}

interface Answer extends Packed {
  hosts: OpenHost[];
  backup: BackupPlan;
}

export interface Settled extends Answer {
  failover: FailoverProof;
  /** Hosts with machines before any was added for failover. */
  opened: number;
}

interface Ground {
  request: PlanRequest;
  built: Built;
  engine: PackingEngine;
  options: PackingQuestion;
}

type Backups = ReadonlyMap<PlannedItem, PlannedItem['backups']>;
const backupsOf = ({ items }: Built): Backups =>
  new Map([...items.values()].map((item) => [item, item.backups]));

/** Demands as they were packed: of production. There is one array an item, so that those with backups are written anew. */
function toProduction({ request, built }: Ground): void {
  for (const item of built.items.values()) {
    if (item.backups.length === 0) continue;
    writeProduction(request, built.slots, item.candidate, built.scales, item.demand);
    item.backups = [];
  }
}

function toBackups({ built }: Ground, backups: Backups): void {
  for (const [item, own] of backups) item.backups = own;
  settleBackups(built.items.values(), built, built.scales);
}

/** Leaves the demands of the items as they are in the answer. @throws CANCELLED */
export function settled(ground: Ground, packed: Packed): Settled {
  const { request, built } = ground;
  /** Each try begins with the demands as they were packed, and ends with those of its backups. */
  const attempt = (
    result: PackingResult,
    more: { even: boolean; again: boolean },
  ): { settled: Settled; backups: Backups } => {
    const answer = withBackups(ground, { ...packed, result }, more);
    toBackups(ground, backupsOf(built));
    const opened = answer.hosts.filter(({ items }) => items.length > 0).length;
    request.onStage?.('failover');
    return {
      settled: { ...answer, opened, failover: proofOf(ground, answer.hosts) },
      backups: backupsOf(built),
    };
  };
  const { balance } = request.scenario;
  request.onStage?.('balance');
  let last = attempt(balance ? evened(ground, packed) : packed.result, { even: balance, again: true });
  let best = last;
  if (!balance || ground.engine.balance === undefined) return best.settled;
  if (best.settled.failover.added > 0 || !best.settled.failover.proved) {
    toProduction(ground);
    last = attempt(packed.result, { even: false, again: true });
    if (isBetter(last.settled, best.settled)) best = last;
  }
  const { failover, hosts, backup, opened } = best.settled;
  if (failover.added > 0 && failover.proved) {
    toProduction(ground);
    const over = hosts.map(({ kind, items }) => ({ host: kind.key, items: items.map(({ key }) => key) }));
    request.onStage?.('balance');
    last = attempt(
      { ...best.settled.result, hosts: evenedOver(ground, packed.rules, over) },
      { even: false, again: false },
    );
    const other = last.settled;
    if (
      other.failover.proved &&
      other.hosts.length <= hosts.length &&
      other.backup.clashes.length <= backup.clashes.length
    )
      best = {
        ...last,
        settled: { ...other, opened, failover: { ...other.failover, added: failover.added, spread: true } },
      };
  }
  if (best.backups !== last.backups) {
    toProduction(ground);
    toBackups(ground, best.backups);
  }
  return best.settled;
}

/** Survives a loss where the other does not, or with fewer hosts. */
const isBetter = (a: Settled, b: Settled): boolean =>
  a.failover.proved === b.failover.proved
    ? a.hosts.length < b.hosts.length
    : a.failover.proved && a.hosts.length <= b.hosts.length;

type Demands = ReadonlyMap<string, Uint16Array>;

const evened = (ground: Ground, { result, rules }: Packed, demands?: Demands): PackingResult => ({
  ...result,
  hosts: evenedOver(ground, rules, result.hosts, demands),
});

function evenedOver(
  { built, engine, options: { signal } }: Ground,
  rules: PackingRules,
  hosts: readonly PackedHost[],
  demands?: Demands,
): PackedHost[] {
  if (engine.balance === undefined) return [...hosts];
  return engine.balance(problemOf(built, rules, demands), hosts, signal === undefined ? {} : { signal });
}

function proofOf({ request, built, engine }: Ground, hosts: OpenHost[]): FailoverProof {
  const { scenario, rules, signal } = request;
  return proveFailover(
    {
      built,
      rules,
      engine,
      seed: scenario.seed,
      failures: scenario.failures,
      ...(signal === undefined ? {} : { signal }),
    },
    hosts,
  );
}

/**
 * Backups are put in time on the hosts as packed. Where that leaves clashes, all is packed once more with the backups as
 * a part of the demand at their planned time, and the better answer is kept.
 */
function withBackups(
  ground: Ground,
  first: Packed,
  { even, again: mayPackAgain }: { even: boolean; again: boolean },
): Answer {
  const { request, built, engine, options } = ground;
  const schedule = (result: PackingResult): { hosts: OpenHost[]; backup: BackupPlan } => {
    request.onStage?.('backups');
    // Sums of production: the backups are what is to be planned.
    for (const item of built.items.values()) item.backups = [];
    const hosts = openHosts(built, result.hosts);
    return { hosts, backup: planBackups(request, built, hosts) };
  };
  const usual = schedule(first.result);
  const warnings = [...first.warnings, ...withoutBackup(built)];
  if (usual.backup.clashes.length === 0 || !mayPackAgain) return { ...first, ...usual, warnings };
  const backups = backupsOf(built);
  request.onStage?.('pack');
  const demands = demandsWithBackups(built.items.values(), built, built.scales);
  const again = checkedPack(engine, problemOf(built, first.rules, demands), options);
  if (again.unplaced.length <= first.result.unplaced.length) {
    const result = even ? evened(ground, { ...first, result: again }, demands) : again;
    const spread = schedule(result);
    if (spread.backup.clashes.length < usual.backup.clashes.length)
      return { ...first, result, ...spread, warnings };
  }
  for (const [item, own] of backups) item.backups = own;
  return { ...first, ...usual, warnings };
}

function withoutBackup(built: Built): string[] {
  const unknown = [...built.items.values()].filter(
    ({ candidate: { facts } }) =>
      facts.annotations.backup?.method !== 'none' && (facts.profile?.backup ?? []).length === 0,
  );
  if (unknown.length === 0) return [];
  return [
    `When ${listed(unknown.map(({ candidate }) => candidate.facts.name))} ${unknown.length === 1 ? 'is' : 'are'} backed up is not known, so that ${unknown.length === 1 ? 'its backup is' : 'their backups are'} not planned.`,
  ];
}
