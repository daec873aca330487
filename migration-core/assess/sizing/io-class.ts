/** How much input and output a server makes, which decides more verdicts than anything else (assessment model, section 7). */
import type { AssessmentContext } from '../model/context.ts';
import type { Reason } from '../model/assessment.ts';
import type { DemandProfile, Statistic } from '../model/demand.ts';
import type { ServerFacts } from '../model/facts.ts';
import type { IoClass, SizedServer } from '../model/sized.ts';
import {
  IO_BURST,
  IO_CLASSES,
  IO_CONSTRAINED,
  IO_SENSITIVE,
  IO_SLOW_DIVISOR,
  type IoLimit,
} from '../rules/io.ts';
import type { Citation, RuleBook } from '../rules/pack.ts';

/** p95, backups taken out; null: unknown. */
export interface IoLoad {
  operations: number | null;
  bytes: number | null;
  network: number | null;
}

export interface IoJudged {
  io: SizedServer['io'];
  /** By which demand of disks is multiplied: more than 1 where the present disks hold it down. */
  factor: number;
  reasons: Reason[];
}

/** The statistic without backups. */
export const productive = (
  profile: DemandProfile | null,
  name: 'cpu' | 'diskOperations' | 'diskBytes' | 'networkBytes',
): Statistic | null => (profile?.production ?? profile)?.[name] ?? null;

export const measuredLoad = (profile: DemandProfile | null): IoLoad => ({
  operations: productive(profile, 'diskOperations')?.p95 ?? null,
  bytes: productive(profile, 'diskBytes')?.p95 ?? null,
  network: productive(profile, 'networkBytes')?.p95 ?? null,
});

export function judgeIo(facts: ServerFacts, load: IoLoad, context: AssessmentContext): IoJudged {
  const { rules, host, platform, profile: planning } = context;
  const { profile } = facts;
  const trouble = constraint(facts, rules);
  const factor = trouble === null ? 1 : rules.value(IO_CONSTRAINED.factor);
  const reasons: Reason[] = trouble === null ? [] : [trouble];
  const scaled = (value: number | null): number | null => (value === null ? null : value * factor);
  const operations = scaled(load.operations);
  const bytes = scaled(load.bytes);
  const storageShare = largest(
    share(operations, host.diskOperations * planning.hostDisk),
    share(bytes, host.diskBytesPerSecond * planning.hostDisk),
  );
  const networkShare = share(load.network, host.nicSpeed / 8);
  const isSlow = host.spindles || platform.devices === 'emulated';
  const divisor = isSlow ? rules.value(IO_SLOW_DIVISOR) : 1;
  const ioClass = classOf({ operations, bytes, storageShare, networkShare }, divisor, rules);
  reasons.push(classReason(ioClass, { ...load, storageShare, networkShare }, isSlow, rules));

  const burst = burstiness(profile);
  if (burst !== null && burst > rules.value(IO_BURST.note)) {
    const isCondition = burst > rules.value(IO_BURST.condition) && isHeavy(ioClass);
    reasons.push({
      tone: isCondition ? 'against' : 'note',
      text: `Disk load comes in bursts: the busiest moments are ${Math.round(burst)} times the usual.`,
      value: burst,
      rules: [rules.cite(isCondition ? IO_BURST.condition : IO_BURST.note)],
    });
  }
  if (isLatencySensitive(facts, rules))
    reasons.push({
      tone: 'note',
      text:
        facts.annotations.latencySensitive === true
          ? 'It is said to be sensitive to latency: it needs flash and paravirtual drivers, or a device of its own.'
          : 'It makes many operations that take little time: it needs flash and paravirtual drivers, or a device of its own.',
      rules: [rules.cite(IO_SENSITIVE)],
    });
  return {
    io: {
      class: ioClass,
      operations: load.operations,
      bytes: load.bytes,
      latency: profile?.diskLatency?.p95 ?? null,
      storageShare,
      networkShare,
      burstiness: burst,
      constrained: trouble !== null,
    },
    factor,
    reasons,
  };
}

export const isHeavy = (ioClass: IoClass): boolean => ioClass === 'high' || ioClass === 'extreme';

const share = (value: number | null, of: number): number | null => (value === null ? null : value / of);

const largest = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.max(a, b);

/** The lowest class in whose limits all that is known lies; nothing known: moderate. */
function classOf(known: Record<keyof IoLimit, number | null>, divisor: number, rules: RuleBook): IoClass {
  if (Object.values(known).every((value) => value === null)) return 'moderate';
  const within = (value: number | null, limit: number): boolean => value === null || value <= limit;
  for (const name of ['low', 'moderate', 'high'] as const) {
    const limit = rules.value(IO_CLASSES[name]);
    if (
      within(known.operations, limit.operations / divisor) &&
      within(known.bytes, limit.bytes / divisor) &&
      within(known.storageShare, limit.storageShare) &&
      within(known.networkShare, limit.networkShare)
    )
      return name;
  }
  return 'extreme';
}

