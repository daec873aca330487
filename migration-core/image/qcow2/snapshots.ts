/** The internal snapshots of a qcow2 file: listed, not read. */
import { roundUp, u64be, utf8, viewOf } from '../../base/bytes.ts';
import { damaged, type ReadFile } from '../read-file.ts';
import type { Header } from './header.ts';

export interface Snapshot {
  id: string;
  name: string;
  /** Its own L1 table: bytes from the start of the file, entries. */
  l1Offset: number;
  l1Entries: number;
}

/** l1 offset u64, l1 entries u32, id and name lengths u16, dates, VM state size, extra data length u32. */
const FIXED = 40;
/** QEMU takes no more of it. */
const MOST_EXTRA = 1024;
const TABLE_LIMIT = 64 << 20;

export interface SnapshotTable {
  snapshots: Snapshot[];
  /** Bytes of the table. */
  bytes: number;
}

/** @throws IMAGE_DAMAGED */
export function readSnapshots(file: ReadFile, header: Header): SnapshotTable {
  const { path } = file;
  const snapshots: Snapshot[] = [];
  const start = header.snapshotsOffset;
  if (header.snapshots > 0 && start % header.cluster !== 0)
    throw damaged(path, 'its snapshots begin within a cluster', { offset: start });
  let at = start;
  for (let i = 0; i < header.snapshots; i++) {
    if (at + FIXED > file.size || at - start > TABLE_LIMIT)
      throw damaged(path, 'its list of snapshots is not within the file', { index: i });
    const view = viewOf(file.readNow(at, FIXED));
    const idLength = view.getUint16(12);
    const nameLength = view.getUint16(14);
    const extra = view.getUint32(36);
    if (extra > MOST_EXTRA) throw damaged(path, 'a snapshot has too much extra data', { index: i, extra });
    const texts = file.readNow(at + FIXED + extra, idLength + nameLength);
    snapshots.push({
      id: utf8(texts, 0, idLength),
      name: utf8(texts, idLength, nameLength),
      l1Offset: offsetOf(path, view),
      l1Entries: view.getUint32(8),
    });
    const end = at + FIXED + extra + idLength + nameLength;
    if (end > file.size) throw damaged(path, 'its list of snapshots is not within the file', { index: i });
    at = roundUp(end, 8);
  }
  return { snapshots, bytes: at - start };
}

function offsetOf(path: string, view: DataView): number {
  try {
    return u64be(view, 0);
  } catch (error) {
    if (error instanceof RangeError) throw damaged(path, 'the L1 table of a snapshot is beyond all bounds');
    throw error;
  }
}

const NAMES_SHOWN = 20;

/** For people: how many, and what they are called. */
export function describeSnapshots(file: ReadFile, header: Header): string {
  const count = String(header.snapshots);
  try {
    const { snapshots } = readSnapshots(file, header);
    const names = snapshots.slice(0, NAMES_SHOWN).map(({ id, name }) => (name === '' ? id : name));
    if (snapshots.length > NAMES_SHOWN) names.push('...');
    return `${count} (${names.join(', ')})`;
  } catch {
    // The active state can be read all the same; `check` says what is wrong.
    return `${count} (their names cannot be read)`;
  }
}
