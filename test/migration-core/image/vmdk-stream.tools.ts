/** streamOptimized VMDK as we write it: judged by qemu-img, by 7-Zip, and record by record. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ExtentList } from '../../../migration-core/base/extents.ts';
import { copyBlocks } from '../../../migration-core/block/pipeline.ts';
import { raw } from '../../../migration-core/image/raw.ts';
import { vmdk } from '../../../migration-core/image/vmdk/format.ts';
import { run, scratchFolder } from '../../support/tools.ts';
import { imageFormatSuite } from './format-suite.ts';
import { sparseRaw, type Pattern } from './patterns.ts';

const MIB = 2 ** 20;
const SECTOR = 512;

imageFormatSuite(vmdk, {
  qemu: 'vmdk',
  check: true,
  rounding: 512,
  thick: false,
  subformat: 'streamOptimized',
});

async function written(disk: Pattern, path: string): Promise<string> {
  const source = await raw.open(disk.path);
  const writer = await vmdk.create({
    path,
    size: disk.size,
    allocation: 'thin',
    compression: 'zlib',
    finalName: 'web "01".vmdk',
  });
  const used = ExtentList.of([{ offset: 0, length: disk.size }]);
  await copyBlocks({ source, used, writer });
  await writer.finish();
  await source.close();
  return path;
}

describe('vmdk streamOptimized', () => {
  it('holds the disk, by the word of 7-Zip too', async () => {
    const folder = await scratchFolder();
    const disk = await sparseRaw(join(folder, 'disk'), {
      size: 120 * MIB + 1536,
      seed: 81,
      runs: 60,
      longest: 2 * MIB,
    });
    const path = await written(disk, join(folder, 'image.vmdk'));
    await run('7zz', ['x', '-y', `-o${folder}/out`, path]);
    await run('bash', ['-c', `cmp ${folder}/disk ${folder}/out/*`]);
  });

  it('is a stream: each record behind the other, tables after their grains, directory, footer, end', async () => {
    const folder = await scratchFolder();
    const disk = await sparseRaw(join(folder, 'disk'), { size: 100 * MIB + 512, seed: 82, runs: 12 });
    const bytes = await readFile(await written(disk, join(folder, 'image.vmdk')));
    const original = await readFile(disk.path);
    expect(bytes.length % SECTOR).toBe(0);
    expect(bytes.readUInt32LE(4)).toBe(3);
    expect(bytes.readUInt32LE(8)).toBe(0x30001);
    expect(bytes.readBigUInt64LE(56)).toBe(2n ** 64n - 1n);
    const text = bytes.toString('utf8', SECTOR, 21 * SECTOR);
    expect(text).toContain('createType="streamOptimized"');
    expect(text).toContain(`RDONLY ${disk.size / SECTOR} SPARSE "web _01_.vmdk"`);

    const kinds: string[] = [];
    const grainAt = new Map<number, number>();
    const seen = Buffer.alloc(original.length);
    let at = Number(bytes.readBigUInt64LE(64)) * SECTOR;
    let table: Buffer | null = null;
    let directoryAt = 0;
    for (let last = -1; ;) {
      const value = Number(bytes.readBigUInt64LE(at));
      const size = bytes.readUInt32LE(at + 8);
      if (size > 0) {
        // Grains ascend; what lies between a record and the next sector is zeros.
        expect(value).toBeGreaterThan(last);
        last = value;
        const grain = inflateSync(bytes.subarray(at + 12, at + 12 + size));
        expect(grain.length).toBe(65536);
        grain.copy(seen, value * SECTOR);
        grainAt.set(value / 128, at / SECTOR);
        const end = Math.ceil((at + 12 + size) / SECTOR) * SECTOR;
        expect(bytes.subarray(at + 12 + size, end).every((byte) => byte === 0)).toBe(true);
        if (kinds.at(-1) !== 'grains') kinds.push('grains');
        at = end;
        continue;
      }
      const type = bytes.readUInt32LE(at + 12);
      kinds.push(['end', 'table', 'directory', 'footer'][type]!);
      if (type === 0) break;
      const payload = bytes.subarray(at + SECTOR, at + SECTOR + value * SECTOR);
      if (type === 1) {
        table = payload;
        const first = Math.floor(last / 128 / 512) * 512;
        for (let i = 0; i < 512; i++) expect(table.readUInt32LE(i * 4)).toBe(grainAt.get(first + i) ?? 0);
      }
      if (type === 2) directoryAt = at / SECTOR + 1;
      if (type === 3) {
        const footer = Buffer.from(payload);
        expect(Number(footer.readBigUInt64LE(56))).toBe(directoryAt);
        footer.writeBigUInt64LE(2n ** 64n - 1n, 56);
        expect(footer).toEqual(bytes.subarray(0, SECTOR));
      }
      at += SECTOR + payload.length;
    }
    expect(at + SECTOR).toBe(bytes.length);
    expect(kinds.slice(-3)).toEqual(['directory', 'footer', 'end']);
    expect(
      kinds.slice(0, -3).filter((kind, index) => kind !== (index % 2 === 0 ? 'grains' : 'table')),
    ).toEqual([]);
    expect(seen.equals(original)).toBe(true);
  });

  it('wraps noise, which does not get smaller, in few bytes', async () => {
    const folder = await scratchFolder();
    const disk = { path: join(folder, 'disk'), size: 4 * MIB, used: new ExtentList() };
    await run('dd', ['if=/dev/urandom', `of=${disk.path}`, 'bs=1M', 'count=4']);
    const bytes = await readFile(await written(disk, join(folder, 'image.vmdk')));
    await run('qemu-img', ['compare', '-f', 'raw', '-F', 'vmdk', disk.path, join(folder, 'image.vmdk')]);
    expect(bytes.length).toBeLessThan(64 * 129 * SECTOR + 128 * SECTOR + 16 * SECTOR);
  });
});
