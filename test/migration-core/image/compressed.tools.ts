import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { appendFile, open, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { Progress } from '../../../migration-core/base/progress.ts';
import { readBytes } from '../../../migration-core/block/source.ts';
import { unpackToScratch } from '../../../migration-core/image/compressed/scratch.ts';
import type { DiskImage } from '../../../migration-core/image/image.ts';
import { raw } from '../../../migration-core/image/raw.ts';
import { detectFormat, openContext, openImage } from '../../../migration-core/image/table.ts';
import { run, scratchFolder, seeded, tryRun } from '../../support/tools.ts';
import { sparseRaw } from './patterns.ts';

const MIB = 2 ** 20;

/** A folder for temporary files of our own: other tests unpack at the same time. */
const temporaryFolder = mkdtempSync(join(tmpdir(), 'ironlift-test-'));
vi.stubEnv('TMPDIR', temporaryFolder);
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(temporaryFolder, { recursive: true, force: true });
});

const leftovers = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('ironlift-unpack-'));

/** Every byte, and some at random, are those of the raw disk. */
async function expectDisk(image: DiskImage, disk: string): Promise<void> {
  const original = await raw.open(disk);
  try {
    expect(image.size).toBe(original.size);
    const random = seeded(image.size);
    for (let i = 0; i < 40; i++) {
      const length = 1 + Math.floor(random() * 100_000);
      const offset = Math.floor(random() * (image.size - length));
      const [here, there] = [
        await readBytes(image, offset, length),
        await readBytes(original, offset, length),
      ];
      expect(Buffer.compare(here, there), `${length} bytes at ${offset}`).toBe(0);
    }
    for (let at = 0; at < image.size; at += 4 * MIB) {
      const length = Math.min(4 * MIB, image.size - at);
      expect(Buffer.compare(await readBytes(image, at, length), await readBytes(original, at, length))).toBe(
        0,
      );
    }
  } finally {
    await original.close();
  }
}

async function packed(folder: string, command: string, suffix: string): Promise<string> {
  const path = join(folder, `disk${suffix}`);
  await run('bash', ['-c', `${command} > "$0"`, path], { cwd: folder });
  return path;
}

const TEMPORARY = 'from a temporary file';
const IN_PLACE = /^in place/u;

