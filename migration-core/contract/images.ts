/** The image tool: disk images by themselves. */
import { z } from 'zod';
import { call } from './call.ts';
import { finding } from './convert.ts';
import { fileId } from './files.ts';
import { jobId } from './jobs.ts';

export const imageFormat = z.object({
  id: z.string(),
  name: z.string(),
  layouts: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      allocations: z.array(z.enum(['thin', 'thick'])),
      compressions: z.array(z.enum(['zlib', 'zstd'])),
      packed: z.boolean(),
      split: z.boolean(),
    }),
  ),
});

export const imageInfo = z.object({
  path: z.string(),
  format: z.string(),
  formatName: z.string(),
  layout: z.string(),
  bytes: z.number(),
  sectorSize: z.number(),
  dataBytes: z.number(),
  files: z.array(z.object({ path: z.string(), bytes: z.number(), allocatedBytes: z.number() })),
  details: z.record(z.string(), z.string()),
  dependsOn: z.array(z.object({ path: z.string(), formatName: z.string(), bytes: z.number() })),
  findings: z.array(finding),
});
export type ImageInfoView = z.infer<typeof imageInfo>;

/** Result of the job `image-check`. */
export const imageCheckResult = z.object({
  sound: z.boolean(),
  images: z.array(
    z.object({
      path: z.string(),
      formatName: z.string(),
      lookedAt: z.enum(['structures', 'tables', 'nothing']),
      problems: z.array(
        z.object({
          severity: z.enum(['error', 'leak', 'note']),
          message: z.string(),
          offset: z.number().optional(),
        }),
      ),
      more: z.number(),
    }),
  ),
  findings: z.array(finding),
});

/** Result of the job `image-convert`. */
export const imageConvertResult = z.object({
  files: z.array(z.object({ path: z.string(), bytes: z.number(), sha256: z.string().nullable() })),
  bytes: z.number(),
  dataBytes: z.number(),
  skippedBytes: z.number(),
  contentDigest: z.string().nullable(),
  verified: z.boolean(),
  seconds: z.number(),
  findings: z.array(finding),
});

/** Result of the job `image-compare`. */
export const imageCompareResult = z.object({
  equal: z.boolean(),
  /** First byte that differs; null: equal. */
  firstDifference: z.number().nullable(),
  sentence: z.string(),
});

export type ImageCheckResult = z.infer<typeof imageCheckResult>;
export type ImageConvertResult = z.infer<typeof imageConvertResult>;
export type ImageCompareResult = z.infer<typeof imageCompareResult>;

const started = z.object({ job: jobId });

export const imageCalls = {
  'image.formats': call('read', z.strictObject({}), z.object({ formats: z.array(imageFormat) })),
  'image.info': call('read', z.strictObject({ image: fileId }), imageInfo),
  'image.check': call('read', z.strictObject({ image: fileId }), started),
  'image.compare': call('read', z.strictObject({ a: fileId, b: fileId }), started),
  'image.convert': call(
    'write',
    z.strictObject({
      image: fileId,
      output: fileId,
      format: z.string().max(20),
      layout: z.string().max(40).nullable().default(null),
      allocation: z.enum(['thin', 'thick', 'split2g']).default('thin'),
      compress: z.enum(['any', 'zlib', 'zstd']).nullable().default(null),
      verify: z.boolean().default(true),
      zeroBadSectors: z.boolean().default(false),
    }),
    started,
  ),
} as const;
