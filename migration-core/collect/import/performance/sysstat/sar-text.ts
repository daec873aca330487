/**
 * What `sar` prints (and `mpstat`, whose lines look the same): a heading with the date, then a block for each subject whose
 * lines begin with a time of day, in 12 or 24 hours, and end with an average.
 *
 *   Linux 3.10.0-327.el7.x86_64 (hostname) 	03/28/16 	_x86_64_	(48 CPU)
 *
 *   12:00:01 AM     CPU     %user     %nice ...
 *   12:10:01 AM     all      0,01      0.00 ...
 *   Average:        all      0.01 ...
 *
 * Times are local to the server, decimal signs as its locale has them.
 */
import type { Importer } from '../../../collector.ts';
import { headText, utf8Pieces } from '../../text-encoding.ts';
import { textLines } from '../lines.ts';
import { dayOf, numberOf } from '../numbers.ts';
import { ImportSink } from '../sink.ts';
import { sectionsOf, takeRow } from './sections.ts';

const HEADING = /^\s*Linux \S+ \((.*?)\)\s+(\d[\d/.-]+\d)/u;
const TIME = /^(\d{1,2}):(\d\d):(\d\d)(?:\s+([AP]M)(?=\s))?\s+/iu;
const NUMBER = /^[+-]?\d+(?:[.,]\d+)?$/u;
const DAY = 86_400_000;
/** A clock that goes back by more has passed midnight; one that goes back by less was set. */
const MIDNIGHT = DAY / 2;

export const sarText: Importer = {
  id: 'sar-text',
  name: 'sysstat history as text (sar -A)',
  recognise(input) {
    if (input.isFolder) return 0;
    const head = headText(input).slice(0, 20_000);
    if (!HEADING.test(head.slice(0, 1000)) || /^avg-cpu:/mu.test(head)) return 0;
    return /^\d\d:\d\d:\d\d .*(?:LINUX RESTART|%|\/s)/mu.test(head) ? 3 : 2;
  },

  async *read(input, options) {
    const sink = new ImportSink(input, options, 'line');
    const reader = new SarReader(sink, options.serverName);
    for await (const { lines, first, overlong } of textLines(utf8Pieces(input))) {
      if (overlong) sink.problem(first - 1, 'This line is too long and was left out.');
      lines.forEach((line, i) => reader.line(line, first + i));
      yield* sink.handOver();
    }
    yield* sink.finish();
  },
};

interface Block {
  sections: ReturnType<typeof sectionsOf>;
  columns: readonly string[];
  index: ReadonlyMap<string, number>;
  instance: number;
  /** Days since the heading of the file, and the last time of day in milliseconds. */
  days: number;
  last: number;
}

class SarReader {
  readonly #sink: ImportSink;
  readonly #name: string | undefined;
  #server = -1;
  /** Milliseconds since 1970 of midnight, local. */
  #date = Number.NaN;
  #offset: number | undefined;
  readonly #blocks = new Map<string, Block>();
  #block: Block | null = null;

  constructor(sink: ImportSink, name: string | undefined) {
    this.#sink = sink;
    this.#name = name;
  }

