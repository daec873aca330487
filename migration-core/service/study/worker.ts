/**
 * The process that holds the assessed estate: what it is asked, and how it answers. It only reads the engagement file;
 * demand profiles that it had to make are handed over to who may write (`takeProfiles`).
 */
import { readTableFile } from '../../base/table-file.ts';
import type { Output } from '../../contract/contract.ts';
import type { RulePack } from '../../assess/rules/pack.ts';
import { comparePlans } from '../../plan/compare.ts';
import type { PlanDocument } from '../../plan/model/plan-document.ts';
import type { Scenario } from '../../plan/model/scenario.ts';
import { tryMove } from '../../plan/opened-plan.ts';
import { whatIfAssessments } from '../../plan/what-if.ts';
import { WAVES_TABLE } from '../../plan/waves/csv.ts';
import type { ServerId } from '../../store/engagement.ts';
import { openEngagement } from '../../store/open.ts';
import { IronliftError } from '../../base/errors.ts';
import type { ReportChoices } from '../../contract/reports.ts';
import type { TaskWorld } from '../tasks/table.ts';
import { catalogue } from './catalogue.ts';
import { scenarioPreview } from './preview.ts';
import { digestOf, StudyRoom } from './room.ts';
import { ruleList } from './rules.ts';
import { assessmentList, oneAssessment } from './show-assessment.ts';
import { planView, staleBecause, whatIfView } from './show-plan.ts';
import { reportPreview } from '../report/preview.ts';
import { findDependencies } from '../../plan/waves/dependencies.ts';
import { needsPlan, readWavesTable, wavesTable, wavesView, type WaveEdits } from './show-waves.ts';

/** What every question says: of which file, and of which scenario. */
interface Of {
  path: string;
  scenario: string;
}
/** A plan that could not be kept in the file; null: the one that is kept. */
interface OfPlan extends Of {
  plan: PlanDocument | null;
}

/** An answer, and how many demand profiles wait to be kept. */
export interface Answered<T> {
  answer: T;
  waiting: number;
}

/** A message is not to be larger than a few megabytes. */
const PROFILES_AT_ONCE = 40;
/** Links between servers that a page is told of; ten thousand servers have some tens of thousands. */
const MOST_LINKS = 50_000;

type Ask = Pick<TaskWorld, 'now' | 'signal' | 'onProgress'>;

