/** Which servers of a scenario become machines, and where the others go. Each is in exactly one list. */
import { listed } from '../../base/text.ts';
import type { Assessment, Outcome } from '../../assess/model/assessment.ts';
import type { ServerFacts } from '../../assess/model/facts.ts';
import type { SizedServer } from '../../assess/model/sized.ts';
import type { ElsewhereServer } from '../model/plan.ts';
import type { PlanRequest } from '../planning.ts';
import { ServerNames } from './names.ts';

export interface Candidate {
  facts: ServerFacts;
  assessment: Assessment;
  sized: SizedServer;
}

export interface Selection {
  machines: Candidate[];
  elsewhere: ElsewhereServer[];
  /** Those of `elsewhere` that go to OS virtualization. */
  instances: Candidate[];
  names: ServerNames;
  warnings: string[];
}

/** Verdicts that make a virtual machine as they are. */
const MACHINES: readonly Outcome[] = ['good-candidate', 'candidate-with-conditions', 'already-virtual'];

export function selectServers(request: PlanRequest): Selection {
  const { scenario, estate } = request;
  const warnings: string[] = [];
  const unique = new Map(request.servers.map((facts) => [facts.id, facts]));
  if (unique.size < request.servers.length)
    warnings.push(`${request.servers.length - unique.size} servers came twice and are planned once.`);
  const names = new ServerNames([...unique.values()]);
  const wanted = names.all(scenario.include);
  const unwanted = names.all(scenario.exclude);
  const about = (missing: string[], list: string): void => {
    if (missing.length > 0)
      warnings.push(
        `The scenario ${list} ${listed(missing)}, but there is no server of that name; look for a slip of the pen.`,
      );
  };
  about(wanted.missing, 'is about');
  about(unwanted.missing, 'leaves out');

  const assessments = new Map(estate.assessments.map((assessment) => [assessment.server, assessment]));
  const selection: Selection = { machines: [], elsewhere: [], instances: [], names, warnings };
  const excluded = new Set(unwanted.servers.map(({ id }) => id));
  const servers = scenario.include.length === 0 ? unique.values() : inOrder(unique, wanted.servers);
  for (const facts of servers) {
    const assessment = assessments.get(facts.id);
    const sized = assessment?.sized ?? null;
    const away = excluded.has(facts.id)
      ? { outcome: 'excluded' as const, why: 'The scenario leaves it out.' }
      : goesElsewhere(assessment, scenario.mixed);
    if (away !== null) {
      selection.elsewhere.push({ server: facts.id, name: facts.name, ...away });
      if (away.outcome === 'os-virtualization' && assessment !== undefined && sized !== null)
        selection.instances.push({ facts, assessment, sized });
    } else if (assessment === undefined || sized === null) {
      selection.elsewhere.push({
        server: facts.id,
        name: facts.name,
        outcome: 'unknown',
        why: 'Neither its load nor its hardware is known, so that no machine can be sized for it.',
      });
    } else selection.machines.push({ facts, assessment, sized });
  }
  return selection;
}

/** In the order of the estate, whatever order the scenario names them in. */
function inOrder(all: ReadonlyMap<number, ServerFacts>, some: readonly ServerFacts[]): ServerFacts[] {
  const wanted = new Set(some);
  return [...all.values()].filter((server) => wanted.has(server));
}

/** null: it becomes a machine. */
function goesElsewhere(
  assessment: Assessment | undefined,
  mixed: boolean,
): { outcome: ElsewhereServer['outcome']; why: string } | null {
  if (assessment === undefined) return { outcome: 'unknown', why: 'It was not assessed.' };
  const { verdict, method, because } = assessment;
  if (method === 'retire') return { outcome: 'retire', why: because };
  if (verdict === 'already-virtual' && method === 'stay') return { outcome: verdict, why: because };
  if (MACHINES.includes(verdict)) return null;
  // Forced into machines where a size is known; an `unknown` without one is told apart by the caller.
  if (!mixed) return null;
  return { outcome: verdict, why: because };
}
