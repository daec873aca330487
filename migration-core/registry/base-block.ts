/** The base block of a hive, and of its transaction logs, which begin with a copy of it. */
import { viewOf } from '../base/bytes.ts';
import { damaged, notAHive } from './errors.ts';
import { BASE, BASE_BLOCK, PAGE, signatureAt } from './layout.ts';

export interface BaseBlock {
  primarySequence: number;
  secondarySequence: number;
  /** FILETIME: units of 100 ns since 1601. */
  timestamp: bigint;
  major: number;
  minor: number;
  /** 0 of a hive, 1 and 2 of a log of the old format, 6 of the new. */
  fileType: number;
  rootCell: number;
  /** Bytes. */
  binsSize: number;
  /** Sectors of 512 bytes in a sector of the disk. */
  clusteringFactor: number;
  checksumRight: boolean;
}

/** XOR of the first 127 words; the values 0 and -1 are never stored. */
export function baseBlockChecksum(bytes: Uint8Array): number {
  const view = viewOf(bytes);
  let sum = 0;
  for (let at = 0; at < BASE.checksum; at += 4) sum ^= view.getUint32(at, true);
  sum >>>= 0;
  if (sum === 0xffffffff) return 0xfffffffe;
  return sum === 0 ? 1 : sum;
}

/** Reads the first 512 bytes; null where they are no base block at all. */
export function readBaseBlock(bytes: Uint8Array): BaseBlock | null {
  if (bytes.length < BASE.checksum + 4 || signatureAt(bytes, 0, 4) !== 'regf') return null;
  const view = viewOf(bytes);
  const word = (at: number): number => view.getUint32(at, true);
  return {
    primarySequence: word(BASE.primarySequence),
    secondarySequence: word(BASE.secondarySequence),
    timestamp: view.getBigUint64(BASE.timestamp, true),
    major: word(BASE.major),
    minor: word(BASE.minor),
    fileType: word(BASE.fileType),
    rootCell: word(BASE.rootCell),
    binsSize: word(BASE.binsSize),
    clusteringFactor: word(BASE.clusteringFactor),
    checksumRight: word(BASE.checksum) === baseBlockChecksum(bytes),
  };
}

/** A hive whose last write did not end: what was written is in its logs. */
export const isDirty = (base: BaseBlock): boolean =>
  !base.checksumRight || base.primarySequence !== base.secondarySequence;

/** Throws NOT_A_HIVE for a file of another kind, by its name where it is known. */
export function expectHiveFile(bytes: Uint8Array): void {
  const signature = signatureAt(bytes, 0, Math.min(4, bytes.length));
  if (signature === 'regf') {
    if (bytes.length < BASE_BLOCK)
      throw damaged(`the file ends after ${bytes.length} bytes, inside its base block`);
    return;
  }
  if (signature === 'CREG') throw notAHive('it is a registry file of Windows 95, 98 or Me (CREG)');
  if (signature === 'hbin') throw notAHive('it begins with a hive bin, and its base block is missing');
  if (bytes.length === 0) throw notAHive('the file is empty');
  throw notAHive('it does not begin with the letters regf');
}

/** Throws where the base block describes a hive this program does not know or cannot trust. */
export function checkBaseBlock(base: BaseBlock, fileSize: number): void {
  if (base.major !== 1 || base.minor < 2 || base.minor > 6)
    throw notAHive(`its format is ${base.major}.${base.minor}, and 1.2 to 1.6 are known`);
  if (base.fileType !== 0)
    throw notAHive(`its base block is one of a transaction log (type ${base.fileType})`);
  if (base.binsSize === 0 || base.binsSize % PAGE !== 0)
    throw damaged(`its base block gives ${base.binsSize} bytes as the size of its bins`);
  if (BASE_BLOCK + base.binsSize > fileSize)
    throw damaged(`its bins should measure ${base.binsSize} bytes, but the file ends before`, {
      binsSize: base.binsSize,
      fileSize,
    });
}
