import type { Command } from '../../commands.ts';
import { textOf, usage } from '../collect/options.ts';
import { otherQuestion } from './assess.ts';
import { STUDY_HELP, studyOptions } from './options.ts';
import { withStudy } from './run.ts';
import { comparisonText, planText } from './show-plan.ts';
import { recoveryText } from './show-recovery.ts';

export const planCommand: Command = {
  help: `Usage: ironlift plan --engagement FILE [options]

Puts the candidates onto as few hosts as will carry them at every hour of the
week, backups and the loss of a host included, and says what that saves. Servers
that stay out are listed with the reason.

${STUDY_HELP}
  --effort E           quick, normal or thorough
  --compare NAME,...   put those scenarios beside this one
  --recovery           plan the recovery site instead: hosts (--host) for those
                       servers that much depends on, on the day a site is lost
  --sites S            with --recovery: largest, for sites do not fail at once
                       (unless told), or sum, for they do
  --json               print one JSON document`,
  options: {
    ...studyOptions,
    effort: { type: 'string' },
    compare: { type: 'string' },
    recovery: { type: 'boolean' },
    sites: { type: 'string' },
  },
  async run({ values, positionals }, world) {
    if (positionals.length > 0) throw usage('plan', 'It takes no names; --settings says which servers');
    const sites = textOf(values, 'sites') ?? 'largest';
    const recovery = values['recovery'] === true;
    if (sites !== 'largest' && sites !== 'sum') throw usage('plan', '--sites is largest or sum');
    if (!recovery && values['sites'] !== undefined) throw usage('plan', '--sites goes with --recovery');
    if (recovery && values['compare'] !== undefined)
      throw usage('plan', 'A recovery site is not compared: ask for --recovery or for --compare');
    return withStudy(values, 'plan', world, async ({ engagement, study, options, progress }) => {
      if (recovery) {
        const { planStudyRecovery } = await import('../../../plan/study.ts');
        const answer = planStudyRecovery(study, sites, options);
        progress.clear();
        if (values['json'] === true)
          world.out(`${JSON.stringify({ sitesAre: sites, ...answer }, null, 2)}\n`);
        else world.out(recoveryText(answer, sites, world.columns));
        return 0;
      }
      const { assessStudy, planStudy } = await import('../../../plan/study.ts');
      const planned = planStudy(study, options);
      progress.clear();
      const others = textOf(values, 'compare');
      if (others !== undefined) {
        const { comparePlans } = await import('../../../plan/compare.ts');
        const plans = [planned.plan];
        for (const name of others.split(',')) {
          const { scenario, packs } = otherQuestion(values, name.trim(), 'plan', engagement);
          const mine = { ...options, packs };
          plans.push(planStudy(await assessStudy(engagement, scenario, mine), mine).plan);
        }
        progress.clear();
        const comparison = comparePlans(plans);
        if (values['json'] === true) world.out(`${JSON.stringify(comparison, null, 2)}\n`);
        else world.out(comparisonText(comparison));
        return 0;
      }
      const { plan, savings, context } = planned;
      if (values['json'] === true)
        world.out(`${JSON.stringify({ plan, savings, shape: context.profile.shape }, null, 2)}\n`);
      else world.out(planText(plan, savings, context.profile.shape, world.columns, world.tableColumns));
      return 0;
    });
  },
};
