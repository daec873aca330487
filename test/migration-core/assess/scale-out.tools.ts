/** What the queries of resources/scale-out make of an export, by DuckDB, is what the program makes of the samples. */
import { DuckDBInstance } from '@duckdb/node-api';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ruleBook } from '../../../migration-core/assess/rules/pack.ts';
import {
  CONFIDENCE_DAYS,
  CONFIDENCE_METRICS,
  CONFIDENCE_WEIGHTS,
} from '../../../migration-core/assess/rules/confidence.ts';
import { IO_CLASSES } from '../../../migration-core/assess/rules/io.ts';
import {
  healthyCoverage,
  idleLimits,
  systemMemory,
  zombieLimits,
} from '../../../migration-core/assess/rules/verdict.ts';
import { serverScore } from '../../../migration-core/assess/sizing/cpu-score.ts';
import { engagementSource, exportForScaleOut } from '../../../migration-core/assess/scale-out/export.ts';
import { RULES, SAMPLES, SERIES, SERVERS } from '../../../migration-core/assess/scale-out/schema.ts';
import type { EngagementFile } from '../../../migration-core/store/engagement.ts';
import type { MetricId } from '../../../migration-core/store/model/metrics.ts';
import type { Rollup } from '../../../migration-core/store/model/rollup.ts';
import { scratchFolder, seeded } from '../../support/tools.ts';
import { ironlift } from '../../support/world.ts';
import { batch, named, newFile, T0 } from '../store/support.ts';

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

/** The definitions, once more in plain words of TypeScript. */
function expected(file: EngagementFile, at: number): Record<string, unknown> {
  const summary = file.servers()[at]!;
  const { rollup, cores, memoryBytes } = summary;
  const rollups = file.rollups(summary.id);
  const inventory = file.inventory(summary.id)?.inventory;
  const speed = inventory === undefined ? null : 1e9;
  const { id, identity } = summary;
  const score =
    serverScore(
      {
        id,
        name: identity.name,
        identity,
        inventory: inventory ?? null,
        profile: null,
        annotations: file.annotations(id),
      },
      book,
    )?.perCore ?? null;
  const cpu = rollups.find(({ metric }) => metric === 'cpu.busy');
  const times = (...factors: (number | null | undefined)[]): number | null =>
    factors.every((one) => one != null) ? factors.reduce<number>((product, one) => product * one, 1) : null;
  const share =
    rollup?.networkBytesP95 != null && speed !== null ? (rollup.networkBytesP95 * 8) / speed : null;

  const names = ['low', 'moderate', 'high'] as const;
  const classOf = (
    value: number | null | undefined,
    part: 'operations' | 'bytes' | 'networkShare',
  ): number => {
    if (value == null) return -1;
    const found = names.findIndex((name) => value <= book.value(IO_CLASSES[name])[part]);
    return found < 0 ? 3 : found;
  };
  const worst = Math.max(
    classOf(rollup?.diskOperationsP95, 'operations'),
    classOf(rollup?.diskBytesP95, 'bytes'),
    classOf(share, 'networkShare'),
  );
  const usage = (): string => {
    const [idle, zombie] = [book.value(idleLimits), book.value(zombieLimits)];
    const used = rollup?.memoryUsedP95 ?? null;
    const memory =
      used === null || memoryBytes === null
        ? null
        : (100 * Math.max(0, used - book.value(systemMemory))) / memoryBytes;
    const cpuLoad = rollup?.cpuP95 ?? null;
    const loads = [cpuLoad, memory, share === null ? null : 100 * share];
    const most = [idle.cpu, idle.memory, idle.network];
    if (loads.some((load, n) => load !== null && load > most[n]!)) return 'active';
    const operations = rollup?.diskOperationsP95 ?? null;
    if (
      rollup !== null &&
      rollup.coverage >= book.value(healthyCoverage) &&
      cpuLoad !== null &&
      cpuLoad < zombie.cpu &&
      share !== null &&
      100 * share < zombie.network &&
      operations !== null &&
      operations < zombie.diskOperations
    )
      return 'zombie';
    return loads.includes(null) ? 'unknown' : 'idle';
  };

  const weights = book.value(CONFIDENCE_WEIGHTS);
  const first = Math.min(...rollups.map((one) => one.first));
  const last = Math.max(...rollups.map((one) => one.last));
  const covered = (one: (typeof rollups)[number]): number => {
    const ms = one.slot * 1000;
    return Math.min(
      1,
      one.slots / (Math.round((one.last - first + ms) / ms) + Math.round((last - one.last) / ms)),
    );
  };
  const mean = (list: number[]): number | null =>
    list.length === 0 ? null : list.reduce((sum, one) => sum + one, 0) / list.length;
  const of = (start: string): number[] =>
    rollups
      .filter(({ metric, instance }) => metric.startsWith(start) && !['dm-0', 'bond0'].includes(instance))
      .map(covered);
  const parts = [
    ...rollups.filter(({ metric }) => ['cpu.busy', 'memory.used'].includes(metric)).map(covered),
    mean(of('disk.')),
    mean(of('nic.')),
  ].filter((one) => one !== null);
  const coverage = parts.length === 0 ? null : Math.min(...parts);
  const duration = rollup === null ? null : Math.min(1, rollup.days / book.value(CONFIDENCE_DAYS));
  // Of eight that are wanted, the samples of this estate have these.
  const measures: Record<string, string> = {
    'cpu.busy': 'cpu',
    'memory.used': 'memoryUsed',
    'disk.readOperations': 'diskOperations',
    'disk.writeOperations': 'diskOperations',
    'disk.readBytes': 'diskBytes',
    'disk.writeBytes': 'diskBytes',
    'nic.receivedBytes': 'networkBytes',
    'nic.sentBytes': 'networkBytes',
  };
  const metrics =
    new Set(rollups.map(({ metric }) => measures[metric])).size / book.value(CONFIDENCE_METRICS).length;
  const weekend = rollups.some(({ week }) => week.slice(120).some((value) => !Number.isNaN(value)));
  const weekday = rollups.some(({ week }) => week.slice(0, 120).some((value) => !Number.isNaN(value)));
  const start = new Date(last);
  const turn = rollups.length > 0 && Date.UTC(start.getUTCFullYear(), start.getUTCMonth()) > first;
  const cycle = [weekday, weekend, turn, rollup?.backupWindow != null].filter(Boolean).length / 4;
  return {
    name: summary.identity.name,
    cpu_p50: cpu?.p50 ?? null,
    cpu_p95: rollup?.cpuP95 ?? null,
    cpu_p99: cpu?.p99 ?? null,
    cpu_maximum: rollup?.cpuMaximum ?? null,
    cpu_cores_p95: times(rollup?.cpuP95, 0.01, cores),
    cpu_core_units_p95: times(rollup?.cpuP95, 0.01, cores, score),
    memory_used_p95: rollup?.memoryUsedP95 ?? null,
    memory_used_p99: rollups.find(({ metric }) => metric === 'memory.used')?.p99 ?? null,
    disk_operations_p95: rollup?.diskOperationsP95 ?? null,
    network_bytes_p95: rollup?.networkBytesP95 ?? null,
    io_class: worst < 0 ? 'unknown' : [...names, 'extreme'][worst]!,
    usage_class: usage(),
    part_coverage: coverage,
    part_duration: duration,
    part_metrics: metrics,
    part_cycle: cycle,
    confidence:
      100 *
      (weights.coverage * (coverage ?? 0) +
        weights.duration * (duration ?? 0) +
        weights.metrics * metrics +
        weights.cycle * cycle),
  };
}

