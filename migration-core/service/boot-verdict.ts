/** The verdict of the last test of a machine, from its folder. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
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
export async function readBootVerdict(folder: string): Promise<ConversionResultView['bootTest']> {
  try {
    const text = await readFile(join(folder, BOOT_TEST_FOLDER, 'verdict.json'), 'utf8');
    if (text.length > LARGEST) return null;
    const { files, ...rest } = verdict.parse(JSON.parse(text));
    return { ...rest, screen: files.screen !== null };
  } catch {
    return null;
  }
}
