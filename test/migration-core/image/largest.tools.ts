import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readBytes } from '../../../migration-core/block/source.ts';
import { openImage } from '../../../migration-core/image/table.ts';
import { run, scratchFolder } from '../../support/tools.ts';

const MIB = 2 ** 20;

/** The largest of each format with the largest tables: 512 MiB of BAT, 256 MiB of map, 16 and 8 MiB of the others. */
describe('the largest disks qemu-img makes', () => {
  it.each([
    { format: 'vhdx', options: ['-o', 'block_size=1M'], size: 2 ** 46 },
    { format: 'vdi', options: [], size: 2 ** 46 },
    { format: 'qcow2', options: [], size: 2 ** 46 },
    { format: 'vpc', options: ['-o', 'force_size=on'], size: 2040 * 2 ** 30 },
    { format: 'vmdk', options: [], size: 2 ** 41 - MIB },
  ])('$format: open within half a second of processor time', async ({ format, options, size }) => {
    const path = join(await scratchFolder(), 'image');
    await run('qemu-img', ['create', '-q', '-f', format, ...options, path, String(size)]);
    await run('qemu-io', ['-f', format, '-c', `write -P 5 ${size - 65536} 64k`, path]);
    // What a program loads once is not counted.
    await (await openImage(path)).close();
    const memory = process.memoryUsage().rss;
    const before = process.cpuUsage();
    const image = await openImage(path);
    const { user, system } = process.cpuUsage(before);
    try {
      expect(image.size).toBe(size);
      expect((user + system) / 1000).toBeLessThan(500);
      expect(process.memoryUsage().rss - memory).toBeLessThan(300 * MIB);
      expect([...(await readBytes(image, size - 65537, 2))]).toEqual([0, 5]);
    } finally {
      await image.close();
    }
  });
});
