/**
 * What a session and a task process say to each other. Both sides check it: the process reads what strangers made, and may be
 * taken over by it; the session is asked by a page.
 */
import { z } from 'zod';
import { helperCommand } from '../../source/elevated/helper-command.ts';

/** Characters; a sentence is shorter, and what quotes a stranger is cut. */
export const MAX_SENTENCE = 2000;
const word = z.string().max(200);
const sentence = z.string().max(MAX_SENTENCE);
const call = z.number().int().min(1);

/** Characters of a page that is to be printed: a report of ten thousand servers has some fifty million. */
export const MAX_PRINTED_PAGE = 128 << 20;
/** Bytes of what was printed. */
const MAX_PDF = 1 << 30;

export const failure = z.object({
  code: word,
  message: sentence,
  next: sentence,
  data: z.record(z.string(), z.unknown()),
  /** Of a fault of the program: where, for the log alone. */
  trace: z.string().max(20_000).optional(),
});
export type Failure = z.infer<typeof failure>;

/** `name`: that of a task, or `worker.method`. One process answers one call at a time. */
export const request = z.discriminatedUnion('say', [
  z.object({
    say: z.literal('run'),
    call,
    name: word,
    input: z.unknown(),
    version: word,
    /** The session's shell prints pages as PDF. */
    prints: z.boolean().default(false),
    /** Reads disks that this process may not; never kept with a job, for the next run may have another. */
    deviceHelper: helperCommand.optional(),
  }),
  z.object({ say: z.literal('cancel'), call }),
  z.object({ say: z.literal('pause'), call }),
  /** The answer to `print`; a call prints one page after another. */
  z.object({
    say: z.literal('printed'),
    call,
    pdf: z.instanceof(Uint8Array).refine(({ byteLength }) => byteLength <= MAX_PDF),
  }),
  z.object({ say: z.literal('not-printed'), call, error: failure }),
]);
export type Request = z.infer<typeof request>;

const count = z.number().min(0);

export const progressMessage = z.object({
  phase: word,
  unit: word.optional(),
  doneBytes: count,
  totalBytes: count,
  skippedBytes: count,
  rate: z.number(),
  etaSeconds: z.number().nullable(),
  bottleneck: z.enum(['source', 'target', 'processor']).optional(),
});

export const reply = z.discriminatedUnion('say', [
  z.object({ say: z.literal('progress'), call, progress: progressMessage }),
  z.object({ say: z.literal('step'), call, text: sentence }),
  z.object({ say: z.literal('note'), call, tone: z.enum(['info', 'warning']), text: sentence }),
  z.object({ say: z.literal('print'), call, page: z.string().max(MAX_PRINTED_PAGE) }),
  z.object({ say: z.literal('done'), call, output: z.unknown() }),
  z.object({ say: z.literal('failed'), call, error: failure }),
]);
export type Reply = z.infer<typeof reply>;