describe('a compressed raw disk', () => {
  it.each([
    { command: 'gzip -1c disk', suffix: '.gz', packing: 'gzip', read: TEMPORARY },
    { command: 'pigz -p 2 -c disk', suffix: '.gz', packing: 'gzip', read: TEMPORARY },
    // Two members, one after the other.
    {
      command: '(head -c 9000000 disk | gzip -c; tail -c +9000001 disk | gzip -1c)',
      suffix: '.gz',
      packing: 'gzip',
      read: TEMPORARY,
    },
    { command: 'bgzip -c disk', suffix: '.gz', packing: 'gzip', read: IN_PLACE },
    // A member of BGZF and one that is not: no places to begin at.
    {
      command: '(head -c 5000000 disk | bgzip -c; tail -c +5000001 disk | gzip -1c)',
      suffix: '.gz',
      packing: 'gzip',
      read: TEMPORARY,
    },
    { command: 'xz -0 -T2 --block-size=3MiB -c disk', suffix: '.xz', packing: 'xz', read: IN_PLACE },
    { command: 'xz -1 --check=crc32 -T1 -c disk', suffix: '.xz', packing: 'xz', read: IN_PLACE },
    {
      command: 'xz -0 --check=sha256 --block-size=1MiB -c disk',
      suffix: '.xz',
      packing: 'xz',
      read: IN_PLACE,
    },
    { command: 'xz -0 --check=none -c disk', suffix: '.xz', packing: 'xz', read: IN_PLACE },
    // Streams one after another, with the padding that is allowed between them.
    {
      command: '(head -c 7000000 disk | xz -0c; head -c 8 /dev/zero; tail -c +7000001 disk | xz -1c)',
      suffix: '.xz',
      packing: 'xz',
      read: IN_PLACE,
    },
    { command: 'zstd -q -c disk', suffix: '.zst', packing: 'zstd', read: IN_PLACE },
    { command: 'zstd -q --long=27 -12 -T2 -c < disk', suffix: '.zst', packing: 'zstd', read: TEMPORARY },
    { command: 'pzstd -q -p 2 -c disk', suffix: '.zst', packing: 'zstd', read: TEMPORARY },
    {
      command: '(head -c 5000000 disk > a; tail -c +5000001 disk > b; zstd -q -c a; zstd -q -c b)',
      suffix: '.zst',
      packing: 'zstd',
      read: IN_PLACE,
    },
  ])('by `$command` is read as it is', async ({ command, suffix, packing, read }) => {
    const folder = await scratchFolder();
    const disk = await sparseRaw(join(folder, 'disk'), { size: 12 * MIB + 512, seed: 71, runs: 40 });
    const before = leftovers();
    const path = await packed(folder, command, suffix);
    expect((await detectFormat(path)).id).toBe('compressed');
    const image = await openImage(path);
    try {
      expect(image.facts).toMatchObject({ format: 'compressed', subformat: packing, files: [path] });
      expect(image.facts.details['Read']).toMatch(read);
      // The name of the temporary file is gone already.
      expect(leftovers()).toEqual(before);
      await expectDisk(image, disk.path);
    } finally {
      await image.close();
    }
  });

  it('too large to be unpacked piece by piece is unpacked to a file where zeros take no room', async () => {
    const folder = await scratchFolder();
    const disk = await sparseRaw(join(folder, 'disk'), { size: 60 * MIB, seed: 72, runs: 20 });
    const path = await packed(folder, 'xz -0 -T1 -c disk', '.xz');
    const image = await openImage(path);
    try {
      expect(image.facts.details['Read']).toBe(TEMPORARY);
      const range = image.fileRange!(0, 512)!;
      expect(range.offset).toBe(0);
      let data = 0;
      for await (const extent of image.extents!(0, image.size))
        if (extent.kind === 'data') data += extent.length;
      expect(data).toBeLessThan(disk.used.aligned(65536, disk.size).bytes + MIB);
      await expectDisk(image, disk.path);
    } finally {
      await image.close();
    }
  });

  it.each(['qcow2', 'vmdk'])('with a %s image inside is that image', async (format) => {
    const folder = await scratchFolder();
    const disk = await sparseRaw(join(folder, 'disk'), { size: 10 * MIB, seed: 73, runs: 30 });
    await run('qemu-img', ['convert', '-f', 'raw', '-O', format, disk.path, join(folder, 'inner')]);
    const path = await packed(folder, 'zstd -q -c inner', `.${format}.zst`);
    const before = leftovers();
    const image = await openImage(path);
    expect(image.facts).toMatchObject({ format, files: [path] });
    await expectDisk(image, disk.path);
    await image.close();
    expect(leftovers()).toEqual(before);
  });

  it('of sectors of 4096 bytes keeps them', async () => {
    const folder = await scratchFolder();
    const path = join(folder, 'disk');
    await writeFile(path, '');
    await truncate(path, 4 * MIB);
    const file = await open(path, 'r+');
    await file.write('EFI PART', 4096, 'latin1');
    await file.close();
    for (const [command, suffix] of [
      ['gzip -c disk', '.gz'],
      ['xz -0c disk', '.xz'],
    ] as const) {
      const image = await openImage(await packed(folder, command, suffix));
      expect(image.sectorSize).toBe(4096);
      await image.close();
    }
  });
});

