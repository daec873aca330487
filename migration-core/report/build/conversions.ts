/** What was converted: hashes, changes to the guests, tests, who accepted it. */
import { plural } from '../../base/text.ts';
import { targetById } from '../../target/table.ts';
import type { Section } from '../model.ts';
import { ALL, column, SERVERS, tableOf, type Chapter } from './section.ts';

const VERDICTS = { booted: 'boots', failed: 'does not boot', unclear: 'not clear' } as const;

export const conversions: Chapter = ({ conversions: records }): Section | null => {
  const done = records.filter(({ finished }) => finished !== null);
  if (records.length === 0) return null;
  const tested = done.filter(({ bootTest }) => bootTest?.status === 'booted').length;
  const inRegistry = done.reduce(
    (sum, { finished }) => sum + finished!.changes.filter(({ action }) => action === 'registry').length,
    0,
  );
  return {
    id: 'conversions',
    title: 'Conversions',
    audiences: ALL,
    lead: `${plural(done.length, 'server')} converted, ${tested} of them seen to boot, ${done.filter(({ accepted }) => accepted !== null).length} accepted.`,
    blocks: [
      tableOf({
        id: 'conversions',
        title: 'Converted servers',
        columns: [
          column('machine', 'Machine', 'text', { width: 2, secret: 'server' }),
          column('system', 'Operating system', 'text', { width: 2 }),
          column('target', 'Platform', 'text', { width: 2 }),
          column('state', 'State', 'status', { tones: { finished: 'good', 'not finished': 'conditions' } }),
          column('verified', 'Read again', 'status', { tones: { equal: 'good', 'not done': 'conditions' } }),
          column('boot', 'Test', 'status', {
            tones: {
              boots: 'good',
              'does not boot': 'stop',
              'not clear': 'conditions',
              'not tested': 'plain',
            },
          }),
          column('copied', 'Copied', 'bytes', { total: true }),
          column('skipped', 'Not needed', 'bytes', { total: true }),
          column('changes', 'Changes', 'count', { total: true }),
          column('seconds', 'Took', 'seconds', { total: true }),
          column('accepted', 'Accepted by', 'text', { secret: 'person' }),
          column('accepted-at', 'On', 'time'),
        ],
        rows: records.map(({ name, target, finished, bootTest, accepted }) => [
          name,
          finished?.guest ?? null,
          targetById(target)?.name ?? target,
          finished === null ? 'not finished' : 'finished',
          finished === null ? null : finished.disks.every(({ verified }) => verified) ? 'equal' : 'not done',
          bootTest === null ? 'not tested' : VERDICTS[bootTest.status],
          finished?.disks.reduce((sum, { dataBytes }) => sum + dataBytes, 0) ?? null,
          finished?.disks.reduce((sum, { skippedBytes }) => sum + skippedBytes, 0) ?? null,
          finished?.changes.length ?? null,
          finished?.seconds ?? null,
          accepted?.by ?? null,
          accepted?.at ?? null,
        ]),
        empty: 'Nothing was converted.',
      }),
    ],
    sections: [
      {
        id: 'images',
        title: 'Disks and their checksums',
        audiences: SERVERS,
        lead: 'The digest of the contents is the same whatever the format: it is of the virtual disk, the SHA-256 is of the file.',
        blocks: [
          tableOf({
            id: 'images',
            title: 'Disks',
            columns: [
              column('machine', 'Machine', 'text', { secret: 'server' }),
              column('source', 'Source', 'text', { width: 2, secret: 'path' }),
              column('file', 'File', 'text', { width: 2, secret: 'path' }),
              column('bytes', 'Disk', 'bytes'),
              column('sha256', 'SHA-256', 'text', { width: 4 }),
              column('contents', 'Contents', 'text', { width: 4 }),
            ],
            rows: done.flatMap(({ name, finished }) =>
              finished!.disks.map(({ source, file, sourceBytes, sha256, contentDigest }) => [
                name,
                source,
                file,
                sourceBytes,
                sha256,
                contentDigest,
              ]),
            ),
            empty: 'Nothing was converted.',
          }),
        ],
        sections: [],
      },
      {
        id: 'changes',
        title: 'Changes to the systems',
        audiences: SERVERS,
        lead: `Every change was made on the copy, has a reason, and can be taken back.${inRegistry === 0 ? '' : ` ${plural(inRegistry, 'change is one', 'changes are ones')} of the registry of Windows: that is put back byte for byte, or value for value where Windows wrote to it since.`}`,
        blocks: [
          tableOf({
            id: 'changes',
            title: 'Changes',
            columns: [
              column('machine', 'Machine', 'text', { secret: 'server' }),
              column('what', 'What', 'text', { width: 4 }),
              column('why', 'Why', 'text', { width: 4 }),
              column('path', 'Where', 'text', { width: 2 }),
              column('undo', 'How it is taken back', 'text', { width: 2 }),
            ],
            rows: done.flatMap(({ name, finished }) =>
              finished!.changes.map(({ what, why, path, undo }) => [name, what, why, path, undo ?? null]),
            ),
            empty: 'Nothing was changed.',
          }),
        ],
        sections: [],
      },
    ],
  };
};
