/**
 * Whether a volume was left in order, and what follows from it: the one rule for hibernation, the dirty flag and $LogFile.
 *
 * 1. Hibernated. `hiberfil.sys` in the root begins with `hibr` or `HIBR` (an image waits to be resumed, after hibernation
 *    as after a shutdown with Fast Startup) or `rstr`/`RSTR` (a resume was broken off): what the volume shows is older than
 *    what the image knows. Opening is refused with NTFS_HIBERNATED and the commands that cure it on the server. `wake` is
 *    an image that was resumed from, zeros are none: both are stale.
 * 2. Not in order. The dirty flag of $Volume is set (chkdsk is due), or $LogFile holds changes that were not carried out:
 *    its newest restart area has a client and lacks the mark "volume is clean". So it is after a crash, on a running
 *    server, and on other volumes of a server that is hibernated or was shut down with Fast Startup (Windows 8 and later;
 *    their log then is of version 2). The log is not replayed. The volume is read as it lies there, with a finding; all of
 *    it is copied, since its map of free clusters may be older than its files; and every change is refused with NTFS_LOG_DIRTY.
 *    Where a person decided to go on with it (OpenOptions.acceptUnclean), it is changed all the same, in the overlay of the
 *    copy: what files say they use is found out from their records first (claims.ts), and before the first change the log is
 *    emptied as in 3, the maps of clusters and records get what they lack, and the dirty flag is set, so that Windows checks
 *    the volume at its first start. What only the log knew is lost. A volume that is not changed keeps its log.
 * 3. In order: a log whose restart area says so, has no client, or was emptied (all bytes FF, as mkntfs and ntfs-3g leave
 *    it). Changes are made, and since they bypass the log it is emptied, all bytes FF, before the first of them reaches
 *    the overlay: Windows then begins a new log, as it does after ntfs-3g.
 */
import { u64le, viewOf } from '../../base/bytes.ts';
import { isIronliftError } from '../../base/errors.ts';
import { damaged, hibernated } from './errors.ts';
import { findAttribute, openFile } from './file.ts';
import { lookUp } from './index-tree.ts';
import { ATTRIBUTE, RECORD } from './layout.ts';
import { unprotect } from './record.ts';
import { openStream, readStream } from './stream.ts';
import type { NtfsVolume } from './volume.ts';

const DIRTY_FLAG = 0x0001;
const NO_CLIENT = 0xffff;
const VOLUME_IS_CLEAN = 0x0002;
const MAX_RESTART_PAGE = 64 << 10;
const LOG_UNREADABLE = 'its log ($LogFile) cannot be read';

/** @throws NTFS_HIBERNATED */
export async function refuseHibernated(volume: NtfsVolume): Promise<void> {
  const root = await openFile(volume, { record: RECORD.root, sequence: 0 });
  const found = await lookUp(volume, root, 'hiberfil.sys');
  if (found === null) return;
  const stream = openStream(volume, await openFile(volume, found.reference), ATTRIBUTE.data, '');
  if (stream === null || stream.size < 4) return;
  const start = new Uint8Array(4);
  await readStream(volume, stream, 0, start);
  const signature = Buffer.from(start).toString('latin1');
  if (/^(hibr|rstr)$/iu.test(signature)) throw hibernated(signature);
}

export interface NotClean {
  /** Reads on after "because". */
  because: string;
  /** Whether the log holds anything, or cannot be read; else it is the dirty flag alone. */
  log: boolean;
}

/** Why the volume is not in order; null where it is. */
export async function reasonNotClean(volume: NtfsVolume): Promise<NotClean | null> {
  const file = await openFile(volume, { record: RECORD.volume, sequence: 0 });
  const information = findAttribute(file, ATTRIBUTE.volumeInformation)?.value;
  // $VOLUME_INFORMATION: 8 and 9 u8 version, A u16 flags.
  if (information === undefined || information === null || information.length < 12)
    throw damaged('its record 3 does not describe the volume');
  const isDirty = (viewOf(information).getUint16(10, true) & DIRTY_FLAG) !== 0;
  const log = await reasonOfLog(volume).catch((error: unknown) => {
    if (isDirty && isIronliftError(error, 'NTFS_DAMAGED')) return LOG_UNREADABLE;
    throw error;
  });
  if (isDirty)
    return { because: 'Windows has marked it to be checked (its dirty flag is set)', log: log !== null };
  return log === null ? null : { because: log, log: true };
}

