/**
 * $Secure, where NTFS keeps each security descriptor once for all files that have it: the descriptors in the stream $SDS,
 * and two indexes of them, $SII by number and $SDH by hash. Sources: the public NTFS documentation of the Linux-NTFS project
 * (files/secure), and what ntfssecaudit demands.
 *
 * $SDS is made of blocks of 256 KiB, each followed by a copy of itself. An entry begins at a multiple of 16 bytes and does
 * not go over the end of a block: 0 u32 hash, 4 u32 number, 8 u64 offset, 10 u32 bytes with this header, 14 descriptor. The
 * value of both indexes is that header.
 */
import { roundUp, u64le, viewOf } from '../../base/bytes.ts';
import { damaged, notSupported } from './errors.ts';
import { openFile, type NtfsFile } from './file.ts';
import { digits, SECURITY_HASHES, SECURITY_IDS, type IndexKind } from './index-kind.ts';
import { openIndex, walkIndex } from './index-tree.ts';
import { IndexWriter } from './index-write.ts';
import { ATTRIBUTE, RECORD } from './layout.ts';
import { HOLE } from './runs.ts';
import { openStream, readStream, readWhole, type OpenStream } from './stream.ts';
import { resizeClusters, setContent, writeRuns } from './stream-write.ts';
import type { NtfsVolume } from './volume.ts';

const SDS = { type: ATTRIBUTE.data, name: '$SDS' };
const BLOCK = 256 << 10;
const ALIGNMENT = 16;
const HEADER = 20;
/** Windows makes none longer: its lists are of 64 KiB at most, and the rest is short. */
export const MAX_DESCRIPTOR = 132 << 10;
/** The first number that is given; those before it are for the system. */
const FIRST_ID = 0x100;
const MAX_ID = 0x7fffffff;
/** More different descriptors than this no volume has; the limit is there for damaged ones. */
const MAX_ENTRIES = 1 << 20;
/** Different descriptors of one hash and length are all but impossible; a volume made of them is not searched for ever. */
const MAX_CANDIDATES = 64;
/** A stream with holes is written anew as a whole; larger ones are refused. */
const MAX_REWRITE = 64 << 20;
/** Bytes of $SDS behind what was ever written that are cleared at a time. */
const MAX_GAP = 4 << 20;

export interface Secure {
  file: NtfsFile;
  stream: OpenStream;
}

interface Place {
  hash: number;
  id: number;
  offset: number;
  /** Bytes, the header of the entry included. */
  length: number;
}

/** @throws NTFS_DAMAGED */
export async function openSecure(volume: NtfsVolume): Promise<Secure> {
  const file = await openFile(volume, { record: RECORD.secure, sequence: 0 });
  const stream = openStream(volume, file, SDS.type, SDS.name);
  if (stream === null) throw damaged('the file of rights has no descriptors');
  return { file, stream };
}

/** Sum of its 32-bit words, the sum turned left by three bits before each. */
export function securityHash(descriptor: Uint8Array): number {
  const view = viewOf(descriptor);
  let hash = 0;
  for (let at = 0; at + 4 <= descriptor.length; at += 4)
    hash = (view.getUint32(at, true) + ((hash << 3) | (hash >>> 29))) >>> 0;
  return hash;
}

/** Places of all descriptors whose key lies in a range, in their order. */
async function places(
  volume: NtfsVolume,
  { file, stream }: Secure,
  kind: IndexKind,
  side: (key: string) => number,
): Promise<Place[]> {
  const index = openIndex(volume, file, kind);
  const found: Place[] = [];
  await walkIndex(volume, index, side, ({ view }, { at }) => {
    const value = at + view.getUint16(at, true);
    if (value + HEADER > view.byteLength || view.getUint16(at + 2, true) < HEADER)
      throw damaged(`an entry of ${index.what} has its value outside of it`);
    const place = {
      hash: view.getUint32(value, true),
      id: view.getUint32(value + 4, true),
      offset: u64le(view, value + 8),
      length: view.getUint32(value + 16, true),
    };
    const end = place.offset + place.length;
    const inBlock = place.offset % ALIGNMENT === 0 && Math.floor(place.offset / BLOCK) % 2 === 0;
    if (!inBlock || place.length <= HEADER || place.length > HEADER + MAX_DESCRIPTOR || end > stream.size)
      throw damaged(`${index.what} leads to rights at ${place.offset}, where there are none`, { ...place });
    if (found.push(place) > MAX_ENTRIES)
      throw damaged(`${index.what} has more entries than a volume has rights`);
  });
  return found;
}

function header({ hash, id, offset, length }: Place): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER);
  const view = viewOf(bytes);
  view.setUint32(0, hash, true);
  view.setUint32(4, id, true);
  view.setBigUint64(8, BigInt(offset), true);
  view.setUint32(16, length, true);
  return bytes;
}

/** The descriptor at a place, or else its copy; null where neither is what the index says. */
async function descriptorAt(
  volume: NtfsVolume,
  { stream }: Secure,
  place: Place,
): Promise<Uint8Array<ArrayBuffer> | null> {
  for (const offset of [place.offset, place.offset + BLOCK]) {
    if (offset + place.length > stream.size) continue;
    const bytes = new Uint8Array(place.length);
    await readStream(volume, stream, offset, bytes);
    const descriptor = bytes.slice(HEADER);
    if (
      Buffer.compare(bytes.subarray(0, HEADER), header(place)) === 0 &&
      securityHash(descriptor) === place.hash
    )
      return descriptor;
  }
  return null;
}

