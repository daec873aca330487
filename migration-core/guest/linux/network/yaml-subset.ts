/**
 * The part of YAML that network configuration is written in: block mappings and sequences, flow lists and mappings,
 * plain and quoted scalars, comments. Anchors, aliases, tags, block scalars, merge keys and several documents are
 * refused with a typed error: what is not understood must not be guessed. Scalars know where they stand in the text,
 * so that one can be replaced and all else stays.
 */
import { IronliftError } from '../../../base/errors.ts';

export interface YamlScalar {
  kind: 'scalar';
  value: string;
  /** Where the value stands in the text, without its quotes. */
  start: number;
  end: number;
}
export interface YamlMapping {
  kind: 'mapping';
  entries: { key: string; value: YamlNode }[];
}
export interface YamlSequence {
  kind: 'sequence';
  items: YamlNode[];
}
export type YamlNode = YamlScalar | YamlMapping | YamlSequence;

/** Deeper nesting is no network configuration. */
const MAX_DEPTH = 64;

interface Line {
  /** 1-based, for messages. */
  number: number;
  indent: number;
  /** Offset of the first character that is no space. */
  start: number;
  /** Offset behind the last character, comment and trailing space left out. */
  end: number;
}

interface Reader {
  text: string;
  lines: Line[];
  at: number;
}

/** @throws NETWORK_YAML_NOT_UNDERSTOOD for everything outside the subset. An empty document is an empty mapping. */
export function parseYaml(text: string): YamlNode {
  const reader: Reader = { text, lines: splitLines(text), at: 0 };
  if (reader.lines.length === 0) return { kind: 'mapping', entries: [] };
  const node = parseBlock(reader, reader.lines[0]!.indent, 0);
  const left = reader.lines[reader.at];
  if (left !== undefined) throw refuse(left.number, 'its indentation fits no line above');
  return node;
}

function refuse(line: number, what: string): IronliftError {
  return new IronliftError('NETWORK_YAML_NOT_UNDERSTOOD', `Line ${line} could not be read: ${what}.`, {
    next: 'Check the file on the server; only plain YAML without anchors, tags and block texts is read.',
    data: { line },
  });
}

