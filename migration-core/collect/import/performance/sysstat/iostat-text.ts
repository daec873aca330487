/**
 * `iostat -xt N`: reports, each with a time, the processors and a line for each disk.
 *
 *   Linux 3.10.0-327.el7.x86_64 (hostname) 	03/28/16 	_x86_64_	(48 CPU)
 *
 *   03/28/16 13:00:00
 *   avg-cpu:  %user   %nice %system %iowait  %steal   %idle
 *             44.83   18.00   17.93    0.78    0.41   18.05
 *
 *   Device            r/s     rkB/s  ...
 *   sda              6.90    222.14  ...
 *
 * The first report is the mean since the server started and left out. Without `-t` times are counted from `startTime`.
 */
import type { Importer, ImportInput, ImportOptions } from '../../../collector.ts';
import { headText, utf8Pieces } from '../../text-encoding.ts';
import { textLines } from '../lines.ts';
import { numberOf } from '../numbers.ts';
import { ImportSink, intervalOf, startTimeOf } from '../sink.ts';
import { dateOf } from './sar-text.ts';
import { sectionsOf, takeRow } from './sections.ts';

const HEADING = /^\s*Linux \S+ \((.*?)\)\s+\d/u;
const TIME = /^(\d[\d/.-]+\d)[ T](\d\d):(\d\d):(\d\d)(?:\s*([AP]M)|([+-]\d\d)(\d\d))?\s*$/u;

export const iostatText: Importer = {
  id: 'iostat-text',
  name: 'iostat output (iostat -xt)',
  recognise(input) {
    if (input.isFolder) return 0;
    const head = headText(input).slice(0, 20_000);
    return HEADING.test(head.slice(0, 1000)) && /^(?:avg-cpu:|Device:?\s)/mu.test(head) ? 3 : 0;
  },

  async *read(input, options) {
    const sink = new ImportSink(input, options, 'line');
    const reader = new IostatReader(sink, input, options);
    for await (const { lines, first, overlong } of textLines(utf8Pieces(input))) {
      if (overlong) sink.problem(first - 1, 'This line is too long and was left out.');
      lines.forEach((line, i) => reader.line(line, first + i));
      yield* sink.handOver();
    }
    yield* sink.finish();
  },
};

class IostatReader {
  readonly #sink: ImportSink;
  readonly #input: ImportInput;
  readonly #options: ImportOptions;
  #server = -1;
  #report = 0;
  #time = Number.NaN;
  #hasTimes = false;
  /** Parts of this report that were seen: the same again is the next report. */
  readonly #seen = new Set<string>();
  #columns: string[] = [];
  #offset: number | undefined;

  constructor(sink: ImportSink, input: ImportInput, options: ImportOptions) {
    this.#sink = sink;
    this.#input = input;
    this.#options = options;
  }

  line(line: string, at: number): void {
    if (line.trim() === '') return;
    const heading = HEADING.exec(line);
    if (heading !== null) {
      const name = (this.#options.serverName ?? heading[1]!).trim();
      if (name === '') this.#sink.problem(at, 'This heading names no server.', line);
      else this.#server = this.#sink.series.server(name);
      this.#report = 0;
      this.#hasTimes = false;
      this.#seen.clear();
      return;
    }
    const time = TIME.exec(line);
    if (time !== null) {
      this.#hasTimes = true;
      this.#nextReport();
      this.#time = this.#timeOf(time);
      if (Number.isNaN(this.#time)) this.#sink.problem(at, 'This time was not understood.', line);
      return;
    }
    const cells = line.trim().split(/\s+/u, 100);
    if (cells[0] === 'avg-cpu:') this.#begin('cpu', ['CPU', ...cells.slice(1)]);
    else if (/^Device:?$/u.test(cells[0]!)) this.#begin('disk', ['DEV', ...cells.slice(1)]);
    else this.#row(cells, line, at);
  }

  #begin(part: string, columns: string[]): void {
    if (!this.#hasTimes && (this.#report === 0 || this.#seen.has(part))) this.#nextReport();
    this.#seen.add(part);
    this.#columns = columns;
  }

  #nextReport(): void {
    this.#report++;
    this.#seen.clear();
    this.#columns = [];
  }

  #row(given: string[], line: string, at: number): void {
    // The line of the processors has no name in front.
    const cells = this.#columns[0] === 'CPU' ? ['all', ...given] : given;
    if (this.#server < 0 || this.#columns.length === 0 || cells.length !== this.#columns.length) {
      this.#sink.problem(at, 'This line was not understood.', line);
      return;
    }
    if (this.#report <= 1) {
      this.#sink.note('The first report is the mean since the server started, and was left out (%n lines).');
      return;
    }
    if (!this.#hasTimes) {
      const interval = intervalOf(this.#input, this.#options);
      this.#time = startTimeOf(this.#input, this.#options) + (this.#report - 1) * interval * 1000;
    }
    if (Number.isNaN(this.#time)) return;
    let wrong = 0;
    const get = (name: string): number => {
      const column = this.#columns.indexOf(name);
      if (column < 0) return Number.NaN;
      const value = numberOf(cells[column]!);
      if (Number.isNaN(value)) wrong++;
      return value;
    };
    const interval = this.#options.intervalSeconds ?? 0;
    const row = { server: this.#server, time: this.#time, interval, instance: cells[0]! };
    const sections = sectionsOf(this.#columns);
    if (sections.length === 0) this.#sink.ignore('disks without -x');
    for (const section of sections) takeRow(this.#sink, section, row, get);
    if (wrong > 0) this.#sink.problem(at, 'A figure of this line is no number.', line);
  }

  #timeOf(time: RegExpExecArray): number {
    let hour = Number(time[2]);
    if (time[5] !== undefined) hour = (hour % 12) + (time[5] === 'PM' ? 12 : 0);
    if (hour > 23 || Number(time[3]) > 59 || Number(time[4]) > 60) return Number.NaN;
    const clock = dateOf(time[1]!) + ((hour * 60 + Number(time[3])) * 60 + Number(time[4])) * 1000;
    if (time[6] === undefined) return clock - (this.#offset ??= this.#sink.utcOffset()) * 60_000;
    const minutes = Number(time[6].slice(1)) * 60 + Number(time[7]);
    return clock - (time[6].startsWith('-') ? -minutes : minutes) * 60_000;
  }
}
