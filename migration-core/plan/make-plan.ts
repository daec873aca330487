/**
 * From a scenario to a plan: build the packing problem, pack it, put the backups in time, prove failover, and say of each
 * host and each server what came of it. The packing engine is a parameter; nothing here depends on how it packs.
 */
import { throwIfCancelled } from '../base/cancel.ts';
import { listed, plural } from '../base/text.ts';
import { build, problemOf, type Built } from './build/problem.ts';
import { checkedPack, type PackingQuestion } from './checked-pack.ts';
import { flattened, type Habit } from './habits.ts';
import type { FailoverProof, Plan } from './model/plan.ts';
import type { OpenHost } from './open-hosts.ts';
import { osGroups } from './os-groups.ts';
import { platformWarnings } from './platform-warnings.ts';
import type { PackingEngine, PlanRequest } from './planning.ts';
import { boundText, unplacedServer } from './reasons.ts';
import { reportHost } from './report-hosts.ts';
import { settled, type Packed } from './settle.ts';
import { PLACE } from './rules/place.ts';

/** @throws SCENARIO_INVALID, RULE_PACK_INVALID, CANCELLED */
export function makePlan(request: PlanRequest, engine: PackingEngine): Plan {
  const { scenario, rules, signal, onStage } = request;
  onStage?.('build');
  const built = build(request);
  const options: PackingQuestion = {
    seed: scenario.seed,
    effort: scenario.effort,
    ...(signal === undefined ? {} : { signal }),
  };
  const searching =
    request.onProgress === undefined ? options : { ...options, onProgress: request.onProgress };
  onStage?.('pack');
  const packed = placed(built, engine, searching);
  throwIfCancelled(signal);
  const answer = settled({ request, built, engine, options }, packed);
  const { hosts, result, backup, failover, opened } = answer;
  onStage?.('compare');
  const os = osGroups(request, built, engine, options);
  const report = { built, rules, platform: request.platform, scenario };
  const p95 = new Map(
    [...built.items.values()].flatMap((item) => (item.p95 === null ? [] : [[item.key, item.p95] as const])),
  );
  const habit = (which: Habit): number =>
    checkedPack(
      engine,
      flattened(problemOf(built, answer.rules), which, built.weekSlots, p95),
      options,
    ).hosts.filter(({ items }) => items.length > 0).length;
  const [sumOfPeaksHosts, sumOfP95Hosts] = [habit('sum-of-peaks'), habit('sum-of-p95')];

  onStage?.('report');
  const reports = hosts.map((host) => reportHost(report, host));
  const unplaced = [
    ...built.refused,
    ...result.unplaced.map(({ item, why }) => unplacedServer(built, request.profile.shape, item, why)),
  ];
  const placedCount = reports.reduce((sum, { servers }) => sum + servers.length, 0);
  const needed = reports.filter(({ servers, spare }) => servers.length > 0 || spare).length;
  const { bound } = result;
  return {
    scenario: scenario.name,
    rules: rules.version,
    seed: scenario.seed,
    hosts: reports,
    unplaced,
    elsewhere: built.selection.elsewhere,
    osGroups: os.groups,
    bound: {
      hosts: bound.hosts,
      by: boundText(bound),
      // The bound is of all servers: what leaves some out may be below it.
      gap: bound.hosts > 0 ? Math.max(0, (opened - bound.hosts) / bound.hosts) : 0,
    },
    failover,
    backup,
    constraints: built.constraints,
    totals: {
      servers: placedCount + unplaced.length + built.selection.elsewhere.length,
      placed: placedCount,
      hosts: needed,
      ratio: needed > 0 ? placedCount / needed : 0,
      sumOfPeaksHosts,
      sumOfP95Hosts,
      ...managed(request, built, os.groups, hosts, placedCount + unplaced.length),
    },
    warnings: [
      ...built.warnings,
      ...answer.warnings,
      ...platformWarnings(
        request.platform,
        hosts.flatMap(({ items }) => items),
        [...new Set(hosts.map(({ kind }) => kind))],
      ),
      ...os.warnings,
      ...(scenario.goal === 'given-hosts' && os.groups.length > 0
        ? [
            `Sharing one operating system takes ${plural(
              os.groups.reduce((sum, group) => sum + group.hosts, 0),
              'host',
            )} besides the given ones; with "mixed" switched off these servers become machines like the others.`,
          ]
        : []),
      ...failoverWarnings(failover, placedCount),
    ],
  };
}

/** Packs; where rules that nobody asked for keep servers out, they give way. */
function placed(built: Built, engine: PackingEngine, options: PackingQuestion): Packed {
  const result = checkedPack(engine, problemOf(built), options);
  const found = built.constraints.filter(({ kind, origin }) => kind === 'apart' && origin === 'found');
  if (result.unplaced.length === 0 || found.length === 0) return { result, rules: built.rules, warnings: [] };
  const asked = built.constraints.filter(
    ({ kind, origin }) => kind === 'apart' && origin === 'scenario',
  ).length;
  const rules = { ...built.rules, apart: built.rules.apart.slice(0, asked) };
  const relaxed = checkedPack(engine, problemOf(built, rules), options);
  if (relaxed.unplaced.length >= result.unplaced.length) return { result, rules: built.rules, warnings: [] };
  built.constraints = built.constraints.filter((constraint) => !found.includes(constraint));
  built.rules = rules;
  const gained = result.unplaced.length - relaxed.unplaced.length;
  return {
    result: relaxed,
    rules,
    warnings: [
      `Servers that stand in for each other could not be kept on different hosts without leaving ${gained} out, so that they may share a host: ${listed(found.flatMap(({ servers }) => servers))}.`,
    ],
  };
}

/** SR-09: machines stay to be managed, hosts and what manages them come on top; OS groups share their systems. */
function managed(
  request: PlanRequest,
  built: Built,
  groups: Plan['osGroups'],
  hosts: readonly OpenHost[],
  machines: number,
): Pick<Plan['totals'], 'managedBefore' | 'managedAfter'> {
  const { elsewhere } = built.selection;
  const present = request.scenario.hosts.length;
  const shared = new Set(groups.flatMap(({ servers }) => servers));
  const stays = elsewhere.filter(({ server, outcome }) => outcome !== 'retire' && !shared.has(server)).length;
  const added = hosts.filter(({ kind }) => kind.existing === null).length;
  const systems = groups.reduce((sum, group) => sum + group.hosts, 0);
  // Who has hosts has what manages them.
  const managers = present === 0 && hosts.length > 0 ? request.rules.value(PLACE.managementSystems) : 0;
  return {
    managedBefore: machines + elsewhere.length + present,
    managedAfter: machines + stays + systems + present + added + managers,
  };
}

function failoverWarnings(failover: FailoverProof, placedCount: number): string[] {
  if (placedCount === 0) return [];
  if (failover.failures === 0)
    return [
      'The scenario plans for no failure of a host: while one is down or maintained, its machines stand still.',
    ];
  if (failover.proved) return [];
  const gap = failover.gaps[0];
  if (gap === undefined) return [];
  return [
    `The loss of ${listed(gap.hosts)} is not survived: ${listed(gap.servers)} ${gap.servers.length === 1 ? 'finds' : 'find'} no place on the other hosts.`,
  ];
}
