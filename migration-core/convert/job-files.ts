/** What a job has written into its folder, for taking it away again: somebody may have put other files beside it. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { finalPath, isPartial } from '../image/partial.ts';
import type { ConversionPreview } from './convert.ts';
import type { ConversionPlan } from './plan.ts';
import { copyLogName } from './copy-log.ts';
import type { DiskProgress } from './job-record.ts';
import { JOURNAL_NAME } from './journal.ts';
import { LOCK_NAME } from './lock.ts';
import { MANIFEST_NAME } from './manifest.ts';

/** Names of what a finished machine has beside its images, but for the manifest. */
export const besideImages = ({ machine, target }: Pick<ConversionPlan, 'machine' | 'target'>): string[] => [
  'README.txt',
  ...target.configure(machine).map(({ name }) => name),
  ...(target.packaging === undefined ? [] : [target.packaging.fileName(machine)]),
];

/**
 * Takes away what the job wrote and nothing else.
 * @param disks what its journal says of each; without it, other files of images in several are known while they are partial
 */
export async function removeJobFiles(
  { plan, destination }: ConversionPreview,
  disks: readonly DiskProgress[],
): Promise<void> {
  const { folder } = destination;
  const { machine } = plan;
  const ours = new Set([
    JOURNAL_NAME,
    LOCK_NAME,
    MANIFEST_NAME,
    ...machine.disks.flatMap(({ file }, index) => [file, copyLogName(index)]),
    // The other files of images in several, where they had their final names already.
    ...disks.flatMap(({ copied }) => copied?.files.map(({ file }) => finalPath(file)) ?? []),
    ...besideImages(plan),
  ]);
  for (const name of await readdir(folder))
    if (ours.has(name) || isPartial(name)) await rm(join(folder, name), { force: true });
}
