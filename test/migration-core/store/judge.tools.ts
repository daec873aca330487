/** What is in the file, read a second way: Python decodes the chunks and computes the roll-ups from the documents alone. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createEngagement, openEngagement } from '../../../migration-core/store/open.ts';
import { run, scratchFolder, seeded } from '../../support/tools.ts';
import { batch, named, now, T0 } from './support.ts';

interface Judged {
  times: number[];
  values: (number | null)[];
  figures: Record<string, number> & { week: (number | null)[] };
}

describe('an engagement file', () => {
  it('means the same to Python, sample by sample and percentile by percentile', async () => {
    const path = join(await scratchFolder(), 'site.ironlift');
    const file = createEngagement(path, { name: 'Site', now, utcOffsetMinutes: 60 });
    const { id } = file.server(named('server'), T0);
    const random = seeded(31);
    const kinds: Record<string, (i: number) => number> = {
      decimals: () => Math.round(random() * 1e4) / 100,
      'whole numbers': (i) => Math.round(Math.exp(20 * random())) * (i % 2 === 0 ? 1 : -1),
      'rounding errors': () => 100 - Math.round(random() * 1e4) / 100,
      noise: () => random() * 50,
      kilobytes: (i) => Math.round(1e6 + 1000 * Math.sin(i / 40)) * 1024,
      'often missing': () => (random() < 0.5 ? Number.NaN : Math.round(random() * 100)),
      nothing: () => 0,
    };
    for (const [instance, value] of Object.entries(kinds)) {
      // A day without samples in between; clocks that are up to half a second late.
      const times = Array.from(
        { length: 9000 },
        (_, i) => T0 + (i + 1 + (i > 4000 ? 1440 : 0)) * 60_000 - Math.floor(random() * 500),
      );
      file.appendSamples(
        id,
        batch(
          times,
          times.map((_, i) => value(i)),
          { instance, interval: 60 },
        ),
      );
    }
    file.rollUp(id);
    file.close();
    const judged = JSON.parse(await run('python3', [join(import.meta.dirname, 'judge.py'), path])) as Record<
      string,
      Judged
    >;

    const again = openEngagement(path, { now });
    const rollups = new Map(again.rollups(id).map((rollup) => [rollup.instance, rollup]));
    expect(Object.keys(judged).toSorted()).toEqual(Object.keys(kinds).toSorted());
    for (const [instance, { times, values, figures }] of Object.entries(judged)) {
      const read = again.readSamples(id, 'cpu.busy', instance, 0, 1e15);
      expect([...read.times], instance).toEqual(times);
      expect([...read.values], instance).toEqual(values.map((value) => value ?? Number.NaN));
      const rollup = rollups.get(instance)!;
      const { week, ...rest } = figures;
      for (const [name, value] of Object.entries(rest))
        close(rollup[name as 'mean'], value, `${instance} ${name}`);
      week.forEach((value, hour) => {
        if (value === null) expect(rollup.week[hour]).toBeNaN();
        else close(rollup.week[hour]!, value, `${instance} hour ${hour}`);
      });
    }
    again.close();
  });
});

/** Sums in another order differ in the last digits. */
function close(ours: number, theirs: number, what: string): void {
  expect(Math.abs(ours - theirs), what).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(theirs)));
}
