import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFile,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { z } from 'zod';
import { convertServer } from '../../../migration-core/convert/convert.ts';
import { manifestSchema, readManifest, type Manifest } from '../../../migration-core/convert/manifest.ts';
import { convertOptions } from '../../support/convert-options.ts';
import { sha256 } from '../../support/hash.ts';
import { smallServer, SMALL_SERVER_UUID } from '../../support/small-server.ts';
import { run, scratchFolder, tryRun } from '../../support/tools.ts';
import { ironlift } from '../../support/world.ts';

const MIB = 1 << 20;
type ManifestText = z.input<typeof manifestSchema>;

/** The volume at 1 MiB of an image of any format, as a raw file; judged and searched by e2fsprogs. */
async function rootVolume(image: string, scratch: string): Promise<string> {
  const raw = join(scratch, 'whole.raw');
  await run('qemu-img', ['convert', '-O', 'raw', image, raw]);
  const volume = join(scratch, 'root.ext4');
  await run('dd', [`if=${raw}`, `of=${volume}`, 'bs=1M', 'skip=1', 'conv=sparse', 'status=none']);
  await truncate(volume, ((await readFile(raw)).length / MIB - 2) * MIB);
  return volume;
}

const catFile = async (volume: string, path: string): Promise<string> =>
  run('debugfs', ['-R', `cat ${path}`, volume]);

/** The record of the only disk, once all that it says of its files has been seen to be so. */
async function recorded(out: string, parts: string[]): Promise<Manifest['disks'][number]> {
  const { disks } = await readManifest(out);
  const [disk] = disks;
  const names = parts.map((part) => `web01-disk0${part}.vmdk`);
  expect((await readdir(out)).filter((name) => /vmdk|partial/u.test(name)).sort()).toEqual(
    [...names, 'web01-disk0.vmdk'].sort(),
  );
  expect(disk!.extents!.map(({ file }) => file)).toEqual(names);
  for (const { file, fileBytes, sha256: digest } of [disk!, ...disk!.extents!]) {
    expect((await stat(join(out, file))).size).toBe(fileBytes);
    expect(await sha256(join(out, file))).toBe(digest);
  }
  return disk!;
}

