/** Which hosts a machine may go to: site, zone, LUNs (SR-97, SR-98), pass-through and trunks (SR-29, SR-113). */
import { listed } from '../../base/text.ts';
import type { PlatformProfile } from '../../assess/model/platform.ts';
import type { Scenario } from '../model/scenario.ts';
import type { UnplacedServer } from '../model/plan.ts';
import type { HostKind } from './hosts.ts';
import type { Candidate } from './select.ts';

/** Sites and zones in which any server of the scenario is. */
export interface Segments {
  of(candidate: Candidate): string | undefined;
  warnings: string[];
}

/**
 * Zones never share a host, nor do sites. Where some servers have a zone and others none, those without are kept by
 * themselves as well: an unknown zone is not every zone.
 */
export function segmentsOf(candidates: readonly Candidate[]): Segments {
  const known = (what: 'site' | 'zone'): Candidate[] =>
    candidates.filter(({ facts }) => facts.annotations[what] !== undefined);
  const warnings: string[] = [];
  const use = { site: known('site').length > 0, zone: known('zone').length > 0 };
  for (const [what, title] of [
    ['site', 'site'],
    ['zone', 'security zone'],
  ] as const) {
    const without = candidates.length - known(what).length;
    if (use[what] && without > 0)
      warnings.push(
        `${without} of ${candidates.length} servers have no ${title} and are kept on hosts of their own; say where they belong, and they may share.`,
      );
  }
  return {
    warnings,
    of: ({ facts: { annotations } }) =>
      use.site || use.zone ? JSON.stringify([annotations.site ?? null, annotations.zone ?? null]) : undefined,
  };
}

/** Of one server: keys of host classes, undefined for all of them; or why it can go to none. */
export type Allowed = { hosts: string[] | undefined } | Pick<UnplacedServer, 'why' | 'next'>;

export class AllowedHosts {
  readonly #kinds: readonly HostKind[];
  readonly #platform: PlatformProfile;
  readonly #scenario: Scenario;
  readonly #known = new Map<string, Allowed>();
  readonly #seen: ReadonlyMap<HostKind, ReadonlySet<string>>;

  constructor(kinds: readonly HostKind[], platform: PlatformProfile, scenario: Scenario) {
    this.#kinds = kinds;
    this.#platform = platform;
    this.#scenario = scenario;
    this.#seen = new Map(kinds.map((kind) => [kind, new Set(kind.existing?.luns ?? [])]));
  }

  of({ facts: { annotations, inventory }, sized }: Candidate): Allowed {
    const vlans = [
      ...new Set([
        ...sized.nics.map(({ vlan }) => vlan),
        ...(inventory?.networkInterfaces ?? []).map(({ vlan }) => vlan ?? null),
      ]),
    ].filter((vlan) => vlan !== null);
    const devices = annotations.passThrough ?? [];
    if (devices.length > 0 && !this.#platform.passThrough)
      return {
        why: `It needs devices passed through from its host (${listed(devices)}), and ${this.#platform.name} gives no devices to machines.`,
        next: 'Choose a platform that passes devices through, replace the device, or leave the server as it is.',
      };
    if (vlans.length > 0 && this.#scenario.dot1q && !this.#platform.dot1q)
      return {
        why: `It is in ${vlans.length === 1 ? 'VLAN' : 'VLANs'} ${listed(vlans.map(String))} by trunk, and ${this.#platform.name} has no 802.1Q trunks.`,
        next: 'Choose a platform with 802.1Q, or switch trunks off in the scenario and give each segment ports of its own.',
      };
    const { site, zone, luns = [] } = annotations;
    const word = JSON.stringify([site ?? null, zone ?? null, [...luns].sort()]);
    let allowed = this.#known.get(word);
    if (allowed === undefined) {
      allowed = this.#among(site, zone, luns);
      this.#known.set(word, allowed);
    }
    return allowed;
  }

  #among(site: string | undefined, zone: string | undefined, luns: readonly string[]): Allowed {
    const here = this.#kinds.filter(
      ({ existing }) =>
        existing === null ||
        ((existing.site === undefined || site === undefined || existing.site === site) &&
          // A host of a zone takes nobody whose zone is not known.
          (existing.zone === undefined || existing.zone === zone)),
    );
    const fit = here.filter(
      (kind) => kind.existing?.luns === undefined || luns.every((lun) => this.#seen.get(kind)!.has(lun)),
    );
    if (fit.length === this.#kinds.length && fit.length > 0) return { hosts: undefined };
    if (fit.length > 0) return { hosts: fit.map(({ key }) => key) };
    if (this.#kinds.length === 0)
      return {
        why: 'The scenario names no host that it could go to.',
        next: 'Name hosts in the scenario, or let hosts be bought.',
      };
    if (here.length === 0)
      return {
        why: `No host is ${where(site, zone)}.`,
        next: 'Add a host there, or let hosts be bought.',
      };
    return {
      why: `No host that it may go to sees ${luns.length === 1 ? 'the LUN' : 'all of the LUNs'} ${listed(luns)}.`,
      next: 'Make the LUNs visible to the hosts it may run on, or move its data into a virtual disk.',
    };
  }
}

const where = (site: string | undefined, zone: string | undefined): string =>
  [
    site === undefined ? [] : [`at the site ${site}`],
    zone === undefined ? ['open to servers without a zone'] : [`in the zone ${zone}`],
  ]
    .flat()
    .join(' and ');
