/**
 * Logs of Windows Performance Monitor as CSV ("PDH-CSV 4.0"; Data Collector Sets, logman, `relog -f csv`, typeperf):
 *
 *   "(PDH-CSV 4.0) (W. Europe Standard Time)(-60)","\\HOST\Processor(_Total)\% Processor Time", ... ,"a remark"
 *   "05/31/2024 13:00:00.123","12.5", ... ," "
 *
 * Times are local, month first in every language; the number in the heading is minutes from local time to UTC. Counters
 * that need two readings are blank in the first row.
 */
import { IronliftError } from '../../../base/errors.ts';
import { plural } from '../../../base/text.ts';
import { ALL_INSTANCES, metricInfo, type MetricId } from '../../../store/model/metrics.ts';
import type { Importer, ImportInput, ImportOptions } from '../../collector.ts';
import { headText, utf8Pieces } from '../text-encoding.ts';
import { lineBlocks } from './lines.ts';
import {
  COUNTERS,
  counterPath,
  englishCounter,
  englishObject,
  PROCESS_TIME,
  type CounterMeaning,
  type CounterPath,
} from './pdh-names.ts';
import { eachRow, RowScanner } from './rows.ts';
import { ImportSink } from './sink.ts';
import { WideReader, type WideOutput } from './wide.ts';

const HEADING = /^\uFEFF?"?\(PDH-(CSV|TSV) 4\.0\)/u;
const MIN_ZONE = -14 * 60;

const meanings = new Map<string, CounterMeaning>(
  COUNTERS.map((meaning) => [`${meaning.object}|${meaning.counter}`, meaning]),
);

export const pdhCsv: Importer = {
  id: 'pdh-csv',
  name: 'Windows Performance Monitor log (CSV)',
  recognise: (input) => (input.isFolder || !HEADING.test(headText(input).slice(0, 40)) ? 0 : 3),

  async *read(input, options) {
    const sink = new ImportSink(input, options, 'line');
    const scanner = new RowScanner(HEADING.exec(headText(input).slice(0, 40))?.[1] === 'TSV' ? '\t' : ',');
    let reader: WideReader | null = null;
    let line = 1;
    for await (const block of lineBlocks(utf8Pieces(input))) {
      line = eachRow(sink, scanner, block, line, (bytes, at, from, to) => {
        // Logs that were appended to one another repeat the heading.
        if (reader === null || startsWithHeading(bytes, scanner)) {
          const names = Array.from({ length: scanner.count }, (_, cell) => scanner.text(bytes, cell));
          reader = plan(names, sink, input, options);
        } else reader.row(scanner, bytes, at, from, to);
      });
      yield* sink.handOver();
    }
    yield* sink.finish();
  },
};

function startsWithHeading(bytes: Buffer, scanner: RowScanner): boolean {
  return bytes[scanner.starts[0]!] === 0x28 && HEADING.test(scanner.text(bytes, 0));
}

/** @throws IMPORT_DAMAGED where the first row is no heading */
function plan(names: string[], sink: ImportSink, input: ImportInput, options: ImportOptions): WideReader {
  if (!HEADING.test(names[0] ?? ''))
    throw new IronliftError('IMPORT_DAMAGED', `The heading of ${input.name} was not understood.`, {
      next: 'Export the log again: relog LOG.blg -f csv -o OUT.csv',
    });
  const columns = names.map((name) => counterPath(name));
  const hosts = new Map<string, Column[]>();
  columns.forEach((path, column) => {
    if (path === null) {
      // The last column may hold a remark about the data collector set.
      if (column > 0)
        sink.ignore(column === names.length - 1 ? 'the remark' : 'columns that name no counter');
      return;
    }
    const known = hosts.get(path.host);
    const entry = {
      column,
      path,
      object: englishObject(path.object),
      counter: englishCounter(path.counter),
    };
    if (known === undefined) hosts.set(path.host, [entry]);
    else known.push(entry);
  });
  const outputs: WideOutput[] = [];
  for (const [host, entries] of hosts)
    outputs.push(
      ...planHost(
        options.serverName !== undefined && hosts.size === 1 ? options.serverName : host,
        entries,
        sink,
      ),
    );
  if (outputs.length === 0)
    throw new IronliftError(
      'IMPORT_DAMAGED',
      `None of the ${plural(names.length - 1, 'counter')} of ${input.name} measures processors, memory, disks or networks.`,
      { next: 'Record Processor, Memory, PhysicalDisk and Network Interface, and import that log.' },
    );
  const time = { column: 0, format: 'mdy' as const, offset: zoneOf(names[0]!, sink) };
  return new WideReader(sink, time, names.length, outputs);
}

