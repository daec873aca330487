/** How handlers ask the process that holds the assessed estate, and what they have in common. */
import { isDeepStrictEqual } from 'node:util';
import { IronliftError, isIronliftError } from '../../base/errors.ts';
import type { Changed } from '../../contract/contract.ts';
import type { PlanDocument } from '../../plan/model/plan-document.ts';
import type { EngagementFile, ServerId } from '../../store/engagement.ts';
import type { ServerAnnotations } from '../../store/model/annotations.ts';
import type { DocumentKind } from '../../store/planning.ts';
import type { Session } from '../session.ts';
import type { StudyWorker } from '../study/worker.ts';

type Question = keyof StudyWorker;
type InputOf<Q extends Question> = Parameters<StudyWorker[Q]>[0];
type AnswerOf<Q extends Question> = Awaited<ReturnType<StudyWorker[Q]>>['answer'];

/** What a change of scenarios, rules or servers makes out of date. */
export const ANSWERS: readonly Changed[] = ['assessment', 'plan', 'waves'];

export interface StudyQuestions {
  /** The file is named by this. @throws NO_ENGAGEMENT, CANCELLED, TASK_DIED */
  ask<Q extends Question>(
    question: Q,
    input: Omit<InputOf<Q>, 'path'>,
    signal: AbortSignal,
  ): Promise<AnswerOf<Q>>;
  /** The scenario that was asked for, or the one shown; and its plan where the file could not take it. */
  of(scenario: string | undefined): { scenario: string; plan: PlanDocument | null };
  /** Keeps a plan in the file, or for this run of the program where nothing can be written. */
  keep(path: string, document: PlanDocument): void;
  /** Notes in the file that an answer was computed and what it came to, for the state of the steps. */
  note(kind: 'assessment' | 'waves', scenario: string, inputs: string, value: object): void;
}

const made = new WeakMap<Session, StudyQuestions>();

/** One for each session. */
export function studyQuestions(session: Session): StudyQuestions {
  const known = made.get(session);
  if (known !== undefined) return known;
  const fresh = makeQuestions(session);
  made.set(session, fresh);
  return fresh;
}

function makeQuestions(session: Session): StudyQuestions {
  const worker = session.jobs.worker('study');
  const unsaved = new Map<string, PlanDocument>();
  const path = (): string => {
    // Says so where none is open.
    session.engagement();
    return session.engagementPath()!;
  };
  session.onEngagementChanged(() => {
    unsaved.clear();
    worker.close();
  });
  const questions: StudyQuestions = {
    async ask(question, input, signal) {
      const file = path();
      const asked = { ...input, path: file } as never;
      const { answer, waiting } = (await worker.ask(question, asked, signal)) as {
        answer: never;
        waiting: number;
      };
      if (waiting > 0) await keepProfiles(file, waiting, signal);
      return answer;
    },
    of(asked) {
      const scenario = asked ?? session.scenario();
      return { scenario, plan: unsaved.get(scenario) ?? null };
    },
    keep(file, document) {
      if (session.engagementPath() !== file) return;
      const { scenario } = document.plan;
      const engagement = session.engagement();
      if (engagement.readOnly) unsaved.set(scenario, document);
      else engagement.putDocument('plan', scenario, document, null, document.madeAt);
    },
    note(kind, scenario, inputs, value) {
      const engagement = session.engagement();
      if (engagement.readOnly) return;
      const known = engagement.documents(kind).find(({ name }) => name === scenario);
      if (known?.inputs === inputs) return;
      engagement.putDocument(kind, scenario, { version: 1, ...value }, inputs, session.shell.now());
      session.changed('engagement');
    },
  };

  /** What had to be computed is computed once for all times, where it can be written down. */
  async function keepProfiles(file: string, waiting: number, signal: AbortSignal): Promise<void> {
    for (let left = waiting; left > 0;) {
      if (session.engagementPath() !== file || session.engagement().readOnly) return;
      const taken = await worker.ask('takeProfiles', { path: file }, signal);
      if (taken.answer.length === 0 || session.engagementPath() !== file) return;
      const engagement = session.engagement();
      if (engagement.readOnly) return;
      engagement.transaction(() => {
        for (const { server, base64 } of taken.answer)
          engagement.putDemandProfile(server, Buffer.from(base64, 'base64'));
      });
      left = taken.waiting;
    }
  }
  return questions;
}

/**
 * Says something else of servers, so that it can be taken back.
 * @param change the same object where nothing is another one
 * @returns how many are another one now
 */
export function annotate(
  session: Session,
  label: (count: number) => string,
  changed: readonly Changed[],
  servers: readonly ServerId[],
  change: (annotations: ServerAnnotations, server: ServerId) => ServerAnnotations,
): number {
  const engagement = session.engagement();
  const known = new Set(engagement.servers().map(({ id }) => id));
  const edits = [...new Set(servers)].map((server) => {
    if (!known.has(server))
      throw new IronliftError('USAGE', 'A server of the list is not in the engagement any more.', {
        next: 'Load the list again.',
      });
    const before = engagement.annotations(server);
    return { server, before, after: change(before, server) };
  });
  const real = edits.filter(({ before, after }) => before !== after && !isDeepStrictEqual(before, after));
  if (real.length === 0) return 0;
  const put = (which: 'before' | 'after') => (): void => {
    for (const edit of real) session.engagement().putAnnotations(edit.server, edit[which]);
  };
  session.edit(label(real.length), changed, () => {
    put('after')();
    return { result: undefined, undo: put('before'), redo: put('after') };
  });
  return real.length;
}

/** Puts a document or removes it (null), so that it can be taken back. */
export function editDocument(
  session: Session,
  label: string,
  changed: readonly Changed[],
  kind: DocumentKind,
  name: string,
  value: unknown,
): void {
  const before = documentOrNone(session.engagement(), kind, name);
  const put = (document: unknown) => (): void => {
    const engagement = session.engagement();
    if (document === null) engagement.removeDocument(kind, name);
    else engagement.putDocument(kind, name, document, null, session.shell.now());
  };
  session.edit(label, changed, () => {
    put(value)();
    return { result: undefined, undo: put(before), redo: put(value) };
  });
}

/** What cannot be read cannot be put back either. */
function documentOrNone(engagement: EngagementFile, kind: DocumentKind, name: string): unknown {
  try {
    return engagement.document(kind, name);
  } catch (error) {
    if (!isIronliftError(error, 'ENGAGEMENT_DAMAGED')) throw error;
    return null;
  }
}
