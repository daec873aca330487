import { describe, expect, it } from 'vitest';
import { serverInventory, type ServerInventory } from '../../../../migration-core/store/model/inventory.ts';
import { mergedInventory } from '../../../../migration-core/store/model/merged-inventory.ts';

const inventory = (parts: Omit<Partial<ServerInventory>, 'identity'>): ServerInventory =>
  serverInventory.parse({ identity: { name: 'web-1' }, ...parts });

describe('what several inventories tell together', () => {
  it('is of each part what the newest that knows it says, and an empty list is knowledge', () => {
    const lsusb = inventory({ devices: [{ bus: 'usb', name: 'Keyboard' }] });
    const sheet = inventory({ model: 'DL360 G7', memoryBytes: 1024, raidControllers: [] });
    const whole = inventory({
      model: 'ProLiant DL360 G7',
      vendor: 'HP',
      memoryBytes: 2048,
      raidControllers: [{ name: 'P410i' }],
      devices: [
        { bus: 'pci', name: 'P410i' },
        { bus: 'usb', name: 'Mouse' },
      ],
    });
    expect(mergedInventory([lsusb, sheet, whole])).toEqual({
      identity: { name: 'web-1', macs: [] },
      vendor: 'HP',
      model: 'DL360 G7',
      memoryBytes: 1024,
      raidControllers: [],
      devices: [
        { bus: 'pci', name: 'P410i' },
        { bus: 'usb', name: 'Keyboard' },
      ],
      gaps: [],
    });
    expect(mergedInventory([whole])).toEqual(whole);
  });

  it('tells as not seen what no other has seen', () => {
    const why = 'Only root may ask.';
    const asUser = inventory({
      model: 'X',
      raidControllers: [{ name: 'P410i' }],
      gaps: [
        { part: 'memoryModules', why },
        { part: 'raidControllers.physicalDisks', why },
        { part: 'hostBusAdapters', why },
      ],
    });
    const asRoot = inventory({ memoryModules: [{ bytes: 1 }], gaps: [{ part: 'hostBusAdapters', why }] });
    expect(mergedInventory([asUser, asRoot]).gaps.map(({ part }) => part)).toEqual([
      'raidControllers.physicalDisks',
      'hostBusAdapters',
    ]);
  });
});
