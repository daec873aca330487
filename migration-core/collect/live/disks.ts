/**
 * Disks of /proc/diskstats (Documentation/admin-guide/iostats.rst of Linux). Only whole disks with hardware behind them
 * are counted: a partition, logical volume, RAID of Linux, loop or RAM disk is made of these, and would count twice. Each
 * path of a multipath disk is a disk of its own, for each carries a part of the load.
 */
import { counter, fields, rise } from './counters.ts';
import type { Frame } from './frames.ts';
import { MAXIMUM_INSTANCES, type Measurement, type Meter } from './meter.ts';

/** Of the kernel, whatever the disk has. */
const SECTOR_BYTES = 512;
/** After major number, minor number and name; milliseconds are 32 bits wide on every kernel. */
const READS = 3;
const READ_SECTORS = 5;
const READ_MILLISECONDS = 6;
const WRITES = 7;
const WRITTEN_SECTORS = 9;
const WRITE_MILLISECONDS = 10;
const BUSY_MILLISECONDS = 12;
const QUEUED_MILLISECONDS = 13;

/** Where /sys does not tell: names that are never a whole disk of hardware, or a part of one. */
const NO_DISK =
  /^(?:loop|ram|zram|dm-|md|sr|scd|fd|nbd|drbd|bcache|zd)|^(?:[hsv]d[a-z]+|xvd[a-z]+)\d+$|(?:nvme\d+n\d+|mmcblk\d+|cciss\/c\d+d\d+|ida\/c\d+d\d+)p\d+$/u;

function disksOf(frame: Frame | null, known: ReadonlySet<string> | null): Map<string, string[]> {
  const disks = new Map<string, string[]>();
  for (const line of frame?.parts.get('diskstats') ?? []) {
    const words = fields(line);
    const name = words[2];
    if (name === undefined || words.length < QUEUED_MILLISECONDS + 1) continue;
    // /sys writes `cciss!c0d0` for `cciss/c0d0`.
    const isDisk = known === null ? !NO_DISK.test(name) : known.has(name.replaceAll('/', '!'));
    if (isDisk && !/^(?:sr|scd|fd)\d/u.test(name) && disks.size < MAXIMUM_INSTANCES) disks.set(name, words);
  }
  return disks;
}

export const disks: Meter = (now, before, { seconds, bits, disks: known }) => {
  const older = disksOf(before, known);
  return [...disksOf(now, known)].flatMap(([name, words]) => {
    const old = older.get(name);
    if (old === undefined) return [];
    const difference = (index: number, width: 32 | 64 = bits): number =>
      rise(counter(words[index]), counter(old[index]), width);
    const reads = difference(READS);
    const writes = difference(WRITES);
    const values: [Measurement['metric'], number][] = [
      ['disk.readOperations', reads / seconds],
      ['disk.writeOperations', writes / seconds],
      ['disk.readBytes', (difference(READ_SECTORS) * SECTOR_BYTES) / seconds],
      ['disk.writeBytes', (difference(WRITTEN_SECTORS) * SECTOR_BYTES) / seconds],
      // Without requests there is no time they take: 0 / 0.
      ['disk.readLatency', difference(READ_MILLISECONDS, 32) / 1000 / reads],
      ['disk.writeLatency', difference(WRITE_MILLISECONDS, 32) / 1000 / writes],
      ['disk.queue', difference(QUEUED_MILLISECONDS, 32) / 1000 / seconds],
      ['disk.busy', Math.min(100, difference(BUSY_MILLISECONDS, 32) / 10 / seconds)],
    ];
    return values
      .filter(([, value]) => Number.isFinite(value))
      .map(([metric, value]) => ({ metric, instance: name, value }));
  });
};
