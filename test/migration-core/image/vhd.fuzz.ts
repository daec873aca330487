import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ImageFormat } from '../../../migration-core/image/image.ts';
import { vhd } from '../../../migration-core/image/vhd/format.ts';
import { run, scratchFolder, seeded } from '../../support/tools.ts';
import { crafted, expectWordsOnly } from './hostile.ts';
import { sparseRaw } from './patterns.ts';
import { someSectors, sumUp, vhdBytes, VHD_ID } from './vhd-bytes.ts';

const MIB = 2 ** 20;
const SECTOR = 512;

/** Every other time, so that wrong checksums are tried as well. */
const everyOther = (bytes: Buffer, random: () => number): void => {
  if (random() < 0.5) mend(bytes);
};

/** Footer, its copy, and the dynamic header. */
function mend(bytes: Buffer): void {
  for (const at of [0, bytes.length - SECTOR])
    if (at >= 0 && bytes.length >= SECTOR) sumUp(bytes.subarray(at, at + SECTOR), 64);
  if (bytes.length >= 3 * SECTOR) sumUp(bytes.subarray(SECTOR, 3 * SECTOR), 36);
}

/** Footer, dynamic header, block table, and the first bitmap. */
const tables = [
  { offset: 0, length: 90 },
  { offset: SECTOR, length: 64 },
  { offset: SECTOR + 64, length: 100 },
  { offset: SECTOR + 576, length: 48 },
  { offset: 3 * SECTOR, length: 24 },
  { offset: 4 * SECTOR, length: 4 * SECTOR },
];

describe('damaged VHD', () => {
  it.each(['dynamic', 'fixed'])('%s ends in words', async (subformat) => {
    const folder = await scratchFolder();
    const size = subformat === 'fixed' ? 200_704 : 5 * MIB;
    const disk = await sparseRaw(join(folder, 'disk'), { size, seed: 61, runs: 1, longest: 9000 });
    const image = join(folder, 'image');
    const settings = ['-o', `subformat=${subformat},force_size=on`];
    await run('qemu-img', ['convert', '-f', 'raw', '-O', 'vpc', ...settings, disk.path, image]);
    const places = subformat === 'fixed' ? [{ offset: size, length: 90 }] : tables;
    const result = await expectWordsOnly({
      format: vhd,
      image,
      tables: places,
      rounds: 250,
      seed: 62,
      mend: everyOther,
    });
    expect(result.refused).toBeGreaterThan(50);
    expect(result.opened).toBeGreaterThan(25);
  });

  it('with a parent ends in words', async () => {
    const folder = await scratchFolder();
    const size = 1 * MIB;
    const blockSize = 65536;
    const [parent, image] = [join(folder, 'base.vhd'), join(folder, 'image')];
    const sectors = (seed: number) => someSectors(seeded(seed), { size, runs: 4 });
    await writeFile(parent, vhdBytes({ type: 'dynamic', size, blockSize, sectors: sectors(1) }));
    await writeFile(
      image,
      vhdBytes({
        type: 'differencing',
        size,
        blockSize,
        sectors: sectors(2),
        parentId: VHD_ID,
        parentName: 'base.vhd',
        locators: { W2ru: '.\\base.vhd', W2ku: 'C:\\base.vhd' },
      }),
    );
    const format: ImageFormat = {
      ...vhd,
      open: (path) => vhd.open(path, { openParent: async () => vhd.open(parent) }),
    };
    const result = await expectWordsOnly({ format, image, tables, rounds: 500, seed: 63, mend: everyOther });
    expect(result.refused).toBeGreaterThan(50);
    expect(result.opened).toBeGreaterThan(25);
  });

  /** A dynamic VHD of holes with the header fields of an attacker, right checksums, and `entry` all over its table. */
  const hostile = async (fields: { size: bigint; blockSize: number; entries: number; entry: number }) =>
    crafted(join(await scratchFolder(), 'image'), 512 * MIB, (bytes) => {
      vhdBytes({ type: 'dynamic', size: MIB, footerBytes: 0 }).copy(bytes);
      bytes.writeBigUInt64BE(fields.size, 48);
      const header = bytes.subarray(SECTOR, 3 * SECTOR);
      header.writeUInt32BE(fields.entries, 28);
      header.writeUInt32BE(fields.blockSize, 32);
      mend(bytes);
      for (let at = 3 * SECTOR; at < bytes.length; at += 4) bytes.writeUInt32BE(fields.entry, at);
    });

  it.each([
    { what: 'a disk of petabytes', size: 2n ** 52n, blockSize: 1 << 30, entries: 2 ** 22, entry: 100 },
    {
      what: 'a size beyond all bounds',
      size: 2n ** 63n,
      blockSize: 2 * MIB,
      entries: 2 ** 32 - 1,
      entry: 100,
    },
    { what: 'billions of tiny blocks', size: 2n ** 40n, blockSize: SECTOR, entries: 2 ** 31, entry: 100 },
    { what: 'one block for all', size: 2n ** 34n, blockSize: SECTOR * 8, entries: 2 ** 22, entry: 4096 },
    { what: 'blocks of gigabytes', size: 2n ** 41n, blockSize: 2 ** 31, entries: 1024, entry: 100 },
  ])('with $what is refused, not walked', async (fields) => {
    const path = await hostile(fields);
    const began = performance.now();
    await expect(vhd.open(path)).rejects.toMatchObject({ exitStatus: 3 });
    await vhd.check!(path).catch(() => undefined);
    expect(performance.now() - began).toBeLessThan(5000);
  });

  it('of a million blocks that are not there is walked in time', async () => {
    const entries = 2 ** 20 - 384;
    const path = await hostile({
      size: BigInt(entries) * 4096n,
      blockSize: 4096,
      entries,
      entry: 0xffffffff,
    });
    const began = performance.now();
    const image = await vhd.open(path);
    const kinds: string[] = [];
    for await (const { kind } of image.extents!(0, image.size)) kinds.push(kind);
    expect(kinds).toEqual(['zero']);
    await image.close();
    // Beyond the crafted part of the table all blocks are at sector 0: over the footer and the header.
    await expect(
      vhd.open(await hostile({ size: 2n ** 34n, blockSize: 4096, entries: 2 ** 22, entry: 0xffffffff })),
    ).rejects.toMatchObject({ code: 'IMAGE_DAMAGED' });
    expect(performance.now() - began).toBeLessThan(5000);
  });
});
