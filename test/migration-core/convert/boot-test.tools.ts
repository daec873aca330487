/** Test boots of machines a few instructions long, in real QEMU: every kind of ending in a second or two. */
import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bootTest, type BootTestOptions } from '../../../migration-core/convert/boot-test.ts';
import { chooseAccelerator } from '../../../migration-core/convert/boot-test/accelerator.ts';
import { writeOverlayFile } from '../../../migration-core/convert/boot-test/overlay-file.ts';
import { encodePng, parsePpm } from '../../../migration-core/convert/boot-test/png.ts';
import { renderManifest } from '../../../migration-core/convert/manifest.ts';
import { machineOf } from '../../support/guests-machine.ts';
import { needTools, run, scratchFolder, seeded } from '../../support/tools.ts';

const QEMU = 'qemu-system-x86_64';

/** 16-bit code: sends a text to the first serial port, then goes on. */
function sayOnSerial(text: string): number[] {
  const say = [...Buffer.from(text)].flatMap((letter) => [0xb0, letter, 0xee]); // mov al, letter; out dx, al
  return [0xba, 0xf8, 0x03, ...say]; // mov dx, 0x3f8
}
/** 16-bit code: writes a text on the screen through the BIOS. */
function sayOnScreen(text: string): number[] {
  // mov ax, 0x0e00 + letter; int 0x10
  return [...Buffer.from(text)].flatMap((letter) => [0xb8, letter, 0x0e, 0xcd, 0x10]);
}
/** Writes 8 sectors over sector 1 and following through the BIOS. */
const OVERWRITE = [
  ...[0x31, 0xdb, 0x8e, 0xc3], // xor bx, bx; mov es, bx
  ...[0xb8, 0x08, 0x03], // mov ax, 0x0308: write 8 sectors
  ...[0xb9, 0x02, 0x00, 0xb6, 0x00, 0xb2, 0x80], // cylinder 0, sector 2, head 0, first disk
  ...[0xbb, 0x00, 0x7c, 0xcd, 0x13], // from 0x7c00
];
const HALT = [0xf4, 0xeb, 0xfd];
/** Through the keyboard controller's reset line. */
const RESTART = [0xb0, 0xfe, 0xe6, 0x64, ...HALT];
/** ACPI PM1a control of the i440FX and Q35 boards as SeaBIOS sets it: sleep state 5. */
const SWITCH_OFF = [0xba, 0x04, 0x06, 0xb8, 0x00, 0x20, 0xef, ...HALT];

interface Made {
  folder: string;
  disk: string;
  hash: () => Promise<string>;
}

/** A finished conversion whose one disk holds this code in its first sector. */
async function conversion(code: number[], format = 'raw', bootable = true): Promise<Made> {
  needTools(QEMU, 'qemu-img');
  const folder = await scratchFolder();
  const size = 8 << 20;
  const image = Buffer.alloc(size);
  const random = seeded(1);
  for (let at = 512; at < 1 << 20; at++) image[at] = random() * 256;
  Buffer.from(code).copy(image, 0);
  if (code.length > 510) throw new Error('The code is too long for a boot sector.');
  if (bootable) image.set([0x55, 0xaa], 510);
  const file = `web01-disk0.${format}`;
  const disk = join(folder, file);
  await writeFile(`${disk}.input`, image);
  await run('qemu-img', ['convert', '-f', 'raw', '-O', format, `${disk}.input`, disk]);
  await rm(`${disk}.input`);
  const machine = machineOf('web01', 'bios', 'ide', { model: 'e1000', mac: '52:54:00:00:00:01' });
  machine.memoryMiB = 512;
  machine.disks = [{ file, format, size, bus: 'ide', unit: 0 }];
  await writeFile(
    join(folder, 'ironlift.json'),
    renderManifest({
      ironlift: '0.1.0',
      formatVersion: 1,
      created: '2026-01-01T00:00:00.000Z',
      target: 'kvm',
      guest: null,
      machine,
      disks: [],
      edits: [],
      findings: [],
      timings: [],
      undone: null,
    }),
  );
  const hash = async (): Promise<string> =>
    createHash('sha256')
      .update(await readFile(disk))
      .digest('hex');
  return { folder, disk, hash };
}

