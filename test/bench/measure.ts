/** Runs a program and tells what it took. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

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

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
