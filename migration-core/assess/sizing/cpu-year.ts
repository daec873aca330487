/** When a processor came to market, from what it calls itself: families in resources/cpu/families.json. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const families = z.strictObject({
  about: z.string(),
  families: z.array(
    z.strictObject({ pattern: z.string(), year: z.number().int().min(1990).max(2100), name: z.string() }),
  ),
});

const FILE = fileURLToPath(new URL('../../../resources/cpu/families.json', import.meta.url));
/** CPUID gives 48 characters; tools add little. Longer texts are no names. */
const MAX_NAME = 200;

export interface CpuFamily {
  name: string;
  year: number;
}

let table: { pattern: RegExp; family: CpuFamily }[] | undefined;

/** `Intel(R) Xeon(R) CPU E5-2680 v4 @ 2.40GHz` is `intel xeon e5-2680 v4`. */
export const plainCpuName = (model: string): string =>
  model
    .slice(0, MAX_NAME)
    .toLowerCase()
    .replace(/@.*$/u, ' ')
    .replace(/\((?:r|tm|c)\)|[®™]|\b(?:cpu|processor)\b/gu, ' ')
    .replace(/\s+/gu, ' ')
    .trim();

/** @returns null for a name of no family that we know */
export function cpuFamily(model: string): CpuFamily | null {
  table ??= families
    .parse(JSON.parse(readFileSync(FILE, 'utf8')))
    .families.map(({ pattern, ...family }) => ({ pattern: new RegExp(`\\b${pattern}`, 'u'), family }));
  const name = plainCpuName(model);
  return table.find(({ pattern }) => pattern.test(name))?.family ?? null;
}
