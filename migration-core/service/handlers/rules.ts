/** Rule packs of the customer: kept in the engagement, checked before they count. */
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { parseRulePack } from '../../assess/rules/pack.ts';
import { IronliftError } from '../../base/errors.ts';
import type { Handlers } from '../../contract/dispatch.ts';
import { keptScenario, scenarioNames } from '../../plan/kept.ts';
import type { Session } from '../session.ts';
import { checkPack, ownRulePack } from '../study/rules.ts';
import { soundRulePacks } from '../study/sound-packs.ts';
import { ANSWERS, editDocument, studyQuestions } from './study-questions.ts';

type Calls = 'rules.list' | 'rules.save' | 'rules.remove' | 'rules.import' | 'rules.preview';

/** Bytes: fifty times the largest that came with the program. */
const MAX_PACK = 2 << 20;

export function ruleHandlers(session: Session): Pick<Handlers, Calls> {
  const questions = studyQuestions(session);
  const own = (): Set<string> =>
    new Set(
      session
        .engagement()
        .documents('rule-pack')
        .map(({ name }) => name),
    );
  return {
    'rules.list': ({ pack }, { signal }) =>
      questions.ask('rules', { scenario: session.scenario(), pack }, signal),
    'rules.save': ({ pack: draft }) => {
      const packs = soundRulePacks(session.engagement()).packs;
      const { pack } = ownRulePack(draft, packs, own(), session.shell.now());
      const changed = ['scenarios', ...ANSWERS] as const;
      editDocument(session, `Change the rule pack ${pack.title}`, changed, 'rule-pack', pack.id, pack);
      return { version: pack.version };
    },
    'rules.remove': ({ pack }) => {
      const engagement = session.engagement();
      if (!own().has(pack))
        throw new IronliftError('RULE_PACK_INVALID', `${pack} is no rule pack of this engagement.`, {
          next: 'Packs that came with the program stay; choose another one in the scenario instead.',
        });
      const user = scenarioNames(engagement).find((name) => keptScenario(engagement, name).rulePack === pack);
      if (user !== undefined)
        throw new IronliftError('RULE_PACK_INVALID', `The scenario ${user} goes by this rule pack.`, {
          next: 'Choose another rule pack there first.',
        });
      const packs = soundRulePacks(engagement).packs;
      const heir = [...packs.values()].find((one) => one.extends === pack);
      if (heir !== undefined)
        throw new IronliftError('RULE_PACK_INVALID', `The rule pack ${heir.title} extends this one.`, {
          next: 'Remove that one first.',
        });
      editDocument(
        session,
        `Remove the rule pack ${pack}`,
        ['scenarios', ...ANSWERS],
        'rule-pack',
        pack,
        null,
      );
      return {};
    },
    'rules.import': async ({ file }) => {
      const path = session.files.pathOf(file, 'rule-pack');
      const about = await stat(path);
      if (!about.isFile() || about.size > MAX_PACK)
        throw new IronliftError(
          'RULE_PACK_INVALID',
          `${basename(path)} is no rule pack, or larger than any.`,
          {
            next: 'Choose the JSON file of a rule pack.',
          },
        );
      const pack = parseRulePack(await readFile(path, 'utf8'), basename(path));
      const packs = soundRulePacks(session.engagement()).packs;
      if (packs.has(pack.id) && !own().has(pack.id))
        throw new IronliftError(
          'RULE_PACK_INVALID',
          `${pack.id} is the name of a rule pack that came with the program.`,
          { next: 'Give the pack in the file another id; it may extend this one.' },
        );
      checkPack(pack.id, packs.set(pack.id, pack));
      const changed = ['scenarios', ...ANSWERS] as const;
      editDocument(session, `Take the rule pack ${pack.title}`, changed, 'rule-pack', pack.id, pack);
      return { pack: pack.id };
    },
    'rules.preview': ({ pack: draft }, { signal }) => {
      const { pack } = ownRulePack(
        draft,
        soundRulePacks(session.engagement()).packs,
        own(),
        session.shell.now(),
      );
      return questions.ask('previewRules', { scenario: session.scenario(), pack }, signal);
    },
  };
}
