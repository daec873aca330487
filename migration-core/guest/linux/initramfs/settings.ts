/**
 * Settings of the guest that an initramfs has a copy of. The conversion changes them on the root file system; where the
 * copy would still be used as it was on the physical server, the segment brings the new one.
 */
import { moduleName } from '../../../target/drivers.ts';
import type { FixContext, GuestReader } from '../../fixer.ts';
import { blockNames } from '../block-names.ts';
import { stableResume } from '../resume.ts';
import { cardNameFiles } from '../network/names.ts';
import type { Files } from './contents.ts';
import { findListed, type Listing } from './listing.ts';
import { STORAGE_DRIVERS } from './needs.ts';

/** Where an initramfs may have such a file instead; the first place wins over the others. */
const OTHER_PLACES = ['usr/lib', 'lib'];
const SMALL = 256 << 10;
const RESUME_SETTINGS = /^conf\/(initramfs\.conf|conf\.d\/[^/]+)$/;

/**
 * The files by which udev names the network interfaces, as the conversion leaves them on the root file system. Network
 * drivers in an initramfs mean that interfaces are named there already, and before systemd 240 a name once given stays.
 */
export async function namingFiles(files: GuestReader, listing: Listing): Promise<Files> {
  const result: Files = new Map();
  for (const path of await cardNameFiles(files)) {
    const content = await small(files, path);
    if (content === null) continue;
    const place = path.slice(1);
    const places = [place, ...OTHER_PLACES.map((other) => place.replace(/^etc/, other))];
    const present = places
      .map((candidate) => findListed(listing, candidate))
      .find((entry) => entry !== undefined);
    if (present?.content == null || Buffer.compare(present.content, content) !== 0)
      result.set(place, content);
  }
  return result;
}

/**
 * A list of the physical server's disks in the initramfs (RHEL 9: lvmdevices(8)) would hide the volume groups from LVM.
 * A file cannot be removed by a later segment, so LVM is told not to read it.
 */
export function lvmFiles(listing: Listing): Files {
  const result: Files = new Map();
  if (findListed(listing, 'etc/lvm/devices/system.devices') === undefined) return result;
  const local = findListed(listing, 'etc/lvm/lvmlocal.conf');
  const kept = local === undefined ? '' : Buffer.from(local.content ?? []).toString('utf8');
  const line = 'devices { use_devicesfile = 0 }\n';
  if (!kept.includes(line))
    result.set('etc/lvm/lvmlocal.conf', new TextEncoder().encode(`${kept}${kept === '' ? '' : '\n'}${line}`));
  return result;
}

/**
 * A driver that modprobe is told not to load on the physical server (`blacklist virtio_blk`): the conversion allows it on
 * the root file system, and the image may have a copy of that file as it was.
 */
export async function modprobeFiles(files: GuestReader, listing: Listing): Promise<Files> {
  const result: Files = new Map();
  for (const [place, { content }] of listing) {
    if (content === null || !/^etc\/modprobe\.d\/[^/]+\.conf$/.test(place)) continue;
    const lines = Buffer.from(content).toString('utf8').split('\n');
    const stops = lines.some((line) => {
      const [word, name] = line.trim().split(/\s+/);
      return (word === 'blacklist' || word === 'install') && STORAGE_DRIVERS.includes(moduleName(name ?? ''));
    });
    const present = stops ? await small(files, `/${place}`) : null;
    if (present !== null && Buffer.compare(present, content) !== 0) result.set(place, present);
  }
  return result;
}

/**
 * The swap space that initramfs-tools looks for a hibernation image on, before root is mounted (initramfs-tools(7)): under
 * the old disk's name every start until the native rebuild would wait half a minute for it.
 */
export function resumeFiles(context: Pick<FixContext, 'guest' | 'volumes'>, listing: Listing): Files {
  const result: Files = new Map();
  const names = blockNames(context);
  for (const [place, { content }] of listing) {
    if (content === null || !RESUME_SETTINGS.test(place)) continue;
    const before = Buffer.from(content).toString('utf8');
    const { text } = stableResume(before, names);
    if (text !== before) result.set(place, new TextEncoder().encode(text));
  }
  return result;
}

async function small(files: GuestReader, path: string): Promise<Uint8Array | null> {
  const stat = await files.stat(path);
  return stat?.type === 'file' && stat.size <= SMALL ? files.readFile(path, SMALL) : null;
}
