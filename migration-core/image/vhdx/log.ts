/**
 * The log: changes to tables that may not have reached their places ([MS-VHDX] 2.3). Reads it and tells what replaying
 * it would write; nothing is written here.
 */
import { viewOf } from '../../base/bytes.ts';
import { crc32c } from '../../base/crc32c.ts';
import { IronliftError } from '../../base/errors.ts';
import { formatBytes } from '../../base/text.ts';
import { readGuid } from '../../base/guid.ts';
import type { ReadFile } from '../read-file.ts';
import type { Header } from './headers.ts';
import {
  hasSignature,
  LOG_DATA,
  LOG_DESCRIPTOR,
  LOG_DESCRIPTOR_BYTES,
  LOG_ENTRY,
  LOG_ENTRY_HEADER_BYTES,
  LOG_SECTOR,
  MIB,
} from './layout.ts';

/** Bytes that replaying the log puts at `offset` of the file; null: zeros. */
export interface LogWrite {
  offset: number;
  length: number;
  bytes: Uint8Array | null;
}

export interface Replay {
  /** In the order they are to be made. */
  writes: LogWrite[];
  /** Size of the file afterwards, bytes. */
  fileSize: number;
  /** Log entries replayed. */
  entries: number;
}

/** Hyper-V and QEMU make logs of 1 MiB; what is replayed is kept in memory. */
const LARGEST_LOG = 32 * MIB;
/** Bytes checked in all, as a multiple of the log: in a sound log only remains of earlier rounds are looked at twice. */
const CHECKED_BYTES = 8;
const MOST_WRITES = 2 ** 18;

/** A log entry whose header, descriptors, sectors and checksum are right; places are sectors of the log. */
interface Entry {
  sectors: number;
  tail: number;
  sequence: bigint;
  descriptors: number;
  flushedFileOffset: bigint;
  lastFileOffset: bigint;
}

/**
 * What the log still has to be made of; null where it is empty.
 * @throws IMAGE_DAMAGED where there is no valid sequence of entries, IMAGE_NOT_SUPPORTED where it is too large for memory
 */
export function readLog(file: ReadFile, header: Header): Replay | null {
  const { logGuid, logVersion, logOffset, logLength } = header;
  if (logGuid === null) return null;
  const refuse = (why: string, next = ELSEWHERE): IronliftError => cannotReplay(file.path, why, next);
  const unsupported = (why: string): IronliftError =>
    cannotReplay(file.path, why, REPLAY_IT, 'IMAGE_NOT_SUPPORTED');
  if (logVersion !== 0) throw unsupported(`its version is ${logVersion}`);
  if (logLength === 0 || logLength % MIB !== 0 || logOffset % MIB !== 0 || logOffset < MIB)
    throw refuse('it does not lie on whole MiB');
  if (logOffset + logLength > file.size) throw refuse('it is not within the file');
  if (logLength > LARGEST_LOG) {
    const size = formatBytes(logLength);
    throw unsupported(`it has ${size}, more than is replayed here`);
  }
  const log = logReader(file.readNow(logOffset, logLength), logGuid, refuse);
  const active = activeSequence(log);
  if (active === null) throw refuse('it has no complete sequence of valid entries');
  const head = active.at(-1)!.entry;
  if (head.flushedFileOffset > BigInt(file.size))
    throw refuse(
      `the file was cut off; it had ${formatBytes(Number(head.flushedFileOffset))}`,
      'Copy the image again from where it came, and compare the sizes.',
    );
  const writes: LogWrite[] = [];
  for (const { sector, entry } of active) {
    if (writes.length + entry.descriptors > MOST_WRITES)
      throw unsupported('it has more changes than are replayed here');
    for (const write of log.writesOf(sector, entry)) writes.push(write);
  }
  const ends = writes.map(({ offset, length }) => offset + length);
  const fileSize = ends.reduce((a, b) => Math.max(a, b), Math.max(file.size, Number(head.lastFileOffset)));
  if (!Number.isSafeInteger(fileSize)) throw refuse('it tells of places beyond all bounds');
  return { writes, fileSize, entries: active.length };
}

const REPLAY_IT =
  'Mount and dismount a copy of it on a Hyper-V host, or repair a copy with `qemu-img check -r all`, then start again with that.';
