/** The footer: what kind of VHD this is, how large, and who it is. */
import { u64be, viewOf } from '../../base/bytes.ts';
import { readUuid } from '../../base/guid.ts';
import { damaged, unsupported, type ReadFile } from '../read-file.ts';
import {
  FOOTER,
  FOOTER_BYTES,
  FOOTER_MAGIC,
  OLD_FOOTER_BYTES,
  TYPE,
  isChecksumRight,
  type Geometry,
} from './layout.ts';

export type VhdType = keyof typeof TYPE;

export interface Footer {
  type: VhdType;
  /** Bytes of the disk: see `sizeOf`. */
  size: number;
  geometry: Geometry;
  /** Byte of the dynamic header; of no meaning in a fixed disk. */
  dataOffset: number;
  /** Lower case. */
  uniqueId: string;
  /** The program that made it, four characters. */
  creator: string;
  savedState: boolean;
}

export interface FoundFooter {
  footer: Footer;
  /** Bytes before the footer at the end of the file; all of them where that one is lost. */
  end: number;
  /** What had to be made good, in sentences. */
  notes: string[];
}

const hasMagic = (bytes: Uint8Array, at = 0): boolean =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1', at, at + 8) === FOOTER_MAGIC;

/** Whether a file that begins and ends with these bytes (the last 512) is a VHD. */
export const detectVhd = (head: Uint8Array, tail: Uint8Array): boolean =>
  hasMagic(head) || hasMagic(tail) || hasMagic(tail, FOOTER_BYTES - OLD_FOOTER_BYTES);

/**
 * Whether these last 512 bytes of a file of `fileSize` bytes end a fixed disk beyond doubt. Such a file begins with the
 * disk itself, and a disk may begin with anything, the magic of another format too.
 */
export function endsFixedVhd(tail: Uint8Array, fileSize: number): boolean {
  if (tail.length !== FOOTER_BYTES || !hasMagic(tail) || !isChecksumRight(tail, FOOTER.checksum))
    return false;
  const view = viewOf(tail);
  return (
    view.getUint32(FOOTER.type) === TYPE.fixed &&
    view.getBigUint64(FOOTER.currentSize) === BigInt(fileSize - FOOTER_BYTES)
  );
}

/**
 * The footer at the end of the file or, where that is damaged, its copy at the start (growing disks have one).
 * @throws IMAGE_DAMAGED, IMAGE_NOT_SUPPORTED
 */
export function findFooter(file: ReadFile): FoundFooter {
  const { path, size } = file;
  const notes: string[] = [];
  let seen = false;
  for (const length of [FOOTER_BYTES, OLD_FOOTER_BYTES]) {
    if (size < length) continue;
    const bytes = padded(file.readNow(size - length, length));
    if (!hasMagic(bytes)) continue;
    seen = true;
    if (isChecksumRight(bytes, FOOTER.checksum))
      return { footer: parseFooter(path, bytes), end: size - length, notes };
  }
  const copy = file.readNow(0, FOOTER_BYTES);
  if (hasMagic(copy)) {
    if (isChecksumRight(copy, FOOTER.checksum)) {
      notes.push(
        `The footer at the end of the file is ${seen ? 'damaged' : 'missing'}; its copy at the start is used.`,
      );
      return { footer: parseFooter(path, copy), end: size, notes };
    }
    seen = true;
  }
  throw damaged(path, seen ? 'the checksum of its footer is wrong' : 'it has no VHD footer');
}

function padded(bytes: Buffer): Buffer {
  const whole = Buffer.alloc(FOOTER_BYTES);
  bytes.copy(whole);
  return whole;
}

function parseFooter(path: string, bytes: Buffer): Footer {
  const view = viewOf(bytes);
  const version = view.getUint32(FOOTER.version);
  if (version >>> 16 !== 1)
    throw unsupported(path, `has VHD version ${version >>> 16}`, 'Convert it with the program that made it.');
  const number = view.getUint32(FOOTER.type);
  const type = (Object.keys(TYPE) as VhdType[]).find((name) => TYPE[name] === number);
  if (type === undefined)
    throw unsupported(path, `is a VHD of type ${number}`, 'Convert it to a fixed or dynamic VHD first.');
  return {
    type,
    size: sizeOf(path, view),
    geometry: {
      cylinders: view.getUint16(FOOTER.cylinders),
      heads: view.getUint8(FOOTER.heads),
      sectorsPerTrack: view.getUint8(FOOTER.sectorsPerTrack),
    },
    dataOffset:
      type === 'fixed' ? 0 : sized(path, view, FOOTER.dataOffset, 'the place of its dynamic header'),
    uniqueId: readUuid(bytes, FOOTER.uniqueId),
    creator: bytes.toString('latin1', FOOTER.creator, FOOTER.creator + 4),
    savedState: view.getUint8(FOOTER.savedState) === 1,
  };
}

/**
 * The "current size" field, whoever made the image. Virtual PC shows its guests whole cylinders only, which are less by up
 * to a few MiB, and QEMU does the same where the creator is Virtual PC, VirtualBox or unknown to it. But Hyper-V,
 * VirtualBox, Xen and Azure use all of the current size whatever the creator: taking the cylinders for the disk would cut
 * off the end of theirs, and the backup partition table with it. What QEMU itself writes has both alike.
 */
function sizeOf(path: string, view: DataView): number {
  return sized(path, view, FOOTER.currentSize, 'its size');
}

export function sized(path: string, view: DataView, offset: number, what: string): number {
  try {
    return u64be(view, offset);
  } catch (error) {
    if (error instanceof RangeError) throw damaged(path, `${what} is beyond all bounds`);
    throw error;
  }
}
