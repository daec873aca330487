/** The small parts by themselves: bitmaps, names, runs, access lists, attributes, quota files, checksums. */
import { expect, test } from 'vitest';
import { isIronliftError } from '../../../../migration-core/base/errors.ts';
import { memorySource } from '../../../../migration-core/block/memory.ts';
import { aclFromDisk, aclToDisk } from '../../../../migration-core/filesystem/ext/acl.ts';
import {
  clearBits,
  nextBit,
  setBits,
  testBit,
  usedRuns,
} from '../../../../migration-core/filesystem/bitmap.ts';
import { BlockCache } from '../../../../migration-core/filesystem/ext/cache.ts';
import { crc16 } from '../../../../migration-core/filesystem/ext/checksum.ts';
import { extDriver } from '../../../../migration-core/filesystem/ext/driver.ts';
import { ReadWriteLock } from '../../../../migration-core/filesystem/lock.ts';
import { decodeName, encodeName } from '../../../../migration-core/filesystem/ext/names.ts';
import { bookQuota, buildQuota, parseQuota } from '../../../../migration-core/filesystem/ext/quota-file.ts';
import { mergeRuns, withoutRange } from '../../../../migration-core/filesystem/ext/run.ts';
import {
  layOutXattrs,
  parseXattrs,
  splitName,
  fullName,
} from '../../../../migration-core/filesystem/ext/xattr-format.ts';
import { seeded } from '../../../support/tools.ts';

test('bitmaps agree with an array of booleans', () => {
  const random = seeded(1);
  for (let round = 0; round < 200; round++) {
    const count = 1 + Math.floor(random() * 300);
    const bitmap = new Uint8Array(64);
    const model = new Array<boolean>(count).fill(false);
    for (let i = 0; i < 6; i++) {
      const start = Math.floor(random() * count);
      const length = Math.floor(random() * (count - start + 1));
      const on = random() < 0.6;
      (on ? setBits : clearBits)(bitmap, start, length);
      model.fill(on, start, start + length);
    }
    const runs: [number, number][] = [];
    const used = usedRuns(bitmap, count, (start, length) => runs.push([start, length]));
    expect(used).toBe(model.filter(Boolean).length);
    const rebuilt = new Array<boolean>(count).fill(false);
    for (const [start, length] of runs) rebuilt.fill(true, start, start + length);
    expect(rebuilt).toEqual(model);
    model.forEach((bit, i) => expect(testBit(bitmap, i)).toBe(bit));
    const from = Math.floor(random() * count);
    const next = model.findIndex((bit, i) => i >= from && !bit);
    expect(nextBit(bitmap, from, count, false)).toBe(next < 0 ? count : next);
  }
});

test('names come back as the bytes they were, UTF-8 or not', () => {
  for (const bytes of [
    [0x61],
    [0xc3, 0xbc],
    [0xfc, 0x62],
    [0xff, 0xfe, 0x41],
    [0xef, 0xbf, 0xbd],
    [0xed, 0xb2, 0x80],
    [0xf0, 0x9f, 0x98, 0x80, 0x80],
  ]) {
    const name = Uint8Array.from(bytes);
    expect([...encodeName(decodeName(name))]).toEqual(bytes);
  }
  expect(decodeName(Buffer.from('größe'))).toBe('größe');
});

test('runs are cut and merged', () => {
  const run = (logical: number, physical: number, length: number) => ({
    logical,
    physical,
    length,
    unwritten: false,
  });
  expect(withoutRange([run(0, 100, 10)], 3, 5)).toEqual([run(0, 100, 3), run(5, 105, 5)]);
  expect(mergeRuns([run(0, 100, 3), run(5, 105, 5)], [run(3, 103, 2)])).toEqual([run(0, 100, 10)]);
});

test('access lists keep their meaning between disk and getxattr(2)', () => {
  const seen = Buffer.from(
    '0200000001000700ffffffff02000600e803000004000500ffffffff10000700ffffffff20000500ffffffff',
    'hex',
  );
  const disk = aclToDisk(seen)!;
  expect(disk.length).toBe(4 + 4 * 4 + 8);
  expect(Buffer.from(aclFromDisk(disk)!).equals(seen)).toBe(true);
  expect(aclFromDisk(Uint8Array.of(1, 2))).toBeNull();
  expect(aclToDisk(Uint8Array.of(2, 0, 0, 0, 9))).toBeNull();
});

