/** Reports: what they hold and how they look, how they will look, writing them, and what was handed over. */
import { z } from 'zod';
import { call } from './call.ts';
import { fileId } from './files.ts';
import { jobId } from './jobs.ts';
import { scenarioName } from './study.ts';

export const AUDIENCES = ['executive', 'technical', 'owner'] as const;
export const PAPER_SIZES = ['A4', 'Letter'] as const;
/** A logo is in every file and in every preset. */
export const MAX_LOGO_BYTES = 400_000;

export const reportLogo = z.strictObject({
  type: z.enum(['image/png', 'image/jpeg']),
  base64: z
    .string()
    .max(Math.ceil(MAX_LOGO_BYTES / 3) * 4)
    .regex(/^[A-Za-z0-9+/]*={0,2}$/u),
});
export type ReportLogo = z.infer<typeof reportLogo>;

export const reportChoices = z.strictObject({
  audience: z.enum(AUDIENCES).default('technical'),
  /** Of audience `owner`: whose servers it is about; null: all. */
  owner: z.string().max(200).nullable().default(null),
  /** Ids of chapters; null: all that the audience is for. */
  sections: z.array(z.string().max(100)).max(100).nullable().default(null),
  /** null: "Virtualization assessment for ..." */
  title: z.string().max(300).nullable().default(null),
  draft: z.boolean().default(false),
  confidentiality: z.string().max(100).default('Confidential'),
  /** Names, addresses and serial numbers are replaced, each by the same word everywhere. */
  redacted: z.boolean().default(false),
  /** BCP 47 of dates and numbers; null: that of the customer, else that of the program. Money stays in the currency it was entered in. */
  locale: z.string().max(35).nullable().default(null),
  paper: z.enum(PAPER_SIZES).default('A4'),
  accent: z
    .string()
    .regex(/^#[0-9a-f]{6}$/u)
    .nullable()
    .default(null),
  logo: reportLogo.nullable().default(null),
});
export type ReportChoices = z.infer<typeof reportChoices>;

export const reportPreset = z.object({
  name: z.string(),
  choices: reportChoices,
  formats: z.array(z.string()),
});

export const writtenReport = z.object({
  path: z.string(),
  name: z.string(),
  bytes: z.number(),
  sha256: z.string(),
});

export const handedOver = z.object({
  /** Milliseconds since 1970. */
  at: z.number(),
  title: z.string(),
  scenario: z.string(),
  audience: z.enum(AUDIENCES),
  redacted: z.boolean(),
  draft: z.boolean(),
  /** SHA-256 of all that the report was made from. */
  inputs: z.string(),
  folder: z.string(),
  files: z.array(writtenReport),
});
export type HandedOver = z.infer<typeof handedOver>;

/** Of a job of kind `report`. */
export const reportResult = handedOver;

export const presetName = z.string().trim().min(1).max(100);
const formatIds = z.array(z.string().max(20)).min(1).max(20);
const one = { scenario: scenarioName.optional() };

export const reportCalls = {
  'reports.get': call(
    'read',
    z.strictObject({}),
    z.object({
      formats: z.array(
        z.object({
          id: z.string(),
          title: z.string(),
          purpose: z.string(),
          /** Why it cannot be written on this computer, and what to do; null: it can. */
          missing: z.string().nullable(),
        }),
      ),
      owners: z.array(z.string()),
      presets: z.array(reportPreset),
      /** The latest first. */
      history: z.array(handedOver),
      /** Of the project: money in reports. */
      currency: z.string(),
      /** BCP 47: what `locale: null` comes to. */
      locale: z.string(),
      /** Presets and history can be kept. */
      writable: z.boolean(),
    }),
  ),
  /** A part of the report as it would be: long tables and single servers are cut. */
  'reports.preview': call(
    'read',
    z.strictObject({ ...one, choices: reportChoices }),
    z.object({
      /** Made by the program, with every name escaped; without scripts. */
      css: z.string(),
      body: z.string(),
      /** Chapters of this audience, whether they are chosen or not. */
      sections: z.array(z.object({ id: z.string(), title: z.string() })),
      /** What it could say more of if it were known: sentences. */
      missing: z.array(z.string()),
      figures: z.array(z.object({ id: z.string(), title: z.string(), text: z.string() })),
    }),
  ),
  /** Writes one file for each format into the folder; what is there is never written over. */
  'reports.start': call(
    'write',
    z.strictObject({ ...one, choices: reportChoices, formats: formatIds, folder: fileId }),
    z.object({ job: jobId }),
  ),
  /** Reads a PNG or JPEG. */
  'reports.logo': call(
    'read',
    z.strictObject({ file: fileId }),
    z.object({ logo: reportLogo, name: z.string() }),
  ),
  'reports.savePreset': call(
    'write',
    z.strictObject({ name: presetName, choices: reportChoices, formats: formatIds }),
    z.strictObject({}),
  ),
  'reports.removePreset': call('write', z.strictObject({ name: presetName }), z.strictObject({})),
} as const;
