/**
 * Rights of new files and folders: handed on by the folder they are made in (inherit.ts), or closed to all but
 * administrators where they are to be. From version 3.0 on a volume keeps descriptors in $Secure (secure.ts) and a file has the
 * number of its own; before, each file has its descriptor itself.
 */
import { viewOf } from '../../base/bytes.ts';
import { descriptorBytes, parseDescriptor, type Descriptor } from './descriptor.ts';
import { damaged } from './errors.ts';
import { findAttribute, openFile, type NtfsFile } from './file.ts';
import { guardedDescriptor, inheritedDescriptor } from './inherit.ts';
import { ATTRIBUTE, RECORD } from './layout.ts';
import { descriptorOf, MAX_DESCRIPTOR, numberOf, openSecure, type Secure } from './secure.ts';
import { openStream, readWhole } from './stream.ts';
import type { NtfsVolume } from './volume.ts';

export interface Security {
  /** Number of a descriptor in $Secure; 0 where the file has one of its own. */
  id: number;
  descriptor: Uint8Array<ArrayBuffer> | null;
}

/** $VOLUME_INFORMATION: 8 u8 major version. */
async function hasSecure(volume: NtfsVolume): Promise<boolean> {
  const file = await openFile(volume, { record: RECORD.volume, sequence: 0 });
  return (findAttribute(file, ATTRIBUTE.volumeInformation)?.value?.[8] ?? 0) >= 3;
}

/** The descriptor of a file as it lies there. @throws NTFS_DAMAGED */
async function ownDescriptor(volume: NtfsVolume, file: NtfsFile, secure: Secure | null): Promise<Descriptor> {
  const value = findAttribute(file, ATTRIBUTE.standardInformation)?.value;
  const id =
    value === undefined || value === null || value.length < 0x48 ? 0 : viewOf(value).getUint32(0x34, true);
  if (id !== 0 && secure !== null) return parseDescriptor(await descriptorOf(volume, secure, id));
  const stream = openStream(volume, file, ATTRIBUTE.security, '');
  if (stream === null) throw damaged(`the folder in record ${file.base.number} has no rights to hand on`);
  return parseDescriptor(await readWhole(volume, stream, MAX_DESCRIPTOR));
}

/**
 * What a new file or folder in `parent` gets; a descriptor that $Secure lacks is added to it.
 * @throws NTFS_DAMAGED, NO_SPACE_IN_GUEST, NOT_SUPPORTED
 */
export async function securityOfNew(
  volume: NtfsVolume,
  parent: NtfsFile,
  kind: { folder: boolean; guarded: boolean },
): Promise<Security> {
  const secure = (await hasSecure(volume)) ? await openSecure(volume) : null;
  const above = await ownDescriptor(volume, parent, secure);
  const rights = (kind.guarded ? guardedDescriptor : inheritedDescriptor)(above, kind.folder);
  const descriptor = descriptorBytes(rights);
  if (secure === null) return { id: 0, descriptor };
  return { id: await numberOf(volume, secure, descriptor), descriptor: null };
}
