/**
 * The performance log of our Windows collector: the layout of a PDH-CSV file (first column `(PDH-CSV 4.0) (UTC)(0)`,
 * English names of counters, blanks where nothing was measured), always in UTC and UTF-8. This reader knows that one
 * writer alone; logs of Performance Monitor have their own importer.
 */
import type { MetricId } from '../../store/model/metrics.ts';
import type { SampleBatch } from '../../store/model/samples.ts';
import { excerpt } from '../import/inventory/lines.ts';
import type { CollectedItem } from '../collector.ts';
import type { ServerIdentity } from '../../store/model/identity.ts';

interface Counter {
  metric: MetricId;
  convert?: (value: number) => number;
}

/** By object and counter; what is not here is passed over. */
const COUNTERS: Record<string, Counter> = {
  'Processor\\% Processor Time': { metric: 'cpu.busy' },
  'Processor\\% User Time': { metric: 'cpu.user' },
  'Processor\\% Privileged Time': { metric: 'cpu.privileged' },
  'System\\Processor Queue Length': { metric: 'cpu.queue' },
  'System\\Context Switches/sec': { metric: 'cpu.contextSwitches' },
  'Memory\\Available Bytes': { metric: 'memory.available' },
  'Memory\\Committed Bytes': { metric: 'memory.committed' },
  'Memory\\Pages/sec': { metric: 'paging.hardFaults' },
  'PhysicalDisk\\Disk Reads/sec': { metric: 'disk.readOperations' },
  'PhysicalDisk\\Disk Writes/sec': { metric: 'disk.writeOperations' },
  'PhysicalDisk\\Disk Read Bytes/sec': { metric: 'disk.readBytes' },
  'PhysicalDisk\\Disk Write Bytes/sec': { metric: 'disk.writeBytes' },
  'PhysicalDisk\\Avg. Disk sec/Read': { metric: 'disk.readLatency' },
  'PhysicalDisk\\Avg. Disk sec/Write': { metric: 'disk.writeLatency' },
  'PhysicalDisk\\Current Disk Queue Length': { metric: 'disk.queue' },
  'PhysicalDisk\\% Idle Time': { metric: 'disk.busy', convert: (idle) => Math.max(0, 100 - idle) },
  'Network Interface\\Bytes Received/sec': { metric: 'nic.receivedBytes' },
  'Network Interface\\Bytes Sent/sec': { metric: 'nic.sentBytes' },
  'Network Interface\\Packets Received/sec': { metric: 'nic.receivedPackets' },
  'Network Interface\\Packets Sent/sec': { metric: 'nic.sentPackets' },
};
/** Disks and interfaces of one server times counters, with room. */
const MAX_COLUMNS = 20_000;
/** Values held before they are handed on: 1 MiB. */
const MAX_HELD = 1 << 17;

interface Column extends Counter {
  index: number;
  instance: string;
}

/** Samples and problems of a log; `memoryTotal` in bytes, where known, gives the memory in use. */
export async function* performanceOf(
  lines: AsyncIterable<string | null>,
  server: ServerIdentity,
  memoryTotal: number | undefined,
): AsyncGenerator<CollectedItem> {
  let columns: Column[] | null = null;
  let width = 0;
  let held: { times: number[]; values: number[][] } = { times: [], values: [] };
  let last = Number.NEGATIVE_INFINITY;
  let number = 0;
  for await (const line of lines) {
    number++;
    if (line === '') continue;
    const problem = (message: string): CollectedItem => ({
      kind: 'problem',
      problem: { at: number, unit: 'line', message, excerpt: excerpt(line ?? '') },
    });
    if (line === null) {
      yield problem('The line is too long.');
      continue;
    }
    const cells = splitCsv(line);
    if (columns === null) {
      if (cells === null || !cells[0]!.startsWith('(PDH-CSV 4.0)') || cells.length > MAX_COLUMNS) {
        yield problem('The performance log does not begin with its column names.');
        return;
      }
      width = cells.length;
      columns = cells.flatMap((cell, index) => columnOf(cell, index));
      held.values = columns.map(() => []);
      continue;
    }
    const time = cells === null ? Number.NaN : pdhTime(cells[0]!);
    if (cells === null || Number.isNaN(time) || cells.length !== width) {
      yield problem('The line is not as long as the first one, or was cut off.');
      continue;
    }
    if (time <= last) {
      yield problem('The line is not later than the one before it.');
      continue;
    }
    last = time;
    held.times.push(time);
    columns.forEach((column, at) => held.values[at]!.push(valueOf(column, cells[column.index]!)));
    if (held.times.length * columns.length > MAX_HELD) {
      yield { kind: 'samples', server, batches: batchesOf(columns, held, memoryTotal) };
      held = { times: [], values: columns.map(() => []) };
    }
  }
  if (columns !== null && held.times.length > 0)
    yield { kind: 'samples', server, batches: batchesOf(columns, held, memoryTotal) };
}

