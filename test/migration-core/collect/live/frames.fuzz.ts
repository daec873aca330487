/** Samples with bytes changed, lines lost, doubled and cut: nothing throws or hangs, and what comes out is a measurement. */
import { expect, it } from 'vitest';
import { readFrames } from '../../../../migration-core/collect/live/frames.ts';
import { Gauge } from '../../../../migration-core/collect/live/gauge.ts';
import { metricInfo } from '../../../../migration-core/store/model/metrics.ts';
import { seeded } from '../../../support/tools.ts';

const CASES = Number(process.env['IRONLIFT_FUZZ_CASES'] ?? 1500);

const sample = (step: number): string =>
  [
    `T sample ${100 + 5 * step}.25 ${1_700_000_000 + 5 * step}`,
    'T stat',
    `cpu  ${1000 + 300 * step} 5 ${200 + 40 * step} ${5000 + 600 * step} 20 0 3 0 0 0`,
    `ctxt ${9000 * step}\nprocs_running 3`,
    'T meminfo',
    'MemTotal: 8000000 kB\nMemFree: 1000000 kB\nBuffers: 5000 kB\nCached: 400000 kB\nMemAvailable: 5000000 kB',
    'SwapTotal: 100 kB\nSwapFree: 50 kB\nCommitted_AS: 12345 kB',
    'T vmstat',
    `pswpin ${step}\npswpout ${2 * step}`,
    'T diskstats',
    `   8 0 sda ${100 * step} 0 ${800 * step} ${50 * step} ${70 * step} 0 ${700 * step} ${30 * step} 0 ${90 * step} ${95 * step}`,
    'T net',
    ` eth0: ${123 * step} ${step} 0 0 0 0 0 0 ${99 * step} ${step} 0 0 0 0 0 0`,
    'T processes',
    `${10 * step} 200 some program`,
    'T disks\nsda\nT nics\neth0\nT volumes',
    '/dev/sda1 1000 400 600 40% /',
    'T end',
    '',
  ].join('\n');

const TEXT = `T machine i686 4096 2\n${[1, 2, 3, 4].map(sample).join('')}`;

function mutated(random: () => number): Buffer {
  const below = (limit: number): number => Math.floor(random() * limit);
  let lines = TEXT.split('\n');
  for (let change = below(4); change > 0; change--) {
    const at = below(lines.length);
    const line = lines[at]!;
    const way = below(5);
    if (way === 0) lines.splice(at, 1);
    else if (way === 1) lines.splice(at, 0, lines[below(lines.length)]!);
    else if (way === 2)
      lines[at] = line.replace(
        /\d+/u,
        ['0', '18446744073709551615', '-1', '1e9', '4294967295', ''][below(6)]!,
      );
    else if (way === 3) lines[at] = line.slice(0, below(line.length + 1));
    else lines = [...lines.slice(0, at), line.repeat(1 + below(3000)), ...lines.slice(at)];
  }
  const bytes = Buffer.from(lines.join('\n'));
  for (let change = below(6); change > 0; change--) bytes[below(bytes.length)] = below(256);
  return bytes;
}

it(`${CASES} damaged recordings`, async () => {
  const random = seeded(20_261_125);
  let measured = 0;
  for (let index = 0; index < CASES; index++) {
    const bytes = mutated(random);
    async function* pieces(): AsyncGenerator<Uint8Array> {
      yield bytes.subarray(0, bytes.length >> 1);
      yield bytes.subarray(bytes.length >> 1);
    }
    const started = performance.now();
    let gauge: Gauge | null = null;
    for await (const event of readFrames(pieces(), 'T')) {
      if (event.kind === 'machine') gauge = new Gauge(event.machine, 5);
      if (event.kind !== 'frame' || gauge === null) continue;
      const { at, batches } = gauge.take(event.frame, 1_700_000_000_000 + event.frame.uptime * 1000);
      expect(Number.isFinite(at)).toBe(true);
      for (const { metric, values, times } of batches) {
        measured++;
        expect(times[0]).toBe(at);
        expect(values[0], `case ${index}: ${metric}`).toBeGreaterThanOrEqual(0);
        if (metricInfo(metric)!.unit === 'percent')
          expect(values[0], `case ${index}: ${metric}`).toBeLessThanOrEqual(100.001);
      }
    }
    expect(performance.now() - started, `case ${index}`).toBeLessThan(2000);
  }
  expect(measured).toBeGreaterThan(CASES * 20);
});
