/**
 * Traces of the GWA-T-12 Bitbrains data set (Grid Workloads Archive; Shen, van Beek, Iosup, CCGrid 2015): a file for each
 * machine, five minutes apart.
 *
 *   Timestamp [ms];	CPU cores;	CPU capacity provisioned [MHZ];	CPU usage [MHZ];	CPU usage [%];	Memory ...
 *   1375308176;	2;	5851.9989;	747.1051929;	12.766666666666667;	8388608.0; ...
 *
 * What the heading calls milliseconds are seconds. Some times are there twice, machines that were off have no capacity, and
 * some used more processor than they were given.
 */
import { ALL_INSTANCES, metricInfo, type MetricId } from '../../../../store/model/metrics.ts';
import type { Importer, ImportInput } from '../../../collector.ts';
import { headText, utf8Pieces } from '../../text-encoding.ts';
import { lineBlocks } from '../lines.ts';
import { isBlank, numberAt } from '../numbers.ts';
import { eachRow, excerptOf, RowScanner } from '../rows.ts';
import { ImportSink } from '../sink.ts';

const HEADING = /^"?Timestamp \[ms\]"?;\s*"?CPU cores/u;
const INTERVAL = 300;
const KIB = 1024;

/** Headings and what they are. */
const COLUMNS: readonly [RegExp, MetricId, number][] = [
  [/^CPU usage \[%\]/u, 'cpu.busy', 1],
  [/^Memory capacity provisioned \[KB\]/u, 'memory.total', KIB],
  [/^Memory usage \[KB\]/u, 'memory.used', KIB],
  [/^Disk read throughput \[KB\/s\]/u, 'disk.readBytes', KIB],
  [/^Disk write throughput \[KB\/s\]/u, 'disk.writeBytes', KIB],
  [/^Network received throughput \[KB\/s\]/u, 'nic.receivedBytes', KIB],
  [/^Network transmitted throughput \[KB\/s\]/u, 'nic.sentBytes', KIB],
];

export const bitbrains: Importer = {
  id: 'bitbrains',
  name: 'Bitbrains trace (GWA-T-12)',
  recognise(input) {
    if (!input.isFolder) return HEADING.test(headText(input).slice(0, 200)) ? 3 : 0;
    return input.entries.length > 0 && tracesOf(input).length === input.entries.length ? 2 : 0;
  },

  async *read(input, options) {
    const sink = new ImportSink(input, options, 'line');
    if (!input.isFolder) yield* readTrace(sink, input, undefined, options.serverName ?? nameOf(input.name));
    else
      for (const entry of tracesOf(input))
        yield* readTrace(sink, input, entry, nameOf(entry.split('/').at(-1)!));
    yield* sink.finish();
  },
};

const tracesOf = (input: ImportInput): string[] =>
  input.entries.filter((entry) => /(?:^|\/)\d+\.csv$/u.test(entry));

/** Machines have numbers, the same in each month. */
const nameOf = (file: string): string => `vm-${file.replace(/\.csv(?:\.\w+)?$/iu, '')}`;

async function* readTrace(sink: ImportSink, input: ImportInput, entry: string | undefined, name: string) {
  const scanner = new RowScanner(';');
  const server = sink.series.server(name);
  let columns: { series: number; column: number; scale: number; metric: MetricId }[] | null = null;
  let capacity = -1;
  let width = 0;
  let before = Number.NaN;
  let line = 1;
  const where = entry === undefined ? '' : ` of ${entry}`;
  for await (const block of lineBlocks(utf8Pieces(input, entry))) {
    line = eachRow(sink, scanner, block, line, (bytes, at, from, to) => {
      const { starts, ends, count } = scanner;
      if (columns === null) {
        const headings = Array.from({ length: count }, (_, cell) => scanner.text(bytes, cell).trim());
        columns = planOf(headings, sink, server);
        capacity = headings.findIndex((heading) => heading.startsWith('CPU capacity provisioned'));
        width = headings.length;
        if (!HEADING.test(bytes.toString('utf8', from, Math.min(to, from + 200)))) columns = [];
        if (columns.length === 0)
          sink.problem(at, `The heading${where} was not understood.`, excerptOf(bytes, from, to));
        return;
      }
      if (columns.length === 0 || (count === 1 && isBlank(bytes, starts[0]!, ends[0]!))) return;
      const seconds = numberAt(bytes, starts[0]!, ends[0]!);
      const time = seconds > 1e11 ? seconds : seconds * 1000;
      if (count < width || !(time > 1e11 && time < 4e12)) {
        sink.problem(at, `This line${where} is cut short or has no time.`, excerptOf(bytes, from, to));
        return;
      }
      if (time === before) {
        sink.note('Lines that repeated the time of the line before were left out (%n).');
        return;
      }
      if (time === seconds * 1000)
        sink.note('The times are in seconds, whatever the heading says (%n lines).');
      before = time;
      const off = capacity >= 0 && numberAt(bytes, starts[capacity]!, ends[capacity]!) === 0;
      if (off) sink.note('Lines without processor capacity were taken as of a machine that was off (%n).');
      for (const { series, column, scale, metric } of columns) {
        if (off && metric === 'cpu.busy') continue;
        let value = numberAt(bytes, starts[column]!, ends[column]!) * scale;
        if (Number.isNaN(value)) {
          if (!isBlank(bytes, starts[column]!, ends[column]!))
            sink.problem(at, `A figure of this line${where} is no number.`, excerptOf(bytes, from, to));
          continue;
        }
        if (metric === 'cpu.busy' && value > 100) {
          sink.note('Processors used more than was provisioned; these figures were set to 100 % (%n).');
          value = 100;
        }
        sink.series.add(series, time, value);
      }
    });
    yield* sink.handOver();
  }
}

function planOf(headings: readonly string[], sink: ImportSink, server: number) {
  return COLUMNS.flatMap(([pattern, metric, scale]) => {
    const column = headings.findIndex((heading) => pattern.test(heading));
    const instance = metricInfo(metric)!.scope === 'server' ? '' : ALL_INSTANCES;
    return column < 0
      ? []
      : [{ series: sink.series.series(server, metric, instance, INTERVAL), column, scale, metric }];
  });
}
