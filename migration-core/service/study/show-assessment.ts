/** Verdicts as a screen shows them. */
import type { Assessment, Gate } from '../../assess/model/assessment.ts';
import {
  RESOURCES,
  type DemandProfile,
  type ResourceName,
  type Statistic,
} from '../../assess/model/demand.ts';
import type { ServerFacts } from '../../assess/model/facts.ts';
import { IronliftError } from '../../base/errors.ts';
import type { AssessmentRow, OneAssessment, StatisticView } from '../../contract/assessment.ts';
import type { Output } from '../../contract/contract.ts';
import type { AssessedStudy } from '../../plan/study.ts';
import type { ServerId } from '../../store/engagement.ts';

/** Members of a group of servers that are alike, that are named. */
const SHOWN_ALIKE = 12;
const HALF_HOURS = 336;

const isOpen = ({ met, severity }: Gate): boolean => !met && severity !== 'info';

export const UNITS: Record<ResourceName, string> = {
  cpu: '%',
  memory: 'bytes',
  diskOperations: 'operations/s',
  diskBytes: 'bytes/s',
  networkBytes: 'bytes/s',
};

export function assessmentList(study: AssessedStudy): Output<'assessment.list'> {
  const { scenario, context, estate, problems } = study;
  const byId = new Map(study.facts.map((one) => [one.id, one]));
  const groups = new Map(estate.groups.map(({ id, title }) => [id, title]));
  const totals: Output<'assessment.list'>['totals'] = {
    'good-candidate': 0,
    'candidate-with-conditions': 0,
    'keep-physical': 0,
    'os-virtualization': 0,
    clustering: 0,
    unknown: 0,
    'already-virtual': 0,
  };
  const rows = estate.assessments.map((assessment) => {
    totals[assessment.verdict]++;
    return rowOf(assessment, byId.get(assessment.server) ?? null, groups);
  });
  return {
    scenario: scenario.name,
    rules: context.rules.version,
    profile: context.profileName,
    platform: context.platform.name,
    host: context.host.name,
    rows,
    totals,
    problems: problems.slice(0, 200).map(({ name, message, next }) => ({ name, message, next })),
  };
}

function rowOf(
  assessment: Assessment,
  facts: ServerFacts | null,
  groups: ReadonlyMap<string, string>,
): AssessmentRow {
  const { server, name, verdict, ruled, second, override, score, confidence, gates, sized } = assessment;
  const annotations = facts?.annotations ?? {};
  const open = gates.filter(isOpen);
  return {
    server,
    name,
    verdict,
    ruled,
    second,
    decided: override !== null,
    score,
    stars: confidence.stars,
    reason: mainReason(assessment),
    vcpus: sized?.vcpus ?? null,
    memoryBytes: sized?.memoryBytes ?? null,
    usage: assessment.usage,
    group: assessment.group === null ? null : (groups.get(assessment.group) ?? null),
    roles: assessment.roles,
    method: assessment.method,
    gates: open.length,
    blockers: open.filter(({ severity }) => severity === 'blocker').length,
    environment: annotations.environment ?? null,
    criticality: annotations.criticality ?? null,
    owner: annotations.owner ?? null,
    operatingSystem: facts?.inventory?.operatingSystem?.name ?? null,
  };
}

/** What speaks against a move where something does, else what speaks for it; the decision of a person before both. */
function mainReason({ override, verdict, reasons, because }: Assessment): string {
  if (override !== null) return override.reason;
  const wanted = verdict === 'good-candidate' ? 'for' : 'against';
  return reasons.find(({ tone }) => tone === wanted)?.text ?? because;
}

