/**
 * Servers that are alike. Those whose weighty features differ cannot be alike and are never compared: servers are sorted
 * into buckets by these, and within a bucket each is compared with a bounded number of leaders, so that the work grows
 * with the number of servers and not with its square.
 */
import { createHash } from 'node:crypto';
import type { ServerId } from '../store/engagement.ts';
import type { AssessmentContext } from './model/context.ts';
import type { ServerFacts } from './model/facts.ts';
import type { SimilarityGroup } from './model/groups.ts';
import type { SizedServer } from './model/sized.ts';
import { isYoung, type KnownRelease } from './operating-systems.ts';
import type { Roles } from './roles.ts';
import * as rules from './rules/groups.ts';

export interface Candidate {
  facts: ServerFacts;
  sized: SizedServer | null;
  release: KnownRelease | null;
  roles: Roles;
}

type FeatureName = 'system' | 'model' | 'roles' | 'disks' | 'drivers' | 'patch' | 'memory';
const FEATURES: readonly FeatureName[] = ['system', 'model', 'roles', 'disks', 'drivers', 'patch', 'memory'];
/** null: not known. */
type Features = Record<FeatureName, readonly string[] | null>;

interface Alike {
  candidate: Candidate;
  features: Features;
}

/** Servers of a bucket that found none like them; more of them than this and a bucket is no set of copies at all. */
const MAX_LEADERS = 32;
/** Drivers and disks beyond these are compared no further. */
const MAX_ITEMS = 2000;

const bySpelling = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const sorted = (items: Iterable<string>): string[] => [...items].slice(0, MAX_ITEMS).sort(bySpelling);

function featuresOf({ facts, roles }: Candidate): Features {
  const { operatingSystem: os, vendor, model, disks, drivers, memoryBytes } = facts.inventory ?? {};
  return {
    system: os === undefined ? null : [os.family, os.id ?? '', os.version ?? os.name, os.architecture ?? ''],
    model: model === undefined ? null : [vendor ?? '', model],
    roles: roles.known ? roles.roles : null,
    disks: disks === undefined ? null : sorted(disks.map(({ bytes }) => `${bytes ?? '?'} bytes`)),
    drivers:
      drivers === undefined
        ? null
        : sorted(new Set(drivers.filter(({ loaded }) => loaded !== false).map(({ name }) => name))),
    patch: os?.build === undefined ? null : [os.build],
    memory: memoryBytes === undefined ? null : [`${memoryBytes} bytes`],
  };
}

/** Common items over all items of two sorted lists, counted as often as they are there. */
function overlap(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 && b.length === 0) return 1;
  let common = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (a[i] === b[j]) {
      common++;
      i++;
      j++;
    } else if (a[i]! < b[j]!) i++;
    else j++;
  }
  return common / (a.length + b.length - common);
}

const WHOLE: ReadonlySet<FeatureName> = new Set(['system', 'model', 'roles', 'patch', 'memory']);

const likeness = (name: FeatureName, a: readonly string[], b: readonly string[]): number =>
  WHOLE.has(name) ? (a.length === b.length && a.every((item, at) => item === b[at]) ? 1 : 0) : overlap(a, b);

/** 0 to 1. What only one of the two is known to have counts as different; what neither is, not at all. */
export function similarity(a: Features, b: Features, context: AssessmentContext): number {
  const weights = context.rules.value(rules.groupWeights);
  let [alike, compared, known] = [0, 0, 0];
  for (const name of FEATURES) {
    const [one, other] = [a[name], b[name]];
    if (one === null && other === null) continue;
    compared += weights[name];
    if (one === null || other === null) continue;
    known += weights[name];
    alike += weights[name] * likeness(name, one, other);
  }
  return known < context.rules.value(rules.groupKnown) || compared === 0 ? 0 : alike / compared;
}

function bucketsBy<T>(items: readonly T[], key: (item: T) => string | null): T[][] {
  const buckets = new Map<string, T[]>();
  for (const item of items) {
    const name = key(item);
    if (name === null) continue;
    const bucket = buckets.get(name);
    if (bucket === undefined) buckets.set(name, [item]);
    else bucket.push(item);
  }
  return [...buckets.values()];
}

