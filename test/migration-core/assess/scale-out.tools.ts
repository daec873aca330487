/** What the queries of resources/scale-out make of an export, by DuckDB, is what the program makes of the same servers. */
import { DuckDBInstance } from '@duckdb/node-api';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ruleBook, shippedRulePacks } from '../../../migration-core/assess/rules/pack.ts';
import {
  CONFIDENCE_DAYS,
  CONFIDENCE_METRICS,
  CONFIDENCE_WEIGHTS,
} from '../../../migration-core/assess/rules/confidence.ts';
import { IO_CLASSES, IO_CONSTRAINED, IO_SLOW_DIVISOR } from '../../../migration-core/assess/rules/io.ts';
import {
  healthyCoverage,
  idleLimits,
  systemMemory,
  zombieLimits,
} from '../../../migration-core/assess/rules/verdict.ts';
import { serverScore } from '../../../migration-core/assess/sizing/cpu-score.ts';
import { judgeIo, measuredLoad } from '../../../migration-core/assess/sizing/io-class.ts';
import { overheadOf } from '../../../migration-core/assess/sizing/overhead.ts';
import { makeSample } from '../../../migration-core/collect/sample/engagement.ts';
import { parseScenario } from '../../../migration-core/plan/model/scenario.ts';
import {
  assessStudy,
  contextOf,
  type AssessedStudy,
  type StudyOptions,
} from '../../../migration-core/plan/study.ts';
import { engagementSource, exportForScaleOut } from '../../../migration-core/assess/scale-out/export.ts';
import { LEFT_OUT, PROFILES, TARGET } from '../../../migration-core/assess/scale-out/schema-judging.ts';
import { RULES, SAMPLES, SERIES, SERVERS } from '../../../migration-core/assess/scale-out/schema.ts';
import type { EngagementFile } from '../../../migration-core/store/engagement.ts';
import type { MetricId } from '../../../migration-core/store/model/metrics.ts';
import type { Rollup } from '../../../migration-core/store/model/rollup.ts';
import { scratchFolder, seeded } from '../../support/tools.ts';
import { ironlift } from '../../support/world.ts';
import { batch, named, newFile, now, T0 } from '../store/support.ts';

type Row = Record<string, string | number | boolean | bigint | null>;

/** Runs a query in the folder of an export. */
async function duckdb(folder: string, sql: string): Promise<Row[]> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
  const connection = await instance.connect();
  await connection.run(`SET file_search_path = '${folder}'`);
  const rows = (await connection.runAndReadAll(sql)).getRowObjectsJS() as Row[];
  connection.closeSync();
  instance.closeSync();
  return rows;
}

const query = (folder: string, name: string): Promise<Row[]> =>
  duckdb(folder, readFileSync(join(folder, name), 'utf8'));

const EACH: [MetricId, string, number][] = [
  ['cpu.busy', '', 100],
  ['memory.used', '', 64e9],
  ['disk.readOperations', 'sda', 900],
  ['disk.writeOperations', 'sda', 900],
  ['disk.readOperations', 'dm-0', 900],
  ['disk.readBytes', 'sda', 1e8],
  ['disk.writeBytes', 'sda', 1e8],
  ['nic.receivedBytes', 'eth0', 5e7],
  ['nic.sentBytes', 'eth0', 5e7],
  ['nic.sentBytes', 'bond0', 5e7],
];

