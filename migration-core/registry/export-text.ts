/**
 * A key and all below it as text, in the layout of `hivexregedit --export`: sorted by name, REG_DWORD as a number, everything
 * else in hexadecimal with its type. Made to be compared and to be read by people; names are given as they are.
 */
import { damaged } from './errors.ts';
import type { HiveKey } from './key.ts';
import { letters } from './layout.ts';
import { REG } from './types.ts';
import type { HiveValue } from './value-list.ts';

const HEAD = 'Windows Registry Editor Version 5.00\n\n';
const DIGITS = letters('0123456789abcdef');
const COMMA = 0x2c;

/** `01,ff`: written byte by byte, since the data of a hive is megabytes. */
function hexList(data: Uint8Array): string {
  const text = Buffer.alloc(Math.max(0, data.length * 3 - 1), COMMA);
  for (let i = 0; i < data.length; i++) {
    text[i * 3] = DIGITS[data[i]! >>> 4]!;
    text[i * 3 + 1] = DIGITS[data[i]! & 15]!;
  }
  return text.toString('latin1');
}

/** By code points, as Perl and UTF-8 order them. */
const byName = (a: { name: string }, b: { name: string }): number =>
  a.name === b.name ? 0 : Buffer.compare(Buffer.from(a.name), Buffer.from(b.name));

const escaped = (name: string): string => name.replaceAll(/["\\]/gu, '\\$&');

/** One line of a value, such as `"Start"=dword:00000000`. */
export function exportValue(value: Pick<HiveValue, 'name' | 'type' | 'data'>): string {
  const { name, type, data } = value;
  const label = name === '' ? '@' : `"${escaped(name)}"`;
  if (type === REG.DWORD && data.length === 4)
    return `${label}=dword:${Buffer.from(data).reverse().toString('hex')}`;
  return `${label}=hex(${type.toString(16)}):${hexList(data)}`;
}

/** Paths begin at the root of the hive. Throws HIVE_DAMAGED where anything below the key cannot be read. */
export function exportText(key: HiveKey): string {
  const parts = [HEAD];
  let room = key.core.cells.binsSize;
  const sorted = (from: HiveKey): HiveKey[] => from.subkeys().sort(byName);
  const seen = new Set<number>();
  const waiting = [key];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (seen.has(at.cell)) throw damaged(`the key "${at.path}" is a subkey of two keys`, { cell: at.cell });
    seen.add(at.cell);
    parts.push(`[\\${at.path}]\n`);
    for (const value of at.values().sort(byName)) {
      // Cells that are shared by damage could be written out without end.
      room -= value.size;
      if (room < 0) throw damaged('its values together are larger than the hive');
      parts.push(exportValue(value), '\n');
    }
    parts.push('\n');
    for (const below of sorted(at).reverse()) waiting.push(below);
  }
  return parts.join('');
}
