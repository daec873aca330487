/** An estate, assessed: every server is in the result once, in the order it came in, whatever its data do. Pure. */
import { isIronliftError } from '../base/errors.ts';
import type { ServerId } from '../store/engagement.ts';
import { becauseOf, changesOf, notesOf, reasonsOf, type Cite } from './explain.ts';
import { judgeGate, short, type EstateView, type GateOptions, type Subject } from './gates/gate.ts';
import { GATES } from './gates/table.ts';
import { groupsOf, type Candidate } from './groups.ts';
import { methodOf } from './method.ts';
import type { Assessment, Confidence, Gate, Outcome } from './model/assessment.ts';
import type {
  AssessmentContext,
  EstateAssessment,
  HostCpuUnits,
  JudgeConfidence,
  SizeServer,
} from './model/context.ts';
import type { ServerFacts } from './model/facts.ts';
import type { SimilarityGroup } from './model/groups.ts';
import { releaseOf } from './operating-systems.ts';
import { rolesOf } from './roles.ts';
import { automatic } from './rules/gates.ts';
import type { Citation, Rule } from './rules/pack.ts';
import { fewServers } from './rules/verdict.ts';
import { figuresOf, partsOf } from './score.ts';
import { SharedParts } from './share.ts';
import { usageOf } from './usage.ts';
import { groundsOf, judge, secondBest } from './verdict.ts';

export interface Judges {
  size: SizeServer;
  confidence: JudgeConfidence;
  /** Core units of the host; without it shares of processors are not known. */
  hostCpuUnits: HostCpuUnits;
}

interface Prepared extends Candidate {
  confidence: Confidence;
  usage: Subject['usage'];
}
/** What a stage came to, or the sentence that says why it came to nothing. */
type Tried<T> = { value: T } | { failure: string };

/** @throws RULE_PACK_INVALID, CATALOGUE_DAMAGED: what the program came with is damaged; never for what servers hold */
export function assessEstate(
  servers: readonly ServerFacts[],
  context: AssessmentContext,
  judges: Judges,
): EstateAssessment {
  const cite = citations(context);
  // A rule that is missing is missing for all: said at once, not of every server.
  for (const gate of GATES) gate.rules.forEach(cite);
  const options: GateOptions = { cite, automatic: context.rules.value(automatic) };
  const hostCpu = judges.hostCpuUnits(context);

  const shared = new SharedParts();
  const prepared = servers.map((facts) => attempt(() => prepare(facts, context, judges, shared)));
  const groups = groupsOf(
    prepared.flatMap((one) => ('value' in one ? [one.value] : [])),
    context,
  );
  const groupsByServer = new Map<ServerId, SimilarityGroup[]>();
  for (const group of groups)
    for (const id of group.members) groupsByServer.set(id, [...(groupsByServer.get(id) ?? []), group]);
  const estate: EstateView = { size: servers.length, sharedDisks: sharedDisks(servers) };

  const assessments = servers.map((facts, index): Assessment => {
    const one = prepared[index]!;
    if ('failure' in one) return failed(facts, one.failure, null);
    const judged = attempt(() => {
      const subject: Subject = { ...one.value, groups: groupsByServer.get(facts.id) ?? [], context, estate };
      return assessServer(subject, hostCpu, options);
    });
    return 'value' in judged ? shared.of(judged.value) : failed(facts, judged.failure, one.value.confidence);
  });
  return {
    rules: context.rules.version,
    profile: context.profileName,
    platform: context.platform.id,
    host: context.host.id,
    assessments,
    groups,
  };
}

function attempt<T>(stage: () => T): Tried<T> {
  try {
    return { value: stage() };
  } catch (error) {
    // A rule pack is wrong for all servers alike, and none of them is to blame.
    if (isIronliftError(error) && error.code === 'RULE_PACK_INVALID') throw error;
    return {
      failure:
        error instanceof Error && error.message !== '' ? short(error.message) : 'an error without a name',
    };
  }
}

function prepare(
  facts: ServerFacts,
  context: AssessmentContext,
  { size, confidence }: Judges,
  shared: SharedParts,
): Prepared {
  const sized = shared.ofSized(size(facts, context));
  return {
    facts,
    sized,
    release: releaseOf(facts.inventory?.operatingSystem),
    roles: rolesOf(facts.inventory),
    confidence: confidence(facts, sized, context),
    usage: usageOf(facts, context),
  };
}