describe('ironlift convert', () => {
  it.each([
    ['kvm', 'qcow2', 'mbr'],
    ['kvm', 'raw', 'gpt'],
    ['vmware-workstation', 'vmdk', 'gpt'],
  ] as const)('makes a machine for %s with %s disks of a %s disk', async (target, format, tableKind) => {
    const scratch = await scratchFolder();
    const disk = await smallServer(join(scratch, 'disk.img'), { table: tableKind });
    const before = await sha256(disk);
    const out = join(scratch, 'out');
    const done = await ironlift(['convert', disk, '--to', target, '--format', format, '-o', out, '--json']);
    expect(done.err + done.out).toContain('"folder"');
    expect(done.status).toBe(0);
    expect(await sha256(disk)).toBe(before);

    const manifest = manifestSchema.decode(
      JSON.parse(await readFile(join(out, 'ironlift.json'), 'utf8')) as ManifestText,
    );
    const image = join(out, manifest.disks[0]!.file);
    expect(manifest.disks[0]).toMatchObject({ verified: true, virtualBytes: 192 * MIB });
    expect((await readdir(out)).filter((name) => name.includes('partial'))).toEqual([]);
    if (manifest.disks[0]!.sha256 !== null) expect(await sha256(image)).toBe(manifest.disks[0]!.sha256);
    if (format !== 'raw') await run('qemu-img', ['check', image]);

    const volume = await rootVolume(image, scratch);
    await run('e2fsck', ['-fn', volume]);
    expect(await catFile(volume, '/etc/fstab')).toContain(
      `UUID=${SMALL_SERVER_UUID} / ext4 errors=remount-ro 0 1`,
    );
    expect(await catFile(volume, '/boot/grub/grub.cfg')).toContain(`root=UUID=${SMALL_SERVER_UUID} ro quiet`);
    expect(await catFile(volume, '/etc/hostname')).toBe('web01\n');
    expect(await readFile(join(out, 'README.txt'), 'utf8')).toContain('How to bring it up');
  });

  it('with --no-fix and --whole-disk gives a disk that qemu-img finds identical to the source', async () => {
    const scratch = await scratchFolder();
    const disk = await smallServer(join(scratch, 'disk.img'));
    const out = join(scratch, 'out');
    const { status } = await ironlift([
      'convert',
      disk,
      '--to',
      'kvm',
      '--no-fix',
      '--whole-disk',
      '-o',
      out,
    ]);
    expect(status).toBe(0);
    await run('qemu-img', ['compare', disk, join(out, 'web01-disk0.qcow2')]);
  });

  it.each([
    ['thick', ['-flat']],
    ['split2g', ['-s001']],
  ])(
    '--allocation %s: a disk in several files, each with its size and digest on record, and undone',
    async (allocation, parts) => {
      const scratch = await scratchFolder();
      const disk = await smallServer(join(scratch, 'disk.img'));
      const out = join(scratch, 'out');
      const args = ['convert', disk, '--to', 'vmware-workstation', '--allocation', allocation, '-o', out];
      expect((await ironlift(args)).status).toBe(0);
      const before = await recorded(out, parts);
      const volume = await rootVolume(join(out, 'web01-disk0.vmdk'), scratch);
      await run('e2fsck', ['-fn', volume]);

      expect(await ironlift(['undo', out, '--apply'])).toMatchObject({ status: 0 });
      const after = await recorded(out, parts);
      expect(after).toMatchObject({ subformat: before.subformat, allocation: before.allocation });
      expect(after.contentDigest).not.toEqual(before.contentDigest);
      // Killed while the new disk took the place of the old one: the record says what is left to do.
      const [part] = parts;
      const extent = join(out, `web01-disk0${part!}.vmdk`);
      const manifest = join(out, 'ironlift.json');
      const record = JSON.parse(await readFile(manifest, 'utf8')) as ManifestText;
      record.replacing = ['web01-disk0.vmdk', `web01-disk0${part!}.vmdk`];
      await writeFile(manifest, JSON.stringify(record));
      await rename(extent, `${extent}.partial`);
      await writeFile(extent, 'old');
      expect((await ironlift(['undo', out])).err).toContain('were taken back');
      expect(await recorded(out, parts)).toEqual(after);
    },
  );

  it('on media that hold no large files, splits or refuses before anything is written', async () => {
    const scratch = await scratchFolder();
    const disk = await smallServer(join(scratch, 'disk.img'));
    const out = join(scratch, 'out');
    const convert = async (target: string): Promise<Manifest> => {
      const options = convertOptions(disk, target, out);
      const world = {
        now: Date.now,
        version: '0',
        onStep: () => undefined,
        largestFile: async () => 100 * MIB,
      };
      return (await convertServer(options, world)).manifest;
    };
    await expect(convert('kvm')).rejects.toMatchObject({
      code: 'DESTINATION_UNUSABLE',
      next: expect.stringContaining('vmdk') as string,
    });
    expect(await readdir(scratch)).toEqual(['disk.img']);
    const manifest = await convert('vmware-workstation');
    expect(manifest.findings.map(({ code }) => code)).toContain('DESTINATION_SPLIT');
    expect(manifest.disks[0]).toMatchObject({ subformat: 'twoGbMaxExtentSparse', verified: true });
    const refused = await ironlift([
      'convert',
      disk,
      '--to',
      'kvm',
      '--allocation',
      'split2g',
      '-o',
      `${out}2`,
    ]);
    expect(refused.status).toBe(3);
    expect(refused.err).toContain('cannot be split');
  });

  it('--plan says everything and writes nothing', async () => {
    const scratch = await scratchFolder();
    const disk = await smallServer(join(scratch, 'disk.img'));
    const { status, out } = await ironlift([
      'convert',
      disk,
      '--to',
      'kvm',
      '-o',
      join(scratch, 'out'),
      '--plan',
    ]);
    expect(status).toBe(0);
    expect(out).toContain('Changes to the guest');
    expect(out).toContain('/etc/fstab');
    expect((await readdir(scratch)).sort()).toEqual(['disk.img']);
  });

  it.each(['kvm', 'ova'])('undo takes every change back (%s)', async (target) => {
    const scratch = await scratchFolder();
    const disk = await smallServer(join(scratch, 'disk.img'));
    const out = join(scratch, 'out');
    expect((await ironlift(['convert', disk, '--to', target, '-o', out])).status).toBe(0);
    const names = (await readdir(out)).sort();
    const before = target === 'ova' ? await sha256(join(out, 'web01.ova')) : '';
    const listed = await ironlift(['undo', out]);
    expect(listed.out).toContain('/etc/fstab gets its former contents back');
    const applied = await ironlift(['undo', out, '--apply']);
    expect(applied.err).not.toContain('Error');
    expect(applied.status).toBe(0);
    // No old package, no disk beside it, nothing half done.
    expect((await readdir(out)).sort()).toEqual(names);
    let image = join(out, 'web01-disk0.qcow2');
    if (target === 'ova') {
      const package_ = join(out, 'web01.ova');
      expect(await sha256(package_)).not.toBe(before);
      await run('tar', ['-xf', package_, '-C', scratch]);
      image = join(scratch, 'web01-disk0.vmdk');
      // The manifest in it, and our record, are of the new disk.
      const digest = await sha256(image);
      expect(await readFile(join(scratch, 'web01.mf'), 'utf8')).toContain(
        `SHA256(web01-disk0.vmdk)= ${digest}`,
      );
      const record = await readManifest(out);
      expect(record.disks[0]!.sha256).toBe(digest);
      expect(record.package).toMatchObject({
        bytes: (await stat(package_)).size,
        disks: [{ bytes: (await stat(image)).size, sha256: digest }],
      });
      expect((await ironlift(['image', 'check', package_])).status).toBe(0);
    }
    const volume = await rootVolume(image, scratch);
    await run('e2fsck', ['-fn', volume]);
    const original = join(scratch, 'original.ext4');
    await run('dd', [`if=${disk}`, `of=${original}`, 'bs=1M', 'skip=1', 'count=190', 'status=none']);
    const listing = async (of: string): Promise<string> => {
      const dump = await scratchFolder();
      await run('debugfs', ['-R', `rdump / ${dump}`, of]);
      return run(
        'sh',
        [
          '-c',
          'find . -printf "%P %y %m %U:%G %s %l\\n" | sort; find . -type f -print0 | sort -z | xargs -0 sha256sum',
        ],
        { cwd: dump },
      );
    };
    // Directories may have grown, and that is all: their size is not compared.
    const plain = (text: string): string => text.replace(/^(\S* d \d+ \S+) \d+/gmu, '$1');
    expect(plain(await listing(volume))).toBe(plain(await listing(original)));
    expect((await ironlift(['undo', out])).err).toContain('ALREADY_UNDONE');
  });

  it('leaves the source alone and nothing that looks finished when it is killed half way', async () => {
    const scratch = await scratchFolder();
    const disk = await smallServer(join(scratch, 'disk.img'), { sizeMiB: 700 });
    const fill = await open(disk, 'r+');
    // Past the partition's free space nothing would be copied: --whole-disk makes the copy long enough to be killed.
    const noise = new Uint8Array(MIB).map((_, index) => (index * 2654435761) >>> 13);
    for (let at = 300; at < 690; at++) await fill.write(noise, 0, MIB, at * MIB);
    await fill.close();
    const before = await sha256(disk);
    const out = join(scratch, 'out');
    const child = spawn(
      process.execPath,
      ['bin/ironlift.js', 'convert', disk, '--to', 'kvm', '--whole-disk', '--no-fix', '-o', out],
      {
        stdio: 'ignore',
      },
    );
    for (;;) {
      const names = await readdir(out).catch(() => [] as string[]);
      if (names.some((name) => name.endsWith('.qcow2.partial'))) break;
      if (child.exitCode !== null) throw new Error('It ended before it could be killed.');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await sha256(disk)).toBe(before);
    const names = await readdir(out);
    expect(names).not.toContain('ironlift.json');
    expect(names.filter((name) => name.endsWith('.qcow2'))).toEqual([]);
    const again = await ironlift(['convert', disk, '--to', 'kvm', '-o', out]);
    expect(again).toMatchObject({ status: 3 });
    expect(again.err).toContain('interrupted');
    expect((await ironlift(['convert', disk, '--to', 'kvm', '-o', out, '--force'])).status).toBe(0);
  });

  it('does not replace the folder in which its own source lies, with --force too', async () => {
    const scratch = await scratchFolder();
    const disk = await smallServer(join(scratch, 'disk.img'));
    const out = join(scratch, 'out');
    expect((await ironlift(['convert', disk, '--to', 'kvm', '-o', out, '--name', 'web01'])).status).toBe(0);
    const source = join(out, 'web01-disk0.qcow2');
    const before = await sha256(source);
    const again = await ironlift(['convert', source, '--to', 'proxmox', '-o', out, '--force']);
    expect(again.err).toContain(
      `${source} is read for this conversion and lies in the folder ${out}, whose contents it would replace.`,
    );
    expect(again.status).toBe(3);
    expect(await sha256(source)).toBe(before);
  });

  it('takes everything away when it is cancelled', async () => {
    const scratch = await scratchFolder();
    const disk = await smallServer(join(scratch, 'disk.img'));
    const { status, err } = await ironlift(
      ['convert', disk, '--to', 'kvm', '-o', join(scratch, 'out')],
      AbortSignal.timeout(60),
    );
    expect(err).toContain('CANCELLED');
    expect(status).toBe(130);
    expect(await readdir(scratch)).toEqual(['disk.img']);
  });
});

