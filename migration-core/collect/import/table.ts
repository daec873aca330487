/** Every kind of file that can be imported, one line each. */
import type { Importer } from '../collector.ts';
import { plainCsv } from './performance/csv/csv.ts';
import { pdhCsv } from './performance/pdh-csv.ts';

export const importers: readonly Importer[] = [pdhCsv, plainCsv];