const groupId = (kind: SimilarityGroup['kind'], members: readonly ServerId[]): string =>
  createHash('sha256')
    .update(`${kind}:${members.join(',')}`)
    .digest('hex')
    .slice(0, 16);

/** In the order of their first members; cookie-cutter sets first. */
export function groupsOf(candidates: readonly Candidate[], context: AssessmentContext): SimilarityGroup[] {
  // What is virtual already is not converted by a recipe for hardware.
  const physical = candidates.filter(
    ({ facts }) => facts.inventory !== null && facts.inventory.virtual === undefined,
  );
  return [...cookieCutters(physical, context), ...osGroups(physical, context)];
}

function cookieCutters(candidates: readonly Candidate[], context: AssessmentContext): SimilarityGroup[] {
  const least = context.rules.value(rules.groupSimilarity);
  const weights = context.rules.value(rules.groupWeights);
  // A difference in one of these alone makes two servers unlike.
  const weighty = FEATURES.filter((name) => weights[name] > 1 - least && WHOLE.has(name));
  const light = FEATURES.filter((name) => !weighty.includes(name));
  const all = candidates.map((candidate): Alike => ({ candidate, features: featuresOf(candidate) }));
  const key = (names: readonly FeatureName[]) => (one: Alike) =>
    JSON.stringify(names.map((name) => one.features[name]));
  return bucketsBy(all, key(weighty))
    .filter((bucket) => bucket.length >= context.rules.value(rules.groupMinimum))
    .flatMap((bucket) => setsOf(bucketsBy(bucket, key(light)), least, context))
    .filter((set) => set.members.length >= context.rules.value(rules.groupMinimum));
}

/** @param classes servers that do not differ at all, in the order of their first members */
function setsOf(classes: readonly Alike[][], least: number, context: AssessmentContext): SimilarityGroup[] {
  const sets: { leader: Alike; members: Alike[]; similarity: number }[] = [];
  // The largest classes lead: most servers then have no deviation.
  const ordered = [...classes].sort((a, b) => b.length - a.length);
  for (const same of ordered) {
    let found: (typeof sets)[number] | undefined;
    let value = 0;
    for (const set of sets) {
      value = similarity(set.leader.features, same[0]!.features, context);
      if (value >= least) {
        found = set;
        break;
      }
    }
    if (found !== undefined) {
      found.members.push(...same);
      found.similarity = Math.min(found.similarity, value);
    } else if (sets.length < MAX_LEADERS) {
      // Alone with itself it may still be too little known to be called alike.
      const own = similarity(same[0]!.features, same[0]!.features, context);
      if (own >= least) sets.push({ leader: same[0]!, members: [...same], similarity: own });
    }
  }
  return sets.map(({ leader, members, similarity: lowest }) => {
    const ids = members.map(({ candidate }) => candidate.facts.id);
    const os = leader.candidate.facts.inventory?.operatingSystem?.name ?? 'unknown system';
    return {
      id: groupId('cookie-cutter', ids),
      kind: 'cookie-cutter',
      title: `${ids.length} alike servers (${leader.candidate.facts.inventory?.model ?? 'unknown model'}, ${os})`,
      members: ids,
      pilot: leader.candidate.facts.id,
      similarity: lowest,
      deviations: members.flatMap((member) => {
        const what = deviation(leader.features, member.features);
        return what === null ? [] : [{ server: member.candidate.facts.id, what }];
      }),
      saved: null,
    };
  });
}

const FEATURE_TITLES: Record<FeatureName, string> = {
  system: 'system',
  model: 'model',
  roles: 'roles',
  disks: 'disks',
  drivers: 'drivers',
  patch: 'build of the system',
  memory: 'memory',
};

function deviation(pilot: Features, other: Features): string | null {
  const differing = FEATURES.flatMap((name) => {
    const [a, b] = [pilot[name], other[name]];
    if (a === null && b === null) return [];
    if (a !== null && b !== null && likeness(name, a, b) === 1) return [];
    const only = (list: readonly string[] | null, from: readonly string[] | null): string => {
      const others = new Set(from);
      return (list ?? [])
        .filter((item) => !others.has(item))
        .slice(0, 3)
        .join(', ');
    };
    const [more, less] = [only(b, a), only(a, b)];
    return [
      `${FEATURE_TITLES[name]}: ${b === null ? 'not known' : more === '' ? 'fewer' : more}${less === '' ? '' : ` (pilot: ${less})`}`,
    ];
  });
  return differing.length === 0 ? null : differing.join('; ');
}

