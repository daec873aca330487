/** The sample in one click: made, opened, and shown. */
import { CallFailed } from '../../../migration-core/contract/client.ts';
import type { SessionState } from '../../state/session.svelte.ts';

/** @throws CallFailed with the reason why it was not made */
export async function openSample(session: SessionState): Promise<void> {
  const { job } = await session.client.call('engagement.sample', {});
  const over = await session.jobOver(job);
  if (over.state !== 'done')
    throw new CallFailed(
      over.error ?? {
        code: 'CANCELLED',
        message: 'The sample was not made: it was cancelled.',
        next: 'Start it again when you want it.',
        data: {},
      },
    );
  session.engagement = await session.client.call('engagement.current', {});
}
