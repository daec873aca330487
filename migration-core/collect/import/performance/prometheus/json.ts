/**
 * What the HTTP API of Prometheus answers to `query_range` (and `query` of a range):
 *
 *   {"status":"success","data":{"resultType":"matrix","result":[
 *     {"metric":{"__name__":"node_load1","instance":"web1:9100"},"values":[[1717160400,"0.5"], ...]}, ...]}}
 */
import type { Importer } from '../../../collector.ts';
import { headText, utf8Pieces } from '../../text-encoding.ts';
import { isRecord, jsonParts } from '../json-stream.ts';
import { ImportSink } from '../sink.ts';
import { PrometheusReader, type Labels } from './reader.ts';

const RESULT = 'data.result[]';

export const prometheusJson: Importer = {
  id: 'prometheus-json',
  name: 'Prometheus query_range answer (JSON)',
  recognise(input) {
    if (input.isFolder) return 0;
    const head = headText(input).slice(0, 2000);
    return /^\s*\{/u.test(head) && /"resultType"\s*:\s*"matrix"/u.test(head) ? 3 : 0;
  },

  async *read(input, options) {
    const sink = new ImportSink(input, options, 'record');
    const reader = new PrometheusReader(sink, input, options);
    let records = 0;
    for await (const part of jsonParts(utf8Pieces(input), new Set([RESULT]))) {
      if ('broken' in part) {
        const what =
          part.broken === 'document'
            ? 'The file is cut short or damaged behind this record.'
            : 'This record is damaged.';
        sink.problem(part.broken === 'document' ? records : part.record, what);
      } else {
        records = part.record;
        if (!takeSeries(reader, part.value))
          sink.problem(part.record, 'This record is no series with its values.');
      }
      yield* sink.handOver();
    }
    yield* reader.finish();
    yield* sink.finish();
  },
};

function takeSeries(reader: PrometheusReader, value: unknown): boolean {
  if (!isRecord(value) || !isRecord(value['metric']) || !Array.isArray(value['values'])) return false;
  const labels: Labels = Object.fromEntries(
    Object.entries(value['metric']).filter(
      (label): label is [string, string] => typeof label[1] === 'string',
    ),
  );
  const series = reader.series(labels);
  if (series === null) return true;
  let understood = true;
  for (const pair of value['values'] as unknown[]) {
    if (!Array.isArray(pair) || typeof pair[0] !== 'number') understood = false;
    else reader.reading(series, Math.round(pair[0] * 1000), Number(pair[1]));
  }
  return understood;
}