/** Servers from idle to busy, long and short measured, with gaps, jitter, and some of which little is known. */
async function estate(): Promise<EngagementFile> {
  const file = await newFile(60);
  const random = seeded(31);
  const collection = file.beginCollection({ collector: 't', source: 't', digest: null, startedAt: T0 });
  for (let n = 0; n < 24; n++) {
    const name = n === 3 ? `=cmd'"\u001b;\n\u{1f680}` : `s${n}`;
    const { id } = file.server(named(name, { serial: `S${n}` }), T0);
    const load = [0.0001, 0.003, 0.02, 0.2, 0.9, 4][n % 6]!;
    const seconds = [60, 300, 300, 900][n % 4]!;
    const count = Math.floor(
      [40, 300, 700, 2500][Math.floor(n / 6)]! * (300 / Math.max(seconds, 300)) * (seconds === 60 ? 2 : 1),
    );
    for (const [at, [metric, instance, scale]] of EACH.entries()) {
      if (n % 8 === 7 && at % 3 === 1) continue;
      const times: number[] = [];
      const values: number[] = [];
      for (let i = 0; i < count; i++) {
        if (random() < 0.05 * (n % 5)) continue;
        times.push(T0 + i * seconds * 1000 + (n % 3 === 2 ? Math.floor((random() - 0.5) * 20_000) : 0));
        const value = Math.min(random() * scale * load, metric === 'cpu.busy' ? 100 : 1e12);
        values.push(random() < 0.01 ? Number.NaN : value);
      }
      file.appendSamples(id, batch(times, values, { metric, instance, interval: seconds }));
    }
    if (n % 8 !== 6)
      file.putInventory(
        id,
        {
          identity: named(name, { serial: `S${n}` }),
          processors: [{ model: 'x', cores: 8, threads: 16, sockets: 2 }],
          memoryBytes: 64 * 2 ** 30,
          networkInterfaces: [
            { name: 'eth0', kind: 'physical', up: true, speed: 1e9, addresses: [] },
            { name: 'bond0', kind: 'bond', up: true, speed: 2e9, addresses: [] },
          ],
          gaps: [],
        },
        T0,
        collection,
      );
    if (n % 2 === 0) file.putAnnotations(id, { launchYear: 2001 + n, criticality: 'high' });
    if (n !== 23) file.rollUp(id);
  }
  file.server(named('never measured'), T0);
  return file;
}

const book = ruleBook('modern');
const OPTIONS: StudyOptions = { now: now(), packs: shippedRulePacks() };

/** What the program itself finds of each server, by its number, in the words of verdict-inputs.sql. */
function found({ facts, context, estate }: AssessedStudy): Map<bigint, Record<string, unknown>> {
  const { profile: planning } = context;
  return new Map(
    facts.map((server, at) => {
      const { profile } = server;
      const { confidence, usage, sized } = estate.assessments[at]!;
      // Whether a server can be sized at all is no matter of its input and output.
      const { io } = sized ?? judgeIo(server, measuredLoad(profile), context);
      const load = measuredLoad(profile);
      const weights = context.rules.value(CONFIDENCE_WEIGHTS);
      const { coverage, duration, metrics, cycle } = confidence.parts;
      const percentile = planning.cpuPercentile;
      const overhead = overheadOf(
        context.platform,
        context.host.nestedPaging,
        profile?.privilegedShare ?? null,
        context.rules,
      );
      const room = planning.comfort * context.growth * (1 + overhead.cpu.middle);
      const isSized =
        profile?.cpu != null && sized?.basis === 'measured' && serverScore(server, context.rules) !== null;
      return [
        BigInt(server.id),
        {
          name: server.name,
          cpu_p50: profile?.cpu?.p50 ?? null,
          cpu_p95: profile?.cpu?.p95 ?? null,
          cpu_p99: profile?.cpu?.p99 ?? null,
          cpu_maximum: profile?.cpu?.maximum ?? null,
          [`cpu_core_units_${percentile}`]: isSized ? (sized.demand.cpu - sized.demand.ioCpu) / room : null,
          memory_used_p95: profile?.memoryUsed?.p95 ?? null,
          memory_used_p99: profile?.memoryUsed?.p99 ?? null,
          production_disk_operations_p95: load.operations,
          production_disk_bytes_p95: load.bytes,
          production_network_bytes_p95: load.network,
          storage_share: io.storageShare,
          network_share: io.networkShare,
          io_constrained: io.constrained,
          io_class: io.class,
          usage_class: usage,
          part_coverage: coverage,
          part_duration: duration,
          part_metrics: metrics,
          part_cycle: cycle,
          confidence:
            100 *
            (weights.coverage * coverage +
              weights.duration * duration +
              weights.metrics * metrics +
              weights.cycle * cycle),
        },
      ] as const;
    }),
  );
}

