/**
 * One measurement of reports. `node report-part.ts make N FILE` makes up and plans an estate of N servers and keeps what a
 * report is made of; `node report-part.ts write FILE FORMAT,...` builds the report of it in a process of its own, whose
 * memory nothing else has used, writes it in these formats and prints a `ReportPart` as JSON.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { formatter } from '../../migration-core/report/format.ts';
import { formatById } from '../../migration-core/report/formats.ts';
import type { ReportInput } from '../../migration-core/report/input.ts';
import { REPORT_DEFAULTS } from '../../migration-core/report/input.ts';
import { makeReport } from '../../migration-core/report/make.ts';
import { readReportInput } from '../../migration-core/report/read-input.ts';
import { WRITE_DEFAULTS } from '../../migration-core/report/writer.ts';
import { createEngagement } from '../../migration-core/store/open.ts';
import { factsOf } from './plan-estate.ts';
import { makeScenario, study } from './plan-study.ts';

export interface ReportPart {
  /** `report`: building it; `redact`: once more, without names. Seconds of processor time. */
  steps: { what: string; cpu: number; wall: number; bytes: number }[];
  /** Largest resident memory of the process, bytes: with the estate alone, and when all is written. */
  before: number;
  peak: number;
}

/** Rules can be asked questions; what is asked only while planning is left behind. */
function plain(value: unknown): unknown {
  if (typeof value === 'function') return undefined;
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (value instanceof Map) return new Map([...value].map(([key, of]) => [key, plain(of)]));
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([key, of]) => [key, plain(of)]));
}

function makeInput(count: number): ReportInput {
  const { assessed, options } = study(factsOf(count), makeScenario(count));
  const path = join(tmpdir(), `ironlift-bench-${randomUUID()}.ironlift`);
  // The estate is made up and in memory; the file has the project alone.
  const engagement = createEngagement(path, { name: 'bench', now: () => options.now });
  let input: ReportInput;
  try {
    input = readReportInput(engagement, assessed, { ...options, program: 'Ironlift bench' });
  } finally {
    engagement.close();
    rmSync(path, { force: true });
  }
  const summaries = assessed.facts.map(({ id, identity, inventory }) => ({
    ...{ id, identity, vendor: null, model: null, rollup: null },
    operatingSystem: inventory?.operatingSystem?.name ?? null,
    cores: inventory?.processors?.[0]?.cores ?? null,
    memoryBytes: inventory?.memoryBytes ?? null,
    ...{ diskBytes: null, firstSample: options.now - 2_592_000_000, lastSample: options.now },
  }));
  return { ...input, summaries };
}

async function write(file: string, ids: readonly string[]): Promise<ReportPart> {
  const steps: ReportPart['steps'] = [];
  async function step<T>(what: string, work: () => T | Promise<T>): Promise<T> {
    const [began, cpu] = [performance.now(), process.cpuUsage()];
    const made = await work();
    const { user, system } = process.cpuUsage(cpu);
    const bytes = made instanceof Uint8Array ? made.length : 0;
    steps.push({ what, cpu: (user + system) / 1e6, wall: (performance.now() - began) / 1000, bytes });
    return made;
  }
  const whole = deserialize(readFileSync(file)) as ReportInput;
  const before = process.resourceUsage().maxRSS * 1024;
  const report = await step('report', () => makeReport(whole, REPORT_DEFAULTS, false));
  const world = {
    format: formatter('en-GB', report.meta.currency, 60),
    options: WRITE_DEFAULTS,
  };
  for (const id of ids) {
    const write = await formatById(id)!.load();
    await step(id, async () => {
      const made = await write(report, world);
      return made instanceof Uint8Array ? made : Buffer.concat(made.map(({ bytes }) => bytes));
    });
  }
  const peak = process.resourceUsage().maxRSS * 1024;
  await step('redact', () => makeReport(whole, REPORT_DEFAULTS, true));
  return { steps, before, peak };
}

const [what, first, second] = process.argv.slice(2);
if (what === 'make') writeFileSync(second!, serialize(plain(makeInput(Number(first)))));
else console.log(JSON.stringify(await write(first!, second!.split(','))));
