/**
 * Imports a file and keeps nothing: FILE NUMBER fails where it is not that number of samples or anything was not
 * understood; FILE --count prints the number and the peak of memory in bytes as JSON.
 */
import { openInput } from '../../migration-core/collect/import/open-input.ts';
import { recogniseInput } from '../../migration-core/collect/import/recognise.ts';
import { importers } from '../../migration-core/collect/import/table.ts';

const [path, expected] = process.argv.slice(2);
const input = await openInput(path!);
let samples = 0;
for await (const item of recogniseInput(input, importers).read(input, { now: Date.now })) {
  if (item.kind === 'samples') for (const { times } of item.batches) samples += times.length;
  if (item.kind === 'problem' && expected !== '--count') throw new Error(item.problem.message);
}
if (expected === '--count')
  console.log(JSON.stringify({ samples, peak: process.resourceUsage().maxRSS * 1024 }));
else if (samples !== Number(expected)) throw new Error(`${samples} samples instead of ${expected!}`);
