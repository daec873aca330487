/** What differs between two exports of a hive, value for value, as lines that are short enough to be reviewed by eye. */
import { createHash } from 'node:crypto';
import type { EditAction } from '../../../../../migration-core/guest/fixer.ts';

/** One value that is new, gone or another, or a key (`name` null) without values that is new or gone. */
export interface Difference {
  key: string;
  name: string | null;
  /** As it is shown; null where there is none. */
  was: string | null;
  is: string | null;
  keyIs: 'new' | 'gone' | 'there';
}

/** The lines of each key by its path, as they stand in an export by hivexregedit: most keys are compared as they are. */
export type Blocks = ReadonlyMap<string, string>;

export function blocksOf(text: string): Blocks {
  const blocks = new Map<string, string>();
  for (const block of text.split('\n\n')) {
    if (!block.startsWith('[\\')) continue;
    const end = block.indexOf('\n');
    const head = end < 0 ? block : block.slice(0, end);
    blocks.set(head.slice(2, -1), end < 0 ? '' : block.slice(end + 1));
  }
  return blocks;
}

export function differences(before: Blocks, after: Blocks): Difference[] {
  const changed: string[] = [];
  for (const [key, block] of before) if (after.get(key) !== block) changed.push(key);
  for (const key of after.keys()) if (!before.has(key)) changed.push(key);
  return changed.sort().flatMap((key) => {
    const [old, now] = [before.get(key), after.get(key)];
    const keyIs = old === undefined ? 'new' : now === undefined ? 'gone' : 'there';
    const [was, is] = [valuesOf(old), valuesOf(now)];
    const found: Difference[] = [];
    for (const name of [...new Set([...was.keys(), ...is.keys()])].sort()) {
      const [one, other] = [was.get(name) ?? null, is.get(name) ?? null];
      if (one === other) continue;
      found.push({
        key,
        name,
        was: one === null ? null : shown(one, true),
        is: other === null ? null : shown(other, false),
        keyIs,
      });
    }
    // A key that only holds others comes and goes with them.
    const holdsOthers = changed.some((other) => other.startsWith(`${key}\\`));
    if (found.length === 0 && keyIs !== 'there' && !holdsOthers)
      found.push({ key, name: null, was: null, is: null, keyIs });
    return found;
  });
}

function valuesOf(block = ''): Map<string, string> {
  return new Map(
    block.split('\n').flatMap((line): [string, string][] => {
      if (line === '') return [];
      const match = /^(?:@|"((?:[^"\\]|\\.)*)")=(.*)$/su.exec(line);
      if (match === null) throw new Error(`not a value: ${line}`);
      return [[(match[1] ?? '').replaceAll(/\\(.)/gu, '$1'), match[2]!]];
    }),
  );
}

/** As it is, so that paths can be read; what would break the line or could not be told apart is escaped. */
const quoted = (text: string): string => (/[\0-\x1f]/u.test(text) ? JSON.stringify(text) : `"${text}"`);

/** Texts as texts, numbers as numbers. Of what was there before in other types, only a digest. */
function shown(data: string, old: boolean): string {
  const number = /^dword:([0-9a-f]{8})$/u.exec(data)?.[1];
  if (number !== undefined) return String(Number.parseInt(number, 16));
  const match = /^hex\(([0-9a-f]+)\):(.*)$/u.exec(data);
  if (match === null) throw new Error(`not data: ${data}`);
  const bytes = Buffer.from(match[2]!.replaceAll(',', ''), 'hex');
  const text = bytes.toString('utf16le');
  if (match[1] === '1' && text.endsWith('\0')) return quoted(text.slice(0, -1));
  if (match[1] === '2' && text.endsWith('\0')) return `expand ${quoted(text.slice(0, -1))}`;
  if (match[1] === '7' && text === '\0') return '[]';
  if (match[1] === '7' && text.endsWith('\0\0'))
    return `[${text.slice(0, -2).split('\0').map(quoted).join(', ')}]`;
  const type = match[1] === '3' ? 'binary' : `type ${match[1]!}`;
  if (!old) return `${type} ${bytes.toString('hex')}`;
  return `${type} sha256:${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}`;
}

/**
 * One line for each key: `+` new, `-` gone, else a change. Control sets that say the same share a line: `ControlSet001+002\...`.
 */
export function linesOf(found: readonly Difference[]): string[] {
  const byKey = new Map<string, Difference[]>();
  for (const one of found) byKey.set(one.key, [...(byKey.get(one.key) ?? []), one]);
  const sets = new Map<string, string[]>();
  for (const [key, all] of byKey) {
    const [, set, rest] = /^ControlSet(\d{3})(\\.*)$/su.exec(key) ?? [undefined, '', key];
    const sign = { new: '+', gone: '-', there: ' ' }[all[0]!.keyIs];
    const values = all.flatMap(({ name, was, is }) => {
      if (name === null) return [];
      const label = name === '' ? '(default)' : name;
      if (is === null) return [`${label} gone (was ${was!})`];
      return [`${label} = ${is}${was === null ? (sign === '+' ? '' : ' (new)') : ` (was ${was})`}`];
    });
    const line = `${sign}|${rest}${values.length === 0 ? '' : `: ${values.join(', ')}`}`;
    sets.set(line, [...(sets.get(line) ?? []), set]);
  }
  return [...sets]
    .map(([line, numbers]) => {
      const sign = line.slice(0, 1);
      const prefix = numbers[0] === '' ? '' : `ControlSet${numbers.join('+')}`;
      return { at: line.slice(2), line: `${sign} ${prefix}${line.slice(2)}` };
    })
    .sort((a, b) => (a.at < b.at ? -1 : 1))
    .map(({ line }) => line);
}

/** New files and others that are written, `+`; those of one folder on one line. */
export function fileLines(actions: readonly Pick<EditAction, 'kind' | 'path'>[]): string[] {
  const folders = new Map<string, string[]>();
  for (const { kind, path } of actions) {
    if (kind === 'registry' || kind === 'mkdir') continue;
    const at = path.lastIndexOf('/') + 1;
    const folder = `${kind === 'write' ? '+' : kind} ${path.slice(0, at)}`;
    folders.set(folder, [...(folders.get(folder) ?? []), path.slice(at)]);
  }
  return [...folders].map(([folder, names]) => `${folder}${names.join(', ')}`);
}
