/**
 * Reads VMDK: a descriptor, in a file of its own or inside the only extent, and the extents it names, which lie beside it.
 * What a grain is not there for, the parent answers: a snapshot is read through its whole chain.
 */
import { IronliftError } from '../../base/errors.ts';
import { formatBytes, plural } from '../../base/text.ts';
import { concatenate } from '../../block/concat.ts';
import type { DiskImage, ImageFacts, OpenContext } from '../image.ts';
import { damaged, openReadFile, unsupported, type ReadFile } from '../read-file.ts';
import { DESCRIPTOR_LIMIT, isDescriptor, parseDescriptor, type Descriptor } from './descriptor.ts';
import { CONVERT_IT, extentKind, partOfDisk } from './extent-kind.ts';
import { openExtents, tableSource, type OpenExtents } from './extents.ts';
import { openHosted, readHostedHeader, type HostedHeader } from './hosted.ts';
import { SECTOR } from './layout.ts';
import { descriptorOf, refusePart } from './names.ts';
import { secondCopyFindings } from './second-copy.ts';

/** createType, in lower case, of what is read; the extents themselves tell how. */
const TYPES: Readonly<Record<string, string>> = Object.fromEntries(
  [
    'monolithicSparse',
    'monolithicFlat',
    'twoGbMaxExtentSparse',
    'twoGbMaxExtentFlat',
    '2GbMaxExtentSparse',
    '2GbMaxExtentFlat',
    'streamOptimized',
    'custom',
    'vmfs',
    'vmfsThin',
    'vmfsPreallocated',
    'vmfsEagerZeroedThick',
    'vmfsSparse',
    'seSparse',
  ].map((type) => [type.toLowerCase(), type]),
);

/** Their data is not in files. */
const DEVICES = /^(fullDevice|partitionedDevice|vmfs(Passthrough)?RawDeviceMap|vmfsRDMP?|vmfsRaw)$/iu;

/** What was read before any extent was opened. */
export interface VmdkFile {
  file: ReadFile;
  descriptor: Descriptor;
  /** The header of the extent that the descriptor is in; null where it is a file of its own. */
  embedded: HostedHeader | null;
  /** createType as VMware writes it. */
  type: string;
}

/** @throws IMAGE_DAMAGED, IMAGE_NOT_SUPPORTED, IMAGE_HAS_BACKING, READ_FAILED, NOT_FOUND */
export async function openVmdk(path: string, context?: OpenContext): Promise<DiskImage> {
  const vmdk = await readVmdkFile(path);
  let parent: DiskImage | null = null;
  try {
    parent = await openParent(vmdk, context);
    const { extents, files } =
      vmdk.embedded === null ? await openExtents(vmdk, parent) : embeddedExtent(vmdk, parent);
    if (vmdk.embedded === null) await vmdk.file.close();
    const disk = concatenate(extents.map(({ source }) => source));
    const above = parent;
    return {
      ...disk,
      facts: facts(vmdk, { extents, files, parent }),
      async close() {
        await disk.close();
        await above?.close();
      },
    };
  } catch (error) {
    await vmdk.file.close();
    await parent?.close();
    throw error;
  }
}

/** Opens the file and reads its descriptor. The caller closes the file. */
export async function readVmdkFile(path: string): Promise<VmdkFile> {
  const file = await openReadFile(path);
  try {
    const head = file.readNow(0, Math.min(4096, file.size));
    if (extentKind(head) === 'KDMV') return readEmbedded(file);
    if (extentKind(head) !== null) throw partOfDisk(path, descriptorBeside(path));
    if (!isDescriptor(head)) {
      await refusePart(path);
      throw damaged(path, 'it does not begin as a VMDK file');
    }
    return withType(file, readDescriptor(file, 0, file.size), null);
  } catch (error) {
    await file.close();
    throw error;
  }
}

function readEmbedded(file: ReadFile): VmdkFile {
  const { path } = file;
  const header = readHostedHeader(file);
  const { descriptorOffset, descriptorSize } = header;
  const length = descriptorOffset === 0 ? 0 : descriptorSize * SECTOR;
  const descriptor = readDescriptor(file, descriptorOffset * SECTOR, length);
  // Parts of a split disk have no descriptor (VMware), or an empty one (QEMU).
  if (descriptor.keys.size === 0 && descriptor.extents.length === 0)
    throw partOfDisk(path, descriptorBeside(path));
  return withType(file, descriptor, header.capacity === 0 ? null : header);
}

