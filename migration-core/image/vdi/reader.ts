/** Reads VDI, dynamic and static, of versions 0 and 1. */
import { formatBytes } from '../../base/text.ts';
import type { DiskImage } from '../image.ts';
import { mappedSource, tableCache, type UnitRun } from '../mapped.ts';
import { damaged, openReadFile, type ReadFile } from '../read-file.ts';
import { blockOffset, entryOffset, mapChecker, mapPieces, readVdiHeader, type VdiHeader } from './header.ts';
import { NO_BLOCK } from './layout.ts';

/** @throws IMAGE_DAMAGED, IMAGE_NOT_SUPPORTED, IMAGE_HAS_BACKING, READ_FAILED, NOT_FOUND */
export async function openVdi(path: string): Promise<DiskImage> {
  const file = await openReadFile(path);
  try {
    const header = readVdiHeader(file);
    await checkMap(file, header);
    return mappedSource({
      file,
      size: header.size,
      unit: header.blockSize,
      facts: {
        format: 'vdi',
        subformat: header.type,
        contentId: header.createId,
        files: [path],
        parent: null,
        details: { Version: header.version, 'Block size': formatBytes(header.blockSize) },
      },
      run: blockLookup(file, header),
    });
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function checkMap(file: ReadFile, header: VdiHeader): Promise<void> {
  const faultOf = mapChecker(file, header);
  for await (const { first, entries } of mapPieces(file, header)) {
    // Of 64 TiB most is free: 256 MiB that say so.
    if (areFree(entries)) continue;
    for (let i = 0; i < entries.length; i++) {
      const fault = faultOf(first + i, entries[i]!);
      if (fault !== null)
        throw damaged(file.path, fault, { block: first + i, offset: entryOffset(header, first + i) });
    }
  }
}

const FREE = Buffer.alloc(1 << 20, 0xff);

/** Whether all entries, at most a piece of them, are those of free blocks. */
function areFree(entries: Uint32Array): boolean {
  const { buffer, byteOffset, byteLength } = entries;
  return (
    entries[0] === 0xffffffff &&
    FREE.compare(new Uint8Array(buffer, byteOffset, byteLength), 0, byteLength, 0, byteLength) === 0
  );
}

/** Bytes of the map that are read at once. */
const PIECE = 4096;
const ENTRIES = PIECE / 4;

function blockLookup(file: ReadFile, header: VdiHeader): (index: number, count: number) => UnitRun {
  const pieceAt = tableCache(file, PIECE);
  return (index, count) => {
    const first = index % ENTRIES;
    const piece = pieceAt(header.mapOffset + (index - first) * 4);
    const most = Math.min(count, ENTRIES - first);
    const entry = piece.getUint32(first * 4, true);
    let run = 1;
    if (entry >= NO_BLOCK) {
      // Free or zero: without a parent both read as zeros.
      while (run < most && piece.getUint32((first + run) * 4, true) >= NO_BLOCK) run++;
      return { kind: 'zero', count: run };
    }
    // With bytes in front of each, no two blocks touch.
    while (header.blockExtra === 0 && run < most && piece.getUint32((first + run) * 4, true) === entry + run)
      run++;
    return { kind: 'plain', count: run, offset: blockOffset(header, entry) };
  };
}
