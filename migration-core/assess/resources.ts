/** Catalogues of the assessment that came with the program (resources/). */
import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { IronliftError } from '../base/errors.ts';

const ROOT = new URL('../../resources/', import.meta.url);

/** @throws CATALOGUE_DAMAGED where it is missing, is no JSON, or not of its form */
export function readCatalogue<T>(path: string, what: string, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(readFileSync(new URL(path, ROOT), 'utf8')));
  } catch (cause) {
    throw new IronliftError('CATALOGUE_DAMAGED', `${what} cannot be read.`, {
      next: 'Install Ironlift again; the file came with it.',
      data: { file: `resources/${path}` },
      cause,
    });
  }
}
