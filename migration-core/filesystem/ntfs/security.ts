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
 * Self-relative descriptor ([MS-DTYP] 2.4.6): 4 u32 owner, 8 u32 group, C u32 system list, 10 u32 list of rights; mkntfs
 * leaves zeros behind the last of them.
 */
function trim(bytes: Uint8Array): Uint8Array {
  if (bytes.length < 20) throw damaged('a security descriptor is cut off');
  const view = viewOf(bytes);
  let end = 20;
  for (const [field, isList] of [
    [4, false],
    [8, false],
    [12, true],
    [16, true],
  ] as const) {
    const at = view.getUint32(field, true);
    if (at === 0) continue;
    if (at + 8 > bytes.length) throw damaged('a security descriptor is cut off');
    end = Math.max(end, at + (isList ? view.getUint16(at + 2, true) : 8 + bytes[at + 1]! * 4));
  }
  return bytes.subarray(0, Math.min(end, bytes.length));
}
