/** Runs a program and tells what it took. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export interface Cost {
  /** Seconds. */
  wall: number;
  /** Seconds of all processors together, user and system. */
  cpu: number;
  /** Largest resident memory, bytes. */
  peak: number;
}

const LOOK_EVERY = 10;

/** bash times the program; its peak memory is looked up in /proc while it runs. @throws when it fails */
export function measure(program: string, args: string[]): Promise<Cost> {
  return new Promise((resolve, reject) => {
    const bash = spawn('bash', ['-c', 'TIMEFORMAT="%R %U %S"; time "$@"', 'bash', program, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
    });
    let peak = 0;
    let errors = '';
    const timer = setInterval(() => (peak = Math.max(peak, childPeak(bash.pid!))), LOOK_EVERY);
    bash.stderr.on('data', (text) => (errors += String(text)));
    bash.on('error', reject);
    bash.on('close', (status) => {
      clearInterval(timer);
      const times = errors.trimEnd().split('\n').at(-1)!.split(' ').map(Number);
      if (status !== 0) reject(new Error(`${program} ${args.join(' ')} ended with ${status}:\n${errors}`));
      else resolve({ wall: times[0]!, cpu: times[1]! + times[2]!, peak });
    });
  });
}

/** VmHWM of the first child of a process, bytes; 0 when it has none (any more). */
function childPeak(pid: number): number {
  try {
    const child = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ')[0]!;
    const found = /^VmHWM:\s*(\d+) kB/mu.exec(readFileSync(`/proc/${child}/status`, 'latin1'));
    return found === null ? 0 : Number(found[1]) * 1024;
  } catch {
    return 0;
  }
}

export interface TreeCost extends Cost {
  /** Largest resident memory of all processes that it started, at one moment; pages that they share count once (PSS). */
  others: number;
}

/** Clock ticks of /proc in a second (Linux, everywhere). */
const TICKS = 100;
const LOOK_AT_TREE_EVERY = 50;

/**
 * A program that starts others: their processor time counts too, as last seen, for a browser does not wait for all of its
 * own processes and bash never hears of them. @throws when it fails
 */
export function measureTree(program: string, args: string[]): Promise<TreeCost> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    const seconds = new Map<number, number>();
    const cost: TreeCost = { wall: 0, cpu: 0, peak: 0, others: 0 };
    let errors = '';
    const look = (): void => {
      let others = 0;
      for (const pid of treeOf(child.pid!)) {
        const seen = lookAt(pid);
        if (seen === null) continue;
        seconds.set(pid, seen.seconds);
        if (pid === child.pid) cost.peak = Math.max(cost.peak, seen.peak);
        else others += seen.shared;
      }
      cost.others = Math.max(cost.others, others);
    };
    const timer = setInterval(look, LOOK_AT_TREE_EVERY);
    child.stderr.on('data', (text) => (errors += String(text)));
    child.on('error', reject);
    child.on('close', (status) => {
      clearInterval(timer);
      cost.wall = (performance.now() - started) / 1000;
      cost.cpu = [...seconds.values()].reduce((sum, one) => sum + one, 0);
      if (status !== 0) reject(new Error(`${program} ${args.join(' ')} ended with ${status}:\n${errors}`));
      else resolve(cost);
    });
  });
}

/** A process and all that come of it. */
function treeOf(pid: number): number[] {
  let children: number[] = [];
  try {
    // Each thread has those that it started.
    children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    // It ended meanwhile.
  }
  return [pid, ...children.flatMap(treeOf)];
}

/** null: it ended meanwhile. */
function lookAt(pid: number): { seconds: number; peak: number; shared: number } | null {
  const read = (name: string): string => readFileSync(`/proc/${pid}/${name}`, 'latin1');
  try {
    const stat = read('stat');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return {
      seconds: (Number(fields[11]) + Number(fields[12])) / TICKS,
      peak: Number(/^VmHWM:\s*(\d+) kB/mu.exec(read('status'))?.[1] ?? 0) * 1024,
      shared: Number(/^Pss:\s*(\d+) kB/mu.exec(read('smaps_rollup'))?.[1] ?? 0) * 1024,
    };
  } catch {
    return null;
  }
}

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
