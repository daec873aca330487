/** The image commands on a disk that lies in a package: it is named by the package, and the package is looked at too. */
import { copyFile, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ImageCheckResult, ImageInfo } from '../../../../migration-core/convert/image/look.ts';
import { smallServer } from '../../../support/small-server.ts';
import { run, scratchFolder } from '../../../support/tools.ts';
import { ironlift } from '../../../support/world.ts';

it('a disk in an OVA: what it is, whether it is sound, as another format, and the same disk', async () => {
  const folder = await scratchFolder();
  const disk = await smallServer(join(folder, 'disk.img'));
  const made = await ironlift(['convert', disk, '--to', 'ova', '--no-fix', '-o', join(folder, 'vm')]);
  expect(made.status, made.err).toBe(0);
  const ova = join(folder, 'vm', 'web01.ova');

  const info = await ironlift(['image', 'info', ova, '--json']);
  const { images } = JSON.parse(info.out) as { images: ImageInfo[] };
  expect(images[0]).toMatchObject({
    format: 'vmdk',
    subformat: 'streamOptimized',
    files: [{ path: ova, bytes: (await stat(ova)).size }],
  });
  expect((await ironlift(['image', 'compare', ova, disk])).status).toBe(0);

  const vhd = join(folder, 'disk.vhd');
  expect((await ironlift(['image', 'convert', ova, vhd])).status).toBe(0);
  await run('qemu-img', ['compare', '-f', 'raw', '-F', 'vpc', disk, vhd]);

  const sound = await ironlift(['image', 'check', ova]);
  expect(sound.status, sound.out).toBe(0);
  // One byte that every reader takes for a comment: only the manifest knows.
  const changed = join(folder, 'changed.ova');
  await copyFile(ova, changed);
  const file = await open(changed, 'r+');
  const whole = await file.readFile();
  const at = whole.indexOf('# Disk DescriptorFile');
  expect(at).toBeGreaterThan(0);
  await file.write('E', at + '# Disk DescriptorFil'.length, 'latin1');
  await file.close();
  const check = await ironlift(['image', 'check', changed, '--json']);
  expect(check.status).toBe(1);
  const { images: checked } = JSON.parse(check.out) as { images: ImageCheckResult[] };
  expect(JSON.stringify(checked)).toContain('the manifest says');
});
