/**
 * Disks of real Debian 12 servers, as physical machines have them: an initramfs with no storage driver but AHCI's, a
 * static address on the name of an on-board network card, nothing on the serial port. Built once by debootstrap (root,
 * and the Debian mirror of this machine's apt), kept in test/.cache/guests, and never changed after that: a test that
 * writes takes a copy (`copyDisk`).
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { finishDracutServer } from './guests-dracut.ts';
import { findTool, needTools, run } from './tools.ts';

/** What each is: test/support/guests/disk.sh. */
export type GuestKind = 'bios-ahci' | 'uefi-gpt' | 'split' | 'dracut' | 'bench';
export const GUEST_KINDS: readonly GuestKind[] = ['bios-ahci', 'uefi-gpt', 'split', 'dracut', 'bench'];

export interface GuestDisk {
  kind: GuestKind;
  /** Raw image. Read only. */
  disk: string;
  firmware: 'bios' | 'uefi';
  /** Copies of the guest's kernel and initramfs, for starting without its boot loader. */
  kernelImage: string;
  initramfs: string;
  /** As in /lib/modules. */
  kernel: string;
  rootUuid: string;
  /** Partition number. */
  rootPartition: number;
  hostName: string;
  interface: string;
  /** With prefix. */
  address: string;
  /** Empty where no file of the server tells the MAC address of its network card. */
  mac: string;
}

/** Of every server built here. */
export const ROOT_PASSWORD = 'ironlift';

const SCRIPTS = join(import.meta.dirname, 'guests');
const CACHE = join(import.meta.dirname, '../.cache/guests');
const TOOLS = [
  'debootstrap',
  'apt-get',
  'zstd',
  'losetup',
  'partprobe',
  'sfdisk',
  'mkfs.ext4',
  'mkfs.fat',
  'mmd',
  'flock',
];

/** The disk of a server; built when it is not there yet (a minute for the first kind, seconds for the next). */
export async function buildGuest(kind: GuestKind): Promise<GuestDisk> {
  needTools(...TOOLS);
  await mkdir(CACHE, { recursive: true });
  const base = await buildOnce('base', await keyOf(['base.sh']), async (folder) => {
    await script('base.sh', [folder], folder);
  });
  const sources = ['base.sh', 'disk.sh', ...(kind === 'dracut' ? ['../guests-dracut.ts'] : [])];
  const folder = await buildOnce(kind, await keyOf(sources), async (building) => {
    await script('disk.sh', [kind, base, building], building);
    if (kind === 'dracut') await finishDracutServer(await readGuest(kind, building));
    await chmod(join(building, 'disk.raw'), 0o444);
  });
  return readGuest(kind, folder);
}

/** A copy that may be written; holes stay holes. */
export async function copyDisk(guest: GuestDisk, path: string): Promise<string> {
  await run('cp', ['--sparse=always', '--reflink=auto', guest.disk, path]);
  await chmod(path, 0o644);
  return path;
}

async function readGuest(kind: GuestKind, folder: string): Promise<GuestDisk> {
  const facts = JSON.parse(await readFile(join(folder, 'facts.json'), 'utf8')) as Omit<
    GuestDisk,
    'kind' | 'disk' | 'firmware' | 'kernelImage' | 'initramfs'
  >;
  return {
    kind,
    disk: join(folder, 'disk.raw'),
    firmware: kind === 'uefi-gpt' ? 'uefi' : 'bios',
    kernelImage: join(folder, 'vmlinuz'),
    initramfs: join(folder, 'initrd.img'),
    ...facts,
  };
}

/** Runs `build` into a new folder unless one of the same sources is there. Several processes may ask at once. */
async function buildOnce(
  name: string,
  key: string,
  build: (folder: string) => Promise<void>,
): Promise<string> {
  const done = join(CACHE, `${name}-${key}`);
  if (existsSync(done)) return done;
  const unlock = await lock(join(CACHE, `${name}.lock`));
  try {
    if (existsSync(done)) return done;
    await removeOld(name);
    const building = await mkdtemp(join(CACHE, `building-${name}-`));
    await build(building);
    await rename(building, done);
    return done;
  } finally {
    unlock();
  }
}

/** Results of other sources, and of builds that were killed. */
async function removeOld(name: string): Promise<void> {
  for (const entry of await readdir(CACHE)) {
    const rest = [`${name}-`, `building-${name}-`].find((start) => entry.startsWith(start));
    if (rest !== undefined) await rm(join(CACHE, entry), { recursive: true, force: true });
  }
}

async function keyOf(files: string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) hash.update(await readFile(join(SCRIPTS, file)));
  return hash.digest('hex').slice(0, 16);
}

/** The output goes into a file beside the result; the end of it is the message of a failure. */
async function script(name: string, args: string[], folder: string): Promise<void> {
  const path = join(folder, `${name}.log`);
  const log = await open(path, 'w');
  try {
    const child = spawn('bash', [join(SCRIPTS, name), ...args], {
      stdio: ['ignore', log.fd, log.fd],
      env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
    });
    const status = await new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    if (status !== 0) {
      const text = await readFile(path, 'utf8');
      throw new Error(`${name} ${args.join(' ')} ended with ${String(status)}:\n${text.slice(-3000)}`);
    }
  } finally {
    await log.close();
  }
}

/** Held by a child process whose input is ours: it goes when we go, however that is. */
function lock(path: string): Promise<() => void> {
  const child = spawn(findTool('flock')!, [path, 'sh', '-c', 'echo locked; exec cat >/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => reject(new Error(`flock ended with ${String(status)}`)));
    child.stdout.once('data', () => resolve(() => child.stdin.end()));
  });
}