const descriptorBeside = (path: string): string =>
  descriptorOf(path) ?? 'the small .vmdk file beside it that holds text';

function readDescriptor(file: ReadFile, offset: number, length: number): Descriptor {
  if (length > DESCRIPTOR_LIMIT) throw damaged(file.path, 'its descriptor is beyond all bounds', { length });
  return parseDescriptor(file.path, file.readNow(offset, length));
}

function withType(file: ReadFile, descriptor: Descriptor, embedded: HostedHeader | null): VmdkFile {
  const { path } = file;
  const written = (descriptor.keys.get('createtype') ?? '').slice(0, 40);
  if (DEVICES.test(written))
    throw unsupported(
      path,
      `stands for a physical disk or volume (${written}), not for data in files`,
      'Convert that disk itself, or copy it into an image first.',
    );
  const type = TYPES[written.toLowerCase()];
  const fits = embedded === null || /^(monolithicSparse|streamOptimized|custom)$/u.test(type ?? '');
  if (type === undefined || !fits)
    throw unsupported(path, `is a VMDK of another kind (${written})`, CONVERT_IT);
  return { file, descriptor, embedded, type };
}

/** The one extent that the descriptor is in; the name in the descriptor may be one it had elsewhere. */
function embeddedExtent({ file, embedded }: VmdkFile, parent: DiskImage | null): OpenExtents {
  const extent = openHosted(file, embedded!);
  const size = extent.sectors * SECTOR;
  const source = tableSource(file, extent, { start: 0, size, parent });
  return { extents: [{ source, file, tables: extent }], files: [] };
}

const NO_PARENT = 'ffffffff';

/** 8 hex digits in lower case; null for what is none. */
function contentId(text: string | undefined): string | null {
  return text !== undefined && /^[0-9a-f]{1,8}$/iu.test(text) ? text.toLowerCase().padStart(8, '0') : null;
}

async function openParent(
  { file: { path }, descriptor: { keys } }: VmdkFile,
  context: OpenContext | undefined,
): Promise<DiskImage | null> {
  const hint = keys.get('parentfilenamehint') ?? '';
  const expected = contentId(keys.get('parentcid') ?? NO_PARENT);
  if (expected === null) throw damaged(path, 'its parentCID is not a number');
  if (expected === NO_PARENT) {
    if (hint === '') return null;
    throw damaged(path, `it names a parent (${hint.slice(0, 100)}) and says that it has none`);
  }
  if (context === undefined) {
    throw new IronliftError(
      'IMAGE_HAS_BACKING',
      `${path} holds only the changes to another image (a snapshot).`,
      {
        next: 'Delete the snapshots of the machine in VMware so that they are merged, then start again.',
        data: { path },
      },
    );
  }
  const parent = await context.openParent(path, [hint], 'vmdk');
  if (parent.facts.contentId === expected) return parent;
  await parent.close();
  const [parentPath = hint] = parent.facts.files;
  throw new IronliftError(
    'IMAGE_DAMAGED',
    `${parentPath} was changed after the snapshot ${path} was made of it, so the two no longer make one disk.`,
    {
      next: 'Bring back the parent as it was when the snapshot was made, or start again from the parent alone.',
      data: { path, parent: parentPath, expected, found: parent.facts.contentId },
    },
  );
}

function facts(
  { file, descriptor, embedded, type }: VmdkFile,
  { extents, files, parent }: OpenExtents & { parent: DiskImage | null },
): ImageFacts {
  const { keys } = descriptor;
  const grains = new Set(extents.flatMap(({ tables }) => tables?.grain ?? []));
  const details: Record<string, string> = {};
  if (grains.size > 0) details['Grain size'] = [...grains].map(formatBytes).join(', ');
  for (const [name, key] of [
    ['Adapter type', 'ddb.adaptertype'],
    ['Hardware version', 'ddb.virtualhwversion'],
  ] as const) {
    const value = keys.get(key);
    if (value !== undefined) details[name] = value.slice(0, 40);
  }
  if (keys.get('ddb.thinprovisioned') === '1') details['Provisioning'] = 'thin';
  if (embedded === null) details['Extents'] = plural(extents.length, 'extent');
  return {
    format: 'vmdk',
    subformat: type,
    contentId: contentId(keys.get('cid')),
    files: [file.path, ...files],
    parent,
    details,
    get findings() {
      return extents.flatMap(({ file: part, tables }) =>
        part === null || tables === null ? [] : secondCopyFindings(part.path, tables),
      );
    },
  };
}
