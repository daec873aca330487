/**
 * The report as JSON, for programs: everything that is in it, in base units. Its schema is published as
 * resources/report/report.schema.json, made from here (a test tells when it is not) and numbered: what is added keeps the
 * number, what changes its meaning gets the next.
 */
import { z } from 'zod';
import { COLUMN_KINDS } from './model.ts';

export const JSON_FORMAT = 'ironlift-report';
export const JSON_VERSION = 1;

const SECRETS = ['server', 'host', 'address', 'serial', 'person', 'path'] as const;
const TONES = ['good', 'conditions', 'stop', 'information', 'plain'] as const;

const kind = z.enum(COLUMN_KINDS).meta({
  id: 'kind',
  description:
    'bytes: bytes; bytes-rate: bytes a second; share: 0 to 1; time: milliseconds since 1970 in UTC; date: YYYY-MM-DD; minutes and seconds: as they say; score: 0 to 100; money: in meta.currency.',
});
const value = z
  .union([z.number(), z.string(), z.boolean(), z.null()])
  .meta({ id: 'value', description: 'null: not measured, not known.' });
const measure = z.number().nullable();
const tone = z.enum(TONES);
const secret = z.enum(SECRETS).meta({ id: 'secret', description: 'What kind of name it is.' });

const text = z
  .union([z.string(), z.array(z.union([z.string(), z.strictObject({ secret, name: z.string() })]))])
  .meta({ id: 'text', description: 'A sentence; names that stand in it may be apart from the rest.' });

const fact = z
  .strictObject({
    id: z.string(),
    title: z.string(),
    value,
    kind,
    unit: z.string().optional(),
    basis: z.enum(['measured', 'estimated', 'entered', 'computed']).optional(),
    secret: secret.optional(),
  })
  .meta({ id: 'fact' });

const column = z
  .strictObject({
    id: z.string(),
    title: z.string(),
    kind,
    unit: z.string().optional(),
    tones: z.record(z.string(), tone).optional(),
    total: z.boolean().optional(),
    secret: secret.optional(),
    width: z.number().optional(),
  })
  .meta({ id: 'column' });

const table = z
  .strictObject({
    id: z.string(),
    title: z.string(),
    columns: z.array(column),
    rows: z.array(z.array(value)).meta({ description: 'Each with a value for every column.' }),
    empty: z.string(),
    paperRows: z.number().int().nonnegative().optional(),
  })
  .meta({ id: 'table' });

const spans = z.strictObject({
  from: measure,
  to: measure,
  title: z.string(),
  tone: z.string().optional(),
});

const spec = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('shares'),
      unit: z.string(),
      parts: z.array(
        z.strictObject({
          id: z.string(),
          title: z.string(),
          value: measure,
          tone: z.string().optional(),
        }),
      ),
    }),
    z.strictObject({
      kind: z.literal('week'),
      unit: z.string(),
      ceiling: measure,
      rows: z.array(z.strictObject({ title: z.string(), values: z.array(measure) })),
    }),
    z.strictObject({
      kind: z.literal('bars'),
      unit: z.string(),
      bars: z.array(z.strictObject({ title: z.string(), value: measure, ceiling: measure })),
    }),
    z.strictObject({
      kind: z.literal('series'),
      unit: z.string(),
      times: z.array(measure),
      lines: z.array(z.strictObject({ title: z.string(), values: z.array(measure) })),
    }),
    z.strictObject({
      kind: z.literal('steps'),
      unit: z.string(),
      start: measure,
      steps: z.array(z.strictObject({ title: z.string(), change: measure })),
    }),
    z.strictObject({
      kind: z.literal('spans'),
      unit: z.enum(['minutes', 'dates']),
      from: measure,
      to: measure,
      rows: z.array(z.strictObject({ title: z.string(), spans: z.array(spans) })),
    }),
    z.strictObject({
      kind: z.literal('histogram'),
      unit: z.string(),
      bins: z.array(z.strictObject({ from: measure, to: measure, count: measure })),
    }),
  ])
  .meta({ id: 'chart', description: 'What a chart shows.' });

const block = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('paragraph'), text }),
    z.strictObject({ kind: z.literal('list'), items: z.array(text) }),
    z.strictObject({ kind: z.literal('facts'), facts: z.array(fact) }),
    z.strictObject({ kind: z.literal('table'), table }),
    z.strictObject({ kind: z.literal('chart'), id: z.string(), title: z.string(), summary: text, spec }),
    z.strictObject({ kind: z.literal('note'), tone, text }),
    z.strictObject({
      kind: z.literal('picture'),
      title: z.string(),
      png: z.string().meta({ description: 'PNG in base64.' }),
    }),
  ])
  .meta({ id: 'block' });

const section = z
  .strictObject({
    id: z.string(),
    title: z.string(),
    audiences: z.array(z.enum(['executive', 'technical', 'owner'])),
    lead: text,
    blocks: z.array(block),
    get sections() {
      return z.array(section);
    },
  })
  .meta({ id: 'section' });

export const jsonReport = z.strictObject({
  format: z.literal(JSON_FORMAT),
  version: z.literal(JSON_VERSION),
  meta: z.strictObject({
    title: z.string(),
    customer: z.string(),
    consultant: z.string(),
    company: z.string(),
    driver: z.string(),
    createdAt: z.number(),
    period: z.strictObject({ from: measure, to: measure }).nullable(),
    utcOffsetMinutes: z.number(),
    currency: z.string(),
    scenario: z.string(),
    rules: z.string(),
    program: z.string(),
    draft: z.boolean(),
    confidentiality: z.string(),
    inputs: z.string().meta({ description: 'SHA-256 of all that the report was made from.' }),
  }),
  figures: z.array(fact),
  sections: z.array(section),
});
export type JsonReport = z.infer<typeof jsonReport>;

/** As it is published. */
export const reportSchema = (): string =>
  `${JSON.stringify(
    {
      title: 'Report of an Ironlift engagement',
      ...z.toJSONSchema(jsonReport, { target: 'draft-2020-12' }),
    },
    null,
    2,
  )}\n`;
