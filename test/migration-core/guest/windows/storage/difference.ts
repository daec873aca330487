/** Two exports of a hive compared: every key and value that differs, one line each, in words that can be read and checked by eye. */
import type { Hive } from '../../../../../migration-core/registry/hive.ts';
import type { HiveValue } from '../../../../../migration-core/registry/value-list.ts';
import type { RegistryChange } from '../../../../../migration-core/guest/windows/registry-change.ts';
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

/** The same lines from the changes themselves and the hive before them; `difference` of whole exports judges that this is all. */
export function changesAsLines(before: Hive, changes: readonly RegistryChange[]): string[] {
  const lines = changes.map((change) => {
    const path = asWritten(before, change.key);
    const key = before.find(change.key);
    switch (change.op) {
      case 'create-key':
        return `+ ${path}`;
      case 'delete-key':
        return `- ${path}`;
      case 'delete-value':
        return `${path}\\@${change.name} (gone)`;
      case 'set': {
        const old = key?.value(change.name);
        const was = old === undefined ? '' : ` (was ${shown(exported(old))})`;
        return `${path}\\@${old?.name ?? change.name} = ${shown(exported(change))}${was}`;
      }
    }
  });
  return lines.sort((a, b) => (a < b ? -1 : 1));
}

/** The letters of the keys that are there. */
function asWritten(hive: Hive, path: string): string {
  const names = path.split('\\');
  for (let known = names.length; known > 0; known--) {
    const key = hive.find(names.slice(0, known).join('\\'));
    if (key !== undefined) return [key.path, ...names.slice(known)].join('\\');
  }
  return path;
}

function exported({ type, data }: Pick<HiveValue, 'type' | 'data'>): string {
  if (type === 4 && data.length === 4)
    return `dword:${Buffer.from(data).readUInt32LE(0).toString(16).padStart(8, '0')}`;
  return `hex(${type.toString(16)}):${Buffer.from(data)
    .toString('hex')
    .replaceAll(/(..)(?!$)/gu, '$1,')}`;
}
