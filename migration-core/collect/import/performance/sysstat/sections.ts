/**
 * What sysstat measures and what of it has a metric. Columns have the names of the headings of sar; `sadf -d` has the same,
 * `sadf -j` other ones for the same (sadf-json.ts). Units: sectors and blocks are 512 bytes, kB and kb 1024, waiting is in
 * milliseconds (sar(1)).
 */
import type { MetricId } from '../../../../store/model/metrics.ts';
import { isPhysicalDisk, isPhysicalNic } from '../devices.ts';
import type { ImportSink } from '../sink.ts';

/** The figure of a column; NaN where there is none. */
export type Cells = (column: string) => number;

interface Section {
  /** Columns that tell it from others; one of each list has to be there. */
  needs: readonly (readonly string[])[];
  /** Column that names the device. */
  instance?: string;
  /** Whether a device of that name counts. */
  takes?: (name: string) => boolean;
  metrics: readonly (readonly [MetricId, (cells: Cells) => number])[];
}

const KIB = 1024;
const SECTOR = 512;
/** Of all processors that Linux on servers runs on but some POWER and ARM machines. */
const PAGE = 4096;

/** The first of several columns that is there. */
const first =
  (...columns: string[]) =>
  (cells: Cells): number => {
    for (const column of columns) {
      const value = cells(column);
      if (!Number.isNaN(value)) return value;
    }
    return Number.NaN;
  };
const times = (column: string, factor: number) => (cells: Cells) => cells(column) * factor;
const orZero = (value: number): number => (Number.isNaN(value) ? 0 : value);
const sum =
  (...columns: string[]) =>
  (cells: Cells): number => {
    const values = columns.map(cells).filter((value) => !Number.isNaN(value));
    return values.length === 0 ? Number.NaN : values.reduce((a, b) => a + b, 0);
  };
/** Bytes a second of an interface: bytes before sysstat 9.1, kB since. */
const netBytes =
  (plain: string, kilobytes: string) =>
  (cells: Cells): number => {
    const value = cells(plain);
    return Number.isNaN(value) ? cells(kilobytes) * KIB : value;
  };
/** Bytes a second of a disk: kB, sectors; `kb_read/s` is iostat's. */
const bytes =
  (kilobytes: string, sectors: string) =>
  (cells: Cells): number => {
    const value = cells(kilobytes);
    return Number.isNaN(value) ? cells(sectors) * SECTOR : value * KIB;
  };

/** Waiting for disks is idling: another server would use that time. Time stolen was not used by this one. */
const busy = (cells: Cells): number =>
  100 - cells('%idle') - orZero(cells('%iowait')) - orZero(cells('%steal'));

/**
 * sysstat 11.7.1 changed `kbmemused`: before, buffers and caches were in it. Which of the two it is shows in `%memused`,
 * the share of all memory.
 */
function memory(cells: Cells): { total: number; used: number } {
  const [free, used, share] = [cells('kbmemfree'), cells('kbmemused'), cells('%memused')];
  const caches = orZero(cells('kbbuffers')) + orZero(cells('kbcached')) + orZero(cells('kbslab'));
  const [withCaches, without] = [free + used, free + used + caches];
  const off = (total: number): number => Math.abs((100 * used) / total - share);
  if (Number.isNaN(share) || off(withCaches) <= off(without)) {
    const given = orZero(cells('kbbuffers')) + orZero(cells('kbcached'));
    return { total: withCaches * KIB, used: Math.max(0, used - given) * KIB };
  }
  return { total: without * KIB, used: used * KIB };
}

