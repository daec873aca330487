/**
 * An empty qcow2 file on top of a finished disk, so that a test boot writes into it and never into the disk
 * (QEMU docs/interop/qcow2.txt, version 3). Its tables are all zero, that is "ask the file below".
 *
 * cluster  0        header, extension "backing format", name of the file below
 *          1        refcount table: one entry
 *          2        refcount block: one 16-bit count for each cluster of this file
 *          3 ...    L1 table: one 8-byte entry for each 512 MiB
 */
import { open } from 'node:fs/promises';
import { IronliftError } from '../../base/errors.ts';

const CLUSTER = 65_536;
const L1_COVERS = (CLUSTER / 8) * CLUSTER;
const HEADER_LENGTH = 104;
const EXTENSION_BACKING_FORMAT = 0xe2792aca;

export interface OverlayOf {
  /** The disk below, as QEMU finds it from its working directory. */
  file: string;
  /** Where the image lies in the file, bytes; absent where it is the file. */
  within?: { offset: number; bytes: number } | undefined;
  /** QEMU's name of its format. */
  driver: string;
  /** Bytes of the virtual disk. */
  size: number;
}

/** Creates the file. @throws NOT_SUPPORTED where the name of the disk is too long to be recorded. */
export async function writeOverlayFile(path: string, below: OverlayOf): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.write(overlayTables(below), 0, null, 0);
  } finally {
    await file.close();
  }
}

/** The bytes of the file. */
export function overlayTables({ file, within, driver, size }: OverlayOf): Buffer {
  const whole = { driver: 'file', filename: file };
  const image =
    within === undefined ? whole : { driver: 'raw', offset: within.offset, size: within.bytes, file: whole };
  // In this form the name says that the disk has nothing below itself, whatever its own header claims.
  const backing = Buffer.from(
    `json:${JSON.stringify({ driver, ...(driver === 'qcow2' ? { backing: null } : {}), file: image })}`,
  );
  if (backing.length > 1023) {
    throw new IronliftError(
      'NOT_SUPPORTED',
      `The file name ${file.slice(0, 60)}... is too long for a test boot.`,
      {
        next: 'Give the disk a shorter name and correct it in ironlift.json, or start the machine on its platform.',
      },
    );
  }
  const l1Entries = Math.max(1, Math.ceil(size / L1_COVERS));
  const clusters = 3 + Math.ceil((l1Entries * 8) / CLUSTER);
  const data = Buffer.alloc(clusters * CLUSTER);
  const format = Buffer.from(driver);
  const extensionAt = HEADER_LENGTH;
  const paddedFormat = Math.ceil(format.length / 8) * 8;
  const backingAt = extensionAt + 8 + paddedFormat + 8;

  data.write('QFI\xfb', 0, 'latin1');
  data.writeUInt32BE(3, 4);
  data.writeBigUInt64BE(BigInt(backingAt), 8);
  data.writeUInt32BE(backing.length, 16);
  data.writeUInt32BE(16, 20); // cluster bits
  data.writeBigUInt64BE(BigInt(size), 24);
  data.writeUInt32BE(l1Entries, 36);
  data.writeBigUInt64BE(BigInt(3 * CLUSTER), 40); // L1 table
  data.writeBigUInt64BE(BigInt(CLUSTER), 48); // refcount table
  data.writeUInt32BE(1, 56); // its clusters
  data.writeUInt32BE(4, 96); // refcount order: 16 bits
  data.writeUInt32BE(HEADER_LENGTH, 100);
  data.writeUInt32BE(EXTENSION_BACKING_FORMAT, extensionAt);
  data.writeUInt32BE(format.length, extensionAt + 4);
  format.copy(data, extensionAt + 8);
  backing.copy(data, backingAt);
  data.writeBigUInt64BE(BigInt(2 * CLUSTER), CLUSTER);
  for (let cluster = 0; cluster < clusters; cluster++) data.writeUInt16BE(1, 2 * CLUSTER + cluster * 2);
  return data;
}