/** Sums of floats in another order: all but the last digits. */
const near = (value: unknown): unknown =>
  typeof value === 'number'
    ? (expect.closeTo(value, 9 - Math.ceil(Math.log10(Math.abs(value) + 1))) as unknown)
    : value;

describe('an export as Parquet', () => {
  it('gives DuckDB what the program finds: inputs of verdicts, and percentiles from raw samples', async () => {
    const file = await estate();
    const folder = join(await scratchFolder(), 'out');
    const written = await exportForScaleOut(engagementSource(file), folder, { rules: book, samples: true });
    expect(written.map(({ name, rows }) => [name, rows])).toEqual([
      ['rules.parquet', book.all().length],
      ['servers.parquet', 25],
      ['series.parquet', file.servers().flatMap(({ id }) => file.rollups(id)).length],
      [
        'samples.parquet',
        file
          .servers()
          .flatMap(({ id }) => file.series(id))
          .reduce((sum, { samples }) => sum + samples, 0),
      ],
    ]);
    const verdicts = await query(folder, 'verdict-inputs.sql');
    const servers = file.servers();
    const position = new Map(servers.map(({ id }, at) => [BigInt(id), at]));
    expect(verdicts).toHaveLength(25);
    for (const row of verdicts) {
      const ours = expected(file, position.get(row['server'] as bigint)!);
      const theirs = Object.fromEntries(Object.keys(ours).map((key) => [key, row[key]]));
      expect(theirs).toEqual(
        Object.fromEntries(Object.entries(ours).map(([key, value]) => [key, near(value)])),
      );
    }
    for (const key of ['io_class', 'usage_class'])
      expect(new Set(verdicts.map((row) => row[key])).size).toBeGreaterThanOrEqual(4);

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
    await exportForScaleOut(engagementSource(file), folder, { rules: book, samples: false });
    expect(readdirSync(folder).toSorted()).toEqual([
      'README.txt',
      'rollups-from-samples.sql',
      'rules.parquet',
      'series.parquet',
      'servers.parquet',
      'verdict-inputs.sql',
    ]);
    const readme = readFileSync(join(folder, 'README.txt'), 'utf8');
    const types = { integer: 'BIGINT', double: 'DOUBLE', text: 'VARCHAR', boolean: 'BOOLEAN' };
    for (const { name, columns } of [SERVERS, SERIES, RULES]) {
      const found = await duckdb(folder, `DESCRIBE SELECT * FROM '${name}.parquet'`);
      expect(found.map((row) => [row['column_name'], row['column_type']])).toEqual(
        columns.map((column) => [column.name, types[column.type]]),
      );
      for (const column of columns) expect(readme).toContain(`  ${column.name.padEnd(22)} ${column.type}`);
    }
    expect(readme).not.toContain('samples.parquet\n');
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