/** QEMU, which writes an entry after the header that announces it, reads such an image all the same. */
const ELSEWHERE =
  'If QEMU wrote it, copy it with `qemu-img convert -O vhdx` and look whether the copy is sound; otherwise take it from a backup.';

function cannotReplay(
  path: string,
  why: string,
  next: string,
  code: 'IMAGE_DAMAGED' | 'IMAGE_NOT_SUPPORTED' = 'IMAGE_DAMAGED',
): IronliftError {
  return new IronliftError(
    code,
    `The disk image ${path} was not closed properly, and its log cannot be replayed: ${why}.`,
    { next, data: { path } },
  );
}

interface LogReader {
  readonly sectors: number;
  /** The entry that starts in this sector, null where there is no valid one. */
  entryAt(sector: number): Entry | null;
  /** To be asked once for each entry: takes the sectors of the log apart. */
  writesOf(sector: number, entry: Entry): Generator<LogWrite>;
}

function logReader(log: Buffer, logGuid: string, refuse: (why: string) => IronliftError): LogReader {
  const sectors = log.length / LOG_SECTOR;
  const seen = new Array<Entry | null | undefined>(sectors);
  let budget = log.length * CHECKED_BYTES;
  // An entry goes on at the start of the log when it meets its end.
  const bytesAt = (sector: number): Buffer => {
    const at = (sector % sectors) * LOG_SECTOR;
    return log.subarray(at, at + LOG_SECTOR);
  };

  function checksum(sector: number, count: number): number {
    budget -= count * LOG_SECTOR;
    if (budget < 0) throw refuse('its entries lie one upon the other');
    const first = bytesAt(sector);
    let crc = crc32c(crc32c(crc32c(~0, first, 0, 4), new Uint8Array(4)), first, 8);
    for (let i = 1; i < count; i++) crc = crc32c(crc, bytesAt(sector + i));
    return ~crc >>> 0;
  }

  /** The descriptor's sector and its place there. */
  function descriptorAt(sector: number, index: number): { bytes: Buffer; at: number } {
    const position = LOG_ENTRY_HEADER_BYTES + index * LOG_DESCRIPTOR_BYTES;
    return { bytes: bytesAt(sector + Math.floor(position / LOG_SECTOR)), at: position % LOG_SECTOR };
  }

  function areDescriptorsValid(sector: number, entry: Entry): boolean {
    const sequenceLow = Number(entry.sequence & 0xffff_ffffn);
    const sequenceHigh = Number(entry.sequence >> 32n);
    let dataSector = descriptorSectors(entry.descriptors);
    for (let i = 0; i < entry.descriptors; i++) {
      const { bytes, at } = descriptorAt(sector, i);
      const isData = hasSignature(bytes, 'desc', at);
      if (!isData && !hasSignature(bytes, 'zero', at)) return false;
      if (bytes.readUInt32LE(at + LOG_DESCRIPTOR.sequence) !== sequenceLow) return false;
      if (bytes.readUInt32LE(at + LOG_DESCRIPTOR.sequence + 4) !== sequenceHigh) return false;
      if (bytes.readUInt32LE(at + LOG_DESCRIPTOR.offset) % LOG_SECTOR !== 0) return false;
      if (!isData) {
        if (bytes.readUInt32LE(at + LOG_DESCRIPTOR.zeroLength) % LOG_SECTOR !== 0) return false;
        continue;
      }
      if (dataSector >= entry.sectors) return false;
      const data = bytesAt(sector + dataSector++);
      if (!hasSignature(data, 'data')) return false;
      if (data.readUInt32LE(LOG_DATA.sequenceHigh) !== sequenceHigh) return false;
      if (data.readUInt32LE(LOG_DATA.sequenceLow) !== sequenceLow) return false;
    }
    return true;
  }

  function parseEntry(sector: number): Entry | null {
    const bytes = bytesAt(sector);
    if (!hasSignature(bytes, 'loge')) return null;
    const view = viewOf(bytes);
    const length = view.getUint32(LOG_ENTRY.length, true);
    const tail = view.getUint32(LOG_ENTRY.tail, true);
    const entry: Entry = {
      sectors: length / LOG_SECTOR,
      tail: tail / LOG_SECTOR,
      sequence: view.getBigUint64(LOG_ENTRY.sequence, true),
      descriptors: view.getUint32(LOG_ENTRY.descriptors, true),
      flushedFileOffset: view.getBigUint64(LOG_ENTRY.flushedFileOffset, true),
      lastFileOffset: view.getBigUint64(LOG_ENTRY.lastFileOffset, true),
    };
    if (length === 0 || length % LOG_SECTOR !== 0 || length > log.length) return null;
    if (tail % LOG_SECTOR !== 0 || tail >= log.length || entry.sequence === 0n) return null;
    if (readGuid(bytes, LOG_ENTRY.logGuid).toLowerCase() !== logGuid) return null;
    if (descriptorSectors(entry.descriptors) > entry.sectors) return null;
    if (checksum(sector, entry.sectors) !== view.getUint32(LOG_ENTRY.checksum, true)) return null;
    return areDescriptorsValid(sector, entry) ? entry : null;
  }

  return {
    sectors,
    entryAt(sector) {
      let entry = seen[sector];
      if (entry === undefined) seen[sector] = entry = parseEntry(sector);
      return entry;
    },
    *writesOf(sector, entry) {
      let dataSector = descriptorSectors(entry.descriptors);
      for (let i = 0; i < entry.descriptors; i++) {
        const { bytes, at } = descriptorAt(sector, i);
        const offset = Number(bytes.readBigUInt64LE(at + LOG_DESCRIPTOR.offset));
        if (hasSignature(bytes, 'zero', at)) {
          const length = Number(bytes.readBigUInt64LE(at + LOG_DESCRIPTOR.zeroLength));
          if (length > 0) yield { offset, length, bytes: null };
          continue;
        }
        // Both ends of the sector were lent to signature and sequence number; the descriptor has kept them.
        const data = bytesAt(sector + dataSector++);
        bytes.copy(data, 0, at + LOG_DESCRIPTOR.leading, at + LOG_DESCRIPTOR.leading + 8);
        bytes.copy(
          data,
          LOG_DATA.sequenceLow,
          at + LOG_DESCRIPTOR.trailing,
          at + LOG_DESCRIPTOR.trailing + 4,
        );
        yield { offset, length: LOG_SECTOR, bytes: data };
      }
    },
  };
}

