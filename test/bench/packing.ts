/**
 * How few hosts the packing engine needs for public instances, and how long it takes.
 *
 *   npm run bench:packing -- --estate N [--effort quick|normal|thorough] [--check]
 *   npm run bench:packing -- --bitbrains ARCHIVE
 *   npm run bench:packing -- --planetlab FOLDER [--effort quick|normal|thorough] [--check]
 *   npm run bench:packing -- FILE... [--limit MS] [--only PART-OF-A-NAME] [--ffd] [--check]
 *
 * FILE: instances of the Vectorpack collection, or archives of them (.tar.xz). `--limit` is for each instance (1000).
 * `--ffd` prints first fit decreasing by L2 norm beside and counts where that needs fewer hosts. `--check` ends with
 * status 1 when a limit of the product is not met. `--estate` packs a made-up estate of N servers (estate.ts) by time and by
 * the habits of the market, and replays the month; then each way to fold a week beside. `--bitbrains` does the latter with real servers.
 */
import { rm } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { pack } from '../../migration-core/plan/packing/pack.ts';
import { faults } from '../support/packing.ts';
import { packBitbrains } from './packing-bitbrains.ts';
import { compareEstate, packEstate } from './packing-estate.ts';
import { packPlanetlab } from './packing-planetlab.ts';
import {
  firstFitDecreasing,
  isMeaningful,
  problemOf,
  readInstance,
  simpleBound,
  unpackInstances,
  type Instance,
} from '../support/vectorpack.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    limit: { type: 'string', default: '1000' },
    only: { type: 'string', default: '' },
    ffd: { type: 'boolean', default: false },
    estate: { type: 'string' },
    bitbrains: { type: 'string' },
    planetlab: { type: 'string' },
    effort: { type: 'string', default: 'normal' },
    check: { type: 'boolean', default: false },
  },
});

/** Per cent over the simple bound, of the sums over the instances with 500 items of the set New, by dimensions. */
const LIMITS: Record<string, number> = { 'New d=3': 5.6, 'New d=5': 13.5, 'New d=10': 30.3 };

interface Total {
  instances: number;
  bound: number;
  hosts: number;
  firstFit: number;
  worse: number;
  milliseconds: number;
}

const totals = new Map<string, Total>();

async function main(): Promise<void> {
  const effort = (['quick', 'normal', 'thorough'] as const).find((one) => one === values.effort);
  if (effort === undefined) throw new Error('--effort is quick, normal or thorough.');
  if (values.estate !== undefined) {
    const isFast = packEstate(Number(values.estate));
    const isFew = compareEstate(Number(values.estate), effort);
    if (values.check && !(isFast && isFew)) process.exitCode = 1;
    return;
  }
  if (values.bitbrains !== undefined) {
    packBitbrains(values.bitbrains);
    return;
  }
  if (values.planetlab !== undefined) {
    if (!packPlanetlab(values.planetlab, effort) && values.check) process.exitCode = 1;
    return;
  }
  if (positionals.length === 0)
    throw new Error('Name instances, or archives of them: npm run bench:packing -- FILE...');
  const limit = Number(values.limit);
  for (const file of positionals) {
    if (!file.endsWith('.tar.xz')) {
      measure(readInstance(file), limit);
      continue;
    }
    const { folder, instances } = await unpackInstances(file);
    try {
      for (const instance of instances) measure(instance, limit);
    } finally {
      await rm(folder, { recursive: true });
    }
  }
  let missed = 0;
  console.log('\nset                   instances  bound  hosts  over the bound  ms');
  for (const [name, total] of totals) {
    const over = (hosts: number): number => (hosts / total.bound - 1) * 100;
    const wanted = LIMITS[name];
    const met = (wanted === undefined || over(total.hosts) <= wanted) && total.worse === 0;
    if (!met) missed++;
    console.log(
      [
        name.padEnd(22),
        String(total.instances).padStart(9),
        String(total.bound).padStart(7),
        String(total.hosts).padStart(7),
        `${over(total.hosts).toFixed(2)} %`.padStart(16),
        String(Math.round(total.milliseconds / total.instances)).padStart(6),
        values.ffd ? `  FFD ${over(total.firstFit).toFixed(2)} %, fewer in ${total.worse}` : '',
        wanted === undefined ? '' : `  limit ${wanted} %: ${met ? 'met' : 'MISSED'}`,
      ].join(''),
    );
  }
  if (values.check && missed > 0) process.exitCode = 1;
}

function measure(instance: Instance, limit: number): void {
  const { set, name, capacity } = instance;
  if (!`${set} ${name}`.includes(values.only)) return;
  if (!isMeaningful(instance)) {
    console.log(`${name.padEnd(24)} skipped: it has sizes below zero`);
    return;
  }
  const problem = problemOf(instance);
  const began = performance.now();
  const result = pack(problem, {
    seed: 1,
    rounds: Infinity,
    expired: () => performance.now() - began >= limit,
  });
  const milliseconds = performance.now() - began;
  const wrong = faults(problem, result);
  if (wrong.length > 0 || result.unplaced.length > 0)
    throw new Error(`${name}: ${[...wrong, `${result.unplaced.length} unplaced`].join('; ')}`);
  const bound = simpleBound(instance);
  const firstFit = values.ffd ? firstFitDecreasing(instance) : 0;
  const hosts = result.hosts.length;
  console.log(
    `${name.padEnd(24)} hosts ${hosts}  bound ${bound} (${result.bound.hosts} by ${result.bound.by})  ${Math.round(milliseconds)} ms` +
      (values.ffd ? `  FFD ${firstFit}${firstFit < hosts ? ' FEWER' : ''}` : ''),
  );
  for (const key of [set || 'instances', `${set} d=${capacity.length}`.trim()]) {
    const total = totals.get(key) ?? {
      instances: 0,
      bound: 0,
      hosts: 0,
      firstFit: 0,
      worse: 0,
      milliseconds: 0,
    };
    total.instances++;
    total.bound += bound;
    total.hosts += hosts;
    total.firstFit += firstFit;
    total.worse += values.ffd && firstFit < hosts ? 1 : 0;
    total.milliseconds += milliseconds;
    totals.set(key, total);
  }
}

await main();