function splitLines(text: string): Line[] {
  const lines: Line[] = [];
  let offset = 0;
  for (const [index, raw] of text.split('\n').entries()) {
    const number = index + 1;
    const indent = /^ */.exec(raw)![0].length;
    const rest = raw.slice(indent).trimEnd();
    const lineStart = offset;
    offset += raw.length + 1;
    if (rest === '' || rest.startsWith('#')) continue;
    if (indent === 0 && /^---(\s+#.*)?$/.test(rest) && lines.length === 0) continue;
    if (indent === 0 && /^(---|\.\.\.|%)/.test(rest)) throw refuse(number, 'it begins another document');
    if (rest.startsWith('\t')) throw refuse(number, 'it is indented with a tab');
    const start = lineStart + indent;
    lines.push({ number, indent, start, end: withoutComment(text, start, start + rest.length, number) });
  }
  return lines;
}

/**
 * The end of a line's content: a comment begins at a `#` after a space. Within quotes it would be none; whether a quote is
 * open is seen only later, so a line with quotes before such a `#` that might be open is refused.
 */
function withoutComment(text: string, start: number, end: number, number: number): number {
  let single = 0;
  let double = 0;
  for (let i = start; i < end; i++) {
    const character = text[i]!;
    if (character === '"') double++;
    else if (character === "'") single++;
    else if (character === '#' && /\s/.test(text[i - 1] ?? ' ')) {
      if (single % 2 === 1 || double % 2 === 1)
        throw refuse(number, 'a comment sign stands behind an open quote');
      let last = i;
      while (last > start && /\s/.test(text[last - 1]!)) last--;
      return last;
    }
  }
  return end;
}

/** A block of lines of the same indentation: a sequence, a mapping or one scalar. */
function parseBlock(reader: Reader, indent: number, depth: number): YamlNode {
  const line = reader.lines[reader.at]!;
  if (depth > MAX_DEPTH) throw refuse(line.number, 'it is nested too deeply');
  if (isDash(reader.text, line)) return parseSequence(reader, indent, depth);
  if (keyEnd(reader.text, line) !== null) return parseMapping(reader, indent, depth);
  reader.at++;
  return inline(reader, line, line.start, depth);
}

const isDash = (text: string, line: Line): boolean =>
  text[line.start] === '-' && (line.end === line.start + 1 || text[line.start + 1] === ' ');

function parseSequence(reader: Reader, indent: number, depth: number): YamlSequence {
  const items: YamlNode[] = [];
  for (let line = reader.lines[reader.at]; line?.indent === indent; line = reader.lines[reader.at]) {
    if (!isDash(reader.text, line)) break;
    let start = line.start + 1;
    while (start < line.end && reader.text[start] === ' ') start++;
    if (start >= line.end) {
      reader.at++;
      items.push(nested(reader, indent + 1, line, depth));
      continue;
    }
    // What follows the dash is a block of its own that begins in the middle of the line.
    const inner: Line = { ...line, indent: indent + (start - line.start), start };
    reader.lines[reader.at] = inner;
    items.push(parseBlock(reader, inner.indent, depth + 1));
  }
  return { kind: 'sequence', items };
}

function parseMapping(reader: Reader, indent: number, depth: number): YamlMapping {
  const entries: YamlMapping['entries'] = [];
  const seen = new Set<string>();
  for (let line = reader.lines[reader.at]; line?.indent === indent; line = reader.lines[reader.at]) {
    const found = isDash(reader.text, line) ? null : keyEnd(reader.text, line);
    if (found === null) throw refuse(line.number, 'a name with a colon was expected');
    const { key, after } = found;
    if (key === '<<') throw refuse(line.number, 'it uses a merge key');
    if (seen.has(key)) throw refuse(line.number, `${key} is given twice`);
    seen.add(key);
    let start = after;
    while (start < line.end && /\s/.test(reader.text[start]!)) start++;
    reader.at++;
    if (start < line.end) {
      entries.push({ key, value: inline(reader, line, start, depth) });
      continue;
    }
    const next = reader.lines[reader.at];
    // The items of a sequence may stand as far left as the name they belong to.
    const from =
      next !== undefined && next.indent === indent && isDash(reader.text, next) ? indent : indent + 1;
    entries.push({ key, value: nested(reader, from, line, depth) });
  }
  return { kind: 'mapping', entries };
}

/** The block below a line, or an empty scalar where there is none. */
function nested(reader: Reader, atLeast: number, above: Line, depth: number): YamlNode {
  const next = reader.lines[reader.at];
  if (next === undefined || next.indent < atLeast)
    return { kind: 'scalar', value: '', start: above.end, end: above.end };
  return parseBlock(reader, next.indent, depth + 1);
}

/** The key of a `key: value` line and the offset behind its colon; null where the line is none. */
function keyEnd(text: string, line: Line): { key: string; after: number } | null {
  const first = text[line.start]!;
  if (first === '"' || first === "'") {
    const quoted = quotedScalar(text, line.start, line.end);
    if (quoted === null || text[quoted.end + 1] !== ':') return null;
    if (quoted.end + 2 < line.end && !/\s/.test(text[quoted.end + 2]!)) return null;
    return { key: quoted.value, after: quoted.end + 2 };
  }
  if (!mayBeginPlain(text, line.start)) return null;
  for (let i = line.start; i < line.end; i++) {
    if (text[i] !== ':' || (i + 1 < line.end && !/\s/.test(text[i + 1]!))) continue;
    return { key: text.slice(line.start, i).trimEnd(), after: i + 1 };
  }
  return null;
}

/** A value on the rest of a line: a scalar, or a flow collection that may go on over the next lines. */
function inline(reader: Reader, line: Line, start: number, depth: number): YamlNode {
  const first = reader.text[start]!;
  if (first === '[' || first === '{') {
    const flow = parseFlow(reader, line, start, depth + 1);
    if (flow.at < flow.line.end) throw refuse(flow.line.number, 'something follows a closed bracket');
    return flow.node;
  }
  const scalar = scalarOf(reader.text, start, line.end, line.number);
  const next = reader.lines[reader.at];
  if (next !== undefined && next.indent > line.indent)
    throw refuse(next.number, 'it continues the value above');
  return scalar;
}

function scalarOf(text: string, start: number, end: number, number: number): YamlScalar {
  const first = text[start]!;
  if (first === '"' || first === "'") {
    const quoted = quotedScalar(text, start, end);
    if (quoted?.end !== end - 1) throw refuse(number, 'a quoted text does not end where it should');
    return quoted;
  }
  if (!mayBeginPlain(text, start))
    throw refuse(number, `a value begins with ${first}, which is not supported`);
  const value = text.slice(start, end);
  if (/:(\s|$)/.test(value)) throw refuse(number, 'a value holds a colon');
  return { kind: 'scalar', value, start, end };
}

/** Signs with a meaning of their own do not begin a plain scalar, and `-` and `?` only with text right behind them. */
function mayBeginPlain(text: string, start: number): boolean {
  const first = text[start]!;
  if ('-?'.includes(first)) return /[^\s,[\]{}]/.test(text[start + 1] ?? ' ');
  return !':,[]{}#&*!|>%@`"\''.includes(first);
}

/** A quoted scalar on one line; escapes other than of the quote itself have no place in network configuration. */
function quotedScalar(text: string, start: number, limit: number): YamlScalar | null {
  const quote = text[start]!;
  const end = text.indexOf(quote, start + 1);
  if (end < 0 || end >= limit || (quote === "'" && text[end + 1] === "'")) return null;
  const value = text.slice(start + 1, end);
  if (value.includes('\n') || (quote === '"' && value.includes('\\'))) return null;
  return { kind: 'scalar', value, start: start + 1, end };
}

interface Flow {
  node: YamlNode;
  /** Offset behind the closing bracket, and the line it is on. */
  at: number;
  line: Line;
}

function parseFlow(reader: Reader, firstLine: Line, start: number, depth: number): Flow {
  const { text } = reader;
  let line = firstLine;
  let at = start;
  if (depth > MAX_DEPTH) throw refuse(line.number, 'it is nested too deeply');
  const isMapping = text[at] === '{';
  const close = isMapping ? '}' : ']';
  const items: YamlNode[] = [];
  const entries: YamlMapping['entries'] = [];
  const skip = (): void => {
    for (;;) {
      while (at < line.end && /\s/.test(text[at]!)) at++;
      if (at < line.end) return;
      const next = reader.lines[reader.at];
      if (next === undefined) throw refuse(line.number, 'a bracket is not closed');
      reader.at++;
      line = next;
      at = next.start;
    }
  };
  const value = (): YamlNode => {
    skip();
    if (text[at] === '[' || text[at] === '{') {
      const inner = parseFlow(reader, line, at, depth + 1);
      ({ at, line } = inner);
      return inner.node;
    }
    const scalar = flowScalar(text, at, line);
    at = scalar.after;
    return scalar.node;
  };
  at++;
  for (;;) {
    skip();
    if (text[at] === close) break;
    if (isMapping) {
      const key = flowScalar(text, at, line);
      at = key.after;
      while (at < line.end && text[at] === ' ') at++;
      if (text[at] !== ':') throw refuse(line.number, 'a colon was expected');
      at++;
      entries.push({ key: key.node.value, value: value() });
    } else {
      items.push(value());
    }
    skip();
    if (text[at] === ',') at++;
    else if (text[at] !== close) throw refuse(line.number, 'a comma was expected');
  }
  return { node: isMapping ? { kind: 'mapping', entries } : { kind: 'sequence', items }, at: at + 1, line };
}

function flowScalar(text: string, start: number, line: Line): { node: YamlScalar; after: number } {
  const first = text[start]!;
  if (first === '"' || first === "'") {
    const node = quotedScalar(text, start, line.end);
    if (node === null) throw refuse(line.number, 'a quoted text does not end where it should');
    return { node, after: node.end + 1 };
  }
  let end = start;
  // Within brackets a colon ends a name only before a space, so that addresses need no quotes.
  while (
    end < line.end &&
    !/[,[\]{}]/.test(text[end]!) &&
    !(text[end] === ':' && /\s/.test(text[end + 1] ?? ' '))
  )
    end++;
  const after = end;
  while (end > start && /\s/.test(text[end - 1]!)) end--;
  if (end === start) throw refuse(line.number, 'a value is missing');
  if (text.slice(start, end).includes('?'))
    throw refuse(line.number, 'a question mark stands within brackets');
  return { node: scalarOf(text, start, end, line.number), after };
}

/** The value of a key of a mapping; undefined where there is none or the node is no mapping. */
export function yamlChild(node: YamlNode | undefined, key: string): YamlNode | undefined {
  if (node?.kind !== 'mapping') return undefined;
  return node.entries.find((entry) => entry.key === key)?.value;
}

/** The text of a scalar; null for anything else, and for an empty one. */
export function yamlText(node: YamlNode | undefined): string | null {
  return node?.kind === 'scalar' && node.value !== '' ? node.value : null;
}
