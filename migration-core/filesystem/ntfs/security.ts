/** Rights of new files and folders: those of the folder they are made in. */
import { viewOf } from '../../base/bytes.ts';
import { damaged } from './errors.ts';
import { findAttribute, type NtfsFile } from './file.ts';
import { ATTRIBUTE } from './layout.ts';
import { openStream, readWhole } from './stream.ts';
import type { NtfsVolume } from './volume.ts';

const MAX_DESCRIPTOR = 64 << 10;

export interface Security {
  /** Number of a descriptor in $Secure; 0 where the folder has one of its own. */
  id: number;
  descriptor: Uint8Array | null;
}

export async function securityOf(volume: NtfsVolume, folder: NtfsFile): Promise<Security> {
  const value = findAttribute(folder, ATTRIBUTE.standardInformation)?.value;
  const id =
    value === undefined || value === null || value.length < 0x48 ? 0 : viewOf(value).getUint32(0x34, true);
  if (id !== 0) return { id, descriptor: null };
  const stream = openStream(volume, folder, ATTRIBUTE.security, '');
  if (stream === null) throw damaged(`the folder in record ${folder.base.number} has no rights to hand on`);
  return { id: 0, descriptor: trim(await readWhole(volume, stream, MAX_DESCRIPTOR)) };
}

/**
 * Self-relative descriptor ([MS-DTYP] 2.4.6): 4 u32 owner, 8 u32 group, C u32 list of audits, 10 u32 list of rights. Each
 * part is kept as long as it needs to be: mkntfs makes lists that are mostly empty.
 */
function trim(bytes: Uint8Array): Uint8Array {
  const view = viewOf(bytes);
  const parts: Uint8Array[] = [bytes.slice(0, 20)];
  const head = viewOf(parts[0]!);
  let end = 20;
  for (const [field, lengthOf] of [
    [4, sidLength],
    [8, sidLength],
    [12, listLength],
    [16, listLength],
  ] as const) {
    const at = view.getUint32(field, true);
    if (at === 0) continue;
    const length = lengthOf(view, at);
    if (at + length > bytes.length) throw damaged('a security descriptor is cut off');
    const part = bytes.slice(at, at + length);
    if (lengthOf === listLength) viewOf(part).setUint16(2, length, true);
    head.setUint32(field, end, true);
    parts.push(part);
    end += length;
  }
  return Buffer.concat(parts);
}

/** Identifier: 1 u8 number of 32-bit parts behind its 8 bytes. */
const sidLength = (view: DataView, at: number): number => 8 + view.getUint8(at + 1) * 4;

/** List: 2 u16 its length, 4 u16 number of entries behind its 8 bytes. Entry: 2 u16 its length. */
function listLength(view: DataView, at: number): number {
  let length = 8;
  for (let left = view.getUint16(at + 4, true); left > 0; left--) {
    const entry = view.getUint16(at + length + 2, true);
    if (entry < 4) throw damaged('a security descriptor has an impossible entry');
    length += entry;
  }
  return length;
}
