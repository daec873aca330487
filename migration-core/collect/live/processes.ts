/**
 * The ten programs that used most processor time and the ten that hold most memory, as the script added them up by name.
 * What a process used that ended before the sample is not among it. Memory shared by processes counts in each of them.
 */
import type { Meter } from './meter.ts';
import { processorTicks } from './processor.ts';

/** The script prints twenty; more come from something else. */
const PROGRAMS = 20;

export const processes: Meter = (now, before, { machine, bits }) => {
  const ticks = processorTicks(now, before, bits);
  return (now.parts.get('processes') ?? []).slice(0, PROGRAMS).flatMap((line) => {
    const match = /^(\d{1,15}) (\d{1,15}) (.+)$/u.exec(line);
    if (match === null) return [];
    const [, used, pages, name] = match as unknown as [string, string, string, string];
    return [
      {
        metric: 'process.cpu' as const,
        instance: name,
        // Both count in the same ticks, whatever their length is.
        value: ticks === null ? NaN : Math.min(100, (100 * Number(used)) / ticks.all),
      },
      { metric: 'process.memory' as const, instance: name, value: Number(pages) * machine.pageBytes },
    ];
  });
};
