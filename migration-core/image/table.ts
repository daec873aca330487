/** All disk formats, and which one a file has. */
import { IronliftError } from '../base/errors.ts';
import type { ProgressListener } from '../base/progress.ts';
import type { DiskImage, ImageFormat, OpenContext } from './image.ts';
import { parentFinder } from './parents.ts';
import { compressed } from './compressed/format.ts';
import { ewf } from './ewf/format.ts';
import { ova } from './package/format.ts';
import { isPartial } from './partial.ts';
import { qcow2 } from './qcow2/format.ts';
import { raw } from './raw.ts';
import { openReadFile } from './read-file.ts';
import { vdi } from './vdi/format.ts';
import { endsFixedVhd } from './vhd/footer.ts';
import { vhd } from './vhd/format.ts';
import { vhdx } from './vhdx/format.ts';
import { vmdk } from './vmdk/format.ts';
import { refusePart } from './vmdk/names.ts';

export const imageFormats: readonly ImageFormat[] = [qcow2, vmdk, vhdx, vhd, vdi, ewf, ova, compressed, raw];

export function formatById(id: string): ImageFormat | null {
  return imageFormats.find((format) => format.id === id) ?? null;
}

export interface OpenImageOptions {
  /**
   * Where the parents of a snapshot may lie: beside it or in folders below (`folder`, unless told), or wherever it says
   * they are. What an image names is not trusted: it could name any file of this computer.
   */
  parents?: 'none' | 'folder' | 'anywhere';
  signal?: AbortSignal | undefined;
  /** As in OpenContext. */
  onProgress?: ProgressListener | undefined;
}

/** Opens an image of any format, and the images it holds the changes to. @throws as detectFormat and ImageFormat.open */
export async function openImage(path: string, options: OpenImageOptions = {}): Promise<DiskImage> {
  const format = await detectFormat(path);
  return format.open(path, openContext(path, options));
}

/** The context for ImageFormat.open of the image at `path`. */
export function openContext(
  path: string,
  { parents = 'folder', signal, onProgress }: OpenImageOptions = {},
): OpenContext {
  const finder = parentFinder(path, parents, async (parent, id, context) => {
    const format = id === undefined ? await detectFormat(parent) : formatById(id);
    if (format !== null) return format.open(parent, context);
    throw new IronliftError(
      'IMAGE_NOT_SUPPORTED',
      `${parent} is said to be of a format not read here (${id}).`,
      {
        next: 'Convert the image and its parents to a raw, qcow2 or VMDK image first.',
        data: { path: parent, format: id },
      },
    );
  });
  return {
    ...finder,
    signal,
    onProgress,
    openInner: (inner) => openImage(inner, { parents: 'none', signal, onProgress }),
    isNamed: (head, tail) => namedFormat(head, tail) !== undefined || foreignName(head, tail) !== undefined,
  };
}

const HEAD = 64 << 10;
const TAIL = 512;

/** Formats that are recognised to be refused: taken for raw, their file would become the disk of a machine that cannot boot. */
const FOREIGN: readonly { name: string; at: 'head' | 'tail'; offset: number; magic: string }[] = [
  { name: 'an old qcow', at: 'head', offset: 0, magic: 'QFI\xfb' },
  { name: 'a QED', at: 'head', offset: 0, magic: 'QED\0' },
  { name: 'a Parallels disk', at: 'head', offset: 0, magic: 'WithoutFreeSpace' },
  { name: 'a Parallels disk', at: 'head', offset: 0, magic: 'WithouFreSpacExt' },
  { name: 'an Apple disk image', at: 'tail', offset: 0, magic: 'koly' },
  { name: 'an EnCase 7 image (Ex01)', at: 'head', offset: 0, magic: 'EVF2\x0d\x0a\x81\0' },
  { name: 'a logical evidence file (L01, files and no disk)', at: 'head', offset: 0, magic: 'LVF\x09' },
  { name: 'a bzip2 archive', at: 'head', offset: 0, magic: 'BZh' },
  { name: 'a 7-Zip archive', at: 'head', offset: 0, magic: '7z\xbc\xaf\x27\x1c' },
  { name: 'a ZIP archive', at: 'head', offset: 0, magic: 'PK\x03\x04' },
  { name: 'a tar archive', at: 'head', offset: 257, magic: 'ustar' },
];

