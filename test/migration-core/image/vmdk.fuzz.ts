import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { vmdk } from '../../../migration-core/image/vmdk/format.ts';
import { run, scratchFolder, seeded } from '../../support/tools.ts';
import { crafted, expectWordsOnly } from './hostile.ts';
import { sparseRaw } from './patterns.ts';
import { buildSnapshot } from './vmdk-esx.ts';

const ROUNDS = Number(process.env['IRONLIFT_FUZZ_CASES'] ?? 250);
const MIB = 2 ** 20;
const SECTOR = 512;

describe('damaged VMDK', () => {
  it.each(['monolithicSparse', 'streamOptimized'])('%s ends in words', async (subformat) => {
    const folder = await scratchFolder();
    const disk = await sparseRaw(join(folder, 'disk'), { size: 6 * MIB, seed: 61, runs: 5, longest: 60_000 });
    const image = join(folder, 'image');
    const settings = ['-o', `subformat=${subformat}`];
    await run('qemu-img', ['convert', '-f', 'raw', '-O', 'vmdk', ...settings, disk.path, image]);
    const tables = [
      { offset: 0, length: 80 },
      { offset: 20, length: 52 },
      { offset: SECTOR, length: 400 },
      // Directories, tables, and the records of the first grains.
      { offset: 21 * SECTOR, length: 12 * SECTOR },
      { offset: 128 * SECTOR, length: 30_000 },
    ];
    const result = await expectWordsOnly({
      format: vmdk,
      image,
      tables,
      rounds: ROUNDS,
      seed: 62,
    });
    expect(result.refused).toBeGreaterThan(ROUNDS / 12);
    expect(result.opened).toBeGreaterThan(ROUNDS / 24);
  });

  it.each(['monolithicFlat', 'twoGbMaxExtentSparse'])(
    'descriptors and parts of %s end in words',
    async (subformat) => {
      const folder = await scratchFolder();
      const disk = await sparseRaw(join(folder, 'disk'), {
        size: 3 * MIB,
        seed: 63,
        runs: 5,
        longest: 60_000,
      });
      const image = join(folder, 'image.vmdk');
      const settings = ['-o', `subformat=${subformat}`];
      await run('qemu-img', ['convert', '-f', 'raw', '-O', 'vmdk', ...settings, disk.path, image]);
      const part = image.replace('.vmdk', subformat === 'monolithicFlat' ? '-flat.vmdk' : '-s001.vmdk');
      const tables = [
        { offset: 0, length: (await stat(image)).size },
        // The extent line, which is what most of it is about.
        { offset: (await readFile(image, 'latin1')).indexOf('RW '), length: 40 },
      ];
      const shared = { format: vmdk, rounds: ROUNDS, seed: 64 };
      const ofText = await expectWordsOnly({
        ...shared,
        image,
        tables,
        several: { beside: [part], open: 'image.vmdk' },
      });
      expect(ofText.refused).toBeGreaterThan(ROUNDS / 12);
      expect(ofText.opened).toBeGreaterThan(ROUNDS / 24);
      if (subformat === 'monolithicFlat') return;
      const ofPart = await expectWordsOnly({
        ...shared,
        image: part,
        tables: [
          { offset: 0, length: 80 },
          { offset: 21 * SECTOR, length: 12 * SECTOR },
        ],
        several: { beside: [image], open: 'image.vmdk' },
      });
      expect(ofPart.refused).toBeGreaterThan(ROUNDS / 12);
    },
  );

  it.each(['COWD', 'seSparse'] as const)('%s ends in words', async (kind) => {
    const path = join(await scratchFolder(), 'web.vmdk');
    const image = await buildSnapshot({
      kind,
      path,
      size: 5 * MIB,
      parent: null,
      cid: '1',
      seed: 65,
      grains: 60,
    });
    const result = await expectWordsOnly({
      format: vmdk,
      image,
      tables: [
        { offset: 0, length: kind === 'COWD' ? 32 : 208 },
        { offset: 2048, length: 2048 },
        { offset: 8 * SECTOR, length: 16 },
        { offset: 14 * SECTOR, length: 16 << 10 },
      ],
      rounds: ROUNDS,
      seed: 66,
      several: { beside: [path], open: 'web.vmdk' },
    });
    expect(result.refused).toBeGreaterThan(ROUNDS / 12);
    expect(result.opened).toBeGreaterThan(ROUNDS / 24);
  });

  it('descriptors of noise, of many lines and of long ones end in words, at once', async () => {
    const path = join(await scratchFolder(), 'd.vmdk');
    const head = '# Disk DescriptorFile\nversion=1\ncreateType="custom"\n';
    const random = seeded(67);
    const noise = Array.from({ length: 100_000 }, () => '"\\ =\nRWFLAT0 \t9'[Math.floor(random() * 16)]).join(
      '',
    );
    for (const text of [
      noise,
      'RW 1 ZERO\n'.repeat(100_000),
      `RW 1 FLAT ${'"'.repeat(900_000)}`,
      `RW 1 FLAT "${'" '.repeat(2000)}x`,
      `RW ${'9'.repeat(4000)} ZERO`,
      ' \t'.repeat(400_000),
      `encoding="${'-'.repeat(500_000)}\xff`,
    ]) {
      await writeFile(path, head + text, 'latin1');
      const began = performance.now();
      await expect(vmdk.open(path), text.slice(0, 30)).rejects.toMatchObject({ code: 'IMAGE_DAMAGED' });
      expect(performance.now() - began).toBeLessThan(2000);
    }
  });

  it('with one table for all of a huge disk is refused, not walked', async () => {
    const folder = await scratchFolder();
    const path = await crafted(join(folder, 'image'), 64 * MIB, (bytes) => {
      bytes.write('KDMV', 0, 'latin1');
      bytes.writeUInt32LE(1, 4);
      bytes.writeUInt32LE(1, 8);
      bytes.writeBigUInt64LE(2n ** 36n, 12);
      bytes.writeBigUInt64LE(128n, 20);
      bytes.writeBigUInt64LE(1n, 28);
      bytes.writeBigUInt64LE(20n, 36);
      bytes.writeUInt32LE(512, 44);
      bytes.writeBigUInt64LE(64n, 56);
      bytes.write('createType="monolithicSparse"\n', SECTOR, 'latin1');
      for (let at = 64 * SECTOR; at < bytes.length; at += 4) bytes.writeUInt32LE(100_000, at);
    });
    const began = performance.now();
    await expect(vmdk.open(path)).rejects.toMatchObject({ code: 'IMAGE_DAMAGED' });
    expect(performance.now() - began).toBeLessThan(5000);
  });
});