const descriptorSectors = (count: number): number =>
  Math.ceil((LOG_ENTRY_HEADER_BYTES + count * LOG_DESCRIPTOR_BYTES) / LOG_SECTOR);

interface PlacedEntry {
  sector: number;
  entry: Entry;
}

/** The newest sequence that is complete, from its tail on (2.3.3). */
function activeSequence(log: LogReader): PlacedEntry[] | null {
  let best: { start: number; head: Entry } | null = null;
  /** For each sector the last walk that met an entry in it. */
  const met = new Int32Array(log.sectors).fill(-1);
  for (let start = 0; start < log.sectors;) {
    // An entry of a walk that led nowhere leads nowhere itself.
    if (met[start]! >= 0) {
      start++;
      continue;
    }
    let head: Entry | null = null;
    let covered = 0;
    for (const { sector, entry } of walk(log, start)) {
      met[sector] = start;
      covered += entry.sectors;
      head = entry;
    }
    const isComplete = head !== null && met[head.tail] === start;
    if (isComplete && (best === null || head!.sequence > best.head.sequence))
      best = { start: head!.tail, head: head! };
    start += isComplete ? covered : 1;
  }
  if (best === null) return null;
  const entries: PlacedEntry[] = [];
  for (const placed of walk(log, best.start)) {
    entries.push(placed);
    if (placed.entry === best.head) break;
  }
  return entries;
}

/** Entries one after another whose sequence numbers count up by one, as far as they go. */
function* walk(log: LogReader, start: number): Generator<PlacedEntry> {
  let sector = start;
  let covered = 0;
  let sequence = 0n;
  for (;;) {
    const entry = log.entryAt(sector);
    if (entry === null || (covered > 0 && entry.sequence !== sequence + 1n)) return;
    if (covered + entry.sectors > log.sectors) return;
    yield { sector, entry };
    covered += entry.sectors;
    sequence = entry.sequence;
    sector = (sector + entry.sectors) % log.sectors;
  }
}
