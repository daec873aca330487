/** What changed from one answer to the next, and why: after a rule, a profile or an input was changed. */
import { VERDICT_TITLES, type Assessment } from '../assess/model/assessment.ts';
import type { EstateAssessment } from '../assess/model/context.ts';
import type { Citation } from '../assess/rules/pack.ts';
import { formatBytes, plural } from '../base/text.ts';
import type { ServerId } from '../store/engagement.ts';
import { listed } from './build/names.ts';
import type { Plan } from './model/plan.ts';

export interface Change {
  server: ServerId;
  name: string;
  what: 'verdict' | 'size' | 'host' | 'list';
  before: string;
  after: string;
  /** One sentence. */
  why: string;
  /** Rules whose value is another one now, as they are now. */
  rules: Citation[];
}

export interface WhatIf {
  changes: Change[];
  /** Servers that were decided by hand: the decision stands whatever the rules say now. */
  overrides: { server: ServerId; name: string; text: string }[];
  /** In the order of importance: sentences on the whole. */
  summary: string[];
}

/** Servers in the order of `after`, then those that are gone. */
export function whatIfAssessments(before: EstateAssessment, after: EstateAssessment): WhatIf {
  const old = new Map(before.assessments.map((assessment) => [assessment.server, assessment]));
  const result: WhatIf = { changes: [], overrides: [], summary: [] };
  const cause = causeOf(before, after);
  for (const now of after.assessments) {
    const then = old.get(now.server);
    old.delete(now.server);
    if (then === undefined) {
      result.changes.push(listChange(now, '', 'assessed', 'It was not assessed before.'));
      continue;
    }
    const rules = changedRules(then, now);
    const why = reasonOf(then, now, rules, cause);
    if (now.override !== null && then.ruled !== now.ruled)
      result.overrides.push({
        server: now.server,
        name: now.name,
        text: `The rules now say ${VERDICT_TITLES[now.ruled]} instead of ${VERDICT_TITLES[then.ruled]}; the decision for ${VERDICT_TITLES[now.verdict]} stands (${now.override.reason}).`,
      });
    if (then.verdict !== now.verdict)
      result.changes.push({
        server: now.server,
        name: now.name,
        what: 'verdict',
        before: VERDICT_TITLES[then.verdict],
        after: VERDICT_TITLES[now.verdict],
        why,
        rules,
      });
    const sizes = [sizeOf(then), sizeOf(now)] as const;
    if (sizes[0] !== sizes[1])
      result.changes.push({
        server: now.server,
        name: now.name,
        what: 'size',
        before: sizes[0],
        after: sizes[1],
        why,
        rules,
      });
  }
  for (const gone of old.values())
    result.changes.push(listChange(gone, 'assessed', '', 'It is not part of the estate any more.'));
  const verdicts = result.changes.filter(({ what }) => what === 'verdict').length;
  const sized = result.changes.filter(({ what }) => what === 'size').length;
  result.summary.push(
    verdicts + sized === 0
      ? 'No verdict and no size is another one.'
      : `${plural(verdicts, 'verdict')} and ${plural(sized, 'size')} changed.`,
  );
  return result;
}

/** @param because what was changed between the two, one sentence: goes with servers that moved for no reason of their own */
export function whatIfPlans(before: Plan, after: Plan, because = 'The plan was made anew.'): WhatIf {
  const old = placesOf(before);
  const result: WhatIf = { changes: [], overrides: [], summary: [] };
  const mates = companions(before, after);
  for (const [server, now] of placesOf(after)) {
    const then = old.get(server);
    old.delete(server);
    if (then === undefined || then.list !== now.list)
      result.changes.push({
        server,
        name: now.name,
        what: 'list',
        before: then?.text ?? '',
        after: now.text,
        why: now.why ?? then?.why ?? because,
        rules: [],
      });
    else if (now.list === 'host') {
      if (then.size !== now.size)
        result.changes.push({
          server,
          name: now.name,
          what: 'size',
          before: then.size!,
          after: now.size!,
          why: because,
          rules: [],
        });
      // Names of new hosts are only an order: it moved if it has other company.
      if (!mates.has(server))
        result.changes.push({
          server,
          name: now.name,
          what: 'host',
          before: then.text,
          after: now.text,
          why: because,
          rules: [],
        });
    }
  }
  for (const [server, then] of old)
    result.changes.push({
      server,
      name: then.name,
      what: 'list',
      before: then.text,
      after: '',
      why: 'It is not part of the scenario any more.',
      rules: [],
    });
  const hosts = after.totals.hosts - before.totals.hosts;
  result.summary.push(
    hosts === 0
      ? `As many hosts as before: ${after.totals.hosts}.`
      : `${plural(Math.abs(hosts), 'host')} ${hosts > 0 ? 'more' : 'fewer'}: ${after.totals.hosts} instead of ${before.totals.hosts}.`,
  );
  if (before.failover.proved !== after.failover.proved)
    result.summary.push(
      after.failover.proved ? 'Failover is proved now.' : 'Failover is not proved any more.',
    );
  const clashes = after.backup.clashes.length - before.backup.clashes.length;
  if (clashes !== 0)
    result.summary.push(
      `${plural(Math.abs(clashes), 'backup clash', 'backup clashes')} ${clashes > 0 ? 'more' : 'fewer'}.`,
    );
  return result;
}

