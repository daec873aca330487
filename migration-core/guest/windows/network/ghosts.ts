/**
 * The old cards stay in Windows as devices that are not there. Those whose settings go to a new card are told to ask DHCP, as long as
 * the disk is not in use: else Windows says that the address "is already assigned to another adapter", and their names are taken.
 */
import type { Hive } from '../../../registry/hive.ts';
import type { HiveKey } from '../../../registry/key.ts';
import {
  dword,
  readDword,
  readText,
  readTexts,
  text,
  texts,
  type TypedData,
} from '../../../registry/types.ts';
import type { WindowsAdapter } from '../facts.ts';
import type { RegistryChange } from '../registry-change.ts';
import { controlSetKey } from '../storage/control-sets.ts';
import { setValue } from '../storage/service-key.ts';
import { interfaceKey, legacyKey } from './settings.ts';

/** Network cards: the class of their connections. */
const NET_CLASS = '{4D36E972-E325-11CE-BFC1-08002BE10318}';
const OLD_NAME = ' (before the conversion)';

/** One string that is empty, as Windows writes a list without entries. */
const NOTHING: TypedData = [texts([])[0], Buffer.from('\0', 'utf16le')];

export interface GhostChanges {
  changes: RegistryChange[];
  /** Keys that could not be read, in words. */
  damaged: string[];
}

/** In every control set: no addresses and no gateways, the answer of DHCP instead. What is so already gives no change. */
export function silenceGhost(
  system: Hive,
  controlSets: readonly number[],
  guid: string,
  beforeVista: boolean,
): GhostChanges {
  const found: GhostChanges = { changes: [], damaged: [] };
  for (const set of controlSets.map(controlSetKey))
    for (const path of [interfaceKey(set, guid), legacyKey(set, guid)])
      reading(found, path, () => {
        const key = system.find(path);
        if (key === undefined) return;
        if (numberOf(key, 'EnableDHCP') !== 1) found.changes.push(setValue(path, 'EnableDHCP', dword(1)));
        for (const [name, empty] of Object.entries(EMPTY)) {
          if (!says(key, name)) continue;
          // Up to 2003 the values of a card with DHCP are there and say nothing.
          found.changes.push(
            beforeVista ? setValue(path, name, empty) : { op: 'delete-value', key: path, name },
          );
        }
      });
  return found;
}

const EMPTY: Readonly<Record<string, TypedData>> = {
  IPAddress: texts(['0.0.0.0']),
  SubnetMask: texts(['0.0.0.0']),
  DefaultGateway: NOTHING,
  DefaultGatewayMetric: NOTHING,
};

/** Whether a list has an entry that means something, or is of a type that cannot be told. */
function says(key: HiveKey, name: string): boolean {
  const value = key.value(name);
  if (value === undefined) return false;
  const one = readText(value);
  const all = readTexts(value) ?? (one === undefined ? undefined : [one]);
  return all === undefined || all.some((entry) => entry !== '' && entry !== '0.0.0.0');
}

/** Gives the connection of an old card another name, in every control set, so that the new card can have it. */
export function freeName(
  system: Hive,
  controlSets: readonly number[],
  adapter: WindowsAdapter,
): GhostChanges {
  const found: GhostChanges = { changes: [], damaged: [] };
  for (const set of controlSets.map(controlSetKey))
    for (const [path, name] of [
      [`${set}\\Control\\Network\\${NET_CLASS}\\${adapter.guid}\\Connection`, 'Name'],
      // Windows 8 and later keep the name a second time.
      [`${set}\\Control\\NetworkSetup2\\Interfaces\\${adapter.guid}\\Kernel`, 'IfAlias'],
    ] as const)
      reading(found, path, () => {
        const value = system.find(path)?.value(name);
        const old = value === undefined ? undefined : readText(value);
        if (old !== undefined && old !== '' && !old.endsWith(OLD_NAME))
          found.changes.push(setValue(path, name, text(`${old}${OLD_NAME}`)));
      });
  return found;
}

function numberOf(key: HiveKey, name: string): number | undefined {
  const value = key.value(name);
  return value === undefined ? undefined : readDword(value);
}

/** Damage below one key does not stop what can be done elsewhere. */
function reading(found: GhostChanges, path: string, read: () => void): void {
  try {
    read();
  } catch {
    found.damaged.push(path);
  }
}
