import { appendFile, mkdir, open, readFile, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { copyBlocks } from '../../../migration-core/block/pipeline.ts';
import { ExtentList } from '../../../migration-core/base/extents.ts';
import { ova } from '../../../migration-core/image/package/format.ts';
import { findMember, packagePath } from '../../../migration-core/image/package/member.ts';
import { readTar } from '../../../migration-core/image/package/tar.ts';
import { qcow2 } from '../../../migration-core/image/qcow2/format.ts';
import { openReadFile } from '../../../migration-core/image/read-file.ts';
import { detectFormat, openImage } from '../../../migration-core/image/table.ts';
import { openSource, openSources } from '../../../migration-core/source/open.ts';
import { run, scratchFolder } from '../../support/tools.ts';
import { sparseRaw } from './patterns.ts';

const MIB = 2 ** 20;

async function members(path: string): Promise<{ name: string; length: number }[]> {
  const file = await openReadFile(path);
  try {
    return readTar(file).map(({ name, length }) => ({ name, length }));
  } finally {
    await file.close();
  }
}

/** A package of a disk in the format given; also the raw disk it holds. */
async function packed(
  format: string,
  settings: string[] = [],
): Promise<{ folder: string; disk: string; path: string }> {
  const folder = await scratchFolder();
  const disk = await sparseRaw(join(folder, 'disk'), { size: 20 * MIB, seed: 91, runs: 40 });
  const inner = join(folder, 'web01-disk1.vmdk');
  await run('qemu-img', ['convert', '-f', 'raw', '-O', format, ...settings, disk.path, inner]);
  await writeFile(join(folder, 'web01.ovf'), '<Envelope/>');
  const path = join(folder, 'web01.ova');
  await run('tar', ['--format=ustar', '-C', folder, '-cf', path, 'web01.ovf', 'web01-disk1.vmdk']);
  return { folder, disk: disk.path, path };
}

describe('a disk in a package', () => {
  it.each([
    { format: 'vmdk', settings: ['-o', 'subformat=streamOptimized'] },
    { format: 'vmdk', settings: ['-o', 'subformat=monolithicSparse'] },
    { format: 'qcow2', settings: [] },
    { format: 'raw', settings: [] },
  ])('is read where it lies: $format $settings', async ({ format, settings }) => {
    const { folder, disk, path } = await packed(format, settings);
    const inner = join(path, 'web01-disk1.vmdk');
    const image = await openImage(inner);
    expect(image.facts).toMatchObject({ format, files: [inner] });
    // Copied by the pipeline, whose threads read the file of the package by themselves.
    const copy = join(folder, 'copy.qcow2');
    const writer = await qcow2.create({ path: copy, size: image.size, allocation: 'thin' });
    await copyBlocks({ source: image, used: ExtentList.of([{ offset: 0, length: image.size }]), writer });
    await writer.finish();
    await image.close();
    await run('qemu-img', ['compare', '-f', 'raw', '-F', 'qcow2', disk, copy]);
    // The package itself stands for its one disk.
    expect(await detectFormat(path)).toBe(ova);
    const only = await openImage(path);
    expect(only.size).toBe(20 * MIB);
    await only.close();
  });

  it('is a source by its path, once', async () => {
    const { path } = await packed('qcow2');
    const spec = join(path, 'web01-disk1.vmdk');
    const { disk, description, fingerprint } = await openSource(spec);
    expect(description).toMatchObject({ spec, path: spec, format: 'qcow2', size: 20 * MIB, kind: 'image' });
    expect(fingerprint.size).toBeGreaterThan(0);
    await disk.close();
    await expect(openSources([spec, join(path, '.', 'web01-disk1.vmdk')])).rejects.toMatchObject({
      code: 'SOURCE_TWICE',
    });
  });

  it('that is not in there, or where there is no package, is not found', async () => {
    const { folder, path } = await packed('raw');
    for (const name of ['web01.ova/web02.vmdk', 'web01.ova/web01.ovf/x', 'web01.ovf/disk', 'no.ova/disk'])
      await expect(openReadFile(join(folder, name))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(openSource(join(path, 'web02.vmdk'))).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
  });

  it('is no way out of the package', async () => {
    const folder = await scratchFolder();
    await writeFile(join(folder, 'secret'), 'x'.repeat(5000));
    await writeFile(join(folder, 'web01.ovf'), '<Envelope/>');
    await symlink('/etc/hostname', join(folder, 'link.vmdk'));
    const path = join(folder, 'web01.ova');
    await run('tar', ['-C', folder, '-cPf', path, 'web01.ovf', 'link.vmdk', join(folder, 'secret')]);
    // Links are not followed, absolute names and `..` are no names in it.
    expect(await members(path)).toHaveLength(2);
    await expect(openReadFile(join(path, 'link.vmdk'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(packagePath(`${path}/../secret`)).toBeNull();
    await expect(openImage(path)).rejects.toMatchObject({ code: 'IMAGE_NOT_SUPPORTED' });
  });

  it('of several is asked for by name', async () => {
    const folder = await scratchFolder();
    for (const name of ['web01.ovf', 'a.vmdk', 'b.vmdk', 'web01.mf'])
      await writeFile(join(folder, name), 'x');
    const path = join(folder, 'web01.ova');
    await run('tar', ['-C', folder, '-cf', path, 'web01.ovf', 'a.vmdk', 'b.vmdk', 'web01.mf']);
    await expect(openImage(path)).rejects.toMatchObject({
      code: 'IMAGE_NOT_SUPPORTED',
      next: expect.stringContaining(join(path, 'a.vmdk')) as string,
    });
  });
});

describe('a tar file', () => {
  it.each(['ustar', 'gnu', 'pax', 'v7', 'oldgnu'])(
    'of the kind %s has the contents that tar lists',
    async (format) => {
      const folder = await scratchFolder();
      // Longer than a ustar name, shorter than name and prefix together; v7 has no prefix.
      const long = format === 'v7' ? 'short/' : `${'d'.repeat(70)}/${'e'.repeat(60)}/`;
      await mkdir(join(folder, long), { recursive: true });
      await writeFile(join(folder, long, 'päckchen.vmdk'), 'x'.repeat(1234));
      await writeFile(join(folder, 'a.ovf'), 'x'.repeat(512));
      await writeFile(join(folder, 'empty'), '');
      const path = join(folder, 'a.tar');
      await run('tar', [`--format=${format}`, '-C', folder, '-cf', path, 'a.ovf', long, 'empty'], {
        env: { LC_ALL: 'C.UTF-8' },
      });
      const listed = (
        await run('tar', ['-tvf', path, '--quoting-style=literal'], { env: { LC_ALL: 'C.UTF-8' } })
      )
        .split('\n')
        .filter((line) => line.startsWith('-'))
        .map((line) => line.split(/\s+/u))
        .map((fields) => ({ name: fields.slice(5).join(' '), length: Number(fields[2]) }));
      expect(listed).toHaveLength(3);
      expect(await members(path)).toEqual(listed);
    },
  );

  it.each(['gnu', 'pax'])('of the kind %s may hold files of more than 8 GiB', async (format) => {
    const folder = await scratchFolder();
    await writeFile(join(folder, 'a.ovf'), '<Envelope/>');
    // GNU tar reads every byte of a sparse file, so the archive is put together from its headers.
    const big = join(folder, 'big.vmdk');
    await writeFile(big, '');
    await truncate(big, 9 * 2 ** 30);
    const path = join(folder, 'a.ova');
    await run('bash', [
      '-c',
      `tar --format=${format} -C "$0" -cf - a.ovf big.vmdk 2>/dev/null | head -c 4096 > "$1" || true`,
      folder,
      path,
    ]);
    await truncate(path, 9 * 2 ** 30 + 8192);
    const file = await openReadFile(path);
    const window = findMember(file, 'big.vmdk');
    expect(window?.length).toBe(9 * 2 ** 30);
    await file.close();
    const disk = await openSource(join(path, 'big.vmdk'));
    expect(disk.description.size).toBe(9 * 2 ** 30);
    const last = new Uint8Array(512).fill(1);
    await disk.disk.read(last, 9 * 2 ** 30 - 512);
    expect(last.every((byte) => byte === 0)).toBe(true);
    await disk.disk.close();
  });
});

describe('the manifest of a package', () => {
  async function withManifest(line: (name: string, folder: string) => Promise<string>): Promise<string> {
    const folder = await scratchFolder();
    await writeFile(join(folder, 'web01.ovf'), '<Envelope/>');
    await writeFile(join(folder, 'disk1.vmdk'), Buffer.alloc(3 * MIB + 77, 5));
    await writeFile(
      join(folder, 'web01.mf'),
      (await line('web01.ovf', folder)) + (await line('disk1.vmdk', folder)) + ' '.repeat(300),
    );
    const path = join(folder, 'web01.ova');
    await run('tar', ['-C', folder, '-cf', path, 'web01.ovf', 'web01.mf', 'disk1.vmdk']);
    return path;
  }
  const sum = async (program: string, folder: string, name: string): Promise<string> =>
    (await run(program, [join(folder, name)])).split(' ')[0]!;

  it.each([
    ['SHA1', 'sha1sum'],
    ['SHA256', 'sha256sum'],
    ['SHA512', 'sha512sum'],
  ])('in %s is checked, by the word of %s', async (name, program) => {
    const path = await withManifest(
      async (file, folder) => `${name}(${file})= ${await sum(program, folder, file)}\n`,
    );
    expect(await ova.check!(path)).toMatchObject({ problems: [] });
    // One byte of the disk.
    const file = await open(path, 'r+');
    await file.write(Buffer.from([6]), 0, 1, (await stat(path)).size - 2 * MIB);
    await file.close();
    const { problems } = await ova.check!(path);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({
      severity: 'error',
      message: expect.stringMatching(/^disk1\.vmdk was changed/u) as string,
    });
  });

  it('of an OVF beside its disks is checked as well', async () => {
    const folder = await scratchFolder();
    const ovf = join(folder, 'web01.ovf');
    await writeFile(ovf, '<?xml version="1.0"?>\n<!-- made by hand -->\n<ovf:Envelope xmlns:ovf="x"/>');
    await writeFile(join(folder, 'disk1.vmdk'), Buffer.alloc(5000, 5));
    await writeFile(
      join(folder, 'web01.mf'),
      `SHA256(disk1.vmdk)= ${await sum('sha256sum', folder, 'disk1.vmdk')}\n`,
    );
    expect(await detectFormat(ovf)).toBe(ova);
    expect((await ova.check!(ovf)).problems).toEqual([]);
    await appendFile(join(folder, 'disk1.vmdk'), 'x');
    expect((await ova.check!(ovf)).problems).toMatchObject([{ severity: 'error' }]);
    await expect(openImage(ovf)).rejects.toMatchObject({ code: 'IMAGE_NOT_SUPPORTED' });
  });

  it('that names what is not there, or lies outside, is reported', async () => {
    const path = await withManifest(
      async (file) =>
        `SHA256(${file === 'web01.ovf' ? '../../etc/passwd' : 'gone.vmdk'})= ${'0'.repeat(64)}\n`,
    );
    const { problems } = await ova.check!(path);
    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringContaining('outside the package'),
      expect.stringContaining('gone.vmdk'),
    ]);
  });

  it('that is none is refused, and none at all is said', async () => {
    const path = await withManifest(async (file) => `MD5(${file})= 00\n`);
    await expect(ova.check!(path)).rejects.toMatchObject({ code: 'IMAGE_DAMAGED' });
    const { path: plain } = await packed('raw');
    expect((await ova.check!(plain)).problems[0]).toMatchObject({ severity: 'note' });
    await appendFile(plain, await readFile('/etc/hostname'));
  });
});
