/**
 * Texts that `wmic CLASS get /format:list` and `reg export` print, as records in the shape of WMI classes. Both write
 * UTF-16 with a mark; wmic writes an empty line (or two) between instances and `&amp;` for `&`, in every language.
 */
import { MAX_RECORDS } from './schema.ts';

export interface TextRecord {
  /** Line it begins at, counted from one. */
  line: number;
  /** Without prototype: names are those of strangers. */
  fields: Record<string, string | string[]>;
}

/** By hand: a pattern would look at a million carriage returns a million times. */
function withoutReturns(line: string): string {
  let end = line.length;
  while (end > 0 && line.charCodeAt(end - 1) === 13) end--;
  return end === line.length ? line : line.slice(0, end);
}

/** Properties of one instance; the class with most has 130. */
const MAX_FIELDS = 1000;

/**
 * Instances of one class. Lines without `=` belong to the value before them.
 * @returns `problems` with the lines that are neither
 */
export function parseWmicList(text: string): {
  records: TextRecord[];
  problems: { line: number; text: string }[];
} {
  const records: TextRecord[] = [];
  const problems: { line: number; text: string }[] = [];
  let fields: TextRecord['fields'] | null = null;
  let last = '';
  let count = 0;
  let number = 0;
  for (const raw of text.split('\n')) {
    number++;
    // wmic ends lines with CR CR LF when its output is redirected.
    const line = withoutReturns(raw);
    if (line.length > MAX_LINE) {
      problems.push({ line: number, text: line.slice(0, MAX_LINE) });
      continue;
    }
    if (line.trim() === '') {
      fields = null;
      continue;
    }
    const equals = /^[A-Za-z_]\w{0,127}=/u.exec(line)?.[0].length ?? 0;
    if (equals > 0) {
      if (fields === null) {
        if (records.length >= MAX_RECORDS) {
          problems.push({ line: number, text: line });
          break;
        }
        fields = Object.create(null) as TextRecord['fields'];
        count = 0;
        records.push({ line: number, fields });
      }
      if (++count > MAX_FIELDS) continue;
      last = line.slice(0, equals - 1);
      fields[last] = valueOf(line.slice(equals));
    } else if (fields !== null) {
      const before = fields[last];
      if (typeof before === 'string') fields[last] = `${before}\n${unescape(line)}`;
    } else problems.push({ line: number, text: line });
  }
  return { records, problems };
}

/** `{"a","b"}` and `{1,2}` are lists; `{FD7B5BF5-...}` is an identifier. */
function valueOf(value: string): string | string[] {
  if (/^\{(?:"[^"]*"|\d+)(?:,(?:"[^"]*"|\d+))*\}$/u.test(value))
    return [...value.matchAll(/"([^"]*)"|(\d+)/gu)].map((match) => unescape(match[1] ?? match[2]!));
  return unescape(value);
}

const ENTITIES: Record<string, string> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&apos;': "'",
};
const unescape = (value: string): string =>
  value.replace(/&(?:amp|lt|gt|quot|apos);/gu, (entity) => ENTITIES[entity]!);

export interface RegistryKey {
  line: number;
  /** As it is written: `HKEY_LOCAL_MACHINE\...`. */
  path: string;
  /** Texts and numbers; other kinds of value are passed over. '@' is the default value. */
  values: Record<string, string | number>;
}

/** Keys of an export (`Windows Registry Editor Version 5.00`, and `REGEDIT4` of NT). */
export function parseRegistryExport(text: string): {
  keys: RegistryKey[];
  problems: { line: number; text: string }[];
} {
  const keys: RegistryKey[] = [];
  const problems: { line: number; text: string }[] = [];
  let key: RegistryKey | null = null;
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const number = at + 1;
    let line = withoutReturns(lines[at]!);
    if (line.length > MAX_LINE) {
      problems.push({ line: number, text: line.slice(0, MAX_LINE) });
      continue;
    }
    // A binary value goes on over lines that end in a backslash, a text over lines until its quote is closed.
    if (/^(?:"(?:[^"\\]|\\.){0,1000}"|@)=hex/iu.test(line)) {
      while (lines[at]!.trimEnd().endsWith('\\') && at + 1 < lines.length) at++;
      continue;
    }
    if (OPEN_TEXT.test(line))
      for (let more = at + 1; more < lines.length && more <= at + MAX_TEXT_LINES; more++) {
        if (!endsQuote(lines[more]!)) continue;
        line = lines
          .slice(at, more + 1)
          .map(withoutReturns)
          .join('\n');
        at = more;
        break;
      }
    if (line.trim() === '' || line.startsWith(';')) continue;
    if (line.startsWith('[')) {
      if (!line.endsWith(']')) problems.push({ line: number, text: line });
      else if (keys.length < MAX_RECORDS) {
        key = { line: number, path: line.slice(1, -1), values: Object.create(null) as RegistryKey['values'] };
        keys.push(key);
      }
      continue;
    }
    const value = key === null ? null : registryValue(line);
    if (value !== null) key!.values[value.name] = value.value;
    else if (number > 1) problems.push({ line: number, text: line });
  }
  return { keys, problems };
}

/** A text whose closing quote is not on its line. */
const OPEN_TEXT = /^(?:"(?:[^"\\]|\\.){0,1000}"|@)="(?:[^"\\]|\\.)*\\?$/u;
const MAX_TEXT_LINES = 100;
/** Characters; the longest honest value is a list of components of a few thousand. */
const MAX_LINE = 1 << 18;

/** Ends in a quote that no backslash takes its meaning from. */
function endsQuote(line: string): boolean {
  const text = withoutReturns(line.slice(-MAX_LINE));
  if (!text.endsWith('"')) return false;
  let slashes = 0;
  while (text.at(-2 - slashes) === '\\') slashes++;
  return slashes % 2 === 0;
}

function registryValue(line: string): { name: string; value: string | number } | null {
  const match = /^(?:"((?:[^"\\]|\\.)*)"|@)=(?:"((?:[^"\\]|\\[\s\S])*)"|dword:([0-9a-f]{8}))$/iu.exec(line);
  if (match === null) return null;
  const plain = (quoted: string): string => quoted.replace(/\\(.)/gu, '$1');
  return {
    name: match[1] === undefined ? '@' : plain(match[1]),
    value: match[3] === undefined ? plain(match[2]!) : Number.parseInt(match[3], 16),
  };
}
