/** Snapshots as ESXi makes them, built by hand: no program here writes COWD or seSparse. QEMU reads both and judges them. */
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { seeded } from '../../support/tools.ts';

export interface SnapshotOptions {
  kind: 'COWD' | 'seSparse';
  /** Path of the descriptor. */
  path: string;
  /** Bytes of the disk. */
  size: number;
  /** CID and file name of the disk below. */
  parent: { cid: string; name: string } | null;
  cid: string;
  seed: number;
  /** Grains with data. */
  grains: number;
}

const SECTOR = 512;

/** Writes descriptor and delta; returns the path of the delta. */
export async function buildSnapshot(options: SnapshotOptions): Promise<string> {
  const { kind, path, size, parent, cid } = options;
  const [type, createType, ending] =
    kind === 'COWD' ? ['VMFSSPARSE', 'vmfsSparse', 'delta'] : ['SESPARSE', 'seSparse', 'sesparse'];
  const name = path.replace(/^.*\/(.*)\.vmdk$/u, `$1-${ending}.vmdk`);
  const text = [
    '# Disk DescriptorFile',
    'version=1',
    'encoding="UTF-8"',
    `CID=${cid}`,
    `parentCID=${parent?.cid ?? 'ffffffff'}`,
    `createType="${createType}"`,
    ...(parent === null ? [] : [`parentFileNameHint="${parent.name}"`]),
    `RW ${size / SECTOR} ${type} "${name}"`,
    'ddb.longContentID = "0123456789abcdef0123456712345678"',
    '',
  ].join('\n');
  const descriptor = await open(path, 'wx');
  await descriptor.write(text);
  await descriptor.close();
  const delta = join(dirname(path), name);
  await (kind === 'COWD' ? buildCowd(delta, options) : buildSeSparse(delta, options));
  return delta;
}

/** Which grains get data, ascending, with some next to each other. */
function chosenGrains(total: number, { seed, grains }: SnapshotOptions): number[] {
  const random = seeded(seed);
  const chosen = new Set<number>([0, total - 1]);
  while (chosen.size < Math.min(grains, total)) {
    const at = Math.floor(random() * total);
    for (let i = 0; i < 1 + random() * 12 && at + i < total; i++) chosen.add(at + i);
  }
  return [...chosen].sort((a, b) => a - b);
}

const content = (bytes: number, grain: number): Buffer => Buffer.alloc(bytes, `grain ${grain}, `);

/** VMware, Virtual Disk Format 5.0: header of 4 sectors, directory, then tables and grains as they are needed. */
async function buildCowd(path: string, options: SnapshotOptions): Promise<void> {
  const sectors = options.size / SECTOR;
  const count = Math.ceil(sectors / 4096);
  const directory = Buffer.alloc(Math.ceil((count * 4) / SECTOR) * SECTOR);
  const tables = new Map<number, Buffer>();
  let free = 4 + directory.length / SECTOR;
  const file = await open(path, 'wx');
  for (const grain of chosenGrains(sectors, options)) {
    const number = Math.floor(grain / 4096);
    let table = tables.get(number);
    if (table === undefined) {
      tables.set(number, (table = Buffer.alloc(4096 * 4)));
      directory.writeUInt32LE(free, number * 4);
      free += 32;
    }
    table.writeUInt32LE(free, (grain % 4096) * 4);
    await file.write(content(SECTOR, grain), 0, SECTOR, free++ * SECTOR);
  }
  for (const [number, table] of tables)
    await file.write(table, 0, table.length, directory.readUInt32LE(number * 4) * SECTOR);
  const header = Buffer.alloc(2048);
  header.write('COWD', 0, 'latin1');
  for (const [index, value] of [1, 3, sectors, 1, 4, count, free].entries())
    header.writeUInt32LE(value, 4 + index * 4);
  await file.write(header, 0, 2048, 0);
  await file.write(directory, 0, directory.length, 2048);
  await file.truncate(free * SECTOR);
  await file.close();
}

/** As QEMU describes it in block/vmdk.c: tables of 32 KiB in one area, grains of 4 KiB in another. */
async function buildSeSparse(path: string, options: SnapshotOptions): Promise<void> {
  const total = Math.ceil(options.size / 4096);
  const count = Math.ceil(total / 4096);
  const directorySectors = Math.ceil((count * 8) / SECTOR);
  const [volatile, directoryAt] = [1, 8];
  const tablesAt = directoryAt + directorySectors + 5;
  const grainsAt = Math.ceil((tablesAt + count * 64) / 8) * 8;
  const directory = Buffer.alloc(directorySectors * SECTOR);
  const tables = new Map<number, Buffer>();
  const file = await open(path, 'wx');
  let grains = 0;
  for (const grain of chosenGrains(total, options)) {
    const number = Math.floor(grain / 4096);
    let table = tables.get(number);
    if (table === undefined) {
      tables.set(number, (table = Buffer.alloc(4096 * 8)));
      // Tables in an order of their own.
      directory.writeBigUInt64LE(0x1000000000000000n + BigInt(count - tables.size), number * 8);
      for (let i = 0; i < 4096; i += 97) table.writeBigUInt64LE(BigInt(1 + (i % 2)) << 60n, i * 8);
    }
    const index = BigInt(grains++);
    const entry = (3n << 60n) | ((index & 0xfffn) << 48n) | (index >> 12n);
    table.writeBigUInt64LE(entry, (grain % 4096) * 8);
    await file.write(content(4096, grain), 0, 4096, (grainsAt + Number(index) * 8) * SECTOR);
  }
  for (const [number, table] of tables) {
    const place = Number(directory.readBigUInt64LE(number * 8) & 0xffffffffn);
    await file.write(table, 0, table.length, (tablesAt + place * 64) * SECTOR);
  }
  const header = Buffer.alloc(SECTOR);
  const fields = [0xcafebabe, 0x200000001, options.size / SECTOR, 8, 64, 0];
  for (const [index, value] of fields.entries()) header.writeBigUInt64LE(BigInt(value), index * 8);
  for (const [at, value] of [
    [80, volatile],
    [88, 1],
    [128, directoryAt],
    [136, directorySectors],
    [144, tablesAt],
    [152, count * 64],
    [192, grainsAt],
    [200, grains * 8],
  ] as const)
    header.writeBigUInt64LE(BigInt(value), at);
  await file.write(header, 0, SECTOR, 0);
  const second = Buffer.alloc(SECTOR);
  second.writeBigUInt64LE(0xcafecafen, 0);
  await file.write(second, 0, SECTOR, volatile * SECTOR);
  await file.write(directory, 0, directory.length, directoryAt * SECTOR);
  await file.truncate((grainsAt + grains * 8) * SECTOR);
  await file.close();
}
