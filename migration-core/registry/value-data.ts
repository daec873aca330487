/** The data of values: in the value's record up to 4 bytes, in a cell, or in the segments of big data. */
import { damaged } from './errors.ts';
import type { CellStore } from './cells.ts';
import { BIG_DATA_SINCE_MINOR, DATA_INLINE, DB, NONE, SEGMENT, VK, signatureAt, letters } from './layout.ts';

/** Where the data of a value lies. `record` is where the value's record begins in the file. */
export interface DataPlace {
  /** Bytes of the value. */
  size: number;
  inline: boolean;
  /** The one cell, or NONE. */
  cell: number;
  big: { record: number; list: number; segments: number[] } | null;
}

export function placeOfData(cells: CellStore, record: number): DataPlace {
  const raw = cells.view.getUint32(record + VK.dataSize, true);
  const size = raw & 0x7fffffff;
  const offset = cells.view.getUint32(record + VK.data, true);
  if (raw >= DATA_INLINE) {
    if (size > 4) throw damaged(`a value says that ${size} bytes lie in 4`, { size });
    return { size, inline: true, cell: NONE, big: null };
  }
  if (size === 0) {
    // Where nothing lies, nothing says whose cell the offset leads to: it may be a key's, and is never freed.
    return { size: 0, inline: false, cell: NONE, big: null };
  }
  if (size > cells.binsSize)
    throw damaged(`a value says that it measures ${size} bytes, more than the hive`, { size });
  const at = cells.data(offset, 4, 'the data of a value');
  // Some programs (hivex) put large data into one cell where Windows would not; Windows reads only the other form.
  if (cells.capacity(offset) >= size) return { size, inline: false, cell: offset, big: null };
  if (size <= SEGMENT || signatureAt(cells.bytes, at, 2) !== 'db')
    throw damaged(`the data of a value of ${size} bytes is cut short`, { size, cell: offset });
  cells.data(offset, DB.size, 'big data');
  const count = cells.view.getUint16(at + DB.count, true);
  const list = cells.view.getUint32(at + DB.list, true);
  if (count !== Math.ceil(size / SEGMENT))
    throw damaged(`big data of ${size} bytes has ${count} segments`, { size, count });
  const listAt = cells.data(list, count * 4, 'the list of segments of big data');
  const segments: number[] = [];
  for (let i = 0; i < count; i++) {
    const segment = cells.view.getUint32(listAt + i * 4, true);
    cells.data(segment, Math.min(SEGMENT, size - i * SEGMENT), 'a segment of big data');
    segments.push(segment);
  }
  return { size, inline: false, cell: NONE, big: { record: offset, list, segments } };
}

/** A copy of the data. */
export function readData(cells: CellStore, record: number): Uint8Array<ArrayBuffer> {
  const place = placeOfData(cells, record);
  if (place.inline) return cells.bytes.slice(record + VK.data, record + VK.data + place.size);
  const data = new Uint8Array(place.size);
  if (place.big !== null) {
    place.big.segments.forEach((segment, i) => {
      const from = cells.data(segment, 0, 'a segment of big data');
      const length = Math.min(SEGMENT, place.size - i * SEGMENT);
      data.set(cells.bytes.subarray(from, from + length), i * SEGMENT);
    });
  } else if (place.size > 0) {
    const from = cells.data(place.cell, place.size, 'the data of a value');
    data.set(cells.bytes.subarray(from, from + place.size));
  }
  return data;
}

/** The cells the data of a value lies in. */
export function dataCells(place: DataPlace): number[] {
  if (place.big !== null) return [place.big.record, place.big.list, ...place.big.segments];
  return place.cell === NONE ? [] : [place.cell];
}

/** Puts data into new or the same cells; returns the words "data size" and "data" of the value's record. */
export function storeData(
  cells: CellStore,
  data: Uint8Array,
  before: DataPlace | null,
): { size: number; word: number } {
  const old = before === null ? [] : dataCells(before);
  if (data.length <= 4) {
    for (const cell of old) cells.release(cell, 'the data of a value');
    const word = Buffer.alloc(4);
    word.set(data);
    // Windows marks no data at all as inline as well.
    return { size: (data.length | DATA_INLINE) >>> 0, word: word.readUInt32LE(0) };
  }
  if (data.length > SEGMENT && cells.minor >= BIG_DATA_SINCE_MINOR) {
    const word = storeBig(cells, data);
    for (const cell of old) cells.release(cell, 'the data of a value');
    return { size: data.length, word };
  }
  let cell = before !== null && before.big === null ? before.cell : NONE;
  if (cell === NONE || cells.capacity(cell) < data.length) {
    cell = cells.allocate(data.length);
    for (const gone of old) cells.release(gone, 'the data of a value');
  }
  cells.put(cells.data(cell, data.length, 'the data of a value'), data);
  return { size: data.length, word: cell };
}

function storeBig(cells: CellStore, data: Uint8Array): number {
  const count = Math.ceil(data.length / SEGMENT);
  const record = cells.allocate(DB.size);
  const list = cells.allocate(count * 4);
  for (let i = 0; i < count; i++) {
    const part = data.subarray(i * SEGMENT, (i + 1) * SEGMENT);
    const segment = cells.allocate(part.length);
    cells.put(cells.data(segment, part.length, 'a segment of big data'), part);
    cells.u32(cells.data(list, count * 4, 'the list of segments') + i * 4, segment);
  }
  const at = cells.data(record, DB.size, 'big data');
  cells.put(at, letters('db'));
  cells.u16(at + DB.count, count);
  cells.u32(at + DB.list, list);
  return record;
}
