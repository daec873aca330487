/** Waves: made of the plan as it stands, with what people decided on top. */
import { writeNewFile } from '../../base/new-file.ts';
import { IronliftError, isIronliftError } from '../../base/errors.ts';
import { plural } from '../../base/text.ts';
import type { Handlers } from '../../contract/dispatch.ts';
import { withWaveEdit, type WaveEdit } from '../../plan/waves/edits.ts';
import {
  isOutdated,
  readSignatures,
  withSignature,
  type GateSignature,
} from '../../plan/waves/signatures.ts';
import type { ServerId } from '../../store/engagement.ts';
import type { Session } from '../session.ts';
import { annotate, editDocument, studyQuestions } from './study-questions.ts';

type Calls = 'waves.get' | 'waves.sign' | 'waves.edit' | 'waves.export' | 'waves.import';

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
  const signed = (scenario: string): GateSignature[] => {
    try {
      return readSignatures(session.engagement().document('wave-signatures', scenario));
    } catch (error) {
      if (!isIronliftError(error, 'ENGAGEMENT_DAMAGED')) throw error;
      return [];
    }
  };
  return {
    'waves.get': async ({ scenario }, { signal }) => {
      const asked = questions.of(scenario);
      const answer = await questions.ask('waves', asked, signal);
      if (answer === null) return { waves: null };
      questions.note('waves', asked.scenario, answer.inputs, { waves: answer.view.waves.length });
      const signatures = signed(asked.scenario).flatMap((signature) => {
        const wave = answer.view.waves.find(({ number }) => number === signature.wave);
        if (wave?.gates.some(({ id }) => id === signature.gate) !== true) return [];
        const { gate, by, at } = signature;
        return [{ wave: wave.number, gate, by, at, outdated: isOutdated(signature, wave.members) }];
      });
      return { waves: { ...answer.view, signatures } };
    },
    'waves.sign': async ({ scenario, wave: number, gate, by }, { signal }) => {
      const asked = questions.of(scenario);
      const answer = await questions.ask('waves', asked, signal);
      const wave = answer?.view.waves.find((one) => one.number === number);
      const what = wave?.gates.find(({ id }) => id === gate);
      if (wave === undefined || what === undefined)
        throw new IronliftError('USAGE', 'This wave, or what is to be signed of it, is not there any more.', {
          next: 'Look at the waves anew.',
        });
      const servers = wave.members.map(({ server }) => server);
      const signature = by === null ? null : { wave: number, gate, by, at: session.shell.now(), servers };
      const next = withSignature(signed(asked.scenario), { wave: number, gate }, signature);
      editDocument(
        session,
        by === null ? `Take back a signature of wave ${number}` : `Sign for wave ${number}`,
        ['waves'],
        'wave-signatures',
        asked.scenario,
        next.signatures.length === 0 ? null : next,
      );
      session.log(by === null ? 'Signature taken back' : 'Gate of a wave signed', {
        ...{ wave: number, gate: what.text, by },
      });
      return { signed: next.signatures.length };
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
