/** What `assess`, `plan` and `waves` have in common: which engagement, which question, which rules. */
import { IronliftError, systemErrorCode } from '../../../base/errors.ts';
import { listed } from '../../../base/text.ts';
import { parseRulePack, type RulePack } from '../../../assess/rules/pack.ts';
import { DEFAULT_SCENARIO, keptRulePacks } from '../../../plan/kept.ts';
import { parseScenario, PROFILES, type Scenario } from '../../../plan/model/scenario.ts';
import { checkedRuleBook } from '../../../plan/rules/table.ts';
import type { EngagementFile } from '../../../store/engagement.ts';
import { readBounded } from '../../../base/bounded-file.ts';
import type { OptionValues } from '../../commands.ts';
import { textOf, usage } from '../collect/options.ts';

export const STUDY_HELP = `  --engagement FILE    what was collected
  --scenario NAME      a question that was kept with --save; "default" unless told
  --settings FILE      take the scenario from a JSON file; - shows the present one
  --profile P          conservative, balanced or aggressive
  --platform P         where to: kvm, proxmox, vmware-esxi, hyperv ...
  --host TEMPLATE      model of host to plan for
  --rules PACK         modern, seed-2007, or a file of your own
  --save               keep these settings under the name of the scenario`;

export const studyOptions = {
  engagement: { type: 'string' },
  scenario: { type: 'string' },
  settings: { type: 'string' },
  profile: { type: 'string' },
  platform: { type: 'string' },
  host: { type: 'string' },
  rules: { type: 'string' },
  save: { type: 'boolean' },
} as const;

/** Bytes; larger than any scenario with ten thousand names in it. */
const MAX_SETTINGS = 64 * 2 ** 20;

export interface Question {
  scenario: Scenario;
  packs: ReadonlyMap<string, RulePack>;
}

/**
 * The scenario as it was kept, changed by the options.
 * @throws USAGE, SCENARIO_INVALID, RULE_PACK_INVALID
 */
export function questionOf(values: OptionValues, command: string, engagement: EngagementFile): Question {
  const name = textOf(values, 'scenario') ?? DEFAULT_SCENARIO;
  const file = textOf(values, 'settings');
  const kept = file === undefined || file === '-' ? engagement.document('scenario', name) : readJson(file);
  if (kept === null && name !== DEFAULT_SCENARIO && values['save'] !== true) {
    const names = engagement.documents('scenario').map((info) => info.name);
    throw usage(
      command,
      `There is no scenario ${name}; ${names.length === 0 ? 'none was kept yet' : `there are ${names.join(', ')}`}`,
    );
  }
  const profile = textOf(values, 'profile');
  if (profile !== undefined && !PROFILES.some((one) => one === profile))
    throw usage(command, `--profile takes ${listed(PROFILES)}, not ${profile}`);
  const packs = keptRulePacks(engagement);
  const rules = textOf(values, 'rules');
  const changes: Record<string, unknown> = {};
  if (rules !== undefined && !packs.has(rules)) {
    const pack = parseRulePack(readText(rules), rules);
    packs.set(pack.id, pack);
    changes['rulePack'] = pack.id;
    // Nothing is kept that could not be used.
    checkedRuleBook(pack.id, packs);
    if (values['save'] === true)
      engagement.putDocument('rule-pack', pack.id, pack, null, Date.parse(pack.date));
  } else if (rules !== undefined) changes['rulePack'] = rules;
  for (const [option, field] of [
    ['profile', 'profile'],
    ['platform', 'platform'],
    ['host', 'template'],
    ['effort', 'effort'],
  ] as const) {
    const value = textOf(values, option);
    if (value !== undefined) changes[field] = value;
  }
  return { scenario: parseScenario({ ...(kept ?? {}), name, ...changes }), packs };
}

function readText(path: string): string {
  let found: ReturnType<typeof readBounded>;
  try {
    found = readBounded(path, MAX_SETTINGS);
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    throw new IronliftError('SOURCE_NOT_FOUND', `${path} cannot be read.`, {
      next: 'Check the name, and that you may read it.',
      cause: error,
    });
  }
  if (found instanceof Buffer) return found.toString('utf8');
  throw new IronliftError('SCENARIO_INVALID', `${path} is no file of settings, or larger than any.`, {
    next: 'Name the right file.',
  });
}

function readJson(path: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(readText(path));
  } catch (error) {
    if (error instanceof IronliftError) throw error;
    throw new IronliftError('SCENARIO_INVALID', `${path} is not JSON.`, {
      next: 'Mend the file, or start from what `--settings -` shows.',
      cause: error,
    });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new IronliftError('SCENARIO_INVALID', `${path} holds no scenario.`, {
      next: 'Start from what `--settings -` shows.',
    });
  return value as Record<string, unknown>;
}
