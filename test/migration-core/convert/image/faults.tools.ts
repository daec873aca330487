/** What happens to an image job when the medium fails, the destination fills up, or the process is killed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { truncateSync } from 'node:fs';
import {
  copyFile,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ExtentList, type Extent } from '../../../../migration-core/base/extents.ts';
import {
  convertImage,
  type ImageConvertResult,
} from '../../../../migration-core/convert/image/convert-image.ts';
import type { Manifest } from '../../../../migration-core/convert/manifest.ts';
import { PARTIAL } from '../../../../migration-core/image/partial.ts';
import { detectFormat } from '../../../../migration-core/image/table.ts';
import { sha256 } from '../../../support/hash.ts';
import { smallServer } from '../../../support/small-server.ts';
import { needTools, run, scratchFolder, seeded } from '../../../support/tools.ts';
import { ironlift } from '../../../support/world.ts';
import { defaultLayouts, jobFor, writableLayouts, type WritableLayout } from '../../image/layouts.ts';
import { sparseRaw } from '../../image/patterns.ts';

const MIB = 2 ** 20;
const SECTOR = 512;

const layoutOptions = ({ format, subformat, allocation, compression }: WritableLayout): string[] => [
  ...['--format', format.id, '--subformat', subformat, '--allocation', allocation],
  ...(compression === null ? [] : ['--compress', compression]),
];

/**
 * The disk with defects that the kernel reports: QEMU serves it through FUSE and answers EIO for the sectors. Returns
 * the path of the defective disk.
 */