const listChange = ({ server, name }: Assessment, before: string, after: string, why: string): Change => ({
  server,
  name,
  what: 'list',
  before,
  after,
  why,
  rules: [],
});

function sizeOf({ sized }: Assessment): string {
  return sized === null ? 'none' : size(sized.vcpus, sized.memoryBytes);
}
const size = (vcpus: number, memoryBytes: number): string =>
  `${plural(vcpus, 'vCPU')}, ${formatBytes(memoryBytes)}`;

const citations = ({ gates, reasons, parts, sized }: Assessment): Citation[] =>
  [...reasons, ...gates, ...parts, ...(sized?.reasons ?? [])].flatMap(({ rules }) => rules);

/** Rules that both rest on with another value, or that only the newer one rests on where the packs differ. */
function changedRules(then: Assessment, now: Assessment): Citation[] {
  const old = new Map(citations(then).map((citation) => [citation.rule, JSON.stringify(citation.value)]));
  const changed = new Map<string, Citation>();
  for (const citation of citations(now)) {
    const value = old.get(citation.rule);
    if (value !== undefined && value !== JSON.stringify(citation.value)) changed.set(citation.rule, citation);
  }
  return [...changed.values()];
}

/** What the whole estate is judged by otherwise, one sentence; null: nothing that has a name. */
function causeOf(before: EstateAssessment, after: EstateAssessment): string | null {
  const parts = [
    before.profile === after.profile ? [] : [`the profile is ${after.profile} instead of ${before.profile}`],
    before.platform === after.platform
      ? []
      : [`the platform is ${after.platform} instead of ${before.platform}`],
    before.host === after.host ? [] : [`the host model is ${after.host} instead of ${before.host}`],
  ].flat();
  return parts.length === 0 ? null : `Because ${listed(parts)}.`;
}

function reasonOf(
  then: Assessment,
  now: Assessment,
  rules: readonly Citation[],
  cause: string | null,
): string {
  if (now.override !== null && JSON.stringify(then.override) !== JSON.stringify(now.override))
    return `It was decided by hand: ${now.override.reason}`;
  if (now.override === null && then.override !== null)
    return `The decision by hand was taken back: ${then.override.reason}`;
  if (rules.length > 0) {
    const old = new Map(citations(then).map((citation) => [citation.rule, citation.value]));
    const texts = rules.map(
      ({ rule, title, unit, value }) =>
        `${title} is ${shown(value, unit)} instead of ${shown(old.get(rule), unit)}`,
    );
    return `Because ${listed(texts, 3)}.`;
  }
  if (cause !== null) return cause;
  const before = new Set([
    ...then.reasons.map(({ text }) => text),
    ...then.gates.map(({ because }) => because),
  ]);
  const fresh = [...now.reasons.map(({ text }) => text), ...now.gates.map(({ because }) => because)].find(
    (text) => !before.has(text),
  );
  return fresh ?? now.because;
}

const shown = (value: unknown, unit: string): string =>
  `${typeof value === 'string' ? value : JSON.stringify(value)}${unit === '' ? '' : ` ${unit}`}`;

interface Place {
  name: string;
  list: 'host' | 'unplaced' | 'elsewhere';
  text: string;
  size?: string;
  why?: string;
}

function placesOf(plan: Plan): Map<ServerId, Place> {
  const places = new Map<ServerId, Place>();
  for (const { name: host, servers } of plan.hosts)
    for (const { server, name, vcpus, memoryBytes } of servers)
      places.set(server, { name, list: 'host', text: host, size: size(vcpus, memoryBytes) });
  for (const { server, name, why } of plan.unplaced)
    places.set(server, { name, list: 'unplaced', text: 'no place', why });
  for (const { server, name, outcome, why } of plan.elsewhere)
    places.set(server, { name, list: 'elsewhere', text: outcome, why });
  return places;
}

/** Servers whose host is the same in both plans: an existing one by its name, a new one by the most servers in common. */
function companions(before: Plan, after: Plan): Set<ServerId> {
  const hostOf = new Map(
    before.hosts.flatMap((host) => host.servers.map(({ server }) => [server, host] as const)),
  );
  const pairs = after.hosts
    .flatMap((host) => {
      const common = new Map<Plan['hosts'][number], number>();
      for (const { server } of host.servers) {
        const old = hostOf.get(server);
        if (old === undefined || old.existing !== host.existing) continue;
        if (old.existing && old.name !== host.name) continue;
        common.set(old, (common.get(old) ?? 0) + 1);
      }
      return [...common].map(([old, servers]) => ({ old, host, servers }));
    })
    .sort((a, b) => b.servers - a.servers || (a.host.name < b.host.name ? -1 : 1));
  const taken = new Set<Plan['hosts'][number]>();
  const stayed = new Set<ServerId>();
  for (const { old, host } of pairs) {
    if (taken.has(old) || taken.has(host)) continue;
    taken.add(old).add(host);
    for (const { server } of host.servers) if (hostOf.get(server) === old) stayed.add(server);
  }
  return stayed;
}
