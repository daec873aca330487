/** Inputs for importers from texts and files, and what comes out. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import type { CollectedItem, ImportInput } from '../../../../../migration-core/collect/collector.ts';
import { importers } from '../../../../../migration-core/collect/import/table.ts';
import {
  serverInventory,
  type ServerInventory,
} from '../../../../../migration-core/store/model/inventory.ts';

/** In pieces of `piece` bytes: readers must not care where they are cut. */
export function textInput(name: string, content: string | Uint8Array, piece = 4096): ImportInput {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return {
    path: `/tmp/${name}`,
    name,
    isFolder: false,
    size: bytes.length,
    head: bytes.subarray(0, 64 << 10),
    entries: [],
    async *read() {
      for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
    },
  };
}

export function folderInput(path: string): ImportInput {
  const entries = readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(path, join(entry.parentPath, entry.name)))
    .sort();
  return {
    path,
    name: basename(path),
    isFolder: true,
    size: entries.reduce((total, entry) => total + statSync(join(path, entry)).size, 0),
    head: new Uint8Array(),
    entries,
    async *read(entry) {
      yield readFileSync(join(path, entry!));
    },
  };
}

export const NOW = Date.UTC(2026, 10, 25);

export interface Imported {
  importer: string;
  inventory: ServerInventory;
  problems: string[];
}

/** By the surest importer of the table, as the program does it. */
export async function importFrom(input: ImportInput, serverName?: string): Promise<Imported> {
  const sure = importers.map((importer): number => importer.recognise(input));
  const best = Math.max(...sure);
  if (best === 0) throw new Error(`No importer knows ${input.name}.`);
  const importer = importers[sure.indexOf(best)]!;
  const items: CollectedItem[] = [];
  for await (const item of importer.read(input, { now: () => NOW, serverName })) items.push(item);
  const inventories = items.filter((item) => item.kind === 'inventory');
  if (inventories.length > 1) throw new Error('More than one inventory.');
  return {
    importer: importer.id,
    inventory: serverInventory.parse(inventories[0]?.inventory ?? { identity: { name: '' } }),
    problems: items.filter((item) => item.kind === 'problem').map(({ problem }) => problem.message),
  };
}
