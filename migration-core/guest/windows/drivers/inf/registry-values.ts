/** Registry values that an INF adds (INF AddReg Directive), as the registry stores them. */
import { dword, expandText, REG, text, texts } from '../../../../registry/types.ts';
import { readNumber } from './models.ts';
import type { Inf } from './syntax.ts';

export interface InfValue {
  /** Below the key that HKR stands for; empty for that key itself. */
  key: string;
  name: string;
  type: number;
  data: Uint8Array;
}

/** Of one driver; some have a hundred. */
const MAX_VALUES = 2000;
const MAX_DEPTH = 32;
/** Flags of setupapi.h: what makes a line delete a value, or only a key. */
const DELETES = 0x4;
const KEY_ONLY = 0x10;
const ONLY_WHERE_THERE_IS_ONE = 0x20;
/** The type is in the upper half of the flags, with bit 0 where the data are given as bytes. */
const TYPE_MASK = 0xffff0001;

/** Values below HKR of these sections; other roots are no part of the driver's own key. */
export function addedValues(inf: Inf, sections: readonly string[]): InfValue[] {
  const values: InfValue[] = [];
  for (const section of sections)
    for (const { fields } of inf.section(section) ?? []) {
      if (values.length >= MAX_VALUES) return values;
      const value = readValue(fields.map((field) => inf.expand(field)));
      if (value !== null) values.push(value);
    }
  return values;
}

function readValue([root = '', key = '', name = '', flagText = '', ...data]: string[]): InfValue | null {
  if (root.toUpperCase() !== 'HKR' || data.length === 0) return null;
  if (!isPlace(key) || name.includes('\0')) return null;
  const flags = flagText.trim() === '' ? 0 : readNumber(flagText);
  if (flags === null || (flags & (DELETES | KEY_ONLY | ONLY_WHERE_THERE_IS_ONE)) !== 0) return null;
  const typed = typedData((flags & TYPE_MASK) >>> 0, data);
  return typed === null ? null : { key, name, type: typed[0], data: typed[1] };
}

/** Names that the registry takes; the settings of drivers lie three keys deep. */
const isPlace = (key: string): boolean => {
  const names = key.split('\\');
  return names.length <= MAX_DEPTH && names.every((one) => one.length <= 255 && !one.includes('\0'));
};

function typedData(type: number, data: string[]): [number, Uint8Array] | null {
  switch (type) {
    case 0x00000000:
      return text(data[0]!);
    case 0x00010000:
      return texts(data.filter((one) => one !== '' && !one.includes('\0')));
    case 0x00020000:
      return expandText(data[0]!);
    case 0x00010001: {
      if (data.length === 4) {
        const bytes = readBytes(data);
        return bytes === null ? null : [REG.DWORD, bytes];
      }
      const number = readNumber(data[0]!);
      return number === null || number > 0xffffffff ? null : dword(number);
    }
    default: {
      // REG_BINARY without an upper half; any other type by its number there.
      const bytes = readBytes(data);
      const number = type >>> 16;
      if ((type & 1) === 0 || bytes === null) return null;
      return [number === 0 ? REG.BINARY : number === 2 ? REG.NONE : number, bytes];
    }
  }
}

/** Bytes in hexadecimal, with or without `0x`. */
function readBytes(fields: string[]): Uint8Array | null {
  const bytes: number[] = [];
  for (const field of fields) {
    const digits = field.trim().replace(/^0x/iu, '');
    if (digits === '') continue;
    if (!/^[0-9a-f]{1,2}$/iu.test(digits)) return null;
    bytes.push(Number.parseInt(digits, 16));
  }
  return Uint8Array.from(bytes);
}
