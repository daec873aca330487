/** A disk with 4096-byte sectors: its partition table means nothing on a virtual disk, whose sectors have 512. */
import { copyFile, open, readdir, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { smallServer } from '../../support/small-server.ts';
import { needTools, run, scratchFolder } from '../../support/tools.ts';
import { ironlift } from '../../support/world.ts';
import { withLoop } from '../volume/disk-file.ts';

const MIB = 1 << 20;
const SENTENCE =
  'disk0: The disk has sectors of 4096 bytes and virtual disks have 512, so the virtual machine would not find its partitions.';

/** The small server with its one partition in the same place, in a table that counts sectors of 4096 bytes. */
async function bigSectors(folder: string): Promise<string> {
  const path = await smallServer(join(folder, 'disk.img'), { table: 'gpt' });
  const disk = await open(path, 'r+');
  // Both copies of the table that counts in 512 bytes.
  await disk.write(new Uint8Array(MIB), 0, MIB, 0);
  await disk.write(new Uint8Array(MIB), 0, MIB, 191 * MIB);
  await disk.close();
  await truncate(path, 192 * MIB);
  await withLoop(path, 4096, (device) =>
    run('sfdisk', ['--no-reread', '--no-tell-kernel', '-q', device], {
      input: `label: gpt\nstart=256, size=${(190 * MIB) / 4096}, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4\n`,
    }),
  );
  return path;
}

it('is refused before anything is written, by every platform and by inspect', async () => {
  needTools('losetup', 'sfdisk');
  const scratch = await scratchFolder();
  const disk = await bigSectors(scratch);
  const packed = join(scratch, 'disk.qcow2');
  await run('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', disk, packed]);
  const seen = await ironlift(['inspect', disk]);
  expect(seen.status).toBe(3);
  expect(seen.out.replace(/\s+/gu, ' ')).toContain(SENTENCE);
  const out = join(scratch, 'out');
  for (const [source, target] of [
    [disk, 'kvm'],
    [packed, 'hyperv'],
    [disk, 'vmware-esxi'],
  ] as const) {
    const done = await ironlift(['convert', source, '--to', target, '-o', out]);
    expect(done.status).toBe(3);
    expect(done.err).toContain(`Error: ${SENTENCE}`);
    expect(done.err).toContain('What to do: Restore a backup of the server');
    expect(done.err).not.toContain('virtual disk must have');
  }
  expect((await readdir(scratch)).sort()).toEqual(['disk.img', 'disk.qcow2']);
});

it('is copied without changes where that is asked for, with a warning', async () => {
  needTools('losetup', 'sfdisk');
  const scratch = await scratchFolder();
  const disk = await bigSectors(scratch);
  const before = join(scratch, 'before.img');
  await copyFile(disk, before);
  const out = join(scratch, 'out');
  const done = await ironlift(['convert', disk, '--to', 'kvm', '--no-fix', '--whole-disk', '-o', out]);
  expect(done.status).toBe(0);
  expect(done.out.replace(/\s+/gu, ' ')).toContain(`warning: ${SENTENCE}`);
  const [image] = (await readdir(out)).filter((name) => name.endsWith('.qcow2'));
  await run('qemu-img', ['compare', '-f', 'raw', '-F', 'qcow2', before, join(out, image!)]);
});
