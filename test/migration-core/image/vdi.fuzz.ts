import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { vdi } from '../../../migration-core/image/vdi/format.ts';
import { run, scratchFolder } from '../../support/tools.ts';
import { crafted, expectWordsOnly } from './hostile.ts';
import { sparseRaw } from './patterns.ts';

const MIB = 2 ** 20;

describe('damaged VDI', () => {
  it.each(['on', 'off'])('static=%s ends in words', async (fixed) => {
    const folder = await scratchFolder();
    const disk = await sparseRaw(join(folder, 'disk'), { size: 3 * MIB, seed: 65, runs: 1, longest: 9000 });
    const image = join(folder, 'image');
    await run('qemu-img', ['convert', '-f', 'raw', '-O', 'vdi', '-o', `static=${fixed}`, disk.path, image]);
    const tables = [
      { offset: 64, length: 20 },
      { offset: 340, length: 32 },
      { offset: 368, length: 120 },
      { offset: 512, length: 16 },
    ];
    const result = await expectWordsOnly({ format: vdi, image, tables, rounds: 250, seed: 66 });
    expect(result.refused).toBeGreaterThan(50);
    expect(result.opened).toBeGreaterThan(25);
  });

  /** Version 1.1 with the fields of an attacker and `entry` all over its map. */
  const hostile = async (fields: { size: bigint; blockSize: number; blocks: number; entry: number }) =>
    crafted(join(await scratchFolder(), 'image'), 8192 * MIB, (bytes) => {
      bytes.writeUInt32LE(0xbeda107f, 64);
      bytes.writeUInt32LE(0x10001, 68);
      bytes.writeUInt32LE(400, 72);
      bytes.writeUInt32LE(1, 76);
      bytes.writeUInt32LE(512, 340);
      bytes.writeUInt32LE(0xfffffe00, 344);
      bytes.writeBigUInt64LE(fields.size, 368);
      bytes.writeUInt32LE(fields.blockSize, 376);
      bytes.writeUInt32LE(fields.blocks, 384);
      for (let at = 512; at < bytes.length; at += 4) bytes.writeUInt32LE(fields.entry, at);
    });

  it.each([
    { what: 'a disk of exabytes', size: 2n ** 60n, blockSize: MIB, blocks: 2 ** 31, entry: 1 },
    { what: 'a map of gigabytes', size: 2n ** 40n, blockSize: 512, blocks: 2 ** 31, entry: 1 },
    { what: 'one block for all', size: 2n ** 46n, blockSize: MIB, blocks: 2 ** 26, entry: 1 },
    { what: 'blocks beyond the file', size: 2n ** 46n, blockSize: MIB, blocks: 2 ** 26, entry: 2 ** 25 },
    { what: 'blocks of gigabytes', size: 2n ** 41n, blockSize: 2 ** 31, blocks: 1024, entry: 1 },
    // Behind the crafted part of the file the map is zeros: all entries are block 0.
    { what: 'a map that ends in zeros', size: 2n ** 46n, blockSize: MIB, blocks: 2 ** 26, entry: 0xffffffff },
  ])('with $what is refused, not walked', async (fields) => {
    const path = await hostile(fields);
    const began = performance.now();
    await expect(vdi.open(path)).rejects.toMatchObject({ exitStatus: 3 });
    const found = await vdi.check!(path).catch(() => null);
    if (found !== null) expect(found.problems.length).toBeLessThanOrEqual(1000);
    expect(performance.now() - began).toBeLessThan(5000);
  });
});
