/** The smallest hive there is, written field by field from the specification: a base block and a bin with a root and its security. */
import { baseBlockChecksum } from '../../../migration-core/registry/base-block.ts';

export const DESCRIPTOR = Buffer.from(
  '010004801400000024000000000000003400000001020000000000052000000020020000010200000000000520000000200200000200080000000000',
  'hex',
);

const ROOT = 0x20;
const ROOT_NAME = 'ROOT';
const SECURITY = ROOT + 0x60;

export interface EmptyHive {
  /** 5 for Windows XP and later. */
  minor?: number;
  /** Bytes of zeros behind the last bin. */
  padding?: number;
}

export function emptyHive({ minor = 5, padding = 0 }: EmptyHive = {}): Buffer {
  const hive = Buffer.alloc(8192 + padding);
  hive.write('regf', 0, 'latin1');
  const base: [number, number][] = [
    [4, 7],
    [8, 7],
    [20, 1],
    [24, minor],
    [28, 0],
    [32, 1],
    [36, ROOT],
    [40, 4096],
    [44, 1],
  ];
  for (const [at, value] of base) hive.writeUInt32LE(value, at);
  const bin = hive.subarray(4096, 8192);
  bin.write('hbin', 0, 'latin1');
  bin.writeUInt32LE(4096, 8);
  const key = cell(bin, ROOT, SECURITY - ROOT);
  key.write('nk', 0, 'latin1');
  key.writeUInt16LE(0x2c, 2);
  for (const list of [28, 32, 40, 48]) key.writeUInt32LE(0xffffffff, list);
  key.writeUInt32LE(SECURITY, 44);
  key.writeUInt16LE(ROOT_NAME.length, 72);
  key.write(ROOT_NAME, 76, 'latin1');
  const securitySize = (4 + 20 + DESCRIPTOR.length + 7) & ~7;
  const security = cell(bin, SECURITY, securitySize);
  security.write('sk', 0, 'latin1');
  security.writeUInt32LE(SECURITY, 4);
  security.writeUInt32LE(SECURITY, 8);
  security.writeUInt32LE(1, 12);
  security.writeUInt32LE(DESCRIPTOR.length, 16);
  DESCRIPTOR.copy(security, 20);
  bin.writeInt32LE(4096 - SECURITY - securitySize, SECURITY + securitySize);
  return seal(hive);
}

/** A cell in use, and its data. */
function cell(bin: Buffer, at: number, size: number): Buffer {
  bin.writeInt32LE(-size, at);
  return bin.subarray(at + 4, at + size);
}

/** Puts the right checksum into the base block. */
export function seal<T extends Buffer>(hive: T): T {
  hive.writeUInt32LE(baseBlockChecksum(hive), 508);
  return hive;
}
