/**
 * INF files as text: sections, lines, fields, and the strings that stand for others (General Syntax Rules for INF Files, INF
 * Strings Section). What the sections mean is in models.ts and package.ts.
 */
import { textDecoder, textEncodingOf } from '../../../../base/text-encoding.ts';
import { IronliftError } from '../../../../base/errors.ts';

/** Bytes; the largest INFs of Windows itself (printers) have 2 MiB. */
export const MAX_INF = 4 << 20;
/** The largest INFs of graphics drivers have some 20,000 lines. */
const MAX_LINES = 200_000;
const MAX_SECTIONS = 20_000;
/** A REG_BINARY value of many bytes is the longest line there is. */
const MAX_FIELDS = 4096;
/** Characters: MAX_STRING_LENGTH of setupapi.h. */
const MAX_STRING = 4096;
/**
 * Lines that are looked at for each line there is, and some more: sections that name each other again and again would be looked
 * through for hours. The largest INFs of Windows have each line looked at four times.
 */
const LOOKS = 50;
const LOOKS_ASIDE = 10_000;
/** Characters that strings put in place of their names give together: four letters stand for 4096, a million times in one file. */
const MAX_EXPANDED = 32 << 20;

export interface InfLine {
  /** What stands before the `=`, as written; null where there is none. */
  key: string | null;
  /** Without quotes; strings in percent signs are not replaced yet. */
  fields: string[];
}

export interface Inf {
  /** Lines of all sections of that name, whose case does not matter; null where there is none. */
  section(name: string): readonly InfLine[] | null;
  /** Names of all sections as written, in their order. */
  readonly sections: readonly string[];
  /** With each `%name%` replaced by its string; what has no string, like the directory in `%12%\x.sys`, stays. */
  expand(text: string): string;
  /** Fields of the first line with this key, replaced; null where there is none. */
  value(section: string, key: string): string[] | null;
  /** Fields of all lines with this key, replaced. */
  values(section: string, key: string): string[];
}

/** @throws INF_NOT_UNDERSTOOD for what is no INF, or larger than any; so do its methods, for one that asks for more than any. */
export function parseInf(bytes: Uint8Array, name: string): Inf {
  if (bytes.length > MAX_INF) throw notUnderstood(name, 'it is larger than any INF file');
  const sections = readSections(decode(bytes), name);
  const strings = readStrings(sections);
  let lines = 0;
  for (const one of sections.values()) lines += one.lines.length;
  let looks = LOOKS_ASIDE + LOOKS * lines;
  let expanded = 0;
  const look = (count: number): void => {
    looks -= 1 + count;
    if (looks < 0) throw notUnderstood(name, 'its sections name each other without an end');
  };
  const section = (wanted: string): readonly InfLine[] | null => {
    const found = sections.get(wanted.toLowerCase())?.lines ?? null;
    look(found?.length ?? 0);
    return found;
  };
  const expand = (text: string): string => {
    if (!text.includes('%')) return text;
    const result = expandWith(strings, text);
    expanded += result.length;
    if (expanded > MAX_EXPANDED)
      throw notUnderstood(name, 'its strings are longer than those of any INF file');
    return result;
  };
  const keys = new Map<string, Map<string, InfLine[]>>();
  const matching = (where: string, key: string): InfLine[] => {
    const wanted = where.toLowerCase();
    let known = keys.get(wanted);
    if (known === undefined) keys.set(wanted, (known = byKey(sections.get(wanted)?.lines ?? [])));
    const found = known.get(key.toLowerCase()) ?? [];
    look(found.length);
    return found;
  };
  return {
    section,
    sections: [...sections.values()].map((one) => one.name),
    expand,
    value: (where, key) => matching(where, key)[0]?.fields.map(expand) ?? null,
    values: (where, key) => matching(where, key).flatMap(({ fields }) => fields.map(expand)),
  };
}

/** UTF-16 with a mark, UTF-8, or the code page of whoever wrote it; of those only the western one is told apart from UTF-8. */
function decode(bytes: Uint8Array): string {
  const judged = textEncodingOf(bytes);
  const encoding = judged.startsWith('utf-') ? judged : 'windows-1252';
  try {
    if (encoding !== 'utf-8') return textDecoder(encoding)(bytes, true).replace(/^\ufeff/u, '');
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // The first letter that is none of UTF-8 stood behind what was judged by.
    return textDecoder('windows-1252')(bytes, true);
  }
}

