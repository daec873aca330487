/**
 * Speed and memory of whole commands, as ratios to `qemu-img convert` of the same disk in the same run: the machine may
 * be slow or busy, the ratio stays. The disk is in the page cache, outputs are on the same file system, and the
 * programs take turns.
 *
 *   npm run bench -- [--disk PATH] [--rounds N] [--check]
 *   npm run bench -- --images [--only PART-OF-A-NAME] [--rounds N] [--check]
 *   npm run bench -- --store [--check]
 *   npm run bench -- --import [--rounds N] [--check]
 *   npm run bench -- --plan [--check]
 *   npm run bench -- --report [--check]
 *   npm run bench -- --windows [--rounds N] [--check]
 *
 * `--images` converts between image formats instead (images.ts), `--store` measures the engagement file (store.ts),
 * `--import` reads ten million samples (imports.ts), `--plan` plans made-up estates (plan.ts),
 * `--report` writes reports of them (report.ts), `--windows` prepares a large Windows server (windows.ts). `--check` ends with status 1 when a limit is not met.
 */
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findTool, needTools } from '../support/tools.ts';
import { benchDisk, CACHE, sparseServer } from './disk.ts';
import { imageConversions } from './images.ts';
import { imports, IMPORT_SAMPLES } from './imports.ts';
import { measure, median, type Cost } from './measure.ts';
import { planFigures, type PlanFigure } from './plan.ts';
import { reportFigures } from './report.ts';
import { preparations } from './windows.ts';
import { compareLayouts, limits, sizes } from './store.ts';

const { values } = parseArgs({
  options: {
    disk: { type: 'string' },
    rounds: { type: 'string', default: '7' },
    images: { type: 'boolean', default: false },
    store: { type: 'boolean', default: false },
    import: { type: 'boolean', default: false },
    plan: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
    windows: { type: 'boolean', default: false },
    only: { type: 'string' },
    check: { type: 'boolean', default: false },
  },
});

const IRONLIFT = join(import.meta.dirname, '../../bin/ironlift.js');
const GIB = 2 ** 30;
const MIB = 2 ** 20;
/** virt-v2v 2.2.0 on this disk, without KVM, on a machine on which `qemu-img convert` took 2.4 s. */
const VIRT_V2V_RATIO = 321 / 2.4;

interface Row {
  what: string;
  costs: Cost[];
  /** To qemu-img in the same round, and what it may be. */
  ratios?: number[];
  ratioLimit?: number;
  wallLimit?: number;
  /** Seconds of processor time. */
  cpuLimit?: number;
  peakLimit?: number;
  /** Of the file to that of qemu-img, and what it may be. */
  sizeRatio?: number;
  sizeLimit?: number;
}

async function main(): Promise<void> {
  if (values.store) return store();
  if (values.plan || values.report) {
    figures(values.plan ? planFigures() : await reportFigures());
    return;
  }
  needTools('bash');
  if (values.import) return samples();
  if (values.windows) return windows();
  needTools('qemu-img');
  if (values.images) await images();
  else await commands();
}

async function windows(): Promise<void> {
  const what = 'Windows, 100,000 files, SYSTEM of 20 MB: inspect, plan, change, undo';
  const row: Row = {
    what,
    costs: await preparations(Number(values.rounds)),
    wallLimit: 3,
    peakLimit: 300 * MIB,
  };
  print([row]);
  if (values.check && misses(row).length > 0) process.exitCode = 1;
}

async function images(): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  const out = await mkdtemp(join(CACHE, 'bench-'));
  try {
    const rows: Row[] = [];
    for (const row of await imageConversions(out, Number(values.rounds), values.only))
      rows.push(
        { what: `${row.what}, qemu-img`, costs: row.reference },
        { what: `${row.what}, verified`, ...row.verified },
        row,
      );
    print(rows);
    if (values.check && rows.some((row) => misses(row).length > 0)) process.exitCode = 1;
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

async function store(): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  const results = [...limits(), ...sizes()];
  printTable([
    ['', '', 'limit', ''],
    ...results.map(({ what, value, limit, missed }) => [what, value, limit ?? '', missed ? 'MISSED' : '']),
  ]);
  console.log();
  printTable(compareLayouts());
  if (values.check && results.some(({ missed }) => missed)) process.exitCode = 1;
}