/** `\\HOST\Object(instance)\Counter`; an instance may hold any character. */
function columnOf(header: string, index: number): Column[] {
  const match = /^\\\\[^\\]{1,256}\\([^\\(]{1,64})(?:\((.*)\))?\\([^\\]{1,64})$/u.exec(header);
  const counter = COUNTERS[`${match?.[1] ?? ''}\\${match?.[3] ?? ''}`];
  if (match === null || counter === undefined) return [];
  return [{ ...counter, index, instance: match[2] === '_Total' ? '' : (match[2] ?? '') }];
}

function valueOf(column: Column, cell: string): number {
  if (!/^-?\d{1,20}(?:\.\d{1,20})?(?:e[-+]?\d{1,3})?$/iu.test(cell)) return Number.NaN;
  const value = Number(cell);
  return column.convert === undefined ? value : column.convert(value);
}

function batchesOf(
  columns: Column[],
  held: { times: number[]; values: number[][] },
  memoryTotal: number | undefined,
): SampleBatch[] {
  const times = Float64Array.from(held.times);
  const interval = held.times.length < 2 ? 0 : (held.times[1]! - held.times[0]!) / 1000;
  return columns.flatMap(({ metric, instance }, at) => {
    const values = Float64Array.from(held.values[at]!);
    const batch: SampleBatch = { metric, instance, times, values, interval };
    if (metric !== 'memory.available' || memoryTotal === undefined) return [batch];
    return [
      batch,
      { ...batch, metric: 'memory.used', values: values.map((free) => Math.max(0, memoryTotal - free)) },
      { ...batch, metric: 'memory.total', values: values.map(() => memoryTotal) },
    ];
  });
}

/** `MM/DD/YYYY HH:MM:SS.mmm` in UTC; milliseconds since 1970, NaN where it is no time. */
export function pdhTime(text: string): number {
  const match = /^(\d\d)\/(\d\d)\/(\d{4}) (\d\d):(\d\d):(\d\d)\.(\d{3})$/u.exec(text);
  if (match === null) return Number.NaN;
  const [month, day, year, hour, minute, second, milliseconds] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const time = Date.UTC(year, month - 1, day, hour, minute, second, milliseconds);
  // A 31st of February would silently become a day of March.
  const isDay = month >= 1 && month <= 12 && new Date(time).getUTCDate() === day;
  return isDay && hour < 24 && minute < 60 && second < 60 ? time : Number.NaN;
}

/** Cells of a line in which all are quoted, as this log is written; null where a quote is left open. */
export function splitCsv(line: string): string[] | null {
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    if (line[at] !== '"') return null;
    let cell = '';
    for (;;) {
      const quote = line.indexOf('"', at + 1);
      if (quote < 0) return null;
      cell += line.slice(at + 1, quote);
      at = quote + 1;
      if (line[at] !== '"') break;
      cell += '"';
    }
    cells.push(cell);
    if (at === line.length) return cells;
    if (line[at] !== ',') return null;
    at++;
  }
}