  line(line: string, at: number): void {
    if (line.trim() === '') return;
    if (this.#heading(line, at)) return;
    const time = TIME.exec(line);
    if (time === null) {
      // Averages, in the language of the server.
      if (!/^\s*[^\s:]+\s?:/u.test(line)) this.#sink.problem(at, 'This line was not understood.', line);
      return;
    }
    const cells = line.slice(time[0].length).trim().split(/\s+/u, 1000);
    if (/^LINUX RESTART/u.test(cells.slice(0, 2).join(' '))) {
      this.#sink.note('The server was restarted in this period (times: %n).');
      return;
    }
    if (cells[0] === 'COM') return;
    const clock = clockOf(time);
    if (Number.isNaN(clock) || this.#server < 0 || Number.isNaN(this.#date)) {
      const what = Number.isNaN(clock)
        ? 'The time of this line was not understood.'
        : 'No heading says of what server and day this line is.';
      this.#sink.problem(at, what, line);
    } else if (!cells.some((cell) => NUMBER.test(cell))) this.#begin(cells, clock);
    else this.#row(cells, clock, at, line);
  }

  #heading(line: string, at: number): boolean {
    const heading = HEADING.exec(line);
    if (heading === null) return false;
    this.#blocks.clear();
    this.#block = null;
    this.#date = dateOf(heading[2]!);
    if (Number.isNaN(this.#date))
      this.#sink.problem(at, 'The date of this heading was not understood.', line);
    const name = this.#name ?? heading[1]!.trim();
    if (name === '') this.#sink.problem(at, 'This heading names no server.', line);
    else this.#server = this.#sink.series.server(name);
    return true;
  }

  /** The names of columns. They are repeated now and then, and again for each moment where sar watches live. */
  #begin(columns: string[], clock: number): void {
    const key = columns.join(' ');
    let block = this.#blocks.get(key);
    if (block === undefined) {
      const sections = sectionsOf(columns.map((column) => (column === 'MOUNTPOINT' ? 'FILESYSTEM' : column)));
      const instance = columns.findIndex((column) =>
        /^(?:CPU|DEV|IFACE|FILESYSTEM|MOUNTPOINT)$/u.test(column),
      );
      const index = new Map(columns.map((column, i) => [column, i]));
      block = { sections, columns, index, instance, days: 0, last: clock };
      if (this.#blocks.size < 1000) this.#blocks.set(key, block);
    }
    this.#block = block;
  }

  #row(cells: string[], clock: number, at: number, line: string): void {
    const block = this.#block;
    if (block === null) {
      this.#sink.problem(at, 'No heading says what this line measures.', line);
      return;
    }
    if (clock < block.last - MIDNIGHT) block.days++;
    block.last = clock;
    if (block.sections.length === 0) {
      this.#sink.ignore(block.columns.slice(0, 2).join(' '));
      return;
    }
    if (cells.length !== block.columns.length) {
      this.#sink.problem(at, `This line has ${cells.length} of ${block.columns.length} columns.`, line);
      return;
    }
    this.#offset ??= this.#sink.utcOffset();
    const row = {
      server: this.#server,
      time: this.#date + block.days * DAY + clock - this.#offset * 60_000,
      interval: 0,
      instance: block.instance < 0 ? '' : cells[block.instance]!,
    };
    let wrong = 0;
    const get = (name: string): number => {
      const column = block.index.get(name);
      if (column === undefined) return Number.NaN;
      const value = numberOf(cells[column]!);
      if (Number.isNaN(value)) wrong++;
      return value;
    };
    for (const section of block.sections) takeRow(this.#sink, section, row, get);
    if (wrong > 0) this.#sink.problem(at, 'A figure of this line is no number.', line);
  }
}

function clockOf(time: RegExpExecArray): number {
  let hour = Number(time[1]);
  const half = time[4]?.toUpperCase();
  if (hour > (half === undefined ? 24 : 12) || Number(time[2]) > 59 || Number(time[3]) > 60)
    return Number.NaN;
  if (half !== undefined) hour = (hour % 12) + (half === 'PM' ? 12 : 0);
  return ((hour * 60 + Number(time[2])) * 60 + Number(time[3])) * 1000;
}

/** `2018-12-18`, `03/28/16` (the C locale: month first), `28.03.2016`, `28/03/2016` where no month could be first. */
export function dateOf(text: string): number {
  const parts = text.split(/[/.-]/u).map(Number);
  if (parts.length !== 3 || parts.some((part) => !Number.isInteger(part))) return Number.NaN;
  const [a, b, c] = parts as [number, number, number];
  if (a > 1000) return dayOf(a, b, c);
  const year = c < 100 ? 2000 + c : c;
  return text.includes('.') || a > 12 ? dayOf(year, b, a) : dayOf(year, a, b);
}
