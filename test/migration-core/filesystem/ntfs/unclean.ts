/** What a running server leaves on its NTFS volume: a log with work left, the dirty flag, and a map older than the files. */
import { open, rm, writeFile } from 'node:fs/promises';
import { run } from '../../../support/tools.ts';

/** A restart page as Windows writes it. */
export function restartPage(
  signature: string,
  version: number,
  flags: number,
  client: number,
  lsn: bigint,
): Buffer {
  const page = Buffer.alloc(4096);
  page.write(signature, 0, 'latin1');
  page.writeUInt16LE(0x1e, 4);
  page.writeUInt16LE(9, 6);
  page.writeUInt32LE(4096, 0x10);
  page.writeUInt32LE(4096, 0x14);
  page.writeUInt16LE(0x30, 0x18);
  page.writeInt16LE(1, 0x1a);
  page.writeInt16LE(version, 0x1c);
  page.writeBigUInt64LE(lsn, 0x30);
  page.writeUInt16LE(1, 0x38);
  page.writeUInt16LE(client, 0x3c);
  page.writeUInt16LE(flags, 0x3e);
  page.writeUInt16LE(0x1234, 0x1e);
  for (let i = 1; i <= 8; i++) page.writeUInt16LE(0x1234, i * 512 - 2);
  return page;
}

/** Where the pieces of the file system lie in an image, as istat of the Sleuth Kit and the boot sector tell. */
export interface Places {
  clusterSize: number;
  recordSize: number;
  /** Bytes where the log, $Bitmap, the MFT, its mirror and the map of its records lie. */
  log: number;
  bitmap: number;
  mft: number;
  mirror: number;
  recordMap: number;
}

/** Clusters of an attribute of a file in their order. */
export async function clustersOf(path: string, record: number, type = 'DATA'): Promise<number[]> {
  const istat = await run('istat', ['-f', 'ntfs', path, String(record)]);
  const [, list = ''] =
    new RegExp(`Type: \\$${type} [^\\n]*Non-Resident[^\\n]*\\n((?:\\d+ ?|\\n(?=\\d))*)`, 'u').exec(istat) ??
    [];
  return list
    .split(/\s+/u)
    .filter((one) => one !== '')
    .map(Number);
}

/** The record of a file by its path, as ifind of the Sleuth Kit finds it. */
export async function recordOf(path: string, file: string): Promise<number> {
  return Number((await run('ifind', ['-f', 'ntfs', '-n', file, path])).trim());
}

export async function placesIn(path: string, bytes: Buffer): Promise<Places> {
  const clusterSize = bytes.readUInt16LE(0x0b) * bytes[0x0d]!;
  const at = async (record: number, type = 'DATA'): Promise<number> =>
    (await clustersOf(path, record, type))[0]! * clusterSize;
  return {
    clusterSize,
    recordSize: 2 ** -bytes.readInt8(0x40),
    log: await at(2),
    bitmap: await at(6),
    mft: bytes.readUInt32LE(0x30) * clusterSize,
    mirror: bytes.readUInt32LE(0x38) * clusterSize,
    recordMap: await at(0, 'BITMAP'),
  };
}

/** The log of a server that runs: both restart areas have a client, and neither says that the volume is clean. */
export function makeLogDirty(bytes: Buffer, { log }: Pick<Places, 'log'>): void {
  restartPage('RSTR', 1, 0, 0, 100n).copy(bytes, log);
  restartPage('RSTR', 1, 0, 0, 99n).copy(bytes, log + 4096);
}

/** Byte of the flags in $VOLUME_INFORMATION. */
export function flagsAt(bytes: Buffer, { mft, recordSize }: Pick<Places, 'mft' | 'recordSize'>): number {
  const at = runsAt(bytes, mft + 3 * recordSize, 'attribute', 0x70);
  return at + bytes.readUInt16LE(at + 0x14) + 10;
}

/** Byte where the packed map of an attribute of the record at `start` begins, or the attribute itself; its contents unless told. */
export function runsAt(
  bytes: Buffer,
  start: number,
  what: 'runs' | 'attribute' = 'runs',
  type = 0x80,
): number {
  for (let at = start + bytes.readUInt16LE(start + 0x14); ; at += bytes.readUInt32LE(at + 4)) {
    if (bytes.readUInt32LE(at) === 0xffffffff) throw new Error(`There is no attribute ${type.toString(16)}.`);
    if (bytes.readUInt32LE(at) === type) return what === 'runs' ? at + bytes.readUInt16LE(at + 0x20) : at;
  }
}

/** The bytes of a volume, read from a raw image and written back by `change`, which gets them as a file, too. */
export async function changeVolume(
  path: string,
  { offset, size }: { offset: number; size: number },
  change: (bytes: Buffer, volume: string) => Promise<void>,
): Promise<void> {
  const file = await open(path, 'r+');
  const bytes = Buffer.alloc(size);
  await file.read(bytes, 0, size, offset);
  const volume = `${path}.volume`;
  await writeFile(volume, bytes);
  await change(bytes, volume);
  await file.write(bytes, 0, size, offset);
  await file.close();
  await rm(volume);
}