async function defectiveDisk(disk: string, sectors: { sector: number; once?: boolean }[]): Promise<string> {
  needTools('qemu-storage-daemon');
  const folder = await scratchFolder();
  const path = join(folder, 'defective.img');
  await writeFile(path, '');
  const blkdebug = {
    driver: 'blkdebug',
    'node-name': 'defects',
    image: 'file',
    'inject-error': sectors.map((one) => ({ event: 'none', iotype: 'read', errno: 5, ...one })),
  };
  const daemon = spawn(
    'qemu-storage-daemon',
    [
      ...['--blockdev', `driver=file,node-name=file,filename=${disk},read-only=on`],
      ...['--blockdev', JSON.stringify({ ...blkdebug, 'read-only': true })],
      ...['--export', `type=fuse,id=export,node-name=defects,mountpoint=${path}`],
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const ended = once(daemon, 'exit');
  onTestFinished(async () => {
    daemon.kill();
    await ended;
  });
  while ((await stat(path)).size === 0) {
    if (daemon.exitCode !== null) throw new Error('qemu-storage-daemon did not start');
    await wait(20);
  }
  return path;
}

/** A copy of the disk with zeros in the ranges. */
async function withZeros(disk: string, ranges: readonly Extent[]): Promise<string> {
  const path = join(await scratchFolder(), 'zeroed.raw');
  await copyFile(disk, path);
  const file = await open(path, 'r+');
  for (const { offset, length } of ranges) await file.write(new Uint8Array(length), 0, length, offset);
  await file.close();
  return path;
}

/** The system reads whole pages: what lies in one page with a bad sector is as unreadable. */
function expectPages(bad: readonly Extent[], sectors: number[]): void {
  const wanted = ExtentList.of(sectors.map((sector) => ({ offset: sector * SECTOR, length: SECTOR })));
  expect(bad).toEqual([...wanted.aligned(4096, Infinity)]);
}

describe('a disk with defects', () => {
  const BAD = [2050, 9000, 9001];

  it.each([[], ['--quick']])(
    'ends the job with the place and the way out, and nothing is left %s',
    async (...mode) => {
      const folder = await scratchFolder();
      const disk = join(folder, 'disk');
      await writeFile(disk, noise(8 * MIB));
      const defective = await defectiveDisk(disk, [{ sector: 2050 }]);
      const out = join(folder, 'out.qcow2');
      const { status, err } = await ironlift(['image', 'convert', defective, out, ...mode]);
      expect(status).toBe(1);
      expect(err).toContain(`${defective} has a defect: sector 2048, at byte 1048576, cannot be read.`);
      expect(err).toContain('--zero-bad-sectors');
      expect(err).toContain('(READ_FAILED)');
      expect(await readdir(folder)).toEqual(['disk']);
    },
  );

  it.each([[], ['--quick']])(
    'becomes an image with zeros in their place, and all of them are listed %s',
    async (...mode) => {
      const folder = await scratchFolder();
      const disk = join(folder, 'disk');
      await writeFile(disk, noise(8 * MIB));
      const defective = await defectiveDisk(disk, [
        ...BAD.map((sector) => ({ sector })),
        { sector: 14_000, once: true },
      ]);
      const out = join(folder, 'out.qcow2');
      const done = await ironlift([
        'image',
        'convert',
        defective,
        out,
        '--zero-bad-sectors',
        '--json',
        ...mode,
      ]);
      expect(done).toMatchObject({ status: 0 });
      const result = JSON.parse(done.out) as ImageConvertResult;
      expectPages(result.badSectors, BAD);
      expect(result.verified).toBe(mode.length === 0);
      expect(result.findings).toMatchObject([{ severity: 'warning', code: 'BAD_SECTORS_ZEROED' }]);
      await run('qemu-img', ['compare', await withZeros(disk, result.badSectors), out]);
    },
  );

  it('is read when its faults pass', async () => {
    const folder = await scratchFolder();
    const disk = join(folder, 'disk');
    await writeFile(disk, noise(8 * MIB));
    const defective = await defectiveDisk(disk, [
      { sector: 100, once: true },
      { sector: 8000, once: true },
    ]);
    const out = join(folder, 'out.qcow2');
    const { status } = await ironlift(['image', 'convert', defective, out]);
    expect(status).toBe(0);
    await run('qemu-img', ['compare', disk, out]);
  });

  it('is converted as a server with zeros in a file, which the record tells', async () => {
    const folder = await scratchFolder();
    const content = noise(64 << 10);
    const disk = await smallServer(join(folder, 'disk.img'), { files: { 'srv/data.bin': content } });
    const volume = `${disk}?offset=${MIB}`;
    const block = Number((await run('debugfs', ['-R', 'blocks /srv/data.bin', volume])).split(/\s+/u)[4]);
    const blockSize = Number(/Block size:\s+(\d+)/u.exec(await run('dumpe2fs', ['-h', volume]))![1]);
    const sector = (MIB + block * blockSize) / SECTOR;
    const defective = await defectiveDisk(disk, [{ sector }]);
    const convert = ['convert', defective, '--to', 'kvm', '--no-fix'];

    const refused = await ironlift([...convert, '-o', join(folder, 'no')]);
    expect(refused.status).toBe(1);
    expect(refused.err).toContain('(READ_FAILED)');
    expect(await readdir(folder)).toEqual(['disk.img']);

    const out = join(folder, 'out');
    const done = await ironlift([...convert, '-o', out, '--zero-bad-sectors', '--json']);
    expect(done.status).toBe(0);
    const { disks, findings } = JSON.parse(done.out) as Manifest;
    expectPages(disks[0]!.badSectors, [sector]);
    expect(findings.map(({ code }) => code)).toContain('BAD_SECTORS_ZEROED');
    const raw = join(folder, 'raw');
    await run('qemu-img', ['convert', '-O', 'raw', join(out, disks[0]!.file), raw]);
    const dumped = join(folder, 'dumped');
    await run('debugfs', ['-R', `dump /srv/data.bin ${dumped}`, `${raw}?offset=${MIB}`]);
    const kept = await readFile(dumped);
    expect(kept).toHaveLength(content.length);
    const lost = [...kept.keys()].filter((at) => kept[at] !== content[at]);
    expect(lost.every((at) => kept[at] === 0)).toBe(true);
    // The page of the bad sector and no other.
    expect(lost.length).toBeGreaterThanOrEqual(SECTOR);
    expect(lost.length).toBeLessThanOrEqual(4096);
  });
});

function noise(size: number): Uint8Array {
  const random = seeded(size);
  return Uint8Array.from({ length: size }, () => 1 + Math.floor(random() * 255));
}

describe('a source that becomes shorter while it is read', () => {
  it('fails, zeros or not', async () => {
    const folder = await scratchFolder();
    const disk = join(folder, 'disk');
    await writeFile(disk, noise(16 * MIB));
    const layout = defaultLayouts[0]!;
    const job = { ...jobFor(layout, disk, join(folder, 'out')), zeroBadSectors: true };
    // The step is announced when the size is known and nothing has been copied.
    const onStep = (): void => truncateSync(disk, 8 * MIB + 100);
    await expect(convertImage(job, { now: Date.now, onStep })).rejects.toMatchObject({ code: 'READ_FAILED' });
    expect(await readdir(folder)).toEqual(['disk']);
  });
});

/** A file system in memory that is full after so many MiB. */
async function smallFileSystem(mib: number): Promise<string> {
  const folder = join(await scratchFolder(), 'small');
  await mkdir(folder);
  await run('mount', ['-t', 'tmpfs', '-o', `size=${mib}m`, 'tmpfs', folder]);
  onTestFinished(async () => {
    await run('umount', [folder]);
  });
  return folder;
}

describe('a destination that is too small', () => {
  it.each(writableLayouts)('$name: is told before anything is written, or on the way', async (layout) => {
    const disk = await sparseRaw(join(await scratchFolder(), 'disk'), {
      size: 60 * MIB,
      seed: 81,
      runs: 40,
      longest: 2 * MIB,
    });
    const folder = await smallFileSystem(4);
    const out = join(folder, `out${layout.format.extension}`);
    const convert = ['image', 'convert', disk.path, out, ...layoutOptions(layout)];
    if (!layout.packed) {
      const refused = await ironlift(convert);
      expect(refused.err).toContain('(DESTINATION_SPACE)');
      expect(refused.status).toBe(3);
      expect(await readdir(folder)).toEqual([]);
    }
    const failed = await ironlift([...convert, '--force']);
    expect(failed.err).toContain('(DESTINATION_FULL)');
    expect(failed.status).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  });

  it('becomes full while everything is allocated, at the end', async () => {
    const disk = await sparseRaw(join(await scratchFolder(), 'disk'), { size: 60 * MIB, seed: 82, runs: 2 });
    const folder = await smallFileSystem(20);
    for (const layout of defaultLayouts.filter(({ allocation }) => allocation === 'thick')) {
      const out = join(folder, `out${layout.format.extension}`);
      const convert = ['image', 'convert', disk.path, out, ...layoutOptions(layout), '--force'];
      const failed = await ironlift(convert);
      expect(failed.err, layout.name).toContain('(DESTINATION_FULL)');
      expect(await readdir(folder)).toEqual([]);
    }
  });
});

describe('a job that does not come to its end', () => {
  const killed = { path: '', digest: '' };
  beforeAll(async () => {
    killed.path = join(await mkdtemp(join(tmpdir(), 'ironlift-test-')), 'disk');
    await fill(killed.path, 200);
    killed.digest = await sha256(killed.path);
  });
  afterAll(() => rm(dirname(killed.path), { recursive: true }));

  it.each(defaultLayouts)('$name: a cancelled one leaves nothing', async (layout) => {
    const folder = await scratchFolder();
    const disk = await sparseRaw(join(folder, 'disk'), { size: 40 * MIB, seed: 83, runs: 40, longest: MIB });
    for (const phase of ['copy', 'verify']) {
      const controller = new AbortController();
      const job = convertImage(jobFor(layout, disk.path, join(folder, 'out')), {
        now: Date.now,
        signal: controller.signal,
        onStep: () => undefined,
        onProgress: (progress) => {
          if (progress.phase === phase) controller.abort();
        },
      });
      await expect(job).rejects.toMatchObject({ code: 'CANCELLED', exitStatus: 130 });
      expect(await readdir(folder)).toEqual(['disk']);
    }
  });

  it.each(defaultLayouts)('$name: a killed one leaves what nobody takes for an image', async (layout) => {
    const folder = await scratchFolder();
    const out = join(folder, `out${layout.format.extension}`);
    const { path: disk, digest: before } = killed;
    const args = ['image', 'convert', disk, out, ...layoutOptions(layout)];
    await killWhen(args, async () => (await roomOf(folder)) > 8 * MIB);

    const names = await readdir(folder);
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !name.endsWith(PARTIAL))).toEqual([]);
    expect(await sha256(disk)).toBe(before);
    for (const name of names) {
      const path = join(folder, name);
      const refused = await ironlift(['image', 'info', path]);
      expect(refused.status).toBe(3);
      expect(refused.err).toContain('is not finished');
      // Under another name it is a raw disk at most: what makes it an image comes last.
      const renamed = join(folder, 'renamed');
      await rename(path, renamed);
      const format = await detectFormat(renamed).then(
        ({ id }) => id,
        () => 'refused',
      );
      expect(['raw', 'refused']).toContain(format);
      const info = await run('qemu-img', ['info', '--output=json', renamed]);
      expect((JSON.parse(info) as { format: string }).format).toBe('raw');
      await rename(renamed, path);
    }

    const again = await ironlift(args);
    expect(again.status).toBe(3);
    expect(again.err).toContain('another job is writing this image or was interrupted');
    expect((await ironlift([...args, '--force', '--no-verify'])).status).toBe(0);
    expect((await readdir(folder)).filter((name) => name.endsWith(PARTIAL))).toEqual([]);
  });
});

/** MiB of data that is not zeros and costs nothing to make. */
async function fill(path: string, mib: number): Promise<void> {
  const file = await open(path, 'wx');
  const piece = noise(MIB);
  for (let i = 0; i < mib; i++) {
    piece[0] = i % 256;
    await file.write(piece, 0, MIB, i * MIB);
  }
  await file.close();
}

async function roomOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(folder)) bytes += (await stat(join(folder, name))).blocks * 512;
  return bytes;
}

const IRONLIFT = join(import.meta.dirname, '../../../../bin/ironlift.js');

/** Kills the command without warning as soon as `ready`; fails when it ended by itself. */
async function killWhen(args: string[], ready: () => Promise<boolean>): Promise<void> {
  const child = spawn(process.execPath, [IRONLIFT, ...args], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  while (!(await ready())) {
    if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode} before it could be killed`);
    await wait(1);
  }
  child.kill('SIGKILL');
  expect(await ended).toEqual([null, 'SIGKILL']);
}
