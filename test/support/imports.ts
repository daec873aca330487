/** Imports a file as the program does, and keeps all of it in memory to be looked at. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImportOptions } from '../../migration-core/collect/collector.ts';
import { openInput } from '../../migration-core/collect/import/open-input.ts';
import { recogniseInput } from '../../migration-core/collect/import/recognise.ts';
import { importers } from '../../migration-core/collect/import/table.ts';
import type { CollectionProblem } from '../../migration-core/store/engagement.ts';
import { scratchFolder } from './tools.ts';

export interface Imported {
  importer: string;
  samples: number;
  /** By `server metric instance`. */
  series: Map<string, { times: number[]; values: number[]; interval: number }>;
  problems: CollectionProblem[];
  /** All problems in one text. */
  said: string;
}

export async function importPath(path: string, options: Partial<ImportOptions> = {}): Promise<Imported> {
  const input = await openInput(path);
  const importer = recogniseInput(input, importers);
  const found: Imported = { importer: importer.id, samples: 0, series: new Map(), problems: [], said: '' };
  for await (const item of importer.read(input, { now: () => 0, ...options })) {
    if (item.kind === 'problem') found.problems.push(item.problem);
    if (item.kind !== 'samples') continue;
    for (const { metric, instance, times, values, interval } of item.batches) {
      const key = `${item.server.fqdn ?? item.server.name} ${metric} ${instance}`.trim();
      let series = found.series.get(key);
      if (series === undefined) found.series.set(key, (series = { times: [], values: [], interval }));
      times.forEach((time, i) => {
        if (i > 0 && time <= times[i - 1]!) throw new Error(`${key}: times of a batch do not ascend`);
        series.times.push(time);
        series.values.push(values[i]!);
      });
      found.samples += times.length;
    }
  }
  found.said = found.problems.map(({ at, message }) => `${at}: ${message}`).join('\n');
  return found;
}

/** The same of a text or bytes, in a file of that name. */
export async function importText(
  name: string,
  contents: string | Uint8Array,
  options: Partial<ImportOptions> = {},
): Promise<Imported> {
  const path = join(await scratchFolder(), name);
  await writeFile(path, contents);
  return importPath(path, options);
}

export const at = (text: string): number => Date.parse(text);
