import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { memorySource } from '../../../migration-core/block/memory.ts';
import { Overlay } from '../../../migration-core/block/overlay.ts';
import { readBytes } from '../../../migration-core/block/source.ts';
import { scratchFolder, seeded } from '../../support/tools.ts';

describe('Overlay', () => {
  it('reads what was written, over a source that never changes, in memory and beyond the memory limit', async () => {
    const random = seeded(11);
    const size = 1_000_003;
    const below = new Uint8Array(size).map(() => Math.floor(random() * 256));
    const before = below.slice();
    const model = below.slice();
    const overlay = new Overlay(memorySource(below), {
      scratchFile: join(await scratchFolder(), 'scratch'),
      memoryLimit: 64 * 1024,
    });
    for (let i = 0; i < 300; i++) {
      const length = 1 + Math.floor(random() * 9000);
      const offset = Math.floor(random() * (size - length));
      const data = new Uint8Array(length).fill(i);
      model.set(data, offset);
      await overlay.write(data, offset);
      const at = Math.floor(random() * (size - 5000));
      expect(await readBytes(overlay, at, 5000)).toEqual(model.slice(at, at + 5000));
    }
    expect(await readBytes(overlay, 0, size)).toEqual(model);
    expect(below).toEqual(before);
    await overlay.close();
  });

  it('refuses a write past the end', async () => {
    const overlay = new Overlay(memorySource(new Uint8Array(100)));
    await expect(overlay.write(new Uint8Array(10), 95)).rejects.toMatchObject({ code: 'READ_PAST_END' });
  });
});
