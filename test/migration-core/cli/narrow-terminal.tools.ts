/** A terminal of 80 columns, as a console of a server has it. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCommandLine } from '../../../migration-core/cli/main.ts';
import { smallServer } from '../../support/small-server.ts';
import { scratchFolder } from '../../support/tools.ts';

it('plan and result of a conversion break no line in the middle of a word', async () => {
  const scratch = await scratchFolder();
  const disk = await smallServer(join(scratch, 'disk.img'));
  const folder = join(scratch, 'out');
  for (const more of [['--plan'], []]) {
    let out = '';
    const status = await runCommandLine(['convert', disk, '--to', 'kvm', '-o', folder, ...more], {
      out: (text) => void (out += text),
      err: () => undefined,
      interactive: true,
      columns: 80,
      tableColumns: 80,
      now: () => Date.now(),
      signal: new AbortController().signal,
      environment: {},
      ask: async () => null,
    });
    expect(status).toBe(0);
    // A path is one word however long it is.
    const lines = out.split('\n').filter((line) => !line.includes(folder));
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(out).toContain('disk.img, 192 MiB');
    expect(out).toMatch(/192 MiB ->\s+web01-disk0\.qcow2,\s+192 MiB,\s+virtio-blk/u);
  }
});
