/** What was done, by whom it was asked for: the audit trail of this computer, and what went wrong. */
import { z } from 'zod';
import { call } from './call.ts';
import { fileId, fileRef } from './files.ts';

export const LOG_LEVELS = ['info', 'warning', 'error'] as const;

export const logEntry = z.object({
  /** Milliseconds since 1970. */
  at: z.number(),
  level: z.enum(LOG_LEVELS),
  /** `Job started`, `Edited`. */
  what: z.string(),
  /** Names, files, codes; secrets are taken out. */
  details: z.record(z.string(), z.unknown()),
});
export type LogEntry = z.infer<typeof logEntry>;

export const activityCalls = {
  /** Newest first. */
  'activity.list': call(
    'read',
    z.strictObject({
      /** As many of the newest are left out. */
      skip: z.number().int().min(0).max(1_000_000).default(0),
      limit: z.number().int().min(1).max(500).default(200),
      /** Of this level and above. */
      level: z.enum(LOG_LEVELS).default('info'),
    }),
    z.object({ entries: z.array(logEntry), more: z.boolean() }),
  ),
  /** What the export would hold, to be read before it is sent to somebody: the newest lines. */
  'activity.preview': call(
    'read',
    z.strictObject({ hideNames: z.boolean().default(true) }),
    z.object({ text: z.string(), lines: z.number() }),
  ),
  /** `hideNames`: servers, customers, files, addresses are replaced by `name-1`, the same everywhere in the file. */
  'activity.export': call(
    'write',
    z.strictObject({ file: fileId, hideNames: z.boolean().default(true) }),
    z.object({ file: fileRef, lines: z.number() }),
  ),
} as const;
