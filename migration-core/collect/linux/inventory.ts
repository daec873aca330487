/**
 * The inventory of a Unix server from the outputs of its own tools (resources/collectors/linux.sh, or files of the same
 * outputs): facts only, and for what could not be seen a gap that says why and what would show it.
 */
import type { ServerInventory } from '../../store/model/inventory.ts';
import { operatingSystemOf } from './operating-system.ts';
import { fileOf, firstLine, known, textOf, type Sections } from './text.ts';

export interface InventoryOptions {
  /** Milliseconds since 1970 on our clock when the section `date` was printed. */
  ourTime?: number | undefined;
}

/** Pure but for the catalogues of resources/, which are read once. Never throws for what a server printed. */
export function linuxInventory(sections: Sections, options: InventoryOptions = {}): ServerInventory {
  const name =
    firstLine(textOf(sections, 'hostname')) ?? firstLine(fileOf(sections, '/proc/sys/kernel/hostname')) ?? '';
  return known<ServerInventory>({
    identity: { name, macs: [] },
    operatingSystem: operatingSystemOf(sections, options.ourTime),
    gaps: [],
  });
}
