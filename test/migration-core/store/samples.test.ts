import { describe, expect, it } from 'vitest';
import { seeded } from '../../support/tools.ts';
import { batch, named, newFile, T0 } from './support.ts';

const ALL = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;

describe('measurements', () => {
  it('come back as they were given', async () => {
    const file = await newFile();
    const { id } = file.server(named('a'), T0);
    expect(file.appendSamples(id, batch([T0, T0 + 1, T0 + 5], [1.5, Number.NaN, -0]))).toEqual({
      added: 3,
      repeated: 0,
    });
    expect(file.readSamples(id, 'cpu.busy', '', T0, T0 + 5)).toEqual(batch([T0, T0 + 1], [1.5, Number.NaN]));
    expect(file.readSamples(id, 'cpu.busy', '', T0 + 1, T0 + 6)).toEqual(
      batch([T0 + 1, T0 + 5], [Number.NaN, -0]),
    );
    expect(file.readSamples(id, 'cpu.user', '', ...ALL).times.length).toBe(0);
    expect(file.readSamples(id, 'cpu.busy', 'x', ...ALL).interval).toBe(0);
  });

  it('of the same time stay, and the new ones count as repeated; what was missing is filled', async () => {
    const file = await newFile();
    const { id } = file.server(named('a'), T0);
    file.appendSamples(id, batch([1, 2, 3], [1, Number.NaN, 3]));
    expect(file.appendSamples(id, batch([1, 2, 3, 4], [9, 2, Number.NaN, 4]))).toEqual({
      added: 2,
      repeated: 2,
    });
    expect([...file.readSamples(id, 'cpu.busy', '', ...ALL).values]).toEqual([1, 2, 3, 4]);
    expect(file.series(id)[0]).toMatchObject({ samples: 4, first: 1, last: 4 });
  });

  it('in any order and overlapping are what a plain map would make of them', async () => {
    const random = seeded(11);
    const file = await newFile();
    const { id } = file.server(named('a'), T0);
    for (let series = 0; series < 12; series++) {
      const expected = new Map<number, number>();
      const span = [200, 3000, 20_000][series % 3]!;
      for (let round = 0; round < 30; round++) {
        // Backwards in time, at random, or one by one at the end.
        const length = [1, 30, 900][Math.floor(random() * 3)]!;
        const start = series % 4 === 3 ? span - (round + 1) * 40 : Math.floor(random() * span);
        const times = [
          ...new Set(Array.from({ length }, () => start + Math.floor(random() * length * 2))),
        ].map((minute) => T0 + minute * 60_000);
        if (series % 2 === 0) times.sort((a, b) => a - b);
        const values = times.map(() => Math.round(random() * 1e4) / 100);
        let added = 0;
        times.forEach((time, i) => {
          if (expected.has(time)) return;
          expected.set(time, values[i]!);
          added++;
        });
        const counts = file.appendSamples(id, batch(times, values, { instance: `${series}` }));
        expect(counts).toEqual({ added, repeated: times.length - added });
      }
      const sorted = [...expected].sort(([a], [b]) => a - b);
      const read = file.readSamples(id, 'cpu.busy', `${series}`, ...ALL);
      expect([...read.times]).toEqual(sorted.map(([time]) => time));
      expect([...read.values]).toEqual(sorted.map(([, value]) => value));
      const [from, to] = [T0 + 50 * 60_000, T0 + 150 * 60_000];
      expect([...file.readSamples(id, 'cpu.busy', `${series}`, from, to).times]).toEqual(
        sorted.map(([time]) => time).filter((time) => time >= from && time < to),
      );
      const info = file.series(id).find(({ instance }) => instance === `${series}`)!;
      expect(info).toMatchObject({ samples: sorted.length, first: sorted[0]![0], last: sorted.at(-1)![0] });
    }
  });

  it('far apart do not read what lies between', async () => {
    const file = await newFile();
    const { id } = file.server(named('a'), T0);
    const many = Array.from({ length: 200_000 }, (_, i) => T0 + (i + 1) * 1000);
    file.appendSamples(
      id,
      batch(
        many,
        many.map((_, i) => i % 100),
      ),
    );
    const start = performance.now();
    for (let i = 0; i < 20; i++) file.appendSamples(id, batch([T0 - i, T0 + 3e8 + i], [0, 0]));
    expect(performance.now() - start).toBeLessThan(1000);
    expect(file.series(id)[0]!.samples).toBe(200_040);
  });

  it('refuses what is no time, and keeps nothing of it', async () => {
    const file = await newFile();
    const { id } = file.server(named('a'), T0);
    for (const time of [Number.NaN, Infinity, 1e16])
      expect(() => file.appendSamples(id, batch([T0, time], [1, 2]))).toThrow(
        expect.objectContaining({ code: 'INTERNAL' }),
      );
    expect(file.series(id)).toEqual([]);
  });

  it('tells the interval that was seen', async () => {
    const file = await newFile();
    const { id } = file.server(named('a'), T0);
    const times = Array.from({ length: 50 }, (_, i) => T0 + i * 60_000 + (i % 3));
    file.appendSamples(
      id,
      batch(
        times,
        times.map(() => 1),
        { interval: 0 },
      ),
    );
    expect(file.series(id)[0]!.interval).toBeCloseTo(60, 1);
    // A live collector gives one at a time.
    for (let i = 0; i < 20; i++)
      file.appendSamples(id, batch([T0 + i * 15_000], [i], { instance: 'live', interval: 15 }));
    expect(file.series(id).map(({ instance, interval }) => [instance, interval])).toEqual([
      ['', expect.closeTo(60, 1)],
      ['live', 15],
    ]);
    expect(file.servers()[0]).toMatchObject({ firstSample: T0, lastSample: times.at(-1) });
  });
});
