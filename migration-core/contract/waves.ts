/** Waves: who moves when, and what must be true before the next ones may. */
import { z } from 'zod';
import type { WavePlan } from '../plan/model/waves.ts';
import { call } from './call.ts';
import { fileId, fileRef } from './files.ts';
import { scenarioName, serverId } from './study.ts';

const text = z.string();
const member = z.object({
  server: serverId,
  name: text,
  priority: z.number(),
  method: text,
  copyMinutes: z.number(),
  testMinutes: z.number(),
  why: text,
});

export const wave = z.object({
  number: z.number(),
  title: text,
  kind: z.enum(['lab', 'test', 'first-production', 'production', 'important', 'critical']),
  members: z.array(member),
  starts: text.nullable(),
  ends: text.nullable(),
  copyMinutes: z.number(),
  testMinutes: z.number(),
  people: z.array(z.object({ role: text, does: text })),
  gates: z.array(z.object({ id: text, text, required: z.boolean() })),
  rollback: text,
  risks: z.array(
    z.object({
      severity: z.enum(['high', 'medium', 'low']),
      text,
      mitigation: text,
      servers: z.array(z.number()),
    }),
  ),
  confidence: z.array(
    z.object({
      category: z.enum(['inventory', 'dependencies', 'applications', 'business']),
      level: z.enum(['high', 'medium', 'low']),
    }),
  ),
});
export type WaveView = z.infer<typeof wave>;

const wavePlan = z.object({
  waves: z.array(wave),
  outside: z.array(z.object({ server: serverId, name: text, why: text })),
  problems: z.array(text),
  notes: z.array(text).exactOptional(),
}) satisfies z.ZodType<WavePlan>;

export const wavesView = wavePlan.extend({
  /** ISO dates of the calendar that the waves are put on. */
  calendar: z.object({
    start: text.nullable(),
    windowHours: z.number(),
    nightsPerWave: z.number(),
    people: z.number(),
    copies: z.number(),
    freezes: z.array(z.object({ from: text, to: text, why: text.nullable() })),
  }),
  /** What was noted beside a server's wave, and which servers were put where they are by hand. */
  notes: z.array(text),
  noted: z.array(z.object({ server: serverId, note: text })),
  byHand: z.array(serverId),
  /** Gates that somebody signed. `outdated`: its wave has other servers now. */
  signatures: z.array(
    z.object({ wave: z.number(), gate: text, by: text, at: z.number(), outdated: z.boolean() }),
  ),
  /** The plan below is out of date: sentences. */
  stale: z.array(text),
});
export type WavesView = z.infer<typeof wavesView>;

const one = { scenario: scenarioName.optional() };

export const waveCalls = {
  /** null: there is no plan to make waves of. */
  'waves.get': call('read', z.strictObject(one), z.object({ waves: wavesView.nullable() })),
  /** `wave`: a number, null for none of them, `planner` to let the planner decide again. */
  'waves.edit': call(
    'write',
    z.strictObject({
      moves: z
        .array(
          z.strictObject({
            server: serverId,
            wave: z.union([z.number().int().min(0).max(9999), z.null(), z.literal('planner')]).optional(),
            /** '' takes it away. */
            note: z.string().max(32_767).optional(),
          }),
        )
        .min(1)
        .max(100_000),
    }),
    z.object({ changed: z.number() }),
  ),
  /** Signs what must be true before the next wave; `by` null takes the signature back. */
  'waves.sign': call(
    'write',
    z.strictObject({
      ...one,
      wave: z.number().int().min(0).max(9999),
      gate: z.string().min(1).max(200),
      by: z.string().trim().min(1).max(200).nullable(),
    }),
    z.object({ signed: z.number() }),
  ),
  'waves.export': call(
    'write',
    z.strictObject({ ...one, file: fileId, separator: z.enum([',', ';']).default(',') }),
    z.object({ file: fileRef, waves: z.number() }),
  ),
  /** Takes the edited table; `apply` false: only says what would change. */
  'waves.import': call(
    'write',
    z.strictObject({ ...one, file: fileId, apply: z.boolean() }),
    z.object({
      moved: z.array(
        z.object({
          server: serverId,
          name: text,
          before: z.number().nullable(),
          after: z.number().nullable(),
        }),
      ),
      notes: z.number(),
      /** Line 0: of the table as a whole. */
      problems: z.array(z.object({ line: z.number(), text })),
      /** Risks of the edited waves that were not there before. */
      risks: z.array(z.object({ wave: z.number(), severity: text, text, mitigation: text })),
    }),
  ),
} as const;
