/**
 * Files as CompactOS packs them: wimlib packs, and its WIM holds the same chunks and table that WofCompressedData has. The
 * rest of such a file, a hole with a reparse point, is made through ntfs-3g.
 */
import { mkdir, open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../../support/tools.ts';
import { reparse, setReparse } from './fill.ts';

export interface Algorithm {
  number: number;
  name: string;
  chunk: number;
}

export const ALGORITHMS: readonly Algorithm[] = [
  { number: 0, name: 'XPRESS', chunk: 4096 },
  { number: 1, name: 'LZX', chunk: 32768 },
  { number: 2, name: 'XPRESS', chunk: 8192 },
  { number: 3, name: 'XPRESS', chunk: 16384 },
];

/** Packs contents of different lengths; those that do not become smaller are left out. */
async function pack(
  scratch: string,
  contents: readonly Buffer[],
  { name, chunk }: Algorithm,
): Promise<Map<number, Buffer>> {
  const from = join(scratch, 'pack');
  const wim = join(scratch, 'pack.wim');
  await rm(from, { recursive: true, force: true });
  await mkdir(from);
  for (const [i, content] of contents.entries()) await writeFile(join(from, String(i)), content);
  await rm(wim, { force: true });
  await run('wimcapture', [from, wim, `--compress=${name}`, `--chunk-size=${chunk}`, '--no-acls']);
  const packed = new Map<number, Buffer>();
  const bytes = await readFile(wim);
  for (const blob of (await run('wiminfo', ['--blobs', wim, '1'])).split('\n\n')) {
    const field = (what: string): number => Number(new RegExp(`${what} += (\\d+) bytes`).exec(blob)?.[1]);
    if (!/COMPRESSED/.test(blob) || /METADATA/.test(blob)) continue;
    const offset = field('Offset in WIM');
    packed.set(field('Uncompressed size'), bytes.subarray(offset, offset + field('Compressed size')));
  }
  return packed;
}

/** Puts packed files into a folder of a volume mounted with `streams_interface=windows`. Returns how many. */
export async function writeWof(
  scratch: string,
  folder: string,
  contents: readonly Buffer[],
  algorithm: Algorithm,
): Promise<number> {
  const packed = await pack(scratch, contents, algorithm);
  await mkdir(folder);
  for (const [i, content] of contents.entries()) {
    const chunks = packed.get(content.length);
    if (chunks === undefined) continue;
    const path = join(folder, `packed ${i}`);
    await (await open(path, 'w')).close();
    await truncate(path, content.length);
    await writeFile(`${path}:WofCompressedData`, chunks);
    const data = Buffer.alloc(16);
    data.writeUInt32LE(1, 0);
    data.writeUInt32LE(2, 4);
    data.writeUInt32LE(1, 8);
    data.writeUInt32LE(algorithm.number, 12);
    await setReparse(path, reparse(0x80000017, data));
  }
  return packed.size;
}
