/**
 * Instances of the Vectorpack collection (Mommessin, Erlebach, Shakhlevich 2025): number of dimensions; capacities; number
 * of items; then of each its sizes and how often it occurs.
 */
import { readFileSync } from 'node:fs';
import { readdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { PackingProblem } from '../../migration-core/plan/packing/problem.ts';
import { run } from './tools.ts';

export interface Instance {
  /** New, Panigrahy, Triplet: the folder of the collection; empty where there is none. */
  set: string;
  name: string;
  capacity: number[];
  items: number[][];
}

export function readInstance(path: string, set = ''): Instance {
  const numbers = readFileSync(path, 'utf8').trim().split(/\s+/u).map(Number);
  let at = 0;
  const take = (count: number): number[] => numbers.slice(at, (at += count));
  const [dimensions] = take(1);
  const capacity = take(dimensions!);
  const [count] = take(1);
  const items: number[][] = [];
  for (let i = 0; i < count!; i++) {
    const sizes = take(dimensions!);
    const [times] = take(1);
    for (let k = 0; k < times!; k++) items.push(sizes);
  }
  if (at !== numbers.length || numbers.some((value) => !Number.isSafeInteger(value)))
    throw new Error(`${path} is not a Vectorpack instance.`);
  return { set, name: basename(path, '.vbp'), capacity, items };
}

/** Unpacks with the system's tar into a new folder, which it returns with the instances. The caller removes it. */
export async function unpackInstances(archive: string): Promise<{ folder: string; instances: Instance[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'ironlift-packing-'));
  await run('tar', ['-xJf', archive, '-C', folder]);
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.vbp')).sort();
  return {
    folder,
    instances: files.map((file) => readInstance(join(folder, file), file.split('/')[0])),
  };
}

/** Some of the Triplet set have sizes below zero, which no demand is. */
export const isMeaningful = ({ items }: Instance): boolean => items.flat().every((value) => value >= 0);

/** Sizes as one timed resource each, in one slot; hosts as many as needed. */
export function problemOf({ capacity, items }: Instance): PackingProblem {
  return {
    timed: capacity.length,
    slots: 1,
    fixed: 0,
    items: items.map((sizes, index) => ({
      key: String(index).padStart(6, '0'),
      demand: Uint32Array.from(sizes),
      needs: [],
    })),
    hosts: [{ key: 'host', count: Infinity, capacity, room: [], cost: 1 }],
    rules: { together: [], apart: [], gathered: [] },
  };
}

/** Largest over the dimensions of the sum over the capacity, rounded up: the bound of the published figures. */
export function simpleBound({ capacity, items }: Instance): number {
  return Math.max(
    ...capacity.map((size, r) => Math.ceil(items.reduce((sum, item) => sum + item[r]!, 0) / size)),
  );
}

/** First fit decreasing by the L2 norm of the shares, with nothing of ours in it: the number of hosts. */
export function firstFitDecreasing({ capacity, items }: Instance): number {
  const norm = (item: number[]): number => item.reduce((sum, v, r) => sum + (v / capacity[r]!) ** 2, 0);
  const hosts: number[][] = [];
  for (const item of items.toSorted((a, b) => norm(b) - norm(a))) {
    let host = hosts.find((used) => used.every((v, r) => v + item[r]! <= capacity[r]!));
    if (host === undefined) {
      host = capacity.map(() => 0);
      hosts.push(host);
    }
    for (const [r, v] of item.entries()) host[r]! += v;
  }
  return hosts.length;
}
