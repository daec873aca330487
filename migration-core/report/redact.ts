/**
 * A report without names: servers, hosts, people, addresses, serial numbers and paths are replaced, each by the same
 * word wherever it stands, so that tables can still be read beside each other. Made of the finished report: every format
 * is redacted in the same way, with the names of its files and sheets.
 *
 * What is marked as a name is always replaced. In sentences, titles and ids names are looked for; a name that is one of
 * our own words as well (a server called `memory`) is not, for a sentence about memory would change its meaning.
 */
import type { Block, Column, Fact, Report, Section, Text, Value } from './model.ts';
import { nameFinder } from './redact/find-names.ts';
import { ownWords } from './redact/own-words.ts';

type Secret = NonNullable<Column['secret']>;
const WORDS: Record<Secret, string> = {
  server: 'Server',
  host: 'Host',
  address: 'Address',
  serial: 'Serial',
  person: 'Person',
  path: 'Path',
};
const SECRETS = Object.keys(WORDS) as Secret[];
const CUSTOMER = 'the customer';

/** The word of each name, by its kind. */
export type Redaction = ReadonlyMap<Secret, ReadonlyMap<string, string>>;

/**
 * Words are numbered in the order of the names, not of the report. Made of the whole report of an estate and given to all
 * reports of it, a name is the same word in each of them.
 * @param before words that stay what they are; new names go on counting
 */
export function redactionOf(report: Report, before: Redaction = new Map()): Redaction {
  const found = new Map<Secret, Set<string>>();
  visit(report, {
    name: (secret, name) => {
      const names = found.get(secret) ?? new Set<string>();
      names.add(name);
      found.set(secret, names);
      return name;
    },
    text: (same) => same,
    id: (same) => same,
  });
  // A server may be called `Server-1`; the word of another must not be taken for it.
  const taken = new Set([...found.values()].flatMap((names) => [...names].map((name) => name.toLowerCase())));
  const redaction = new Map<Secret, Map<string, string>>();
  for (const secret of SECRETS) {
    const words = new Map(before.get(secret));
    for (const word of words.values()) taken.add(word.toLowerCase());
    const fresh = [...(found.get(secret) ?? [])].filter((name) => name !== '' && !words.has(name)).sort();
    const width = String(words.size + fresh.length).length;
    let number = words.size;
    for (const name of fresh) {
      let word: string;
      do word = `${WORDS[secret]}-${String(++number).padStart(width, '0')}`;
      while (taken.has(word.toLowerCase()));
      words.set(name, word);
    }
    redaction.set(secret, words);
  }
  return redaction;
}

/** @param known of the whole estate, where this report is of a part of it */
export function redact(report: Report, known?: Redaction): Report {
  const redaction = redactionOf(report, known);
  const names = new Map<string, string>();
  if (report.meta.customer !== '') names.set(report.meta.customer, CUSTOMER);
  // A name that is of several kinds is in sentences what comes first.
  for (const words of redaction.values())
    for (const [name, word] of words) if (!names.has(name)) names.set(name, word);
  const own = ownWords(report);
  const text = nameFinder(names, own);
  // In ids, short names are more often a part of a word or a number than a name.
  const id = nameFinder(new Map([...names].filter(([name]) => name.length > 3)), own);
  const { meta } = report;
  const redacted = visit(report, {
    name: (secret, name) => redaction.get(secret)?.get(name) ?? text(name),
    text,
    id,
  });
  return {
    ...redacted,
    meta: {
      ...meta,
      customer: '',
      title: text(meta.title),
      scenario: text(meta.scenario),
      rules: text(meta.rules),
      confidentiality: text(meta.confidentiality),
    },
  };
}

interface Visitor {
  name: (secret: Secret, name: string) => string;
  text: (text: string) => string;
  id: (id: string) => string;
}

/** Every name, every other text and every id of a report through the visitor. */
function visit(report: Report, { name, text, id }: Visitor): Report {
  const words = (value: Text): Text =>
    typeof value === 'string'
      ? text(value)
      : value.map((part) =>
          typeof part === 'string' ? text(part) : { ...part, name: name(part.secret, part.name) },
        );
  const cell = (value: Value, secret: Secret | undefined, kind: Column['kind']): Value => {
    if (secret !== undefined && value !== null && value !== '') return name(secret, String(value));
    return typeof value === 'string' && kind !== 'date' ? text(value) : value;
  };
  const fact = (one: Fact): Fact => ({
    ...one,
    title: text(one.title),
    value: cell(one.value, one.secret, one.kind),
  });
  const block = (one: Block): Block => {
    switch (one.kind) {
      case 'paragraph':
      case 'note':
        return { ...one, text: words(one.text) };
      case 'list':
        return { ...one, items: one.items.map(words) };
      case 'facts':
        return { ...one, facts: one.facts.map(fact) };
      case 'table': {
        const { columns } = one.table;
        return {
          ...one,
          table: {
            ...one.table,
            id: id(one.table.id),
            title: text(one.table.title),
            empty: text(one.table.empty),
            columns: columns.map((column) => ({ ...column, title: text(column.title) })),
            rows: one.table.rows.map((row) =>
              row.map((value, at) => cell(value, columns[at]?.secret, columns[at]?.kind ?? 'text')),
            ),
          },
        };
      }
      case 'chart':
        return {
          ...one,
          id: id(one.id),
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
    id: id(one.id),
    title: text(one.title),
    lead: words(one.lead),
    blocks: one.blocks.map(block),
    sections: one.sections.map(section),
  });
  return { ...report, figures: report.figures.map(fact), sections: report.sections.map(section) };
}

/** Titles of whatever a chart is made of. */
function titles<T>(spec: T, text: (text: string) => string): T {
  if (Array.isArray(spec)) {
    // Weeks of numbers: there is nothing in them.
    if (typeof spec[0] !== 'object') return spec;
    return spec.map((one: unknown) => titles(one, text)) as T;
  }
  if (typeof spec !== 'object' || spec === null) return spec;
  return Object.fromEntries(
    Object.entries(spec).map(([key, value]) => [
      key,
      key === 'title' && typeof value === 'string' ? text(value) : titles(value as unknown, text),
    ]),
  ) as T;
}
