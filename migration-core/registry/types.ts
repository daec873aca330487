/** The types of values, and what their data means. Readers take whatever is stored: strings in the field lack their end. */
import type { HiveValue } from './value-list.ts';

export const REG = {
  NONE: 0,
  SZ: 1,
  EXPAND_SZ: 2,
  BINARY: 3,
  DWORD: 4,
  DWORD_BIG_ENDIAN: 5,
  LINK: 6,
  MULTI_SZ: 7,
  RESOURCE_LIST: 8,
  FULL_RESOURCE_DESCRIPTOR: 9,
  RESOURCE_REQUIREMENTS_LIST: 10,
  QWORD: 11,
} as const;

const NAMES = new Map<number, string>(Object.entries(REG).map(([name, type]) => [type, `REG_${name}`]));

/** `REG_SZ`; `type 0x1234` for a number without a name. */
export const typeName = (type: number): string => NAMES.get(type) ?? `type 0x${type.toString(16)}`;

type Stored = Pick<HiveValue, 'type' | 'data'>;

const utf16 = (data: Uint8Array): string =>
  Buffer.from(data.buffer, data.byteOffset, data.length & ~1).toString('utf16le');

/** The text of REG_SZ, REG_EXPAND_SZ and REG_LINK up to its first NUL, variables not expanded; undefined for other types. */
export function readText(value: Stored): string | undefined {
  if (value.type !== REG.SZ && value.type !== REG.EXPAND_SZ && value.type !== REG.LINK) return undefined;
  const text = utf16(value.data);
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}

/** The strings of REG_MULTI_SZ, up to the empty one that ends them; undefined for other types. */
export function readTexts(value: Stored): string[] | undefined {
  if (value.type !== REG.MULTI_SZ) return undefined;
  const texts: string[] = [];
  for (const text of utf16(value.data).split('\0')) {
    if (text === '') break;
    texts.push(text);
  }
  return texts;
}

/** REG_DWORD of either byte order, 0 to 2^32 - 1; undefined for other types and data of another length. */
export function readDword(value: Stored): number | undefined {
  const { data } = value;
  if (data.length !== 4) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, 4);
  if (value.type === REG.DWORD) return view.getUint32(0, true);
  return value.type === REG.DWORD_BIG_ENDIAN ? view.getUint32(0, false) : undefined;
}

/** REG_QWORD; undefined for other types and data of another length. */
export function readQword(value: Stored): bigint | undefined {
  const { data } = value;
  if (value.type !== REG.QWORD || data.length !== 8) return undefined;
  return new DataView(data.buffer, data.byteOffset, 8).getBigUint64(0, true);
}

/** Type and data of a value, as `setValue` takes them: `key.setValue('Start', ...dword(0))`. */
export type TypedData = [type: number, data: Uint8Array];

const withEnd = (text: string): Uint8Array => Buffer.from(`${text}\0`, 'utf16le');

export const text = (value: string): TypedData => [REG.SZ, withEnd(value)];
export const expandText = (value: string): TypedData => [REG.EXPAND_SZ, withEnd(value)];
export const binary = (value: Uint8Array): TypedData => [REG.BINARY, value];
/** A link has no NUL at its end. */
export const link = (target: string): TypedData => [REG.LINK, Buffer.from(target, 'utf16le')];

/** Empty strings cannot be kept in a list of strings, as one ends it: they throw TypeError. */
export function texts(values: readonly string[]): TypedData {
  if (values.some((value) => value === '' || value.includes('\0')))
    throw new TypeError('empty string in REG_MULTI_SZ');
  return [REG.MULTI_SZ, withEnd(values.map((value) => `${value}\0`).join(''))];
}

/** 0 to 2^32 - 1. */
export function dword(value: number): TypedData {
  const data = Buffer.alloc(4);
  data.writeUInt32LE(value);
  return [REG.DWORD, data];
}

export function qword(value: bigint): TypedData {
  const data = Buffer.alloc(8);
  data.writeBigUInt64LE(value);
  return [REG.QWORD, data];
}
