/** Records of the MFT taken and given back, and the MFT grown when none is free. */
import { nextBit } from '../bitmap.ts';
import { emptyRecord } from './attribute-write.ts';
import { damaged } from './errors.ts';
import { openFile, type NtfsFile } from './file.ts';
import { ATTRIBUTE, RECORD, RECORD_FLAG } from './layout.ts';
import { protect, unprotect, type MftRecord } from './record.ts';
import { mergeRuns } from './runs.ts';
import { openStream, readWhole } from './stream.ts';
import { partsOf, putSmall, resizeClusters } from './stream-write.ts';
import type { NtfsVolume } from './volume.ts';

const BITMAP = { type: ATTRIBUTE.bitmap, name: '' };
const DATA = { type: ATTRIBUTE.data, name: '' };
/** 2^32 records, a bit each, are the most NTFS has; Windows never came near this. */
const MAX_BITMAP = 64 << 20;
/** Records added at a time. */
const GROW_RECORDS = 64;

const mftFile = (volume: NtfsVolume): Promise<NtfsFile> =>
  openFile(volume, { record: RECORD.mft, sequence: 0 });

async function readBitmap(volume: NtfsVolume, file: NtfsFile): Promise<Uint8Array<ArrayBuffer>> {
  const stream = openStream(volume, file, BITMAP.type, BITMAP.name);
  if (stream === null) throw damaged('the MFT has no map of its records');
  return readWhole(volume, stream, MAX_BITMAP);
}

/**
 * Marks records in the map of the MFT, which on a volume that was not closed may be older than they are.
 * @throws NTFS_DAMAGED where the map is shorter than the table
 */
export async function markRecords(volume: NtfsVolume, records: Uint8Array): Promise<void> {
  const file = await mftFile(volume);
  const stream = openStream(volume, file, BITMAP.type, BITMAP.name);
  const bitmap = await readBitmap(volume, file);
  if (stream === null || stream.initialised < records.length)
    throw damaged('the map of the records of the MFT is shorter than the MFT');
  let changed = false;
  for (const [i, bits] of records.entries()) {
    if ((bits & ~bitmap[i]!) === 0) continue;
    bitmap[i]! |= bits;
    changed = true;
  }
  if (changed) await putSmall(volume, file, BITMAP, bitmap);
}

/** A free record, marked as taken, with nothing in it but its header. It is not written yet. */
export async function takeRecord(volume: NtfsVolume, flags: number): Promise<MftRecord> {
  const file = await mftFile(volume);
  let bitmap = await readBitmap(volume, file);
  const { count } = volume.mft;
  const number = nextBit(bitmap, RECORD.firstFree, Math.min(count, bitmap.length * 8), false);
  if (number >= Math.min(count, bitmap.length * 8)) {
    bitmap = await growMft(volume, file, bitmap);
    if (count >= volume.mft.count) throw damaged('the MFT did not grow');
    return markRecord(volume, file, bitmap, count, flags);
  }
  return markRecord(volume, file, bitmap, number, flags);
}

async function markRecord(
  volume: NtfsVolume,
  file: NtfsFile,
  bitmap: Uint8Array,
  number: number,
  flags: number,
): Promise<MftRecord> {
  bitmap[number >>> 3]! |= 1 << (number & 7);
  await putSmall(volume, file, BITMAP, bitmap);
  const { sequence, update } = await formerRecord(volume, number);
  return emptyRecord(volume, number, sequence, update, RECORD_FLAG.inUse | flags);
}

/** What a new use of a record goes on from. A record nobody ever used may hold anything. @throws NTFS_DAMAGED where it is in use */
async function formerRecord(
  volume: NtfsVolume,
  number: number,
): Promise<{ sequence: number; update: number }> {
  const bytes = await volume.mft.bytes(number);
  try {
    unprotect(bytes, 'FILE', '');
  } catch {
    return { sequence: 1, update: 1 };
  }
  const view = new DataView(bytes.buffer);
  if ((view.getUint16(0x16, true) & RECORD_FLAG.inUse) !== 0)
    throw damaged(`record ${number} of the MFT is in use and marked free`, { number });
  return { sequence: view.getUint16(0x10, true) || 1, update: view.getUint16(view.getUint16(4, true), true) };
}

async function growMft(
  volume: NtfsVolume,
  file: NtfsFile,
  bitmap: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const { mft, geometry } = volume;
  const before = mft.count;
  const stream = openStream(volume, file, DATA.type, DATA.name)!;
  const allocated = stream.runs.reduce((sum, { count }) => sum + count, 0) * geometry.clusterSize;
  const records = Math.max(before + GROW_RECORDS, Math.floor(allocated / geometry.recordSize));
  const grown = await resizeClusters(volume, file, DATA, records * geometry.recordSize);
  mft.runs = mergeRuns(grown.runs);
  mft.size = grown.size;
  for (let number = before; number < mft.count; number++)
    await mft.writeBytes(number, protect(emptyRecord(volume, number, 1, 1, 0).bytes));
  const bytes = new Uint8Array(Math.max(bitmap.length, Math.ceil(mft.count / 64) * 8));
  bytes.set(bitmap);
  // The MFT's own record was changed: what is at hand of it is old where the pieces are in more records.
  file.attributes = (await mftFile(volume)).attributes;
  if (partsOf(file, BITMAP).length === 0) throw damaged('the MFT has no map of its records');
  return bytes;
}

/** Gives a record back. */
export async function releaseRecord(volume: NtfsVolume, record: MftRecord): Promise<void> {
  const file = await mftFile(volume);
  const bitmap = await readBitmap(volume, file);
  bitmap[record.number >>> 3]! &= ~(1 << (record.number & 7));
  await putSmall(volume, file, BITMAP, bitmap);
  const bytes = Uint8Array.from(record.bytes);
  const view = new DataView(bytes.buffer);
  view.setUint16(0x16, record.flags & ~RECORD_FLAG.inUse, true);
  // References to the file that was are recognised by the number.
  view.setUint16(0x10, record.sequence === 0xffff ? 1 : record.sequence + 1, true);
  await volume.mft.writeBytes(record.number, protect(bytes));
}
