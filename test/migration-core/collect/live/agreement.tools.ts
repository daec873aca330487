/**
 * Our figures beside those of sar and vmstat, taken over the same seconds of this machine while it computes and writes.
 * Tolerances: the judges look once a second at other moments than we do, so up to a second of a window of ten may
 * belong to one and not to the other.
 */
import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { collectLocal } from '../../../../migration-core/collect/local/collect.ts';
import { needTools, run, scratchFolder } from '../../../support/tools.ts';

/** Percentage points. */
const PROCESSOR_TOLERANCE = 8;
const MEMORY_TOLERANCE = 0.05;
const DISK_TOLERANCE = 0.2;

interface SarDisk {
  operations: number;
  read: number;
  written: number;
  busy: number;
}

interface SarSecond {
  at: number;
  idle: number;
  system: number;
  available: number;
  disks: Map<string, SarDisk>;
}

interface Sadf {
  sysstat: {
    hosts: {
      statistics: {
        timestamp: { date: string; time: string };
        'cpu-load': {
          idle: number;
          iowait: number;
          steal: number;
          sys: number;
          irq: number;
          soft: number;
        }[];
        memory: { avail: number };
        disk: {
          'disk-device': string;
          tps: number;
          rkB: number;
          wkB: number;
          'util-percent': number;
        }[];
      }[];
    }[];
  };
}

const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Keeps one processor busy and writes to the disk, past the cache, until the test is over. */
async function load(folder: string): Promise<void> {
  const burning = spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' });
  const file = join(folder, 'load');
  const write = `while dd if=/dev/zero of=${file} bs=64k count=400 oflag=direct conv=notrunc 2>/dev/null; do :; done`;
  const writing = spawn('sh', ['-c', write], { stdio: 'ignore' });
  onTestFinished(async () => {
    burning.kill('SIGKILL');
    writing.kill('SIGKILL');
    await rm(file, { force: true });
  });
}

function sarSeconds(text: string): SarSecond[] {
  const { hosts } = (JSON.parse(text) as Sadf).sysstat;
  return hosts[0]!.statistics.map((one) => {
    const [cpu] = one['cpu-load'];
    return {
      at: Date.parse(`${one.timestamp.date}T${one.timestamp.time}Z`),
      idle: cpu!.idle + cpu!.iowait + cpu!.steal,
      system: cpu!.sys + cpu!.irq + cpu!.soft,
      available: one.memory.avail * 1024,
      disks: new Map(
        one.disk.map((disk) => [
          disk['disk-device'],
          {
            operations: disk.tps,
            read: disk.rkB * 1024,
            written: disk.wkB * 1024,
            busy: disk['util-percent'],
          },
        ]),
      ),
    };
  });
}

describe('samples of a machine under load', () => {
  it('agree with sar and vmstat', async () => {
    needTools('sar', 'sadf', 'vmstat');
    const folder = await scratchFolder();
    await load(folder);
    const record = join(folder, 'sa');
    const seconds = 15;
    const judges = Promise.all([
      run('sar', ['-o', record, '-u', 'ALL', '-r', '-d', '1', String(seconds)]),
      run('vmstat', ['-n', '-t', '1', String(seconds + 1)], { env: { TZ: 'UTC' } }),
    ]);
    const times: number[] = [];
    const values = new Map<string, number[]>();
    const performance = { interval: 5, duration: 12 };
    for await (const event of collectLocal({ inventory: false, performance })) {
      if (event.kind !== 'samples') continue;
      times.push(event.batches[0]!.times[0]!);
      // The first sample has no rates, and is the beginning of the window.
      if (times.length === 1) continue;
      for (const { metric, instance, values: one } of event.batches) {
        const key = `${metric} ${instance}`;
        values.set(key, [...(values.get(key) ?? []), one[0]!]);
      }
    }
    const [, vmstat] = await judges;
    expect(times.length).toBe(3);
    const [from, to] = [times[0]!, times.at(-1)!];
    const ours = (key: string): number => mean(values.get(key) ?? [NaN]);

    const json = await run('sadf', ['-j', record, '--', '-u', 'ALL', '-r', '-d']);
    const window = sarSeconds(json).filter(({ at }) => at > from && at <= to + 500);
    expect(window.length).toBeGreaterThan(7);
    expect(Math.abs(ours('cpu.busy ') - (100 - mean(window.map(({ idle }) => idle))))).toBeLessThan(
      PROCESSOR_TOLERANCE,
    );
    expect(Math.abs(ours('cpu.privileged ') - mean(window.map(({ system }) => system)))).toBeLessThan(
      PROCESSOR_TOLERANCE,
    );
    const available = mean(window.map((one) => one.available));
    expect(Math.abs(ours('memory.available ') / available - 1)).toBeLessThan(MEMORY_TOLERANCE);

    const lines = vmstat
      .split('\n')
      .slice(3)
      .map((line) => line.trim().split(/\s+/u));
    const judged = lines.filter((words) => {
      const at = Date.parse(`${words.at(-2)}T${words.at(-1)}Z`);
      return at > from && at <= to + 500;
    });
    const busy = mean(judged.map((words) => Number(words[12]) + Number(words[13])));
    expect(Math.abs(ours('cpu.busy ') - busy)).toBeLessThan(PROCESSOR_TOLERANCE);

    const disk = [...window[0]!.disks.keys()].find((name) => values.has(`disk.writeBytes ${name}`));
    expect(disk, 'a disk that both know').toBeDefined();
    const sar = (pick: (one: SarDisk) => number): number =>
      mean(window.map(({ disks }) => pick(disks.get(disk!)!)));
    const bytes = ours(`disk.readBytes ${disk}`) + ours(`disk.writeBytes ${disk}`);
    const operations = ours(`disk.readOperations ${disk}`) + ours(`disk.writeOperations ${disk}`);
    console.log(
      `cpu ${ours('cpu.busy ').toFixed(1)} sar ${(100 - mean(window.map(({ idle }) => idle))).toFixed(1)} vmstat ${busy.toFixed(1)} %;`,
      `available ${(ours('memory.available ') / 1e6).toFixed(0)} sar ${(available / 1e6).toFixed(0)} MB;`,
      `${disk} ${(bytes / 1e6).toFixed(1)} sar ${(sar(({ read, written }) => read + written) / 1e6).toFixed(1)} MB/s,`,
      `${operations.toFixed(0)} sar ${sar((one) => one.operations).toFixed(0)} operations/s,`,
      `busy ${ours(`disk.busy ${disk}`).toFixed(0)} sar ${sar((one) => one.busy).toFixed(0)} %`,
    );
    expect(Math.abs(bytes / sar(({ read, written }) => read + written) - 1)).toBeLessThan(DISK_TOLERANCE);
    expect(Math.abs(operations / sar((one) => one.operations) - 1)).toBeLessThan(DISK_TOLERANCE);
    expect(Math.abs(ours(`disk.busy ${disk}`) - sar((one) => one.busy))).toBeLessThan(20);
    expect(operations).toBeGreaterThan(5);
  });
});