/** Exports, asks DuckDB, and holds each server against what the program finds. @returns the answers */
async function compared(file: EngagementFile, scenario: object): Promise<Row[]> {
  const study = await assessStudy(file, parseScenario({ name: 'test', ...scenario }), OPTIONS);
  const folder = join(await scratchFolder(), 'out');
  await exportForScaleOut(engagementSource(file), folder, { context: study.context, samples: false });
  const verdicts = await query(folder, 'verdict-inputs.sql');
  const ours = found(study);
  expect(verdicts.map((row) => row['server'])).toEqual([...ours.keys()].toSorted((a, b) => Number(a - b)));
  for (const row of verdicts) {
    const server = ours.get(row['server'] as bigint)!;
    expect(Object.fromEntries(Object.keys(server).map((key) => [key, row[key]]))).toEqual(
      Object.fromEntries(Object.entries(server).map(([key, value]) => [key, near(value)])),
    );
  }
  return verdicts;
}

const kinds = (rows: readonly Row[], key: string): unknown[] =>
  [...new Set(rows.map((row) => row[key]))].toSorted();

/** Sums of floats in another order: all but the last digits. */
const near = (value: unknown): unknown =>
  typeof value === 'number'
    ? (expect.closeTo(value, 9 - Math.ceil(Math.log10(Math.abs(value) + 1))) as unknown)
    : value;

const { context } = contextOf(parseScenario({ name: 'test' }), OPTIONS);
/** Slow disks behind emulated devices, which four times less is much for. */
const OLD = {
  rulePack: 'seed-2007',
  platform: 'full-virtualization-2007',
  template: 'seed-2u-2007',
  profile: 'conservative',
};

describe('the inputs of verdicts by DuckDB', () => {
  it('are those of the program for servers of all sorts, measured well, badly and not at all', async () => {
    const file = await estate();
    const verdicts = await compared(file, {});
    expect(verdicts).toHaveLength(25);
    expect(kinds(verdicts, 'io_class')).toEqual(['extreme', 'high', 'low', 'moderate']);
    expect(kinds(verdicts, 'usage_class')).toEqual(['active', 'idle', 'unknown', 'zombie']);
    const old = await compared(file, OLD);
    // The same servers under other rules and for another host.
    expect(old.filter((row, at) => row['io_class'] !== verdicts[at]!['io_class']).length).toBeGreaterThan(0);
  });

  it('are those of the program for the sample, with a month of measurements and backups at night', async () => {
    const file = await newFile(60);
    await makeSample(file, { now, signal: new AbortController().signal });
    const verdicts = await compared(file, {});
    expect(verdicts.length).toBeGreaterThan(20);
    expect(kinds(verdicts, 'io_class').length).toBeGreaterThan(1);
    expect(kinds(verdicts, 'usage_class').length).toBeGreaterThan(1);
    expect(verdicts.some((row) => Number(row['confidence']) > 90)).toBe(true);
    await compared(file, { ...OLD, profile: 'aggressive' });
  });
});

