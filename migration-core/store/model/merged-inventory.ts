/**
 * What all inventories of a server tell together. A tool that knows only its own part (lsusb, a list of the purchasing
 * department) leaves the others unknown, and must not hide what a better one saw before.
 */
import type { Device, ServerInventory } from './inventory.ts';

/**
 * Each part is that of the newest inventory that knows it; devices are taken bus by bus. What was not seen (`gaps`) is
 * told where no other inventory fills it.
 * @param newestFirst at least one
 */
export function mergedInventory(newestFirst: readonly ServerInventory[]): ServerInventory {
  const merged = { ...newestFirst[0]! };
  /** Which inventory a part came from. */
  const origin = new Map<string, ServerInventory>();
  for (const inventory of newestFirst) {
    for (const [part, value] of Object.entries(inventory)) {
      if (value === undefined || part === 'gaps' || origin.has(part)) continue;
      origin.set(part, inventory);
      Object.assign(merged, { [part]: value });
    }
  }
  const devices = devicesOfEachBus(newestFirst);
  if (devices !== undefined) merged.devices = devices;
  const told = new Set<string>();
  merged.gaps = newestFirst.flatMap((inventory) =>
    inventory.gaps.filter(({ part, why }) => {
      const from = origin.get(part.split('.')[0]!);
      if ((from !== undefined && from !== inventory) || told.has(`${part}\n${why}`)) return false;
      told.add(`${part}\n${why}`);
      return true;
    }),
  );
  return merged;
}

function devicesOfEachBus(newestFirst: readonly ServerInventory[]): Device[] | undefined {
  const lists = newestFirst.map(({ devices }) => devices).filter((devices) => devices !== undefined);
  if (lists.length === 0) return undefined;
  return (['pci', 'usb'] as const).flatMap(
    (bus) =>
      lists
        .map((devices) => devices.filter((device) => device.bus === bus))
        .find(({ length }) => length > 0) ?? [],
  );
}
