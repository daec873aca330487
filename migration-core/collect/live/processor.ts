/** Processor time of /proc/stat (proc(5)), in ticks since the start, of all processors together. */
import { counter, fields, rise } from './counters.ts';
import type { Frame } from './frames.ts';
import { keyed, type Meter } from './meter.ts';

/** Guest time, the two fields after these, is part of user and nice already. Kernels before 2.6.11 have no steal. */
const TIMES = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'] as const;
type Times = Record<(typeof TIMES)[number], number>;

function processorTimes(frame: Frame | null): Times | null {
  const line = frame?.parts.get('stat')?.find((text) => text.startsWith('cpu '));
  if (line === undefined) return null;
  const words = fields(line);
  const times = Object.fromEntries(
    TIMES.map((name, index) => [name, counter(words[index + 1] ?? '0')]),
  ) as Times;
  return Object.values(times).some(Number.isNaN) ? null : times;
}

/** Ticks in each state between two samples, and all of them together; null where they are not known. */
export function processorTicks(
  now: Frame,
  before: Frame | null,
  bits: 32 | 64,
): (Times & { all: number }) | null {
  const newer = processorTimes(now);
  const older = processorTimes(before);
  if (newer === null || older === null) return null;
  const ticks = { ...newer, all: 0 };
  for (const name of TIMES) {
    const difference = rise(newer[name], older[name], bits);
    // Idle and waiting time fall by a few ticks now and then: the kernel estimates them for processors that sleep.
    ticks[name] = Number.isNaN(difference) ? 0 : difference;
    ticks.all += ticks[name];
  }
  return ticks.all === 0 ? null : ticks;
}

/**
 * `cpu.busy` is what the server itself used: neither idle, nor waiting for disks, nor taken away by a hypervisor. The
 * queue is at the moment of the sample: those that could run, without the one that reads and without one for each
 * processor.
 */
export const processor: Meter = (now, before, { machine, seconds, bits }) => {
  const measured = queue(now, machine.processors);
  const ticks = processorTicks(now, before, bits);
  const percent = (value: number): number => (100 * value) / ticks!.all;
  if (ticks !== null) {
    measured.push(
      {
        metric: 'cpu.busy',
        instance: '',
        value: percent(ticks.all - ticks.idle - ticks.iowait - ticks.steal),
      },
      { metric: 'cpu.user', instance: '', value: percent(ticks.user + ticks.nice) },
      { metric: 'cpu.privileged', instance: '', value: percent(ticks.system + ticks.irq + ticks.softirq) },
      { metric: 'cpu.iowait', instance: '', value: percent(ticks.iowait) },
      { metric: 'cpu.steal', instance: '', value: percent(ticks.steal) },
    );
  }
  const switches = rise(
    counter(keyed(now, 'stat').get('ctxt')),
    counter(keyed(before, 'stat').get('ctxt')),
    bits,
  );
  measured.push({ metric: 'cpu.contextSwitches', instance: '', value: switches / seconds });
  return measured;
};

function queue(now: Frame, processors: number): ReturnType<Meter> {
  const running = counter(keyed(now, 'stat').get('procs_running'));
  if (Number.isNaN(running)) return [];
  return [{ metric: 'cpu.queue', instance: '', value: Math.max(0, running - 1 - processors) }];
}
