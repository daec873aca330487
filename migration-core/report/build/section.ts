/** Small things that every chapter is made of. */
import type { ReportInput } from '../input.ts';
import type {
  Audience,
  Block,
  Column,
  ColumnKind,
  Fact,
  Section,
  Table,
  Text,
  Tone,
  Value,
} from '../model.ts';

/** One chapter; null where there is nothing to say at all. */
export type Chapter = (input: ReportInput) => Section | null;

export const ALL: readonly Audience[] = ['executive', 'technical', 'owner'];
export const TECHNICAL: readonly Audience[] = ['technical'];
export const SERVERS: readonly Audience[] = ['technical', 'owner'];

export const paragraph = (text: Text): Block => ({ kind: 'paragraph', text });
export const list = (items: readonly Text[]): Block[] =>
  items.length === 0 ? [] : [{ kind: 'list', items }];
export const note = (tone: Tone, text: Text): Block => ({ kind: 'note', tone, text });
export const tableOf = (table: Table): Block => ({ kind: 'table', table });
export const facts = (...of: Fact[]): Block => ({ kind: 'facts', facts: of });

export const fact = (
  id: string,
  title: string,
  value: Value,
  kind: ColumnKind,
  more: Pick<Fact, 'unit' | 'basis' | 'secret'> = {},
): Fact => ({ id, title, value, kind, ...more });

export const column = (
  id: string,
  title: string,
  kind: ColumnKind,
  more: Omit<Column, 'id' | 'title' | 'kind'> = {},
): Column => ({ id, title, kind, ...more });

export const SERVER = column('server', 'Server', 'text', { secret: 'server', width: 2 });

/** Sentences in which names of servers and hosts stand: each is found by its whole name, the longest first. */
export function withNames(text: string, names: ReadonlyMap<string, 'server' | 'host' | 'person'>): Text {
  const parts: (string | { secret: 'server' | 'host' | 'person'; name: string })[] = [];
  // Names are made of letters, digits, dots, dashes and underscores; what stands between is not.
  let plain = '';
  for (const word of text.split(/([\p{L}\p{N}_.-]+)/u)) {
    const bare = word.replace(/\.$/u, '');
    const secret = names.get(word) === undefined ? names.get(bare) : names.get(word);
    if (secret === undefined) {
      plain += word;
      continue;
    }
    const name = names.get(word) === undefined ? bare : word;
    if (plain !== '') parts.push(plain);
    parts.push({ secret, name });
    plain = word.slice(name.length);
  }
  if (parts.length === 0) return text;
  if (plain !== '') parts.push(plain);
  return parts;
}

/** Names that a redacted report replaces, wherever they stand. */
export function namesOf({
  study,
  conversions,
}: ReportInput): ReadonlyMap<string, 'server' | 'host' | 'person'> {
  const names = new Map<string, 'server' | 'host' | 'person'>();
  for (const { name, identity, annotations } of study.facts) {
    for (const known of [name, identity.name]) if (known !== '') names.set(known, 'server');
    if (annotations.owner !== undefined) names.set(annotations.owner, 'person');
  }
  for (const { name, existing } of study.plan.hosts) if (existing) names.set(name, 'host');
  for (const { name } of conversions) names.set(name, 'server');
  return names;
}

/** That the plan is older than the data, in one breath; null: it is not. */
export const staleText = ({ stale = [] }: Pick<ReportInput, 'stale'>): string | null =>
  stale.length === 0
    ? null
    : `The plan is older than the data it is shown with. ${stale.join(' ')} It is shown as it was agreed; make it anew before it is decided on.`;

/** The same where the plan is shown: in the summary and in its chapter. */
export const staleNote = (input: ReportInput): Block[] => {
  const text = staleText(input);
  return text === null ? [] : [note('conditions', text)];
};
