/** Verdicts as a person reads them at a terminal. */
import type { Assessment, Gate, Outcome, Reason } from '../../../assess/model/assessment.ts';
import { BASIS_WORDS, METHOD_WORDS, VERDICT_TITLES } from '../../../assess/model/assessment.ts';
import type { EstateAssessment } from '../../../assess/model/context.ts';
import type { SimilarityGroup } from '../../../assess/model/groups.ts';
import { formatBytes, listed, plural } from '../../../base/text.ts';
import { fittedTable, labelled, printable, wrap } from '../../terminal.ts';
import type { World } from '../../world.ts';

const UNKNOWN = '—';

export const short = (text: string, length: number): string => {
  const shown = printable(text);
  return shown.length <= length ? shown : `${shown.slice(0, length - 1)}…`;
};

const stars = (count: number): string => '*'.repeat(count);

/** All servers, a line each, and how many there are of each verdict. */
export function assessmentList(
  { assessments, groups, rules, profile }: EstateAssessment,
  { columns, tableColumns }: Pick<World, 'columns' | 'tableColumns'>,
): string {
  if (assessments.length === 0) return 'No servers yet. `ironlift collect` brings them in.\n';
  const rows = assessments.map((assessment) => [
    short(assessment.name, 24),
    VERDICT_TITLES[assessment.verdict] + (assessment.override === null ? '' : ' (by hand)'),
    assessment.score === null ? UNKNOWN : String(Math.round(assessment.score)),
    stars(assessment.confidence.stars),
    assessment.sized === null ? UNKNOWN : String(assessment.sized.vcpus),
    assessment.sized === null ? UNKNOWN : formatBytes(assessment.sized.memoryBytes),
    assessment.sized?.io.class ?? UNKNOWN,
    openGates(assessment)
      .map(({ id }) => id)
      .join(' '),
  ]);
  const head = ['Server', 'Verdict', 'Score', 'Trust', 'vCPUs', 'Memory', 'I/O', 'To see to'];
  const counts = (Object.keys(VERDICT_TITLES) as Outcome[])
    .map((verdict) => [verdict, assessments.filter((one) => one.verdict === verdict).length] as const)
    .filter(([, count]) => count > 0)
    .map(([verdict, count]) => `${within(VERDICT_TITLES[verdict])} ${count}`);
  const idle = assessments.filter(({ usage }) => usage === 'idle' || usage === 'zombie');
  const lines = [`${plural(assessments.length, 'server')}: ${counts.join(', ')}.`];
  if (idle.length > 0)
    lines.push(
      `${plural(idle.length, 'server')} hardly used: retire instead? ${some(idle.map(({ name }) => name))}.`,
    );
  const names = new Map(assessments.map(({ server, name }) => [server, name]));
  for (const group of groups) lines.push(groupText(group, names));
  lines.push(`Rules ${rules}, ${profile} profile. Name a server to read why.`);
  return `${fittedTable(head, rows, tableColumns, ['I/O', 'Trust'])}\n${lines.map((line) => wrap(line, columns, '  ')).join('\n')}\n`;
}

/** A title inside a sentence. */
const within = (title: string): string => title.charAt(0).toLowerCase() + title.slice(1);

function groupText(
  { kind, title, members, saved }: SimilarityGroup,
  names: ReadonlyMap<number, string>,
): string {
  const what = kind === 'cookie-cutter' ? 'one recipe for all' : 'could share one operating system';
  const saves =
    saved === null
      ? ''
      : `, which saves ${formatBytes(saved.memoryBytes)} of memory and ${formatBytes(saved.diskBytes)} of disk`;
  return `${title}: ${what}${saves}. ${some(members.flatMap((id) => names.get(id) ?? []))}.`;
}

const SHOWN = 6;
export const some = (names: readonly string[]): string => listed(names, SHOWN);

const openGates = ({ gates }: Assessment): Gate[] =>
  gates.filter(({ met, severity }) => !met && severity !== 'info');

const TONES: Record<Reason['tone'], string> = { for: '+', against: '-', note: ' ' };
const MARKS: Record<Gate['severity'], string> = { blocker: 'stop', warning: 'warning', info: 'note' };

/** Points beyond the highest score make up for points that were lost, which nobody would see otherwise. */
function scoreText({ score, parts }: Assessment): string {
  if (score === null) return 'not enough is known';
  const sum = parts.reduce((total, { points }) => total + points, 0);
  const shown = `${Math.round(score)} of 100`;
  return Math.round(sum) > Math.round(score)
    ? `${shown} (${sum.toFixed(1)} points with what is added for gains, cut to ${Math.round(score)})`
    : shown;
}

/** Everything about one server. */
export function assessmentText(assessment: Assessment, columns: number): string {
  const { confidence, sized } = assessment;
  const out: string[] = [`${printable(assessment.name)}: ${VERDICT_TITLES[assessment.verdict]}\n`];
  const say = (text: string, indent = '  '): void => void out.push(`${wrap(text, columns, indent)}\n`);
  say(`  ${assessment.because}`);
  out.push('\n');
  const rows: [string, string][] = [
    ['Score', scoreText(assessment)],
    ['Trust', `${stars(confidence.stars)} ${Math.round(confidence.value)} of 100`],
    ['Second best', assessment.second === null ? 'none' : VERDICT_TITLES[assessment.second]],
    ['Used', assessment.usage],
    ['Move by', METHOD_WORDS[assessment.method].full],
    ['Roles', assessment.roles.length === 0 ? 'none seen' : assessment.roles.join(', ')],
  ];
  if (sized !== null)
    rows.push(
      [
        'Machine',
        `${plural(sized.vcpus, 'vCPU')}, ${formatBytes(sized.memoryBytes)} of memory, ${plural(sized.disks.length, 'disk')}, ${plural(sized.nics.length, 'network card')} (${BASIS_WORDS[sized.basis].full})`,
      ],
      ['Copy', formatBytes(sized.copyBytes)],
      ['Input/output', ioText(assessment)],
    );
  out.push(labelled(rows, columns));
  if (assessment.reasons.length > 0) out.push('\n');
  // What a gate found is told with the gate.
  const isGate = (text: string): boolean => assessment.gates.some(({ id }) => text.includes(`(${id}): `));
  for (const { tone, text } of assessment.reasons.filter((one) => !isGate(one.text)))
    say(`  ${TONES[tone]} ${text}`, '    ');
  for (const reason of sized?.reasons ?? []) say(`    ${reason.text}`, '    ');
  if (assessment.gates.length > 0) out.push('\n');
  for (const { id, severity, because, fix, met } of assessment.gates)
    say(`  ${met ? 'done' : MARKS[severity]} ${id}: ${because} ${fix}`, '    ');
  if (assessment.changes.length > 0) out.push('\n  What would change this:\n');
  for (const change of assessment.changes) say(`  - ${change}`, '    ');
  if (confidence.caps.length > 0) out.push('\n  What would make it surer:\n');
  for (const { why, next } of confidence.caps) say(`  - ${why} ${next}`, '    ');
  return out.join('');
}

function ioText({ sized }: Assessment): string {
  const { io } = sized!;
  const parts: string[] = [io.class];
  if (io.operations !== null) parts.push(`${Math.round(io.operations)} IOPS`);
  if (io.bytes !== null) parts.push(`${(io.bytes / 1e6).toFixed(1)} MB/s`);
  if (io.storageShare !== null) parts.push(`${(io.storageShare * 100).toFixed(1)} % of a host's storage`);
  if (io.constrained) parts.push('its own disks are the limit');
  return parts.join(', ');
}
