/** One program for one person: a second start hands its file to the first and ends. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';

/** What a second start says. */
export const handedOver = z.object({ file: z.string().min(1).max(4096).nullable() });

/** The engagement that was named at the start: the last argument that is no option and ends as such files do. */
export function fileOfArguments(args: readonly string[], folder: string): string | null {
  const named = args.slice(1).findLast((arg) => !arg.startsWith('-') && arg.endsWith('.ironlift'));
  if (named === undefined) return null;
  const path = resolve(folder, named);
  return existsSync(path) ? path : null;
}
