/** Loop devices as local disks; lsblk judges what is listed, the kernel what is in use. Needs root. */
import { constants } from 'node:fs';
import { chmod, mkdir, open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { listLocalDisks } from '../../../migration-core/source/local-disks.ts';
import { openSource, openSources } from '../../../migration-core/source/open.ts';
import { needTools, run, scratchFolder, tryRun } from '../../support/tools.ts';

async function attach(file: string, ...options: string[]): Promise<string> {
  needTools('losetup');
  const device = (await run('losetup', ['--find', '--show', ...options, file])).trim();
  onTestFinished(async () => {
    await tryRun('losetup', ['--detach', device]);
  });
  return device;
}

async function image(name: string, size: number): Promise<string> {
  const path = join(await scratchFolder(), name);
  await writeFile(path, '');
  await truncate(path, size);
  return path;
}

/** A disk with an ext4 partition, the loop device over it, and the partition's node. */
async function partitioned(): Promise<{ file: string; device: string; node: string }> {
  needTools('sfdisk', 'mkfs.ext4', 'partx');
  const file = await image('disk.img', 64 << 20);
  await run('sfdisk', ['-q', file], { input: 'label: gpt\n2048,32768\n34816,\n' });
  const device = await attach(file);
  await tryRun('partx', ['--add', device]);
  const name = basename(device);
  const number = (await readFile(`/sys/block/${name}/${name}p1/dev`, 'utf8')).trim().split(':');
  const node = join(await scratchFolder(), `${name}p1`);
  await run('mknod', [node, 'b', ...number]);
  await run('mkfs.ext4', ['-q', node]);
  onTestFinished(async () => {
    await tryRun('partx', ['--delete', device]);
  });
  return { file, device, node };
}

async function mount(what: string, ...options: string[]): Promise<string> {
  const folder = join(await scratchFolder(), 'mounted here');
  await mkdir(folder);
  await run('mount', [...options, what, folder]);
  onTestFinished(async () => {
    await tryRun('umount', [folder]);
  });
  return folder;
}

test('the list agrees with lsblk: sizes, sectors, partitions, for 512 and 4096-byte sectors', async () => {
  needTools('lsblk');
  const { device } = await partitioned();
  const four = await attach(await image('4k.img', 40 << 20), '-b', '4096');
  const columns = 'NAME,PATH,TYPE,SIZE,LOG-SEC,PHY-SEC,RM,RO,MODEL,SERIAL,START';
  interface Row {
    name: string;
    path: string;
    type: string;
    size: number;
    'log-sec': number;
    'phy-sec': number;
    rm: boolean;
    ro: boolean;
    model: string | null;
    serial: string | null;
    start: number | null;
    children?: Row[];
  }
  const ours = await listLocalDisks({ all: true });
  const theirs = (
    JSON.parse(await run('lsblk', ['-J', '-b', '-o', columns])) as {
      blockdevices: Row[];
    }
  ).blockdevices;
  // Loop devices of other tests come and go meanwhile.
  const judged = theirs
    .filter(({ type, path }) => type === 'disk' || [device, four].includes(path))
    .filter(({ size }) => size > 0);
  expect(judged.length).toBeGreaterThanOrEqual(3);
  for (const row of judged) {
    const disk = ours.find(({ name }) => name === row.name);
    expect(disk, row.name).toMatchObject({
      path: row.path,
      kind: row.type,
      size: row.size,
      sectorSize: row['log-sec'],
      physicalSectorSize: row['phy-sec'],
      removable: row.rm,
      readOnly: row.ro,
      // Without udev lsblk knows less than /sys does.
      ...(row.model === null ? {} : { model: row.model.trim() }),
      ...(row.serial === null ? {} : { serial: row.serial.trim() }),
    });
    const children = (row.children ?? []).filter(({ type }) => type === 'part');
    expect(disk!.partitions.map(({ name, size, offset }) => [name, size, offset])).toEqual(
      children.map(({ name, size, start }) => [name, size, (start ?? 0) * 512]),
    );
  }
  expect(ours.find(({ path }) => path === four)).toMatchObject({
    kind: 'loop',
    size: 40 << 20,
    sectorSize: 4096,
    inUse: false,
  });
  expect(ours.find(({ path }) => path === device)!.partitions).toHaveLength(2);
  // What hardware there is, and nothing else.
  const physical = await listLocalDisks();
  expect(physical.every(({ kind }) => kind === 'disk')).toBe(true);
  expect(physical.map(({ name }) => name)).toEqual(
    judged.filter(({ type, name }) => type === 'disk' && !name.startsWith('zram')).map(({ name }) => name),
  );
});

test('a block device is read as its file, with its own sector size, and without any right to write', async () => {
  const file = await image('disk.img', (8 << 20) + 4096);
  const bytes = Buffer.alloc(100_000, 'ironlift ');
  const handle = await open(file, 'r+');
  await handle.write(bytes, 0, bytes.length, 5_000_000);
  await handle.close();
  const device = await attach(file, '-b', '4096');
  const source = await openSource(device);
  onTestFinished(async () => source.disk.close());
  expect(source.description).toMatchObject({
    kind: 'device',
    path: device,
    size: (8 << 20) + 4096,
    sectorSize: 4096,
  });
  const { fd } = source.disk.fileRange!(0, 1)!;
  const flags = Number.parseInt(
    /flags:\s*([0-7]+)/.exec(await readFile(`/proc/self/fdinfo/${fd}`, 'utf8'))![1]!,
    8,
  );
  expect(flags & (constants.O_WRONLY | constants.O_RDWR)).toBe(0);
  const into = new Uint8Array(bytes.length);
  await source.disk.read(into, 5_000_000);
  expect(Buffer.compare(into, bytes)).toBe(0);
  const tail = new Uint8Array(10);
  await source.disk.read(tail, source.disk.size - 10);
  // A node of another name for the same disk is the same disk.
  const twin = join(await scratchFolder(), 'twin');
  const [major, minor] = (await readFile(`/sys/block/${basename(device)}/dev`, 'utf8')).trim().split(':');
  await run('mknod', [twin, 'b', major!, minor!]);
  await expect(openSources([device, twin])).rejects.toMatchObject({ code: 'SOURCE_TWICE' });
});

test('a disk with a partition mounted read-write is refused; read-only it is read', async () => {
  const { file, device, node } = await partitioned();
  const folder = await mount(node);
  await expect(openSource(device)).rejects.toMatchObject({
    code: 'SOURCE_MOUNTED',
    kind: 'refused',
    message: expect.stringContaining(`mounted read-write at ${folder}.`) as string,
  });
  await expect(openSource(file)).rejects.toMatchObject({ code: 'SOURCE_MOUNTED' });
  const accepted = await openSource(device, { allowMounted: true });
  expect(accepted.findings).toMatchObject([{ severity: 'warning', code: 'SOURCE_MOUNTED' }]);
  await accepted.disk.close();
  const listed = (await listLocalDisks({ all: true })).find(({ path }) => path === device);
  expect(listed).toMatchObject({ inUse: true, mountPoints: [folder] });
  expect(listed!.partitions[0]!.mountPoints).toEqual([folder]);

  await run('mount', ['-o', 'remount,ro', folder]);
  const readOnly = await openSource(device);
  expect(readOnly.findings).toMatchObject([{ severity: 'info', code: 'SOURCE_MOUNTED_READ_ONLY' }]);
  await readOnly.disk.close();
  await run('umount', [folder]);
  const free = await openSource(device);
  expect(free.findings).toEqual([]);
  await free.disk.close();
});

test('an image file whose file system is mounted through a loop device at an offset is refused', async () => {
  const { file, device } = await partitioned();
  await run('losetup', ['--detach', device]).catch(() => undefined);
  const offset = await attach(file, '-o', String(2048 * 512), '--sizelimit', String(32768 * 512));
  const folder = await mount(offset);
  await expect(openSource(file)).rejects.toMatchObject({ code: 'SOURCE_MOUNTED' });
  await run('umount', [folder]);
  const source = await openSource(file);
  await source.disk.close();
});

test('a disk that is swapped to, and one that another program holds for itself, are refused', async () => {
  needTools('mkswap', 'swapon');
  const swap = await attach(await image('swap.img', 16 << 20));
  await run('mkswap', [swap]);
  await run('swapon', [swap]);
  onTestFinished(async () => {
    await tryRun('swapoff', [swap]);
  });
  await expect(openSource(swap)).rejects.toMatchObject({
    code: 'SOURCE_IN_USE',
    message: expect.stringContaining('swaps') as string,
  });
  await run('swapoff', [swap]);

  const held = await open(swap, constants.O_RDONLY | constants.O_EXCL);
  onTestFinished(async () => held.close());
  await expect(openSource(swap)).rejects.toMatchObject({
    code: 'SOURCE_IN_USE',
    message: expect.stringContaining('another program') as string,
  });
});

test('a partition, a detached loop device and a node without a device are no disks', async () => {
  const { node } = await partitioned();
  await expect(openSource(node)).rejects.toMatchObject({ code: 'SOURCE_NOT_A_DISK' });
  // A number nobody else gets as long as one below it is free.
  await run('losetup', ['/dev/loop200', await image('gone.img', 1 << 20)]);
  await run('losetup', ['--detach', '/dev/loop200']);
  await expect(openSource('/dev/loop200')).rejects.toMatchObject({ code: 'SOURCE_EMPTY' });
  const nothing = join(await scratchFolder(), 'nothing');
  await run('mknod', [nothing, 'b', '240', '77']);
  await expect(openSource(nothing)).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
});

test('without permission, the refusal says what to do', async () => {
  needTools('setpriv');
  const folder = await scratchFolder();
  await chmod(folder, 0o755);
  const file = join(folder, 'secret.img');
  await writeFile(file, Buffer.alloc(4096));
  await chmod(file, 0o600);
  const device = await attach(await image('disk.img', 1 << 20));
  const module = new URL('../../../migration-core/source/open.ts', import.meta.url).href;
  for (const path of [file, device]) {
    const script = `import { openSource } from ${JSON.stringify(module)};
      await openSource(${JSON.stringify(path)}).catch((error) => console.log(JSON.stringify(error)));`;
    const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups'];
    const said = await run('setpriv', [...nobody, process.execPath, '--input-type=module', '-e', script]);
    expect(JSON.parse(said)).toMatchObject({
      code: 'SOURCE_NOT_READABLE',
      next: expect.stringContaining('sudo') as string,
    });
  }
  await rm(file);
});

test('images of other formats are opened as the disks they hold', async () => {
  needTools('qemu-img');
  const file = await image('disk.img', 8 << 20);
  const handle = await open(file, 'r+');
  await handle.write(Buffer.alloc(300_000, 'some data '), 0, 300_000, 1_234_567);
  await handle.close();
  const expected = await readFile(file);
  for (const format of ['qcow2', 'vmdk']) {
    // Named as nothing in particular: the content decides.
    const converted = join(await scratchFolder(), 'disk.bin');
    await run('qemu-img', ['convert', '-f', 'raw', '-O', format, file, converted]);
    const source = await openSource(converted);
    expect(source.description).toMatchObject({ format, kind: 'image', size: 8 << 20 });
    const into = new Uint8Array(source.disk.size);
    await source.disk.read(into, 0);
    expect(Buffer.compare(into, expected)).toBe(0);
    await source.disk.close();
  }
});