export function assessServer(subject: Subject, hostCpu: number, options: GateOptions): Assessment {
  const { facts, context, confidence, sized, roles, usage } = subject;
  const { cite } = options;
  const gates = GATES.map((rule) => judgeGate(rule, subject, options)).filter((gate) => gate !== null);
  const grounds = groundsOf(subject, gates, figuresOf(subject, hostCpu));
  const decision = judge(subject, grounds);
  const ruled = decision.outcome;
  const reasons = [
    ...reasonsOf(subject, grounds, decision, cite),
    ...notesOf(subject, grounds, context.rules.value(fewServers), cite, fewServers),
  ];
  const because = becauseOf(subject, grounds, decision);
  const judged = ruled !== 'unknown';
  return {
    ...overridden(facts, ruled, because),
    server: facts.id,
    name: facts.name,
    ruled,
    second: secondBest(subject, grounds, ruled),
    score: judged ? decision.score.total : null,
    parts: judged ? partsOf(decision.score, cite) : [],
    confidence,
    gates,
    reasons,
    changes: changesOf(subject, grounds, decision),
    usage: usage.class,
    sized,
    group: groupFor(subject, facts.annotations.override?.verdict ?? ruled),
    method: methodOf(subject, gates, facts.annotations.override?.verdict ?? ruled),
    roles: roles.roles,
  };
}

/** The customer's decision stands; ours stays beside it. */
function overridden(
  facts: ServerFacts,
  ruled: Outcome,
  because: string,
): Pick<Assessment, 'verdict' | 'override' | 'because'> {
  const { override } = facts.annotations;
  if (override === undefined) return { verdict: ruled, override: null, because };
  const by = override.by ?? null;
  return {
    verdict: override.verdict,
    override: { verdict: override.verdict, reason: override.reason, by },
    because: `Decided by ${by === null || by === '' ? 'the customer' : by}: ${override.reason === '' ? 'no reason given' : override.reason} By the rules: ${because}`,
  };
}

function groupFor({ groups }: Subject, verdict: Outcome): string | null {
  const kind = verdict === 'os-virtualization' ? 'os-virtualization' : 'cookie-cutter';
  return (groups.find((group) => group.kind === kind) ?? groups[0])?.id ?? null;
}

const NO_CONFIDENCE: Confidence = {
  value: 0,
  stars: 1,
  parts: { coverage: 0, duration: 0, metrics: 0, cycle: 0 },
  caps: [],
};

/** Its data broke a stage: it is listed, and says so. */
function failed(facts: ServerFacts, failure: string, confidence: Confidence | null): Assessment {
  const because = `Unknown: collect more, because its data could not be judged: ${failure}`;
  const gates: Gate[] = [];
  return {
    ...overridden(facts, 'unknown', because),
    server: facts.id,
    name: facts.name,
    ruled: 'unknown',
    second: null,
    score: null,
    parts: [],
    confidence: confidence ?? NO_CONFIDENCE,
    gates,
    reasons: [{ tone: 'note', text: `Its data could not be judged: ${failure}`, rules: [] }],
    changes: ['Once it is collected anew without such data, it can be judged.'],
    usage: 'unknown',
    sized: null,
    group: null,
    method: 'stay',
    roles: [],
  };
}

/** Citations are the same for all servers: made once. */
function citations(context: AssessmentContext): Cite {
  const made = new Map<Rule<unknown>, Citation>();
  return (rule) => {
    const known = made.get(rule);
    if (known !== undefined) return known;
    const citation = context.rules.cite(rule);
    made.set(rule, citation);
    return citation;
  };
}

/** More servers on one disk are counted only: a name that means nothing may be on all of an estate. */
const MAX_SHARERS = 20;

/** Which servers see the same disk: by world wide names, and by LUNs as people name them. */
function sharedDisks(servers: readonly ServerFacts[]): Map<string, { names: string[]; count: number }> {
  const seen = new Map<string, { names: string[]; count: number }>();
  for (const { name, inventory, annotations } of servers) {
    const disks = (inventory?.disks ?? [])
      .map(({ wwn }) => wwn)
      .filter((wwn) => wwn !== undefined && wwn !== '');
    // The paths of a disk and its multipath device are one disk of one server.
    for (const disk of new Set([...disks, ...(annotations.luns ?? [])])) {
      const by = seen.get(disk!) ?? { names: [], count: 0 };
      if (by.names.length < MAX_SHARERS) by.names.push(name);
      by.count++;
      seen.set(disk!, by);
    }
  }
  return new Map([...seen].filter(([, { count }]) => count > 1));
}
