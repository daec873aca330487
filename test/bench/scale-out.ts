/**
 * An estate that no laptop keeps, as Parquet: time, peak memory, size, and what DuckDB needs for the inputs of all verdicts.
 *
 *   node test/bench/scale-out.ts [SERVERS]      300,000 unless given
 */
import { DuckDBInstance } from '@duckdb/node-api';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shippedRulePacks } from '../../migration-core/assess/rules/pack.ts';
import {
  exportForScaleOut,
  type ExportedServer,
  type ExportSource,
} from '../../migration-core/assess/scale-out/export.ts';
import type { MetricId } from '../../migration-core/store/model/metrics.ts';
import type { Rollup } from '../../migration-core/store/model/rollup.ts';
import { parseScenario } from '../../migration-core/plan/model/scenario.ts';
import { contextOf } from '../../migration-core/plan/study.ts';
import { seeded } from '../support/tools.ts';

const START = Date.UTC(2026, 8, 1);
const SLOTS = 8640;
const EACH: readonly [MetricId, string][] = [
  ['cpu.busy', ''],
  ['cpu.privileged', ''],
  ['memory.used', ''],
  ['memory.available', ''],
  ['disk.readOperations', 'sda'],
  ['disk.writeOperations', 'sda'],
  ['disk.readBytes', 'sda'],
  ['disk.writeBytes', 'sda'],
  ['disk.readLatency', 'sda'],
  ['nic.receivedBytes', 'eth0'],
  ['nic.sentBytes', 'eth0'],
  ['volume.used', '/'],
];

function syntheticSource(count: number): ExportSource {
  return {
    count,
    samples: () => [],
    *servers() {
      const random = seeded(300);
      for (let id = 1; id <= count; id++) yield someServer(id, random);
    },
  };
}

function someServer(id: number, random: () => number): ExportedServer {
  const figure = (scale: number): number => random() * random() * scale;
  const rollups = EACH.map(([metric, instance]): Rollup => {
    const p50 = figure(50);
    return {
      metric,
      instance,
      slot: 300,
      first: START,
      last: START + (SLOTS - 1) * 300_000,
      slots: SLOTS - Math.floor(figure(2000)),
      coverage: 1 - figure(0.2),
      gaps: [],
      mean: p50 * 1.1,
      minimum: p50 / 9,
      maximum: p50 * 2,
      p50,
      p90: p50 * 1.4,
      p95: p50 * 1.6,
      p99: p50 * 1.9,
      percentilesAreMaxima: { p95: false, p99: false },
      week: Array.from({ length: 168 }, () => p50),
    };
  });
  const identity = { name: `srv-${id}`, serial: `S${id}`, macs: [] };
  const cores = 8 + 8 * Math.floor(random() * 8);
  return {
    summary: {
      id,
      identity,
      vendor: 'Dell Inc.',
      model: `PowerEdge R${7 + Math.floor(random() * 3)}40`,
      operatingSystem: `Debian ${8 + Math.floor(random() * 5)}`,
      cores,
      memoryBytes: cores * 8 * 2 ** 30,
      diskBytes: 2e12,
      firstSample: START,
      lastSample: START + (SLOTS - 1) * 300_000,
      rollup: {
        cpuMean: rollups[0]!.mean,
        cpuP95: rollups[0]!.p95,
        cpuMaximum: rollups[0]!.maximum,
        memoryUsedP95: figure(64e9),
        diskOperationsP95: figure(4000),
        diskBytesP95: figure(2e8),
        networkBytesP95: figure(1e8),
        days: 30,
        coverage: rollups[0]!.coverage,
        backupWindow: random() < 0.5 ? null : { startMinute: 1320, endMinute: 60, nights: 20 },
      },
    },
    inventory: {
      identity,
      processors: [
        { model: 'Intel(R) Xeon(R) Gold 6130', sockets: 2, cores, threads: 2 * cores, megahertz: 2100 },
      ],
      networkInterfaces: [{ name: 'eth0', kind: 'physical', up: true, speed: 1e10, addresses: [] }],
      disks: [{ name: 'sda', bytes: 2e12 }],
      gaps: [],
    },
    annotations: {
      criticality: 'normal',
      environment: 'production',
      launchYear: 2007 + Math.floor(random() * 15),
    },
    rollups,
    profile: null,
  };
}

const { context } = contextOf(parseScenario({ name: 'bench' }), { packs: shippedRulePacks(), now: START });
const count = Number(process.argv[2] ?? 300_000);
const folder = mkdtempSync(join(tmpdir(), 'ironlift-scale-'));
try {
  const out = join(folder, 'out');
  const start = process.cpuUsage();
  const files = await exportForScaleOut(syntheticSource(count), out, {
    context,
    samples: false,
  });
  const used = process.cpuUsage(start);
  const peak = process.resourceUsage().maxRSS / 1024;
  console.log(
    `${count} servers: ${((used.user + used.system) / 1e6).toFixed(1)} s of processor, peak ${peak.toFixed(0)} MiB`,
  );
  for (const { name, rows, bytes } of files)
    console.log(`  ${name}: ${rows} rows, ${(bytes / 2 ** 20).toFixed(1)} MiB`);
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run(`SET file_search_path = '${out}'`);
  const sql = readFileSync(join(out, 'verdict-inputs.sql'), 'utf8').replace(/;\s*$/u, '');
  const before = process.cpuUsage();
  const rows = await connection.runAndReadAll(
    `SELECT usage_class, io_class, count(*) FROM (${sql}) GROUP BY ALL ORDER BY ALL`,
  );
  const asked = process.cpuUsage(before);
  console.log(
    `verdict-inputs.sql: ${((asked.user + asked.system) / 1e6).toFixed(1)} s of processor`,
    rows.getRowsJson(),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
