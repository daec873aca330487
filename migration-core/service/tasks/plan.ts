/** Makes the plan of a scenario. The engagement is only read: who has it open for writing keeps the answer. */
import { countedProgress } from '../../base/progress.ts';
import type { PlanDocument } from '../../plan/model/plan-document.ts';
import { planStudy } from '../../plan/study.ts';
import { openEngagement } from '../../store/open.ts';
import { StudyRoom } from '../study/room.ts';
import type { Task } from './table.ts';

export interface PlanTaskInput {
  path: string;
  scenario: string;
  /** Instead of that of the scenario. */
  effort?: PlanDocument['effort'];
}

export const planTask: Task<PlanTaskInput, PlanDocument> = {
  async run({ path, scenario: name, effort }, { now, signal, onProgress, onStep, note }) {
    onStep('Reading the servers');
    const room = new StudyRoom(openEngagement(path, { readOnly: true, now }), { now });
    try {
      const asking = { signal, progress: onProgress };
      const kept = room.scenario(name);
      const scenario = effort === undefined ? kept : { ...kept, effort };
      const study = await room.study(scenario, asking);
      onStep('Looking for as few hosts as will carry the servers at every hour of the week');
      const { plan, savings } = planStudy(study, {
        ...room.options(await room.packs(asking), asking),
        onSearch: (part) => onProgress(countedProgress('planning', 'percent', Math.round(part * 100), 100)),
      });
      for (const { message, next } of study.problems.slice(0, 20)) note('warning', `${message} ${next}`);
      return {
        version: 1,
        madeAt: now(),
        effort: scenario.effort,
        inputs: await room.inputs(scenario, asking),
        plan,
        savings,
        changed: null,
      };
    } finally {
      room.engagement.close();
    }
  },
};
