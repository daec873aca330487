/** What the commands that read an engagement have in common. */
import { basename } from 'node:path';
import { isIronliftError } from '../../../base/errors.ts';
import type { EngagementFile } from '../../../store/engagement.ts';
import { ENGAGEMENT_HELP } from '../collect/options.ts';
import type { World } from '../../world.ts';

export const READ_ENGAGEMENT_HELP = ENGAGEMENT_HELP.replace(
  '; made where there\n                       is none',
  '',
);

/** Opens it to read only; one of an older version is brought to the newest before, and that is told. */
export async function openToRead(path: string, world: World): Promise<EngagementFile> {
  const { openEngagement } = await import('../../../store/open.ts');
  try {
    return openEngagement(path, { readOnly: true, now: world.now });
  } catch (error) {
    if (!isIronliftError(error) || error.data['olderVersion'] === undefined) throw error;
    const copy = openEngagement(path, { now: world.now });
    world.err(
      `${basename(path)} was of an older version and was brought to the newest; a copy of it as it was is beside it.\n`,
    );
    return copy;
  }
}
