/** Which importer reads a file. */
import { IronliftError } from '../../base/errors.ts';
import type { Importer, ImportInput } from '../collector.ts';

/**
 * @returns the surest importer; of several that are as sure the first in the table
 * @throws IMPORT_NOT_SUPPORTED where none knows it
 */
export function recogniseInput(input: ImportInput, importers: readonly Importer[]): Importer {
  let best: Importer | undefined;
  let sureness = 0;
  for (const importer of importers) {
    const sure = importer.recognise(input);
    if (sure > sureness) [best, sureness] = [importer, sure];
  }
  if (best !== undefined) return best;
  throw new IronliftError('IMPORT_NOT_SUPPORTED', `${input.name} is of no kind that can be imported.`, {
    // More than thirty kinds are no sentence; whoever wants them all asks for help, or takes them from the data.
    next: 'Export it as CSV with one row of column names, or as one of the kinds that `ironlift collect import --help` lists.',
    data: { importers: importers.map(({ id }) => id) },
  });
}
