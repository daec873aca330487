/** Changes made alike in every control set: Windows may start from another than the current one ("last known good"). */
import { isIronliftError } from '../../../base/errors.ts';
import type { WindowsFacts } from '../facts.ts';
import type { RegistryChange } from '../registry-change.ts';

export const controlSetKey = (number: number): string => `ControlSet${String(number).padStart(3, '0')}`;

export interface Registration {
  changes: RegistryChange[];
  /** Numbers of control sets, other than the current one, that are damaged where something would be entered: left as they are. */
  damaged: number[];
}

/** @throws HIVE_DAMAGED where the current control set cannot be read */
export function inEveryControlSet(
  windows: Pick<WindowsFacts, 'controlSets' | 'currentControlSet'>,
  changesIn: (controlSet: number) => RegistryChange[],
): Registration {
  const changes: RegistryChange[] = [];
  const damaged: number[] = [];
  for (const number of windows.controlSets) {
    try {
      changes.push(...changesIn(number));
    } catch (error) {
      if (!isIronliftError(error, 'HIVE_DAMAGED') || number === windows.currentControlSet) throw error;
      damaged.push(number);
    }
  }
  return { changes, damaged };
}
