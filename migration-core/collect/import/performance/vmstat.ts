/**
 * `vmstat -t N`, a table whose columns have names in the second line:
 *
 *   procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu----- -----timestamp-----
 *    r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st                 UTC
 *    5  0      0 4394312  99060 17406624    0    0  2877 29414  957 4156 63 18 18  1  0 2026-11-25 19:40:52
 *
 * Memory is in KiB, swap in KiB a second, `bi` and `bo` in blocks of 1024 bytes a second of all disks. The first line is the
 * mean since the server started and left out. Without `-t` the times are counted from `startTime`.
 */
import type { Importer, ImportInput, ImportOptions } from '../../collector.ts';
import { headText, utf8Pieces } from '../text-encoding.ts';
import type { MetricId } from '../../../store/model/metrics.ts';
import { textLines } from './lines.ts';
import { numberOf } from './numbers.ts';
import { ImportSink, intervalOf, serverNameOf, startTimeOf } from './sink.ts';
import { clockTime } from './sysstat/moment.ts';

const GROUPS = /^\s*(?:procs|--procs--)\s*-+.*memory/u;
const NAMES = /^\s*r\s+b\s+swpd\s+free\b/u;
const STAMP = /\s(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\s*$/u;
const KIB = 1024;

/** Column, metric, instance, factor. */
const COLUMNS: readonly [string, MetricId, string, number][] = [
  // Running ones are among them.
  ['r', 'cpu.queue', '', 1],
  ['swpd', 'memory.swapUsed', '', KIB],
  ['si', 'paging.in', '', KIB],
  ['so', 'paging.out', '', KIB],
  ['bi', 'disk.readBytes', '*', KIB],
  ['bo', 'disk.writeBytes', '*', KIB],
  ['cs', 'cpu.contextSwitches', '', 1],
  ['us', 'cpu.user', '', 1],
  ['sy', 'cpu.privileged', '', 1],
  ['wa', 'cpu.iowait', '', 1],
  ['st', 'cpu.steal', '', 1],
];

export const vmstat: Importer = {
  id: 'vmstat',
  name: 'vmstat output',
  recognise(input) {
    if (input.isFolder) return 0;
    const head = headText(input).slice(0, 2000).split('\n');
    return head.some((line) => NAMES.test(line)) ? 3 : 0;
  },

  async *read(input, options) {
    const sink = new ImportSink(input, options, 'line');
    const reader = new VmstatReader(sink, input, options);
    for await (const { lines, first, overlong } of textLines(utf8Pieces(input))) {
      if (overlong) sink.problem(first - 1, 'This line is too long and was left out.');
      lines.forEach((line, i) => reader.line(line, first + i));
      yield* sink.handOver();
    }
    yield* sink.finish();
  },
};

class VmstatReader {
  readonly #sink: ImportSink;
  readonly #input: ImportInput;
  readonly #options: ImportOptions;
  readonly #server: number;
  #names: string[] = [];
  #rows = 0;
  #isUtc = false;
  #offset: number | undefined;

  constructor(sink: ImportSink, input: ImportInput, options: ImportOptions) {
    this.#sink = sink;
    this.#input = input;
    this.#options = options;
    this.#server = sink.series.server(serverNameOf(input, options));
  }

  line(line: string, at: number): void {
    if (line.trim() === '' || GROUPS.test(line)) return;
    if (NAMES.test(line)) {
      // Repeated every screen; the name of the zone stands over the times.
      this.#names = line.trim().split(/\s+/u, 100);
      this.#isUtc = /\b(?:UTC|GMT)\s*$/u.test(line);
      return;
    }
    const stamp = STAMP.exec(line);
    const cells = (stamp === null ? line : line.slice(0, stamp.index)).trim().split(/\s+/u, 100);
    const values = cells.map(numberOf);
    const idle = this.#names.indexOf('id');
    if (idle < 0 || values.length <= idle || values.some(Number.isNaN)) {
      this.#sink.problem(at, 'This line was not understood.', line);
      return;
    }
    const row = this.#rows++;
    if (row === 0) {
      this.#sink.note('The first line is the mean since the server started, and was left out.');
      return;
    }
    const time = this.#time(stamp?.[1], row);
    if (Number.isNaN(time)) {
      this.#sink.problem(at, 'The time of this line was not understood.', line);
      return;
    }
    const value = (name: string): number => values[this.#names.indexOf(name)] ?? Number.NaN;
    const interval = this.#options.intervalSeconds ?? 0;
    const add = (metric: MetricId, instance: string, figure: number): void => {
      if (Number.isNaN(figure)) return;
      this.#sink.series.add(this.#sink.series.series(this.#server, metric, instance, interval), time, figure);
    };
    for (const [name, metric, instance, factor] of COLUMNS) add(metric, instance, value(name) * factor);
    const free = value('free') + value('buff') + value('cache');
    add('memory.available', '', free * KIB);
    const busy = 100 - value('id') - (value('wa') || 0) - (value('st') || 0);
    add('cpu.busy', '', busy < 0 ? this.#sink.percent(busy) : busy);
  }

  #time(stamp: string | undefined, row: number): number {
    if (stamp === undefined)
      return startTimeOf(this.#input, this.#options) + row * intervalOf(this.#input, this.#options) * 1000;
    if (this.#isUtc) return clockTime(stamp);
    this.#offset ??= this.#sink.utcOffset();
    return clockTime(stamp) - this.#offset * 60_000;
  }
}