describe('ironlift convert refuses, with status 3 and nothing written', () => {
  const refused = async (
    scratch: string,
    source: string,
    code: string,
    ...more: string[]
  ): Promise<string> => {
    const { status, err } = await ironlift([
      'convert',
      source,
      '--to',
      'kvm',
      '-o',
      join(scratch, 'out'),
      ...more,
    ]);
    expect(err).toContain(code);
    expect(err).toContain('What to do: ');
    expect(status).toBe(3);
    expect(await readdir(scratch)).not.toContain('out');
    return err;
  };

  it('a disk of zeros', async () => {
    const scratch = await scratchFolder();
    await writeFile(join(scratch, 'disk.img'), '');
    await truncate(join(scratch, 'disk.img'), 64 * MIB);
    expect(await refused(scratch, join(scratch, 'disk.img'), '')).toMatch(
      /no partition table|NO_PARTITION_TABLE|empty/iu,
    );
  });

  it('a disk of noise', async () => {
    const scratch = await scratchFolder();
    await run('sh', ['-c', `head -c 16M /dev/urandom > ${join(scratch, 'disk.img')}`]);
    await refused(scratch, join(scratch, 'disk.img'), 'Error: ');
  });

  it('a truncated image', async () => {
    const scratch = await scratchFolder();
    const disk = await smallServer(join(scratch, 'disk.img'), { table: 'gpt' });
    await truncate(disk, 100 * MIB);
    expect(await refused(scratch, disk, 'Error: ')).toMatch(/truncated|ends|shorter|cut/iu);
  });

  it('a GPT damaged at both ends, but not one damaged at one end', async () => {
    const scratch = await scratchFolder();
    const disk = await smallServer(join(scratch, 'disk.img'), { table: 'gpt' });
    const half = join(scratch, 'half.img');
    await copyFile(disk, half);
    for (const [path, offsets] of [
      [disk, [512, 192 * MIB - 512]],
      [half, [512]],
    ] as const) {
      const file = await open(path, 'r+');
      for (const offset of offsets) await file.write(new Uint8Array(512).fill(7), 0, 512, offset);
      await file.close();
    }
    await refused(scratch, disk, 'GPT');
    const out = join(scratch, 'half-out');
    expect((await ironlift(['convert', half, '--to', 'kvm', '--format', 'raw', '-o', out])).status).toBe(0);
    expect(await run('sgdisk', ['-v', join(out, 'web01-disk0.raw')])).toContain('No problems found');
  });

  it('an unknown file system, an encrypted root, a disk without a kernel', async () => {
    const scratch = await scratchFolder();
    const xfs = await smallServer(join(scratch, 'unknown.img'));
    await run('sh', ['-c', `head -c 190M /dev/urandom | dd of=${xfs} bs=1M seek=1 conv=notrunc status=none`]);
    await refused(scratch, xfs, 'Error: ');
    const luks = await smallServer(join(scratch, 'luks.img'));
    const part = join(scratch, 'part');
    await writeFile(part, '');
    await truncate(part, 190 * MIB);
    await run(
      'cryptsetup',
      ['luksFormat', '-q', '--pbkdf', 'pbkdf2', '--pbkdf-force-iterations', '1000', part, '-'],
      { input: 'secret' },
    );
    await run('dd', [`if=${part}`, `of=${luks}`, 'bs=1M', 'seek=1', 'conv=notrunc', 'status=none']);
    expect(await refused(scratch, luks, 'Error: ')).toMatch(/encrypted/iu);
    const bare = await smallServer(join(scratch, 'bare.img'), { noKernel: true });
    expect(await refused(scratch, bare, 'Error: ')).toMatch(/kernel/iu);
  });

  it('a destination that is too small, in use, or a source that is not there or a folder', async () => {
    const scratch = await scratchFolder();
    const disk = await smallServer(join(scratch, 'disk.img'));
    const small = join(scratch, 'small');
    await mkdir(small);
    await run('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', small]);
    onTestFinished(async () => {
      await tryRun('umount', [small]);
    });
    const full = await ironlift(['convert', disk, '--to', 'kvm', '-o', join(small, 'out')]);
    expect(full).toMatchObject({ status: 3 });
    expect(full.err).toContain('DESTINATION_SPACE');
    expect(await readdir(small)).toEqual([]);
    await writeFile(join(scratch, 'out-file'), '');
    const there = await ironlift(['convert', disk, '--to', 'kvm', '-o', join(scratch, 'out-file')]);
    expect(there).toMatchObject({ status: 3 });
    expect(there.err).toContain('DESTINATION_EXISTS');
    await refused(scratch, join(scratch, 'nothing.img'), 'Error: ');
    await refused(scratch, scratch, 'Error: ');
  });

  it('a source that is mounted read-write here', async () => {
    const scratch = await scratchFolder();
    const disk = await smallServer(join(scratch, 'disk.img'));
    const mountPoint = join(scratch, 'mnt');
    await mkdir(mountPoint);
    await run('mount', ['-o', `loop,offset=${MIB}`, disk, mountPoint]);
    onTestFinished(async () => {
      await tryRun('umount', [mountPoint]);
    });
    expect(await refused(scratch, disk, 'Error: ')).toMatch(/mounted/iu);
  });
});
