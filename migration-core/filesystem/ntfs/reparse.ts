/** Reparse points ([MS-FSCC] 2.1.2): links, and files whose content is kept elsewhere. */
import { viewOf } from '../../base/bytes.ts';
import type { FileType } from '../filesystem.ts';
import { damaged } from './errors.ts';
import { findAttribute, type NtfsFile } from './file.ts';
import { ATTRIBUTE, readUtf16, REPARSE } from './layout.ts';
import { openStream, readWhole } from './stream.ts';
import type { NtfsVolume } from './volume.ts';

export interface ReparsePoint {
  tag: number;
  /** What follows the header. */
  data: Uint8Array;
}

/** Windows takes no longer ones. */
const MAX_REPARSE = 16 << 10;

export async function reparsePointOf(volume: NtfsVolume, file: NtfsFile): Promise<ReparsePoint | null> {
  if (findAttribute(file, ATTRIBUTE.reparsePoint) === undefined) return null;
  const stream = openStream(volume, file, ATTRIBUTE.reparsePoint, '')!;
  const bytes = await readWhole(volume, stream, MAX_REPARSE);
  if (bytes.length < 8) throw damaged(`${stream.what} is no reparse point`);
  const view = viewOf(bytes);
  return { tag: view.getUint32(0, true), data: bytes.subarray(8, 8 + view.getUint16(4, true)) };
}

/** What a file with that tag is to Linux; undefined where the tag does not change what it is. */
export function typeOfTag(tag: number): FileType | undefined {
  switch (tag) {
    case REPARSE.symlink:
    case REPARSE.mountPoint:
    case REPARSE.lxSymlink:
      return 'symlink';
    case REPARSE.socket:
      return 'socket';
    case REPARSE.lxFifo:
      return 'fifo';
    case REPARSE.lxCharacter:
      return 'character';
    case REPARSE.lxBlock:
      return 'block';
    default:
      return undefined;
  }
}

/**
 * Where a link leads, with slashes. A relative link stays relative; one of this computer is given as Windows names the
 * place, without the prefix of its kernel: `C:/Users`, `Volume{guid}/data`, and `//server/share` for UNC. Which volume that
 * is, is not for this volume to say.
 */
export function linkTarget({ tag, data }: ReparsePoint): string {
  const view = viewOf(data);
  if (tag === REPARSE.lxSymlink) return Buffer.from(data.subarray(4)).toString('utf8');
  // 0 u16 offset and 2 u16 length of the substitute name, behind 8 bytes, or 12 where flags precede the names.
  const names = tag === REPARSE.symlink ? 12 : 8;
  const offset = names + view.getUint16(0, true);
  const length = view.getUint16(2, true);
  if (offset + length > data.length) throw damaged('a link has its target outside of it');
  const target = readUtf16(data, offset, length).replaceAll('\\', '/');
  const relative = tag === REPARSE.symlink && (view.getUint32(8, true) & 1) !== 0;
  if (relative) return target;
  return target.replace(/^\/(\?\?|DosDevices)\/(UNC\/)?/u, (_, __, unc?: string) =>
    unc === undefined ? '' : '//',
  );
}
