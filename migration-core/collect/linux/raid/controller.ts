/** What all readers of vendors' RAID tools share. Each tool has its own idea of a gigabyte; what is kept are bytes. */
import type { RaidController } from '../../../store/model/inventory.ts';
import type { Sections } from '../text.ts';

export interface RaidTool {
  /** For people, and in tests. */
  id: string;
  /** Drivers of the controllers it can see. */
  drivers: readonly string[];
  /** @returns the controllers the tool told of; empty where it did not run or found none */
  read(sections: Sections): RaidController[];
}

export type LogicalDisk = NonNullable<RaidController['logicalDisks']>[number];
export type MemberDisk = NonNullable<RaidController['physicalDisks']>[number];

/** Enclosures of one controller hold a few hundred disks at most. */
export const MAX_DISKS = 10_000;
export const MAX_CONTROLLERS = 100;

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'];

/**
 * `558.375 GB`, `1.8T`.
 *
 * @param base 1024 where the tool counts so and writes GB all the same, 1000 where it means it
 */
export function sizeOf(text: string | undefined, base: 1000 | 1024): number | undefined {
  const match = /^\s*(\d{1,12}(?:\.\d{1,6})?)\s*([KMGTP])?i?B?\b/iu.exec(text ?? '');
  if (match === null) return undefined;
  const power = match[2] === undefined ? 0 : UNITS.indexOf(`${match[2].toUpperCase()}B`);
  const bytes = Math.round(Number(match[1]) * base ** power);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/**
 * `1.819 TB [0xe8e088b0 Sectors]`: the sectors are exact. Tools do not say reliably how large they are (`Sector Size: 0`),
 * so it is the size that agrees with the rounded figure.
 */
export function exactSize(text: string | undefined): number | undefined {
  const rounded = sizeOf(text, 1024);
  const sectors = Number(/\[(0x[0-9a-f]{1,12}) Sectors\]/iu.exec(text ?? '')?.[1] ?? NaN);
  if (rounded === undefined || Number.isNaN(sectors)) return rounded;
  return (
    [512, 4096].map((size) => size * sectors).find((bytes) => Math.abs(bytes - rounded) < rounded / 50) ??
    rounded
  );
}

/** The text of all sections whose name matches, in their order. */
export function textsOf(sections: Sections, name: RegExp): string[] {
  return [...sections].filter(([each]) => name.test(each)).map(([, { text }]) => text);
}

/** Line by line, each at most 2000 characters. */
export const shortLines = (text: string): string[] =>
  text.split('\n').map((line) => (line.length > 2000 ? line.slice(0, 2000) : line).trimEnd());

/** `Name   : value`. */
export function field(line: string): { name: string; value: string } | null {
  const colon = line.indexOf(':');
  return colon <= 0 ? null : { name: line.slice(0, colon).trim(), value: line.slice(colon + 1).trim() };
}

/** A list that is empty was not told by this output: that is unknown, and not "there is none". */
export const listOrNothing = <T>(list: readonly T[] | undefined): T[] | undefined =>
  list === undefined || list.length === 0 ? undefined : [...list];
