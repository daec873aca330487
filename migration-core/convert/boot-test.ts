/**
 * Starts a finished conversion in QEMU on the virtual hardware of its target and says whether it boots. The disks are
 * only read: the machine writes into overlays that are thrown away. Its network leads nowhere, so that it and the server
 * it was made of never meet. Results go into DIR/boot-test: verdict.json, serial.log, screen.png.
 */
import { copyFile, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { availableParallelism, freemem } from 'node:os';
import { join, resolve } from 'node:path';
import { throwIfCancelled } from '../base/cancel.ts';
import { IronliftError } from '../base/errors.ts';
import type { VirtualMachine } from '../target/machine.ts';
import { imitationGaps, qemuArguments, type QemuOptions } from '../target/qemu-hardware.ts';
import { type Accelerator, chooseAccelerator } from './boot-test/accelerator.ts';
import { startMachine, type RunningMachine } from './boot-test/machine-process.ts';
import { TIMER_STARVED } from './boot-test/signs.ts';
import { writeOverlayFile } from './boot-test/overlay-file.ts';
import { encodePng } from './boot-test/png.ts';
import { findFirmware, findQemu } from './boot-test/program.ts';
import { type BootVerdict, judge, notesOf } from './boot-test/verdict.ts';
import { watchStart, type Watched } from './boot-test/watch.ts';
import { readManifest, type Manifest } from './manifest.ts';

export type { BootVerdict } from './boot-test/verdict.ts';

export interface BootTestOptions {
  /** Folder of a finished conversion. */
  folder: string;
  /** The QEMU program; otherwise the one on the path. */
  qemu?: string;
  /** Otherwise the best one that works here. */
  accelerator?: string;
  timeoutSeconds: number;
  signal?: AbortSignal;
  onProgress?: (text: string) => void;
  /** Milliseconds since 1970. */
  now?: () => number;
}

export const BOOT_TEST_FOLDER = 'boot-test';

/** QEMU's names of our formats. */
const DRIVERS: Record<string, string> = {
  raw: 'raw',
  qcow2: 'qcow2',
  vmdk: 'vmdk',
  vhd: 'vpc',
  vhdx: 'vhdx',
  vdi: 'vdi',
};
const LARGEST_DISK = 2 ** 50;
const SMALLEST_MEMORY_MIB = 512;
/** More does not make a start faster. */
const LARGEST_MEMORY_MIB = 4096;
const MOST_CPUS = 4;

/** @throws NOT_A_CONVERSION, NOT_SUPPORTED, QEMU_NOT_FOUND, UEFI_FIRMWARE_NOT_FOUND, QEMU_FAILED, CANCELLED */
export async function bootTest(options: BootTestOptions): Promise<BootVerdict> {
  const now = options.now ?? Date.now;
  const folder = resolve(options.folder);
  const manifest = await readManifest(folder);
  const { machine, target } = manifest;
  await checkMachine(folder, manifest);
  const qemu = await findQemu(options.qemu, process.env);
  const firmware = machine.firmware === 'uefi' ? await findFirmware(qemu.path) : null;
  throwIfCancelled(options.signal);

  const results = join(folder, BOOT_TEST_FOLDER);
  await clearResults(results);
  options.onProgress?.('Finding out how machines run best on this computer');
  const chosen = await withScratch(results, (scratch) =>
    chooseAccelerator(qemu.path, options.accelerator, scratch, options.signal),
  );
  const test = (accelerator: Accelerator): Promise<BootVerdict> =>
    withScratch(results, async (scratch) => {
      // QEMU works in the folder of the conversion, so names within it are all it needs.
      const within = scratch.slice(folder.length + 1).replaceAll('\\', '/');
      const hardware: QemuOptions = {
        disks: await writeOverlays(manifest, scratch, within),
        accelerator,
        serial: `file,path=${BOOT_TEST_FOLDER}/serial.log`,
        qmp: 'stdio',
        memoryMiB: affordableMemory(machine),
        cpus: Math.max(1, Math.min(machine.cpus, availableParallelism(), MOST_CPUS)),
        ...(firmware === null ? {} : { firmware: await copyFirmware(firmware, scratch, within) }),
      };
      throwIfCancelled(options.signal);
      return runTest(options, {
        folder,
        results,
        within,
        machine,
        target,
        qemu,
        accelerator,
        hardware,
        now,
      });
    });
  const verdict = await test(chosen);
  if (!UNPROVEN.includes(verdict.sign) || chosen === 'tcg' || options.accelerator !== undefined)
    return verdict;
  // The proof of one sector is not enough on hosts that are machines themselves: whole kernels may hang all the same.
  options.onProgress?.(`${chosen} does not get on on this computer; starting again in software`);
  return test('tcg');
}

/** Endings that may be the fault of the computer's virtualisation rather than the machine's. */
const UNPROVEN = ['STUCK', 'QEMU_ENDED'];
/** With hardware virtualisation even a slow start says something every few seconds. */
const STUCK_SECONDS = 40;

/** A folder in the results for as long as the work takes. */
async function withScratch<T>(results: string, work: (scratch: string) => Promise<T>): Promise<T> {
  const scratch = await mkdtemp(join(results, 'overlay-'));
  try {
    return await work(scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

interface Setting {
  folder: string;
  results: string;
  within: string;
  machine: VirtualMachine;
  target: string;
  qemu: BootVerdict['qemu'];
  accelerator: Accelerator;
  hardware: QemuOptions;
  now: () => number;
}

async function runTest(options: BootTestOptions, setting: Setting): Promise<BootVerdict> {
  const { results, machine, accelerator, hardware, now } = setting;
  const started = now();
  options.onProgress?.(`Starting ${machine.name} (${accelerator})`);
  const { running, watched } = await startAndWatch(options, setting);
  try {
    const seconds = (now() - started) / 1000;
    await running.kill();
    if (watched.picture !== null)
      await writeFile(join(results, 'screen.png'), await encodePng(watched.picture));
    const verdict: BootVerdict = {
      ...judge(watched.ending, seconds, accelerator === 'tcg'),
      seconds: Math.round(seconds * 10) / 10,
      notes: [...notesOf(watched), ...imitationGaps(machine)],
      accelerator,
      qemu: setting.qemu,
      target: setting.target,
      machine: {
        firmware: machine.firmware,
        cpus: hardware.cpus!,
        memoryMiB: hardware.memoryMiB!,
        disks: machine.disks.map(({ bus }) => bus),
        nics: machine.nics.map(({ model }) => model),
      },
      started: new Date(started).toISOString(),
      files: {
        serialLog: `${BOOT_TEST_FOLDER}/serial.log`,
        screen: watched.picture === null ? null : `${BOOT_TEST_FOLDER}/screen.png`,
      },
    };
    // The verdict is the last file: where it is, the others are whole.
    const path = join(results, 'verdict.json');
    await writeFile(`${path}.partial`, `${JSON.stringify(verdict, null, 2)}\n`);
    await rename(`${path}.partial`, path);
    return verdict;
  } finally {
    await running.kill();
  }
}

/** Starts of which a busy computer may spoil the first two. */
const STARTS = 3;

/** The machine still runs when this returns, unless it ended by itself. */
async function startAndWatch(
  options: BootTestOptions,
  { folder, within, machine, qemu, accelerator, hardware, now }: Setting,
): Promise<{ running: RunningMachine; watched: Watched }> {
  for (let start = 1; ; start++) {
    const running = await startMachine(qemu.path, qemuArguments(machine, hardware), {
      folder,
      scratch: within,
      serial: `${BOOT_TEST_FOLDER}/serial.log`,
    });
    try {
      const watched = await watchStart(running, {
        accelerator,
        ...(options.accelerator === undefined && accelerator !== 'tcg'
          ? { stuckSeconds: STUCK_SECONDS }
          : {}),
        timeoutSeconds: options.timeoutSeconds,
        now,
        signal: options.signal,
        onProgress: options.onProgress,
      });
      const { ending } = watched;
      const starved = ending.kind === 'sign' && ending.seen.sign.id === TIMER_STARVED;
      if (!starved || start === STARTS) return { running, watched };
      options.onProgress?.('This computer was too busy for the machine to start; starting it once more');
    } catch (error) {
      await running.kill();
      throw error;
    }
    // It stopped before it looked at its disks, so the overlays are as they were.
    await running.kill();
  }
}

async function checkMachine(folder: string, manifest: Manifest): Promise<void> {
  const { machine } = manifest;
  const refuse = (message: string, next: string): IronliftError =>
    new IronliftError('NOT_SUPPORTED', message, { next });
  if (machine.architecture === 'aarch64') {
    throw refuse(
      'The server has an ARM processor; test boots imitate x86 computers.',
      'Start the machine on its platform.',
    );
  }
  if (machine.disks.length === 0)
    throw refuse('The machine has no disk to boot from.', 'Convert the disks of the server.');
  for (const { file, format, size } of machine.disks) {
    if (DRIVERS[format] === undefined)
      throw refuse(
        `QEMU cannot boot from a disk in the format ${format}.`,
        'Start the machine on its platform.',
      );
    if (size <= 0 || size > LARGEST_DISK)
      throw refuse(`ironlift.json gives ${file} a size that no disk has.`, 'Convert the server again.');
    const name = manifest.package?.file ?? file;
    const found = await stat(join(folder, name)).catch(() => null);
    if (found?.isFile() !== true) {
      throw new IronliftError('NOT_A_CONVERSION', `The disk ${name} is not in ${folder}.`, {
        next: 'Put it back beside ironlift.json, or convert the server again.',
      });
    }
  }
}

/** An earlier test's results go, and what a killed one left behind. */
async function clearResults(results: string): Promise<void> {
  await mkdir(results, { recursive: true });
  for (const name of await readdir(results)) {
    if (
      name.startsWith('overlay-') ||
      ['verdict.json', 'verdict.json.partial', 'serial.log', 'screen.png'].includes(name)
    )
      await rm(join(results, name), { recursive: true, force: true });
  }
}

async function writeOverlays(
  { machine, package: packed }: Manifest,
  scratch: string,
  within: string,
): Promise<QemuOptions['disks']> {
  const overlays: { path: string; format: string }[] = [];
  for (const [index, { file, format, size }] of machine.disks.entries()) {
    const name = `disk${index}.qcow2`;
    await writeOverlayFile(join(scratch, name), {
      file: packed?.file ?? file,
      within: packed?.disks[index],
      driver: DRIVERS[format]!,
      size,
    });
    overlays.push({ path: `${within}/${name}`, format: 'qcow2' });
  }
  return overlays;
}

/** The code is shared and only read; the variables are the machine's own and start empty, as on a new platform. */
async function copyFirmware(
  firmware: { code: string; variables: string },
  scratch: string,
  within: string,
): Promise<{ code: string; variables: string }> {
  await copyFile(firmware.variables, join(scratch, 'variables.fd'));
  return { code: firmware.code, variables: `${within}/variables.fd` };
}

function affordableMemory({ memoryMiB }: VirtualMachine): number {
  const free = Math.floor((freemem() / 2 ** 20) * 0.6);
  return Math.max(SMALLEST_MEMORY_MIB, Math.min(memoryMiB, LARGEST_MEMORY_MIB, free));
}
