import { PROFILE_NAMES, PROFILE_RULES } from '../../assess/model/context.ts';
import { shippedPlatforms } from '../../assess/platforms.ts';
import { ruleBook } from '../../assess/rules/pack.ts';
import type { Handlers } from '../../contract/dispatch.ts';
import { shippedHostTemplates } from '../../plan/hosts/templates.ts';
import { parseScenario } from '../../plan/model/scenario.ts';

/** Of a new engagement; the same scenario is there once it is open. */
const FIRST_SCENARIO = 'default';

export function projectHandlers(): Pick<Handlers, 'project.choices'> {
  return {
    'project.choices': () => {
      const { platform, template, profile, rulePack } = parseScenario({ name: FIRST_SCENARIO });
      const book = ruleBook(rulePack);
      return {
        platforms: [...shippedPlatforms().values()].map(({ id, name, failover }) => ({ id, name, failover })),
        templates: [...shippedHostTemplates().values()].map(
          ({ id, name, cores, memoryBytes, rackUnits }) => ({
            ...{ id, name, cores, memoryBytes, rackUnits },
          }),
        ),
        profiles: PROFILE_NAMES.map((name) => {
          const { cpuPercentile, memoryPercentile, hostCpu, hostMemory, vcpusPerCore } = book.value(
            PROFILE_RULES[name],
          );
          return {
            ...{ name, cpuPercentile, memoryPercentile, hostCpu, hostMemory, vcpusPerCore },
            source: book.cite(PROFILE_RULES[name]).source,
          };
        }),
        defaults: { platform, template, profile },
      };
    },
  };
}
