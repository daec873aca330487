/** What a scenario may choose from. */
import { PROFILE_NAMES, PROFILE_RULES } from '../../assess/model/context.ts';
import { shippedPlatforms } from '../../assess/platforms.ts';
import { ruleBook, type RulePack } from '../../assess/rules/pack.ts';
import type { Output } from '../../contract/contract.ts';
import type { AssessedStudy } from '../../plan/study.ts';

export function catalogue(
  { templates, facts }: AssessedStudy,
  packs: ReadonlyMap<string, RulePack>,
  own: ReadonlySet<string>,
): Omit<Output<'scenarios.catalogue'>, 'damaged'> {
  const groups = new Map<string, number>();
  for (const { annotations } of facts) {
    const group = annotations.licence?.group;
    if (group !== undefined) groups.set(group, (groups.get(group) ?? 0) + 1);
  }
  return {
    platforms: [...shippedPlatforms().values()].map(
      ({ id, name, source, architecture, maxVcpus, maxMemoryBytes, failover, dot1q }) => ({
        ...{ id, name, source, architecture, maxVcpus, maxMemoryBytes, failover, dot1q },
      }),
    ),
    templates: [...templates.values()],
    packs: [...packs.values()]
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .map(({ id, title, version, date, about, extends: base }) => ({
        ...{ id, title, version, date, about },
        own: own.has(id),
        extends: base ?? null,
        profiles: PROFILE_NAMES.map((name) => {
          const book = ruleBook(id, packs);
          return {
            name,
            ...book.value(PROFILE_RULES[name]),
            source: book.cite(PROFILE_RULES[name]).source,
          };
        }),
      })),
    servers: facts.map(({ name }) => name),
    licenceGroups: [...groups]
      .map(([group, servers]) => ({ group, servers }))
      .sort((a, b) => (a.group < b.group ? -1 : 1)),
  };
}
