/** `ironlift.json`: what a finished conversion is made of, where it came from, and how each change of the guest is undone. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readBounded } from '../base/bounded-file.ts';
import { commandWord } from '../base/command-word.ts';
import { IronliftError } from '../base/errors.ts';
import { DISK_BUSES, NIC_MODELS } from '../target/machine.ts';
import { renameFinished } from '../image/partial.ts';
import { partial, writeDurably } from './files.ts';
import { JOURNAL_NAME } from './journal.ts';

export const MANIFEST_NAME = 'ironlift.json';

/** Bytes. It holds what files of the guest were before they were changed: of an initramfs, some hundred megabytes at most. */
const LARGEST = 2 ** 28;

const finding = z.object({
  severity: z.enum(['info', 'warning', 'blocker']),
  code: z.string(),
  message: z.string(),
  next: z.string().exactOptional(),
});

/** Bytes are base64 in the file. */
const bytes = z.codec(
  z.base64(),
  z.custom<Uint8Array>((value) => value instanceof Uint8Array),
  {
    decode: (text) => new Uint8Array(Buffer.from(text, 'base64')),
    encode: (data) => Buffer.from(data).toString('base64'),
  },
);

const attributes = {
  mode: z.int(),
  uid: z.int(),
  gid: z.int(),
  mtime: z.number(),
  xattrs: z.record(z.string(), bytes),
};

const storedValue = { name: z.string(), type: z.int(), data: bytes };

const keptKey = z.object({
  name: z.string(),
  className: z.string().nullable(),
  link: z.literal(true).exactOptional(),
  security: bytes,
  values: z.array(z.object(storedValue)),
  get subkeys(): z.ZodArray<typeof keptKey> {
    return z.array(keptKey);
  },
});

/** guest/windows/registry-change.ts. */
const registryUndo = z.discriminatedUnion('op', [
  z.object({ op: z.literal('set'), key: z.string(), ...storedValue }),
  z.object({ op: z.literal('create-key'), key: z.string() }),
  z.object({ op: z.literal('delete-value'), key: z.string(), name: z.string() }),
  z.object({ op: z.literal('delete-key'), key: z.string() }),
  z.object({ op: z.literal('delete-empty-key'), key: z.string() }),
  z.object({ op: z.literal('restore-key'), key: z.string(), tree: keptKey }),
]);

const hivePatch = z.object({
  sha256: z.string(),
  size: z.int().nonnegative(),
  ranges: z.array(z.object({ offset: z.int().nonnegative(), bytes })),
});

/** guest/apply-undo.ts: the state of one path before an edit. */
const before = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('absent') }),
  z.object({ kind: z.literal('unchanged') }),
  z.object({ kind: z.literal('file'), content: bytes, addedXattrs: z.array(z.string()), ...attributes }),
  z.object({ kind: z.literal('symlink'), target: z.string(), ...attributes }),
  z.object({ kind: z.literal('directory'), ...attributes }),
  z.object({ kind: z.literal('size'), size: z.int() }),
  z.object({ kind: z.literal('tail'), content: bytes }),
  z.object({ kind: z.literal('mode'), mode: z.int() }),
  z.object({ kind: z.literal('renamed'), from: z.string() }),
  z.object({ kind: z.literal('registry'), undo: z.array(registryUndo), patch: hivePatch.exactOptional() }),
]);

const edit = z.object({
  /** Fixer.id. */
  fixer: z.string(),
  what: z.string(),
  why: z.string(),
  action: z.enum([
    'write',
    'append',
    'truncate',
    'mkdir',
    'symlink',
    'remove',
    'rename',
    'chmod',
    'registry',
    'restore-hive',
  ]),
  path: z.string(),
  before,
});

/** A name that does not lead out of the folder. */
const fileName = z.string().regex(/^[^/\\]+$/u);

const nic = z.object({
  model: z.enum(NIC_MODELS),
  mac: z.string(),
  guestName: z.string().nullable(),
  mode: z.enum(['isolated', 'nat', 'bridged', 'host-only']),
  network: z.string().nullable(),
  vlan: z.int().nullable(),
});

const machine = z.object({
  name: z.string(),
  uuid: z.string(),
  cpus: z.int(),
  memoryMiB: z.int(),
  firmware: z.enum(['bios', 'uefi']),
  architecture: z.enum(['x86_64', 'i686', 'aarch64', 'unknown']),
  os: z.object({ id: z.string(), version: z.string(), name: z.string() }),
  clock: z.enum(['utc', 'localtime']),
  chipset: z.enum(['q35', 'i440fx']).exactOptional(),
  disks: z.array(
    z.object({
      file: fileName,
      format: z.string(),
      size: z.int(),
      bus: z.enum(DISK_BUSES),
      unit: z.int(),
    }),
  ),
  nics: z.array(nic),
});

