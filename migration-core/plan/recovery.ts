/** Another site for the worst day (SR-14, SR-15): what is important enough is packed there, site by site, with higher ceilings. */
import { listed } from '../base/text.ts';
import { CRITICALITIES, type Criticality } from '../store/model/annotations.ts';
import type { ServerId } from '../store/engagement.ts';
import { makePlan } from './make-plan.ts';
import type { ElsewhereServer, UnplacedServer } from './model/plan.ts';
import type { PackingEngine, PlanRequest } from './planning.ts';
import { PLACE } from './rules/place.ts';

export interface RecoveryQuestion {
  /** Its scenario names the host template of the recovery site, which need not be that of production. */
  request: PlanRequest;
  /** `largest`: sites that are far apart do not fail at once; `sum`: they do. */
  sites: 'largest' | 'sum';
}

export interface RecoveryPlan {
  /** Hosts the recovery site needs. */
  hosts: number;
  /** Model of the hosts, and how far they are filled on that day: shares of a host. */
  template: string;
  ceilings: { cpu: number; memory: number };
  /** The least that depends on a server which fails over. */
  least: Criticality;
  /** By site, by name; servers without a site are one of their own, null. */
  sites: {
    site: string | null;
    servers: ServerId[];
    names: string[];
    hosts: number;
    unplaced: UnplacedServer[];
    /** Important, and no machine that could be started elsewhere, with the reason. */
    elsewhere: ElsewhereServer[];
  }[];
  /** Servers that are not important enough, or go into no machine. */
  left: number;
  warnings: string[];
}

/** @throws SCENARIO_INVALID, RULE_PACK_INVALID, CANCELLED */
export function planRecovery({ request, sites }: RecoveryQuestion, engine: PackingEngine): RecoveryPlan {
  const { rules } = request;
  const leastName = rules.value(PLACE.recoveryCriticality);
  const least = CRITICALITIES.indexOf(leastName);
  const important = request.servers.filter(
    ({ annotations: { criticality } }) =>
      criticality !== undefined && CRITICALITIES.indexOf(criticality) >= least,
  );
  const unknown = request.servers.filter(({ annotations }) => annotations.criticality === undefined);
  const bySite = new Map<string | null, typeof important>();
  for (const server of important) {
    const site = server.annotations.site ?? null;
    const there = bySite.get(site);
    if (there === undefined) bySite.set(site, [server]);
    else there.push(server);
  }
  const ordered = [...bySite].sort(([a], [b]) => (a === b ? 0 : (a ?? '') < (b ?? '') ? -1 : 1));
  const profile = {
    ...request.profile,
    hostCpu: Math.max(request.profile.hostCpu, rules.value(PLACE.recoveryCpu)),
    hostMemory: Math.max(request.profile.hostMemory, rules.value(PLACE.recoveryMemory)),
  };
  const plans = ordered.map(([site, servers]) => {
    const plan = makePlan(
      {
        ...request,
        profile,
        // Hosts of the sites are gone on that day, and no further one fails.
        scenario: { ...request.scenario, goal: 'minimum-hosts', hosts: [], failures: 0 },
        servers,
      },
      engine,
    );
    return {
      site,
      servers: plan.hosts.flatMap((host) => host.servers.map(({ server }) => server)),
      names: plan.hosts.flatMap((host) => host.servers.map(({ name }) => name)),
      hosts: plan.hosts.length,
      unplaced: plan.unplaced,
      elsewhere: plan.elsewhere,
    };
  });
  const counts = plans.map(({ hosts }) => hosts);
  const placed = plans.reduce((sum, { servers }) => sum + servers.length, 0);
  return {
    hosts: sites === 'sum' ? counts.reduce((a, b) => a + b, 0) : Math.max(0, ...counts),
    template: request.scenario.template,
    ceilings: { cpu: profile.hostCpu, memory: profile.hostMemory },
    least: leastName,
    sites: plans,
    left: request.servers.length - placed - plans.reduce((sum, { unplaced }) => sum + unplaced.length, 0),
    warnings:
      unknown.length === 0
        ? []
        : [
            `How important ${listed(unknown.map(({ name }) => name))} ${unknown.length === 1 ? 'is' : 'are'} is not known, so that ${unknown.length === 1 ? 'it is' : 'they are'} not planned to fail over.`,
          ],
  };
}
