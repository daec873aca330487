/** Rule packs: every number of the assessment with its source, and the customer's own values for some. */
import { z } from 'zod';
import { call } from './call.ts';
import { fileId } from './files.ts';
import { whatIf } from './study.ts';

const packId = z.string().regex(/^[a-z0-9-]{1,40}$/u);

/** Values of rules are small: texts, numbers and records of them. */
const value = z
  .unknown()
  .refine(
    (one) => one !== undefined && JSON.stringify(one).length <= 20_000,
    'a value of a rule is too long',
  );

export const ownPack = z.strictObject({
  id: packId,
  title: z.string().min(1).max(200),
  about: z.string().max(2000).default(''),
  /** The pack whose other numbers count. */
  extends: packId,
  rules: z
    .record(
      z.string().max(100),
      z.strictObject({ value, source: z.string().min(3).max(500), note: z.string().max(2000).optional() }),
    )
    .refine((rules) => Object.keys(rules).length <= 1000, 'too many rules'),
});

export const ruleRow = z.object({
  rule: z.string(),
  title: z.string(),
  unit: z.string(),
  value: z.unknown(),
  /** As it would be without the customer's own pack; the same where nothing was changed. */
  shipped: z.unknown(),
  changed: z.boolean(),
  source: z.string(),
  note: z.string().nullable(),
  validFor: z.string().nullable(),
  /** The pack that it comes from. */
  pack: z.string(),
  /** Verdicts of the scenario shown that rest on it. */
  used: z.number(),
});
export type RuleRow = z.infer<typeof ruleRow>;

const none = z.strictObject({});

export const ruleCalls = {
  'rules.list': call(
    'read',
    z.strictObject({ pack: packId }),
    z.object({
      pack: packId,
      title: z.string(),
      version: z.number(),
      date: z.string(),
      own: z.boolean(),
      extends: z.string().nullable(),
      rules: z.array(ruleRow),
    }),
  ),
  /** Keeps the customer's own pack; its version grows by one. */
  'rules.save': call('write', z.strictObject({ pack: ownPack }), z.object({ version: z.number() })),
  'rules.remove': call('write', z.strictObject({ pack: packId }), none),
  /** From a file. */
  'rules.import': call('write', z.strictObject({ file: fileId }), z.object({ pack: packId })),
  /** What the scenario shown would say with this pack, without keeping it. */
  'rules.preview': call('read', z.strictObject({ pack: ownPack }), whatIf),
} as const;
