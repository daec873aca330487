/** Shapes that scenarios, rules, assessment, plan and waves have in common. */
import { z } from 'zod';
import { VERDICTS } from '../assess/model/assessment.ts';
import { RESOURCES } from '../assess/model/demand.ts';

export const scenarioName = z.string().min(1).max(200);
export const serverId = z.number().int().nonnegative();
/** Bounded by the largest estate that can be planned. */
export const serverIds = z.array(serverId).min(1).max(100_000);
export const resourceName = z.enum(RESOURCES);

export const verdict = z.enum(VERDICTS);
export const outcome = z.enum([...VERDICTS, 'unknown', 'already-virtual']);
export type OutcomeId = z.infer<typeof outcome>;

export const citation = z.object({
  rule: z.string(),
  title: z.string(),
  unit: z.string(),
  value: z.unknown(),
  source: z.string(),
  pack: z.string(),
});
export type CitationView = z.infer<typeof citation>;

export const whatIf = z.object({
  /** Sentences on the whole. */
  summary: z.array(z.string()),
  changes: z.array(
    z.object({
      server: serverId,
      name: z.string(),
      what: z.enum(['verdict', 'size', 'host', 'list']),
      before: z.string(),
      after: z.string(),
      why: z.string(),
    }),
  ),
  /** More changes than are listed. */
  more: z.number(),
  /** Servers whose decision by hand now differs from what the rules say. */
  overrides: z.array(z.object({ server: serverId, name: z.string(), text: z.string() })),
});
export type WhatIfView = z.infer<typeof whatIf>;
