/**
 * Traces of Azure machines (AzurePublicDataset, `vm_cpu_readings-file-N-of-M.csv`): seconds since the beginning of the
 * trace, machine, and the least, largest and mean processor use of five minutes, in percent. Without a heading, mostly.
 *
 *   0,yNf/R3X8fyXkOJm3ihXQcT0F52a8cDWPPRzTT6QFW8N+1QPfeKR5//6xyX0VYn7X,19.984,23.173,21.426
 */
import type { Importer } from '../../../collector.ts';
import { headText, utf8Pieces } from '../../text-encoding.ts';
import { KeyTable } from '../csv/keys.ts';
import { lineBlocks } from '../lines.ts';
import { numberAt } from '../numbers.ts';
import { eachRow, excerptOf, RowScanner } from '../rows.ts';
import { ImportSink, startTimeOf } from '../sink.ts';

const INTERVAL = 300;
const HEADING = /^timestamp,\s*vm ?id,\s*min ?cpu,\s*max ?cpu,\s*avg ?cpu/iu;
const ROW =
  /^\d{1,10},[A-Za-z0-9+/=]{8,100},\d+(?:\.\d+)?(?:e-?\d+)?,\d+(?:\.\d+)?(?:e-?\d+)?,\d+(?:\.\d+)?/u;
const COLUMNS = 5;
const MACHINE = 1;
const MEAN = 4;
/** Seconds below are since the beginning of the trace. */
const SINCE_START = 1e8;

export const azure: Importer = {
  id: 'azure-trace',
  name: 'Azure processor trace',
  recognise(input) {
    if (input.isFolder) return 0;
    const head = headText(input).slice(0, 500);
    return HEADING.test(head) || ROW.test(head) ? 3 : 0;
  },

  async *read(input, options) {
    const sink = new ImportSink(input, options, 'line');
    const scanner = new RowScanner(',');
    let name = '';
    const machines = new KeyTable<number>([MACHINE], () =>
      sink.series.series(sink.series.server(name), 'cpu.busy', '', INTERVAL),
    );
    let start: number | undefined;
    let line = 1;
    for await (const block of lineBlocks(utf8Pieces(input))) {
      line = eachRow(sink, scanner, block, line, (bytes, at, from, to) => {
        const { starts, ends, count } = scanner;
        if (at === 1 && HEADING.test(bytes.toString('latin1', from, Math.min(to, from + 100)))) return;
        if (to - from <= 1) return;
        const seconds = count < COLUMNS ? Number.NaN : numberAt(bytes, starts[0]!, ends[0]!);
        const value = count < COLUMNS ? Number.NaN : numberAt(bytes, starts[MEAN]!, ends[MEAN]!);
        if (!(seconds >= 0 && seconds < 4e9) || Number.isNaN(value) || starts[MACHINE] === ends[MACHINE]) {
          sink.problem(at, 'This line is not time, machine and three figures.', excerptOf(bytes, from, to));
          return;
        }
        name = scanner.text(bytes, MACHINE);
        if (seconds < SINCE_START) start ??= startTimeOf(input, options);
        const time = (seconds < SINCE_START ? start! : 0) + seconds * 1000;
        const percent = value < 0 || value > 100 ? sink.percent(value) : value;
        sink.series.add(machines.find(bytes, starts, ends), time, percent);
      });
      yield* sink.handOver();
    }
    yield* sink.finish();
  },
};