function byKey(lines: readonly InfLine[]): Map<string, InfLine[]> {
  const keys = new Map<string, InfLine[]>();
  for (const line of lines) {
    if (line.key === null) continue;
    const key = line.key.toLowerCase();
    const others = keys.get(key);
    if (others === undefined) keys.set(key, [line]);
    else others.push(line);
  }
  return keys;
}

interface Section {
  name: string;
  lines: InfLine[];
}

function readSections(text: string, name: string): Map<string, Section> {
  const sections = new Map<string, Section>();
  let current: Section | null = null;
  let joined = '';
  const lines = text.split(/\r\n|\n|\r/u, MAX_LINES + 1);
  if (lines.length > MAX_LINES) throw notUnderstood(name, 'it has more lines than any INF file');
  for (const line of lines) {
    const content = withoutComment(line).trim();
    if (content.endsWith('\\') && !endsQuoted(content)) {
      joined += content.slice(0, -1);
      if (joined.length > MAX_INF) throw notUnderstood(name, 'one of its lines does not end');
      continue;
    }
    const whole = (joined + content).trim();
    joined = '';
    if (whole === '') continue;
    if (whole.startsWith('[')) {
      const end = whole.indexOf(']');
      const title = unquote(whole.slice(1, end < 0 ? undefined : end)).trim();
      const known = sections.get(title.toLowerCase());
      current = known ?? { name: title, lines: [] };
      if (known === undefined) sections.set(title.toLowerCase(), current);
      if (sections.size > MAX_SECTIONS) throw notUnderstood(name, 'it has more sections than any INF file');
    } else {
      current?.lines.push(readLine(whole, name));
    }
  }
  if (sections.size === 0) throw notUnderstood(name, 'it has no sections');
  return sections;
}

/** A semicolon within quotes is none. */
function withoutComment(line: string): string {
  if (!line.includes(';')) return line;
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    if (line[i] === '"') quoted = !quoted;
    else if (line[i] === ';' && !quoted) return line.slice(0, i);
  }
  return line;
}

const endsQuoted = (text: string): boolean => (text.split('"').length - 1) % 2 === 1;

function readLine(text: string, name: string): InfLine {
  let key: string | null = null;
  const fields: string[] = [];
  let from = 0;
  let quoted = false;
  for (let i = 0; i <= text.length; i++) {
    const character = text[i];
    if (character === '"') quoted = !quoted;
    if (i < text.length && quoted) continue;
    if (character === '=' && key === null && fields.length === 0) {
      key = unquote(text.slice(from, i).trim());
      from = i + 1;
    } else if (character === ',' || i === text.length) {
      fields.push(unquote(text.slice(from, i).trim()));
      from = i + 1;
      if (fields.length > MAX_FIELDS) throw notUnderstood(name, 'one of its lines has too many fields');
    }
  }
  if (fields.length === 1 && fields[0] === '') fields.pop();
  return { key, fields };
}

/** `"a ""b"""` is `a "b"`. */
function unquote(text: string): string {
  if (!text.includes('"')) return text;
  let result = '';
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== '"') result += text[i]!;
    else if (quoted && text[i + 1] === '"') {
      result += '"';
      i++;
    } else quoted = !quoted;
  }
  return result;
}

/** Those without a language first; then English; then whatever language there is, in the order of its number. */
function readStrings(sections: ReadonlyMap<string, Section>): Map<string, string> {
  const names = [...sections.keys()].filter((name) => /^strings(\.[0-9a-f]{4})?$/u.test(name));
  const order = (name: string): string => (name === 'strings' ? '' : name === 'strings.0409' ? '0' : name);
  names.sort((a, b) => (order(a) < order(b) ? -1 : 1));
  const strings = new Map<string, string>();
  for (const name of names)
    for (const { key, fields } of sections.get(name)!.lines) {
      const token = key?.replace(/^%(.*)%$/u, '$1').toLowerCase();
      if (token !== undefined && !strings.has(token))
        strings.set(token, fields.join(',').slice(0, MAX_STRING));
    }
  return strings;
}

function expandWith(strings: ReadonlyMap<string, string>, text: string): string {
  const expanded = text.replace(/%([^%]*)%/gu, (whole, token: string) =>
    token === '' ? '%' : (strings.get(token.trim().toLowerCase()) ?? whole),
  );
  return expanded.slice(0, MAX_STRING);
}

export function notUnderstood(name: string, why: string): IronliftError {
  return new IronliftError('INF_NOT_UNDERSTOOD', `${name} cannot be used: ${why}.`, {
    next: 'Take the drivers again from where they came from.',
    data: { name },
  });
}
