/** Two dozen servers at once, one of the worst moments, and a laptop that slept. */
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../../migration-core/collect/live/clock.ts';
import { collectSsh, type SshItem } from '../../../../migration-core/collect/ssh/collect.ts';
import { soon, startSshd } from '../../../support/sshd.ts';
import { failure, optionsOf, targetOf } from '../../../support/ssh-collect.ts';

const TARGETS = 24;

describe('many servers at once', () => {
  it('are all measured; a lost connection is a gap, comes back, and nothing is made up in between', async () => {
    const sshd = await startSshd();
    const targets = Array.from({ length: TARGETS }, () => targetOf(sshd));
    const cancel = new AbortController();
    const times = new Map(targets.map((target) => [target, [] as number[]]));
    const gaps: string[] = [];
    const items: SshItem[] = [];
    let most = 0;
    let phase: 'first' | 'down' | 'again' = 'first';
    let downAt = 0;
    let upAt = 0;
    let lost = 0;
    const atLeast = (count: number): boolean => [...times.values()].every((list) => list.length >= count);
    const performance = { interval: 5 };
    const options = optionsOf(sshd, { inventory: false, performance, signal: cancel.signal });
    for await (const item of collectSsh(targets, options)) {
      items.push(item);
      if (item.kind === 'samples') {
        times.get(item.target)!.push(item.batches[0]!.times[0]!);
        for (const { values, metric } of item.batches) expect(values[0], metric).toBeGreaterThanOrEqual(0);
      }
      if (item.kind === 'problem') gaps.push(item.problem.message);
      if (item.kind === 'state' && item.state === 'lost') lost++;
      if (phase === 'first' && atLeast(2)) {
        most = await sshd.connections();
        phase = 'down';
        await sshd.kill();
        downAt = Date.now();
        expect(await soon(() => sshd.leftovers().length === 0), sshd.leftovers().join()).toBe(true);
      } else if (phase === 'down' && lost === TARGETS) {
        phase = 'again';
        await sshd.start();
        upAt = Date.now();
      } else if (phase === 'again' && [...times.values()].every((list) => list.at(-1)! > upAt + 5000)) {
        cancel.abort();
      }
    }
    expect(failure(items)).toBe('');
    expect(most).toBe(TARGETS);
    expect(gaps.length).toBe(TARGETS);
    for (const gap of gaps)
      expect(gap).toMatch(
        /^Nothing was measured on 127\.0\.0\.1 from .*Z to .*Z: the connection was lost\.$/u,
      );
    for (const list of times.values()) {
      expect(list).toEqual([...list].sort((a, b) => a - b));
      expect(list.filter((time) => time > downAt + 1000 && time < upAt - 1000)).toEqual([]);
    }
    expect(await sshd.connections()).toBe(0);
    expect(await soon(() => sshd.leftovers().length === 0), sshd.leftovers().join()).toBe(true);
  });

  it('are connected to anew after this computer slept, and the sleep is a gap', async () => {
    const sshd = await startSshd();
    // The time of day jumps, the running clock does not: what waking up looks like.
    let slept = 0;
    const clock = { now: () => systemClock.now() + slept, running: () => systemClock.running() };
    const cancel = new AbortController();
    const times: number[] = [];
    const problems: string[] = [];
    const options = optionsOf(sshd, {
      inventory: false,
      performance: { interval: 5 },
      clock,
      signal: cancel.signal,
    });
    for await (const item of collectSsh([targetOf(sshd)], options)) {
      if (item.kind === 'problem') problems.push(item.problem.message);
      if (item.kind !== 'samples') continue;
      times.push(item.batches[0]!.times[0]!);
      // The first sample after a gap has no rates: nothing is known of the time before it.
      const rates = item.batches.some(({ metric }) => metric === 'cpu.busy');
      expect(rates).toBe(times.length === 2 || times.length === 4);
      if (times.length === 2) slept = 3_600_000;
      if (times.length === 4) cancel.abort();
    }
    expect(times[2]! - times[1]!).toBeGreaterThan(3_600_000);
    expect(problems.length).toBe(1);
    expect(problems[0]).toContain('this computer was asleep');
    expect(problems[0]).toContain(new Date(times[1]!).toISOString());
  });
});
