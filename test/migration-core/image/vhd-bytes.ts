/**
 * VHD files put together from the specification, byte by byte and independent of our writer: qemu-img makes no
 * differencing disks, no old footers, and no other creator's.
 */
export interface VhdSpec {
  type: 'fixed' | 'dynamic' | 'differencing';
  /** The "current size" field, bytes. */
  size: number;
  /** Fixed: the disk. */
  disk?: Buffer;
  /** Growing: sectors that are in the file, by number. */
  sectors?: ReadonlyMap<number, Buffer>;
  blockSize?: number;
  /** What the other sectors of their blocks hold, which nobody may ever see. */
  rubbish?: number;
  /** Four characters. */
  creator?: string;
  /** Cylinders, heads, sectors. */
  geometry?: readonly [number, number, number];
  /** 32 hexadecimal digits. */
  id?: string;
  parentId?: string;
  parentName?: string;
  /** By code: W2ru, W2ku, MacX. */
  locators?: Readonly<Record<string, string>>;
  /** 0: none at the end. */
  footerBytes?: 0 | 511 | 512;
  savedState?: boolean;
}

export const VHD_ID = '0f0e0d0c0b0a49088706050403020100';
const SECTOR = 512;
const TYPES = { fixed: 2, dynamic: 3, differencing: 4 };

export function vhdBytes(spec: VhdSpec): Buffer {
  const { type, footerBytes = 512 } = spec;
  const footer = footerOf(spec);
  const tail = footer.subarray(0, footerBytes);
  return type === 'fixed'
    ? Buffer.concat([spec.disk ?? Buffer.alloc(spec.size), tail])
    : Buffer.concat([footer, growing(spec), tail]);
}

/** Sets the checksum field at `field` of the structure. */
export function sumUp(bytes: Buffer, field: number): void {
  bytes.writeUInt32BE(0, field);
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.writeUInt32BE(0xffffffff - sum, field);
}

function footerOf(spec: VhdSpec): Buffer {
  const { type, size, creator = 'win ', geometry = [0, 0, 0], id = VHD_ID, savedState = false } = spec;
  const bytes = Buffer.alloc(SECTOR);
  bytes.write('conectix', 0, 'latin1');
  bytes.writeUInt32BE(2, 8);
  bytes.writeUInt32BE(0x10000, 12);
  if (type === 'fixed') bytes.fill(0xff, 16, 24);
  else bytes.writeBigUInt64BE(512n, 16);
  bytes.write(creator, 28, 'latin1');
  bytes.write('Wi2k', 36, 'latin1');
  bytes.writeBigUInt64BE(BigInt(size), 40);
  bytes.writeBigUInt64BE(BigInt(size), 48);
  bytes.writeUInt16BE(geometry[0], 56);
  bytes.writeUInt8(geometry[1], 58);
  bytes.writeUInt8(geometry[2], 59);
  bytes.writeUInt32BE(TYPES[type], 60);
  bytes.write(id, 68, 'hex');
  if (savedState) bytes.writeUInt8(1, 84);
  sumUp(bytes, 64);
  return bytes;
}

/** Header, table, locators and blocks of a growing disk: all between the two footers. */
function growing(spec: VhdSpec): Buffer {
  const { size, blockSize = 2 << 20, sectors = new Map<number, Buffer>() } = spec;
  const perBlock = blockSize / SECTOR;
  const entries = Math.ceil(size / blockSize);
  const table = Buffer.alloc(Math.ceil((entries * 4) / SECTOR) * SECTOR, 0xff);
  const header = headerOf(spec, entries);
  const names = locatorsOf(spec, header, SECTOR + header.length + table.length);
  const parts: Buffer[] = [header, table, ...names];
  let next = 1 + parts.reduce((sum, part) => sum + part.length / SECTOR, 0);
  // From the back, so that the blocks do not lie in the order of the disk.
  const blocks = [...new Set([...sectors.keys()].map((sector) => Math.floor(sector / perBlock)))];
  for (const block of blocks.sort((a, b) => b - a)) {
    table.writeUInt32BE(next, block * 4);
    const bytes = blockOf(spec, block, perBlock);
    parts.push(bytes);
    next += bytes.length / SECTOR;
  }
  sumUp(header, 36);
  return Buffer.concat(parts);
}