/** Sets the dirty flag: Windows then checks the volume when it starts. */
export async function markToBeChecked(volume: NtfsVolume): Promise<void> {
  const file = await openFile(volume, { record: RECORD.volume, sequence: 0 });
  const value = findAttribute(file, ATTRIBUTE.volumeInformation)!.value!;
  const view = viewOf(value);
  const flags = view.getUint16(10, true);
  if ((flags & DIRTY_FLAG) !== 0) return;
  view.setUint16(10, flags | DIRTY_FLAG, true);
  await volume.mft.write(file.base);
}

async function reasonOfLog(volume: NtfsVolume): Promise<string | null> {
  const file = await openFile(volume, { record: RECORD.logFile, sequence: 0 });
  const log = openStream(volume, file, ATTRIBUTE.data, '');
  if (log === null) throw damaged('it has no log file');
  const first = await restartArea(volume, log, 0);
  if (first === 'empty') return null;
  // The second page lies where the first one ends; where the first cannot be read, pages are of the usual size.
  const second = await restartArea(volume, log, first === 'unreadable' ? 4096 : first.pageSize);
  let newest: RestartArea | null = null;
  for (const area of [first, second])
    if (typeof area !== 'string' && (newest === null || area.lsn > newest.lsn)) newest = area;
  if (newest === null) return LOG_UNREADABLE;
  if (newest.client === NO_CLIENT || (newest.flags & VOLUME_IS_CLEAN) !== 0) return null;
  return newest.version >= 2
    ? 'its log ($LogFile) holds changes that were not carried out: the server was running, crashed, is hibernated, or was shut down with Fast Startup'
    : 'its log ($LogFile) holds changes that were not carried out: the server was running, crashed or is hibernated';
}

interface RestartArea {
  pageSize: number;
  version: number;
  lsn: number;
  client: number;
  flags: number;
}

/**
 * Restart page: 0 "RSTR", or "CHKD" after chkdsk, 10 u32 bytes of the page, 18 u16 offset of the area, 1C i16 major version.
 * Area: 0 u64 log sequence number, C u16 first client in use, E u16 flags.
 */
async function restartArea(
  volume: NtfsVolume,
  log: Parameters<typeof readStream>[1],
  offset: number,
): Promise<RestartArea | 'empty' | 'unreadable'> {
  if (offset + 4096 > log.size) return 'unreadable';
  const head = new Uint8Array(4096);
  await readStream(volume, log, offset, head);
  if (head.every((byte) => byte === 0xff)) return 'empty';
  const signature = Buffer.from(head.subarray(0, 4)).toString('latin1');
  const pageSize = viewOf(head).getUint32(0x10, true);
  if ((signature !== 'RSTR' && signature !== 'CHKD') || pageSize % 512 !== 0) return 'unreadable';
  if (pageSize < 512 || pageSize > MAX_RESTART_PAGE || offset + pageSize > log.size) return 'unreadable';
  const page = new Uint8Array(pageSize);
  await readStream(volume, log, offset, page);
  try {
    unprotect(page, signature, 'a restart page of the log');
  } catch {
    return 'unreadable';
  }
  const view = viewOf(page);
  const area = view.getUint16(0x18, true);
  if (area + 0x10 > pageSize) return 'unreadable';
  return {
    pageSize,
    version: view.getInt16(0x1c, true),
    lsn: u64le(view, area),
    client: view.getUint16(area + 0x0c, true),
    flags: view.getUint16(area + 0x0e, true),
  };
}