const options = (folder: string, more: Partial<BootTestOptions> = {}): BootTestOptions => ({
  folder,
  accelerator: 'tcg',
  timeoutSeconds: 30,
  ...more,
});

test.each(['raw', 'qcow2', 'vmdk'])(
  'a login on the serial console: booted, and the %s image is as it was although the machine wrote to its disk',
  async (format) => {
    const { folder, hash } = await conversion(
      [...OVERWRITE, ...sayOnSerial('\r\nweb01 login: '), ...HALT],
      format,
    );
    const before = await hash();
    const verdict = await bootTest(options(folder));
    expect(verdict).toMatchObject({
      status: 'booted',
      sign: 'LOGIN_PROMPT',
      evidence: { where: 'serial', line: 'web01 login:' },
      accelerator: 'tcg',
    });
    expect(verdict.seconds).toBeLessThan(25);
    expect(await hash()).toBe(before);
    const results = join(folder, 'boot-test');
    expect((await readdir(results)).sort()).toEqual(['screen.png', 'serial.log', 'verdict.json']);
    expect(JSON.parse(await readFile(join(results, 'verdict.json'), 'utf8'))).toEqual(verdict);
    expect(await readFile(join(results, 'serial.log'), 'latin1')).toContain('web01 login: ');
    expect(await run('identify', ['-format', '%m %wx%h', join(results, 'screen.png')])).toBe('PNG 720x400');
  },
);

test('what the machine writes to its disk is there for itself: the overlay works', async () => {
  // Writes, reads sector 2 back to 0x8000 and says what it holds at its start: the byte of the boot sector, not noise.
  const readBack = [
    ...[0xb8, 0x01, 0x02, 0xb9, 0x02, 0x00, 0xb6, 0x00, 0xb2, 0x80, 0xbb, 0x00, 0x80, 0xcd, 0x13],
    ...[0xba, 0xf8, 0x03, 0xa0, 0x00, 0x80, 0xee], // mov al, [0x8000]; out dx, al
  ];
  const { folder } = await conversion([
    ...OVERWRITE,
    ...readBack,
    ...sayOnSerial('\nweb01 login: '),
    ...HALT,
  ]);
  expect((await bootTest(options(folder))).status).toBe('booted');
  const log = await readFile(join(folder, 'boot-test/serial.log'), 'latin1');
  expect(log.charCodeAt(0)).toBe(OVERWRITE[0]);
});

test('a prompt of the start-up image on a screen, the serial console silent: failed, with what it means', async () => {
  const { folder } = await conversion([...sayOnScreen('\r\n(initramfs) '), ...HALT]);
  const verdict = await bootTest(options(folder));
  expect(verdict).toMatchObject({
    status: 'failed',
    sign: 'INITRAMFS_PROMPT',
    evidence: { where: 'screen', line: '(initramfs)' },
  });
  expect(verdict.sentence).toContain('did not find the root disk');
});

test('a disk without a boot loader: failed, by the words of the firmware', async () => {
  const { folder } = await conversion([], 'raw', false);
  expect(await bootTest(options(folder))).toMatchObject({ status: 'failed', sign: 'BIOS_NOTHING_TO_START' });
});

test('a machine that restarts for ever, and one that switches itself off', async () => {
  const [restarts, off] = await Promise.all([conversion(RESTART), conversion(SWITCH_OFF)]);
  expect(await bootTest(options(restarts.folder))).toMatchObject({ status: 'failed', sign: 'RESTARTS' });
  expect(await bootTest(options(off.folder))).toMatchObject({ status: 'failed', sign: 'SWITCHED_OFF' });
});

test('the time is up: unclear, with the last line; a second test takes the place of the first', async () => {
  const { folder } = await conversion([...sayOnSerial('\r\nStarting things'), ...HALT]);
  const verdict = await bootTest(options(folder, { timeoutSeconds: 5 }));
  expect(verdict).toMatchObject({
    status: 'unclear',
    sign: 'TIME_UP',
    evidence: { line: 'Starting things' },
  });
  await writeFile(join(folder, 'boot-test/overlay-left-behind'), 'x');
  await bootTest(options(folder, { timeoutSeconds: 3 }));
  expect((await readdir(join(folder, 'boot-test'))).sort()).toEqual([
    'screen.png',
    'serial.log',
    'verdict.json',
  ]);
});

