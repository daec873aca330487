/** Profiles of real servers, through the importer and the engagement file; Python computes them from the traces themselves. */
import { readdirSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { characterise } from '../../../../migration-core/assess/characterise/characterise.ts';
import { decodeProfile, encodeProfile } from '../../../../migration-core/assess/characterise/codec.ts';
import { aboutServer, engagementReader } from '../../../../migration-core/assess/characterise/reader.ts';
import { judgeConfidence } from '../../../../migration-core/assess/confidence.ts';
import { RESOURCES, type Statistic, type WeekShape } from '../../../../migration-core/assess/model/demand.ts';
import { sizeServer } from '../../../../migration-core/assess/sizing/size.ts';
import { runImport } from '../../../../migration-core/collect/import/job.ts';
import { openEngagement } from '../../../../migration-core/store/open.ts';
import { hasShared, NEEDS_SHARED, sharedPath } from '../../../support/shared.ts';
import { run, scratchFolder } from '../../../support/tools.ts';
import { contextOf, factsOf } from '../measured-servers.ts';

type Figures = Omit<Statistic, 'maximum' | 'p95IsMaximum' | 'p99IsMaximum'>;
interface Judged {
  from: number;
  to: number;
  cpu: Figures;
  memoryUsed: Figures;
  diskBytes: Figures;
  networkBytes: Figures;
  growth: number | null;
  weeks: Record<WeekShape, { cpu: number[]; memory: number[] }>;
}

const SERVERS = 6;

it.skipIf(!hasShared)(
  `profiles of Bitbrains servers are those that Python computes ${NEEDS_SHARED}`,
  async () => {
    const folder = await scratchFolder();
    const traces = join(folder, 'traces');
    await mkdir(traces);
    await run('tar', [
      '-xJf',
      sharedPath('perf/bitbrains/2013-8_2013-9_vm001-030.tar.xz'),
      '-C',
      traces,
      '--wildcards',
      '2013-8/*',
    ]);
    const month = join(traces, '2013-8');
    const files = readdirSync(month).sort();
    for (const file of files.slice(SERVERS)) await rm(join(month, file));
    const engagement = join(folder, 'site.ironlift');
    await runImport({ engagement, paths: [month], again: false });
    const judged = JSON.parse(
      await run('python3', [
        join(import.meta.dirname, 'judge.py'),
        ...files.slice(0, SERVERS).map((file) => join(month, file)),
      ]),
    ) as Record<string, Judged>;

    const file = openEngagement(engagement, { readOnly: true, now: () => 0 });
    try {
      let whole = 0;
      for (const { id, identity } of file.servers()) {
        const expected = judged[`${identity.name.replace('vm-', '')}.csv`]!;
        const profile = characterise(
          engagementReader(file, id),
          aboutServer(null, {}, file.utcOffsetMinutes),
        )!;
        const who = identity.name;
        expect([profile.from, profile.to], who).toEqual([expected.from * 1000, expected.to * 1000]);
        for (const name of ['cpu', 'memoryUsed', 'diskBytes', 'networkBytes'] as const)
          for (const [figure, value] of Object.entries(expected[name]))
            near(profile[name]![figure as keyof Figures], value, `${who} ${name} ${figure}`);
        if (expected.growth === null) expect(profile.growth.cpu, who).toBeNull();
        else near(profile.growth.cpu!, expected.growth, `${who} growth`);
        for (const { shape, values } of profile.weeks) {
          const slots = values.length / RESOURCES.length;
          // Without backups the row of the processor is another one; that of memory never is.
          if (profile.production === null)
            weekNear(values.subarray(0, slots), expected.weeks[shape].cpu, `${who} ${shape} cpu`);
          weekNear(values.subarray(slots, 2 * slots), expected.weeks[shape].memory, `${who} ${shape} memory`);
        }
        if (profile.production === null) whole++;
        expect(decodeProfile(encodeProfile(profile)), who).not.toBeNull();
        const facts = factsOf({ profile, inventory: file.inventory(id)?.inventory ?? null });
        const sized = sizeServer(facts, contextOf())!;
        expect(sized.vcpus, who).toBeGreaterThan(0);
        expect(judgeConfidence(facts, sized, contextOf()).stars, who).toBeGreaterThan(1);
      }
      expect(file.servers()).toHaveLength(SERVERS);
      expect(whole).toBeGreaterThan(0);
    } finally {
      file.close();
    }
  },
);

function near(ours: number, theirs: number, what: string): void {
  expect(Math.abs(ours - theirs), `${what}: ${ours}, Python says ${theirs}`).toBeLessThanOrEqual(
    1e-9 * Math.abs(theirs),
  );
}

/** Rows are kept in 65,535ths of their peak, rounded up. */
function weekNear(ours: Float32Array, theirs: readonly number[], what: string): void {
  const step = Math.max(...theirs) / 65_535;
  expect(ours).toHaveLength(theirs.length);
  ours.forEach((value, at) => {
    const off = value - theirs[at]!;
    if (!(off >= -0.01 * step && off <= 1.01 * step))
      throw new Error(`${what} slot ${at}: ${value}, Python says ${theirs[at]}`);
  });
}
