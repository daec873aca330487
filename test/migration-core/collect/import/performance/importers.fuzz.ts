/** Every importer with inputs of its kind in which bytes, lines and pieces were changed: samples or a typed error, in time. */
import { readFileSync, existsSync } from 'node:fs';

import { describe, expect, it } from 'vitest';
import { isIronliftError } from '../../../../../migration-core/base/errors.ts';
import type { ImportInput } from '../../../../../migration-core/collect/collector.ts';
import { recogniseInput } from '../../../../../migration-core/collect/import/recognise.ts';
import { importers } from '../../../../../migration-core/collect/import/table.ts';
import { sharedPath } from '../../../../support/shared.ts';
import { seeded } from '../../../../support/tools.ts';
import { SEEDS } from './seeds.ts';

const CASES = Number(process.env['IRONLIFT_FUZZ_CASES'] ?? 40);
/** A case of some hundred kilobytes takes milliseconds. */
const SLOWEST = 5000;

function inputOf(name: string, bytes: Uint8Array, random: () => number): ImportInput {
  return {
    path: `/fuzz/${name}`,
    name,
    isFolder: false,
    size: bytes.length,
    head: bytes.subarray(0, 64 << 10),
    entries: [],
    async *read() {
      // Pieces of any size, in one buffer that is used again.
      const buffer = new Uint8Array(1 << 16);
      for (let at = 0; at < bytes.length;) {
        const length = Math.min(1 + Math.floor(random() ** 3 * buffer.length), bytes.length - at);
        buffer.set(bytes.subarray(at, at + length));
        yield buffer.subarray(0, length);
        buffer.fill(0xaa, 0, length);
        at += length;
      }
    },
  };
}

const TOKENS = [
  '"',
  '\n',
  ',',
  ';',
  '\0',
  '{',
  '}',
  '[',
  ']',
  '1e999',
  '-1',
  '99999999999999999999',
  '\\',
  '""',
  '\r',
  ' ',
  'NaN',
  '__proto__',
  '\u{1f600}',
  '(',
  ')\\',
  '12:00:00 AM',
];

function mutate(bytes: Uint8Array, random: () => number): Uint8Array {
  let mutated = Buffer.from(bytes);
  const times = 1 + Math.floor(random() * 8);
  for (let i = 0; i < times; i++) {
    const at = Math.floor(random() * mutated.length);
    const length = Math.floor(random() ** 3 * 2000);
    const kind = random();
    if (kind < 0.3) mutated[at] = Math.floor(random() * 256);
    else if (kind < 0.5) mutated = Buffer.concat([mutated.subarray(0, at), mutated.subarray(at + length)]);
    else if (kind < 0.65) {
      const from = Math.floor(random() * mutated.length);
      mutated = Buffer.concat([
        mutated.subarray(0, at),
        mutated.subarray(from, from + length),
        mutated.subarray(at),
      ]);
    } else if (kind < 0.9) {
      const token = TOKENS[Math.floor(random() * TOKENS.length)]!;
      mutated = Buffer.concat([mutated.subarray(0, at), Buffer.from(token), mutated.subarray(at)]);
    } else mutated = mutated.subarray(0, at);
    if (mutated.length === 0) mutated = Buffer.from('x');
  }
  return mutated;
}

const plain = (path: string): Uint8Array | null =>
  existsSync(sharedPath(path)) ? readFileSync(sharedPath(path)) : null;

/** Ones that are there on this machine: logs of real servers besides the seeds. */
const real = [
  ['waflia.csv', plain('perf/perfmon/waflia-DataCollector01-cp1251.csv')],
  ['narmadha.csv', plain('perf/perfmon/narmadha-DataCollector01.csv')],
  ['mw2q.txt', plain('perf/sar/mw2q-sar.txt')],
] as const;

async function outcome(name: string, bytes: Uint8Array, random: () => number): Promise<string> {
  const options = { now: () => 0, serverName: 'fuzzed', startTime: 1e12, intervalSeconds: 60 };
  try {
    const input = inputOf(name, bytes, random);
    const importer = recogniseInput(input, importers);
    // Runs a program of this machine; its reader is the one of its JSON.
    if (importer.id === 'sar-binary') return 'binary';
    for await (const item of importer.read(input, options)) {
      if (item.kind !== 'samples') continue;
      for (const { times, values, metric } of item.batches) {
        for (let i = 0; i < times.length; i++) {
          if (i > 0 && !(times[i]! > times[i - 1]!)) throw new Error(`times of ${metric} do not ascend`);
          if (!Number.isFinite(values[i]!) || !Number.isFinite(times[i]!))
            throw new Error(`${metric} is not finite`);
        }
      }
    }
    return importer.id;
  } catch (error) {
    if (isIronliftError(error)) return error.code;
    throw error;
  }
}

describe('mutated inputs', () => {
  const inputs = [...SEEDS.map(([name, text]) => [name, Buffer.from(text)] as const), ...real];
  it.each(inputs)('%s', async (name, bytes) => {
    if (bytes === null) return;
    const random = seeded(name.length * 7919 + bytes.length);
    expect(await outcome(name, bytes, random)).not.toMatch(/^[A-Z]/u);
    for (let i = 0; i < CASES; i++) {
      const mutated = mutate(bytes, random);
      const before = performance.now();
      await outcome(name, mutated, random);
      const took = performance.now() - before;
      expect(took, `case ${i} of ${name}`).toBeLessThan(SLOWEST);
    }
  });

  it.each([
    ['one line of quotes', '"'.repeat(2 << 20)],
    ['quotes and line ends', '"\n'.repeat(500_000)],
    ['brackets', `{"sysstat": {"hosts": ${'['.repeat(1 << 20)}`],
    [
      'a million columns',
      `time,server,${'cpu %,'.repeat(300_000)}\n2024-01-01 00:00,s,${'1,'.repeat(300_000)}\n`,
    ],
    [
      'a number of a million digits',
      `time,server,cpu %\n2024-01-01 00:00,s,${'1'.repeat(1 << 20)}\n2024-01-01 00:05,s,1\n`,
    ],
    [
      'headings alone',
      `"(PDH-CSV 4.0) (UTC)(0)",${'"\\\\\\\\A\\\\Memory\\\\Pages/sec",'.repeat(50_000)}\n`.repeat(2),
    ],
    ['parentheses', `node_x{a="${'\\"'.repeat(100_000)}\n`.repeat(3)],
    ['blanks', `Linux 3 (a) 05/31/24\n\n00:00:01 ${' '.repeat(1 << 20)}x\n`],
  ])('%s', async (_, text) => {
    const before = performance.now();
    await outcome('bomb.csv', Buffer.from(text), seeded(1));
    expect(performance.now() - before).toBeLessThan(SLOWEST);
  });
});
