/** Every kind of file that can be imported, one line each. */
import type { Importer } from '../collector.ts';

export const importers: readonly Importer[] = [];
