/** What the signature tables of recognise-*.ts are written with. */
import { utf8 } from '../base/bytes.ts';
import { readBytes, type BlockSource } from '../block/source.ts';

/** A volume under examination: its beginning is read once, everything else when a row asks. */
export interface Window {
  readonly size: number;
  /** Bytes [offset, offset+length), or null where they are not all on the volume. Offsets below zero count as outside. */
  bytes(offset: number, length: number): Promise<Uint8Array | null>;
}

export interface Match {
  uuid?: string;
  label?: string;
  /** Where the row finds several kinds: which one. */
  type?: string;
  /** Byte offset of the signature, where it is not near the start of the volume. */
  at?: number;
}

/** One kind of content. */
export interface Signature {
  /** blkid's name. */
  type: string;
  /** For people: "ext4 file system". */
  description: string;
  match(window: Window): Promise<Match | null>;
}

/** Covers every signature at the front, the ring of ZFS (up to 256 KiB) excepted. */
const HEAD = 68 * 1024;

export async function openWindow(volume: BlockSource): Promise<Window> {
  const head = await readBytes(volume, 0, Math.min(HEAD, volume.size));
  return {
    size: volume.size,
    async bytes(offset, length) {
      if (offset < 0 || !Number.isSafeInteger(offset) || offset + length > volume.size) return null;
      if (offset + length <= head.length) return head.subarray(offset, offset + length);
      return readBytes(volume, offset, length);
    },
  };
}

/** Whether ASCII text stands at an offset. */
export async function textAt(window: Window, offset: number, text: string): Promise<boolean> {
  const bytes = await window.bytes(offset, text.length);
  return bytes !== null && Buffer.from(bytes).toString('latin1') === text;
}

/** A label as blkid prints it: up to the first NUL, without white space at its end. */
export const labelOf = (bytes: Uint8Array, offset: number, length: number): string =>
  utf8(bytes, offset, length).trimEnd();

export function utf16Label(bytes: Uint8Array, offset: number, length: number): string {
  const even = length - (length % 2);
  const text = Buffer.from(bytes.subarray(offset, offset + even)).toString('utf16le');
  const end = text.indexOf('\0');
  return (end < 0 ? text : text.slice(0, end)).trimEnd();
}
