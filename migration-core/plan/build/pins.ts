/** Servers that a person put onto a host: whether they may go there, and what is said where they may not. */
import type { ServerId } from '../../store/engagement.ts';
import type { Scenario } from '../model/scenario.ts';
import type { HostKind } from './hosts.ts';
import { listed } from './names.ts';
import type { Candidate, Selection } from './select.ts';

export interface Pins {
  /** Name of the host by server. */
  pins: Map<ServerId, string>;
  /** Names of hosts, each once, in their order. */
  hosts: string[];
  warnings: string[];
}

/** Pins of servers that become machines. Others, and names nobody has, are said. */
export function pinsOf(scenario: Scenario, { machines, names }: Selection): Pins {
  const placed = new Map(machines.map(({ facts }) => [facts.id, facts]));
  const pins = new Map<ServerId, string>();
  const warnings: string[] = [];
  const away: string[] = [];
  for (const { server, host } of scenario.pinned) {
    const found = names.find(server);
    if (found.length === 0)
      warnings.push(`The scenario pins ${server} to ${host}, but there is no server of that name.`);
    for (const { id, name } of found) {
      const there = pins.get(id);
      if (!placed.has(id)) away.push(name);
      else if (there === undefined) pins.set(id, host);
      else if (there !== host)
        warnings.push(`The scenario pins ${name} to ${there} and to ${host}; the first counts.`);
    }
  }
  if (away.length > 0)
    warnings.push(
      `${listed(away)} ${away.length === 1 ? 'is' : 'are'} pinned to a host, but not placed by this plan.`,
    );
  return { pins, hosts: [...new Set(pins.values())].sort(), warnings };
}

/**
 * The host each pinned candidate stays on. A pin to a host that is not there, or that it may not go to, is let go of: a
 * place that cannot be had must not cost the server its place.
 */
export function homesOf(
  pins: ReadonlyMap<ServerId, string>,
  kinds: readonly HostKind[],
  machines: readonly { candidate: Candidate; hosts: readonly string[] | undefined }[],
): { of: Map<Candidate, HostKind>; warnings: string[] } {
  const byName = new Map(kinds.map((kind) => [kind.existing?.name ?? kind.reserved, kind]));
  const of = new Map<Candidate, HostKind>();
  const warnings: string[] = [];
  for (const { candidate, hosts } of machines) {
    const { id, name } = candidate.facts;
    const host = pins.get(id);
    if (host === undefined) continue;
    const kind = byName.get(host);
    if (kind === undefined)
      warnings.push(
        `The scenario pins ${name} to ${host}, but there is no host of that name; the pin is let go of.`,
      );
    else if (hosts?.includes(kind.key) === false)
      warnings.push(
        `The scenario pins ${name} to ${host}, which it may not go to: its site, its zone or its LUNs are not there; the pin is let go of.`,
      );
    else of.set(candidate, kind);
  }
  return { of, warnings };
}
