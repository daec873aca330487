/**
 * The text format of Prometheus with times, as `promtool tsdb dump` and federation print it:
 *
 *   node_load1{instance="web1:9100"} 0.5 1717160400000
 *   {__name__="node_load1", instance="web1:9100"} 0.5 1717160400000
 *
 * OpenMetrics has seconds. What an exporter answers itself has no times: it is one moment, and no rates come of it.
 */
import { IronliftError } from '../../../../base/errors.ts';
import type { Importer } from '../../../collector.ts';
import { headText, utf8Pieces } from '../../text-encoding.ts';
import { textLines } from '../lines.ts';
import { numberOf } from '../numbers.ts';
import { ImportSink } from '../sink.ts';
import { PrometheusReader } from './reader.ts';

const LINE = /^([a-zA-Z_:][\w:]*)?(?:\{(.*)\})?\s+(\S+)(?:\s+(-?\d+(?:\.\d+)?))?\s*(?:#.*)?$/u;
const LABEL = /\s*([a-zA-Z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)/uy;
/** Seconds are below, milliseconds above, from 1973 to 5138. */
const SECONDS_BELOW = 1e11;

export const prometheusText: Importer = {
  id: 'prometheus-text',
  name: 'Prometheus samples as text, with times',
  recognise(input) {
    if (input.isFolder) return 0;
    const lines = headText(input).slice(0, 8000).split('\n').slice(0, 40);
    const found = lines.filter((line) => !line.startsWith('#')).find((line) => line.trim() !== '') ?? '';
    const isLine = /^(?:\{__name__="|(?:node|windows)_\w+[{ ])/u.test(found) && LINE.test(found.trimEnd());
    return isLine ? 3 : 0;
  },

  async *read(input, options) {
    const sink = new ImportSink(input, options, 'line');
    const reader = new PrometheusReader(sink, input, options);
    let timeless = 0;
    const take = (line: string, at: number): void => {
      if (line.trim() === '' || line.startsWith('#')) return;
      const found = line.length > 100_000 ? null : LINE.exec(line);
      const labels = found === null ? null : labelsOf(found[2] ?? '');
      if (found === null || labels === null) {
        sink.problem(at, 'This line was not understood.', line);
        return;
      }
      if (found[4] === undefined) {
        timeless++;
        return;
      }
      if (found[1] !== undefined) labels['__name__'] = found[1];
      const series = reader.series(labels);
      const value = numberOf(found[3]!);
      if (Number.isNaN(value) && !/^[+-]?(?:NaN|Inf)$/iu.test(found[3]!))
        sink.problem(at, 'The figure of this line is no number.', line);
      const time = Number(found[4]);
      if (series !== null)
        reader.reading(series, time < SECONDS_BELOW ? Math.round(time * 1000) : time, value);
    };
    for await (const { lines, first, overlong } of textLines(utf8Pieces(input))) {
      if (overlong) sink.problem(first - 1, 'This line is too long and was left out.');
      lines.forEach((line, i) => take(line, first + i));
      yield* sink.handOver();
    }
    yield* reader.finish();
    if (timeless > 0 && sink.series.samples === 0)
      throw new IronliftError(
        'IMPORT_NOT_SUPPORTED',
        `${input.name} is a single moment without a time, as an exporter gives it.`,
        {
          next: 'Ask the Prometheus server for query_range instead, and import what it answers.',
        },
      );
    if (timeless > 0) sink.note('Lines without a time were left out (%n).', timeless);
    yield* sink.finish();
  },
};

function labelsOf(text: string): Record<string, string> | null {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const found = LABEL.exec(text);
    if (found === null) return text.trim() === '' ? labels : null;
    labels[found[1]!] = found[2]!.replace(/\\(.)/gu, (_, character: string) =>
      character === 'n' ? '\n' : character,
    );
  }
  return labels;
}
