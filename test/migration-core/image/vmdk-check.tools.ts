/** What check() finds in disks that were sound for QEMU until one thing was changed. */
import { copyFile, open, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../migration-core/base/finding.ts';
import { readBytes } from '../../../migration-core/block/source.ts';
import { imageInfo } from '../../../migration-core/convert/image/look.ts';
import type { ImageCheck } from '../../../migration-core/image/image.ts';
import { openImage } from '../../../migration-core/image/table.ts';
import { vmdk } from '../../../migration-core/image/vmdk/format.ts';
import { run, scratchFolder } from '../../support/tools.ts';
import { sparseRaw } from './patterns.ts';
import { buildSnapshot } from './vmdk-esx.ts';

const MIB = 2 ** 20;
const SECTOR = 512;

async function image(subformat: string): Promise<string> {
  const folder = await scratchFolder();
  const disk = await sparseRaw(join(folder, 'disk'), { size: 40 * MIB, seed: 51, runs: 20 });
  const path = join(folder, 'image.vmdk');
  const options = ['-o', `subformat=${subformat}`];
  await run('qemu-img', ['convert', '-f', 'raw', '-O', 'vmdk', ...options, disk.path, path]);
  await run('qemu-img', ['check', path]);
  return path;
}

async function change(path: string, at: number, value: number): Promise<void> {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  const file = await open(path, 'r+');
  await file.write(bytes, 0, 4, at);
  await file.close();
}

/** Byte offset of grain table `number`, of the directory that the header field at `field` names; and its first entry in use. */
async function tableOf(path: string, field: number, number = 0): Promise<{ table: number; entry: number }> {
  const bytes = await readFile(path);
  const directory = Number(bytes.readBigUInt64LE(field)) * SECTOR;
  const table = bytes.readUInt32LE(directory + number * 4) * SECTOR;
  let entry = table;
  while (bytes.readUInt32LE(entry) === 0) entry += 4;
  return { table, entry };
}

const said = ({ problems }: ImageCheck): string[] =>
  problems.map(({ severity, message }) => `${severity}: ${message}`);

describe('vmdk: check', () => {
  it.each(['monolithicSparse', 'twoGbMaxExtentSparse', 'streamOptimized', 'monolithicFlat'])(
    'finds nothing in a sound %s, and how much it holds',
    async (subformat) => {
      const path = await image(subformat);
      const steps: number[] = [];
      const result = await vmdk.check!(path, { onProgress: (done, total) => steps.push(done / total) });
      expect(said(result)).toEqual([]);
      const stats = JSON.parse(await run('qemu-img', ['map', '--output=json', path])) as {
        length: number;
        data: boolean;
      }[];
      const data = stats.reduce((sum, { length, data: isData }) => sum + (isData ? length : 0), 0);
      if (subformat === 'monolithicFlat') expect(result.allocatedBytes).toBe(40 * MIB);
      else {
        expect(result.allocatedBytes).toBe(data);
        expect(steps.at(-1)).toBe(1);
      }
    },
  );

  it('finds a grain outside, one that is used twice, one among the tables', async () => {
    const path = await image('monolithicSparse');
    const { entry } = await tableOf(path, 56);
    const { entry: secondEntry } = await tableOf(path, 48);
    const bytes = await readFile(path);
    const first = bytes.readUInt32LE(entry);
    let other = entry + 4;
    while (bytes.readUInt32LE(other) === 0) other += 4;
    const second = bytes.readUInt32LE(other);
    for (const [value, words] of [
      [0xfffffff0, 'not within the file'],
      [second, 'share one grain'],
      [22, 'in the middle of the tables'],
    ] as const) {
      await change(path, entry, value);
      // A copy that is wrong too helps nobody.
      await change(path, secondEntry, 0xffffff00);
      const found = said(await vmdk.check!(path));
      expect(found.some((one) => one.startsWith('error') && one.includes(words))).toBe(true);
      expect(found.some((one) => one.startsWith('note') && one.includes('second copy'))).toBe(true);
    }
    await change(path, entry, first);
    await change(path, secondEntry, first);
    expect(said(await vmdk.check!(path))).toEqual([]);
  });

  it('finds a table outside and one that is used twice', async () => {
    const path = await image('monolithicSparse');
    const directory = Number((await readFile(path)).readBigUInt64LE(56)) * SECTOR;
    const second = Number((await readFile(path)).readBigUInt64LE(48)) * SECTOR;
    const good = (await readFile(path)).readUInt32LE(directory);
    for (const [value, words] of [
      [0xfffffff0, 'a grain table is not within the file'],
      [(await readFile(path)).readUInt32LE(directory + 4), 'share one grain table'],
    ] as const) {
      await change(path, directory, value);
      await change(path, second, 0xfffffff0);
      const result = await vmdk.check!(path);
      expect(said(result).join()).toContain(words);
      expect(result.allocatedBytes).toBeNull();
    }
    await change(path, directory, good);
    // Both places of directories.
    await change(path, 60, 0x7fff);
    await change(path, 52, 0x7fff);
    expect(said(await vmdk.check!(path)).join()).toContain('error');
  });

  it('finds the grains that nothing refers to, and an unclean end', async () => {
    const path = await image('twoGbMaxExtentSparse');
    const part = path.replace('.vmdk', '-s001.vmdk');
    for (const field of [48, 56]) await change(part, (await tableOf(part, field)).entry, 0);
    const file = await open(part, 'r+');
    await file.write(Buffer.from([1]), 0, 1, 72);
    await file.close();
    const found = said(await vmdk.check!(path));
    expect(found).toEqual([
      `note: ${part} was not closed by the program that wrote it last.`,
      `leak: 64 KiB of ${part} belong to no grain.`,
    ]);
  });

  it('finds a compressed grain of another place, and one that is cut off', async () => {
    const path = await image('streamOptimized');
    const copy = `${path}.copy.vmdk`;
    await copyFile(path, copy);
    await change(copy, 128 * SECTOR, 128);
    expect(said(await vmdk.check!(copy)).join()).toContain('of another place of the disk');
    await change(copy, 128 * SECTOR, 0);
    await change(copy, 128 * SECTOR + 8, 0x7fffffff);
    expect(said(await vmdk.check!(copy)).join()).toContain('not within the file');
    await truncate(copy, 100_000);
    expect(said(await vmdk.check!(copy)).join()).toContain('not within the file');
  });

  it.each(['COWD', 'seSparse'] as const)('finds entries without sense in %s', async (kind) => {
    const path = join(await scratchFolder(), 'web.vmdk');
    const delta = await buildSnapshot({
      kind,
      path,
      size: 9 * MIB,
      parent: null,
      cid: '1',
      seed: 3,
      grains: 50,
    });
    expect(said(await vmdk.check!(path))).toEqual([]);
    const bytes = await readFile(delta);
    // The table of the first grain: its entry is the first one that is not zero.
    const table =
      kind === 'COWD'
        ? bytes.readUInt32LE(2048) * SECTOR
        : (Number(bytes.readBigUInt64LE(144)) + bytes.readUInt32LE(8 * SECTOR) * 64) * SECTOR;
    const at = kind === 'COWD' ? table : table + 4;
    await change(delta, at, kind === 'COWD' ? 0xffffff00 : 0x70000000);
    expect(said(await vmdk.check!(path)).join()).toMatch(/not within the file|means nothing/u);
  });

  it('stops when it is told to', async () => {
    const path = await image('monolithicSparse');
    await expect(vmdk.check!(path, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
  });
});

describe('vmdk: the second copy of the tables', () => {
  const everyByte = async (path: string): Promise<{ bytes: Uint8Array; findings: readonly Finding[] }> => {
    const disk = await openImage(path);
    try {
      return { bytes: await readBytes(disk, 0, disk.size), findings: disk.facts.findings ?? [] };
    } finally {
      await disk.close();
    }
  };

  it.each([
    { what: 'an entry of a table beyond the file', at: 'entry', value: 0xfffffff0, says: 'grain table' },
    { what: 'an entry of a table among the tables', at: 'entry', value: 22, says: 'grain table' },
    {
      what: 'an entry of the directory beyond the file',
      at: 'directory',
      value: 0xfffffff0,
      says: 'grain directory',
    },
    { what: 'a directory beyond the file', at: 'header', value: 0xffffff, says: 'grain directory' },
  ])('is read where the first has $what, and that is told', async ({ at, value, says }) => {
    const path = await image('monolithicSparse');
    // What QEMU reads of it while it is whole.
    const whole = `${path}.raw`;
    await run('qemu-img', ['convert', '-O', 'raw', path, whole]);
    const sound = await everyByte(path);
    expect(sound.findings).toEqual([]);
    const { entry } = await tableOf(path, 56);
    const directory = Number((await readFile(path)).readBigUInt64LE(56)) * SECTOR;
    await change(path, { entry, directory, header: 56 }[at]!, value);
    const { bytes, findings } = await everyByte(path);
    expect(Buffer.compare(bytes, await readFile(whole))).toBe(0);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ severity: 'warning', code: 'IMAGE_SECOND_COPY' });
    expect(findings[0]!.message).toMatch(new RegExp(`${says}.*damaged.*second copy`, 'iu'));
    const problems = said(await vmdk.check!(path));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^note: .*${says}.*second copy`, 'iu'));
    const { findings: told } = await imageInfo(path, { parents: 'folder' });
    expect(told.map(({ code }) => code)).toContain('IMAGE_SECOND_COPY');
  });

  it('is no way out where it is damaged as well', async () => {
    const path = await image('monolithicSparse');
    for (const field of [56, 48]) await change(path, (await tableOf(path, field)).entry, 0xfffffff0);
    await expect(everyByte(path)).rejects.toMatchObject({ code: 'IMAGE_DAMAGED' });
  });
});
