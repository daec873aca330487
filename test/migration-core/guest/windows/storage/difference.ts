/** Two exports of a hive compared: every key and value that differs, one line each, in words that can be read and checked by eye. */
import type { Exported } from '../../../registry/fixtures.ts';

/**
 * `+ key` for a new key, `- key` for one that is gone, and for values `key\\@name = data` with `(was data)` or `(gone)`. Text values
 * are shown as text.
 */
export function difference(before: Exported, after: Exported): string[] {
  const lines: string[] = [];
  for (const key of before.keys()) if (!after.has(key)) lines.push(`- ${key}`);
  for (const [key, values] of after) {
    const old = new Map((before.get(key) ?? []).map(parseLine));
    const now = new Map(values.map(parseLine));
    if (!before.has(key) && values.length === 0) lines.push(`+ ${key}`);
    for (const [name, data] of now) {
      const was = old.get(name);
      if (was !== data)
        lines.push(`${key}\\@${name} = ${shown(data)}${was === undefined ? '' : ` (was ${shown(was)})`}`);
    }
    for (const name of old.keys()) if (!now.has(name)) lines.push(`${key}\\@${name} (gone)`);
  }
  return lines.sort((a, b) => (a < b ? -1 : 1));
}

function parseLine(line: string): [string, string] {
  const match = /^(?:@|"((?:[^"\\]|\\.)*)")=(.*)$/su.exec(line);
  if (match === null) throw new Error(`not a value: ${line}`);
  return [(match[1] ?? '').replaceAll(/\\(.)/gu, '$1'), match[2]!];
}

function shown(data: string): string {
  const match = /^hex\(([0-9a-f]+)\):(.*)$/u.exec(data);
  if (match === null) return data.replace(/^dword:0*(?=.)/u, '0x');
  const bytes = Buffer.from(match[2]!.replaceAll(',', ''), 'hex');
  if (match[1] === '3') return `[${bytes.toString('hex')}]`;
  const text = bytes.toString('utf16le').replaceAll('\0', '|');
  return match[1] === '1' ? `"${text}"` : match[1] === '2' ? `%"${text}"` : `${match[1]}:"${text}"`;
}
