/** Tables with a time in one column and a figure in each other: rows are parsed once and give the samples of a plan. */
import { excerptOf, type RowScanner } from './rows.ts';
import { isBlank, isMissing, numberAt, timeAt, type TimeFormat } from './numbers.ts';
import type { ImportSink } from './sink.ts';

/** How a sample comes from the cells of a row. */
export interface WideOutput {
  /** Of the builder. */
  series: number;
  /** Column of the figure. */
  column: number;
  /** Column it is divided by, or -1. */
  by: number;
  /** The figure times this ... */
  scale: number;
  /** ... plus this. */
  plus: number;
  /** The value cannot be above or below; figures a little over come from rounding. */
  percent: boolean;
}

export class WideReader {
  readonly #outputs: readonly WideOutput[];
  readonly #needed: Int32Array;
  readonly #values: Float64Array;
  readonly #sink: ImportSink;
  readonly #time: { column: number; format: TimeFormat; offset: number };
  readonly #columns: number;

  constructor(
    sink: ImportSink,
    time: { column: number; format: TimeFormat; offset: number },
    columns: number,
    outputs: readonly WideOutput[],
  ) {
    this.#sink = sink;
    this.#time = time;
    this.#columns = columns;
    this.#outputs = outputs;
    const needed = new Set(outputs.flatMap(({ column, by }) => (by < 0 ? [column] : [column, by])));
    this.#needed = Int32Array.from(needed).sort();
    this.#values = new Float64Array(columns).fill(Number.NaN);
  }

  /** Takes the samples of the row that the scanner stands on. */
  row(scanner: RowScanner, bytes: Buffer, line: number, from: number, to: number): void {
    const { starts, ends, count } = scanner;
    if (scanner.broken) {
      this.#sink.problem(line, 'A quotation mark of this line is never closed.', excerptOf(bytes, from, to));
      return;
    }
    if (count === 1 && isBlank(bytes, starts[0]!, ends[0]!)) return;
    if (count < this.#columns) {
      const message = `This line has ${count} of ${this.#columns} columns.`;
      this.#sink.problem(line, message, excerptOf(bytes, from, to));
      return;
    }
    const { column, format, offset } = this.#time;
    const time = timeAt(bytes, starts[column]!, ends[column]!, format, offset);
    if (Number.isNaN(time)) {
      this.#sink.problem(line, 'The time of this line was not understood.', excerptOf(bytes, from, to));
      return;
    }
    const values = this.#values;
    let wrong = 0;
    for (const cell of this.#needed) {
      const value = numberAt(bytes, starts[cell]!, ends[cell]!);
      values[cell] = value;
      if (value !== value && !isMissing(bytes, starts[cell]!, ends[cell]!)) wrong++;
    }
    if (wrong > 0) this.#sink.problem(line, `${wrong} figures of this line are no numbers.`);
    const builder = this.#sink.series;
    for (const output of this.#outputs) {
      let value = values[output.column]!;
      if (output.by >= 0) value /= values[output.by]!;
      value = value * output.scale + output.plus;
      if (!Number.isFinite(value)) continue;
      if (output.percent && (value < 0 || value > 100)) value = this.#sink.percent(value);
      builder.add(output.series, time, value);
    }
  }
}
