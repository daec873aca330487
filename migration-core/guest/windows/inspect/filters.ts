/** Filter drivers that sit on whole classes of storage devices. One whose service is gone stops Windows with 0x7B. */
import type { ClassFilter } from '../facts.ts';
import { controlSetKey } from '../storage/control-sets.ts';
import type { ControlSets, RegistryReader } from './registry.ts';

/** Classes whose filters are on the way to the volume of Windows, and the system class, where hypervisors' tools sit. */
const CLASSES: ReadonlySet<string> = new Set([
  '{4D36E967-E325-11CE-BFC1-08002BE10318}', // DiskDrive
  '{4D36E965-E325-11CE-BFC1-08002BE10318}', // CDROM
  '{4D36E96A-E325-11CE-BFC1-08002BE10318}', // hdc
  '{4D36E97B-E325-11CE-BFC1-08002BE10318}', // SCSIAdapter
  '{4D36E97D-E325-11CE-BFC1-08002BE10318}', // System
  '{71A27CDD-812A-11D0-BEC7-08002BE2092F}', // Volume
  '{533C5B84-EC70-11D2-9505-00C04F79DEAF}', // VolumeSnapshot
]);
const POSITIONS = ['UpperFilters', 'LowerFilters'] as const;

export function readFilters(system: RegistryReader, sets: ControlSets): ClassFilter[] {
  const filters: ClassFilter[] = [];
  for (const number of sets.numbers) {
    const root = `${controlSetKey(number)}\\Control\\Class`;
    for (const name of system.subkeys(root)) {
      const classGuid = name.toUpperCase();
      if (!CLASSES.has(classGuid)) continue;
      for (const position of POSITIONS) {
        const services = system.texts(`${root}\\${name}`, position);
        if (services.length === 0) continue;
        const same = filters.find(
          (other) =>
            other.classGuid === classGuid &&
            other.position === position &&
            other.services.join('\0') === services.join('\0'),
        );
        if (same === undefined) filters.push({ classGuid, position, services, controlSets: [number] });
        else same.controlSets.push(number);
      }
    }
  }
  return filters;
}