function headerOf(spec: VhdSpec, entries: number): Buffer {
  const { blockSize = 2 << 20, parentId = '', parentName = '' } = spec;
  const header = Buffer.alloc(1024);
  header.write('cxsparse', 0, 'latin1');
  header.fill(0xff, 8, 16);
  header.writeBigUInt64BE(1536n, 16);
  header.writeUInt32BE(0x10000, 24);
  header.writeUInt32BE(entries, 28);
  header.writeUInt32BE(blockSize, 32);
  header.write(parentId, 40, 'hex');
  Buffer.from(parentName, 'utf16le').swap16().copy(header, 64);
  return header;
}

/** One sector for each; `at`: the byte of the file where they start. */
function locatorsOf({ locators = {} }: VhdSpec, header: Buffer, at: number): Buffer[] {
  return Object.entries(locators).map(([code, name], i) => {
    const text = Buffer.from(name, code.startsWith('W2') ? 'utf16le' : 'utf8');
    const entry = 576 + i * 24;
    header.write(code, entry, 'latin1');
    header.writeUInt32BE(SECTOR, entry + 4);
    header.writeUInt32BE(text.length, entry + 8);
    header.writeBigUInt64BE(BigInt(at + i * SECTOR), entry + 16);
    const bytes = Buffer.alloc(SECTOR);
    text.copy(bytes);
    return bytes;
  });
}

function blockOf({ sectors = new Map(), rubbish = 0xee }: VhdSpec, block: number, perBlock: number): Buffer {
  const bitmap = Buffer.alloc(Math.ceil(perBlock / 8 / SECTOR) * SECTOR);
  const data = Buffer.alloc(perBlock * SECTOR, rubbish);
  for (let i = 0; i < perBlock; i++) {
    const bytes = sectors.get(block * perBlock + i);
    if (bytes === undefined) continue;
    bitmap[i >>> 3]! |= 0x80 >>> (i & 7);
    bytes.copy(data, i * SECTOR);
  }
  return Buffer.concat([bitmap, data]);
}

/**
 * Sectors at random, alone and in runs, each with contents of its own; the first and the last of the disk are among them.
 * `unit`: how many always go together.
 */
export function someSectors(
  random: () => number,
  { size, runs, longest = 40, unit = 1 }: { size: number; runs: number; longest?: number; unit?: number },
): Map<number, Buffer> {
  const total = size / SECTOR;
  const sectors = new Map<number, Buffer>();
  const add = (sector: number): void => {
    const first = Math.floor(sector / unit) * unit;
    for (let i = first; i < Math.min(total, first + unit); i++) addOne(i);
  };
  const addOne = (sector: number): void => {
    const bytes = Buffer.alloc(SECTOR, 1 + Math.floor(random() * 200));
    bytes.writeUInt32BE(sector, 4);
    sectors.set(sector, bytes);
  };
  add(0);
  add(total - 1);
  for (let i = 0; i < runs; i++) {
    const first = Math.floor(random() * total);
    const length = 1 + Math.floor(random() ** 3 * longest);
    for (let sector = first; sector < Math.min(total, first + length); sector++) add(sector);
  }
  return sectors;
}

/** What the disk reads as: later layers lie over earlier ones. */
export function flattened(size: number, layers: readonly ReadonlyMap<number, Buffer>[]): Buffer {
  const disk = Buffer.alloc(size);
  for (const layer of layers)
    for (const [sector, bytes] of layer) if (sector * SECTOR < size) bytes.copy(disk, sector * SECTOR);
  return disk;
}
