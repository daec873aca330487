/** Hives written by hivexregedit: made whole, or with a few values changed. */
import { writeFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exportValue } from '../../../../../migration-core/registry/export-text.ts';
import { dword, text, texts, type TypedData } from '../../../../../migration-core/registry/types.ts';
import { run, scratchFolder } from '../../../../support/tools.ts';
import type { Data, Keys } from '../../../../support/windows/hive-of.ts';
import { emptyHive } from '../../../registry/build-hive.ts';

/** `tables` as for `hiveOf`; `CCS` stands for the control sets that the first of them names. */
export const hivexHive = (...tables: readonly Keys[]): Promise<Buffer<ArrayBuffer>> =>
  hivexMerge(emptyHive(), ...tables);

export async function hivexMerge(hive: Uint8Array, ...tables: readonly Keys[]): Promise<Buffer<ArrayBuffer>> {
  const sets = tables.flatMap((table) =>
    Object.keys(table).filter((path) => /^ControlSet\d{3}$/u.test(path)),
  );
  const lines = ['Windows Registry Editor Version 5.00', ''];
  const made = new Set<string>();
  const declare = (path: string): void => {
    const names = path.split('\\');
    for (let depth = 1; depth <= names.length; depth++) {
      const parent = names.slice(0, depth).join('\\');
      if (depth < names.length && made.has(parent)) continue;
      made.add(parent);
      lines.push('', `[\\${parent}]`);
    }
  };
  for (const table of tables)
    for (const [path, values] of Object.entries(table)) {
      const paths = path.startsWith('CCS\\') ? sets.map((set) => `${set}${path.slice(3)}`) : [path];
      for (const full of paths) {
        if (values === null) throw new Error('taking keys away is not needed here');
        declare(full);
        for (const [name, data] of Object.entries(values)) if (data !== null) lines.push(lineOf(name, data));
      }
    }
  const folder = await scratchFolder();
  const [path, changes] = [join(folder, 'hive'), join(folder, 'changes.reg')];
  writeFileSync(path, hive);
  writeFileSync(changes, `${lines.join('\n')}\n`);
  await run('hivexregedit', ['--merge', path, changes]);
  return readFileSync(path);
}

function lineOf(name: string, data: Exclude<Data, null>): string {
  const [type, bytes] = typed(data);
  return exportValue({ name, type, data: bytes });
}

function typed(data: Exclude<Data, null>): TypedData {
  if (typeof data === 'string') return text(data);
  if (typeof data === 'number') return dword(data);
  return data[1] instanceof Uint8Array ? (data as TypedData) : texts(data as readonly string[]);
}
