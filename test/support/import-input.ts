/** Inputs for importers, out of memory or from the disk, and what an importer made of one. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import type {
  CollectedItem,
  Importer,
  ImportInput,
  ImportOptions,
} from '../../migration-core/collect/collector.ts';
import type { CollectionProblem } from '../../migration-core/store/engagement.ts';
import type { ServerInventory } from '../../migration-core/store/model/inventory.ts';
import type { SampleBatch } from '../../migration-core/store/model/samples.ts';

const bytesOf = (content: string | Uint8Array): Uint8Array =>
  typeof content === 'string' ? Buffer.from(content) : content;

/** Pieces of an odd size, so that characters and lines are cut where they may be. */
async function* pieces(bytes: Uint8Array, size = 4099): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export function fileInput(name: string, content: string | Uint8Array): ImportInput {
  const bytes = bytesOf(content);
  return {
    path: `/imported/${name}`,
    name,
    isFolder: false,
    size: bytes.length,
    head: bytes.subarray(0, 65_536),
    entries: [],
    read: () => pieces(bytes),
  };
}

export function folderInput(name: string, files: Record<string, string | Uint8Array>): ImportInput {
  const contents = new Map(Object.entries(files).map(([entry, content]) => [entry, bytesOf(content)]));
  return {
    path: `/imported/${name}`,
    name,
    isFolder: true,
    size: [...contents.values()].reduce((sum, bytes) => sum + bytes.length, 0),
    head: new Uint8Array(0),
    entries: [...contents.keys()],
    read: (entry) => pieces(contents.get(entry ?? '')!),
  };
}

export function inputFromDisk(path: string): ImportInput {
  const name = basename(path);
  if (statSync(path).isFile()) return fileInput(name, readFileSync(path));
  const files = readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((entry) =>
    statSync(join(path, entry)).isFile(),
  );
  return folderInput(
    name,
    Object.fromEntries(files.map((entry) => [entry, readFileSync(join(path, entry))])),
  );
}

export interface Imported {
  inventories: ServerInventory[];
  observedAt: number[];
  samples: { server: string; batches: SampleBatch[] }[];
  problems: CollectionProblem[];
}

export const NOW = Date.UTC(2026, 10, 25);

export async function imported(
  importer: Importer,
  input: ImportInput,
  options: Partial<ImportOptions> = {},
): Promise<Imported> {
  const result: Imported = { inventories: [], observedAt: [], samples: [], problems: [] };
  for await (const item of importer.read(input, { now: () => NOW, ...options })) sort(item, result);
  return result;
}

function sort(item: CollectedItem, into: Imported): void {
  if (item.kind === 'inventory') {
    into.inventories.push(item.inventory);
    into.observedAt.push(item.observedAt);
  } else if (item.kind === 'samples') into.samples.push({ server: item.server.name, batches: item.batches });
  else if (item.kind === 'problem') into.problems.push(item.problem);
}

export interface ZipFile {
  name: string;
  content: string | Uint8Array;
  /** What is written instead of the true values, to lie. */
  lies?: { size?: number; crc?: number; method?: number; flags?: number };
}

/** A .zip file as PKWARE's APPNOTE has it. */
export function zipOf(files: ZipFile[]): Buffer {
  const local: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content, lies } of files) {
    const bytes = bytesOf(content);
    const packed = deflateRawSync(bytes);
    const nameBytes = Buffer.from(name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(lies?.flags ?? 0x800, 2);
    common.writeUInt16LE(lies?.method ?? 8, 4);
    common.writeUInt32LE(lies?.crc ?? crc32(bytes), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(lies?.size ?? bytes.length, 18);
    common.writeUInt16LE(nameBytes.length, 22);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    common.copy(entry, 6);
    entry.writeUInt32LE(offset, 42);
    directory.push(entry, nameBytes);
    const header = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, nameBytes, packed]);
    local.push(header);
    offset += header.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...local, listed, end]);
}
