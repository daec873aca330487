/** Cabinets written field by field, as [MS-CAB] describes them. */
import { deflateRawSync } from 'node:zlib';
import { packLzx, type PackOptions } from './pack-lzx.ts';

export type Packing = { method: 'stored' } | { method: 'mszip' } | ({ method: 'lzx' } & PackOptions);

export interface CabinetOptions {
  packing: Packing;
  /** Bytes of room that a signer may fill: in the header, each folder and each block of data. */
  reserve?: number;
  checksums?: boolean;
}

const FRAME = 32768;

export function buildCabinet(
  files: Record<string, Uint8Array>,
  { packing, reserve = 0, checksums = true }: CabinetOptions,
): Uint8Array<ArrayBuffer> {
  const names = Object.keys(files);
  const content = Buffer.concat(names.map((name) => files[name]!));
  const blocks = pack(content, packing);
  const head = 36 + (reserve > 0 ? 4 + reserve : 0);
  const folder = 8 + reserve;
  const entries = names.map((name) => Buffer.concat([Buffer.alloc(16), Buffer.from(`${name}\0`, 'latin1')]));
  const filesAt = head + folder;
  const dataAt = filesAt + entries.reduce((sum, entry) => sum + entry.length, 0);

  let start = 0;
  names.forEach((name, i) => {
    const entry = entries[i]!;
    entry.writeUInt32LE(files[name]!.length, 0);
    entry.writeUInt32LE(start, 4);
    entry.writeUInt16LE(0x5a21, 10);
    entry.writeUInt16LE(0x20, 14);
    start += files[name]!.length;
  });
  const data = blocks.map(({ packed, size }) => {
    const block = Buffer.alloc(8 + reserve + packed.length);
    block.writeUInt16LE(packed.length, 4);
    block.writeUInt16LE(size, 6);
    block.set(packed, 8 + reserve);
    if (checksums) block.writeUInt32LE(sumOf(block.subarray(4, 8), sumOf(block.subarray(8), 0)), 0);
    return block;
  });

  const first = Buffer.alloc(filesAt);
  first.write('MSCF', 0, 'latin1');
  const total = dataAt + data.reduce((sum, block) => sum + block.length, 0);
  first.writeUInt32LE(total, 8);
  first.writeUInt32LE(filesAt, 16);
  first.writeUInt8(3, 24);
  first.writeUInt8(1, 25);
  first.writeUInt16LE(1, 26);
  first.writeUInt16LE(names.length, 28);
  if (reserve > 0) {
    first.writeUInt16LE(4, 30);
    first.writeUInt16LE(reserve, 36);
    first.writeUInt8(reserve, 38);
    first.writeUInt8(reserve, 39);
  }
  first.writeUInt32LE(dataAt, head);
  first.writeUInt16LE(blocks.length, head + 4);
  const bits = packing.method === 'lzx' ? (packing.windowBits ?? 16) << 8 : 0;
  first.writeUInt16LE({ stored: 0, mszip: 1, lzx: 3 }[packing.method] | bits, head + 6);
  return new Uint8Array(Buffer.concat([first, ...entries, ...data]));
}

function pack(content: Uint8Array, packing: Packing): { packed: Uint8Array; size: number }[] {
  if (packing.method === 'lzx') return packLzx(content, packing);
  const blocks: { packed: Uint8Array; size: number }[] = [];
  for (let at = 0; at < content.length; at += FRAME) {
    const plain = content.subarray(at, at + FRAME);
    const window = content.subarray(Math.max(0, at - FRAME), at);
    const packed =
      packing.method === 'stored'
        ? plain
        : Buffer.concat([
            Buffer.from('CK'),
            deflateRawSync(plain, window.length === 0 ? {} : { dictionary: window }),
          ]);
    blocks.push({ packed, size: plain.length });
  }
  return blocks;
}

/** The checksum of [MS-CAB]: words exclusive-ored, the bytes left over with the first one highest. */
function sumOf(bytes: Buffer, seed: number): number {
  let sum = seed;
  const words = bytes.length >> 2;
  for (let i = 0; i < words; i++) sum ^= bytes.readUInt32LE(i * 4);
  let rest = 0;
  for (const byte of bytes.subarray(words * 4)) rest = rest * 256 + byte;
  return (sum ^ rest) >>> 0;
}

/** Bytes with much and little that repeats, and calls among them. */
export function sampleBytes(size: number, random: () => number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size;) {
    const length = Math.min(size - at, 1 + Math.floor(random() * 600));
    const how = random();
    if (how < 0.4 && at > 0) {
      const from = Math.floor(random() * at);
      for (let i = 0; i < length; i++) bytes[at + i] = bytes[from + i]!;
    } else if (how < 0.5) {
      bytes.fill(Math.floor(random() * 256), at, at + length);
    } else if (how < 0.6) {
      for (let i = 0; i + 5 <= length; i += 5) {
        bytes[at + i] = 0xe8;
        bytes[at + i + 1] = Math.floor(random() * 256);
        bytes[at + i + 2] = Math.floor(random() * 16);
        bytes[at + i + 4] = bytes[at + i + 3] = random() < 0.3 ? 255 : 0;
      }
    } else {
      for (let i = 0; i < length; i++) bytes[at + i] = Math.floor(random() * (how < 0.8 ? 16 : 256));
    }
    at += length;
  }
  return bytes;
}
