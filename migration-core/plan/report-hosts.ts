/** What is said of each host of a plan: how full it gets and when, what fills it first, and what a failure would cost. */
import { RESOURCES, type ResourceName } from '../assess/model/demand.ts';
import type { PlatformProfile } from '../assess/model/platform.ts';
import type { RuleBook } from '../assess/rules/pack.ts';
import { listed, plural } from '../base/text.ts';
import { offered } from './build/capacity.ts';
import type { Built } from './build/problem.ts';
import { FIXED, UNLIMITED, type FixedName } from './build/units.ts';
import type { PlanHost } from './model/plan.ts';
import type { Scenario } from './model/scenario.ts';
import type { OpenHost } from './open-hosts.ts';
import { PLACE } from './rules/place.ts';

export interface HostReportContext {
  built: Built;
  rules: RuleBook;
  platform: PlatformProfile;
  scenario: Scenario;
}

export function reportHost(context: HostReportContext, host: OpenHost): PlanHost {
  const { built } = context;
  const { kind, items } = host;
  const { capacity, room } = offered(kind, built.usual, built.scales);
  const use = {} as PlanHost['use'];
  const fullness: { name: ResourceName | FixedName | 'none'; share: number }[] = [];
  RESOURCES.forEach((name, resource) => {
    const row = host.used.subarray(resource * built.slots, (resource + 1) * built.slots);
    let slot = 0;
    let sum = 0;
    for (let at = 0; at < row.length; at++) {
      // A day of the month is no eighth day of the week.
      if (at < built.weekSlots) sum += row[at]!;
      if (row[at]! > row[slot]!) slot = at;
    }
    const whole = kind.whole[resource]! * built.scales[resource]!;
    const share = (units: number): number => (whole > 0 ? units / whole : 0);
    use[name] = {
      peak: share(row[slot]!),
      mean: share(sum / built.weekSlots),
      ceiling: share(capacity[resource]!),
      slot,
    };
    if (capacity[resource]! > 0) fullness.push({ name, share: row[slot]! / capacity[resource]! });
  });
  FIXED.forEach((name, at) => {
    if (room[at]! > 0 && room[at]! < UNLIMITED) fullness.push({ name, share: host.needs[at]! / room[at]! });
  });
  const fullest = fullness.reduce((most, one) => (one.share > most.share ? one : most), {
    name: 'none',
    share: 0,
  });
  const critical = items.filter((item) => item.critical);
  const owners = items.flatMap(({ candidate }) => candidate.facts.annotations.owner ?? []);
  const vcpus = items.reduce((sum, { candidate }) => sum + candidate.sized.vcpus, 0);
  return {
    name: host.name,
    template: kind.template.id,
    existing: kind.existing !== null,
    spare: host.spare,
    servers: items.map(({ candidate: { facts, sized } }) => ({
      server: facts.id,
      name: facts.name,
      vcpus: sized.vcpus,
      memoryBytes: sized.memoryBytes,
    })),
    use,
    binding: items.length === 0 ? 'none' : fullest.name === 'critical' ? 'machines' : fullest.name,
    storageBytes: Math.round(items.reduce((sum, { storageBytes }) => sum + storageBytes, 0)),
    vcpusPerCore: vcpus / kind.template.cores,
    blastRadius: {
      machines: items.length + (kind.existing?.machines ?? 0),
      critical: critical.length,
      owners: [...new Set(owners)].sort(),
    },
    warnings: WARNINGS.flatMap((warn) => warn(context, host) ?? []),
  };
}

/** null: nothing to say. */
type HostWarning = (context: HostReportContext, host: OpenHost) => string | null;

const machinesOn = ({ items, kind }: OpenHost): number => items.length + (kind.existing?.machines ?? 0);