const disk = z.object({
  /** The main file. */
  file: fileName,
  format: z.string(),
  /** Subformat.id. */
  subformat: z.string().exactOptional(),
  allocation: z.enum(['thin', 'thick']).exactOptional(),
  virtualBytes: z.int(),
  fileBytes: z.int(),
  /** The other files, where the image has several; each as the main one. */
  extents: z
    .array(z.object({ file: fileName, fileBytes: z.int(), sha256: z.string().nullable() }))
    .exactOptional(),
  dataBytes: z.int(),
  skippedBytes: z.int(),
  /** SHA-256 of the file, as `sha256sum` prints it; null with --no-verify. */
  sha256: z.string().nullable(),
  /** Digest of the virtual disk, independent of the format. */
  contentDigest: z.object({ algorithm: z.string(), value: z.string() }).nullable(),
  verified: z.boolean(),
  /** Bytes of the disk that could not be read and became zeros, as --zero-bad-sectors allows. */
  badSectors: z.array(z.object({ offset: z.int(), length: z.int() })).default([]),
  source: z.object({
    path: z.string(),
    bytes: z.int(),
    sectorSize: z.int(),
    model: z.string(),
    serial: z.string(),
  }),
});

/** The one file that holds everything, for platforms that take it so; where each disk lies in it, in their order. */
const packageFile = z.object({
  file: fileName,
  bytes: z.int(),
  disks: z.array(z.object({ offset: z.int(), bytes: z.int(), sha256: z.string() })),
});

export const manifestSchema = z.object({
  ironlift: z.string(),
  formatVersion: z.literal(1),
  created: z.string(),
  target: z.string(),
  guest: z.record(z.string(), z.unknown()).nullable(),
  machine,
  disks: z.array(disk),
  /** Server and machine side by side. */
  hardware: z.array(z.object({ what: z.string(), source: z.string(), virtual: z.string() })).exactOptional(),
  package: packageFile.exactOptional(),
  edits: z.array(edit),
  findings: z.array(finding),
  /** There where a person decided to prepare NTFS volumes that were not closed; the findings say what that means. */
  acceptedUncleanNtfs: z.literal(true).exactOptional(),
  timings: z.array(z.object({ step: z.string(), seconds: z.number() })),
  undone: z.string().nullable(),
  /**
   * Files whose new contents are complete and verified as NAME.partial beside them; there while one after the other takes
   * the place of the old one. Whoever reads the record after an interruption completes that.
   */
  replacing: z.array(fileName).exactOptional(),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type ManifestEdit = z.infer<typeof edit>;
export type ManifestDisk = z.infer<typeof disk>;

/** Names of all files of a disk, the main one first. */
export const diskFiles = ({ file, extents = [] }: Pick<ManifestDisk, 'file' | 'extents'>): string[] => [
  file,
  ...extents.map((extent) => extent.file),
];

/**
 * Lets the new files of all disks take the place of the old ones. An image of several files cannot be replaced at once:
 * what is to be done is on record before, so that a kill in the middle leaves nothing that is half old and half new
 * for longer than until the record is read again.
 */
export async function replaceDisks(folder: string, manifest: Manifest): Promise<void> {
  manifest.replacing =
    manifest.package === undefined ? manifest.disks.flatMap(diskFiles) : [manifest.package.file];
  await writeDurably(join(folder, MANIFEST_NAME), renderManifest(manifest));
  await completeReplacing(folder, manifest);
}

async function completeReplacing(folder: string, manifest: Manifest): Promise<void> {
  if (manifest.replacing === undefined) return;
  await renameFinished(manifest.replacing.map((file) => partial(folder, file)));
  delete manifest.replacing;
  await writeDurably(join(folder, MANIFEST_NAME), renderManifest(manifest));
}

/** Reads the manifest of a finished conversion. @throws NOT_A_CONVERSION */
export async function readManifest(folder: string): Promise<Manifest> {
  const begun = existsSync(join(folder, JOURNAL_NAME)) && !existsSync(join(folder, MANIFEST_NAME));
  const refuse = (why: string, cause: unknown): IronliftError =>
    begun
      ? new IronliftError('NOT_A_CONVERSION', `The conversion in ${folder} did not come to its end.`, {
          next: `Continue it with \`ironlift resume ${commandWord(folder)}\`, then start again.`,
          cause,
        })
      : new IronliftError('NOT_A_CONVERSION', `${folder} is not a finished conversion: ${why}.`, {
          next: `Name the folder that \`ironlift convert\` wrote; it holds a file ${MANIFEST_NAME}.`,
          cause,
        });
  let text: string;
  try {
    const bytes = readBounded(join(folder, MANIFEST_NAME), LARGEST);
    if ('why' in bytes) throw new Error('It is no file, or larger than any record.');
    text = bytes.toString('utf8');
  } catch (error) {
    throw refuse(`it has no readable ${MANIFEST_NAME}`, error);
  }
  let manifest: Manifest;
  try {
    manifest = manifestSchema.decode(JSON.parse(text) as z.input<typeof manifestSchema>);
  } catch (error) {
    throw refuse(`its ${MANIFEST_NAME} is damaged`, error);
  }
  await completeReplacing(folder, manifest);
  return manifest;
}

/** The text of the manifest file. */
export function renderManifest(manifest: Manifest): string {
  return `${JSON.stringify(manifestSchema.encode(manifest), null, 2)}\n`;
}