function figures(all: PlanFigure[]): void {
  printTable([
    ['', '', 'limit', ''],
    ...all.map(({ what, value, limit, missed }) => [what, value, limit, missed ? 'MISSED' : '']),
  ]);
  for (const { what, stages } of all)
    if (stages !== undefined && stages !== '') console.log(`${what}: ${stages}`);
  if (values.check && all.some(({ missed }) => missed)) process.exitCode = 1;
}

async function samples(): Promise<void> {
  const results = await imports(Number(values.rounds));
  const rows: Row[] = results.map(({ what, costs, bytesPerSample }) =>
    bytesPerSample === null
      ? // A million samples a second, by processor time where the machine is busy.
        { what, costs, cpuLimit: IMPORT_SAMPLES / 1e6, peakLimit: 150 * MIB }
      : { what, costs, wallLimit: 60, peakLimit: 250 * MIB },
  );
  print(rows);
  const sizes = results.filter(({ bytesPerSample }) => bytesPerSample !== null);
  for (const { what, bytesPerSample } of sizes)
    console.log(
      `${what}: ${bytesPerSample!.toFixed(2)} bytes a sample${bytesPerSample! > 4 ? ', MISSED: more than 4' : ''}`,
    );
  const large = sizes.some(({ bytesPerSample }) => bytesPerSample! > 4);
  if (values.check && (large || rows.some((row) => misses(row).length > 0))) process.exitCode = 1;
}