export function studyWorker() {
  let open: { path: string; room: StudyRoom } | null = null;

  const roomOf = (path: string, { now }: Ask): StudyRoom => {
    if (open?.path !== path) {
      open?.room.engagement.close();
      open = null;
      open = { path, room: new StudyRoom(openEngagement(path, { readOnly: true, now }), { now }) };
    }
    return open.room;
  };
  const answering =
    <I extends { path: string }, T>(answer: (room: StudyRoom, input: I, asking: Ask) => Promise<T>) =>
    async (input: I, world: Ask): Promise<Answered<T>> => {
      const room = roomOf(input.path, world);
      const result = await answer(room, input, world);
      return { answer: result, waiting: room.waiting };
    };
  const about = ({ signal, onProgress }: Ask) => ({ signal, progress: onProgress });
  const studyOf = (room: StudyRoom, { scenario }: Of, asking: Ask) =>
    room.study(room.scenario(scenario), about(asking));
  const planOf = (room: StudyRoom, { scenario, plan }: OfPlan): PlanDocument | null =>
    plan ?? room.plan(scenario);
  const staleOf = async (room: StudyRoom, { scenario }: Of, plan: PlanDocument, asking: Ask) =>
    staleBecause(plan.inputs, await room.inputs(room.scenario(scenario), about(asking)));

  return {
    assessments: answering(async (room, input: Of, asking) => ({
      list: assessmentList(await studyOf(room, input, asking)),
      inputs: digestOf(await room.inputs(room.scenario(input.scenario), about(asking))),
    })),

    assessment: answering(async (room, input: Of & { server: ServerId }, asking) =>
      oneAssessment(await studyOf(room, input, asking), input.server),
    ),

    dependencies: answering(async (room, input: Of, asking): Promise<Output<'servers.dependencies'>> => {
      const { facts, context } = await studyOf(room, input, asking);
      const { edges, infrastructure, known, remarks } = findDependencies(facts, context.rules);
      const linked = new Set(edges.flatMap(({ from, to }) => [from, to]));
      return {
        servers: facts.filter(({ id }) => linked.has(id)).map(({ id, name }) => ({ id, name })),
        edges: edges
          .slice(0, MOST_LINKS)
          .map(({ from, to, strength, ports }) => ({ from, to, strength, ports })),
        infrastructure: [...infrastructure].map(([server, why]) => ({ server, why })),
        known: known.size,
        remarks: [
          ...remarks,
          ...(edges.length > MOST_LINKS
            ? [`Only the first ${MOST_LINKS} of ${edges.length} links are told.`]
            : []),
        ],
      };
    }),

    catalogue: answering(async (room, input: Of, asking) => ({
      ...catalogue(await studyOf(room, input, asking), await room.packs(about(asking)), ownPacks(room)),
      damaged: room.sound().damaged,
    })),

    previewScenario: answering(async (room, { draft }: { path: string; draft: Scenario }, asking) => {
      const before = await room.study(room.scenarioOrDefault(draft.name), about(asking));
      const after = await room.study(draft, about(asking));
      return scenarioPreview(before, after, room.options(await room.packs(), about(asking)));
    }),

    rules: answering(async (room, input: Of & { pack: string }, asking): Promise<Output<'rules.list'>> => {
      const study = await studyOf(room, input, asking);
      const shown = study.scenario.rulePack === input.pack ? study : null;
      return ruleList(input.pack, await room.packs(about(asking)), ownPacks(room), shown);
    }),

    previewRules: answering(async (room, { pack, ...input }: Of & { pack: RulePack }, asking) => {
      const scenario = room.scenario(input.scenario);
      const before = await room.study(scenario, about(asking));
      const packs = new Map(await room.packs(about(asking))).set(pack.id, pack);
      const after = await room.study({ ...scenario, rulePack: pack.id }, about(asking), packs);
      return whatIfView(whatIfAssessments(before.estate, after.estate));
    }),

    plan: answering(async (room, input: OfPlan, asking): Promise<Output<'plan.get'>> => {
      const plan = planOf(room, input);
      if (plan === null) return { scenario: input.scenario, plan: null };
      const study = await studyOf(room, input, asking);
      const opened = await room.opened(input.scenario, plan, about(asking));
      const stale = await staleOf(room, input, plan, asking);
      return {
        scenario: input.scenario,
        plan: planView(plan, study, opened, stale, room.options(await room.packs(), about(asking))),
      };
    }),

    tryMove: answering(async (room, input: OfPlan & { server: ServerId; host: string }, asking) => {
      const plan = planOf(room, input);
      const tried =
        plan === null
          ? null
          : tryMove(await room.opened(input.scenario, plan, about(asking)), input.server, input.host);
      if (tried !== null) return tried;
      throw new IronliftError('USAGE', 'The plan has no such server or no such host.', {
        next: 'Make the plan anew.',
      });
    }),

    compare: answering(
      async (
        room,
        { scenarios, unsaved }: { path: string; scenarios: string[]; unsaved: PlanDocument[] },
      ) => {
        const plans = scenarios.map(
          (name) => unsaved.find(({ plan }) => plan.scenario === name) ?? room.plan(name),
        );
        const there = plans.filter((plan) => plan !== null);
        return {
          ...comparePlans(there.map(({ plan }) => plan)),
          missing: scenarios.filter((_, at) => plans[at] === null),
        };
      },
    ),

    waves: answering(async (room, input: OfPlan, asking) => {
      const plan = planOf(room, input);
      if (plan === null) return null;
      const study = await studyOf(room, input, asking);
      const options = room.options(await room.packs(), about(asking));
      const view = wavesView(study, plan, options, await staleOf(room, input, plan, asking));
      return { view, inputs: digestOf(plan.inputs) };
    }),

    wavesTable: answering(async (room, input: OfPlan & { separator: ',' | ';' }, asking) => {
      const plan = planOf(room, input);
      if (plan === null) throw needsPlan();
      const study = await studyOf(room, input, asking);
      return wavesTable(study, plan, room.options(await room.packs(), about(asking)), input.separator);
    }),

    readWavesTable: answering(async (room, input: OfPlan & { file: string }, asking): Promise<WaveEdits> => {
      const plan = planOf(room, input);
      if (plan === null) throw needsPlan();
      const bytes = readTableFile(input.file, WAVES_TABLE);
      const study = await studyOf(room, input, asking);
      return readWavesTable(bytes, study, plan, room.options(await room.packs(), about(asking)));
    }),

    reportPreview: answering(
      async (
        room,
        input: OfPlan & { choices: ReportChoices; locale: string; version: string },
        asking,
      ): Promise<Output<'reports.preview'>> =>
        reportPreview(room, { ...input, plan: planOf(room, input) }, about(asking)),
    ),

    takeProfiles: answering<{ path: string }, { server: ServerId; base64: string }[]>(async (room) =>
      room
        .takeProfiles(PROFILES_AT_ONCE)
        .map(({ server, bytes }) => ({ server, base64: Buffer.from(bytes).toString('base64') })),
    ),
  };
}
export type StudyWorker = ReturnType<typeof studyWorker>;

const ownPacks = ({ engagement }: StudyRoom): Set<string> =>
  new Set(engagement.documents('rule-pack').map(({ name }) => name));
