/** Converts test servers by the command line and starts the results. */
import { join } from 'node:path';
import { readManifest, type Manifest } from '../../migration-core/convert/manifest.ts';
import type { DiskBus } from '../../migration-core/target/machine.ts';
import { overlayOf, startGuest, unlessStarved, type RunningGuest } from './guests-machine.ts';
import { ROOT_PASSWORD, type GuestDisk } from './guests.ts';
import { tryRun, type Ran } from './tools.ts';

const REPOSITORY = join(import.meta.dirname, '../..');

export interface Converted {
  folder: string;
  manifest: Manifest;
}

/** `ironlift convert`, as a user calls it. */
export async function convertGuest(
  guest: GuestDisk,
  target: string,
  bus: DiskBus,
  folder: string,
  more: string[] = [],
): Promise<Converted> {
  await ironlift('convert', guest.disk, '--to', target, '--bus', bus, '-o', folder, '--no-verify', ...more);
  return { folder, manifest: await readManifest(folder) };
}

/** Runs a command that must succeed; returns its standard output. */
export async function ironlift(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await tryIronlift(...args);
  if (status !== 0) throw new Error(`ironlift ${args.join(' ')} ended with ${status}:\n${stdout}\n${stderr}`);
  return stdout;
}

export function tryIronlift(...args: string[]): Promise<Ran> {
  return tryRun(process.execPath, [join(REPOSITORY, 'bin/ironlift.js'), ...args], { cwd: REPOSITORY });
}

export interface Started {
  guest: RunningGuest;
  /** The file the machine writes into. */
  overlay: { path: string; format: string };
}

/**
 * Starts a finished conversion on its own hardware, on an overlay, and logs in. Give the overlay of an earlier start to go
 * on with it. A kernel that gave up before it looked at a disk, because this computer starved its timer, is started again.
 */
export async function startConverted(
  converted: Converted,
  hostName: string,
  scratch: string,
  overlay?: Started['overlay'],
): Promise<Started> {
  return unlessStarved(async () => {
    const started = await startOnce(converted, scratch, overlay);
    overlay = started.overlay;
    try {
      await reachLogin(started.guest, hostName);
      return started;
    } catch (error) {
      await started.guest.kill();
      throw error;
    }
  });
}

async function startOnce(
  { folder, manifest }: Converted,
  scratch: string,
  overlay?: Started['overlay'],
): Promise<Started> {
  const [disk] = manifest.machine.disks;
  const top =
    overlay ?? (await overlayOf(join(folder, disk!.file), disk!.format, join(scratch, 'overlay.qcow2')));
  const guest = await startGuest({ machine: manifest.machine, disks: [top], folder: scratch });
  return { guest, overlay: top };
}

/** Waits for the login prompt on the serial console and logs in. */
async function reachLogin(guest: RunningGuest, hostName: string): Promise<void> {
  const prompt = await guest.expect(
    new RegExp(
      `^${hostName} login: |\\(initramfs\\)|Kernel panic|rdsosreport|emergency mode|grub rescue>`,
      'mu',
    ),
    900,
  );
  if (!prompt.includes('login:'))
    throw new Error(`It stopped at "${prompt}":\n${guest.console().slice(-4000)}`);
  await guest.login(ROOT_PASSWORD);
}
