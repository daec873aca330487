/**
 * Thirty real servers of the Bitbrains traces (GWA-T-12), two months, each month packed from three weeks and the fourth
 * replayed. Thirty servers are thirty servers: none is copied.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareShapes } from './packing-shapes.ts';

const PER_DAY = 288;
const WEEK = 7 * PER_DAY;
const MISSING = 0xffff;
const COUNT = 30;
/** Columns of MHz, KB, KB/s read and written, KB/s received and sent; units of ten MHz, MB and ten KB/s. */
const READ = [
  { title: 'cpu', columns: [3], unit: 10 },
  { title: 'memory', columns: [6], unit: 1024 },
  { title: 'disk bytes', columns: [7, 8], unit: 10 },
  { title: 'network bytes', columns: [9, 10], unit: 10 },
];
/** Ten cores of 2.6 GHz, 64 GB, 400 and 250 MB/s: takes each of them. */
const HOST = [2600, 64_000, 40_000, 25_000];
/** Servers that need most of such a host each, and a host for what is left without them: ten GHz and 32 GB. */
const LARGE = [24, 25, 27];
const SMALL_HOST = [1000, 32_000, 40_000, 25_000];
const CEILINGS = [0.8, 0.9, 0.7, 0.7];

export function packBitbrains(archive: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'ironlift-bitbrains-'));
  try {
    execFileSync('tar', ['-xJf', archive, '-C', folder]);
    for (const month of ['2013-8', '2013-9']) {
      const all = Array.from({ length: COUNT }, (_, at) => read(join(folder, month, `${at + 1}.csv`)));
      const small = all.filter((_, at) => !LARGE.includes(at + 1));
      for (const [kind, servers, host, rows] of [
        ['all', all, HOST, [0, 1, 2, 3]],
        ['all, processors alone', all, HOST, [0]],
        ['without three of 32 cores', small, SMALL_HOST, [0, 1, 2, 3]],
        ['without three of 32 cores, processors alone', small, SMALL_HOST, [0]],
      ] as const)
        compareShapes(`Bitbrains ${month}, ${servers.length} servers: ${kind}`, {
          resources: rows.map((r) => READ[r]!.title),
          recorded: servers.map((server) => rows.map((r) => server[r]!)),
          truth: servers.map((server) => rows.map((r) => server[r]!)),
          host: rows.map((r) => host[r]!),
          ceilings: rows.map((r) => CEILINGS[r]!),
          missing: MISSING,
          planned: 3 * WEEK,
          replays: [['week 4', 3 * WEEK, 4 * WEEK]],
          closing: [],
        });
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Rows of one time are one sample, the highest; the first sample of the month begins the first week. */
function read(file: string): Uint16Array[] {
  const rows = READ.map(() => new Uint16Array(4 * WEEK).fill(MISSING));
  const lines = readFileSync(file, 'utf8').split('\n').slice(1);
  let first = -1;
  for (const line of lines) {
    const cells = line.split(';').map(Number);
    if (cells.length < 11) continue;
    const slot = Math.floor(cells[0]! / 300);
    if (first < 0) first = slot;
    const at = slot - first;
    if (at < 0 || at >= 4 * WEEK) continue;
    for (const [r, { columns, unit }] of READ.entries()) {
      const value = Math.min(
        MISSING - 1,
        Math.ceil(columns.reduce((sum, column) => sum + cells[column]!, 0) / unit),
      );
      rows[r]![at] = rows[r]![at] === MISSING ? value : Math.max(rows[r]![at]!, value);
    }
  }
  return rows;
}