/** Minutes east of UTC. The heading may be cut short where the name of the zone has letters beyond ASCII. */
function zoneOf(heading: string, sink: ImportSink): number {
  const minutes = Number(/\((-?\d{1,4})\)\s*$/u.exec(heading)?.[1] ?? Number.NaN);
  if (minutes >= MIN_ZONE && minutes <= -MIN_ZONE) return -minutes;
  // Windows numbers the zones of Russia: RTZ 2 is Moscow, UTC+3, and each next one an hour more.
  const russian = /\(RTZ (\d{1,2}) /u.exec(heading);
  const hours = Number(russian?.[1] ?? 0) + 1;
  return russian !== null && hours >= 2 && hours <= 12 ? hours * 60 : sink.utcOffset();
}

interface Column {
  column: number;
  path: CounterPath;
  /** English, lower case. */
  object: string;
  counter: string;
}

interface Choice {
  column: Column;
  meaning: CounterMeaning;
  instance: string;
}

function planHost(host: string, entries: readonly Column[], sink: ImportSink): WideOutput[] {
  const server = sink.series.server(host);
  // The counter of the lowest rank for each metric of the host; a log may measure disks twice, as physical and logical.
  const ranks = new Map<MetricId, number>();
  const choices: Choice[] = [];
  for (const column of entries) {
    const meaning = meanings.get(`${column.object}|${column.counter}`);
    const instance = meaning === undefined ? null : instanceOf(meaning, column.path.instance);
    if (meaning === undefined || instance === null) continue;
    choices.push({ column, meaning, instance });
    const rank = meaning.rank ?? 0;
    if (rank < (ranks.get(meaning.metric) ?? Infinity)) ranks.set(meaning.metric, rank);
  }
  const outputs = new Map<number, WideOutput>();
  const used = new Set<number>();
  for (const { column, meaning, instance } of choices) {
    if ((meaning.rank ?? 0) !== ranks.get(meaning.metric)) continue;
    const series = sink.series.series(server, meaning.metric, instance);
    if (outputs.has(series)) continue;
    used.add(column.column);
    outputs.set(series, {
      series,
      column: column.column,
      by: -1,
      scale: meaning.scale ?? 1,
      plus: meaning.plus ?? 0,
      percent: metricInfo(meaning.metric)?.unit === 'percent',
    });
  }
  const processes = processTimes(server, entries, ranks.has('cpu.busy'), sink);
  for (const output of processes) used.add(output.column);
  for (const { column, object } of entries) if (!used.has(column)) sink.ignore(object);
  return [...outputs.values(), ...processes].filter(({ series }) => series >= 0);
}

/** The instance a counter is kept under; null: not at all (single processors, sums of processes). */
function instanceOf(meaning: CounterMeaning, instance: string): string | null {
  const { scope } = metricInfo(meaning.metric)!;
  const isTotal = /^_total$/iu.test(instance);
  if (meaning.object === 'processor' || meaning.object === 'processor information')
    return isTotal ? '' : null;
  if (scope === 'server') return '';
  if (scope === 'process') return isTotal || /^idle$/iu.test(instance) ? null : instance;
  return isTotal ? ALL_INSTANCES : instance;
}

/**
 * `Process(x)\% Processor Time` counts 100 for each processor that a process keeps busy; `_Total` counts 100 for each
 * there is, for the idle process is one of them. The one over the other is the share of the server.
 */
function processTimes(
  server: number,
  entries: readonly Column[],
  hasProcessor: boolean,
  sink: ImportSink,
): WideOutput[] {
  const times = entries.filter(
    ({ object, counter }) => object === PROCESS_TIME.object && counter === PROCESS_TIME.counter,
  );
  const total = times.find(({ path }) => /^_total$/iu.test(path.instance));
  if (total === undefined) return [];
  const seen = new Set<number>();
  return times.flatMap(({ column, path }): WideOutput[] => {
    if (column === total.column) return [];
    const idle = /^idle$/iu.test(path.instance);
    if (idle && hasProcessor) return [];
    const series = idle
      ? sink.series.series(server, 'cpu.busy', '')
      : sink.series.series(server, 'process.cpu', path.instance);
    if (seen.has(series)) return [];
    seen.add(series);
    return [
      { series, column, by: total.column, scale: idle ? -100 : 100, plus: idle ? 100 : 0, percent: true },
    ];
  });
}
