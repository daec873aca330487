/** A running QEMU: its process, its protocol, its serial console as text, its screen. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parsePpm, type Picture } from './png.ts';
import { openQmp, type Qmp, qemuFailed } from './qmp.ts';
import { isTextMode, readTextScreen, TEXT_ADDRESS, TEXT_BYTES } from './text-screen.ts';

export interface RunningMachine {
  readonly qmp: Qmp;
  /** Null while it runs; then why it ended. */
  ended(): string | null;
  /** What was written on the serial console since the last call, as it came. */
  readSerial(): Promise<string>;
  screen(): Promise<Picture>;
  /** What is written on the screen; null in a graphics mode. */
  screenText(picture: Picture): Promise<string | null>;
  /** Whether its processors sleep at this moment; null where the accelerator does not tell. */
  idle(): Promise<boolean | null>;
  /** Switches it off, at once. */
  kill(): Promise<void>;
}

export interface MachineFiles {
  /** Working directory of QEMU. */
  folder: string;
  /** Folder for passing files (screens), relative to it. */
  scratch: string;
  /** File that QEMU writes the serial console into, relative to it. */
  serial: string;
}

/** At most so much of the console is taken in at a time. */
const SERIAL_CHUNK = 1 << 20;
/** Text that QEMU itself wrote, for the reason of its end. */
const KEPT_ERROR_TEXT = 4000;

/** Starts QEMU; its protocol must be on standard input and output. @throws QEMU_FAILED */
export async function startMachine(
  program: string,
  args: readonly string[],
  files: MachineFiles,
): Promise<RunningMachine> {
  const child = spawn(program, args, {
    cwd: files.folder,
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
  });
  let errorText = '';
  let end: string | null = null;
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text: string) => (errorText = (errorText + text).slice(-KEPT_ERROR_TEXT)));
  child.on('error', (error) => (end ??= error.message));
  child.on(
    'close',
    (status, signal) => (end ??= errorText.trim() || `status ${signal ?? status ?? 'unknown'}`),
  );
  // Should we end without having seen to it, the machine ends too.
  const killAtExit = (): void => void child.kill('SIGKILL');
  process.once('exit', killAtExit);
  const kill = async (): Promise<void> => {
    process.off('exit', killAtExit);
    if (end !== null) return;
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
  };

  let qmp: Qmp;
  try {
    qmp = await openQmp(child.stdout, child.stdin);
  } catch (error) {
    await kill();
    const lastLine = errorText.trim().split('\n').at(-1) ?? '';
    throw qemuFailed(`QEMU did not start${lastLine === '' ? '' : `: ${lastLine}`}.`, {
      errorText,
      cause: String(error),
    });
  }

  let serialOffset = 0;
  const take = async (name: string): Promise<Uint8Array> => {
    const path = join(files.folder, files.scratch, name);
    try {
      return await readFile(path);
    } finally {
      await rm(path, { force: true });
    }
  };
  return {
    qmp,
    kill,
    ended: () => end,
    async readSerial() {
      const file = await open(join(files.folder, files.serial), 'r').catch(() => null);
      if (file === null) return '';
      try {
        const { bytesRead, buffer } = await file.read(
          Buffer.alloc(SERIAL_CHUNK),
          0,
          SERIAL_CHUNK,
          serialOffset,
        );
        serialOffset += bytesRead;
        return buffer.toString('latin1', 0, bytesRead);
      } finally {
        await file.close();
      }
    },
    async screen() {
      await qmp.execute('screendump', { filename: `${files.scratch}/screen.ppm` });
      return parsePpm(await take('screen.ppm'));
    },
    async screenText(picture) {
      if (!isTextMode(picture)) return null;
      await qmp.execute('pmemsave', {
        val: TEXT_ADDRESS,
        size: TEXT_BYTES,
        filename: `${files.scratch}/text`,
      });
      return readTextScreen(await take('text'));
    },
    async idle() {
      const registers = await qmp.execute('human-monitor-command', { 'command-line': 'info registers -a' });
      const halted = [...String(registers).matchAll(/HLT=([01])/gu)].map((match) => match[1]);
      return halted.length === 0 ? null : halted.every((flag) => flag === '1');
    },
  };
}
