/** Ten million samples as CSV, wide and long, and what it takes to read them. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { seeded } from '../support/tools.ts';
import { CACHE } from './disk.ts';
import { measure, type Cost } from './measure.ts';

const IRONLIFT = join(import.meta.dirname, '../../bin/ironlift.js');
export const IMPORT_SAMPLES = 10_000_000;
const SERVERS = 250;
const START = Date.UTC(2024, 4, 1);
const EVERY = 300_000;

interface Table {
  name: string;
  heading: string;
  /** Samples of a time of one server. */
  samples: number;
  rows: (time: string, server: string, figure: (most: number) => string) => string;
}

const TABLES: readonly Table[] = [
  {
    name: 'wide',
    heading: 'timestamp,server,cpu_percent,memory used (MB),disk read KB/s,disk write KB/s\n',
    samples: 4,
    rows: (time, server, figure) =>
      `${time},${server},${figure(100)},${figure(65536)},${figure(9000)},${figure(4000)}\n`,
  },
  {
    name: 'long',
    heading: 'timestamp,server,metric,instance,value\n',
    samples: 4,
    // Bytes are whole numbers, memory is counted in KiB, as tools print them.
    rows: (time, server, figure) =>
      `${time},${server},cpu.busy,,${figure(100)}\n${time},${server},memory.used,,${Number(figure(1e7)).toFixed() + '000'}\n` +
      `${time},${server},disk.readBytes,sda,${Number(figure(1e7)).toFixed()}\n${time},${server},nic.sentBytes,eth0,${Number(figure(1e8)).toFixed()}\n`,
  },
];

/** Written once, kept in test/.cache. */
async function table({ name, heading, samples, rows }: Table): Promise<string> {
  const path = join(CACHE, `samples-${name}.csv`);
  if (existsSync(path)) return path;
  await mkdir(CACHE, { recursive: true });
  const random = seeded(1);
  const figure = (most: number): string => (random() * most).toFixed(2);
  const file = await open(`${path}.building`, 'w');
  await file.write(heading);
  const times = IMPORT_SAMPLES / samples / SERVERS;
  for (let step = 0; step < times; step++) {
    const time = `${new Date(START + step * EVERY).toISOString().slice(0, 19)}Z`;
    const text = Array.from({ length: SERVERS }, (_, server) => rows(time, `server-${server}`, figure));
    await file.write(text.join(''));
  }
  await file.close();
  await rename(`${path}.building`, path);
  return path;
}

export interface ImportRow {
  what: string;
  costs: Cost[];
  /** Of the engagement file, bytes for each sample; null where the importer ran alone. */
  bytesPerSample: number | null;
}

/** Reads each table by the importer alone, in a process of its own; then by the whole command, into an engagement file. */
export async function imports(rounds: number): Promise<ImportRow[]> {
  const results: ImportRow[] = [];
  for (const kind of TABLES) {
    const path = await table(kind);
    const costs: Cost[] = [];
    for (let round = 0; round < rounds; round++)
      costs.push(
        await measure(process.execPath, [
          join(import.meta.dirname, 'count-samples.ts'),
          path,
          String(IMPORT_SAMPLES),
        ]),
      );
    const what = `${kind.name} CSV, ${IMPORT_SAMPLES / 1e6} million samples`;
    results.push({ what: `read ${what}`, costs, bytesPerSample: null });
    results.push({ what: `collect import, ${what}`, ...(await wholeImports(path, rounds)) });
  }
  return results;
}

async function wholeImports(path: string, rounds: number): Promise<Omit<ImportRow, 'what'>> {
  const costs: Cost[] = [];
  let bytesPerSample = 0;
  for (let round = 0; round < rounds; round++) {
    const folder = await mkdtemp(join(CACHE, 'bench-'));
    try {
      const engagement = join(folder, 'bench.ironlift');
      costs.push(
        await measure(process.execPath, [IRONLIFT, 'collect', 'import', path, '--engagement', engagement]),
      );
      bytesPerSample = (await stat(engagement)).size / IMPORT_SAMPLES;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  return { costs, bytesPerSample };
}
