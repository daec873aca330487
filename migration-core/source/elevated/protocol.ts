/**
 * What is said between the program and the helper that may read one disk. Both ends are pipes that nobody else holds:
 * the helper's standard input and output. All integers are little-endian.
 *
 *   to the helper     16 bytes nonce, then questions: id u32, length u32, offset u64
 *   from the helper   the nonce, then answers: id u32, status u32, length u32, and so many bytes
 *
 * The nonce comes back so that whatever a login shell or sudo prints before is not taken for an answer. Answer 0 is not
 * asked for: it is what the disk is, as JSON, or why it cannot be read. The helper ends when its input does.
 */
import { z } from 'zod';
import { ERROR_KINDS, type ErrorCode } from '../../base/error-codes.ts';
import { IronliftError } from '../../base/errors.ts';
import type { Finding } from '../../base/finding.ts';
import type { SourceDescription, SourceFingerprint } from '../source.ts';

export const NONCE_BYTES = 16;
export const QUESTION_BYTES = 16;
export const ANSWER_BYTES = 12;
/** Of one question; larger reads are asked for in pieces. With QUESTIONS of them, 64 MiB are in memory at most. */
export const LARGEST_READ = 4 << 20;
/** Under way at once. */
export const QUESTIONS = 16;
/** Of the JSON that says what the disk is, or what went wrong. */
export const TEXT_LIMIT = 1 << 20;

export const STATUS = { bytes: 0, error: 1 } as const;

export interface Question {
  id: number;
  length: number;
  offset: number;
}

export function writeQuestion({ id, length, offset }: Question): Buffer {
  const bytes = Buffer.alloc(QUESTION_BYTES);
  bytes.writeUInt32LE(id, 0);
  bytes.writeUInt32LE(length, 4);
  bytes.writeBigUInt64LE(BigInt(offset), 8);
  return bytes;
}

/** null: no program of ours asks that. */
export function readQuestion(bytes: Buffer): Question | null {
  const offset = bytes.readBigUInt64LE(8);
  const question = { id: bytes.readUInt32LE(0), length: bytes.readUInt32LE(4), offset: Number(offset) };
  const sound =
    question.id > 0 &&
    question.length > 0 &&
    question.length <= LARGEST_READ &&
    offset <= BigInt(Number.MAX_SAFE_INTEGER);
  return sound ? question : null;
}

export function answerHead(id: number, status: number, length: number): Buffer {
  const bytes = Buffer.alloc(ANSWER_BYTES);
  bytes.writeUInt32LE(id, 0);
  bytes.writeUInt32LE(status, 4);
  bytes.writeUInt32LE(length, 8);
  return bytes;
}

const bytes = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);

/** Answer 0. */
export const openedDisk = z.object({
  description: z.object({
    spec: z.string(),
    path: z.string(),
    kind: z.literal('device'),
    format: z.string(),
    size: bytes.positive(),
    sectorSize: z.union([z.literal(512), z.literal(4096)]),
    physicalSectorSize: bytes,
    model: z.string(),
    serial: z.string(),
    bus: z.string(),
    identity: z.string(),
  }) satisfies z.ZodType<SourceDescription>,
  fingerprint: z.object({
    size: bytes,
    mtime: z.string(),
    inode: z.string(),
    device: z.string(),
  }) satisfies z.ZodType<SourceFingerprint>,
  findings: z.array(
    z.object({
      severity: z.enum(['info', 'warning', 'blocker']),
      code: z.string(),
      message: z.string(),
      next: z.string().exactOptional(),
    }),
  ) satisfies z.ZodType<Finding[]>,
});
export type OpenedDisk = z.infer<typeof openedDisk>;

const errorText = z.object({
  code: z.enum(Object.keys(ERROR_KINDS) as [ErrorCode, ...ErrorCode[]]),
  message: z.string(),
  next: z.string(),
  data: z.record(z.string(), z.unknown()),
});

/** @throws SyntaxError, ZodError */
export function readError(text: string): IronliftError {
  const { code, message, next, data } = errorText.parse(JSON.parse(text));
  return new IronliftError(code, message, { next, data });
}