describe('an export as Parquet', () => {
  it('gives DuckDB percentiles from raw samples as the program has them', async () => {
    const file = await estate();
    const folder = join(await scratchFolder(), 'out');
    const written = await exportForScaleOut(engagementSource(file), folder, { context, samples: true });
    expect(written.map(({ name, rows }) => [name, rows])).toEqual([
      ['rules.parquet', book.all().length],
      ['target.parquet', 1],
      ['servers.parquet', 25],
      ['profiles.parquet', 24],
      ['series.parquet', file.servers().flatMap(({ id }) => file.rollups(id)).length],
      [
        'samples.parquet',
        file
          .servers()
          .flatMap(({ id }) => file.series(id))
          .reduce((sum, { samples }) => sum + samples, 0),
      ],
    ]);
    const servers = file.servers();
    const raw = await query(folder, 'rollups-from-samples.sql');
    const rolled = new Map<string, Rollup>(
      servers.flatMap(({ id }) =>
        file.rollups(id).map((one) => [`${id} ${one.metric} ${one.instance}`, one] as const),
      ),
    );
    let compared = 0;
    for (const row of raw) {
      const ours = rolled.get(`${String(row['server'])} ${String(row['metric'])} ${String(row['instance'])}`);
      if (ours === undefined) continue;
      compared++;
      expect(Number(row['slots'])).toBe(ours.slots);
      for (const key of ['slot', 'first', 'last', 'coverage', 'maximum'] as const)
        expect(row[key]).toBe(ours[key]);
      for (const key of ['mean', 'minimum', 'p50', 'p90', 'p95', 'p99'] as const)
        expect(Math.abs(Number(row[key]) - ours[key])).toBeLessThanOrEqual(1e-12 * Math.abs(ours[key]));
    }
    expect(compared).toBe(rolled.size);
  });

  it('has the columns that its README tells, and texts as they came', async () => {
    const file = await estate();
    const folder = join(await scratchFolder(), 'out');
    await exportForScaleOut(engagementSource(file), folder, { context, samples: false });
    expect(readdirSync(folder).toSorted()).toEqual([
      'README.txt',
      'profiles.parquet',
      'rollups-from-samples.sql',
      'rules.parquet',
      'series.parquet',
      'servers.parquet',
      'target.parquet',
      'verdict-inputs.sql',
    ]);
    const readme = readFileSync(join(folder, 'README.txt'), 'utf8');
    const types = { integer: 'BIGINT', double: 'DOUBLE', text: 'VARCHAR', boolean: 'BOOLEAN' };
    for (const { name, columns } of [SERVERS, PROFILES, SERIES, TARGET, RULES]) {
      const found = await duckdb(folder, `DESCRIBE SELECT * FROM '${name}.parquet'`);
      expect(found.map((row) => [row['column_name'], row['column_type']])).toEqual(
        columns.map((column) => [column.name, types[column.type]]),
      );
      for (const column of columns) expect(readme).toContain(`  ${column.name.padEnd(22)} ${column.type}`);
    }
    expect(readme).not.toContain('samples.parquet\n');
    // A list of what the queries do not tell, a line of the README for each.
    expect(LEFT_OUT.length).toBeGreaterThan(3);
    const flowing = readme.replace(/\s+/gu, ' ');
    for (const sentence of LEFT_OUT) expect(flowing).toContain(`- ${sentence}`);
    expect(SAMPLES.columns.map(({ name }) => name)).toContain('slot_number');
    const names = await duckdb(folder, "SELECT name FROM 'servers.parquet' ORDER BY server");
    expect(names[3]!['name']).toBe(`=cmd'"\u001b;\n\u{1f680}`);
    // The numbers of the queries are rules, each of them there and used.
    const sql = readdirSync(folder)
      .filter((name) => name.endsWith('.sql'))
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .join('');
    const inRules = new Set(
      (await duckdb(folder, "SELECT rule FROM 'rules.parquet'")).map((row) => row['rule']),
    );
    for (const rule of [
      idleLimits,
      zombieLimits,
      systemMemory,
      healthyCoverage,
      ...Object.values(IO_CLASSES),
      IO_SLOW_DIVISOR,
      ...Object.values(IO_CONSTRAINED),
      CONFIDENCE_WEIGHTS,
      CONFIDENCE_DAYS,
      CONFIDENCE_METRICS,
    ]) {
      const { id } = rule;
      expect(inRules).toContain(id);
      for (const pack of ['modern', 'seed-2007']) expect(ruleBook(pack).cite(rule).source).not.toBe('');
      expect(sql).toContain(`'${id}'`);
    }
  });

  it('is made by a command, into an empty folder only, and leaves nothing where it is ended', async () => {
    const file = await estate();
    file.close();
    const folder = join(await scratchFolder(), 'out');
    const command = ['servers', 'export', '--parquet', folder, '--engagement', file.path];
    const made = await ironlift([...command, '--samples']);
    expect(made.status).toBe(0);
    expect(made.err).toContain('Note: the figures of 1 server are older than what was collected since;');
    expect(made.out).toMatch(/^ {2}servers\.parquet +25 rows/mu);
    expect((await duckdb(folder, "SELECT count(DISTINCT server) AS n FROM 'samples.parquet'"))[0]!['n']).toBe(
      24n,
    );
    expect(await ironlift(command)).toMatchObject({
      status: 3,
      err: expect.stringContaining('Error: The folder out is not empty.\n') as unknown,
    });
    const stop = new AbortController();
    stop.abort();
    const other = join(await scratchFolder(), 'out');
    expect((await ironlift(command.with(3, other), stop.signal)).status).toBe(130);
    expect(readdirSync(other)).toEqual([]);
    writeFileSync(join(other, 'a file'), '');
    expect((await ironlift(command.with(3, join(other, 'a file')))).err).toContain(
      'could not be written (EEXIST).',
    );
  });
});