test('cancelled: nothing runs any more, no overlay stays', async () => {
  const { folder, hash } = await conversion(HALT);
  const before = await hash();
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 2500);
  await expect(bootTest(options(folder, { signal: controller.signal }))).rejects.toMatchObject({
    code: 'CANCELLED',
  });
  expect((await readdir(join(folder, 'boot-test'))).filter((name) => name !== 'serial.log')).toEqual([]);
  const processes = await run('ps', ['-eo', 'args']);
  expect(processes).not.toContain(folder);
  const open = (await run('ps', ['-C', QEMU, '-o', 'pid=']).catch(() => ''))
    .trim()
    .split(/\s+/u)
    .filter(Boolean);
  for (const pid of open) {
    const cwd = await run('readlink', [`/proc/${pid}/cwd`]).catch(() => '');
    expect(cwd.trim()).not.toBe(folder);
  }
  expect(await hash()).toBe(before);
});

test('what cannot be tested is refused with what to do, before anything is written', async () => {
  const { folder, disk } = await conversion(HALT);
  await expect(bootTest(options(folder, { qemu: '/nowhere/qemu' }))).rejects.toMatchObject({
    code: 'QEMU_NOT_FOUND',
    next: expect.stringContaining('--qemu') as string,
  });
  await expect(bootTest(options(folder, { qemu: '/bin/true' }))).rejects.toMatchObject({
    code: 'QEMU_NOT_FOUND',
  });
  await expect(bootTest(options(folder, { accelerator: 'warp' }))).rejects.toMatchObject({ code: 'USAGE' });
  await rm(disk);
  await expect(bootTest(options(folder))).rejects.toMatchObject({ code: 'NOT_A_CONVERSION' });
  await expect(bootTest(options(join(folder, 'none')))).rejects.toMatchObject({ code: 'NOT_A_CONVERSION' });
});

test('QEMU that ends by itself says nothing about the machine', async () => {
  const { folder, disk } = await conversion(HALT, 'qcow2');
  await writeFile(disk, Buffer.alloc((await stat(disk)).size));
  await expect(bootTest(options(folder))).rejects.toMatchObject({ code: 'QEMU_FAILED' });
});

test('an accelerator that does not work is found out within seconds', async () => {
  needTools(QEMU);
  const started = performance.now();
  const chosen = await chooseAccelerator(QEMU, undefined, await scratchFolder());
  expect(performance.now() - started).toBeLessThan(15_000);
  expect(['tcg', 'kvm']).toContain(chosen);
});

test('qemu-img takes the overlay for what it is', async () => {
  needTools('qemu-img');
  const folder = await scratchFolder();
  const size = 3 * 2 ** 40 + 512;
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', join(folder, 'one, "odd" name.qcow2'), String(size)]);
  const path = join(folder, 'overlay.qcow2');
  await writeOverlayFile(path, { file: 'one, "odd" name.qcow2', driver: 'qcow2', size });
  const info = JSON.parse(await run('qemu-img', ['info', '--output=json', path], { cwd: folder })) as Record<
    string,
    unknown
  >;
  expect(info).toMatchObject({ format: 'qcow2', 'virtual-size': size, 'backing-filename-format': 'qcow2' });
  expect(await run('qemu-img', ['check', path], { cwd: folder })).toContain('No errors were found');
});

test('a PNG holds the pixels of its PPM', async () => {
  needTools('convert');
  const folder = await scratchFolder();
  const random = seeded(7);
  const [width, height] = [123, 45];
  const pixels = Uint8Array.from({ length: width * height * 3 }, (_, at) =>
    at % 7 < 4 ? 0 : random() * 256,
  );
  const png = join(folder, 'screen.png');
  await writeFile(png, await encodePng({ width, height, pixels }));
  await run('convert', [png, join(folder, 'back.ppm')]);
  const back = parsePpm(await readFile(join(folder, 'back.ppm')));
  expect(Buffer.from(back.pixels).equals(Buffer.from(pixels))).toBe(true);
});
