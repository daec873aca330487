import { writeNewFile } from '../../../base/new-file.ts';
import { plural } from '../../../base/text.ts';
import type { WavePlan } from '../../../plan/model/waves.ts';
import type { Command } from '../../commands.ts';
import { withWaveEdit } from '../../../plan/waves/edits.ts';
import { wrap } from '../../terminal.ts';
import { textOf, usage } from '../collect/options.ts';
import { readTableFile } from '../../../base/table-file.ts';
import { STUDY_HELP, studyOptions } from './options.ts';
import { withStudy } from './run.ts';
import { wavesText } from './show-plan.ts';

export const wavesCommand: Command = {
  help: `Usage: ironlift waves --engagement FILE [options]

Says who moves when: test servers first, critical ones last, what depends on one
another together, each wave with its dates, people, tests and risks.

${STUDY_HELP}
  --csv FILE           write the waves as a table to edit in a spreadsheet
  --import FILE        read the edited table back: dates and risks are those of
                       the edited waves, and what an edit breaks is told
  --json               print one JSON document`,
  options: { ...studyOptions, csv: { type: 'string' }, import: { type: 'string' } },
  async run({ values, positionals }, world) {
    if (positionals.length > 0) throw usage('waves', 'It takes no names; --settings says which servers');
    return withStudy(values, 'waves', world, async ({ engagement, study, options, progress }) => {
      const { planStudy, wavesInputOf } = await import('../../../plan/study.ts');
      const { planWaves } = await import('../../../plan/waves/plan-waves.ts');
      const input = wavesInputOf(planStudy(study, options), options);
      progress.clear();
      const from = textOf(values, 'import');
      let waves: WavePlan;
      const notes = new Map(
        input.facts.flatMap(({ id, annotations: { waveNote } }) =>
          waveNote === undefined ? [] : [[id, waveNote] as const],
        ),
      );
      if (from === undefined) waves = planWaves(input);
      else {
        const { importWaves, WAVES_TABLE } = await import('../../../plan/waves/csv.ts');
        const edited = importWaves(readTableFile(from, WAVES_TABLE), input);
        waves = edited.plan;
        for (const { line, text } of edited.problems)
          world.err(`${wrap(line === 0 ? text : `line ${line}: ${text}`, world.columns, '  ')}\n`);
        // Edits alone are decisions: what nobody touched goes on following the planner.
        engagement.transaction(() => {
          for (const { id } of input.facts) {
            const before = engagement.annotations(id);
            const after = withWaveEdit(before, {
              wave: edited.edits.has(id) ? kept(edited.edits.get(id)) : undefined,
              note: edited.noted.has(id) ? (edited.notes.get(id) ?? '') : undefined,
            });
            if (after.waveNote === undefined) notes.delete(id);
            else notes.set(id, after.waveNote);
            if (after !== before) engagement.putAnnotations(id, after);
          }
        });
      }
      const to = textOf(values, 'csv');
      if (to !== undefined) {
        const { exportWaves } = await import('../../../plan/waves/csv.ts');
        await writeNewFile(to, exportWaves(waves, { notes }));
        world.out(
          `${plural(waves.waves.length, 'wave')} in ${to}. Edit the column Wave, and read it back with --import.\n`,
        );
        return 0;
      }
      if (values['json'] === true) world.out(`${JSON.stringify(waves, null, 2)}\n`);
      else world.out(wavesText(waves, world.columns, world.tableColumns));
      return 0;
    });
  },
};

/** undefined among edits: back to where the planner has it. */
const kept = (wave: number | null | undefined): number | null | 'planner' =>
  wave === undefined ? 'planner' : wave;
