/** Where data comes from: files, this computer, servers over SSH; and what was collected. */
import { z } from 'zod';
import { LIST_FIELDS, MAX_PASTED, type ListField } from '../collect/import/inventory/list-fields.ts';
import { call } from './call.ts';
import { fileId } from './files.ts';
import { callError, jobId } from './jobs.ts';
import { serverId } from './servers.ts';

export const collection = z.object({
  id: z.number(),
  /** `sadf-json`, `ssh`, `local` ... and what people call it. */
  collector: z.string(),
  title: z.string(),
  /** File name, or host. */
  source: z.string(),
  /** Milliseconds since 1970; null: interrupted, or still running. */
  startedAt: z.number(),
  finishedAt: z.number().nullable(),
  servers: z.number(),
  inventories: z.number(),
  samples: z.number(),
  /** Samples that were there already. */
  repeated: z.number(),
  problems: z.number(),
});
export type Collection = z.infer<typeof collection>;

export const problem = z.object({
  /** 0: a remark on the source as a whole. */
  at: z.number(),
  unit: z.enum(['line', 'record', 'row', 'byte']),
  message: z.string(),
  excerpt: z.string().nullable(),
});

/** When a server was measured. */
export const coverage = z.object({
  server: serverId,
  name: z.string(),
  /** Milliseconds since 1970; null: never. */
  first: z.number().nullable(),
  last: z.number().nullable(),
  part: z.number().nullable(),
  /** The longest gaps, ascending. */
  gaps: z.array(z.object({ from: z.number(), to: z.number() })),
  hasInventory: z.boolean(),
});
export type Coverage = z.infer<typeof coverage>;

/** Seconds. */
const measure = z.strictObject({
  every: z.number().int().min(5).max(300).default(60),
  /** A quarter more than a year: who measures longer starts again. */
  duration: z
    .number()
    .int()
    .min(60)
    .max(400 * 86_400),
});

const secret = z.string().max(10_000);
/** `user@host:22`; checked where it is taken apart. */
const target = z.string().min(1).max(300);

/** How to log in. Lives in this call and in the memory of the process that does it; never written down. */
const login = z.strictObject({
  /** For targets that name none. */
  user: z.string().min(1).max(200),
  agent: z.boolean().default(false),
  key: fileId.nullable().default(null),
  passphrase: secret.nullable().default(null),
  password: secret.nullable().default(null),
  /** Ask sudo for what only root may see; with the password above unless there is one of its own. */
  sudo: z.boolean().default(false),
  sudoPassword: secret.nullable().default(null),
});

const ssh = {
  targets: z.array(target).min(1).max(1000),
  login,
  /** Fingerprints (`SHA256:...`) that a person compared: these servers are trusted from now on. */
  trust: z.array(z.string().max(100)).max(1000).default([]),
};

export const access = z.object({
  target: z.string(),
  state: z.enum(['ok', 'unknown-host', 'failed']),
  /** Of a server that was never seen: `256 SHA256:... (ED25519)`, and its second word alone. */
  fingerprint: z.string().nullable(),
  sha256: z.string().nullable(),
  error: callError.nullable(),
});
export type Access = z.infer<typeof access>;

const pasted = { text: z.string().min(1).max(MAX_PASTED) };
const listField = z.enum(Object.keys(LIST_FIELDS) as [ListField, ...ListField[]]).nullable();

const none = z.strictObject({});

export const collectionCalls = {
  'collections.list': call('read', none, z.object({ collections: z.array(collection) })),
  'collections.problems': call(
    'read',
    z.strictObject({ collection: z.number().int().nonnegative() }),
    z.object({ problems: z.array(problem) }),
  ),
  'collections.coverage': call(
    'read',
    z.strictObject({ servers: z.array(serverId).max(500).nullable().default(null) }),
    z.object({ servers: z.array(coverage), more: z.boolean() }),
  ),
  /** What can be imported, for the help beside the button. */
  'collect.formats': call(
    'read',
    none,
    z.object({ formats: z.array(z.object({ id: z.string(), name: z.string() })) }),
  ),
  'collect.import': call(
    'write',
    z.strictObject({
      files: z.array(fileId).min(1).max(1000),
      /** For files that do not say whose they are, or in which zone their times are. */
      serverName: z.string().min(1).max(200).optional(),
      utcOffsetMinutes: z.number().int().min(-840).max(840).optional(),
    }),
    z.object({ job: jobId }),
  ),
  /** What the columns of a pasted list of servers are taken for; nothing is written. */
  'collect.lookAtPasted': call(
    'read',
    z.strictObject(pasted),
    z.object({
      columns: z.array(z.object({ title: z.string(), field: listField })),
      rows: z.array(z.array(z.string())),
      rowCount: z.number(),
    }),
  ),
  /** `fields`: what each column is; null leaves it out. */
  'collect.importPasted': call(
    'write',
    z.strictObject({ ...pasted, fields: z.array(listField).min(1).max(100) }),
    z.object({ job: jobId }),
  ),
  /** This computer. `measure` left away: what it is, and not what it does. */
  'collect.local': call('write', z.strictObject({ measure: measure.optional() }), z.object({ job: jobId })),
  /** Reaches each server, sees that it is the one it was, logs in, and leaves. */
  'collect.testSsh': call('read', z.strictObject(ssh), z.object({ results: z.array(access) })),
  'collect.ssh': call(
    'write',
    z.strictObject({ ...ssh, measure: measure.optional() }),
    z.object({ job: jobId }),
  ),
} as const;
