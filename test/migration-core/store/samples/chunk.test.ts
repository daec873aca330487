import { crc32, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { CHUNK_SAMPLES, decodeChunk, encodeChunk } from '../../../../migration-core/store/samples/chunk.ts';
import { seeded } from '../../../support/tools.ts';
import { T0 } from '../support.ts';

const regular = (count: number): Float64Array =>
  Float64Array.from({ length: count }, (_, i) => T0 + i * 300_000);

/** Bit for bit: Object.is tells -0 from 0 and takes NaN for NaN. */
function comesBack(times: Float64Array, values: Float64Array): number {
  const blob = encodeChunk({ times, values });
  const back = decodeChunk(blob, times.length);
  expect(back.times.length).toBe(times.length);
  times.forEach((time, i) => {
    if (!Object.is(time, back.times[i]) || !Object.is(values[i], back.values[i]))
      throw new Error(`Sample ${i}: ${time} ${values[i]} became ${back.times[i]} ${back.values[i]}`);
  });
  return blob.length;
}

describe('a chunk', () => {
  it('of one sample', () => {
    for (const value of [
      0,
      -0,
      1,
      -1,
      0.1,
      Number.NaN,
      Infinity,
      -Infinity,
      5e-324,
      Number.MAX_VALUE,
      2 ** 53,
      -(2 ** 60),
    ])
      comesBack(Float64Array.of(T0), Float64Array.of(value));
    for (const time of [0, -1, -8.64e15, 8.64e15, T0 + 0.25])
      comesBack(Float64Array.of(time), Float64Array.of(1));
  });

  it('gives back any bits of float64', () => {
    const random = seeded(1);
    for (let round = 0; round < 200; round++) {
      const count = 1 + Math.floor(random() * CHUNK_SAMPLES);
      const bits = Uint32Array.from({ length: 2 * count }, () => Math.floor(random() * 2 ** 32));
      const values = new Float64Array(bits.buffer).map((value) => (Number.isNaN(value) ? Number.NaN : value));
      comesBack(regular(count), values);
    }
  });

  it('gives back figures of every scale, some missing, at jittered and irregular times', () => {
    const random = seeded(2);
    for (let round = 0; round < 600; round++) {
      const count = 1 + Math.floor(random() * CHUNK_SAMPLES);
      const decimals = Math.floor(random() * 12);
      const size = 10 ** (random() * 12 - 2);
      const missing = round % 3 === 0 ? random() : 0;
      const factor = [1, 1024, 1 / 1000, -1, 4096 * 512][round % 5]!;
      let time = T0;
      const times = Float64Array.from(
        { length: count },
        () =>
          (time += [
            300_000,
            300_000 + Math.floor(random() * 40),
            1 + Math.floor(random() * 1e9),
            random() + 0.001,
          ][round % 4]!),
      );
      const values = Float64Array.from({ length: count }, () =>
        random() < missing ? Number.NaN : Number((random() * size).toFixed(decimals)) * factor,
      );
      comesBack(times, values);
    }
  });

  it('takes few bytes where there is little to tell', () => {
    const all = (value: (i: number) => number) =>
      Float64Array.from({ length: CHUNK_SAMPLES }, (_, i) => value(i));
    expect(
      comesBack(
        regular(CHUNK_SAMPLES),
        all(() => 0),
      ),
    ).toBeLessThan(40);
    expect(
      comesBack(
        regular(CHUNK_SAMPLES),
        all(() => 68_719_476_736),
      ),
    ).toBeLessThan(40);
    expect(
      comesBack(
        regular(CHUNK_SAMPLES),
        all(() => Number.NaN),
      ),
    ).toBeLessThan(100);
    // 100 - 97.53 is 2.4699999999999989, a few units in the last place beside 2.47.
    const random = seeded(3);
    const idle = all(() => 100 - Math.round(random() * 1000) / 100);
    expect(comesBack(regular(CHUNK_SAMPLES), idle) / CHUNK_SAMPLES).toBeLessThan(3.2);
    const seconds = all(() => Math.round(random() * 2000) / 100 / 1000);
    expect(comesBack(regular(CHUNK_SAMPLES), seconds) / CHUNK_SAMPLES).toBeLessThan(2.6);
  });

  it('that was changed is refused, whatever was changed', () => {
    const blob = encodeChunk({ times: regular(100), values: regular(100).map((_, i) => Math.sin(i)) });
    for (let at = 0; at < blob.length; at++) {
      const changed = Buffer.from(blob);
      changed[at]! ^= 1 << (at % 8);
      expect(() => decodeChunk(changed, 100)).toThrow(
        expect.objectContaining({ code: 'ENGAGEMENT_DAMAGED' }),
      );
    }
    for (let length = 0; length < blob.length; length++)
      expect(() => decodeChunk(blob.subarray(0, length), 100)).toThrow(
        expect.objectContaining({ code: 'ENGAGEMENT_DAMAGED' }),
      );
  });

  it('of an impossible number of samples is refused before anything is allocated', () => {
    const blob = encodeChunk({ times: regular(3), values: regular(3) });
    for (const count of [0, -1, 2, 4, 1.5, 2 ** 31, 2 ** 53, Number.NaN, Infinity])
      expect(() => decodeChunk(blob, count)).toThrow(expect.objectContaining({ code: 'ENGAGEMENT_DAMAGED' }));
  });

  it('that would unpack to gigabytes is refused', () => {
    const bomb = zstdCompressSync(Buffer.alloc(64 << 20));
    const blob = Buffer.concat([Buffer.alloc(11), bomb]);
    blob[4] = 1;
    blob.writeUInt16LE(bomb.length, 5);
    blob.writeUInt32LE(crc32(blob.subarray(4)), 0);
    const before = process.memoryUsage().rss;
    expect(() => decodeChunk(blob, CHUNK_SAMPLES)).toThrow(
      expect.objectContaining({ code: 'ENGAGEMENT_DAMAGED' }),
    );
    expect(process.memoryUsage().rss - before).toBeLessThan(32 << 20);
  });
});