async function commands(): Promise<void> {
  const disk = values.disk ?? (await benchDisk());
  const out = await mkdtemp(join(CACHE, 'bench-'));
  try {
    const rows = await conversions(disk, out, Number(values.rounds));
    rows.push(await inspections(disk, Number(values.rounds)));
    for (const size of [64 * GIB, 2048 * GIB]) rows.push(...(await largeDisks(size, out)));
    print(rows);
    printTimes(rows);
    if (values.check && rows.some((row) => misses(row).length > 0)) process.exitCode = 1;
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

const ironlift = (...args: string[]): Promise<Cost> => measure(process.execPath, [IRONLIFT, ...args]);

/** Runs something that writes to a path, and takes away what it wrote. */
async function into<T>(path: string, work: (path: string) => Promise<T>): Promise<T> {
  try {
    return await work(path);
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}

async function conversions(disk: string, out: string, rounds: number): Promise<Row[]> {
  const qemu: Row = { what: 'qemu-img convert -O qcow2', costs: [] };
  const fast: Row = {
    what: 'ironlift convert --to kvm --no-verify',
    costs: [],
    ratios: [],
    ratioLimit: 0.9,
    peakLimit: 300 * MIB,
  };
  const full: Row = {
    what: 'ironlift convert --to kvm',
    costs: [],
    ratios: [],
    ratioLimit: 1.8,
    peakLimit: 300 * MIB,
  };
  const qemuImg = findTool('qemu-img')!;
  // The first round warms caches and is not counted.
  for (let round = 0; round <= rounds; round++) {
    await readThrough(disk);
    const reference = await into(join(out, 'q'), (path) =>
      measure(qemuImg, ['convert', '-O', 'qcow2', disk, path]),
    );
    if (round > 0) qemu.costs.push(reference);
    for (const row of [fast, full]) {
      const options = row === fast ? ['--no-verify'] : [];
      const cost = await into(join(out, 'i'), (path) =>
        ironlift('convert', disk, '--to', 'kvm', '-o', path, ...options),
      );
      if (round === 0) continue;
      row.costs.push(cost);
      row.ratios!.push(cost.wall / reference.wall);
    }
  }
  return [qemu, fast, full];
}

/** Into the page cache. */
async function readThrough(path: string): Promise<void> {
  const file = await open(path);
  const buffer = new Uint8Array(4 * MIB);
  while ((await file.read(buffer, 0, buffer.length)).bytesRead > 0);
  await file.close();
}

async function inspections(disk: string, rounds: number): Promise<Row> {
  const costs: Cost[] = [];
  for (let round = 0; round < rounds; round++) costs.push(await ironlift('inspect', disk));
  return { what: 'ironlift inspect', costs, wallLimit: 1, peakLimit: 300 * MIB };
}

/** Peak memory of disks that are large and nearly empty. */
async function largeDisks(size: number, out: string): Promise<Row[]> {
  const disk = await sparseServer(size);
  const name = `${size / GIB} GiB sparse`;
  const inspected = await ironlift('inspect', disk);
  const converted = await into(join(out, 'i'), (path) =>
    ironlift('convert', disk, '--to', 'kvm', '-o', path, '--no-verify'),
  );
  return [
    { what: `inspect, ${name}`, costs: [inspected], peakLimit: 300 * MIB },
    { what: `convert --no-verify, ${name}`, costs: [converted], peakLimit: 300 * MIB },
  ];
}

function misses(row: Row): string[] {
  const { costs, ratios, ratioLimit, wallLimit, cpuLimit, peakLimit, sizeRatio, sizeLimit } = row;
  const found: string[] = [];
  if (cpuLimit !== undefined && median(costs.map(({ cpu }) => cpu)) > cpuLimit)
    found.push(`> ${cpuLimit} s of processor time`);
  if (ratioLimit !== undefined && median(ratios!) > ratioLimit) found.push(`ratio > ${ratioLimit}`);
  if (wallLimit !== undefined && median(costs.map(({ wall }) => wall)) > wallLimit)
    found.push(`> ${wallLimit} s`);
  if (peakLimit !== undefined && Math.max(...costs.map(({ peak }) => peak)) > peakLimit)
    found.push(`> ${peakLimit / MIB} MiB`);
  if (sizeLimit !== undefined && sizeRatio! > sizeLimit) found.push(`size > ${sizeLimit}`);
  return found;
}

function print(rows: Row[]): void {
  const lines = [['', 'wall s', '(least)', 'CPU s', 'peak MiB', 'ratio', 'limit', 'size', '']];
  for (const row of rows) {
    const walls = row.costs.map(({ wall }) => wall);
    const missed = misses(row);
    lines.push([
      row.what,
      median(walls).toFixed(2),
      Math.min(...walls).toFixed(2),
      median(row.costs.map(({ cpu }) => cpu)).toFixed(2),
      Math.round(Math.max(...row.costs.map(({ peak }) => peak)) / MIB).toString(),
      row.ratios === undefined ? '' : median(row.ratios).toFixed(2),
      row.ratioLimit?.toString() ?? (row.wallLimit === undefined ? '' : `${row.wallLimit} s`),
      row.sizeRatio?.toFixed(3) ?? '',
      missed.length > 0 ? `MISSED: ${missed.join(', ')}` : '',
    ]);
  }
  printTable(lines);
}

/** The first column to the left, all others to the right. */
function printTable(lines: string[][]): void {
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  for (const line of lines)
    console.log(
      line
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
        .join('  ')
        .trimEnd(),
    );
}

function printTimes(rows: Row[]): void {
  const ours = rows.find(({ ratioLimit }) => ratioLimit === 1.8)!;
  const times = VIRT_V2V_RATIO / median(ours.ratios!);
  console.log(
    `\nMedians of ${values.rounds} rounds. virt-v2v 2.2.0 takes ${VIRT_V2V_RATIO.toFixed(0)} times as long as qemu-img for this disk: ${times.toFixed(0)} times as long as ironlift with verification.`,
  );
}

await main();
