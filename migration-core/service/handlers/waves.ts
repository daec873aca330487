/** Waves: made of the plan as it stands, with what people decided on top. */
import { writeNewFile } from '../../base/new-file.ts';
import { plural } from '../../base/text.ts';
import type { Handlers } from '../../contract/dispatch.ts';
import { withWaveEdit, type WaveEdit } from '../../plan/waves/edits.ts';
import type { ServerId } from '../../store/engagement.ts';
import type { Session } from '../session.ts';
import { annotate, studyQuestions } from './study-questions.ts';

type Calls = 'waves.get' | 'waves.edit' | 'waves.export' | 'waves.import';

export function waveHandlers(session: Session): Pick<Handlers, Calls> {
  const questions = studyQuestions(session);
  const edit = (edits: readonly (WaveEdit & { server: ServerId })[], label: (count: number) => string) => {
    const byServer = new Map<ServerId, WaveEdit>();
    // Later ones win, field by field.
    for (const { server, ...one } of edits)
      byServer.set(server, { ...byServer.get(server), ...withoutHoles(one) });
    return annotate(session, label, ['waves'], [...byServer.keys()], (annotations, server) =>
      withWaveEdit(annotations, byServer.get(server)!),
    );
  };
  return {
    'waves.get': async ({ scenario }, { signal }) => {
      const asked = questions.of(scenario);
      const answer = await questions.ask('waves', asked, signal);
      if (answer === null) return { waves: null };
      questions.note('waves', asked.scenario, answer.inputs, { waves: answer.view.waves.length });
      return { waves: answer.view };
    },
    'waves.edit': ({ moves }) => ({
      changed: edit(moves, (count) => `Change the waves of ${plural(count, 'server')}`),
    }),
    'waves.export': async ({ scenario, file, separator }, { signal }) => {
      const path = session.files.pathOf(file, 'waves-out');
      const { text, waves } = await questions.ask(
        'wavesTable',
        { ...questions.of(scenario), separator },
        signal,
      );
      await writeNewFile(path, text);
      session.log('Waves written as a table', { path, waves });
      return { file: await session.files.register(path, 'waves-in'), waves };
    },
    'waves.import': async ({ scenario, file, apply }, { signal }) => {
      const path = session.files.pathOf(file, 'waves-in');
      const { shown, edits } = await questions.ask(
        'readWavesTable',
        { ...questions.of(scenario), file: path },
        signal,
      );
      if (apply) {
        edit(edits, (count) => `Take the waves of ${plural(count, 'server')} from a table`);
        session.log('Waves read from a table', { path, moved: shown.moved.length });
      }
      return shown;
    },
  };
}

const withoutHoles = (edit: WaveEdit): WaveEdit => ({
  ...(edit.wave === undefined ? {} : { wave: edit.wave }),
  ...(edit.note === undefined ? {} : { note: edit.note }),
});
