/**
 * Which way of running a machine works here. That a device like /dev/kvm exists proves nothing: on nested or locked-down
 * hosts machines on it crash or hang. So a machine of one sector is started and has to say a word.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { IronliftError } from '../../base/errors.ts';
import { throwIfCancelled } from '../../base/cancel.ts';

export type Accelerator = 'tcg' | 'kvm' | 'hvf' | 'whpx';

const HARDWARE: Partial<Record<NodeJS.Platform, Accelerator>> = {
  linux: 'kvm',
  darwin: 'hvf',
  win32: 'whpx',
};
const PROBE_SECONDS = 6;
const WORD = 'IRON';

/** The accelerator asked for, or the hardware's own when it proves itself, or software emulation. @throws USAGE */
export async function chooseAccelerator(
  qemu: string,
  asked: string | undefined,
  scratch: string,
  signal?: AbortSignal,
): Promise<Accelerator> {
  if (asked !== undefined) {
    if (asked === 'tcg' || asked === 'kvm' || asked === 'hvf' || asked === 'whpx') return asked;
    throw new IronliftError('USAGE', `There is no accelerator "${asked}".`, {
      next: 'Name one of tcg (software), kvm (Linux), hvf (macOS) or whpx (Windows).',
    });
  }
  const hardware = process.arch === 'x64' ? HARDWARE[process.platform] : undefined;
  if (hardware !== undefined && (await works(qemu, hardware, scratch, signal))) return hardware;
  return 'tcg';
}

async function works(
  qemu: string,
  accelerator: Accelerator,
  scratch: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const folder = await mkdtemp(join(scratch, 'probe-'));
  const sector = join(folder, 'sector.raw');
  const serial = join(folder, 'serial');
  await writeFile(sector, probeSector());
  // prettier-ignore
  const child = spawn(qemu, [
    '-nodefaults', '-no-user-config', '-machine', `pc,accel=${accelerator}`, '-cpu', 'host', '-m', '64',
    '-display', 'none', '-vga', 'none', '-serial', 'file:serial',
    '-drive', 'file=sector.raw,format=raw,if=ide,readonly=off,snapshot=off',
  ], { cwd: folder, stdio: 'ignore', windowsHide: true });
  // One that cannot even be started says nothing either.
  child.on('error', () => undefined);
  const killAtExit = (): void => void child.kill('SIGKILL');
  process.once('exit', killAtExit);
  try {
    for (let waited = 0; waited < PROBE_SECONDS * 10; waited++) {
      throwIfCancelled(signal);
      await sleep(100);
      // Its end may come right after its word.
      const said = await readFile(serial, 'latin1').catch(() => '');
      if (said.includes(WORD)) return true;
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return false;
    }
    return false;
  } finally {
    process.off('exit', killAtExit);
    // A machine stuck in the kernel may not even die; the verdict does not wait for it.
    child.kill('SIGKILL');
    child.unref();
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** A boot sector that enters 32-bit mode with paging off, writes the word to the first serial port and halts. */
export function probeSector(): Buffer {
  const sector = Buffer.alloc(65_536);
  const write = [...Buffer.from(WORD)].flatMap((letter) => [0xb0, letter, 0xee]); // mov al, letter; out dx, al
  // prettier-ignore
  const code = [
    0xfa,                               // cli
    0x31, 0xc0, 0x8e, 0xd8,             // xor ax, ax; mov ds, ax
    0x0f, 0x01, 0x16, 0x60, 0x7c,       // lgdt [0x7c60]
    0x0f, 0x20, 0xc0, 0x0c, 0x01,       // mov eax, cr0; or al, 1
    0x0f, 0x22, 0xc0,                   // mov cr0, eax
    0xea, 0x1a, 0x7c, 0x08, 0x00,       // jmp 8:0x7c1a
    0x90, 0x90, 0x90,                   // up to 0x7c1a
    0x66, 0xba, 0xf8, 0x03,             // mov dx, 0x3f8 (32-bit code from here)
    ...write,
    0xf4, 0xeb, 0xfd,                   // hlt; again
  ];
  Buffer.from(code).copy(sector, 0);
  // At 0x7c60: size and address of the descriptor table; at 0x7c68 the table: null, then flat 32-bit code.
  sector.writeUInt16LE(15, 0x60);
  sector.writeUInt32LE(0x7c68, 0x62);
  Buffer.from([0xff, 0xff, 0, 0, 0, 0x9a, 0xcf, 0]).copy(sector, 0x70);
  sector.set([0x55, 0xaa], 510);
  return sector;
}
