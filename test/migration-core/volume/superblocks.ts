/** Superblocks that no tool of a test machine can write: md without its driver, firmware RAID, ZFS. */

const SET_UUID = Buffer.from('00112233445566778899aabbccddeeff', 'hex');

/** Linux md version 1, for a place in bytes; the checksum is the sum of its words, folded. */
export function md1Superblock(at: number): Uint8Array {
  const block = Buffer.alloc(4096);
  block.writeUInt32LE(0xa92b4efc, 0);
  block.writeUInt32LE(1, 4);
  SET_UUID.copy(block, 16);
  block.write('server:root', 32);
  block.writeInt32LE(1, 72);
  block.writeBigUInt64LE(65536n, 80);
  block.writeUInt32LE(2, 92);
  block.writeBigUInt64LE(8192n, 128);
  block.writeBigUInt64LE(65536n, 136);
  block.writeBigUInt64LE(BigInt(at / 512), 144);
  block.writeUInt32LE(2, 220);
  let sum = 0n;
  for (let i = 0; i < 256; i += 4) sum += BigInt(block.readUInt32LE(i));
  // Two roles of 16 bits follow: both zero.
  block.writeUInt32LE(Number(((sum & 0xffffffffn) + (sum >> 32n)) & 0xffffffffn), 216);
  return block;
}

/** Linux md version 0.90 in the byte order of its maker. */
export function md0Superblock(little: boolean): Uint8Array {
  const block = Buffer.alloc(4096);
  const put = (value: number, at: number): void => {
    if (little) block.writeUInt32LE(value, at);
    else block.writeUInt32BE(value, at);
  };
  put(0xa92b4efc, 0);
  put(0, 4);
  put(90, 8);
  put(0x00112233, 20);
  put(0x44556677, 52);
  put(0x8899aabb, 56);
  put(0xccddeeff, 60);
  let sum = 0n;
  for (let i = 0; i < 4096; i += 4) sum += BigInt(little ? block.readUInt32LE(i) : block.readUInt32BE(i));
  put(Number(((sum & 0xffffffffn) + (sum >> 32n)) & 0xffffffffn), 152);
  return block;
}

export function ddfAnchor(): Uint8Array {
  const block = Buffer.alloc(512);
  block.writeUInt32BE(0xde11de11, 0);
  block.write('LSI     01234567', 8);
  block.write('01.02.00', 32);
  return block;
}

/** The first label of a ZFS pool member: name-value pairs and a ring of uberblocks. */
export function zfsLabel(pool: string, guid: bigint): Uint8Array {
  const label = Buffer.alloc(262144);
  let at = 16384;
  label.set([1, 1, 0, 0], at);
  at += 4;
  label.writeUInt32BE(0, at);
  label.writeUInt32BE(1, at + 4);
  at += 8;
  const pair = (name: string, type: number, value: Buffer): void => {
    const nameSize = Math.ceil(name.length / 4) * 4;
    const size = 8 + 4 + nameSize + 8 + value.length;
    label.writeUInt32BE(size, at);
    label.writeUInt32BE(size + 16, at + 4);
    label.writeUInt32BE(name.length, at + 8);
    label.write(name, at + 12);
    label.writeUInt32BE(type, at + 12 + nameSize);
    label.writeUInt32BE(1, at + 16 + nameSize);
    value.copy(label, at + 20 + nameSize);
    at += size;
  };
  const string = (text: string): Buffer => {
    const bytes = Buffer.alloc(4 + Math.ceil(text.length / 4) * 4);
    bytes.writeUInt32BE(text.length, 0);
    bytes.write(text, 4);
    return bytes;
  };
  const number = (value: bigint): Buffer => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(value, 0);
    return bytes;
  };
  pair('version', 8, number(5000n));
  pair('name', 9, string(pool));
  pair('pool_guid', 8, number(guid));
  for (let n = 0; n < 8; n++) {
    label.writeBigUInt64LE(0x00bab10cn, 131072 + n * 1024);
    label.writeBigUInt64LE(5000n, 131072 + n * 1024 + 8);
  }
  return label;
}