/** The descriptor of that number. @throws NTFS_DAMAGED */
export async function descriptorOf(volume: NtfsVolume, secure: Secure, id: number): Promise<Uint8Array> {
  const key = digits(id);
  const [place] = await places(volume, secure, SECURITY_IDS, (other) =>
    SECURITY_IDS.compare(volume.upcase, other, key),
  );
  const descriptor = place?.id === id ? await descriptorAt(volume, secure, place) : null;
  if (descriptor === null) throw damaged(`its file of rights lacks the rights with the number ${id}`);
  return descriptor;
}

/** The number of a descriptor: of an equal one where there is one, else of this one, which is added. @throws NTFS_DAMAGED, NO_SPACE_IN_GUEST */
export async function numberOf(
  volume: NtfsVolume,
  secure: Secure,
  descriptor: Uint8Array<ArrayBuffer>,
): Promise<number> {
  const hash = securityHash(descriptor);
  const prefix = digits(hash);
  const candidates = await places(volume, secure, SECURITY_HASHES, (other) =>
    SECURITY_HASHES.compare(volume.upcase, other.slice(0, prefix.length), prefix),
  );
  for (const place of candidates
    .filter(({ length }) => length === HEADER + descriptor.length)
    .slice(0, MAX_CANDIDATES)) {
    const other = await descriptorAt(volume, secure, place);
    if (other !== null && Buffer.compare(other, descriptor) === 0) return place.id;
  }
  return add(volume, secure, descriptor, hash);
}

async function add(
  volume: NtfsVolume,
  secure: Secure,
  descriptor: Uint8Array<ArrayBuffer>,
  hash: number,
): Promise<number> {
  if (descriptor.length > MAX_DESCRIPTOR)
    throw notSupported('A new file would have more rights than NTFS can keep.');
  const length = HEADER + descriptor.length;
  let id = FIRST_ID;
  let end = 0;
  for (const place of await places(volume, secure, SECURITY_IDS, () => 0)) {
    id = Math.max(id, place.id + 1);
    end = Math.max(end, place.offset + place.length);
  }
  if (id > MAX_ID) throw damaged('its file of rights has no number left');
  let offset = placeFrom(end, length);
  // Something may lie there that no index knows of; it is left alone, and the next block begun.
  if (!(await isEmpty(volume, secure, offset, length)))
    offset = placeFrom(roundUp(secure.stream.size, 2 * BLOCK), length);
  const place = { hash, id, offset, length };
  const entry = Buffer.concat([header(place), descriptor]);
  await writeTwice(volume, secure, offset, entry);
  secure.stream = openStream(volume, secure.file, SDS.type, SDS.name)!;
  await insert(volume, secure, SECURITY_IDS, [id], place);
  await insert(volume, secure, SECURITY_HASHES, [hash, id], place);
  return id;
}

/** Where an entry goes that comes after `end`: on a multiple of 16, in a block and not in a copy, and in one block altogether. */
function placeFrom(end: number, length: number): number {
  const at = roundUp(end, ALIGNMENT);
  const isCopy = Math.floor(at / BLOCK) % 2 === 1;
  if (!isCopy && (at % BLOCK) + length <= BLOCK) return at;
  return roundUp(at + 1, 2 * BLOCK);
}

async function isEmpty(
  volume: NtfsVolume,
  { stream }: Secure,
  offset: number,
  length: number,
): Promise<boolean> {
  for (const from of [offset, offset + BLOCK]) {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, stream.size - from)));
    await readStream(volume, stream, from, bytes);
    if (bytes.some((byte) => byte !== 0)) return false;
  }
  return true;
}

async function writeTwice(
  volume: NtfsVolume,
  { file, stream }: Secure,
  offset: number,
  entry: Uint8Array,
): Promise<void> {
  const size = Math.max(stream.size, offset + BLOCK + entry.length);
  const plain = stream.value === null && stream.unit === 0 && stream.runs.every(({ lcn }) => lcn !== HOLE);
  if (!plain) {
    if (size > MAX_REWRITE)
      throw notSupported('The file of rights of this volume has holes, and is too large to be written anew.');
    const whole = new Uint8Array(size);
    whole.set(await readWhole(volume, stream, MAX_REWRITE));
    for (const at of [offset, offset + BLOCK]) whole.set(entry, at);
    return setContent(volume, file, SDS, whole, 'metadata');
  }
  if (size - stream.initialised > MAX_GAP) throw damaged('its file of rights was never written to its end');
  const { runs } = await resizeClusters(volume, file, SDS, size);
  if (size > stream.initialised)
    await writeRuns(volume, runs, stream.initialised, new Uint8Array(size - stream.initialised), 'metadata');
  for (const at of [offset, offset + BLOCK]) await writeRuns(volume, runs, at, entry, 'metadata');
}

/** Index entry: 0 u16 offset and 2 u16 bytes of the value, 8 u16 length, A u16 bytes of the key, 10 key, value, and "II" in $SDH. */
async function insert(
  volume: NtfsVolume,
  { file }: Secure,
  kind: IndexKind,
  key: readonly number[],
  place: Place,
): Promise<void> {
  const valueAt = 16 + key.length * 4;
  const bytes = new Uint8Array(roundUp(valueAt + HEADER, 8));
  const view = viewOf(bytes);
  view.setUint16(0, valueAt, true);
  view.setUint16(2, HEADER, true);
  view.setUint16(8, bytes.length, true);
  view.setUint16(10, key.length * 4, true);
  for (const [i, number] of key.entries()) view.setUint32(16 + i * 4, number, true);
  bytes.set(header(place), valueAt);
  if (kind === SECURITY_HASHES) bytes.set(Buffer.from('II', 'utf16le'), valueAt + HEADER);
  await new IndexWriter(volume, file, kind).insert({ bytes, key: digits(...key), below: null });
}
