/**
 * The engagement file: layouts of measurements side by side, and what is asked of the one that is used. Limits are of
 * one core and leave room for a busy machine.
 */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createEngagement, openEngagement } from '../../migration-core/store/open.ts';
import { CACHE } from './disk.ts';
import { LAYOUTS } from './store-layouts.ts';
import { MONTH, SERIES_KINDS, someSeries, START } from './store-series.ts';

const LIVE_SERIES = 60;
const DAY_OF_TICKS = 288;
const END = START + 400 * 86_400_000;
const MIB = 2 ** 20;

export interface StoreResult {
  what: string;
  value: string;
  limit?: string;
  missed: boolean;
}

/** Of processor time: others may be busy on the same machine. */
const seconds = (work: () => void): number => {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
};

/** Bytes that this process gave to write() so far (Linux). */
const written = (): number => Number(/^wchar: (\d+)$/mu.exec(readFileSync('/proc/self/io', 'latin1'))![1]);

const least = (rounds: number, work: () => void): number =>
  Math.min(...Array.from({ length: rounds }, () => seconds(work)));

/** Size, speed and bytes written of each layout, 100 series of a month each, all kinds of figures in turn. */
export function compareLayouts(): string[][] {
  const table = [['', 'bytes/sample', 'append M/s', 'read month ms', 'live KiB/append']];
  const all = someSeries(100);
  const live = all.slice(0, LIVE_SERIES);
  for (const { name, open } of LAYOUTS) {
    const folder = mkdtempSync(join(CACHE, 'store-'));
    try {
      const file = open(join(folder, 'bulk.ironlift'));
      const took = seconds(() => all.forEach((series, id) => file.append(id, series)));
      const read = least(5, () => void file.read(7, START, END));
      if (file.read(7, START, END).length !== MONTH) throw new Error(`${name} lost samples.`);
      file.close();
      const size = statSync(join(folder, 'bulk.ironlift')).size;
      const ticking = open(join(folder, 'live.ironlift'));
      // Days go by, until chunks are full.
      const before = written();
      for (let tick = 0; tick < 2 * DAY_OF_TICKS; tick++)
        ticking.tick(live.map(({ times, values }, id) => ({ id, time: times[tick]!, value: values[tick]! })));
      const perTick = (written() - before) / (2 * DAY_OF_TICKS);
      ticking.close();
      const samples = all.length * MONTH;
      table.push([
        name,
        (size / samples).toFixed(2),
        (samples / took / 1e6).toFixed(2),
        (read * 1000).toFixed(2),
        (perTick / 1024).toFixed(0),
      ]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return table;
}

/** Bytes for each sample of each kind of figure. */
export function sizes(): StoreResult[] {
  return SERIES_KINDS.map((kind) => {
    const folder = mkdtempSync(join(CACHE, 'store-'));
    try {
      const path = join(folder, 'a.ironlift');
      const file = createEngagement(path, { name: 'benchmark', now: () => 0 });
      const { id } = file.server({ name: 'server', macs: [] }, 0);
      const all = someSeries(120, [kind]);
      all.forEach(({ times, values }, i) =>
        file.appendSamples(id, { metric: kind.metric, instance: `${i}`, times, values, interval: 300 }),
      );
      file.close();
      const size = statSync(path).size / all.length / MONTH;
      return {
        what: `${kind.name}: bytes/sample`,
        value: size.toFixed(2),
        limit: kind.limit.toString(),
        missed: size > kind.limit,
      };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

/** Ten million samples, and ten thousand servers. */
export function limits(): StoreResult[] {
  const folder = mkdtempSync(join(CACHE, 'store-'));
  const results: StoreResult[] = [];
  const at = (what: string, value: number, limit: number, unit: string, atLeast = false): void => {
    results.push({
      what: `${what}, ${unit}`,
      value: value.toFixed(value < 10 ? 2 : 0),
      limit: limit.toString(),
      missed: atLeast ? value < limit : value > limit,
    });
  };
  try {
    const path = join(folder, 'a.ironlift');
    const now = (): number => START;
    const file = createEngagement(path, { name: 'benchmark', now });
    const some = someSeries(20);
    const ids = Array.from({ length: 58 }, (_, i) => file.server({ name: `server${i}`, macs: [] }, START).id);
    const took = seconds(() => {
      for (const id of ids)
        file.transaction(() =>
          some.forEach(({ kind, times, values }, i) =>
            file.appendSamples(id, { metric: kind.metric, instance: `${i}`, times, values, interval: 300 }),
          ),
        );
    });
    const samples = ids.length * some.length * MONTH;
    at(`append ${(samples / 1e6).toFixed(1)} million samples`, samples / took / 1e6, 1, 'million/s', true);
    at('peak memory by then', process.resourceUsage().maxRSS / 1024, 250, 'MiB');
    const { metric } = some[4]!.kind;
    at(
      'read a month of one series',
      least(5, () => void file.readSamples(ids[30]!, metric, '4', START, END)) * 1000,
      20,
      'ms',
    );
    at('roll up a server of 20 series', seconds(() => void file.rollUp(ids[3]!)) * 1000, 500, 'ms');
    at(
      'close',
      seconds(() => file.close()),
      2,
      's',
    );
    const megabytes = statSync(path).size / MIB;
    at(
      `open it again, ${megabytes.toFixed(0)} MiB, every page checked`,
      least(3, () => openEngagement(path, { now }).close()) * 1000,
      500,
      'ms',
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  results.push(...tenThousandServers());
  return results;
}

function tenThousandServers(): StoreResult[] {
  const folder = mkdtempSync(join(CACHE, 'store-'));
  try {
    const now = (): number => START;
    const file = createEngagement(join(folder, 'a.ironlift'), { name: 'benchmark', now });
    const { kind, times, values } = someSeries(1, undefined, 300)[0]!;
    file.transaction(() => {
      for (let i = 0; i < 10_000; i++) {
        const hex = i.toString(16).padStart(6, '0');
        const identity = {
          name: `server-${i}`,
          fqdn: `server-${i}.example.org`,
          smbiosUuid: `4c4c4544-0031-3010-8033-c2c04f${hex}`,
          serial: `S${hex}`,
          macs: [`00:1b:21:${hex.replace(/(..)(..)(..)/u, '$1:$2:$3')}`],
        };
        const { id } = file.server(identity, START);
        file.appendSamples(id, { metric: kind.metric, instance: '', times, values, interval: 300 });
        file.rollUp(id);
      }
    });
    const list = least(5, () => {
      if (file.servers().length !== 10_000) throw new Error('Servers are lost.');
    });
    file.close();
    return [
      { what: 'list 10,000 servers, ms', value: (list * 1000).toFixed(0), limit: '100', missed: list > 0.1 },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
