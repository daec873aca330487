import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { WEEK_SHAPES, type DemandProfile } from '../../../migration-core/assess/model/demand.ts';
import { eachServer, readEstate, type ProfileMaker } from '../../../migration-core/assess/read-estate.ts';
import type { EngagementFile } from '../../../migration-core/store/engagement.ts';
import { openEngagement } from '../../../migration-core/store/open.ts';
import { batch, named, newFile, now, T0 } from '../store/support.ts';

/** A maker of little profiles: the mean of the processor, and weeks of one number. */
function smallMaker(version = 1): ProfileMaker & { made: number[] } {
  const made: number[] = [];
  return {
    made,
    characterise(engagement, id) {
      made.push(id);
      const { values } = engagement.readSamples(id, 'cpu.busy', '', 0, 1e15);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      return {
        days: mean,
        weeks: WEEK_SHAPES.map((shape) => ({ shape, values: new Float32Array(1) })),
      } as DemandProfile;
    },
    encode: ({ days }) => Uint8Array.of(version, days),
    decode: (bytes, shapes) =>
      bytes[0] === version
        ? ({
            days: bytes[1],
            weeks: shapes.map((shape) => ({ shape, values: new Float32Array(1) })),
          } as DemandProfile)
        : null,
  };
}

function fill(file: EngagementFile, count: number): void {
  const collection = file.beginCollection({ collector: 't', source: 't', digest: null, startedAt: T0 });
  for (let n = 1; n <= count; n++) {
    const { id } = file.server(named(`s${n}`), T0);
    if (n !== 2) file.appendSamples(id, batch([T0, T0 + 300_000], [n, n + 2]));
    if (n === 3) file.putInventory(id, { identity: named('s3'), memoryBytes: 5, gaps: [] }, T0, collection);
  }
  file.putAnnotations(1, { owner: 'Ann' });
}

describe('the facts of an estate', () => {
  it('are read server by server; profiles are made once, and again where something came', async () => {
    const file = await newFile();
    fill(file, 4);
    const maker = smallMaker();
    const seen: string[] = [];
    const options = {
      shapes: ['10-min-peak'] as const,
      progress: ({ doneBytes, totalBytes }: { doneBytes: number; totalBytes: number }) =>
        void seen.push(`${doneBytes}/${totalBytes}`),
    };
    const first = await readEstate(file, maker, options);
    expect(first.facts.map(({ name, profile }) => [name, profile?.days ?? null])).toEqual([
      ['s1', 2],
      ['s2', null],
      ['s3', 4],
      ['s4', 5],
    ]);
    expect(first.facts[0]!.annotations).toEqual({ owner: 'Ann' });
    expect(first.facts[2]!.inventory!.memoryBytes).toBe(5);
    expect(first.facts[0]!.profile!.weeks.map(({ shape }) => shape)).toEqual(['10-min-peak']);
    expect([first.made, first.kept, seen.at(-1)]).toEqual([3, 3, '4/4']);
    expect(await readEstate(file, maker, options)).toEqual({ ...first, made: 0, kept: 0 });
    file.appendSamples(4, batch([T0 + 600_000], [14]));
    expect((await readEstate(file, maker, options)).facts[3]!.profile!.days).toBe(8);
    expect(maker.made).toEqual([1, 3, 4, 4]);
    // Of another version.
    expect((await readEstate(file, smallMaker(2), options)).made).toBe(3);
    // A file that is only read gives the same.
    const reader = openEngagement(file.path, { now, readOnly: true });
    expect(await readEstate(reader, smallMaker(3), options)).toMatchObject({
      made: 3,
      kept: 0,
      problems: [],
    });
    reader.close();
  });

  it('end when they are told to, and what was made is kept', async () => {
    const file = await newFile();
    fill(file, 5);
    const stop = new AbortController();
    const maker = smallMaker();
    const read = async (): Promise<void> => {
      for await (const { facts } of eachServer(file, maker, { shapes: [], signal: stop.signal }))
        if (facts.id === 3) stop.abort();
    };
    await expect(read()).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(maker.made).toEqual([1, 3]);
    expect([1, 2, 3, 4].map((id) => file.demandProfile(id) !== null)).toEqual([true, false, true, false]);
  });

  it('of one server that is damaged are told to be so, and no other suffers', async () => {
    const file = await newFile();
    fill(file, 4);
    file.close();
    const database = new Database(file.path);
    database.exec(`UPDATE inventory SET data = x'00'; UPDATE annotation SET data = '[]';
      UPDATE chunk SET data = x'00' WHERE series = (SELECT id FROM series WHERE server = 4)`);
    database.close();
    const damaged = openEngagement(file.path, { now, readOnly: true });
    const { facts, problems } = await readEstate(damaged, smallMaker(), { shapes: [] });
    expect(facts.map(({ name, profile }) => [name, profile?.days ?? null])).toEqual([
      ['s1', 2],
      ['s2', null],
      ['s3', 4],
      ['s4', null],
    ]);
    expect(problems.map(({ message }) => message)).toEqual([
      'What was said of s1 could not be used: What was said of a server in the engagement file is damaged: a value is missing or of the wrong kind.',
      'The inventory of s3 could not be used: The inventory of a server in the engagement file is damaged: it cannot be unpacked.',
      expect.stringMatching(
        /^The samples of s4 could not be used: Measurements in the engagement file are damaged: /u,
      ),
    ]);
    damaged.close();
  });
});
