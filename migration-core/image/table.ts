/** All disk formats, and which one a file has. */
import { IronliftError } from '../base/errors.ts';
import type { DiskImage, ImageFormat, OpenContext } from './image.ts';
import { parentFinder } from './parents.ts';
import { qcow2 } from './qcow2/format.ts';
import { raw } from './raw.ts';
import { openReadFile } from './read-file.ts';
import { vmdk } from './vmdk/format.ts';

export const imageFormats: readonly ImageFormat[] = [qcow2, vmdk, raw];

export function formatById(id: string): ImageFormat | null {
  return imageFormats.find((format) => format.id === id) ?? null;
}

export interface OpenImageOptions {
  /**
   * Where the parents of a snapshot may lie: beside it or in folders below (`folder`, unless told), or wherever it says
   * they are. What an image names is not trusted: it could name any file of this computer.
   */
  parents?: 'none' | 'folder' | 'anywhere';
}

/** Opens an image of any format, and the images it holds the changes to. @throws as detectFormat and ImageFormat.open */
export async function openImage(path: string, options: OpenImageOptions = {}): Promise<DiskImage> {
  const format = await detectFormat(path);
  return format.open(path, openContext(path, options));
}

/** The context for ImageFormat.open of the image at `path`. */
export function openContext(path: string, { parents = 'folder' }: OpenImageOptions = {}): OpenContext {
  return parentFinder(path, parents, async (parent, id, context) => {
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
}

const HEAD = 64 << 10;
const TAIL = 512;

/** Formats that are recognised to be refused: taken for raw, their file would become the disk of a machine that cannot boot. */
const FOREIGN: readonly { name: string; at: 'head' | 'tail'; offset: number; magic: string }[] = [
  { name: 'a VHD', at: 'head', offset: 0, magic: 'conectix' },
  { name: 'a VHD', at: 'tail', offset: 0, magic: 'conectix' },
  { name: 'a VHDX', at: 'head', offset: 0, magic: 'vhdxfile' },
  { name: 'a VDI (VirtualBox)', at: 'head', offset: 64, magic: '\x7f\x10\xda\xbe' },
  { name: 'an old qcow', at: 'head', offset: 0, magic: 'QFI\xfb' },
  { name: 'a QED', at: 'head', offset: 0, magic: 'QED\0' },
  { name: 'a Parallels disk', at: 'head', offset: 0, magic: 'WithoutFreeSpace' },
  { name: 'a Parallels disk', at: 'head', offset: 0, magic: 'WithouFreSpacExt' },
  { name: 'an ESX delta (COWD)', at: 'head', offset: 0, magic: 'COWD' },
  { name: 'an ESX delta (seSparse)', at: 'head', offset: 0, magic: '\xbe\xba\xfe\xca\0\0\0\0' },
  { name: 'an Apple disk image', at: 'tail', offset: 0, magic: 'koly' },
  { name: 'an EnCase image', at: 'head', offset: 0, magic: 'EVF\x09' },
  { name: 'a gzip archive', at: 'head', offset: 0, magic: '\x1f\x8b\x08' },
  { name: 'an xz archive', at: 'head', offset: 0, magic: '\xfd7zXZ\0' },
  { name: 'a zstd archive', at: 'head', offset: 0, magic: '\x28\xb5\x2f\xfd' },
  { name: 'a bzip2 archive', at: 'head', offset: 0, magic: 'BZh' },
  { name: 'a 7-Zip archive', at: 'head', offset: 0, magic: '7z\xbc\xaf\x27\x1c' },
  { name: 'a ZIP archive', at: 'head', offset: 0, magic: 'PK\x03\x04' },
  { name: 'a tar archive', at: 'head', offset: 257, magic: 'ustar' },
];

/**
 * The format of an image file by its contents, never by its name. Raw is what has no other format's magic.
 * @throws IMAGE_NOT_SUPPORTED for a format that is known and not read, NOT_FOUND, READ_FAILED
 */
export async function detectFormat(path: string): Promise<ImageFormat> {
  const file = await openReadFile(path);
  try {
    const head = file.readNow(0, Math.min(HEAD, file.size));
    const tail = file.readNow(Math.max(0, file.size - TAIL), Math.min(TAIL, file.size));
    const format = imageFormats.find((candidate) => candidate.detect(head, tail));
    if (format !== undefined) return format;
    refuseForeign(path, { head, tail });
    return raw;
  } finally {
    await file.close();
  }
}

function refuseForeign(path: string, parts: { head: Buffer; tail: Buffer }): void {
  for (const { name, at, offset, magic } of FOREIGN) {
    const bytes = parts[at];
    if (bytes.toString('latin1', offset, offset + magic.length) !== magic) continue;
    throw new IronliftError('IMAGE_NOT_SUPPORTED', `${path} is ${name}, which is not read here.`, {
      next: 'Convert or unpack it to a raw, qcow2 or VMDK image first, for example with `qemu-img convert`.',
      data: { path, format: name },
    });
  }
}