/**
 * The format of an image file by its contents, never by its name. Raw is what has no other format's magic; only there does the
 * name count, to refuse what would be no disk: a part of a VMDK, or a file that is called as another format and has lost its
 * magic.
 * @throws IMAGE_NOT_SUPPORTED for a format that is known and not read, IMAGE_DAMAGED for one that has only the name of its
 *   format left, NOT_FOUND, READ_FAILED
 */
export async function detectFormat(path: string): Promise<ImageFormat> {
  refuseUnfinished(path);
  const file = await openReadFile(path);
  try {
    const head = file.readNow(0, Math.min(HEAD, file.size));
    const tail = file.readNow(Math.max(0, file.size - TAIL), Math.min(TAIL, file.size));
    // The disk in a fixed VHD starts at the first byte of the file and may begin as any format does: its end decides.
    if (endsFixedVhd(tail, file.size)) return vhd;
    const format = namedFormat(head, tail);
    if (format !== undefined) return format;
    const foreign = foreignName(head, tail);
    if (foreign !== undefined) throw isForeign(path, foreign);
    await refusePart(path);
    refuseMisnamed(path);
    return raw;
  } finally {
    await file.close();
  }
}

const namedFormat = (head: Uint8Array, tail: Uint8Array): ImageFormat | undefined =>
  imageFormats.find((candidate) => candidate.detect(head, tail));

function foreignName(head: Uint8Array, tail: Uint8Array): string | undefined {
  const parts = { head, tail };
  return FOREIGN.find(({ at, offset, magic }) => {
    const { buffer, byteOffset, length } = parts[at];
    return (
      Buffer.from(buffer, byteOffset, length).toString('latin1', offset, offset + magic.length) === magic
    );
  })?.name;
}

function isForeign(path: string, name: string): IronliftError {
  return new IronliftError('IMAGE_NOT_SUPPORTED', `${path} is ${name}, which is not read here.`, {
    next: 'Convert or unpack it to a raw, qcow2 or VMDK image first, for example with `qemu-img convert`.',
    data: { path, format: name },
  });
}

/** Endings that raw disks are not given. Parts of VMDK are raw, and known by other rules. */
const NAMED: readonly [endings: RegExp, name: string][] = [
  [/\.qcow2$/iu, 'a qcow2 image'],
  [/\.a?vhdx$/iu, 'a VHDX image'],
  [/\.a?vhd$/iu, 'a VHD image'],
  [/\.vdi$/iu, 'a VDI image'],
  [/\.[es]\d\d$/iu, 'an EnCase image'],
  [/\.ova$/iu, 'a package'],
  [/\.(gz|xz|zst)$/iu, 'a compressed file'],
];

/** @throws IMAGE_DAMAGED */
function refuseMisnamed(path: string): void {
  const name = NAMED.find(([endings]) => endings.test(path))?.[1];
  if (name === undefined) return;
  throw new IronliftError('IMAGE_DAMAGED', `${path} is named like ${name} and does not hold one.`, {
    next: 'Copy it again, complete, from where it came. If it is a raw disk, give its name the ending .img.',
    data: { path },
  });
}

/** The magic of a format comes last: what was interrupted would pass for a raw disk. @throws IMAGE_NOT_SUPPORTED */
export function refuseUnfinished(path: string): void {
  if (!isPartial(path)) return;
  throw new IronliftError(
    'IMAGE_NOT_SUPPORTED',
    `${path} is not finished: it was left by a job that is at work or was interrupted.`,
    { next: 'Let the job finish, or run it again and use its result.', data: { path } },
  );
}