function classReason(
  ioClass: IoClass,
  {
    operations,
    bytes,
    network,
    storageShare,
    networkShare,
  }: IoLoad & {
    storageShare: number | null;
    networkShare: number | null;
  },
  isSlow: boolean,
  rules: RuleBook,
): Reason {
  const limits: Citation[] = [rules.cite(IO_CLASSES[ioClass === 'extreme' ? 'high' : ioClass])];
  if (isSlow) limits.push(rules.cite(IO_SLOW_DIVISOR));
  const known = [
    operations === null ? null : `${Math.round(operations)} disk operations a second`,
    bytes === null ? null : `${megabytes(bytes)} MB/s of disks`,
    network === null ? null : `${megabytes(network)} MB/s of network`,
  ].filter((part) => part !== null);
  if (known.length === 0)
    return {
      tone: 'note',
      text: 'Input and output was never measured; moderate input and output is assumed.',
      rules: limits,
    };
  const shares = [
    storageShare === null ? null : `${percent(storageShare)} of the storage a host may use`,
    networkShare === null ? null : `${percent(networkShare)} of one uplink`,
  ].filter((part) => part !== null);
  return {
    tone: isHeavy(ioClass) ? 'against' : 'for',
    text: `Input and output is ${ioClass}: ${known.join(', ')} at p95, which is ${shares.join(' and ')}.`,
    value: operations ?? bytes ?? network ?? 0,
    rules: limits,
  };
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
const percent = (part: number): string => `${(part * 100).toFixed(1)} %`;

/** p99.9 to p50 of disk operations, else of bytes; an idle half of the time counts as one operation, or 4 KB, a second. */
function burstiness(profile: DemandProfile | null): number | null {
  const operations = productive(profile, 'diskOperations');
  if (operations !== null) return operations.p999 / Math.max(1, operations.p50);
  const bytes = productive(profile, 'diskBytes');
  return bytes === null ? null : bytes.p999 / Math.max(4096, bytes.p50);
}

/** Whether the present disks are the limit already: then they show what they give, not what is asked of them. */
function constraint(facts: ServerFacts, rules: RuleBook): Reason | null {
  const { profile } = facts;
  const latency = profile?.diskLatency?.p95 ?? null;
  const queue = profile?.diskQueue?.p95 ?? null;
  const reason = (text: string, value: number, limit: Citation): Reason => ({
    tone: 'note',
    text: `${text}, so its present disks are the limit and it is sized for ${Math.round((rules.value(IO_CONSTRAINED.factor) - 1) * 100)} % more than they let through.`,
    value,
    rules: [limit, rules.cite(IO_CONSTRAINED.factor)],
  });
  if (latency !== null && latency > rules.value(IO_CONSTRAINED.latency))
    return reason(
      `Disk requests take ${(latency * 1000).toFixed(0)} ms at p95`,
      latency,
      rules.cite(IO_CONSTRAINED.latency),
    );
  const limit = isPlainSpindles(facts) ? IO_CONSTRAINED.queueSpindle : IO_CONSTRAINED.queueLun;
  if (queue !== null && queue > rules.value(limit))
    return reason(`${queue.toFixed(1)} disk requests wait at p95`, queue, rules.cite(limit));
  return null;
}

/** Single rotating disks: behind a RAID controller or a SAN a disk is many spindles. */
export function isPlainSpindles({ inventory }: Pick<ServerFacts, 'inventory'>): boolean {
  const disks = (inventory?.disks ?? []).filter(({ removable }) => removable !== true);
  return (
    disks.length > 0 &&
    (inventory?.raidControllers ?? []).length === 0 &&
    disks.every(({ rotational, bus, paths }) => rotational === true && paths === undefined && !isShared(bus))
  );
}

const isShared = (bus: string | undefined): boolean => bus === 'fc' || bus === 'iscsi' || bus === 'raid';

/** Said so, or fast disks used much. */
export function isLatencySensitive({ profile, annotations }: ServerFacts, rules: RuleBook): boolean {
  if (annotations.latencySensitive !== undefined) return annotations.latencySensitive;
  const latency = profile?.diskLatency?.p95;
  const operations = productive(profile, 'diskOperations')?.p95;
  const limit = rules.value(IO_SENSITIVE);
  return (
    latency !== undefined &&
    operations !== undefined &&
    latency < limit.latency &&
    operations > limit.operations
  );
}
