/**
 * Drive letters: values of MountedDevices name partitions by what is on the disk. MBR: signature of the disk (4 bytes), offset of
 * the partition (8 bytes). GPT: `DMIO:ID:` and the partition's GUID. Others (CD, floppy, dynamic disks) are of no matter here.
 */
import { viewOf } from '../../../base/bytes.ts';
import type { OpenVolume } from '../../inspect/open-volume.ts';
import type { RegistryReader } from './registry.ts';

/** By letter, `C`: id of the volume. */
export function driveLetters(
  system: RegistryReader,
  volumes: readonly Pick<OpenVolume, 'info' | 'volume'>[],
): Map<string, string> {
  const letters = new Map<string, string>();
  const names = system
    .valueNames('MountedDevices')
    .map((name) => ({ name, letter: /^\\DosDevices\\([A-Za-z]):$/u.exec(name)?.[1]?.toUpperCase() }))
    .sort((a, b) => ((a.letter ?? '') < (b.letter ?? '') ? -1 : 1));
  for (const { name, letter } of names) {
    const data = letter === undefined ? null : system.bytes('MountedDevices', name);
    if (letter === undefined || data === null) continue;
    const found = volumes.filter((volume) => isAt(volume, data));
    if (found.length === 1) letters.set(letter, found[0]!.info.id);
  }
  return letters;
}

function isAt(
  { info, volume: { partition } }: Pick<OpenVolume, 'info' | 'volume'>,
  data: Uint8Array,
): boolean {
  if (partition === null) return false;
  if (data.length === 24 && Buffer.from(data.subarray(0, 8)).toString('latin1') === 'DMIO:ID:')
    return info.partUuid.toLowerCase() === guidText(data.subarray(8));
  if (data.length !== 12) return false;
  const view = viewOf(data);
  const signature = view.getUint32(0, true).toString(16).padStart(8, '0');
  return (
    /^[0-9a-f]{8}-[0-9a-f]{2,}$/iu.test(info.partUuid) &&
    info.partUuid.slice(0, 8).toLowerCase() === signature &&
    view.getBigUint64(4, true) === BigInt(partition.offset)
  );
}

/** The first three groups have the low byte first. */
function guidText(bytes: Uint8Array): string {
  const order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
  const hex = order.map((at) => bytes[at]!.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/u, '$1-$2-$3-$4-');
}
