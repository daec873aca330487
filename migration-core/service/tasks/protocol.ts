/**
 * What a session and a task process say to each other. Both sides check it: the process reads what strangers made, and may be
 * taken over by it; the session is asked by a page.
 */
import { z } from 'zod';

/** Characters; a sentence is shorter, and what quotes a stranger is cut. */
export const MAX_SENTENCE = 2000;
const word = z.string().max(200);
const sentence = z.string().max(MAX_SENTENCE);
const call = z.number().int().min(1);

/** `name`: that of a task, or `worker.method`. One process answers one call at a time. */
export const request = z.discriminatedUnion('say', [
  z.object({
    say: z.literal('run'),
    call,
    name: word,
    input: z.unknown(),
    version: word,
  }),
  z.object({ say: z.literal('cancel'), call }),
  z.object({ say: z.literal('pause'), call }),
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

export const failure = z.object({
  code: word,
  message: sentence,
  next: sentence,
  data: z.record(z.string(), z.unknown()),
  /** Of a fault of the program: where, for the log alone. */
  trace: z.string().max(20_000).optional(),
});
export type Failure = z.infer<typeof failure>;

export const reply = z.discriminatedUnion('say', [
  z.object({ say: z.literal('progress'), call, progress: progressMessage }),
  z.object({ say: z.literal('step'), call, text: sentence }),
  z.object({ say: z.literal('note'), call, tone: z.enum(['info', 'warning']), text: sentence }),
  z.object({ say: z.literal('done'), call, output: z.unknown() }),
  z.object({ say: z.literal('failed'), call, error: failure }),
]);
export type Reply = z.infer<typeof reply>;
