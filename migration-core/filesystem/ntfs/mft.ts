/** The master file table: records by their number, however fragmented the table is. */
import { damaged } from './errors.ts';
import { listedRecords } from './file.ts';
import { ATTRIBUTE, RECORD, RECORD_FLAG } from './layout.ts';
import type { Geometry } from './geometry.ts';
import { parseRecord, protect, type MftRecord } from './record.ts';
import { decodeRuns, pieces, type Run } from './runs.ts';
import type { Store } from './store.ts';

export class Mft {
  readonly #store: Store;
  readonly #geometry: Geometry;
  runs: Run[];
  /** Bytes of the table that hold records. */
  size: number;
  /** Records at the start of the table whose copies the mirror holds; known once something is to be written. */
  mirrorRecords = 0;

  constructor(store: Store, geometry: Geometry, runs: Run[], size: number) {
    this.#store = store;
    this.#geometry = geometry;
    this.runs = runs;
    this.size = size;
  }

  /** Records of the table, those not in use included. */
  get count(): number {
    return Math.floor(this.size / this.#geometry.recordSize);
  }

  /** The record as it is, which may be one that nobody uses. @throws NTFS_DAMAGED */
  async record(number: number): Promise<MftRecord> {
    return parseRecord(await this.bytes(number), number);
  }

  /** A record that must be in use. @throws NTFS_DAMAGED */
  async used(number: number): Promise<MftRecord> {
    const record = await this.record(number);
    if ((record.flags & RECORD_FLAG.inUse) === 0)
      throw damaged(`something leads to record ${number} of the MFT, which is not in use`, { number });
    return record;
  }

  /** As it lies on the volume, protected. */
  async bytes(number: number): Promise<Uint8Array<ArrayBuffer>> {
    const { recordSize } = this.#geometry;
    const bytes = new Uint8Array(recordSize);
    for (const { at, from, length } of this.#pieces(number))
      await this.#store.read(
        from === 0 && length === recordSize ? bytes : bytes.subarray(from, from + length),
        at,
      );
    return bytes;
  }

  /** Writes a record, protected, and its copy in the mirror where it is one of the first. */
  async write(record: MftRecord): Promise<void> {
    const bytes = protect(record.bytes);
    // The number of the update goes along, so that the next write has another one.
    const array = record.view.getUint16(4, true);
    record.bytes.set(bytes.subarray(array, array + 2), array);
    await this.writeBytes(record.number, bytes);
  }

  async writeBytes(number: number, bytes: Uint8Array): Promise<void> {
    for (const { at, from, length } of this.#pieces(number))
      await this.#store.write(bytes.subarray(from, from + length), at);
    const { mirrorCluster, clusterSize, recordSize } = this.#geometry;
    if (number < this.mirrorRecords)
      await this.#store.write(bytes, mirrorCluster * clusterSize + number * recordSize);
  }

  *#pieces(number: number): Generator<{ at: number; from: number; length: number }> {
    const { recordSize, clusterSize } = this.#geometry;
    if (!(number >= 0 && number < this.count))
      throw damaged(`something leads to record ${number} of the MFT, which has ${this.count}`, { number });
    let filled = 0;
    for (const piece of pieces(this.runs, clusterSize, number * recordSize, recordSize)) {
      if (piece.at < 0) break;
      yield piece;
      filled += piece.length;
    }
    if (filled < recordSize) throw damaged(`record ${number} of the MFT lies nowhere`, { number });
  }
}

/**
 * Finds the table by its own first record, at the place the boot sector gives, or else by the copy of that record in the
 * mirror (then `fromMirror`). A table in many pieces lists them in more records, each of which lies in the pieces before it.
 */
export async function openMft(store: Store, geometry: Geometry): Promise<{ mft: Mft; fromMirror: boolean }> {
  let first: unknown;
  for (const cluster of [geometry.mftCluster, geometry.mirrorCluster]) {
    try {
      if (cluster >= geometry.clusters) throw damaged('its boot sector puts the MFT outside of the volume');
      const mft = await mftAt(store, geometry, cluster * geometry.clusterSize);
      return { mft, fromMirror: cluster !== geometry.mftCluster };
    } catch (error) {
      first ??= error;
    }
  }
  throw first;
}

async function mftAt(store: Store, geometry: Geometry, offset: number): Promise<Mft> {
  const { recordSize, clusters } = geometry;
  const bytes = new Uint8Array(recordSize);
  await store.read(bytes, offset);
  const record = parseRecord(bytes, RECORD.mft);
  const isData = ({ type, name }: { type: number; name: string }): boolean =>
    type === ATTRIBUTE.data && name === '';
  const data = record.attributes.find((one) => isData(one) && one.value === null && one.firstVcn === 0);
  if ((record.flags & RECORD_FLAG.inUse) === 0 || data === undefined)
    throw damaged('the first record of the MFT does not describe the MFT');
  const mft = new Mft(store, geometry, decodeRuns(data.packed, 0, clusters, 'the MFT'), data.initialised);
  const list = record.attributes.find(({ type }) => type === ATTRIBUTE.list);
  if (list !== undefined) {
    for (const { type, record: number, firstVcn } of await listedRecords(store, geometry, list, RECORD.mft)) {
      if (type !== ATTRIBUTE.data || firstVcn === 0) continue;
      const last = mft.runs.at(-1)!;
      const piece = (await mft.used(number)).attributes.find(
        (one) => isData(one) && one.firstVcn === firstVcn,
      );
      if (piece === undefined || firstVcn !== last.vcn + last.count)
        throw damaged('the MFT lists a piece of itself that is not there', { number, firstVcn });
      mft.runs.push(...decodeRuns(piece.packed, firstVcn, clusters, 'the MFT'));
    }
  }
  if (mft.count <= RECORD.firstUser)
    throw damaged('the MFT is shorter than the files of the file system itself');
  return mft;
}
