/** GNU cpio, the compressors, kmod and lsinitramfs's own tools are the judges. */
import { mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { writeCpio } from '../../../../../migration-core/guest/linux/initramfs/cpio.ts';
import { initramfsDrivers } from '../../../../../migration-core/guest/linux/initramfs/fixer.ts';
import {
  readKmodIndex,
  writeKmodIndex,
} from '../../../../../migration-core/guest/linux/initramfs/kmod-index.ts';
import {
  dependencyClosure,
  readKernelModules,
} from '../../../../../migration-core/guest/linux/initramfs/modules.ts';
import {
  NETWORK_DRIVERS,
  STORAGE_DRIVERS,
} from '../../../../../migration-core/guest/linux/initramfs/needs.ts';
import {
  readInitramfs,
  type Initramfs,
} from '../../../../../migration-core/guest/linux/initramfs/segments.ts';
import { unpackXzWhole } from '../../../../../migration-core/guest/linux/initramfs/xz.ts';
import { GuestTree } from '../../../../../migration-core/guest/tree.ts';
import { buildGuest, type GuestDisk } from '../../../../support/guests.ts';
import { memoryFileSystem } from '../../../../support/memory-filesystem.ts';
import { needTools, run, scratchFolder, seeded, tryRun } from '../../../../support/tools.ts';
import { bytes, contextOf, file, folder, link, withFolders } from './images.ts';
import { openServer } from './servers.ts';

async function listed(content: Uint8Array): Promise<Initramfs> {
  const tree = new GuestTree(memoryFileSystem({ '/initrd': { file: content } }), 'disk0');
  return readInitramfs(tree, '/initrd');
}

describe('archives', () => {
  test('GNU cpio unpacks what is written: content, modes, links', async () => {
    needTools('cpio');
    const out = await scratchFolder();
    const random = seeded(1);
    const big = Uint8Array.from({ length: 70_001 }, () => random() * 256);
    const archive = writeCpio(
      withFolders([
        file('usr/lib/a', 'hello'),
        file('big', big),
        file('empty', ''),
        folder('usr/x'),
        link('lib', 'usr/lib'),
      ]),
    );
    await writeFile(join(out, 'archive'), archive);
    await run('sh', ['-c', 'mkdir root && cd root && cpio --quiet -idm --no-preserve-owner <../archive'], {
      cwd: out,
    });
    expect(await readFile(join(out, 'root/lib/a'), 'utf8')).toBe('hello');
    expect(Buffer.compare(await readFile(join(out, 'root/big')), big)).toBe(0);
    expect((await readdir(join(out, 'root'))).sort()).toEqual(['big', 'empty', 'lib', 'usr']);
    expect(await run('stat', ['-c', '%a', join(out, 'root/usr/x'), join(out, 'root/big')])).toBe(
      '755\n644\n',
    );
  });

  /** A tree of 5 MB, half of it random, with names of many lengths. */
  async function tree(): Promise<string> {
    const root = await scratchFolder();
    const random = seeded(2);
    for (let i = 0; i < 300; i++) {
      const path = join(root, 'usr/lib', 'd'.repeat(1 + (i % 40)), `f${i}`);
      await mkdir(dirname(path), { recursive: true });
      const noise = i % 2 === 0;
      await writeFile(
        path,
        Uint8Array.from({ length: i * 120 }, (_, at) => (noise ? random() * 256 : at % (i + 1))),
      );
    }
    await symlink('usr/lib', join(root, 'lib'));
    return root;
  }

  test.each([
    ['newc', 'cat', 'cpio'],
    ['crc', 'cat', 'cpio'],
    ['newc', 'gzip -9', 'gzip'],
    ['newc', 'gzip -1', 'gzip'],
    ['newc', 'xz -0 --check=crc32', 'xz'],
    ['newc', 'xz -9 --check=sha256', 'xz'],
    ['newc', 'xz -6 --check=none --block-size=1MiB', 'xz'],
    ['newc', 'xz --check=crc64 --lzma2=preset=6,lc=0,lp=4,pb=0', 'xz'],
    ['newc', 'xz --check=crc32 --lzma2=preset=3,dict=64KiB,pb=4', 'xz'],
    ['newc', 'zstd -q -19', 'zstd'],
    ['newc', 'zstd -q -1 --no-check', 'zstd'],
    ['newc', 'zstd -q -T2 --long=26', 'zstd'],
    ['newc', 'lz4 -q -l -1', 'lz4'],
    ['newc', 'lz4 -q -l -9', 'lz4'],
  ])('%s, %s', async (format, program, kind) => {
    needTools('cpio', 'gzip', 'xz', 'zstd', 'lz4');
    const root = await tree();
    const out = await scratchFolder();
    const image = join(out, 'image');
    await run('sh', ['-c', `find . | cpio --quiet -o -H ${format} | ${program} >'${image}'`], { cwd: root });
    const names = (await run('sh', ['-c', 'find . -mindepth 1'], { cwd: root })).trim().split('\n');
    // With a second archive behind it: that it is found proves that the end was.
    const tail = writeCpio([file('behind')]);
    const main = await readFile(image);
    const gap = kind === 'lz4' ? new Uint8Array(0) : new Uint8Array(20 - (main.length % 4));
    const result = await listed(Buffer.concat([main, gap, ...(kind === 'lz4' ? [] : [tail])]));
    expect(result.complete).toBe(true);
    expect(result.segments[0]).toMatchObject({ kind, offset: 0, problem: null });
    const expected = names.map((name) => name.slice(2));
    expect([...result.listing.keys()].filter((name) => name !== '' && name !== 'behind').sort()).toEqual(
      expected.sort(),
    );
    expect(result.listing.has('behind')).toBe(kind !== 'lz4');
    if (kind !== 'cpio') expect(result.segments[0]!.length).toBe(main.length);
  });

  test('xz unpacks to the very bytes', async () => {
    const random = seeded(3);
    const words = Array.from({ length: 400 }, () => Math.floor(random() * 1e9).toString(36));
    const text = Array.from({ length: 300_000 }, () => words[Math.floor(random() ** 3 * 400)]!).join(' ');
    const folder = await scratchFolder();
    await writeFile(join(folder, 'a'), text);
    for (const options of ['-0', '-6e', '--lzma2=preset=6,lc=4,pb=0', '--block-size=300KiB']) {
      await run('sh', ['-c', `xz --check=crc32 ${options} -c a >a.xz`], { cwd: folder });
      const unpacked = await unpackXzWhole(await readFile(join(folder, 'a.xz')), 1 << 30);
      expect(Buffer.from(unpacked).equals(Buffer.from(text))).toBe(true);
    }
  });
});

describe('modules of a real kernel', () => {
  let server: GuestDisk;
  beforeAll(async () => {
    server = await buildGuest('bios-ahci');
  });

  /** The indexes of the server in a folder that modprobe takes as the root. It wants to see the files they name, and no more. */
  async function modprobeRoot(files: GuestTree, version: string): Promise<string> {
    const root = await scratchFolder();
    const place = join(root, 'lib/modules', version);
    await mkdir(place, { recursive: true });
    for (const name of await files.list(`/lib/modules/${version}`))
      if (name.startsWith('modules.'))
        await writeFile(join(place, name), await files.readFile(`/lib/modules/${version}/${name}`));
    const text = (await files.readText(`/lib/modules/${version}/modules.dep`))!;
    const paths = [...text.matchAll(/^([^:\n]+):/gm)].map((match) => join(place, match[1]!));
    for (const folder of new Set(paths.map(dirname))) await mkdir(folder, { recursive: true });
    await Promise.all(paths.map((path) => writeFile(path, '')));
    return root;
  }
  /** Paths of the files modprobe would load for the names. */
  async function asModprobe(root: string, version: string, names: readonly string[]): Promise<string[]> {
    const found = new Set<string>();
    for (const name of names) {
      const { stdout } = await tryRun('modprobe', [
        '-D',
        '-S',
        version,
        '-d',
        root,
        '-C',
        '/nonexistent',
        name,
      ]);
      for (const match of stdout.matchAll(/^insmod \S*\/lib\/modules\/[^/]+\/(\S+)/gm)) found.add(match[1]!);
    }
    return [...found].sort();
  }

  test('the closure is what modprobe says', async () => {
    needTools('modprobe');
    const { tree, kernel } = await openServer(server);
    const modules = await readKernelModules(tree, kernel);
    const names = [
      ...STORAGE_DRIVERS,
      ...NETWORK_DRIVERS,
      'ext4',
      'btrfs',
      'xfs',
      'dm_mod',
      'amdgpu',
      'nfsd',
    ];
    const ours = dependencyClosure(modules, names).modules.map((name) => modules.modules.get(name)!.path);
    const theirs = await asModprobe(await modprobeRoot(tree, kernel.version), kernel.version, names);
    expect(theirs.length).toBeGreaterThan(60);
    // Ours may have more: all modules of an alias, of which modprobe takes those for this processor or in this state.
    expect(theirs.filter((path) => !ours.includes(path))).toEqual([]);
    expect(ours.length).toBeLessThan(theirs.length + 10);
  });

  test('the binary index reads as the text does, and modprobe reads what is written', async () => {
    const { tree, kernel } = await openServer(server);
    const root = await modprobeRoot(tree, kernel.version);
    const path = join(root, 'lib/modules', kernel.version, 'modules.dep.bin');
    const index = readKmodIndex(await readFile(path));
    const lines = (await tree.readText(`/lib/modules/${kernel.version}/modules.dep`))!.trim().split('\n');
    expect(
      [...index.values()]
        .flat()
        .map((line) => line.trim())
        .sort(),
    ).toEqual(lines.sort());
    const names = ['virtio_blk', 'sd_mod', 'ext4', 'xen-blkfront', 'nfsd', 'e1000e'];
    const before = await asModprobe(root, kernel.version, names);
    await writeFile(path, writeKmodIndex([...index].map(([name, values]) => [name, values[0]!])));
    expect(await asModprobe(root, kernel.version, names)).toEqual(before);
  });

  test('the segment of a real server: modprobe resolves a device in it, size and time are small', async () => {
    const { tree, kernel } = await openServer(server);
    const start = performance.now();
    const { edits, findings } = await initramfsDrivers.plan(contextOf(tree, [kernel], 'virtio-blk'));
    expect(performance.now() - start).toBeLessThan(10_000);
    expect(findings).toEqual([]);
    const { action } = edits[0]!;
    if (action.kind !== 'append') throw new Error(action.kind);
    expect(action.content.length).toBeLessThan(2.5e6);
    const root = await scratchFolder();
    const packed = action.content.subarray(action.content.findIndex((byte) => byte !== 0));
    await writeFile(join(root, 'segment.gz'), packed);
    // As the kernel does it: on top of a tree with the link /lib.
    await run(
      'sh',
      ['-c', 'mkdir -p usr/lib && ln -s usr/lib lib && gzip -dc segment.gz | cpio --quiet -id'],
      { cwd: root },
    );
    expect((await run('readlink', [join(root, 'lib')])).trim()).toBe('usr/lib');
    const device = 'virtio:d00000002v00001AF4';
    const loads = await asModprobe(root, kernel.version, [
      device,
      'pci:v00001AF4d00001042sv00001AF4sd00001100bc01sc00i00',
    ]);
    for (const path of loads) await readFile(join(root, 'lib/modules', kernel.version, path));
    expect(loads.map((path) => path.slice(path.lastIndexOf('/') + 1))).toEqual(
      expect.arrayContaining(['virtio_blk.ko', 'virtio_pci.ko', 'virtio.ko', 'virtio_ring.ko']),
    );
    // Same server, same bytes.
    const again = await initramfsDrivers.plan(contextOf(tree, [kernel], 'virtio-blk'));
    expect(again.edits).toEqual(edits);
  });

  test('modules that the image has unpacked: the index that is written anew leads to them', async () => {
    const { tree, kernel } = await openServer(server);
    const version = kernel.version;
    const place = `/usr/lib/modules/${version}`;
    const paths = [
      'kernel/drivers/block/virtio_blk.ko',
      'kernel/drivers/virtio/virtio.ko',
      'kernel/drivers/virtio/virtio_ring.ko',
    ];
    const out = await scratchFolder();
    const entries: Record<string, { file: Uint8Array } | { symlink: string }> = {
      '/lib': { symlink: 'usr/lib' },
    };
    for (const [i, path] of paths.entries()) {
      const plain = await tree.readFile(`${place}/${path}`);
      await writeFile(join(out, `${i}`), plain);
      await run('xz', ['--check=crc32', '--lzma2=dict=2MiB', join(out, `${i}`)]);
      entries[`${place}/${path}.xz`] = { file: await readFile(join(out, `${i}.xz`)) };
    }
    entries[`${place}/modules.dep`] = {
      file: bytes(
        `${paths[0]!}.xz: ${paths[1]!}.xz ${paths[2]!}.xz\n${paths[1]!}.xz: ${paths[2]!}.xz\n${paths[2]!}.xz:\n`,
      ),
    };
    for (const name of ['modules.alias.bin', 'modules.softdep'])
      entries[`${place}/${name}`] = { file: await tree.readFile(`${place}/${name}`) };
    // virtio_pci is built in here.
    entries[`${place}/modules.builtin`] = { file: bytes('kernel/drivers/virtio/virtio_pci.ko\n') };
    const udev = file('usr/lib/systemd/systemd-udevd');
    const image = writeCpio(
      withFolders([link('lib', 'usr/lib'), udev, file(`usr/lib/modules/${version}/kernel/fs/ext4/ext4.ko`)]),
    );
    entries[`/boot/initrd.img-${version}`] = { file: image };
    const files = new GuestTree(memoryFileSystem(entries), 'disk0');
    const { edits } = await initramfsDrivers.plan(contextOf(files, [kernel], 'virtio-blk'));
    const { action } = edits[0]!;
    if (action.kind !== 'append') throw new Error(action.kind);
    const root = await scratchFolder();
    await writeFile(
      join(root, 'segment'),
      action.content.subarray(action.content.findIndex((byte) => byte !== 0)),
    );
    await run('sh', ['-c', 'mkdir -p usr/lib && ln -s usr/lib lib && cpio --quiet -id <segment'], {
      cwd: root,
    });
    const loads = await asModprobe(root, version, ['virtio_blk']);
    expect(loads).toEqual([...paths].sort());
    for (const path of paths)
      expect(
        Buffer.compare(
          await readFile(join(root, 'lib/modules', version, path)),
          await tree.readFile(`${place}/${path}`),
        ),
      ).toBe(0);
  });
});
