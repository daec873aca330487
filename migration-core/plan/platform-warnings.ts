/** What a platform is not good enough for (SR-69, SR-71, SR-99). */
import { listed } from '../base/text.ts';
import type { PlannedItem } from './build/items.ts';
import type { HostKind } from './build/hosts.ts';
import type { PlatformProfile } from '../assess/model/platform.ts';

export function platformWarnings(
  platform: PlatformProfile,
  items: readonly PlannedItem[],
  kinds: readonly HostKind[],
): string[] {
  const named = (wanted: (item: PlannedItem) => boolean): string[] =>
    items.filter(wanted).map(({ candidate }) => candidate.facts.name);
  const of = ({ candidate }: PlannedItem) => candidate.facts.annotations;
  // What is not known to be anything else is taken for production.
  const production = (item: PlannedItem): boolean => (of(item).environment ?? 'production') === 'production';
  const essential = (item: PlannedItem): boolean => ['high', 'critical'].includes(of(item).criticality ?? '');
  const warnings: string[] = [];
  const say = (servers: readonly string[], text: (names: string) => string): void => {
    if (servers.length > 0) warnings.push(text(listed(servers)));
  };

  if (!platform.failover)
    say(
      named(production),
      (names) =>
        `${platform.name} does not restart machines of a host that failed, so that it is for test and development only; the plan puts production on it: ${names}.`,
    );
  if (platform.maturity === 'new-here')
    say(
      named((item) => production(item) && (essential(item) || of(item).criticality === undefined)),
      (names) =>
        `${platform.name} is new here: begin with test and low-priority servers, and move ${names} when it has proved itself.`,
    );
  if (platform.maturity === 'emerging')
    say(
      named((item) => production(item) && essential(item)),
      (names) => `${platform.name} is still emerging and should not carry essential servers yet: ${names}.`,
    );
  if (!platform.npiv)
    say(
      named((item) => (of(item).luns ?? []).length > 0),
      (names) =>
        `${platform.name} gives machines no SAN addresses of their own (NPIV): every host that may run ${names} must see their LUNs.`,
    );
  const local = kinds.filter(({ template }) => template.storage === 'local');
  if (local.length > 0)
    say(
      [...new Set(local.map(({ template }) => template.name))],
      (names) =>
        `Hosts of ${names} have local storage: machines on them do not fail over and cannot be moved while they run.`,
    );
  const vendors = new Set(kinds.flatMap(({ template }) => vendorOf(template.cpuModel) ?? []));
  if (vendors.size > 1)
    warnings.push(
      `The hosts have processors of ${listed([...vendors].sort())}: machines can be restarted on the others, but not moved there while they run.`,
    );
  return warnings;
}

/** null: the model does not tell. */
function vendorOf(model: string | undefined): string | null {
  const text = (model ?? '').toLowerCase();
  if (text.includes('intel') || text.includes('xeon')) return 'Intel';
  if (text.includes('amd') || text.includes('epyc') || text.includes('opteron')) return 'AMD';
  return null;
}