const WARNINGS: readonly HostWarning[] = [
  /** SR-12: one fault takes down all of them. */
  ({ rules, platform }, host) => {
    const most = rules.value(PLACE.blastRadius);
    const local = host.kind.template.storage === 'local';
    if (machinesOn(host) <= most || (platform.failover && !local)) return null;
    const why = local
      ? 'their disks are on the host itself'
      : `${platform.name} does not restart them elsewhere`;
    return `A fault of this host takes down ${machinesOn(host)} machines, and ${why}; more than ${most} on such a host are too many.`;
  },
  /** SR-12: critical servers on a host with a single point of failure. */
  ({ rules }, { items, kind: { template } }) => {
    const critical = items.filter((item) => item.critical).map(({ candidate }) => candidate.facts.name);
    if (critical.length === 0) return null;
    const single = [
      ...(template.powerSupplies < rules.value(PLACE.minimumPowerSupplies) ? ['power supply'] : []),
      ...(template.nicPorts < rules.value(PLACE.minimumNicPorts) ? ['network port'] : []),
      ...(template.storage === 'shared' && template.hbaPorts < rules.value(PLACE.minimumStoragePaths)
        ? ['way to the storage']
        : []),
    ];
    if (single.length === 0) return null;
    return `${listed(critical)} ${critical.length === 1 ? 'is' : 'are'} critical and on a host with one ${single.join(' and one ')} only; give the host a second one.`;
  },
  /** SR-06: machines that share a network port. */
  ({ rules }, host) => {
    const { nicPorts, nicSpeed } = host.kind.template;
    const speeds = Math.max(1, Math.floor(nicSpeed / rules.value(PLACE.machinesPerPortSpeed)));
    return crowded(machinesOn(host), nicPorts, rules.value(PLACE.machinesPerPort) * speeds, 'network');
  },
  /** SR-06: and a storage port. Speeds of these are not known, so that they are taken for what they were then. */
  ({ rules }, host) =>
    host.kind.template.storage === 'shared' && host.kind.template.spindles
      ? crowded(machinesOn(host), host.kind.template.hbaPorts, rules.value(PLACE.machinesPerPort), 'storage')
      : null,
  /** SR-92: what the storage paths carry when one of them is gone. */
  ({ built, rules }, host) => {
    const { storage, hbaPorts } = host.kind.template;
    if (storage !== 'shared' || hbaPorts < 2) return null;
    const row = RESOURCES.indexOf('diskBytes');
    const peak = host.used
      .subarray(row * built.slots, (row + 1) * built.slots)
      .reduce((a, b) => Math.max(a, b), 0);
    const whole = host.kind.whole[row]! * built.scales[row]!;
    const ports = Math.ceil(peak / ((rules.value(PLACE.storagePathShare) * whole) / hbaPorts));
    if (ports <= hbaPorts) return null;
    return `Disk throughput at its peak takes ${ports} storage ports at ${Math.round(rules.value(PLACE.storagePathShare) * 100)} % each, and the host has ${hbaPorts}.`;
  },
  /** SR-114: without trunks each segment has ports of its own. */
  ({ rules, scenario }, { items, kind: { template } }) => {
    if (scenario.dot1q) return null;
    const vlans = new Set(
      items.flatMap(({ candidate: { sized } }) => sized.nics.flatMap(({ vlan }) => vlan ?? [])),
    );
    const ports = vlans.size * rules.value(PLACE.portsPerSegment);
    if (ports <= template.nicPorts) return null;
    return `Without 802.1Q trunks its ${plural(vlans.size, 'network segment')} take ${plural(ports, 'port')}, and it has ${template.nicPorts}; trunks would carry all of them on ${rules.value(PLACE.portsPerSegment)}.`;
  },
  (_, { items }) => {
    const pinned = items.filter((item) => item.pinned).map(({ candidate }) => candidate.facts.name);
    if (pinned.length === 0) return null;
    return `${listed(pinned)} ${pinned.length === 1 ? 'has a device' : 'have devices'} of this host and will not start elsewhere when it fails.`;
  },
  (_, { spare, items }) =>
    spare && items.length === 0 ? 'Kept free, to take over the machines of a host that fails.' : null,
  (_, { kind: { existing } }) =>
    existing !== null && existing.machines > 0
      ? `It runs ${plural(existing.machines, 'machine')} already, of which only the sum of their load is known; their virtual processors and their own failover are not part of this plan.`
      : null,
];

function crowded(machines: number, ports: number, each: number, what: string): string | null {
  if (machines <= ports * each) return null;
  if (ports === 0) return `It has no ${what} port for its ${plural(machines, 'machine')}.`;
  return `${machines} machines share ${plural(ports, `${what} port`)}, which is more than ${each} on each; add ports, or spread them over more hosts.`;
}
