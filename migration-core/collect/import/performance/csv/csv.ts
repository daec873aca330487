/** Plain CSV: tables of figures over time, with a mapping given by the user or proposed from the headings. */
import { IronliftError } from '../../../../base/errors.ts';
import { metricInfo, type MetricId } from '../../../../store/model/metrics.ts';
import type { Importer, ImportInput, ImportOptions } from '../../../collector.ts';
import { headText, utf8Pieces } from '../../text-encoding.ts';
import { lineBlocks } from '../lines.ts';
import { isBlank, isMissing, numberAt, timeAt } from '../numbers.ts';
import { eachRow, excerptOf, RowScanner } from '../rows.ts';
import { ImportSink, serverNameOf } from '../sink.ts';
import { guessFigure, guessMapping } from './guess.ts';
import { KeyTable } from './keys.ts';
import { csvMapping, type CsvMapping } from './mapping.ts';
import { conversionOf, needsMapping, planOf, type CsvPlan, type PlannedFigure } from './plan.ts';

const DELIMITERS = [',', ';', '\t', '|'] as const;
type Delimiter = (typeof DELIMITERS)[number];
/** Rows that are looked at for a proposal. */
const LOOK_AT = 50;
const MAX_TIME = 48;

export const plainCsv: Importer = {
  id: 'csv',
  name: 'CSV with a time column',
  recognise(input) {
    // Every second byte of UTF-16 is zero: whether it is text shows only once it is decoded.
    if (input.isFolder || headText(input).slice(0, 1024).includes('\0')) return 0;
    const sample = sampleOf(input, guessDelimiter(headText(input)));
    if (sample.headings.length < 2) return 0;
    if (guessMapping(sample.headings, sample.rows).mapping !== null) return 2;
    return /\.(?:csv|tsv)(?:\.\w+)?$/iu.test(input.name) ? 1 : 0;
  },

  async *read(input, options) {
    const { mapping, delimiter } = mappingFor(input, options);
    const sink = new ImportSink(input, options, 'line');
    const scanner = new RowScanner(delimiter);
    let reader: CsvReader | null = null;
    let line = 1;
    for await (const block of lineBlocks(utf8Pieces(input))) {
      line = eachRow(sink, scanner, block, line, (bytes, at, from, to) => {
        if (reader === null) {
          const names = Array.from({ length: scanner.count }, (_, cell) => scanner.text(bytes, cell));
          if (names.every((name) => name.trim() === '')) return;
          reader = new CsvReader(mapping, names, sink, input, options);
          if (mapping.noHeading !== true) return;
        }
        reader.row(scanner, bytes, at, from, to);
      });
      yield* sink.handOver();
    }
    yield* sink.finish();
  },
};

