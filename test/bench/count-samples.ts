/** Imports a file, keeps nothing, and fails where the number of samples is not the one expected: FILE NUMBER. */
import { openInput } from '../../migration-core/collect/import/open-input.ts';
import { recogniseInput } from '../../migration-core/collect/import/recognise.ts';
import { importers } from '../../migration-core/collect/import/table.ts';

const [path, expected] = process.argv.slice(2);
const input = await openInput(path!);
let samples = 0;
for await (const item of recogniseInput(input, importers).read(input, { now: Date.now })) {
  if (item.kind === 'samples') for (const { times } of item.batches) samples += times.length;
  if (item.kind === 'problem') throw new Error(item.problem.message);
}
if (samples !== Number(expected)) throw new Error(`${samples} samples instead of ${expected!}`);
