/** Space in use, of `df -P -k` (POSIX): one volume for each device, however often it is mounted. */
import { MAXIMUM_INSTANCES, type Meter } from './meter.ts';

export const volumes: Meter = (now) => {
  const used = new Map<string, { folder: string; bytes: number }>();
  for (const line of now.parts.get('volumes') ?? []) {
    const match = /^(\S+)\s+\d+\s+(\d{1,15})\s+-?\d+\s+(?:\d+%|-)\s+(\/.*)$/u.exec(line);
    if (match === null || used.has(match[1]!) || used.size >= MAXIMUM_INSTANCES) continue;
    used.set(match[1]!, { folder: match[3]!, bytes: Number(match[2]) * 1024 });
  }
  return [...used.values()].map(({ folder, bytes }) => ({
    metric: 'volume.used',
    instance: folder,
    value: bytes,
  }));
};
