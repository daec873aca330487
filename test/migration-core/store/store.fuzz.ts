/** Bytes of strangers: a typed error or an answer, never a crash, a hang or a large allocation. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { isIronliftError } from '../../../migration-core/base/errors.ts';
import { createEngagement, openEngagement } from '../../../migration-core/store/open.ts';
import { CHUNK_SAMPLES, decodeChunk, encodeChunk } from '../../../migration-core/store/samples/chunk.ts';
import { scratchFolder, seeded } from '../../support/tools.ts';
import { batch, named, now, T0 } from './support.ts';

const CASES = Number(process.env['IRONLIFT_FUZZ_CASES'] ?? 20_000);

describe('fuzz', () => {
  it('chunks with a right checksum over wrong bytes', () => {
    const random = seeded(21);
    const count = 120;
    const times = Float64Array.from({ length: count }, (_, i) => T0 + i * 300_000 + (i % 7));
    const seeds = [
      (i: number) => Math.round(1000 * Math.sin(i)) / 100,
      (i: number) => Math.sin(i),
      (i: number) => (i % 5 === 0 ? Number.NaN : 100 - 97.53 - i),
      () => 7,
      (i: number) => (i % 2) * 2 ** 40,
    ].map((value) => encodeChunk({ times, values: times.map((_, i) => value(i)) }));
    let slowest = 0;
    let answered = 0;
    for (let n = 0; n < CASES; n++) {
      let blob: Buffer = Buffer.from(seeds[n % seeds.length]!);
      for (let changes = 1 + Math.floor(random() * 6); changes > 0; changes--) {
        const at = 4 + Math.floor(random() * (blob.length - 4));
        blob[at] = random() < 0.3 ? [0, 1, 53, 54, 127, 255][n % 6]! : Math.floor(random() * 256);
      }
      if (random() < 0.2) blob = blob.subarray(0, 12 + Math.floor(random() * (blob.length - 12)));
      blob.writeUInt32LE(crc32(blob.subarray(4)), 0);
      const claimed = random() < 0.8 ? count : 1 + Math.floor(random() * CHUNK_SAMPLES);
      const start = performance.now();
      try {
        expect(decodeChunk(blob, claimed).values.length).toBe(claimed);
        answered++;
      } catch (error) {
        if (!isIronliftError(error, 'ENGAGEMENT_DAMAGED')) throw error;
      }
      slowest = Math.max(slowest, performance.now() - start);
    }
    expect(slowest).toBeLessThan(1000);
    expect(answered).toBeGreaterThan(0);
  });

  it('files with bytes written over', async () => {
    const folder = await scratchFolder();
    const original = join(folder, 'site.ironlift');
    const file = createEngagement(original, { name: 'Site', now });
    const random = seeded(22);
    for (let server = 0; server < 12; server++) {
      const { id } = file.server(named(`server${server}`, { serial: `S${server}` }), T0);
      const collection = file.beginCollection({ collector: 'c', source: 's', digest: null, startedAt: 0 });
      file.putInventory(id, { identity: named('x'), vendor: 'v'.repeat(2000), gaps: [] }, T0, collection);
      const times = Array.from({ length: 1500 }, (_, i) => T0 + i * 300_000);
      file.appendSamples(
        id,
        batch(
          times,
          times.map(() => random()),
        ),
      );
      file.rollUp(id);
      file.putAnnotations(id, { owner: 'o'.repeat(400), tags: ['a', 'b'], wave: server });
      file.putDemandProfile(id, new Uint8Array(5000).fill(server));
      file.putDocument('plan', `plan ${server}`, { text: 'p'.repeat(3000) }, 'ab', T0);
    }
    file.close();
    const whole = readFileSync(original);
    const codes = new Map<string, number>();
    for (let n = 0; n < Math.max(60, CASES / 100); n++) {
      const bytes = Buffer.from(whole);
      for (let changes = 1 + Math.floor(random() * 20); changes > 0; changes--) {
        // Half of the time where the structure is: the beginnings of pages.
        const page = Math.floor((random() * bytes.length) / 8192) * 8192;
        const at = random() < 0.5 ? page + Math.floor(random() * 120) : Math.floor(random() * bytes.length);
        bytes[Math.min(at, bytes.length - 1)] = Math.floor(random() * 256);
      }
      const cut = n % 10 === 0 ? bytes.subarray(0, 1 + Math.floor(random() * bytes.length)) : bytes;
      const path = join(folder, 'damaged.ironlift');
      writeFileSync(path, cut);
      const start = performance.now();
      const outcome = use(path);
      codes.set(outcome, (codes.get(outcome) ?? 0) + 1);
      expect(performance.now() - start).toBeLessThan(5000);
    }
    expect(
      [...codes.keys()].filter(
        (code) => !['opened', 'ENGAGEMENT_DAMAGED', 'NOT_AN_ENGAGEMENT', 'ENGAGEMENT_TOO_NEW'].includes(code),
      ),
    ).toEqual([]);
    expect(codes.get('ENGAGEMENT_DAMAGED')).toBeGreaterThan(20);
  });
});

/** Opens, reads all, writes. @returns how it went; throws what is no typed error */
function use(path: string): string {
  let file: ReturnType<typeof openEngagement> | undefined;
  try {
    file = openEngagement(path, { now });
    for (const { id } of file.servers()) {
      file.inventory(id);
      file.rollups(id);
      file.annotations(id);
      file.demandProfile(id);
      for (const { metric, instance } of file.series(id)) file.readSamples(id, metric, instance, 0, 1e15);
      file.rollUp(id);
    }
    file.appendSamples(file.server(named('new'), T0).id, batch([1], [1]));
    for (const { name } of file.documents('plan')) file.document('plan', name);
    file.problems(file.collections()[0]?.id ?? 0);
    return 'opened';
  } catch (error) {
    if (!isIronliftError(error)) throw error;
    return error.code;
  } finally {
    file?.close();
  }
}