/** @throws USAGE: no such server */
export function oneAssessment(study: AssessedStudy, id: ServerId): OneAssessment {
  const { estate, context } = study;
  const assessment = estate.assessments.find(({ server }) => server === id);
  const facts = study.facts.find((one) => one.id === id);
  if (assessment === undefined || facts === undefined)
    throw new IronliftError('USAGE', 'This server is not in the engagement any more.', {
      next: 'Go back to the list.',
    });
  const groups = new Map(estate.groups.map((group) => [group.id, group.title]));
  const group = estate.groups.find((one) => one.id === assessment.group);
  const names = new Map(study.facts.map((one) => [one.id, one.name]));
  const { inventory, profile } = facts;
  const processors = inventory?.processors ?? [];
  const { sized } = assessment;
  return {
    row: rowOf(assessment, facts, groups),
    because: assessment.because,
    override: assessment.override,
    reasons: assessment.reasons.map(({ tone, text, weight, rules }) => ({
      tone,
      text,
      weight: weight ?? null,
      rules,
    })),
    gates: assessment.gates.map(({ unknown, ...gate }) => ({ ...gate, unknown: unknown ?? null })),
    changes: assessment.changes,
    confidence: assessment.confidence,
    score: assessment.parts.map(({ id: part, title, weight, points, rules }) => ({
      id: part,
      title,
      weight,
      points,
      rules,
    })),
    physical: {
      vendor: inventory?.vendor ?? null,
      model: inventory?.model ?? null,
      operatingSystem: inventory?.operatingSystem?.name ?? null,
      processor: processors[0]?.model ?? null,
      cores: sumOf(processors.map(({ cores }) => cores)),
      memoryBytes: inventory?.memoryBytes ?? null,
      diskBytes: sumOf(inventory?.disks?.map(({ bytes }) => bytes)),
      nics: inventory?.networkInterfaces?.length ?? null,
    },
    machine:
      sized === null
        ? null
        : {
            basis: sized.basis,
            vcpus: sized.vcpus,
            memoryBytes: sized.memoryBytes,
            diskBytes: sized.disks.reduce((sum, { bytes }) => sum + bytes, 0),
            copyBytes: sized.copyBytes,
            nics: sized.nics.length,
            ioClass: sized.io.class,
            disks: sized.disks.map(({ name, bytes, provisioning }) => ({ name, bytes, provisioning })),
            reasons: sized.reasons.map(({ text, rules }) => ({ text, rules })),
          },
    week: profile === null ? null : weekOf(facts, profile, context.profile.shape),
    statistics: profile === null ? [] : statisticsOf(facts, profile, context.profile),
    measured: profile === null ? null : { from: profile.from, to: profile.to, days: profile.days },
    backups: (profile?.backup ?? []).map(({ startMinute, endMinute, days, basis }) => ({
      startMinute,
      endMinute,
      days,
      basis,
    })),
    remarks: profile?.remarks ?? [],
    alike:
      group === undefined
        ? null
        : {
            title: group.title,
            pilot: names.get(group.pilot) ?? '',
            members: group.members.slice(0, SHOWN_ALIKE).map((member) => names.get(member) ?? ''),
            more: Math.max(0, group.members.length - SHOWN_ALIKE),
          },
  };
}

function sumOf(values: readonly (number | undefined)[] | undefined): number | null {
  if (values === undefined || values.length === 0 || values.some((value) => value === undefined)) return null;
  return values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
}

/** What there is of a resource on the server as it stands. */
function capacityOf({ inventory }: ServerFacts, resource: ResourceName): number | null {
  if (resource === 'cpu') return 100;
  if (resource === 'memory') return inventory?.memoryBytes ?? null;
  return null;
}

const STATISTICS: Record<ResourceName, (profile: DemandProfile) => Statistic | null> = {
  cpu: ({ cpu }) => cpu,
  memory: ({ memoryUsed }) => memoryUsed,
  diskOperations: ({ diskOperations }) => diskOperations,
  diskBytes: ({ diskBytes }) => diskBytes,
  networkBytes: ({ networkBytes }) => networkBytes,
};

function statisticsOf(
  facts: ServerFacts,
  profile: DemandProfile,
  { cpuPercentile, memoryPercentile, ioPercentile }: AssessedStudy['context']['profile'],
): StatisticView[] {
  return RESOURCES.flatMap((resource) => {
    const statistic = STATISTICS[resource](profile);
    if (statistic === null) return [];
    const { mean, p50, p90, p95, p99, maximum, coverage } = statistic;
    const sizedBy =
      resource === 'cpu' ? cpuPercentile : resource === 'memory' ? memoryPercentile : ioPercentile;
    return [
      {
        resource,
        unit: UNITS[resource],
        ...{ mean, p50, p90, p95, p99, maximum, coverage, sizedBy },
        capacity: capacityOf(facts, resource),
      },
    ];
  });
}

/** The typical week by half hours, the highest of each; null where nothing is known. */
function weekOf(
  facts: ServerFacts,
  profile: DemandProfile,
  wanted: AssessedStudy['context']['profile']['shape'],
): OneAssessment['week'] {
  const week = profile.weeks.find(({ shape }) => shape === wanted) ?? profile.weeks[0];
  if (week === undefined) return null;
  const slots = week.values.length / RESOURCES.length;
  const rows = RESOURCES.flatMap((resource, row) => {
    const values = Array.from({ length: HALF_HOURS }, (_, at) => {
      let most: number | null = null;
      const end = Math.max(Math.ceil(((at + 1) * slots) / HALF_HOURS), 1);
      for (let slot = Math.floor((at * slots) / HALF_HOURS); slot < end; slot++) {
        const value = week.values[row * slots + slot]!;
        if (!Number.isNaN(value)) most = Math.max(most ?? value, value);
      }
      return most;
    });
    if (values.every((value) => value === null)) return [];
    return [
      {
        resource,
        unit: UNITS[resource],
        values,
        p95: STATISTICS[resource](profile)?.p95 ?? null,
        capacity: capacityOf(facts, resource),
      },
    ];
  });
  return rows.length === 0 ? null : { slotMinutes: 30, rows };
}
