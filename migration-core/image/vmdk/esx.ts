/** The extents of ESXi snapshots: COWD (vmfsSparse) and seSparse. Read only: VMware makes them, nobody else should. */
import { isPowerOfTwo, roundUp, viewOf } from '../../base/bytes.ts';
import { damaged, unsupported, type ReadFile } from '../read-file.ts';
import { readDirectory, type TableExtent } from './extent.ts';
import {
  COWD,
  COWD_ENTRIES,
  COWD_HEADER_BYTES,
  COWD_MAGIC,
  SECTOR,
  SESPARSE,
  SESPARSE_ENTRIES,
  SESPARSE_GRAIN,
  SESPARSE_MAGIC,
  SESPARSE_TABLE_BYTES,
  SESPARSE_VERSION,
  SESPARSE_VOLATILE_MAGIC,
} from './layout.ts';

const IN_VMWARE = 'Delete the snapshots of the machine in VMware so that they are merged, then start again.';
/** Sectors: 1 MiB. VMware uses one sector. */
const LARGEST_COWD_GRAIN = 2048;
/** Sectors, so that byte numbers stay exact: 4 PiB. */
const MOST_SECTORS = 2n ** 43n;

/** @throws IMAGE_DAMAGED, IMAGE_NOT_SUPPORTED */
export function openCowd(file: ReadFile): TableExtent {
  const { path } = file;
  const view = viewOf(file.readNow(0, COWD_HEADER_BYTES));
  if (view.getUint32(COWD.magic, true) !== COWD_MAGIC)
    throw damaged(path, 'it does not begin as a COWD file');
  const version = view.getUint32(COWD.version, true);
  if (version !== 1) throw unsupported(path, `is a snapshot of version ${version}`, IN_VMWARE);
  const capacity = view.getUint32(COWD.capacity, true);
  const grainSize = view.getUint32(COWD.grainSize, true);
  if (!isPowerOfTwo(grainSize) || grainSize > LARGEST_COWD_GRAIN)
    throw damaged(path, `its grains have ${grainSize} sectors`);
  const count = Math.ceil(capacity / (grainSize * COWD_ENTRIES));
  const there = view.getUint32(COWD.directoryEntries, true);
  if (there < count)
    throw damaged(path, 'its grain directory is too short for its size', { entries: there, needed: count });
  const tableBytes = COWD_ENTRIES * 4;
  const offset = view.getUint32(COWD.directory, true) * SECTOR;
  const tables = readDirectory(
    file,
    { offset, count, bytes: 4, tableBytes },
    (directory, at) => directory.getUint32(at, true) * SECTOR,
  );
  const firstGrain = roundUp(offset + there * 4, SECTOR);
  const tablesThere = tables.reduce((sum, at) => sum + (at > 0 ? 1 : 0), 0);
  // Beyond the free sector the file has grown in advance.
  const end = Math.min(file.size, view.getUint32(COWD.freeSector, true) * SECTOR);
  return {
    kind: 'COWD',
    sectors: capacity,
    grain: grainSize * SECTOR,
    tables,
    entries: COWD_ENTRIES,
    tableBytes,
    packed: null,
    unclean: view.getUint32(COWD.uncleanShutdown, true) !== 0,
    firstGrain,
    room: Math.max(0, end - firstGrain - tablesThere * tableBytes),
    entry(table, index) {
      const sector = table.getUint32(index * 4, true);
      return sector === 0 ? 'absent' : sector * SECTOR;
    },
  };
}