test('attributes are laid out and read back', () => {
  const entry = (full: string, value: string) => {
    const bytes = Buffer.from(value);
    return { ...splitName(full)!, value: bytes, valueInode: 0, valueSize: bytes.length, hash: 0 };
  };
  const entries = [
    entry('user.a', ''),
    entry('security.selinux', 'label'),
    entry('trusted.x', 'v'.repeat(90)),
  ];
  const bytes = new Uint8Array(256);
  layOutXattrs(bytes, entries, { first: 32, base: 0, hashed: true });
  const seen = parseXattrs(bytes, 32, 0, 'this');
  expect(seen.map((one) => [fullName(one.index, one.name), Buffer.from(one.value).toString()])).toEqual([
    ['user.a', ''],
    ['security.selinux', 'label'],
    ['trusted.x', 'v'.repeat(90)],
  ]);
  bytes[32] = 250;
  expect(() => parseXattrs(bytes.subarray(0, 100), 32, 0, 'this')).toThrow(/damaged/);
});

test('quota files are rebuilt with everyone in them', () => {
  const header = new Uint8Array(0x14);
  new DataView(header.buffer).setUint32(0, 0xd9c01f11, true);
  new DataView(header.buffer).setUint32(4, 1, true);
  const entries = new Map<number, Uint8Array<ArrayBuffer>>();
  for (const id of [0, 5, 1000, 70_000, 0xfffffffe, ...Array.from({ length: 40 }, (_, i) => i * 257)])
    bookQuota(entries, id, { bytes: id % 99_991, inodes: 1 });
  const file = buildQuota(entries, header);
  expect(parseQuota('user', file)).toEqual(entries);
  expect(() => parseQuota('group', file)).toThrow(/quota/);
});

test('CRC-16 of the check string', () => {
  // CRC-16/MODBUS: the same polynomial and start value.
  expect(crc16(0xffff, Buffer.from('123456789'))).toBe(0x4b37);
});

test('a change that is rolled back leaves every block as it was, written or not', async () => {
  const disk = new Uint8Array(8 * 1024).map((_, i) => i >> 10);
  const cache = new BlockCache(memorySource(disk), 1024, 8);
  cache.begin();
  (await cache.edit(1)).fill(11);
  cache.fresh(2).fill(12);
  cache.commit();
  cache.begin();
  (await cache.edit(1)).fill(21);
  cache.forget(2, 1);
  (await cache.edit(3)).fill(23);
  cache.fresh(4).fill(24);
  cache.rollback();
  expect([
    (await cache.read(1))[0],
    (await cache.read(2))[0],
    (await cache.read(3))[0],
    (await cache.read(4))[0],
  ]).toEqual([11, 12, 3, 4]);
  await cache.flush();
  expect([disk[1024], disk[2048], disk[3072], disk[4096]]).toEqual([11, 12, 3, 4]);
  const outcome = await cache.read(8).catch((error: unknown) => error);
  expect(isIronliftError(outcome, 'EXT_DAMAGED')).toBe(true);
});

test('readers run together, a writer alone', async () => {
  const lock = new ReadWriteLock();
  const log: string[] = [];
  const job = (name: string) => async (): Promise<void> => {
    log.push(`${name}+`);
    await new Promise((resolve) => setTimeout(resolve, 5));
    log.push(`${name}-`);
  };
  await Promise.all([lock.read(job('r1')), lock.read(job('r2')), lock.write(job('w')), lock.read(job('r3'))]);
  expect(log).toEqual(['r1+', 'r2+', 'r1-', 'r2-', 'w+', 'w-', 'r3+', 'r3-']);
  await expect(lock.write(() => Promise.reject(new Error('fails')))).rejects.toThrow('fails');
  await lock.read(job('after'));
  expect(log.at(-1)).toBe('after-');
});

test('what is no ext volume is not taken for one', async () => {
  expect(await extDriver.probe(memorySource(new Uint8Array(512)))).toBe(false);
  expect(await extDriver.probe(memorySource(new Uint8Array(1 << 20)))).toBe(false);
  const outcome = await extDriver
    .open(memorySource(new Uint8Array(1 << 20)), { now: 0 })
    .catch((error: unknown) => error);
  expect(isIronliftError(outcome, 'EXT_DAMAGED')).toBe(true);
});
