/** Memory of /proc/meminfo and paging of /proc/vmstat (proc(5)). */
import { counter, rise } from './counters.ts';
import { keyed, type Measurement, type Meter } from './meter.ts';

/** Kernels before 3.14 do not say what is available: what is free, and caches without what is held in them (tmpfs). */
export const memory: Meter = (now) => {
  const info = keyed(now, 'meminfo');
  const bytes = (name: string): number => counter(info.get(name)) * 1024;
  const orNone = (value: number): number => (Number.isNaN(value) ? 0 : value);
  const total = bytes('MemTotal');
  const estimate =
    bytes('MemFree') +
    bytes('Buffers') +
    bytes('Cached') +
    orNone(bytes('SReclaimable')) -
    orNone(bytes('Shmem'));
  const told = bytes('MemAvailable');
  const available = Math.min(total, Math.max(0, Number.isNaN(told) ? estimate : told));
  const values: [Measurement['metric'], number][] = [
    ['memory.total', total],
    ['memory.used', total - available],
    ['memory.available', available],
    ['memory.committed', bytes('Committed_AS')],
    ['memory.swapUsed', Math.max(0, bytes('SwapTotal') - bytes('SwapFree'))],
  ];
  return values.map(([metric, value]) => ({ metric, instance: '', value }));
};

export const paging: Meter = (now, before, { machine, seconds, bits }) => {
  const newer = keyed(now, 'vmstat');
  const older = keyed(before, 'vmstat');
  const rate = (name: string): number =>
    (rise(counter(newer.get(name)), counter(older.get(name)), bits) * machine.pageBytes) / seconds;
  return [
    { metric: 'paging.in', instance: '', value: rate('pswpin') },
    { metric: 'paging.out', instance: '', value: rate('pswpout') },
  ];
};
