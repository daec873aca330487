/** What differs between two hives, value for value, in lines to be read by people. */
import type { Hive } from '../../../../migration-core/registry/hive.ts';
import { readDword, readText, readTexts } from '../../../../migration-core/registry/types.ts';
import type { HiveValue } from '../../../../migration-core/registry/value-list.ts';

/** `ControlSet001\Services\x Start: 2 -> 4`; a key that came or went is told by its values, and as `key` where it has none. */
export function hiveDifference(before: Hive, after: Hive): string[] {
  const [old, now] = [valuesOf(before), valuesOf(after)];
  const lines: string[] = [];
  for (const name of [...new Set([...old.keys(), ...now.keys()])].sort()) {
    const [was, is] = [old.get(name) ?? 'none', now.get(name) ?? 'none'];
    if (was !== is) lines.push(`${name}: ${was} -> ${is}`);
  }
  return lines;
}

function valuesOf(hive: Hive): Map<string, string> {
  const found = new Map<string, string>();
  for (const key of hive.walk()) {
    if (key.values().length === 0) found.set(`${key.path} key`, 'there');
    for (const value of key.values()) found.set(`${key.path} ${value.name}`, shown(value));
  }
  return found;
}

function shown(value: HiveValue): string {
  const number = readDword(value);
  if (number !== undefined) return String(number);
  const one = readText(value);
  if (one !== undefined) return `${value.type === 2 ? 'expand ' : ''}"${one}"`;
  const all = readTexts(value);
  if (all !== undefined) return `[${all.map((text) => `"${text}"`).join(', ')}]`;
  return `type ${value.type} ${Buffer.from(value.data).toString('hex')}`;
}
