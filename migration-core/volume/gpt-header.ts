/**
 * One copy of a GUID partition table: header and entries. UEFI 2.10, 5.3.2 and 5.3.3; all integers little-endian.
 *
 *   header   0 "EFI PART"   8 u32 revision   C u32 header size   10 u32 CRC-32 of the header with this field zero
 *            18 u64 LBA of this header   20 u64 LBA of the other   28 u64 first usable LBA   30 u64 last usable LBA
 *            38 disk GUID   48 u64 LBA of the entries   50 u32 entries   54 u32 bytes of an entry   58 u32 CRC-32 of the entries
 *   entry    0 type GUID   10 unique GUID   20 u64 first LBA   28 u64 last LBA, inclusive   30 u64 attributes   38 UTF-16LE name[36]
 */
import { crc32 } from 'node:zlib';
import { latin1, u64le, viewOf } from '../base/bytes.ts';
import { readGuid } from '../base/guid.ts';
import { readBytes, type BlockSource } from '../block/source.ts';

const SIGNATURE = 'EFI PART';
const HEADER_SIZE = 92;
/** 128 entries are 16 KiB; the largest tables in the field have a thousand. */
const MAX_ENTRIES_BYTES = 4 << 20;

export interface GptHeader {
  /** The header's bytes, of the length that it says, so that unknown fields survive a rewrite. */
  raw: Uint8Array;
  /** LBAs. */
  own: number;
  other: number;
  firstUsable: number;
  lastUsable: number;
  entriesAt: number;
  entryCount: number;
  entrySize: number;
  /** Lower case. */
  diskGuid: string;
}

export interface GptCopy {
  header: GptHeader;
  entries: Uint8Array;
}

/** A copy, or why there is none. `signed` tells that "EFI PART" was there: the disk had a GPT at this place. */
export type GptReading =
  { copy: GptCopy } | { copy: null; problem: string; signed: boolean; header?: GptHeader };

/** Reads and checks the copy whose header is at `lba`. Never throws for what it finds, only for what it cannot read. */
export async function readGptCopy(disk: BlockSource, lba: number, sectorSize: number): Promise<GptReading> {
  const refuse = (problem: string, signed: boolean, header?: GptHeader): GptReading => ({
    copy: null,
    problem,
    signed,
    ...(header === undefined ? {} : { header }),
  });
  if (lba < 1 || (lba + 1) * sectorSize > disk.size) return refuse('its place is not on the disk', false);
  const sector = await readBytes(disk, lba * sectorSize, sectorSize);
  if (latin1(sector, 0, 8) !== SIGNATURE) return refuse('it has no signature', false);
  const header = parseHeader(sector);
  if (typeof header === 'string') return refuse(header, true);
  const size = header.raw.length;
  const sum = viewOf(sector).getUint32(0x10, true);
  const zeroed = header.raw.slice();
  zeroed.fill(0, 0x10, 0x14);
  // A header with a wrong checksum may still name the place of its backup; the caller takes that as a hint only.
  if (crc32(zeroed) !== sum) return refuse('its checksum is wrong', true, header);
  if (header.own !== lba) return refuse(`it says it belongs to sector ${header.own}`, true);
  const length = header.entryCount * header.entrySize;
  if (header.entryCount === 0 || length > MAX_ENTRIES_BYTES)
    return refuse(`it has ${header.entryCount} entries`, true);
  if (header.entrySize < 128 || header.entrySize % 128 !== 0)
    return refuse(`its entries have ${header.entrySize} bytes`, true);
  if (header.entriesAt < 2 || header.entriesAt * sectorSize + length > disk.size)
    return refuse('its entries are not on the disk', true);
  if (header.firstUsable > header.lastUsable) return refuse('it has no usable sectors', true);
  const entries = await readBytes(disk, header.entriesAt * sectorSize, length);
  if (crc32(entries) !== viewOf(sector).getUint32(0x58, true))
    return refuse('the checksum of its entries is wrong', true, header);
  return { copy: { header: { ...header, raw: sector.slice(0, size) }, entries } };
}

function parseHeader(sector: Uint8Array): GptHeader | string {
  const view = viewOf(sector);
  const size = view.getUint32(0x0c, true);
  if (size < HEADER_SIZE || size > sector.length) return `its size is ${size} bytes`;
  try {
    return {
      raw: sector.slice(0, size),
      own: u64le(view, 0x18),
      other: u64le(view, 0x20),
      firstUsable: u64le(view, 0x28),
      lastUsable: u64le(view, 0x30),
      diskGuid: readGuid(sector, 0x38).toLowerCase(),
      entriesAt: u64le(view, 0x48),
      entryCount: view.getUint32(0x50, true),
      entrySize: view.getUint32(0x54, true),
    };
  } catch (error) {
    if (error instanceof RangeError) return 'its sector numbers are no disk’s';
    throw error;
  }
}

/** The same table as a copy for another place: header sector (padded with zeros to `sectorSize`) with right checksums. */
export function headerSector(
  copy: GptCopy,
  place: { own: number; other: number; entriesAt: number; lastUsable: number },
  sectorSize: number,
): Uint8Array {
  const sector = new Uint8Array(sectorSize);
  sector.set(copy.header.raw);
  const view = viewOf(sector);
  view.setBigUint64(0x18, BigInt(place.own), true);
  view.setBigUint64(0x20, BigInt(place.other), true);
  view.setBigUint64(0x30, BigInt(place.lastUsable), true);
  view.setBigUint64(0x48, BigInt(place.entriesAt), true);
  view.setUint32(0x58, crc32(copy.entries), true);
  view.setUint32(0x10, 0, true);
  view.setUint32(0x10, crc32(sector.subarray(0, copy.header.raw.length)), true);
  return sector;
}

export interface GptEntry {
  /** 0-based. */
  index: number;
  /** Upper case. */
  type: string;
  /** Lower case. */
  guid: string;
  /** LBAs, `last` inclusive; NaN where the number is above 2^53. */
  first: number;
  last: number;
  legacyBoot: boolean;
  name: string;
}

const UNUSED = '00000000-0000-0000-0000-000000000000';

/** Entries in use, in the order of the table. */
export function gptEntries(copy: GptCopy): GptEntry[] {
  const { entrySize, entryCount } = copy.header;
  const view = viewOf(copy.entries);
  const result: GptEntry[] = [];
  for (let index = 0; index < entryCount; index++) {
    const at = index * entrySize;
    const type = readGuid(copy.entries, at);
    if (type === UNUSED) continue;
    const lba = (offset: number): number => {
      const value = view.getBigUint64(at + offset, true);
      return value > BigInt(Number.MAX_SAFE_INTEGER) ? NaN : Number(value);
    };
    const name = Buffer.from(copy.entries.subarray(at + 0x38, at + 0x80)).toString('utf16le');
    result.push({
      index,
      type,
      guid: readGuid(copy.entries, at + 0x10).toLowerCase(),
      first: lba(0x20),
      last: lba(0x28),
      legacyBoot: (view.getUint8(at + 0x30) & 4) !== 0,
      name: name.includes('\0') ? name.slice(0, name.indexOf('\0')) : name,
    });
  }
  return result;
}
