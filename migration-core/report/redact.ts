/**
 * A report without names: servers, hosts, people, addresses, serial numbers and paths are replaced, each by the same
 * word wherever it stands, so that tables can still be read beside each other. Made of the finished report: every format
 * is redacted in the same way.
 */
import type { Block, Column, Fact, Report, Section, Text, Value } from './model.ts';

type Secret = NonNullable<Column['secret']>;
const WORDS: Record<Secret, string> = {
  server: 'Server',
  host: 'Host',
  address: 'Address',
  serial: 'Serial',
  person: 'Person',
  path: 'Path',
};

/** Words are numbered in the order of the names, not of the report: the same estate gives the same words in every report. */
export function redact(report: Report): Report {
  const found = new Map<Secret, Set<string>>();
  visit(report, (secret, name) => {
    const names = found.get(secret) ?? new Set<string>();
    names.add(name);
    found.set(secret, names);
    return name;
  });
  const words = new Map<string, string>();
  for (const [secret, names] of found) {
    const sorted = [...names].sort();
    const width = String(sorted.length).length;
    for (const [index, name] of sorted.entries())
      words.set(`${secret} ${name}`, `${WORDS[secret]}-${String(index + 1).padStart(width, '0')}`);
  }
  // A name is the same word in a table and within a sentence; sentences know their names by what they are.
  const all = [...words].map(([key, word]) => [key.slice(key.indexOf(' ') + 1), word] as const);
  const byName = new Map(all);
  const longest = [...byName.keys()]
    .filter((name) => name.length > 1)
    .sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
  const within =
    longest.length === 0
      ? null
      : new RegExp(`(?<![\\p{L}\\p{N}_])(?:${longest.map(escaped).join('|')})(?![\\p{L}\\p{N}_])`, 'gu');
  const clean = (text: string): string =>
    within === null ? text : text.replace(within, (name) => byName.get(name)!);
  return visit(
    {
      ...report,
      meta: {
        ...report.meta,
        customer: '',
        title:
          report.meta.customer === ''
            ? report.meta.title
            : report.meta.title.replaceAll(report.meta.customer, 'the customer'),
      },
    },
    (secret, name) => words.get(`${secret} ${name}`) ?? clean(name),
    clean,
  );
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/gu, '\\$&');

/** Every name through `of`, every other text through `text`. */
function visit(
  report: Report,
  of: (secret: Secret, name: string) => string,
  text: (text: string) => string = (same) => same,
): Report {
  const words = (value: Text): Text =>
    typeof value === 'string'
      ? text(value)
      : value.map((part) =>
          typeof part === 'string' ? text(part) : { secret: part.secret, name: of(part.secret, part.name) },
        );
  const cell = (value: Value, secret: Secret | undefined, kind: Column['kind']): Value => {
    if (typeof value !== 'string') return value;
    // Columns of sentences that hold names are cleaned; columns of names are replaced.
    if (secret === undefined || /\s/u.test(value)) return kind === 'text' ? text(value) : value;
    return of(secret, value);
  };
  const fact = (one: Fact): Fact => ({ ...one, value: cell(one.value, one.secret, one.kind) });
  const block = (one: Block): Block => {
    switch (one.kind) {
      case 'paragraph':
      case 'note':
        return { ...one, text: words(one.text) };
      case 'list':
        return { ...one, items: one.items.map(words) };
      case 'facts':
        return { ...one, facts: one.facts.map(fact) };
      case 'table':
        return {
          ...one,
          table: {
            ...one.table,
            title: text(one.table.title),
            rows: one.table.rows.map((row) =>
              row.map((value, index) =>
                cell(value, one.table.columns[index]!.secret, one.table.columns[index]!.kind),
              ),
            ),
          },
        };
      case 'chart':
        return {
          ...one,
          id: text(one.id),
          title: text(one.title),
          summary: words(one.summary),
          spec: titles(one.spec, text),
        };
      case 'picture':
        // A screen shows the name of its machine.
        return { kind: 'note', tone: 'plain', text: 'The picture is left out of a report without names.' };
    }
  };
  const section = (one: Section): Section => ({
    ...one,
    title: text(one.title),
    lead: words(one.lead),
    blocks: one.blocks.map(block),
    sections: one.sections.map(section),
  });
  return { ...report, figures: report.figures.map(fact), sections: report.sections.map(section) };
}

/** Titles of whatever a chart is made of. */
function titles<T>(spec: T, text: (text: string) => string): T {
  if (Array.isArray(spec)) return spec.map((one: unknown) => titles(one, text)) as T;
  if (typeof spec !== 'object' || spec === null) return spec;
  return Object.fromEntries(
    Object.entries(spec).map(([key, value]) => [
      key,
      key === 'title' && typeof value === 'string' ? text(value) : titles(value as unknown, text),
    ]),
  ) as T;
}
