/**
 * Appends to an engagement file until it is killed, and says after each transaction what is in the file now:
 *
 *   node killed-writer.ts PATH          numbers of transactions, one a line
 *   node killed-writer.ts PATH migrate  brings the file to the version after the newest, and says so
 *
 * Transaction n puts sample n of three series, a problem, an owner n, a document of moment n and a demand profile n into
 * the file, so that a half one can be told.
 */
import { writeSync } from 'node:fs';
import { openEngagement } from '../../../migration-core/store/open.ts';
import { nextVersion } from './next-version.ts';

const [path, what] = process.argv.slice(2);
const say = (text: string): void => void writeSync(1, `${text}\n`);
const now = (): number => 0;

if (what === 'migrate') {
  say('start');
  openEngagement(path!, { now, migrations: nextVersion }).close();
  say('migrated');
} else {
  const file = openEngagement(path!, { now });
  if (file.readOnly) throw new Error('The lock of a killed writer is still held.');
  const { id } = file.server({ name: 'server', macs: [] }, 0);
  const collection = file.beginCollection({ collector: 'test', source: 'test', digest: null, startedAt: 0 });
  let n = file.series(id).find(({ instance }) => instance === 'c')?.samples ?? 0;
  for (;;) {
    n++;
    file.transaction(() => {
      for (const instance of ['a', 'b', 'c'])
        file.appendSamples(id, {
          metric: 'disk.readBytes',
          instance,
          times: Float64Array.of(n * 1000),
          values: Float64Array.of(n * 7),
          interval: 1,
        });
      file.putAnnotations(id, { owner: `Owner ${n}` });
      file.putDocument('scenario', 'plan', { n }, null, n);
      file.putDemandProfile(id, Buffer.from(`${n}`));
      file.addProblems(collection, [{ at: n, unit: 'line', message: `Transaction ${n}.` }]);
    });
    say(`${n}`);
  }
}