/** The delimiter that most rows of the beginning agree on. */
export function guessDelimiter(head: string): Delimiter {
  const lines = head.split('\n', LOOK_AT).filter((line) => line.trim() !== '');
  let best: Delimiter = ',';
  let score = 0;
  for (const delimiter of DELIMITERS) {
    const counts = lines.map((line) => line.replace(/"[^"]*"/gu, '').split(delimiter).length - 1);
    const same = counts.filter((count) => count === counts[0] && count > 0).length;
    if (same > score) [best, score] = [delimiter, same];
  }
  return best;
}

function sampleOf(input: ImportInput, delimiter: Delimiter): { headings: string[]; rows: string[][] } {
  const bytes = Buffer.from(headText(input), 'utf8');
  const scanner = new RowScanner(delimiter);
  const rows: string[][] = [];
  // The last row of the head may be cut.
  const end =
    bytes.length < input.head.length || input.size <= bytes.length ? bytes.length : bytes.lastIndexOf(10) + 1;
  const whole = bytes.subarray(bytes[0] === 0xef && bytes[1] === 0xbb ? 3 : 0, end);
  for (let at = 0; at < whole.length && rows.length <= LOOK_AT;) {
    at = scanner.scan(whole, at, true);
    const row = Array.from({ length: scanner.count }, (_, cell) => scanner.text(whole, cell));
    if (row.some((cell) => cell.trim() !== '')) rows.push(row);
  }
  const [headings = [], ...data] = rows;
  return { headings, rows: data.filter((row) => row.length >= headings.length) };
}

/** @throws IMPORT_NEEDS_ANSWER where none was given and none is certain */
function mappingFor(
  input: ImportInput,
  options: ImportOptions,
): { mapping: CsvMapping; delimiter: Delimiter } {
  const guessed = guessDelimiter(headText(input));
  if (options.columns !== undefined) {
    const parsed = csvMapping.safeParse(options.columns);
    if (!parsed.success)
      throw needsMapping('The meaning given for the columns is not understood.', {
        issues: parsed.error.issues.slice(0, 10).map(({ path, message }) => `${path.join('.')}: ${message}`),
      });
    return { mapping: parsed.data, delimiter: parsed.data.delimiter ?? guessed };
  }
  const { headings, rows } = sampleOf(input, guessed);
  if (rows.length === 0 && input.size <= input.head.length)
    throw new IronliftError(
      'IMPORT_DAMAGED',
      `${input.name} names its columns and has no figures below them.`,
      {
        next: 'Export it again, for a time in which something was recorded.',
      },
    );
  const { mapping, doubts } = guessMapping(headings, rows);
  if (mapping === null || doubts.length > 0)
    throw needsMapping(
      `What the columns of ${input.name} mean is not certain: ${doubts.slice(0, 3).join(' ')}`,
      {
        proposal: mapping,
        doubts: doubts.slice(0, 50),
        headings: headings.slice(0, 200),
        rows: rows.slice(0, 5).map((row) => row.slice(0, 200)),
      },
    );
  return { mapping, delimiter: guessed };
}

/** What belongs to one server, instance and (long form) metric: a series for each figure of a row. */
interface Entry {
  series: Int32Array;
  scale: Float64Array;
  plus: Float64Array;
  /** 1 where the figure is a percentage. */
  percent: Uint8Array;
}

const newConversions = (count: number): Omit<Entry, 'series'> => ({
  scale: new Float64Array(count).fill(1),
  plus: new Float64Array(count),
  percent: new Uint8Array(count),
});

class CsvReader {
  readonly #plan: CsvPlan;
  readonly #mapping: CsvMapping;
  readonly #sink: ImportSink;
  readonly #keys: KeyTable<Entry>;
  readonly #offset: number;
  readonly #columns: Int32Array;
  readonly #conversions: Omit<Entry, 'series'>;
  /** The last time as it was written, and what it is. */
  readonly #lastTime = new Uint8Array(MAX_TIME);
  #lastLength = -1;
  #time = Number.NaN;
  readonly #both = Buffer.alloc(2 * MAX_TIME + 1);
  readonly #serverName: string;
  #utcOffset: number | undefined;
  /** Of the row that is looked at. */
  #scanner: RowScanner | null = null;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(
    mapping: CsvMapping,
    headings: readonly string[],
    sink: ImportSink,
    input: ImportInput,
    options: ImportOptions,
  ) {
    this.#mapping = mapping;
    this.#sink = sink;
    const plan = (this.#plan = planOf(mapping, headings));
    this.#serverName = plan.server < 0 ? serverNameOf(input, options) : '';
    const counted = ['seconds', 'milliseconds', 'microseconds'].includes(mapping.time.format);
    this.#offset = mapping.time.utcOffsetMinutes ?? (counted ? 0 : Number.NaN);
    this.#columns = Int32Array.from(
      mapping.form === 'long' ? [plan.value] : plan.figures.map(({ column }) => column),
    );
    const cells = [plan.server, plan.metric, plan.instance].filter((cell) => cell >= 0);
    this.#conversions = newConversions(this.#columns.length);
    this.#keys = new KeyTable<Entry>(cells, () => this.#newEntry());
    if (mapping.form === 'wide') {
      const known = new Set([plan.time, plan.clock, ...cells, ...this.#columns]);
      headings.forEach((heading, cell) => {
        if (!known.has(cell) && mapping.noHeading !== true) sink.ignore(heading.trim().slice(0, 100));
      });
    }
  }

  row(scanner: RowScanner, bytes: Buffer, line: number, from: number, to: number): void {
    const { starts, ends } = scanner;
    const plan = this.#plan;
    const sink = this.#sink;
    if (scanner.broken) {
      sink.problem(line, 'A quotation mark of this line is never closed.', excerptOf(bytes, from, to));
      return;
    }
    if (scanner.count < plan.columns) {
      if (scanner.count === 1 && isBlank(bytes, starts[0]!, ends[0]!)) return;
      const message = `This line has ${scanner.count} columns where ${plan.columns} are needed.`;
      sink.problem(line, message, excerptOf(bytes, from, to));
      return;
    }
    const time = this.#timeOf(bytes, starts, ends);
    if (time !== time) {
      sink.problem(line, 'The time of this line was not understood.', excerptOf(bytes, from, to));
      return;
    }
    this.#scanner = scanner;
    this.#bytes = bytes;
    const { series, scale, plus, percent } = this.#keys.find(bytes, starts, ends);
    const columns = this.#columns;
    for (let i = 0; i < columns.length; i++) {
      const cell = columns[i]!;
      if (series[i]! < 0) continue;
      let value = numberAt(bytes, starts[cell]!, ends[cell]!);
      if (value !== value) {
        if (!isMissing(bytes, starts[cell]!, ends[cell]!))
          sink.problem(line, 'A figure of this line is no number.', excerptOf(bytes, from, to));
        continue;
      }
      value = value * scale[i]! + plus[i]!;
      if (!Number.isFinite(value)) {
        sink.problem(line, 'A figure of this line is too large.', excerptOf(bytes, from, to));
        continue;
      }
      if (percent[i] === 1 && (value < 0 || value > 100)) value = sink.percent(value);
      sink.series.add(series[i]!, time, value);
    }
  }

  #timeOf(bytes: Buffer, starts: Int32Array, ends: Int32Array): number {
    const { time: column, clock } = this.#plan;
    const start = starts[column]!;
    const length = ends[column]! - start;
    if (clock >= 0) {
      const clockLength = ends[clock]! - starts[clock]!;
      if (length > MAX_TIME || clockLength > MAX_TIME) return Number.NaN;
      bytes.copy(this.#both, 0, start, start + length);
      this.#both[length] = 0x20;
      bytes.copy(this.#both, length + 1, starts[clock], ends[clock]);
      return this.#parse(this.#both, 0, length + 1 + clockLength);
    }
    const last = this.#lastTime;
    if (length === this.#lastLength) {
      let i = length - 1;
      while (i >= 0 && last[i] === bytes[start + i]) i--;
      if (i < 0) return this.#time;
    }
    this.#time = this.#parse(bytes, start, start + length);
    if (length <= MAX_TIME) {
      this.#lastLength = length;
      for (let i = 0; i < length; i++) last[i] = bytes[start + i]!;
    } else this.#lastLength = -1;
    return this.#time;
  }

  #parse(bytes: Uint8Array, from: number, to: number): number {
    const { format } = this.#mapping.time;
    if (this.#offset === this.#offset) return timeAt(bytes, from, to, format, this.#offset);
    // Times may name their zone, each for itself; only for those that do not, the offset has to be known.
    const utc = timeAt(bytes, from, to, format, 0);
    if (utc !== utc || utc === timeAt(bytes, from, to, format, 60)) return utc;
    return utc - (this.#utcOffset ??= this.#sink.utcOffset()) * 60_000;
  }

  #textOf(cell: number): string {
    return this.#scanner?.text(this.#bytes, cell) ?? '';
  }

  #newEntry(): Entry {
    const plan = this.#plan;
    const builder = this.#sink.series;
    const server = plan.server < 0 ? this.#serverName : this.#textOf(plan.server);
    const instance = plan.instance < 0 ? '' : this.#textOf(plan.instance).trim();
    const count = this.#columns.length;
    // The conversions of a wide row are the same for all servers, of which there may be many.
    const conversions = this.#mapping.form === 'wide' ? this.#conversions : newConversions(count);
    const entry = { series: new Int32Array(count).fill(-1), ...conversions };
    if (server.trim() === '') {
      this.#sink.note('Lines without the name of a server were left out.');
      return entry;
    }
    const figures: (PlannedFigure | null)[] =
      this.#mapping.form === 'long' ? [this.#longFigure()] : plan.figures;
    figures.forEach((found, i) => {
      if (found === null) return;
      const { metric } = found.figure;
      const of = instanceFor(metric, found.instance ?? instance);
      entry.series[i] = builder.series(builder.server(server), metric, of);
      entry.percent[i] = metricInfo(metric)?.unit === 'percent' ? 1 : 0;
      entry.scale[i] = found.conversion.scale;
      entry.plus[i] = found.conversion.plus;
    });
    return entry;
  }

  #longFigure(): PlannedFigure | null {
    if (this.#mapping.form !== 'long') return null;
    const name = this.#textOf(this.#plan.metric).trim();
    const { names } = this.#mapping.metric;
    const given = Object.hasOwn(names, name) ? names[name] : undefined;
    const guess = given === undefined ? guessFigure(name) : { figure: given, sure: true };
    if (guess === undefined) {
      this.#sink.ignore(name === '' ? 'figures without a name' : name.slice(0, 100));
      return null;
    }
    const { figure, sure } = guess;
    if (!sure)
      this.#sink.note(
        `${name.slice(0, 100)} names no unit; it was taken as ${metricInfo(figure.metric)!.unit}.`,
      );
    return { column: this.#plan.value, figure, instance: undefined, conversion: conversionOf(figure) };
  }
}

/** Metrics of a whole server have no instance; others without one are of all of them. */
function instanceFor(metric: MetricId, instance: string): string {
  if (metricInfo(metric)?.scope === 'server') return '';
  return instance === '' || /^_?total$/iu.test(instance) ? '*' : instance;
}