/** @throws IMAGE_DAMAGED, IMAGE_NOT_SUPPORTED */
export function openSeSparse(file: ReadFile): TableExtent {
  const { path } = file;
  const view = viewOf(file.readNow(0, SECTOR));
  if (view.getBigUint64(SESPARSE.magic, true) !== SESPARSE_MAGIC)
    throw damaged(path, 'it does not begin as an seSparse file');
  const sectors = (offset: number, what: string): number => {
    const value = view.getBigUint64(offset, true);
    if (value > MOST_SECTORS) throw damaged(path, `${what} is beyond all bounds`);
    return Number(value);
  };
  // The format is not published: what differs from all that is known of it is not guessed at.
  if (
    view.getBigUint64(SESPARSE.version, true) !== SESPARSE_VERSION ||
    view.getBigUint64(SESPARSE.grainSize, true) !== BigInt(SESPARSE_GRAIN / SECTOR) ||
    view.getBigUint64(SESPARSE.tableSize, true) !== BigInt(SESPARSE_TABLE_BYTES / SECTOR) ||
    view.getBigUint64(SESPARSE.flags, true) !== 0n
  )
    throw unsupported(path, 'is a snapshot of a version of seSparse that is not known here', IN_VMWARE);
  checkVolatileHeader(file, sectors(SESPARSE.volatileHeader, 'the place of its volatile header'));
  const capacity = sectors(SESPARSE.capacity, 'its size');
  const count = Math.ceil((capacity * SECTOR) / (SESPARSE_GRAIN * SESPARSE_ENTRIES));
  const there = (sectors(SESPARSE.directorySize, 'the size of its grain directory') * SECTOR) / 8;
  if (there < count)
    throw damaged(path, 'its grain directory is too short for its size', { entries: there, needed: count });
  const firstTable = sectors(SESPARSE.tables, 'the place of its grain tables') * SECTOR;
  const firstGrain = sectors(SESPARSE.grains, 'the place of its grains') * SECTOR;
  return {
    kind: 'seSparse',
    sectors: capacity,
    grain: SESPARSE_GRAIN,
    tables: readDirectory(
      file,
      {
        offset: sectors(SESPARSE.directory, 'the place of its grain directory') * SECTOR,
        count,
        bytes: 8,
        tableBytes: SESPARSE_TABLE_BYTES,
      },
      // Upper half 0x10000000, lower half the number of the table; all zero for none.
      (directory, at) => {
        const low = directory.getUint32(at, true);
        const high = directory.getUint32(at + 4, true);
        if (high === 0x10000000) return firstTable + low * SESPARSE_TABLE_BYTES;
        return high === 0 && low === 0 ? 0 : null;
      },
    ),
    entries: SESPARSE_ENTRIES,
    tableBytes: SESPARSE_TABLE_BYTES,
    packed: null,
    unclean: false,
    firstGrain,
    room: null,
    /** The top four bits are the kind; bits 48..59 are the low and bits 0..47 the high part of the grain's number. */
    entry(table, index) {
      const low = table.getUint32(index * 8, true);
      const high = table.getUint32(index * 8 + 4, true);
      const kind = high >>> 28;
      if (kind === 0) return high === 0 && low === 0 ? 'absent' : 'wrong';
      // Unmapped by the guest, or zeros.
      if (kind === 1 || kind === 2) return 'zero';
      if (kind !== 3) return 'wrong';
      const number = ((high >>> 16) & 0xfff) + ((high & 0xffff) * 2 ** 32 + low) * 4096;
      return firstGrain + number * SESPARSE_GRAIN;
    },
  };
}

function checkVolatileHeader(file: ReadFile, sector: number): void {
  const { path } = file;
  if ((sector + 1) * SECTOR > file.size) throw damaged(path, 'its volatile header is not within the file');
  const view = viewOf(file.readNow(sector * SECTOR, SECTOR));
  if (view.getBigUint64(0, true) !== SESPARSE_VOLATILE_MAGIC)
    throw damaged(path, 'its volatile header has no magic');
  if (view.getBigUint64(SESPARSE.replayJournal, true) !== 0n)
    throw unsupported(
      path,
      'was not closed, and changes of it are still in its journal',
      'Start the machine in VMware and shut it down, so that the journal is written, then copy its files again.',
    );
}
