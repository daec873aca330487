import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { vhdx } from '../../../migration-core/image/vhdx/format.ts';
import { run, scratchFolder } from '../../support/tools.ts';
import { expectWordsOnly } from './hostile.ts';
import { sparseRaw } from './patterns.ts';
import {
  BAT_OFFSET,
  buildVhdx,
  DATA_WRITE_GUID,
  LOG_GUID,
  logEntry,
  logRing,
  METADATA_OFFSET,
  MIB,
  seal,
  type BuiltEntry,
} from './vhdx-builder.ts';

const rounds = Number(process.env['IRONLIFT_FUZZ_CASES'] ?? 100);
const filled = (byte: number): Uint8Array => new Uint8Array(MIB).fill(byte);

/** Makes checksums right again after the damage, most of the time: else nothing behind them would ever be looked at. */
function mend(bytes: Buffer, random: () => number): void {
  const parts = [
    [64 << 10, 4096],
    [128 << 10, 4096],
    [192 << 10, 64 << 10],
    [256 << 10, 64 << 10],
  ] as const;
  for (const [at, length] of parts)
    if (bytes.length >= at + length && random() < 0.95) seal(bytes.subarray(at, at + length));
  for (let at = MIB; at + 4096 <= Math.min(bytes.length, 2 * MIB); at += 4096) {
    const length = bytes.readUInt32LE(at + 8);
    const isEntry = bytes.toString('latin1', at, at + 4) === 'loge';
    if (isEntry && length >= 4096 && length <= 16 * 4096 && at + length <= bytes.length)
      seal(bytes.subarray(at, at + length));
  }
}

const STRUCTURES = [
  { offset: 64 << 10, length: 80 },
  { offset: 128 << 10, length: 80 },
  { offset: 192 << 10, length: 96 },
  { offset: 256 << 10, length: 96 },
  { offset: METADATA_OFFSET, length: 240 },
  { offset: METADATA_OFFSET + 65536, length: 400 },
  { offset: BAT_OFFSET, length: 64 },
];
const LOG = { offset: MIB, length: 10 * 4096 };

describe('damaged VHDX', () => {
  it('of qemu-img ends in words', async () => {
    const folder = await scratchFolder();
    const disk = await sparseRaw(join(folder, 'disk'), { size: 3 * MIB, seed: 81, runs: 3, longest: 60_000 });
    const image = join(folder, 'image');
    const settings = ['-o', 'block_size=1M'];
    await run('qemu-img', ['convert', '-f', 'raw', '-O', 'vhdx', ...settings, disk.path, image]);
    const tables = [
      ...STRUCTURES.slice(0, 4),
      { offset: 2 * MIB, length: 64 },
      { offset: 3 * MIB, length: 240 },
    ];
    const result = await expectWordsOnly({ format: vhdx, image, tables, rounds, seed: 82, mend });
    expect(result.refused).toBeGreaterThan(rounds / 10);
    expect(result.opened).toBeGreaterThan(rounds / 50);
  });

  it('with a log ends in words', async () => {
    const folder = await scratchFolder();
    const path = join(folder, 'image');
    const sector = Buffer.alloc(4096);
    for (const block of [0, 1, 2]) sector.writeBigUInt64LE(BigInt((4 + block) * MIB + 6), block * 8);
    const bat: BuiltEntry['writes'][number] = { offset: BAT_OFFSET, data: sector };
    const zeros: BuiltEntry['writes'][number] = { offset: 4 * MIB + 8192, zeros: 65536 };
    await buildVhdx(path, {
      size: 3 * MIB,
      blocks: Object.fromEntries([0, 1, 2].map((n) => [n, { state: 6, data: filled(n + 1) }])),
      touch: ({ bat: table }) => table.clear(),
      log: {
        bytes: logRing(MIB, [
          [0, logEntry({ sequence: 5n, tail: 0, writes: [bat, zeros] })],
          [0x2000, logEntry({ sequence: 6n, tail: 0, writes: [zeros, bat, bat], lastFileOffset: 8 * MIB })],
          [0x5000, logEntry({ sequence: 7n, tail: 0x2000, writes: [bat] })],
        ]),
      },
    });
    const tables = [
      LOG,
      LOG,
      { offset: MIB, length: 256 },
      { offset: MIB + 0x5000, length: 128 },
      ...STRUCTURES,
    ];
    const result = await expectWordsOnly({ format: vhdx, image: path, tables, rounds, seed: 83, mend });
    expect(result.refused).toBeGreaterThan(rounds / 20);
    expect(result.opened).toBeGreaterThan(rounds / 20);
  });

  it('with sector bitmaps ends in words, the parent being whatever it is', async () => {
    const folder = await scratchFolder();
    const path = join(folder, 'image');
    const parent = join(folder, 'parent.vhdx');
    await buildVhdx(parent, { size: 3 * MIB, blocks: { 1: { state: 6, data: filled(9) } } });
    await buildVhdx(path, {
      size: 3 * MIB,
      parent: { parent_linkage: `{${DATA_WRITE_GUID}}`, relative_path: 'parent.vhdx' },
      dataWriteGuid: LOG_GUID,
      blocks: {
        0: { state: 7, data: filled(1), isHere: (sector) => sector % 5 < 2 },
        1: { state: 7, data: filled(2), isHere: (sector) => sector > 900 },
      },
    });
    const bitmap = { offset: BAT_OFFSET + 4096 * 8, length: 8 };
    const result = await expectWordsOnly({
      format: { ...vhdx, open: (image) => vhdx.open(image, { openParent: () => vhdx.open(parent) }) },
      image: path,
      tables: [...STRUCTURES, bitmap, { offset: METADATA_OFFSET + 65536 + 40, length: 300 }],
      rounds,
      seed: 84,
      mend,
    });
    expect(result.refused).toBeGreaterThan(rounds / 10);
    expect(result.opened).toBeGreaterThan(rounds / 50);
  });

  it('is checked in words too', async () => {
    const folder = await scratchFolder();
    const path = join(folder, 'image');
    await buildVhdx(path, { size: 3 * MIB, blocks: { 1: { state: 6, data: filled(9) } } });
    let found = 0;
    const checked: typeof vhdx = {
      ...vhdx,
      async open(image) {
        const { problems } = await vhdx.check!(image);
        for (const { message } of problems) expect(message).toMatch(/^[A-Z0-9].*\.$/u);
        found += problems.length > 0 ? 1 : 0;
        return vhdx.open(image);
      },
    };
    await expectWordsOnly({
      format: checked,
      image: path,
      tables: STRUCTURES,
      rounds: Math.ceil(rounds / 2),
      seed: 85,
      mend,
    });
    expect(found).toBeGreaterThan(rounds / 10);
  });
});