/** SR-42 to SR-47: may it share its operating system with servers like it? */
export function mayShareSystem(
  { facts, sized, release, roles }: Candidate,
  context: AssessmentContext,
): boolean {
  const { annotations, inventory } = facts;
  const { rules: book, platform } = context;
  const os = inventory?.operatingSystem;
  if (os === undefined || sized === null || release === null) return false;
  const isolated = platform.architecture === 'os' && platform.hardwareIsolation && platform.failover;
  return (
    book.value(rules.osGroupFamilies).some((family) => family === os.family) &&
    isYoung(release, book.value(rules.youngYears), context.now) &&
    book.value(rules.osGroupRoles).some((role) => roles.has(role)) &&
    !roles.has(...book.value(rules.osGroupNever)) &&
    annotations.needsStrongIsolation !== true &&
    (annotations.criticality !== 'critical' || isolated) &&
    book.value(rules.osGroupIo).includes(sized.io.class)
  );
}

/** SR-40: what so many systems take for themselves. */
export const systemFootprint = (
  count: number,
  one: { memoryBytes: number; diskBytes: number },
): { memoryBytes: number; diskBytes: number } => ({
  memoryBytes: count * one.memoryBytes,
  diskBytes: count * one.diskBytes,
});

function osGroups(candidates: readonly Candidate[], context: AssessmentContext): SimilarityGroup[] {
  const { rules: book } = context;
  return bucketsBy(
    candidates.filter((candidate) => mayShareSystem(candidate, context)),
    ({ facts, release, roles }) => {
      const os = facts.inventory!.operatingSystem!;
      // Zones are never mixed: processes of one kernel are not kept apart well enough for that.
      return JSON.stringify([
        release!.id,
        os.version ?? '',
        os.architecture ?? '',
        roles.roles,
        facts.annotations.zone ?? '',
      ]);
    },
  )
    .filter((bucket) => bucket.length >= book.value(rules.osGroupMinimum))
    .map((bucket) => {
      const [pilot] = bucket as [Candidate, ...Candidate[]];
      const ids = bucket.map(({ facts }) => facts.id);
      const features = bucket.map(featuresOf);
      const hosts = Math.ceil(ids.length / book.value(rules.osGroupInstances));
      const before = footprintOf(pilot, context);
      // Each host keeps one system.
      const saved = systemFootprint(Math.max(0, ids.length - hosts), before);
      return {
        id: groupId('os-virtualization', ids),
        kind: 'os-virtualization' as const,
        title: `${ids.length} servers on one system (${pilot.release!.title}, ${pilot.roles.roles.join(', ')})${hosts > 1 ? `, on ${hosts} hosts at least` : ''}`,
        members: ids,
        pilot: pilot.facts.id,
        similarity: features.reduce(
          (least, other) => Math.min(least, similarity(features[0]!, other, context)),
          1,
        ),
        deviations: bucket.flatMap(({ facts }, index) => {
          const what = deviation(features[0]!, features[index]!);
          return what === null ? [] : [{ server: facts.id, what }];
        }),
        saved,
      };
    });
}

/** What one system takes: by the rule pack, or less where less was measured of the volume it lies on. */
function footprintOf(
  { facts }: Candidate,
  context: AssessmentContext,
): { memoryBytes: number; diskBytes: number } {
  const { operatingSystem, volumes } = facts.inventory!;
  const table = context.rules.value(rules.osFootprint);
  const family = operatingSystem!.family;
  const usual = family === 'linux' || family === 'windows' ? table[family] : table.other;
  const root = volumes?.find(
    ({ mountPoint }) => mountPoint === '/' || /^[Cc]:\\?$/u.test(mountPoint ?? ''),
  )?.usedBytes;
  return { memoryBytes: usual.memoryBytes, diskBytes: Math.min(usual.diskBytes, root ?? usual.diskBytes) };
}
