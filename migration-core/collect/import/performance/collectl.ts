/**
 * collectl, what it writes for plotting (`-P`, files named HOST-DATE.tab) and what it prints with times (`-oT`, `-oD`).
 *
 *   #Date Time [CPU]User% [CPU]Nice% [CPU]Sys% [CPU]Wait% ... [MEM]Tot [MEM]Used ... [NET]RxPktTot ... [DSK]ReadTot ...
 *   20240531 13:00:00 34 25 39 0 ...
 *
 *   #         <----CPU[HYPER]-----><----------Disks-----------><----------Network---------->
 *   #Time     cpu sys inter  ctxsw KBRead  Reads KBWrit Writes   KBIn  PktIn  KBOut  PktOut
 *   13:00:00   99  38  1525   4127      0      0      0      0      0      0      0       0
 *
 * Kilobytes are of 1024. Times are local; `-oU`... has seconds since 1970.
 */
import type { Importer, ImportInput, ImportOptions } from '../../collector.ts';
import { headText, utf8Pieces } from '../text-encoding.ts';
import type { MetricId } from '../../../store/model/metrics.ts';
import { textLines } from './lines.ts';
import { numberOf } from './numbers.ts';
import { ImportSink, serverNameOf, startTimeOf } from './sink.ts';
import { clockTime } from './sysstat/moment.ts';

const KIB = 1024;
const DAY = 86_400_000;
const PLOT = /^#Date\s*Time\s/u;
const TERMINAL = /^#(?:Date\s+)?Time\s/u;

interface Meaning {
  metric: MetricId;
  factor?: number;
}

/** Of the plot format. `%` after a name is a percentage. */
const PLOT_COLUMNS: Readonly<Record<string, Meaning>> = {
  '[CPU]User%': { metric: 'cpu.user' },
  '[CPU]Sys%': { metric: 'cpu.privileged' },
  '[CPU]Wait%': { metric: 'cpu.iowait' },
  '[CPU]Steal%': { metric: 'cpu.steal' },
  // `Totl%` counts waiting for disks as busy in some versions; idle is measured.
  '[CPU]Ctx/sec': { metric: 'cpu.contextSwitches' },
  '[CPU]RunTot': { metric: 'cpu.queue' },
  '[MEM]Tot': { metric: 'memory.total', factor: KIB },
  '[MEM]Commit': { metric: 'memory.committed', factor: KIB },
  '[MEM]SwapUsed': { metric: 'memory.swapUsed', factor: KIB },
  '[MEM]SwapIn': { metric: 'paging.in', factor: KIB },
  '[MEM]SwapOut': { metric: 'paging.out', factor: KIB },
  '[MEM]MajFaults': { metric: 'paging.hardFaults' },
  '[NET]RxPktTot': { metric: 'nic.receivedPackets' },
  '[NET]TxPktTot': { metric: 'nic.sentPackets' },
  '[NET]RxKBTot': { metric: 'nic.receivedBytes', factor: KIB },
  '[NET]TxKBTot': { metric: 'nic.sentBytes', factor: KIB },
  '[DSK]ReadTot': { metric: 'disk.readOperations' },
  '[DSK]WriteTot': { metric: 'disk.writeOperations' },
  '[DSK]ReadKBTot': { metric: 'disk.readBytes', factor: KIB },
  '[DSK]WriteKBTot': { metric: 'disk.writeBytes', factor: KIB },
};

const TERMINAL_COLUMNS: Readonly<Record<string, Meaning>> = {
  cpu: { metric: 'cpu.busy' },
  sys: { metric: 'cpu.privileged' },
  ctxsw: { metric: 'cpu.contextSwitches' },
  KBRead: { metric: 'disk.readBytes', factor: KIB },
  Reads: { metric: 'disk.readOperations' },
  KBWrit: { metric: 'disk.writeBytes', factor: KIB },
  Writes: { metric: 'disk.writeOperations' },
  KBIn: { metric: 'nic.receivedBytes', factor: KIB },
  PktIn: { metric: 'nic.receivedPackets' },
  KBOut: { metric: 'nic.sentBytes', factor: KIB },
  PktOut: { metric: 'nic.sentPackets' },
};

/** Figures on a terminal are shortened: 17G. */
const SUFFIXES: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

export const collectl: Importer = {
  id: 'collectl',
  name: 'collectl output (-P, or -oT)',
  recognise(input) {
    if (input.isFolder) return 0;
    const lines = headText(input).slice(0, 20_000).split('\n');
    if (lines.some((line) => PLOT.test(line) && line.includes('['))) return 3;
    return lines.some((line) => TERMINAL.test(line) && /\b(?:cpu|KBRead|KBIn)\b/u.test(line)) ? 3 : 0;
  },

  async *read(input, options) {
    const sink = new ImportSink(input, options, 'line');
    const reader = new CollectlReader(sink, input, options);
    for await (const { lines, first, overlong } of textLines(utf8Pieces(input))) {
      if (overlong) sink.problem(first - 1, 'This line is too long and was left out.');
      lines.forEach((line, i) => reader.line(line, first + i));
      yield* sink.handOver();
    }
    yield* sink.finish();
  },
};