describe('a compressed file that is no sound disk', () => {
  it.each(['gz', 'xz', 'zst'])('cut off (%s) is refused and leaves nothing behind', async (kind) => {
    const folder = await scratchFolder();
    await sparseRaw(join(folder, 'disk'), { size: 9 * MIB, seed: 74, runs: 30 });
    const program = { gz: 'gzip', xz: 'xz -0', zst: 'zstd -q' }[kind]!;
    const path = await packed(folder, `${program} -c disk`, `.${kind}`);
    await truncate(path, Math.floor((await stat(path)).size * 0.7));
    const before = leftovers();
    await expect(openImage(path)).rejects.toMatchObject({ code: 'IMAGE_DAMAGED' });
    expect(leftovers()).toEqual(before);
  });

  it('with one bit changed is found out', async () => {
    const folder = await scratchFolder();
    await sparseRaw(join(folder, 'disk'), { size: 9 * MIB, seed: 75, runs: 30 });
    for (const [program, suffix] of [
      ['gzip', '.gz'],
      ['xz -0', '.xz'],
      ['zstd -q --check', '.zst'],
    ] as const) {
      const path = await packed(folder, `${program} -c disk`, suffix);
      const bytes = await readFile(path);
      const at = Math.floor(bytes.length / 2);
      bytes[at] = bytes[at]! ^ 16;
      await writeFile(path, bytes);
      const readAll = async (): Promise<void> => {
        const image = await openImage(path);
        try {
          await image.read(new Uint8Array(image.size), 0);
        } finally {
          await image.close();
        }
      };
      await expect(readAll(), suffix).rejects.toMatchObject({ code: 'IMAGE_DAMAGED' });
    }
  });

  it('with a tar or an archive inside is refused by its name', async () => {
    const folder = await scratchFolder();
    await writeFile(join(folder, 'a'), 'text');
    await run('tar', ['-C', folder, '-czf', join(folder, 'disk.tar.gz'), 'a']);
    await expect(openImage(join(folder, 'disk.tar.gz'))).rejects.toMatchObject({
      code: 'IMAGE_NOT_SUPPORTED',
      message: expect.stringContaining('a tar archive') as string,
    });
    await run('bash', ['-c', `bzip2 -c a > a.bz2 || printf 'BZh91AY' > a.bz2`], { cwd: folder });
    await expect(openImage(join(folder, 'a.bz2'))).rejects.toMatchObject({
      code: 'IMAGE_NOT_SUPPORTED',
      message: expect.stringContaining('bzip2') as string,
    });
  });

  it('with more behind it than zeros is refused (zstd)', async () => {
    const folder = await scratchFolder();
    await sparseRaw(join(folder, 'disk'), { size: MIB, seed: 76, runs: 3 });
    const path = await packed(folder, 'zstd -q -c disk', '.zst');
    await appendFile(path, 'and more of what is no zstd');
    await expect(openImage(path)).rejects.toMatchObject({ code: 'IMAGE_DAMAGED' });
  });

  it('stops when it is cancelled', async () => {
    const folder = await scratchFolder();
    await writeFile(join(folder, 'disk'), '');
    await truncate(join(folder, 'disk'), 200 * MIB);
    const path = await packed(folder, 'gzip -1c disk', '.gz');
    const before = leftovers();
    const controller = new AbortController();
    const opening = (await detectFormat(path)).open(path, openContext(path, { signal: controller.signal }));
    setTimeout(() => controller.abort(), 20);
    await expect(opening).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(leftovers()).toEqual(before);
  });

  it.each([
    // Threads unpack the first two, one to a file and one to memory; zlib has threads of its own.
    { command: 'xz -0 -T1 -c disk' },
    { command: 'xz -0 --block-size=12MiB -c disk' },
    { command: 'gzip -1c disk' },
  ])(
    'by `$command` stops within 100 ms when it is cancelled, while the program goes on',
    // Other programs may hold up this one for longer; what is wrong here is wrong each time.
    { retry: 3 },
    async ({ command }) => {
      const folder = await scratchFolder();
      const disk = join(folder, 'disk');
      await writeFile(disk, randomBytes(12 * MIB));
      await truncate(disk, 60 * MIB);
      const path = await packed(folder, command, '.packed');
      const before = leftovers();
      const controller = new AbortController();
      const { signal } = controller;
      // The longest time that nothing else could happen.
      let blocked = 0;
      let last = performance.now();
      const beat = setInterval(() => {
        blocked = Math.max(blocked, performance.now() - last);
        last = performance.now();
      }, 1);
      const begun = Promise.withResolvers<null>();
      setTimeout(() => begun.resolve(null), 200);
      const work = (async () => {
        const context = openContext(path, { signal, onProgress: () => begun.resolve(null) });
        const image = await (await detectFormat(path)).open(path, context);
        try {
          await readBytes(image, 0, image.size);
        } finally {
          await image.close();
        }
      })();
      const ended = expect(work).rejects.toMatchObject({ code: 'CANCELLED' });
      // Not before the threads are there and at work.
      await begun.promise;
      const at = performance.now();
      controller.abort();
      await ended;
      clearInterval(beat);
      expect(performance.now() - at).toBeLessThan(100);
      expect(blocked).toBeLessThan(100);
      expect(leftovers()).toEqual(before);
    },
  );

  it.each(['gzip -1c disk', 'xz -0 -T1 -c disk', 'zstd -q -c disk'])(
    'by `%s` tells how far its unpacking is, in bytes of the packed file',
    async (command) => {
      const folder = await scratchFolder();
      await sparseRaw(join(folder, 'disk'), { size: 64 * MIB, seed: 77, runs: 30 });
      const path = await packed(folder, command, '.packed');
      const { size } = await stat(path);
      const heard: Progress[] = [];
      const image = await openImage(path, { onProgress: (progress) => void heard.push({ ...progress }) });
      await image.close();
      expect(heard.at(-1)).toMatchObject({ phase: 'unpack', totalBytes: size });
      expect(heard.at(-1)!.doneBytes).toBeGreaterThan(size * 0.9);
      expect(heard.at(-1)!.doneBytes).toBeLessThanOrEqual(size);
      const done = heard.map(({ doneBytes }) => doneBytes);
      expect(done).toEqual([...done].sort((a, b) => a - b));
    },
  );

  it('is not unpacked where there is no room, nor further than there is', async () => {
    const options = { path: '/disks/web01.raw.gz', packedSize: 5 * 2 ** 30 };
    const before = leftovers();
    const never = (async function* (): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(1);
    })();
    await expect(
      unpackToScratch(never, { ...options, freeBytes: async () => 2 ** 30 }),
    ).rejects.toMatchObject({ code: 'SCRATCH_SPACE', exitStatus: 3, data: { path: options.path } });

    // A bomb of data: the room is looked at while it is written.
    let free = 2 ** 30;
    let given = 0;
    const bomb = (async function* (): AsyncGenerator<Uint8Array> {
      const chunk = new Uint8Array(4 * MIB).fill(7);
      for (; given < 2000 * MIB; given += chunk.length) {
        free -= chunk.length;
        yield chunk;
      }
    })();
    await expect(
      unpackToScratch(bomb, { path: options.path, packedSize: 1000, freeBytes: async () => free }),
    ).rejects.toMatchObject({ code: 'SCRATCH_SPACE' });
    expect(given).toBeLessThan(1024 * MIB);
    expect(leftovers()).toEqual(before);
  });

  it('beyond 64 TiB of zeros is refused', async () => {
    const chunk = new Uint8Array(1 << 30);
    const zeros = (async function* (): AsyncGenerator<Uint8Array> {
      for (;;)
        yield new Proxy(chunk, {
          get: (target, key) => (key === 'length' ? 2 ** 47 : (Reflect.get(target, key) as unknown)),
        });
    })();
    await expect(
      unpackToScratch(zeros, { path: 'bomb.gz', packedSize: 1, freeBytes: async () => 2 ** 40 }),
    ).rejects.toMatchObject({ code: 'IMAGE_NOT_SUPPORTED' });
  });

  it('leaves nothing when the program ends while it unpacks', async () => {
    const folder = await scratchFolder();
    await writeFile(join(folder, 'disk'), '');
    await truncate(join(folder, 'disk'), 250 * MIB);
    const path = await packed(folder, 'gzip -1c disk', '.gz');
    const temporary = mkdtempSync(join(tmpdir(), 'ironlift-test-'));
    const table = new URL('../../../migration-core/image/table.ts', import.meta.url).href;
    const program = `import { openImage } from ${JSON.stringify(table)};
      import { readdirSync } from 'node:fs';
      void openImage(${JSON.stringify(path)});
      const timer = setInterval(() => {
        if (readdirSync(${JSON.stringify(temporary)}).length === 0) return;
        console.log('seen');
        process.exit(130);
      }, 1);`;
    const ended = await tryRun(process.execPath, ['--input-type=module', '-e', program], {
      env: { TMPDIR: temporary },
    });
    expect(ended).toMatchObject({ status: 130, stdout: 'seen\n' });
    expect(readdirSync(temporary)).toEqual([]);
    rmSync(temporary, { recursive: true });
  });
});
