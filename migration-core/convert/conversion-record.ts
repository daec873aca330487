/** What an engagement keeps of a conversion; its folder holds the whole record (manifest.ts). */
import { z } from 'zod';

/** What a report says of a finished one, should its folder be gone by then. */
const summary = z.object({
  created: z.string(),
  guest: z.string().nullable(),
  changes: z
    .array(
      z.object({
        what: z.string(),
        why: z.string(),
        path: z.string(),
        /** EditAction.kind; older records do not say. */
        action: z.string().max(40).exactOptional(),
        /** How it is taken back, in words; older records do not say. */
        undo: z.string().exactOptional(),
      }),
    )
    .max(10_000),
  disks: z
    .array(
      z.object({
        file: z.string(),
        source: z.string(),
        sourceBytes: z.number(),
        dataBytes: z.number(),
        skippedBytes: z.number(),
        sha256: z.string().nullable(),
        contentDigest: z.string().nullable(),
        verified: z.boolean(),
      }),
    )
    .max(1000),
  seconds: z.number(),
  warnings: z.array(z.string()).max(1000),
});

export const conversionRecord = z.object({
  /** Absolute. */
  folder: z.string(),
  name: z.string(),
  target: z.string(),
  /** Server of the engagement. */
  server: z.number().nullable(),
  /** Milliseconds since 1970. */
  startedAt: z.number(),
  job: z.string().nullable(),
  finished: summary.nullable().default(null),
  bootTest: z
    .object({
      status: z.enum(['booted', 'failed', 'unclear']),
      sentence: z.string(),
      seconds: z.number(),
      at: z.string(),
    })
    .nullable()
    .default(null),
  accepted: z.object({ by: z.string(), at: z.number(), note: z.string() }).nullable().default(null),
});
export type ConversionRecord = z.infer<typeof conversionRecord>;
