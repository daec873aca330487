/** What `--force` empties must not hold any file that the conversion reads, whatever image leads there. */
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sha256 } from '../../support/hash.ts';
import { smallServer } from '../../support/small-server.ts';
import { run, scratchFolder, tryRun } from '../../support/tools.ts';
import { ironlift } from '../../support/world.ts';
import { vhdBytes } from '../image/vhd-bytes.ts';

const MIB = 64;

interface Place {
  /** A folder with the folder `out` in it, which holds a conversion. */
  scratch: string;
  out: string;
  /** A disk with a system, beside `out`. */
  disk: string;
}

async function place(): Promise<Place> {
  const scratch = await scratchFolder();
  const out = join(scratch, 'out');
  await mkdir(out);
  await writeFile(join(out, 'ironlift.json'), '{}');
  return { scratch, out, disk: await smallServer(join(scratch, 'disk.img'), { sizeMiB: MIB }) };
}

const toFormat = (disk: string, format: string, to: string, options: string[] = []): Promise<string> =>
  run('qemu-img', ['convert', '-O', format, ...options, disk, to]);
const onTop = (scratch: string, format: string, backing: string, child: string): Promise<string> =>
  run('qemu-img', ['create', '-q', '-f', format, '-b', backing, '-F', format, join(scratch, child)]);

async function digests(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).sort();
  return Promise.all(names.map(async (name) => `${name} ${await sha256(join(folder, name))}`));
}

/** Converted once with the folder in the way, and once into another, to see that nothing else is wrong with it. */
async function expectRefused({ scratch, out }: Place, source: string, lost: string): Promise<void> {
  const before = await digests(out);
  const refused = await ironlift(['convert', source, '--to', 'kvm', '-o', out, '--force']);
  expect(refused.err).toContain(
    `${lost} is read for this conversion and lies in the folder ${out}, whose contents it would replace.`,
  );
  expect(refused.err).toContain('Choose another folder with -o; nothing was written.');
  expect(refused.status).toBe(3);
  expect(await digests(out)).toEqual(before);
  const other = await ironlift(['convert', source, '--to', 'kvm', '-o', join(scratch, 'other'), '--plan']);
  expect(other.status, other.err + other.out).toBe(0);
}

describe('a folder is not emptied in which lies', () => {
  it('a backing file, two images behind the one that was named', async () => {
    const at = await place();
    const { scratch, out, disk } = at;
    await toFormat(disk, 'qcow2', join(out, 'base.qcow2'));
    await onTop(scratch, 'qcow2', 'out/base.qcow2', 'middle.qcow2');
    await onTop(scratch, 'qcow2', 'middle.qcow2', 'child.qcow2');
    await expectRefused(at, join(scratch, 'child.qcow2'), join(out, 'base.qcow2'));
  });

  it('a backing file that a link leads to, or the link itself', async () => {
    const at = await place();
    const { scratch, out, disk } = at;
    await toFormat(disk, 'qcow2', join(out, 'base.qcow2'));
    await symlink('out', join(scratch, 'elsewhere'));
    await onTop(scratch, 'qcow2', 'elsewhere/base.qcow2', 'child.qcow2');
    await expectRefused(at, join(scratch, 'child.qcow2'), join(scratch, 'elsewhere', 'base.qcow2'));
    await rm(join(out, 'base.qcow2'));
    await toFormat(disk, 'qcow2', join(scratch, 'real.qcow2'));
    await symlink('../real.qcow2', join(out, 'base.qcow2'));
    await expectRefused(at, join(scratch, 'child.qcow2'), join(scratch, 'elsewhere', 'base.qcow2'));
  });

  it('the data file of a backing file', async () => {
    const at = await place();
    const { scratch, out, disk } = at;
    const data = join(out, 'base.raw');
    await toFormat(disk, 'qcow2', join(scratch, 'base.qcow2'), ['-o', `data_file=${data}`]);
    await onTop(scratch, 'qcow2', 'base.qcow2', 'child.qcow2');
    await expectRefused(at, join(scratch, 'child.qcow2'), data);
  });

  it('the base of a VMware snapshot, with its extent', async () => {
    const at = await place();
    const { scratch, out, disk } = at;
    await toFormat(disk, 'vmdk', join(out, 'base.vmdk'), ['-o', 'subformat=monolithicFlat']);
    await onTop(scratch, 'vmdk', 'out/base.vmdk', 'snapshot.vmdk');
    await expectRefused(at, join(scratch, 'snapshot.vmdk'), join(out, 'base.vmdk'));
  });

  it('the parent of a differencing VHD', async () => {
    const at = await place();
    const { scratch, out, disk } = at;
    const base = join(out, 'base.vhd');
    await toFormat(disk, 'vpc', base, ['-o', 'subformat=dynamic,force_size=on']);
    const parentId = (await readFile(base)).subarray(68, 84).toString('hex');
    const child = join(scratch, 'child.vhd');
    await writeFile(
      child,
      vhdBytes({
        type: 'differencing',
        size: MIB << 20,
        sectors: new Map(),
        parentId,
        parentName: 'base.vhd',
        locators: { W2ru: '.\\out\\base.vhd' },
      }),
    );
    await expectRefused(at, child, base);
  });

  it('the package of a disk', async () => {
    const at = await place();
    const { scratch, out, disk } = at;
    await toFormat(disk, 'vmdk', join(scratch, 'web01.vmdk'), ['-o', 'subformat=streamOptimized']);
    await run('tar', ['-cf', join(out, 'web01.ova'), '-C', scratch, 'web01.vmdk']);
    await symlink(join(out, 'web01.ova'), join(scratch, 'link.ova'));
    await expectRefused(at, join(scratch, 'link.ova', 'web01.vmdk'), join(scratch, 'link.ova', 'web01.vmdk'));
  });

  it('the file behind a loop device', async (context) => {
    const at = await place();
    const { out, disk } = at;
    await toFormat(disk, 'raw', join(out, 'disk.img'));
    const { status, stdout } = await tryRun('losetup', [
      '--find',
      '--show',
      '--read-only',
      join(out, 'disk.img'),
    ]);
    if (status !== 0) context.skip('no loop device is to be had here');
    const device = stdout.trim();
    onTestFinished(async () => {
      await run('losetup', ['-d', device]);
    });
    await expectRefused(at, device, join(out, 'disk.img'));
  });
});

it('what lies beside the folder is no reason', async () => {
  const { scratch, out, disk } = await place();
  await toFormat(disk, 'qcow2', join(scratch, 'out2.qcow2'));
  await onTop(scratch, 'qcow2', 'out2.qcow2', 'child.qcow2');
  const done = await ironlift(['convert', join(scratch, 'child.qcow2'), '--to', 'kvm', '-o', out, '--force']);
  expect(done.status, done.err).toBe(0);
});
