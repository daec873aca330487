/** Waves as a screen shows them, and what an edited table of them would change. */
import { IronliftError } from '../../base/errors.ts';
import type { Output } from '../../contract/contract.ts';
import type { WavesView } from '../../contract/waves.ts';
import type { PlanDocument } from '../../plan/model/plan-document.ts';
import type { WavePlan, WaveRisk } from '../../plan/model/waves.ts';
import { wavesInputOf, type AssessedStudy, type StudyOptions } from '../../plan/study.ts';
import { exportWaves, importWaves } from '../../plan/waves/csv.ts';
import { assignmentOf, planWaves, type WavesInput } from '../../plan/waves/plan-waves.ts';
import type { ServerId } from '../../store/engagement.ts';

const inputOf = (study: AssessedStudy, { plan, savings }: PlanDocument, options: StudyOptions): WavesInput =>
  wavesInputOf({ ...study, plan, savings }, options);

export const needsPlan = (): IronliftError =>
  new IronliftError('USAGE', 'There is no plan yet to make waves of.', { next: 'Make the plan first.' });

export function wavesView(
  study: AssessedStudy,
  document: PlanDocument,
  options: StudyOptions,
  stale: string[],
): Omit<WavesView, 'signatures'> {
  const { calendar } = study.scenario;
  const waves = planWaves(inputOf(study, document, options));
  return {
    ...waves,
    notes: waves.notes ?? [],
    calendar: {
      start: calendar.start ?? null,
      windowHours: calendar.windowHours,
      nightsPerWave: calendar.nightsPerWave,
      people: calendar.people,
      copies: calendar.copies,
      freezes: calendar.freezes.map(({ from, to, why }) => ({ from, to, why: why ?? null })),
    },
    noted: study.facts.flatMap(({ id, annotations: { waveNote } }) =>
      waveNote === undefined ? [] : [{ server: id, note: waveNote }],
    ),
    byHand: study.facts.filter(({ annotations }) => annotations.wave !== undefined).map(({ id }) => id),
    stale,
  };
}

export function wavesTable(
  study: AssessedStudy,
  document: PlanDocument,
  options: StudyOptions,
  separator: ',' | ';',
): { text: string; waves: number } {
  const waves = planWaves(inputOf(study, document, options));
  const notes = new Map(
    study.facts.flatMap(({ id, annotations: { waveNote } }) =>
      waveNote === undefined ? [] : [[id, waveNote] as const],
    ),
  );
  return { text: exportWaves(waves, { separator, notes }), waves: waves.waves.length };
}

export interface WaveEdits {
  shown: Output<'waves.import'>;
  /** `planner`: as the planner has it. */
  edits: { server: ServerId; wave?: number | null | 'planner'; note?: string }[];
}

/** @throws WAVES_INVALID */
export function readWavesTable(
  bytes: Uint8Array,
  study: AssessedStudy,
  document: PlanDocument,
  options: StudyOptions,
): WaveEdits {
  const input = inputOf(study, document, options);
  const before = planWaves(input);
  const former = assignmentOf(before);
  const { plan, waveOf, edits, noted, notes, problems } = importWaves(bytes, input, former);
  const names = new Map(input.facts.map(({ id, name }) => [id, name]));
  const moved = [...edits.keys()].map((server) => ({
    server,
    name: names.get(server) ?? '',
    before: former.get(server) ?? null,
    after: waveOf.get(server) ?? null,
  }));
  const noteOf = new Map(input.facts.map(({ id, annotations }) => [id, annotations.waveNote ?? '']));
  const changedNotes = [...noted].filter((server) => (notes.get(server) ?? '') !== noteOf.get(server));
  return {
    shown: {
      moved,
      notes: changedNotes.length,
      problems: problems.slice(0, 1000),
      risks: newRisks(before, plan),
    },
    edits: [
      ...[...edits].map(([server, wave]) => ({
        server,
        wave: wave === undefined ? ('planner' as const) : wave,
      })),
      ...changedNotes.map((server) => ({ server, note: notes.get(server) ?? '' })),
    ],
  };
}

function newRisks(before: WavePlan, after: WavePlan): WaveEdits['shown']['risks'] {
  const word = (wave: number, { severity, text }: WaveRisk): string => JSON.stringify([wave, severity, text]);
  const old = new Set(before.waves.flatMap(({ number, risks }) => risks.map((risk) => word(number, risk))));
  return after.waves.flatMap(({ number, risks }) =>
    risks
      .filter((risk) => !old.has(word(number, risk)))
      .map(({ severity, text, mitigation }) => ({ wave: number, severity, text, mitigation })),
  );
}
