/** Turning a server's disks into a virtual machine: what can be chosen, what would be done, what came of it. */
import { z } from 'zod';
import type { CheckedThing } from '../convert/checks.ts';
import { MOST_DRIVER_SOURCES, type ConvertOptions } from '../convert/options.ts';
import { DISK_BUSES } from '../target/machine.ts';
import { call } from './call.ts';
import { fileId, fileRef } from './files.ts';
import { jobId } from './jobs.ts';

export const finding = z.object({
  severity: z.enum(['info', 'warning', 'blocker']),
  code: z.string(),
  message: z.string(),
  next: z.string().optional(),
});

const nic = z.strictObject({
  mode: z.enum(['isolated', 'nat', 'bridged', 'host-only']),
  network: z.string().max(80).nullable().default(null),
  vlan: z.int().min(1).max(4094).nullable().default(null),
  /** `keep`, `new`, or an address. */
  mac: z
    .string()
    .regex(/^(keep|new|[0-9a-f]{2}(:[0-9a-f]{2}){5})$/u)
    .default('keep'),
});

/** null: what the program would choose. Each default is that of the command line. */
export const convertOptions = z.strictObject({
  /** The disks of one server, the boot disk first; or one description of a machine. */
  sources: z.array(fileId).min(1).max(64),
  target: z.string().max(40),
  /** An empty folder, or one in which the machine's own folder is made. */
  output: fileId,
  name: z.string().max(80).nullable().default(null),
  format: z.string().max(20).nullable().default(null),
  allocation: z.enum(['thin', 'thick', 'split2g']).default('thin'),
  bus: z.enum(DISK_BUSES).nullable().default(null),
  cpus: z.int().min(1).max(512).nullable().default(null),
  memoryMiB: z
    .int()
    .min(64)
    .max(64 * 2 ** 20)
    .nullable()
    .default(null),
  nics: z.array(nic).max(10).default([]),
  wholeDisk: z.boolean().default(false),
  fix: z.boolean().default(true),
  verify: z.boolean().default(true),
  root: z.string().max(100).nullable().default(null),
  zeroBadSectors: z.boolean().default(false),
  allowMounted: z.boolean().default(false),
  acceptUncleanNtfs: z.boolean().default(false),
  /** Folders and CD images with drivers for a Windows guest; those named first are preferred. */
  drivers: z.array(fileId).max(MOST_DRIVER_SOURCES).default([]),
}) satisfies z.ZodType<Omit<ConvertOptions, 'output' | 'force'> & { output: string }>;
export type ConvertChoice = z.infer<typeof convertOptions>;

export const target = z.object({
  id: z.string(),
  name: z.string(),
  /** Its preference first. */
  formats: z.array(z.object({ id: z.string(), name: z.string() })),
  buses: z.array(z.object({ id: z.enum(DISK_BUSES), name: z.string() })),
  /** Everything ends in one file: an .ova. */
  packaged: z.boolean(),
});

const volume = z.object({
  id: z.string(),
  bytes: z.number(),
  content: z.string(),
  label: z.string(),
  usedBytes: z.number().nullable(),
  mountedAt: z.string().nullable(),
});

/** What is on the disks. */
export const inspection = z.object({
  disks: z.array(
    z.object({
      path: z.string(),
      model: z.string(),
      serial: z.string(),
      bytes: z.number(),
      bytesToCopy: z.number(),
      scheme: z.enum(['gpt', 'mbr', 'none']),
      volumes: z.array(volume),
    }),
  ),
  guest: z
    .object({
      hostName: z.string(),
      os: z.string(),
      /** Windows takes its drivers from sources that are named; other systems have them in their kernels. */
      isWindows: z.boolean(),
      architecture: z.string(),
      firmware: z.string(),
      init: z.string(),
      /** Of a Windows, which has no kernels to choose from: what else is known of it, in lines for people. */
      details: z.array(z.object({ name: z.string(), value: z.string() })).optional(),
      kernels: z.array(
        z.object({ version: z.string(), initramfs: z.string().nullable(), isDefault: z.boolean() }),
      ),
      interfaces: z.array(
        z.object({
          name: z.string(),
          kind: z.string(),
          mac: z.string().nullable(),
          addresses: z.array(z.string()),
        }),
      ),
      agents: z.array(z.object({ name: z.string(), vendor: z.string(), services: z.array(z.string()) })),
    })
    .nullable(),
  /** What the description of another platform says of the machine, in words. */
  machine: z
    .object({
      name: z.string(),
      platform: z.string(),
      cpus: z.number().nullable(),
      memoryMiB: z.number().nullable(),
    })
    .nullable(),
  findings: z.array(finding),
  convertible: z.boolean(),
  seconds: z.number(),
});
export type InspectionView = z.infer<typeof inspection>;

const change = z.object({ fixer: z.string(), what: z.string(), why: z.string(), path: z.string() });
const hardware = z.array(z.object({ what: z.string(), source: z.string(), virtual: z.string() }));

/** One thing that was looked at before the copy. */
export const check = z.object({
  id: z.string(),
  /** What was looked at: a question that a person would ask. */
  title: z.string(),
  result: z.enum(['ok', 'note', 'warning', 'blocker']),
  /** What was found; of a passed check, what that rests on. */
  found: z.string(),
  /** What to do about it; null: nothing. */
  next: z.string().nullable(),
  /** Why it is looked at: which failure it prevents. */
  why: z.string(),
}) satisfies z.ZodType<CheckedThing>;
export type Check = z.infer<typeof check>;