const SECTIONS: readonly Section[] = [
  {
    needs: [['%idle'], ['%user', '%usr']],
    instance: 'CPU',
    takes: (name) => name === 'all' || name === '-1' || name === '',
    metrics: [
      ['cpu.busy', busy],
      ['cpu.user', sum('%user', '%usr', '%nice', '%guest', '%gnice')],
      ['cpu.privileged', sum('%system', '%sys', '%irq', '%soft')],
      ['cpu.iowait', (cells) => cells('%iowait')],
      ['cpu.steal', (cells) => cells('%steal')],
    ],
  },
  { needs: [['cswch/s']], metrics: [['cpu.contextSwitches', (cells) => cells('cswch/s')]] },
  {
    needs: [['pswpin/s']],
    metrics: [
      ['paging.in', times('pswpin/s', PAGE)],
      ['paging.out', times('pswpout/s', PAGE)],
    ],
  },
  { needs: [['majflt/s']], metrics: [['paging.hardFaults', (cells) => cells('majflt/s')]] },
  {
    needs: [['rtps']],
    metrics: [
      ['disk.readOperations', (cells) => cells('rtps')],
      ['disk.writeOperations', (cells) => cells('wtps')],
    ],
  },
  {
    needs: [['kbmemfree'], ['kbmemused']],
    metrics: [
      ['memory.total', (cells) => memory(cells).total],
      ['memory.used', (cells) => memory(cells).used],
      // Kernels before 3.14 do not say; sysstat 12 writes 0 then.
      ['memory.available', (cells) => cells('kbavail') * KIB || Number.NaN],
      ['memory.committed', times('kbcommit', KIB)],
    ],
  },
  { needs: [['kbswpused']], metrics: [['memory.swapUsed', times('kbswpused', KIB)]] },
  { needs: [['runq-sz']], metrics: [['cpu.queue', (cells) => cells('runq-sz')]] },
  {
    needs: [['DEV'], ['%util']],
    instance: 'DEV',
    takes: isPhysicalDisk,
    metrics: [
      ['disk.readOperations', (cells) => cells('r/s')],
      ['disk.writeOperations', (cells) => cells('w/s')],
      ['disk.readBytes', bytes('rkB/s', 'rd_sec/s')],
      ['disk.writeBytes', bytes('wkB/s', 'wr_sec/s')],
      ['disk.readLatency', (cells) => first('r_await', 'await')(cells) / 1000],
      ['disk.writeLatency', (cells) => first('w_await', 'await')(cells) / 1000],
      ['disk.queue', first('aqu-sz', 'avgqu-sz')],
      ['disk.busy', (cells) => cells('%util')],
    ],
  },
  {
    needs: [['IFACE'], ['rxpck/s']],
    instance: 'IFACE',
    takes: isPhysicalNic,
    metrics: [
      ['nic.receivedPackets', (cells) => cells('rxpck/s')],
      ['nic.sentPackets', (cells) => cells('txpck/s')],
      ['nic.receivedBytes', netBytes('rxbyt/s', 'rxkB/s')],
      ['nic.sentBytes', netBytes('txbyt/s', 'txkB/s')],
    ],
  },
  {
    needs: [['IFACE'], ['rxerr/s']],
    instance: 'IFACE',
    takes: isPhysicalNic,
    metrics: [['nic.errors', sum('rxerr/s', 'txerr/s', 'rxdrop/s', 'txdrop/s')]],
  },
  {
    needs: [['FILESYSTEM', 'MOUNTPOINT'], ['MBfsused']],
    instance: 'FILESYSTEM',
    metrics: [['volume.used', times('MBfsused', KIB * KIB)]],
  },
];

/** Percentages that are sums of rounded ones. */
const SUMS = new Set<MetricId>(['cpu.busy', 'cpu.user', 'cpu.privileged', 'disk.busy']);
const WHOLE_SERVER = new Set<MetricId>(['disk.readOperations', 'disk.writeOperations']);

/** The sections that a heading has; nearly always one. Empty where nothing of it has a metric. */
export const sectionsOf = (columns: readonly string[]): Section[] =>
  SECTIONS.filter(({ needs }) => needs.every((names) => names.some((name) => columns.includes(name))));

/** A row of one section: where and when it was measured. */
export interface Row {
  server: number;
  /** Milliseconds since 1970. */
  time: number;
  /** Seconds, 0 if unknown. */
  interval: number;
  /** '' where the section has no devices. */
  instance: string;
}

/** Notes the samples of a row. @returns how many */
export function takeRow(sink: ImportSink, section: Section, row: Row, cells: Cells): number {
  const { takes } = section;
  if (takes !== undefined && !takes(row.instance)) {
    sink.ignore(section.instance === 'CPU' ? 'single processors' : `${row.instance} (not hardware itself)`);
    return 0;
  }
  const onServer = section.instance === undefined || section.instance === 'CPU';
  let count = 0;
  for (const [metric, figure] of section.metrics) {
    let value = figure(cells);
    if (!Number.isFinite(value)) continue;
    if (SUMS.has(metric) && (value < 0 || value > 100)) value = sink.percent(value);
    const instance = onServer ? (WHOLE_SERVER.has(metric) ? '*' : '') : row.instance;
    sink.series.add(sink.series.series(row.server, metric, instance, row.interval), row.time, value);
    count++;
  }
  return count;
}
