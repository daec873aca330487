/** The verdict of the last test of a machine, from its folder. */
import { join } from 'node:path';
import { z } from 'zod';
import { readBounded } from '../base/bounded-file.ts';
import type { ConversionResultView } from '../contract/convert.ts';
import { BOOT_TEST_FOLDER } from '../convert/boot-test.ts';

const LARGEST = 2 ** 20;

const verdict = z.object({
  status: z.enum(['booted', 'failed', 'unclear']),
  sentence: z.string(),
  next: z.string(),
  seconds: z.number(),
  notes: z.array(z.string()),
  started: z.string(),
  files: z.object({ screen: z.string().nullable() }),
});

/** null: it was not tested, or what is there is no verdict. */
export function readBootVerdict(folder: string): ConversionResultView['bootTest'] {
  try {
    const bytes = readBounded(join(folder, BOOT_TEST_FOLDER, 'verdict.json'), LARGEST);
    if ('why' in bytes) return null;
    const { files, ...rest } = verdict.parse(JSON.parse(bytes.toString('utf8')));
    return { ...rest, screen: files.screen !== null };
  } catch {
    return null;
  }
}