/** The resulting configuration, before anything runs. */
export const preview = z.object({
  checks: z.array(check),
  /** Nothing may start: one of the checks says why. */
  blocked: z.boolean(),
  /** null: what stands in the way came before a machine could be planned. */
  plan: z
    .object({
      machine: z.object({
        name: z.string(),
        cpus: z.number(),
        memoryMiB: z.number(),
        firmware: z.string(),
        disks: z.array(
          z.object({
            file: z.string(),
            format: z.string(),
            bytes: z.number(),
            bus: z.string(),
            unit: z.number(),
          }),
        ),
        nics: z.array(
          z.object({
            model: z.string(),
            mac: z.string(),
            mode: z.string(),
            network: z.string().nullable(),
            vlan: z.number().nullable(),
            guestName: z.string().nullable(),
          }),
        ),
      }),
      hardware,
      changes: z.array(change),
      bytesToCopy: z.number(),
      bytesOfDisks: z.number(),
      /** What the result may take at most, and what is free there. */
      needBytes: z.number(),
      freeBytes: z.number(),
      folder: z.string(),
      /** The files of the platform, as they would be written. */
      files: z.array(z.object({ name: z.string(), content: z.string() })),
    })
    .nullable(),
});
export type PreviewView = z.infer<typeof preview>;

const bootVerdict = z.object({
  status: z.enum(['booted', 'failed', 'unclear']),
  sentence: z.string(),
  next: z.string(),
  seconds: z.number(),
  notes: z.array(z.string()),
  started: z.string(),
  screen: z.boolean(),
});

/** A finished machine. */
export const conversionResult = z.object({
  folder: fileRef,
  name: z.string(),
  target: z.string(),
  created: z.string(),
  guest: z.string().nullable(),
  disks: z.array(
    z.object({
      file: z.string(),
      source: z.string(),
      sourceBytes: z.number(),
      fileBytes: z.number(),
      dataBytes: z.number(),
      skippedBytes: z.number(),
      sha256: z.string().nullable(),
      contentDigest: z.string().nullable(),
      verified: z.boolean(),
      badSectors: z.number(),
    }),
  ),
  hardware,
  changes: z.array(change.extend({ undo: z.string() })),
  undone: z.string().nullable(),
  findings: z.array(finding),
  timings: z.array(z.object({ step: z.string(), seconds: z.number() })),
  /** Of README.txt: how the platform takes it over. */
  readme: z.string(),
  bootTest: bootVerdict.nullable(),
  accepted: z.object({ by: z.string(), at: z.number(), note: z.string() }).nullable(),
});
export type ConversionResultView = z.infer<typeof conversionResult>;

/** A conversion that is known of: in the engagement, or in the list of jobs. */
export const conversion = z.object({
  folder: fileRef,
  name: z.string(),
  target: z.string(),
  /** Server of the engagement it was made for; null: none. */
  server: z.number().nullable(),
  startedAt: z.number(),
  state: z.enum(['running', 'interrupted', 'finished', 'gone']),
  job: jobId.nullable(),
  /** The last test start, and the last taking back, in this run of the program. */
  testJob: jobId.nullable(),
  undoJob: jobId.nullable(),
  /** Of an interrupted one: whether it can go on, and if not, why. */
  canResume: z.boolean(),
  reason: z.string().nullable(),
  bootTest: bootVerdict.shape.status.nullable(),
  accepted: z.boolean(),
});

const none = z.strictObject({});
const folder = { folder: fileId };
const started = z.object({ job: jobId });

export const convertCalls = {
  'convert.targets': call('read', none, z.object({ targets: z.array(target) })),
  /** Physical disks of this computer; each can be a source. */
  'convert.disks': call(
    'read',
    none,
    z.object({
      disks: z.array(
        z.object({
          file: fileRef,
          model: z.string(),
          serial: z.string(),
          bytes: z.number(),
          inUse: z.boolean(),
        }),
      ),
    }),
  ),
  'convert.inspect': call(
    'read',
    z.strictObject({
      sources: z.array(fileId).min(1).max(64),
      root: z.string().max(100).nullable().default(null),
      allowMounted: z.boolean().default(false),
    }),
    inspection,
  ),
  'convert.preview': call('read', convertOptions, preview),
  'convert.start': call(
    'write',
    z.strictObject({ options: convertOptions, server: z.int().nullable().default(null) }),
    started,
  ),
  'convert.list': call('read', none, z.object({ conversions: z.array(conversion) })),
  'convert.result': call('read', z.strictObject(folder), conversionResult),
  'convert.resume': call('write', z.strictObject(folder), started),
  /** Of one that was interrupted: what it wrote is taken away, and nothing else. */
  'convert.discard': call('write', z.strictObject(folder), started),
  /** The disks are written anew with every change to the guest taken back. */
  'convert.undo': call('destroy', z.strictObject(folder), started),
  'convert.bootTest': call(
    'write',
    z.strictObject({
      ...folder,
      timeoutSeconds: z.int().min(30).max(3600).default(300),
      /** Processors are imitated, even where this computer has virtualisation in hardware. */
      software: z.boolean().default(false),
    }),
    started,
  ),
  /** PNG in base64. */
  'convert.screen': call('read', z.strictObject(folder), z.object({ png: z.string().nullable() })),
  'convert.accept': call(
    'write',
    z.strictObject({ ...folder, by: z.string().min(1).max(200), note: z.string().max(2000).default('') }),
    conversionResult,
  ),
} as const;
