import { isDeepStrictEqual } from 'node:util';
import { crc32 } from 'node:zlib';
import { expect, it } from 'vitest';
import { characterise } from '../../../../migration-core/assess/characterise/characterise.ts';
import { decodeProfile, encodeProfile } from '../../../../migration-core/assess/characterise/codec.ts';
import type { MetricId } from '../../../../migration-core/store/model/metrics.ts';
import { weekOnTarget } from '../../../../migration-core/assess/sizing/on-target.ts';
import { judgeConfidence } from '../../../../migration-core/assess/confidence.ts';
import { sizeServer } from '../../../../migration-core/assess/sizing/size.ts';
import { seeded } from '../../../support/tools.ts';
import {
  contextOf,
  factsOf,
  MONDAY,
  noAbout,
  noisyMonth,
  readerOf,
  type TestSeries,
} from '../measured-servers.ts';

const CASES = Number(process.env['IRONLIFT_FUZZ_CASES'] ?? 300);

/** With its checksum made good again: what a stranger who knows the format would write. */
function sealed(bytes: Uint8Array): Uint8Array {
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(4, crc32(bytes.subarray(8)), true);
  return bytes;
}

it('bytes of a stranger are a profile of finite figures, or none', () => {
  const random = seeded(11);
  const good = encodeProfile(characterise(readerOf(noisyMonth(3, 16)), noAbout())!);
  let accepted = 0;
  for (let i = 0; i < CASES; i++) {
    let bytes = new Uint8Array(good);
    for (let turns = Math.floor(random() * 4) + 1; turns > 0; turns--) {
      // Mostly in the head, where lengths and figures are.
      const at = Math.floor(random() * (random() < 0.7 ? 4500 : bytes.length));
      bytes[at] = random() < 0.5 ? 0x30 + Math.floor(random() * 10) : Math.floor(random() * 256);
    }
    if (random() < 0.2) bytes = bytes.slice(0, 8 + Math.floor(random() * bytes.length));
    const profile = bytes.length < 8 ? null : decodeProfile(sealed(bytes));
    if (profile === null) continue;
    accepted++;
    for (const { values } of profile.weeks)
      expect(values.every((value) => Number.isNaN(value) || (value >= 0 && Number.isFinite(value)))).toBe(
        true,
      );
  }
  // Else the fuzzer never reached what it is for.
  expect(accepted).toBeGreaterThan(CASES / 100);
});

it('samples of a stranger are characterised and sized without a crash, and come back from the file', () => {
  const random = seeded(12);
  const METRICS: MetricId[] = [
    'cpu.busy',
    'memory.used',
    'memory.available',
    'memory.total',
    'disk.readOperations',
    'disk.readBytes',
    'disk.readLatency',
    'disk.queue',
    'nic.sentBytes',
    'paging.in',
  ];
  const NAMES = ['', '*', 'sda', 'sda1', 'eth0', 'bond0', '__proto__', '\u001b[2J', '=cmd'];
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
  const value = (): number =>
    pick([0, -0, 1, 50, 1e9, -1, Number.NaN, 1e200, Number.POSITIVE_INFINITY, 5e-324, random() * 100]);
  let profiles = 0;
  // A hundred times the work of the other.
  const cases = Math.ceil(CASES / 8);
  for (let i = 0; i < cases; i++) {
    const series: TestSeries[] = [];
    const taken = new Set<string>();
    for (let n = Math.floor(random() * 6); n >= 0; n--) {
      const metric = pick(METRICS);
      const instance = pick(NAMES);
      if (taken.has(metric + instance)) continue;
      taken.add(metric + instance);
      const step = pick([1, 60_000, 300_000, 300_000, 420_000, 3_600_000, 86_400_000, 2e12]);
      let time = pick([MONDAY, MONDAY, 0, -8e15, 8e15, MONDAY + 1e11]);
      const samples = Array.from({ length: Math.floor(random() * 600) + 1 }, () => {
        time += Math.ceil(step * (random() < 0.05 ? random() * 1000 : 1));
        return [time, value()] as const;
      });
      series.push({
        metric,
        instance,
        samples,
        interval: pick([0, 1, 60, 300, 420, 3600, 1e9, step / 1000]),
      });
    }
    const about = noAbout({
      utcOffsetMinutes: pick([0, 345, -720, 840]),
      toldBackups:
        random() < 0.3
          ? [{ startMinute: Math.floor(random() * 1441), endMinute: Math.floor(random() * 1441), days: [] }]
          : [],
      usedBytes: pick([null, 0, 1e12]),
    });
    const profile = characterise(readerOf(series), about);
    if (profile === null) continue;
    profiles++;
    expect(isDeepStrictEqual(decodeProfile(encodeProfile(profile)), profile)).toBe(true);
    const facts = factsOf({ profile });
    const sized = sizeServer(facts, contextOf());
    if (sized !== null) {
      expect(weekOnTarget(facts, sized, '10-min-peak').every((one) => one >= 0 && Number.isFinite(one))).toBe(
        true,
      );
      expect(Number.isSafeInteger(sized.vcpus) && sized.vcpus > 0).toBe(true);
      expect(sized.memoryBytes).toBeGreaterThan(0);
    }
    const { value: trust } = judgeConfidence(facts, sized, contextOf());
    expect(trust >= 0 && trust <= 100).toBe(true);
  }
  expect(profiles).toBeGreaterThan(cases / 4);
});
