/** Disks with several systems, or none where one was asked for: the way out is an option that can be typed. */
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { smallServer } from '../../../support/small-server.ts';
import { scratchFolder } from '../../../support/tools.ts';
import { ironlift } from '../../../support/world.ts';

it('several systems, and a volume without one', async () => {
  const scratch = await scratchFolder();
  const first = await smallServer(join(scratch, 'first.img'));
  const second = join(scratch, 'second.img');
  await copyFile(first, second);
  const convert = ['convert', first, second, '--to', 'kvm', '--plan', '-o', join(scratch, 'out')];
  const several = await ironlift(convert);
  expect(several.status).toBe(3);
  expect(several.err).toContain('the name of its volume (--root disk0p1).');
  expect((await ironlift([...convert, '--root', 'disk0p1'])).status).toBe(0);
  const none = await ironlift([...convert, '--root', 'disk0p9']);
  expect(none.status).toBe(3);
  expect(none.err).toContain(
    'There is no operating system on disk0p9: the disks hold Debian GNU/Linux 12 (bookworm) (disk0p1), Debian GNU/Linux 12 (bookworm) (disk1p1).',
  );
});
