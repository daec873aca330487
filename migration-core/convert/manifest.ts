/** `ironlift.json`: what a finished conversion is made of, where it came from, and how each change of the guest is undone. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { IronliftError } from '../base/errors.ts';

export const MANIFEST_NAME = 'ironlift.json';

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

/** guest/apply-undo.ts: the state of one path before an edit. */
const before = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('absent') }),
  z.object({ kind: z.literal('file'), content: bytes, addedXattrs: z.array(z.string()), ...attributes }),
  z.object({ kind: z.literal('symlink'), target: z.string(), ...attributes }),
  z.object({ kind: z.literal('directory'), ...attributes }),
  z.object({ kind: z.literal('size'), size: z.int() }),
  z.object({ kind: z.literal('tail'), content: bytes }),
  z.object({ kind: z.literal('mode'), mode: z.int() }),
  z.object({ kind: z.literal('renamed'), from: z.string() }),
]);

const edit = z.object({
  /** Fixer.id. */
  fixer: z.string(),
  what: z.string(),
  why: z.string(),
  action: z.enum(['write', 'append', 'truncate', 'mkdir', 'symlink', 'remove', 'rename', 'chmod']),
  path: z.string(),
  before,
});

const nic = z.object({
  model: z.enum(['virtio-net', 'vmxnet3', 'e1000e', 'e1000']),
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
      file: z.string().regex(/^[^/\\]+$/u),
      format: z.string(),
      size: z.int(),
      bus: z.enum(['virtio-blk', 'virtio-scsi', 'pvscsi', 'lsi-sas', 'lsi', 'ahci', 'ide', 'nvme']),
      unit: z.int(),
    }),
  ),
  nics: z.array(nic),
});

const disk = z.object({
  file: z.string(),
  format: z.string(),
  virtualBytes: z.int(),
  fileBytes: z.int(),
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

export const manifestSchema = z.object({
  ironlift: z.string(),
  formatVersion: z.literal(1),
  created: z.string(),
  target: z.string(),
  guest: z.record(z.string(), z.unknown()).nullable(),
  machine,
  disks: z.array(disk),
  edits: z.array(edit),
  findings: z.array(finding),
  timings: z.array(z.object({ step: z.string(), seconds: z.number() })),
  undone: z.string().nullable(),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type ManifestEdit = z.infer<typeof edit>;
export type ManifestDisk = z.infer<typeof disk>;

/** Reads the manifest of a finished conversion. @throws NOT_A_CONVERSION */
export async function readManifest(folder: string): Promise<Manifest> {
  const refuse = (why: string, cause: unknown): IronliftError =>
    new IronliftError('NOT_A_CONVERSION', `${folder} is not a finished conversion: ${why}.`, {
      next: `Name the folder that \`ironlift convert\` wrote; it holds a file ${MANIFEST_NAME}.`,
      cause,
    });
  let text: string;
  try {
    text = await readFile(join(folder, MANIFEST_NAME), 'utf8');
  } catch (error) {
    throw refuse(`it has no readable ${MANIFEST_NAME}`, error);
  }
  try {
    return manifestSchema.decode(JSON.parse(text) as z.input<typeof manifestSchema>);
  } catch (error) {
    throw refuse(`its ${MANIFEST_NAME} is damaged`, error);
  }
}

/** The text of the manifest file. */
export function renderManifest(manifest: Manifest): string {
  return `${JSON.stringify(manifestSchema.encode(manifest), null, 2)}\n`;
}
