/** The servers of the open engagement: the list, one of them in full, and what people say of them. */
import { z } from 'zod';
import { backupWindow, CRITICALITIES, ENVIRONMENTS, serverAnnotations } from '../store/model/annotations.ts';
import { serverInventory } from '../store/model/inventory.ts';
import { call } from './call.ts';
import { fileId } from './files.ts';

export const serverId = z.number().int().positive();
/** No engagement has more; bounds what a page may ask for at once. */
const MAX_SERVERS = 20_000;
const serverIds = z.array(serverId).min(1).max(MAX_SERVERS);

const known = z.number().nullable();
const said = z.string().nullable();

/** A line of the list. null: unknown. */
export const serverRow = z.object({
  id: serverId,
  name: z.string(),
  vendor: said,
  model: said,
  operatingSystem: said,
  cores: known,
  memoryBytes: known,
  diskBytes: known,
  /** Milliseconds since 1970. */
  firstSample: known,
  lastSample: known,
  /** Between the first and the last sample; 0 without any. */
  days: z.number(),
  /** Part of that time with a value for the processor, 0 to 1; null without samples. */
  coverage: known,
  /** Percent of all logical processors. */
  cpuMean: known,
  cpuP95: known,
  /** Bytes. */
  memoryUsedP95: known,
  /** Operations a second of all disks, bytes a second of all networks. */
  diskOperationsP95: known,
  networkBytesP95: known,
  criticality: z.enum(CRITICALITIES).nullable(),
  environment: z.enum(ENVIRONMENTS).nullable(),
  owner: said,
  site: said,
  zone: said,
  applications: z.array(z.string()),
  tags: z.array(z.string()),
  dependsOn: z.array(z.string()),
});
export type ServerRow = z.infer<typeof serverRow>;

/** One resource of a server over time. */
export const loadSeries = z.object({
  resource: z.enum(['cpu', 'memory', 'operations', 'network']),
  /** Of the values: percent, bytes, operations a second, bytes a second. */
  unit: z.enum(['percent', 'bytes', 'operations/s', 'bytes/s']),
  /** Steps with a value, ascending: `at` is the middle of the step, milliseconds since 1970. */
  points: z.array(z.object({ at: z.number(), mean: z.number(), minimum: z.number(), maximum: z.number() })),
  /** Of all samples, as the list shows it. */
  p95: known,
  /** What the server has of it; null where that has no meaning. */
  capacity: known,
  /** 168 means from Monday 00:00 in the time of the site; null: nothing was seen. */
  week: z.array(known),
});

export const serverLoad = z.object({
  /** Milliseconds since 1970; null: there are no samples. */
  from: known,
  to: known,
  /** Milliseconds. */
  step: z.number(),
  utcOffsetMinutes: z.number(),
  series: z.array(loadSeries),
});
export type ServerLoad = z.infer<typeof serverLoad>;

export const serverSheet = z.object({
  row: serverRow,
  names: z.object({ fqdn: said, smbiosUuid: said, serial: said, macs: z.array(z.string()) }),
  /** null: nothing but measurements, or nothing at all. */
  inventory: serverInventory.nullable(),
  /** Milliseconds since 1970. */
  observedAt: known,
  annotations: serverAnnotations,
  /** Sentences on what was lost when servers were merged. */
  remarks: z.array(z.string()),
  /** Hours in which backups seem to run, from the measurements; null: none was seen. */
  backupSeen: z.object({ startMinute: z.number(), endMinute: z.number(), nights: z.number() }).nullable(),
});
export type ServerSheet = z.infer<typeof serverSheet>;

const annotationKey = z.enum(Object.keys(serverAnnotations.shape) as [keyof typeof serverAnnotations.shape]);
const tag = z.string().trim().min(1).max(500);

export const tableReading = z.object({
  /** Of the file: `servers.applyTable` takes what was shown, or nothing. */
  digest: z.string(),
  servers: z.number(),
  changes: z.array(
    z.object({
      server: serverId,
      name: z.string(),
      line: z.number(),
      column: z.string(),
      before: z.string(),
      after: z.string(),
    }),
  ),
  /** All of them; `changes` holds the first ones. */
  changeCount: z.number(),
  problems: z.array(z.object({ line: z.number(), column: said, message: z.string() })),
  problemCount: z.number(),
  remarks: z.array(z.string()),
});
export type TableReading = z.infer<typeof tableReading>;

const none = z.strictObject({});

export const serverCalls = {
  'servers.list': call('read', none, z.object({ servers: z.array(serverRow) })),
  'servers.names': call(
    'read',
    none,
    z.object({ servers: z.array(z.object({ id: serverId, name: z.string() })) }),
  ),
  /** Who uses whose services: told by people, or seen in their connections. */
  'servers.dependencies': call(
    'read',
    none,
    z.object({
      servers: z.array(z.object({ id: serverId, name: z.string() })),
      edges: z.array(
        z.object({
          from: serverId,
          to: serverId,
          strength: z.enum(['told', 'strong', 'weak']),
          ports: z.array(z.string()),
        }),
      ),
      infrastructure: z.array(z.object({ server: serverId, why: z.string() })),
      /** Servers of which connections are known at all. */
      known: z.number(),
      remarks: z.array(z.string()),
    }),
  ),
  'servers.get': call('read', z.strictObject({ server: serverId }), serverSheet),
  /** Measurements of the last days, in steps that a chart can show. */
  'servers.load': call(
    'read',
    z.strictObject({ server: serverId, days: z.number().int().min(1).max(62) }),
    serverLoad,
  ),
  /** Sets parts of what is said of servers and takes parts back; tags are added and removed one by one. Can be undone. */
  'servers.annotate': call(
    'write',
    z.strictObject({
      servers: serverIds,
      set: serverAnnotations.partial().optional(),
      clear: z.array(annotationKey).max(100).optional(),
      addTags: z.array(tag).max(100).optional(),
      removeTags: z.array(tag).max(100).optional(),
      /** Takes the place of the windows each has; how it is backed up stays. None: nothing is said of them any more. */
      backupWindows: z.array(backupWindow).max(50).optional(),
    }),
    z.object({ changed: z.number() }),
  ),
  /** Writes the table that a customer fills in. */
  'servers.exportTable': call(
    'write',
    z.strictObject({ file: fileId, separator: z.enum([',', ';', '\t']).default(',') }),
    z.object({ servers: z.number() }),
  ),
  /** What such a table would change; nothing is written. */
  'servers.readTable': call('read', z.strictObject({ file: fileId }), tableReading),
  'servers.applyTable': call(
    'write',
    z.strictObject({ file: fileId, digest: z.string().max(64) }),
    z.object({ servers: z.number(), changes: z.number() }),
  ),
} as const;
