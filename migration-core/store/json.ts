/** JSON in columns of the engagement file. */
import type { z } from 'zod';
import { damaged } from './damaged.ts';

/** @throws ENGAGEMENT_DAMAGED where the text is not what the schema says; `what` goes before "damaged" */
export function parseJson<T>(schema: z.ZodType<T>, text: string, what: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw damaged(what, 'it is no JSON');
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success)
    throw damaged(what, 'a value is missing or of the wrong kind', {
      issues: parsed.error.issues.slice(0, 3).map(({ path, message }) => `${path.join('.')}: ${message}`),
    });
  return parsed.data;
}
