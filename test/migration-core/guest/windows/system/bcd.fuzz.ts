/** Elements and stores with random bytes: never an error that is not ours, never a device out of nothing. */
import { expect, it } from 'vitest';
import { isIronliftError } from '../../../../../migration-core/base/errors.ts';
import { bootStore } from '../../../../../migration-core/guest/windows/system/boot-store.ts';
import { readBootDevice } from '../../../../../migration-core/guest/windows/system/bcd.ts';
import { bootStore as storeOf } from '../../../../support/windows/boot-store.ts';
import { windowsHives } from '../../../../support/windows-guest.ts';
import { StagedGuest } from '../../../../../migration-core/guest/stage.ts';
import { contextOf } from '../world.ts';

const CASES = Number(process.env['IRONLIFT_FUZZ_CASES'] ?? 200);

/** A small generator with integers only (xorshift32). */
function random(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

it('devices are read from any bytes', () => {
  const next = random(0x1badb002);
  for (let round = 0; round < CASES * 50; round++) {
    const bytes = Buffer.alloc(next(128));
    for (let at = 0; at < bytes.length; at++) bytes[at] = next(4) === 0 ? next(256) : 0;
    if (bytes.length >= 28) {
      bytes.writeUInt32LE(next(10), 16);
      bytes.writeUInt32LE(next(96), 24);
    }
    const device = readBootDevice(bytes);
    if (device.kind === 'mbr') {
      expect(Number.isSafeInteger(device.offset)).toBe(true);
      expect(device.disk).toMatch(/^[0-9a-f]{8}$/u);
    }
    if (device.kind === 'gpt') expect(device.partition).toMatch(/^[0-9a-f-]{36}$/u);
    if (device.kind === 'mbr' || device.kind === 'gpt') expect(bytes.length).toBeGreaterThanOrEqual(72);
  }
});

it('stores with damaged bytes end in findings or in a refusal of the hive', async () => {
  const next = random(0x5eed);
  const place = { scheme: 'mbr', signature: 0x5cbea03e, offset: 1 << 20 } as const;
  const sound = storeOf('bios', place, { ...place, offset: 101 << 20 });
  const system = windowsHives('7').system;
  const seen = new Set<string>();
  for (let round = 0; round < CASES; round++) {
    const store = Uint8Array.from(sound);
    for (let hits = 1 + next(4); hits > 0; hits--) store[4096 + next(store.length - 4096)] = next(256);
    const context = await contextOf({
      system,
      boot: { '/Boot/BCD': store },
      facts: {
        hives: {
          system: '/Windows/System32/config/SYSTEM',
          software: '',
          bootStores: ['/:boot/Boot/BCD'],
        },
      },
    });
    try {
      const { edits, findings } = await bootStore.plan({ ...context, hives: new StagedGuest(context.files) });
      seen.add(`edits ${edits.length > 0}`);
      for (const { code } of findings) seen.add(code);
    } catch (error) {
      expect(isIronliftError(error)).toBe(true);
      seen.add('refused');
    }
  }
  // The rounds meet the store as it is, parts that are damaged, and stores that are none.
  expect([...seen]).toEqual(expect.arrayContaining(['edits true', 'BOOT_STORE_DAMAGED']));
});
