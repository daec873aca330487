/** Every kind of file that can be imported, one line each. */
import type { Importer } from '../collector.ts';
import { plainCsv } from './performance/csv/csv.ts';
import { pdhCsv } from './performance/pdh-csv.ts';
import { binaryPerformanceLog, unixSar } from './performance/refused.ts';
import { sadfCsv } from './performance/sysstat/sadf-csv.ts';
import { sadfJson } from './performance/sysstat/sadf-json.ts';
import { sarBinary } from './performance/sysstat/sar-binary.ts';
import { sarText } from './performance/sysstat/sar-text.ts';

export const importers: readonly Importer[] = [
  pdhCsv,
  sadfJson,
  sarText,
  sadfCsv,
  sarBinary,
  binaryPerformanceLog,
  unixSar,
  plainCsv,
];
