/** The host classes of a scenario: what stands there, and what may be bought. */
import { isIronliftError, IronliftError } from '../../base/errors.ts';
import type { HostTemplate } from '../../assess/model/host.ts';
import type { ExistingHost } from '../model/scenario.ts';
import type { PlanRequest } from '../planning.ts';
import { checkHostTemplate, templatesOf } from '../hosts/templates.ts';
import { hostFigures, type HostFigures } from './capacity.ts';
import { listed } from './names.ts';

export interface HostKind extends HostFigures {
  /** Of the packing problem. */
  key: string;
  existing: ExistingHost | null;
  /** Of one that is bought because a pin asks for a host of this name; null: nobody asked for this one. */
  reserved: string | null;
}

export interface HostKinds {
  kinds: HostKind[];
  /** The one of which as many as needed may be bought; null: only the given ones. */
  bought: HostKind | null;
  warnings: string[];
}

/**
 * @param reserved names of hosts that pins ask for
 * @throws SCENARIO_INVALID for a template that is not there or may not be planned with, and for two hosts of one name
 */
export function hostKinds(request: PlanRequest, reserved: readonly string[] = []): HostKinds {
  const { scenario, rules } = request;
  const templates = templatesOf(scenario, request.templates);
  const warnings: string[] = [];
  const figures = new Map<string, HostFigures>();
  const kindOf = (id: string): HostFigures => {
    const known = figures.get(id);
    if (known !== undefined) return known;
    const template = templates.get(id);
    if (template === undefined)
      throw invalid(
        `There is no host template ${id}; there are ${listed([...templates.keys()].sort())}.`,
        'Choose one of these in the scenario, or describe the host in it.',
      );
    const findings = checkHostTemplate(template, rules);
    const blocker = findings.find(({ severity }) => severity === 'blocker');
    if (blocker !== undefined)
      throw invalid(blocker.message, blocker.next ?? 'Choose another host template.');
    warnings.push(
      ...findings.map(({ message, next }) => (next === undefined ? message : `${message} ${next}`)),
    );
    const made = hostFigures(template, positive(request.coreUnitsOf(template), template), rules);
    figures.set(id, made);
    return made;
  };

  const kinds: HostKind[] = [];
  const names = new Set<string>();
  for (const existing of scenario.hosts) {
    if (names.has(existing.name))
      throw invalid(
        `Two hosts of the scenario are called ${existing.name}.`,
        'Give each host of the scenario a name of its own.',
      );
    names.add(existing.name);
    try {
      kinds.push({ ...kindOf(existing.template), key: `host:${existing.name}`, existing, reserved: null });
    } catch (error) {
      // One that stands there and is unfit costs that host; one that is to be bought would cost the plan.
      if (!isIronliftError(error, 'SCENARIO_INVALID') || !templates.has(existing.template)) throw error;
      warnings.push(`The host ${existing.name} is left out. ${error.message}`);
    }
  }
  if (scenario.goal === 'given-hosts') {
    if (kinds.length === 0)
      warnings.push('The scenario allows only given hosts, and names none that will do.');
    return { kinds, bought: null, warnings };
  }
  const figuresOfBought = kindOf(scenario.template);
  const bought = { ...figuresOfBought, key: `new:${scenario.template}`, existing: null, reserved: null };
  const named = reserved
    .filter((name) => !names.has(name))
    .map((name) => ({ ...figuresOfBought, key: `named:${name}`, existing: null, reserved: name }));
  return { kinds: [...kinds, ...named, bought], bought, warnings };
}

function positive(coreUnits: number, template: HostTemplate): number {
  if (Number.isFinite(coreUnits) && coreUnits > 0) return coreUnits;
  throw invalid(
    `How fast the host template ${template.name} is cannot be told.`,
    'Give it its score, its launch year or its clock rate.',
  );
}

const invalid = (message: string, next: string): IronliftError =>
  new IronliftError('SCENARIO_INVALID', message, { next });
