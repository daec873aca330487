/** The current header and the region table: where log, BAT and metadata lie ([MS-VHDX] 2.2). */
import { u64, viewOf } from '../../base/bytes.ts';
import { readGuid } from '../../base/guid.ts';
import type { ImageProblem } from '../image.ts';
import { damaged, unsupported, type ReadFile } from '../read-file.ts';
import {
  FILE_TYPE,
  HEADER,
  HEADER_BYTES,
  HEADER_OFFSETS,
  hasSignature,
  hasValidChecksum,
  MIB,
  REGION,
  REGION_ENTRY,
  REGION_ENTRY_BYTES,
  REGION_OFFSETS,
  REGION_TABLE,
  REGION_TABLE_BYTES,
  TABLE_LIMIT,
} from './layout.ts';

/** Takes what is wrong and does not keep the image from being read; `openVhdx` has no use for it, `checkVhdx` has. */
export type Report = (severity: ImageProblem['severity'], message: string, offset?: number) => void;

export const CONVERT_IT =
  'Convert it on a Hyper-V host with `Convert-VHD`, or with `qemu-img convert -O vhdx`, then start again.';

export interface Header {
  /** GUIDs in lower case. */
  dataWriteGuid: string;
  /** Null: the log is empty. */
  logGuid: string | null;
  logVersion: number;
  /** Bytes. */
  logOffset: number;
  logLength: number;
}

const ZERO_GUID = '00000000-0000-0000-0000-000000000000';

/** @throws IMAGE_DAMAGED where no header is valid, IMAGE_NOT_SUPPORTED for a version of the format that is not 1 */
export function readHeader(file: ReadFile, report: Report): Header {
  const { path } = file;
  if (!hasSignature(file.readNow(0, 8), FILE_TYPE.signature))
    throw damaged(path, 'it does not begin as a VHDX file');
  const copies = HEADER_OFFSETS.map((offset) => file.readNow(offset, HEADER_BYTES));
  const valid = copies.filter((bytes) => hasSignature(bytes, 'head') && hasValidChecksum(bytes));
  const [first, second] = valid;
  if (first === undefined) throw damaged(path, 'neither of its two headers has the right checksum');
  for (const [index, bytes] of copies.entries())
    if (!valid.includes(bytes))
      report('note', `header ${index + 1} has a wrong signature or checksum`, HEADER_OFFSETS[index]);
  if (second === undefined) return parseHeader(path, first);
  const sequence = (bytes: Buffer): bigint => bytes.readBigUInt64LE(HEADER.sequence);
  // Disk2vhd writes the same header twice, and then it does not matter which one counts.
  if (sequence(first) === sequence(second) && !first.equals(second))
    throw damaged(path, 'its two headers have one sequence number and different contents');
  return parseHeader(path, sequence(second) > sequence(first) ? second : first);
}

function parseHeader(path: string, bytes: Buffer): Header {
  const view = viewOf(bytes);
  const version = view.getUint16(HEADER.version, true);
  if (version !== 1) throw unsupported(path, `has version ${version} of VHDX`, CONVERT_IT);
  const logGuid = readGuid(bytes, HEADER.logGuid).toLowerCase();
  return {
    dataWriteGuid: readGuid(bytes, HEADER.dataWriteGuid).toLowerCase(),
    logGuid: logGuid === ZERO_GUID ? null : logGuid,
    logVersion: view.getUint16(HEADER.logVersion, true),
    logOffset: bounded(path, view, HEADER.logOffset, 'the place of its log'),
    logLength: view.getUint32(HEADER.logLength, true),
  };
}

/** A 64-bit field that is a number of bytes. */
export function bounded(path: string, view: DataView, offset: number, what: string): number {
  try {
    return u64(view, offset, true);
  } catch (error) {
    if (error instanceof RangeError) throw damaged(path, `${what} is beyond all bounds`);
    throw error;
  }
}

export interface Region {
  offset: number;
  length: number;
}

export interface Regions {
  bat: Region;
  metadata: Region;
  /** All of the table, the two above among them. */
  all: Region[];
}

/**
 * The regions, by the first copy of the table that is valid. `file`: with its log replayed.
 * @throws IMAGE_DAMAGED, IMAGE_NOT_SUPPORTED for a region that must be understood and is not
 */
export function readRegions(file: ReadFile, log: Region, report: Report): Regions {
  const { path } = file;
  const copies = REGION_OFFSETS.map((offset) => file.readNow(offset, REGION_TABLE_BYTES));
  const valid = copies.map((bytes) => hasSignature(bytes, 'regi') && hasValidChecksum(bytes));
  for (const [index, isValid] of valid.entries()) {
    if (!isValid)
      report('note', `region table ${index + 1} has a wrong signature or checksum`, REGION_OFFSETS[index]);
  }
  const table = copies[valid.indexOf(true)];
  if (table === undefined) throw damaged(path, 'neither of its two region tables has the right checksum');
  if (valid[0] && valid[1] && !copies[0]!.equals(copies[1]!))
    report('note', 'the two region tables differ; the first one is used', REGION_OFFSETS[1]);
  const view = viewOf(table);
  const count = view.getUint32(REGION_TABLE.count, true);
  if (count > TABLE_LIMIT) throw damaged(path, `its region table says that it has ${count} entries`);
  const known = new Map<string, Region>();
  for (let i = 0; i < count; i++) {
    const at = REGION_TABLE.entries + i * REGION_ENTRY_BYTES;
    const guid = readGuid(table, at + REGION_ENTRY.guid);
    const offset = bounded(path, view, at + REGION_ENTRY.offset, 'the place of a region');
    const length = view.getUint32(at + REGION_ENTRY.length, true);
    const isKnown = guid === REGION.bat || guid === REGION.metadata;
    if (!isKnown && (view.getUint32(at + REGION_ENTRY.required, true) & 1) !== 0)
      throw unsupported(path, `has a region that is not known here (${guid})`, CONVERT_IT);
    if (known.has(guid)) throw damaged(path, `the region ${guid} is there twice`);
    if (offset % MIB !== 0 || length % MIB !== 0 || offset < MIB || length === 0)
      throw damaged(path, `the region ${guid} does not lie on whole MiB`, { offset, length });
    if (offset + length > file.size)
      throw damaged(path, `the region ${guid} is not within the file`, { offset, length });
    known.set(guid, { offset, length });
  }
  const [bat, metadata] = [known.get(REGION.bat), known.get(REGION.metadata)];
  if (bat === undefined) throw damaged(path, 'it has no block allocation table (BAT)');
  if (metadata === undefined) throw damaged(path, 'it has no metadata region');
  const all = [...known.values()];
  refuseOverlaps(path, log.length === 0 ? all : [...all, log]);
  return { bat, metadata, all };
}

function refuseOverlaps(path: string, regions: Region[]): void {
  const sorted = regions.toSorted((a, b) => a.offset - b.offset);
  for (const [index, { offset }] of sorted.entries()) {
    const before = sorted[index - 1];
    if (before !== undefined && before.offset + before.length > offset)
      throw damaged(path, 'two of its regions (BAT, metadata, log) overlap', { offset });
  }
}
