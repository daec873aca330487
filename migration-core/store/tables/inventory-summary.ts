import type { ServerInventory } from '../model/inventory.ts';

/** What the list of servers shows of an inventory; null is unknown. */
export interface InventorySummary {
  vendor: string | null;
  model: string | null;
  operatingSystem: string | null;
  cores: number | null;
  memoryBytes: number | null;
  diskBytes: number | null;
}

/** Disks that can be taken out do not move with the server, and the paths of a multipath disk are one disk. */
export function summarise(inventory: ServerInventory): InventorySummary {
  const paths = new Set(inventory.disks?.flatMap((disk) => disk.paths ?? []));
  const disks = inventory.disks?.filter((disk) => disk.removable !== true && !paths.has(disk.name));
  return {
    vendor: inventory.vendor ?? null,
    model: inventory.model ?? null,
    operatingSystem: inventory.operatingSystem?.name ?? null,
    cores: total(inventory.processors?.map(({ cores }) => cores)),
    memoryBytes: inventory.memoryBytes ?? null,
    diskBytes: total(disks?.map(({ bytes }) => bytes)),
  };
}

/** null where nothing is known; a part of which nothing is known does not make the rest unknown. */
function total(parts: (number | undefined)[] | undefined): number | null {
  const known = parts?.filter((part) => part !== undefined) ?? [];
  return known.length === 0 && parts?.length !== 0 ? null : known.reduce((sum, part) => sum + part, 0);
}
