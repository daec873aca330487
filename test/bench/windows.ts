/** A Windows volume with 100,000 files and a SYSTEM hive of 20 MB: inspected, prepared and taken back (windows-part.ts). */
import { existsSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { windowsDisk } from '../support/windows-disk.ts';
import { CACHE } from './disk.ts';
import { measure, type Cost } from './measure.ts';

const FOLDERS = 500;
const FILES = 200;
/** Values of 4 KiB in the hive. */
const VALUES = 4700;

export async function preparations(rounds: number): Promise<Cost[]> {
  const disk = await windowsWith100000Files();
  const costs: Cost[] = [];
  // The first one brings the disk into memory.
  for (let round = 0; round <= rounds; round++) {
    const cost = await measure(process.execPath, [join(import.meta.dirname, 'windows-part.ts'), disk]);
    if (round > 0) costs.push(cost);
  }
  return costs;
}

async function windowsWith100000Files(): Promise<string> {
  const path = join(CACHE, 'windows-100000-files.img');
  if (existsSync(path)) return path;
  await mkdir(CACHE, { recursive: true });
  const values = Object.fromEntries(
    Array.from({ length: VALUES }, (_, index) => [`Value ${index}`, `${index} `.padEnd(2040, 'settings ')]),
  );
  await windowsDisk(
    `${path}.building`,
    { version: '2019', mib: 1000, system: { 'ControlSet001\\Control\\Large': values } },
    async (mount) => {
      for (let folder = 0; folder < FOLDERS; folder++) {
        const at = join(mount, 'Program Files', `Product ${folder}`);
        await mkdir(at, { recursive: true });
        for (let file = 0; file < FILES; file++)
          await writeFile(join(at, `component-${file}.dll`), `file ${folder}/${file}`);
      }
    },
  );
  await rename(`${path}.building`, path);
  return path;
}