class CollectlReader {
  readonly #sink: ImportSink;
  readonly #input: ImportInput;
  readonly #options: ImportOptions;
  readonly #name: string;
  #columns: string[] = [];
  /** Columns of the time: `Date`, `Time`. */
  #hasDate = false;
  #day = Number.NaN;
  #last = -1;
  #offset: number | undefined;

  constructor(sink: ImportSink, input: ImportInput, options: ImportOptions) {
    this.#sink = sink;
    this.#input = input;
    this.#options = options;
    // Files that collectl writes itself begin with the name of the host: web1-20240531.tab.
    const host = /^(.+?)-\d{8}(?:-\d{6})?\.(?:tab|dsk|net|cpu|prc)/u.exec(input.name)?.[1];
    this.#name = (options.serverName ?? host ?? '').trim();
  }

  line(line: string, at: number): void {
    if (line.trim() === '') return;
    const recorded = /^#\s*Host:\s*(\S+)/u.exec(line);
    if (recorded !== null && this.#options.serverName === undefined) this.#host = recorded[1]!;
    if (line.startsWith('#')) {
      if (TERMINAL.test(line)) this.#begin(line);
      return;
    }
    if (this.#columns.length === 0) {
      // What collectl says before it begins.
      this.#sink.ignore('lines before the heading');
      return;
    }
    const cells = line.trim().split(/\s+/u, 20_000);
    if (cells.length !== this.#columns.length) {
      this.#sink.problem(at, `This line has ${cells.length} of ${this.#columns.length} columns.`, line);
      return;
    }
    const time = this.#time(cells);
    if (Number.isNaN(time)) {
      this.#sink.problem(at, 'The time of this line was not understood.', line);
      return;
    }
    this.#row(cells, time, at, line);
  }

  #host = '';

  #begin(line: string): void {
    this.#columns = line.slice(1).trim().split(/\s+/u, 20_000);
    this.#hasDate = this.#columns[0] === 'Date';
  }

  #server(): number {
    const name = this.#name === '' ? this.#host : this.#name;
    return this.#sink.series.server(name === '' ? serverNameOf(this.#input, this.#options) : name);
  }

  #time(cells: readonly string[]): number {
    const clock = cells[this.#hasDate ? 1 : 0]!;
    // -oTU or -PU: seconds since 1970.
    if (/^\d{9,11}(?:\.\d+)?$/u.test(clock)) return Math.round(Number(clock) * 1000);
    const date = /^(\d{4})(\d\d)(\d\d)$/u.exec(this.#hasDate ? cells[0]! : '');
    let day = 0;
    if (date === null && !this.#hasDate) {
      // From the day of the first sample on.
      this.#day = Number.isNaN(this.#day) ? startOfDay(startTimeOf(this.#input, this.#options)) : this.#day;
    }
    const time = clockTime(
      date === null ? `1980-01-01 ${clock}` : `${date[1]!}-${date[2]!}-${date[3]!} ${clock}`,
    );
    if (!this.#hasDate) {
      const ofDay = time - Date.UTC(1980, 0, 1);
      if (ofDay < this.#last - DAY / 2) this.#day += DAY;
      this.#last = ofDay;
      day = this.#day - Date.UTC(1980, 0, 1);
    } else if (date === null) return Number.NaN;
    return time + day - (this.#offset ??= this.#sink.utcOffset()) * 60_000;
  }

  #row(cells: readonly string[], time: number, at: number, line: string): void {
    const isPlot = this.#columns.some((column) => column.startsWith('['));
    const meanings = isPlot ? PLOT_COLUMNS : TERMINAL_COLUMNS;
    const server = this.#server();
    let wrong = 0;
    const value = (column: string): number => {
      const cell = cells[this.#columns.indexOf(column)];
      if (cell === undefined) return Number.NaN;
      const figure = numberOf(cell.replace(/[KMGT]$/u, '')) * (SUFFIXES[cell.at(-1)!] ?? 1);
      if (Number.isNaN(figure)) wrong++;
      return figure;
    };
    const add = (metric: MetricId, figure: number): void => {
      if (!Number.isFinite(figure)) return;
      const instance = /^(?:disk|nic)\./u.test(metric) ? '*' : '';
      const kept =
        metric === 'cpu.busy' && (figure < 0 || figure > 100) ? this.#sink.percent(figure) : figure;
      this.#sink.series.add(
        this.#sink.series.series(server, metric, instance, this.#options.intervalSeconds ?? 0),
        time,
        kept,
      );
    };
    for (const [column, { metric, factor = 1 }] of Object.entries(meanings))
      add(metric, value(column) * factor);
    if (isPlot) {
      const wait = value('[CPU]Wait%') || 0;
      const steal = value('[CPU]Steal%') || 0;
      add('cpu.busy', 100 - value('[CPU]Idle%') - wait - steal);
      const caches = value('[MEM]Buf') + value('[MEM]Cached') + (value('[MEM]Slab') || 0);
      add('memory.used', Math.max(0, value('[MEM]Used') - caches) * KIB);
    }
    if (wrong > 0) this.#sink.problem(at, 'A figure of this line is no number.', line);
  }
}

const startOfDay = (time: number): number => Math.floor(time / DAY) * DAY;
