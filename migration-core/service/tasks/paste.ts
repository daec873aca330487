/** Lists of servers that were pasted: looked at, and imported as the file that they could have been. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ListField } from '../../collect/import/inventory/list-fields.ts';
import { lookAtPasted, pastedAsCsv, type PastedList } from '../../collect/import/inventory/pasted-list.ts';
import { importTask, type ImportTaskOutput } from './import.ts';
import type { Task } from './table.ts';

export const lookAtPastedTask: Task<{ text: string }, PastedList> = {
  run: async ({ text }) => lookAtPasted(text),
};

export interface PastedInput {
  engagement: string;
  text: string;
  fields: (ListField | null)[];
}

export const importPastedTask: Task<PastedInput, ImportTaskOutput> = {
  async run({ engagement, text, fields }, world) {
    const csv = pastedAsCsv(text, fields);
    const folder = await mkdtemp(join(tmpdir(), 'ironlift-pasted-'));
    try {
      // Its name is what the list of sources shows.
      const path = join(folder, `Pasted list ${new Date(world.now()).toISOString().slice(0, 10)}.csv`);
      await writeFile(path, csv, { mode: 0o600 });
      return await importTask.run({ engagement, paths: [path] }, world);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};
