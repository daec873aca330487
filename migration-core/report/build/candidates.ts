/** Which servers should become virtual machines, how large, and why. */
import { BASIS_WORDS, METHOD_WORDS, VERDICT_TITLES, type Assessment } from '../../assess/model/assessment.ts';
import { plural } from '../../base/text.ts';
import type { Section } from '../model.ts';
import { ALL, column, SERVER, SERVERS, tableOf, TECHNICAL, type Chapter } from './section.ts';
import { OUTCOMES, verdictCounts, VERDICT_TONES } from './summary.ts';

const VERDICT_COLUMN = column('verdict', 'Verdict', 'status', {
  width: 2,
  tones: Object.fromEntries(OUTCOMES.map((outcome) => [VERDICT_TITLES[outcome], VERDICT_TONES[outcome]])),
});

const open = ({ gates }: Assessment) => gates.filter(({ met, severity }) => !met && severity !== 'info');

export const candidates: Chapter = (input): Section => {
  const { assessments } = input.study.estate;
  const counts = verdictCounts(input);
  const overridden = assessments.filter(({ override }) => override !== null);
  const sorted = [...assessments].sort(
    (a, b) =>
      OUTCOMES.indexOf(a.verdict) - OUTCOMES.indexOf(b.verdict) ||
      (b.score ?? -1) - (a.score ?? -1) ||
      (a.name < b.name ? -1 : 1),
  );
  return {
    id: 'candidates',
    title: 'Candidates',
    audiences: ALL,
    lead:
      assessments.length === 0
        ? 'There are no servers to judge yet.'
        : `${OUTCOMES.filter((outcome) => counts.get(outcome)! > 0)
            .map((outcome) => `${VERDICT_TITLES[outcome]}: ${counts.get(outcome)!}`)
            .join('; ')}.`,
    blocks: [
      tableOf({
        id: 'candidates',
        title: 'Verdicts',
        columns: [
          SERVER,
          VERDICT_COLUMN,
          column('score', 'Score', 'score'),
          column('stars', 'Stars', 'count'),
          column('method', 'Moves by', 'text', { width: 2 }),
          column('because', 'Because', 'text', { width: 6 }),
        ],
        rows: sorted.map(({ name, verdict, score, confidence, method, because }) => [
          name,
          VERDICT_TITLES[verdict],
          score,
          confidence.stars,
          METHOD_WORDS[method].short,
          because,
        ]),
        empty: 'There are no servers to judge yet.',
      }),
    ],
    sections: [
      {
        id: 'gates',
        title: 'What to see to before the move',
        audiences: SERVERS,
        lead: `${plural(
          sorted.reduce((sum, one) => sum + open(one).length, 0),
          'point',
        )} on ${plural(sorted.filter((one) => open(one).length > 0).length, 'server')}.`,
        blocks: [
          tableOf({
            id: 'gates',
            title: 'Open points',
            columns: [
              SERVER,
              column('gate', 'Rule', 'text'),
              column('severity', 'Weight', 'status', { tones: { blocker: 'stop', warning: 'conditions' } }),
              column('title', 'What', 'text', { width: 2 }),
              column('because', 'Found', 'text', { width: 4 }),
              column('fix', 'What to do', 'text', { width: 4 }),
            ],
            rows: sorted.flatMap((assessment) =>
              open(assessment).map(({ id, severity, title, because, fix }) => [
                assessment.name,
                id,
                severity,
                title,
                because,
                fix,
              ]),
            ),
            empty: 'Nothing stands in the way of any server.',
          }),
        ],
        sections: [],
      },
      {
        id: 'sizing',
        title: 'Sizes of the virtual machines',
        audiences: SERVERS,
        lead: 'What each server has today, and what its virtual machine is given.',
        blocks: [
          tableOf({
            id: 'sizing',
            title: 'Sizes',
            columns: [
              SERVER,
              column('cores', 'Cores today', 'count', { total: true }),
              column('vcpus', 'vCPUs', 'count', { total: true }),
              column('memory-today', 'Memory today', 'bytes', { total: true }),
              column('memory', 'Memory', 'bytes', { total: true }),
              column('disks', 'Disks', 'count'),
              column('disk-bytes', 'Disk', 'bytes', { total: true }),
              column('nics', 'Network cards', 'count'),
              column('io', 'Input/output', 'text'),
              column('copy', 'To copy', 'bytes', { total: true }),
              column('basis', 'Rests on', 'text'),
            ],
            rows: sorted.flatMap(({ server, name, sized }) => {
              if (sized === null) return [];
              const today = input.summaries.find(({ id }) => id === server);
              return [
                [
                  name,
                  today?.cores ?? null,
                  sized.vcpus,
                  today?.memoryBytes ?? null,
                  sized.memoryBytes,
                  sized.disks.length,
                  sized.disks.reduce((sum, { bytes }) => sum + bytes, 0),
                  sized.nics.length,
                  sized.io.class,
                  sized.copyBytes,
                  BASIS_WORDS[sized.basis].short,
                ],
              ];
            }),
            empty: 'No server is known well enough to be given a size.',
          }),
        ],
        sections: [],
      },
      {
        id: 'overrides',
        title: 'Decided by hand',
        audiences: TECHNICAL,
        lead:
          overridden.length === 0
            ? 'All verdicts are those of the rules.'
            : `${plural(overridden.length, 'verdict')} of the customer stand against or beside the rules.`,
        blocks: [
          tableOf({
            id: 'overrides',
            title: 'Decisions',
            columns: [
              SERVER,
              column('ruled', 'By the rules', 'text', { width: 2 }),
              column('decided', 'Decided', 'text', { width: 2 }),
              column('reason', 'Reason', 'text', { width: 4 }),
              column('by', 'By', 'text', { secret: 'person' }),
            ],
            rows: overridden.map(({ name, ruled, override }) => [
              name,
              VERDICT_TITLES[ruled],
              VERDICT_TITLES[override!.verdict],
              override!.reason,
              override!.by,
            ]),
            empty: 'Nothing was decided by hand.',
          }),
        ],
        sections: [],
      },
    ],
  };
};
