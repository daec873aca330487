/** Runs a guest in QEMU for a test: watches its serial console and screen, types on the console. */
import { mkdir, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startMachine, type RunningMachine } from '../../migration-core/convert/boot-test/machine-process.ts';
import { plainText } from '../../migration-core/convert/boot-test/signs.ts';
import type { DiskBus, NicModel, VirtualMachine } from '../../migration-core/target/machine.ts';
import { qemuArguments } from '../../migration-core/target/qemu-hardware.ts';
import { needTools, run } from './tools.ts';

export interface GuestRun {
  machine: VirtualMachine;
  /** The files QEMU writes, in the order of the machine's disks. */
  disks: { path: string; format: string }[];
  /** For sockets, the log and screens; made when it is not there. */
  folder: string;
  /** Starts this kernel instead of the boot loader on the disk. */
  kernel?: { image: string; initramfs: string; commandLine: string };
  memoryMiB?: number;
  /** What AHCI and IDE disks say they are: names under /dev/disk/by-id come from it. */
  diskIdentity?: { model: string; serial: string };
}

export interface RunningGuest {
  /** Waits for a line on the serial console or the text screen; returns what it matched. Throws at the time limit. */
  expect(pattern: RegExp, seconds: number): Promise<string>;
  /** Logs in as root on the serial console, after `login:` has come. */
  login(password: string): Promise<void>;
  /** Runs a command after the login; returns its output. Throws unless it ends with 0. */
  command(line: string, seconds?: number): Promise<string>;
  /** Shuts the system down in order and waits for the end of QEMU. */
  powerOff(seconds?: number): Promise<void>;
  /** Cuts the power. */
  kill(): Promise<void>;
  /** All of the serial console so far. */
  console(): string;
}

/** The kernel gave up before it looked at a disk, because this computer was too busy to keep its timer ticking. */
export class TimerStarved extends Error {}

/** Does it again, at most twice, when it fails by nothing but a starved timer. */
export async function unlessStarved<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof TimerStarved) || attempt === 3) throw error;
    }
  }
}

const OVMF = { code: '/usr/share/OVMF/OVMF_CODE_4M.fd', variables: '/usr/share/OVMF/OVMF_VARS_4M.fd' };

/** An overlay of a disk, so that the disk stays as it is. */
export async function overlayOf(
  disk: string,
  format: string,
  path: string,
): Promise<{ path: string; format: string }> {
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', disk, '-F', format, path]);
  return { path, format: 'qcow2' };
}

/** A machine of one disk. */
export function machineOf(
  name: string,
  firmware: 'bios' | 'uefi',
  bus: DiskBus,
  nic: { model: NicModel; mac: string },
): VirtualMachine {
  return {
    name,
    uuid: '4c4c4544-0042-3510-8052-b4c04f4a3132',
    cpus: 1,
    memoryMiB: 1024,
    firmware,
    architecture: 'x86_64',
    os: { id: 'debian', version: '12', name: 'Debian GNU/Linux 12 (bookworm)' },
    clock: 'utc',
    disks: [{ file: 'disk', format: 'raw', size: 4 * 2 ** 30, bus, unit: 0 }],
    nics: [{ ...nic, guestName: null, mode: 'isolated', network: null, vlan: null }],
  };
}

export async function startGuest(options: GuestRun): Promise<RunningGuest> {
  needTools('qemu-system-x86_64');
  const { folder, machine, kernel } = options;
  await mkdir(folder, { recursive: true });
  const socketPath = join(folder, 'serial.sock');
  await rm(socketPath, { force: true });
  await rm(join(folder, 'serial.log'), { force: true });
  const firmware = { code: OVMF.code, variables: join(folder, 'variables.fd') };
  // A new platform's firmware remembers nothing.
  if (machine.firmware === 'uefi') await run('cp', [OVMF.variables, firmware.variables]);
  const args = qemuArguments(machine, {
    disks: options.disks,
    accelerator: 'tcg',
    serial: 'socket,path=serial.sock,server=on,wait=off,logfile=serial.log',
    qmp: 'stdio',
    memoryMiB: options.memoryMiB ?? 1024,
    cpus: 1,
    ...(machine.firmware === 'uefi' ? { firmware } : {}),
  });
  const running = await startMachine(
    'qemu-system-x86_64',
    [...args.map((arg) => adapted(arg, options)), ...direct(kernel)],
    {
      folder,
      scratch: '.',
      serial: 'serial.log',
    },
  );
  try {
    return guestOn(running, await connected(socketPath));
  } catch (error) {
    await running.kill();
    throw error;
  }
}

function direct(kernel: GuestRun['kernel']): string[] {
  if (kernel === undefined) return [];
  return ['-kernel', kernel.image, '-initrd', kernel.initramfs, '-append', kernel.commandLine];
}

function adapted(arg: string, { kernel, diskIdentity }: GuestRun): string {
  if (!arg.startsWith('ide-hd,') && !arg.includes(',bootindex=')) return arg;
  // A kernel given takes the first place in the order of starting.
  const ordered = kernel === undefined ? arg : arg.replace(/,bootindex=\d+$/u, '');
  return arg.startsWith('ide-hd,') && diskIdentity !== undefined
    ? `${ordered},model=${diskIdentity.model},serial=${diskIdentity.serial}`
    : ordered;
}

function guestOn(running: RunningMachine, socket: Socket): RunningGuest {
  let raw = '';
  /** Where on the console the last match ended: what was seen is not seen again. */
  let seen = 0;
  let commands = 0;
  socket.on('error', () => undefined);
  socket.resume();

  const read = async (): Promise<string> => {
    raw += await running.readSerial();
    // A sequence that has only half come is not taken for text.
    return plainText(raw.replace(/(\u001b[^A-Za-z]{0,40}|\r)$/u, ''));
  };
  const expect = async (pattern: RegExp, seconds: number): Promise<string> => {
    const until = Date.now() + seconds * 1000;
    /** What was on the screen when it was last looked at; its lines have no blanks at their ends. */
    let screen: string | null = null;
    for (let round = 0; ; round++) {
      const text = await read();
      if (text.includes("IO-APIC + timer doesn't work")) throw new TimerStarved(text.slice(-1000));
      const match = pattern.exec(text.slice(seen));
      if (match !== null) {
        seen += match.index + match[0].length;
        return match[0];
      }
      const end = running.ended();
      if (end !== null)
        throw new Error(`QEMU ended (${end}) before ${String(pattern)}:\n${text.slice(-3000)}`);
      if (round % 4 === 3) {
        screen = await running.screenText(await running.screen());
        const onScreen = screen === null ? null : pattern.exec(screen);
        if (onScreen !== null) return onScreen[0];
      }
      if (Date.now() > until) {
        throw new Error(
          `No ${String(pattern)} within ${seconds} s.\nSerial console:\n${text.slice(-3000)}\nScreen:\n${screen ?? '(graphics)'}`,
        );
      }
      await sleep(500);
    }
  };
  const type = (text: string): void => void socket.write(text);
  const command: RunningGuest['command'] = async (line, seconds = 60) => {
    const mark = `end-of-command-${++commands}`;
    seen = (await read()).length;
    const from = seen;
    // Written so that an echo of the typed line is not the mark.
    type(`${line}; echo "end-of""-command-${commands}:$?"\n`);
    const match = await expect(new RegExp(`${mark}:(\\d+)`, 'u'), seconds);
    const text = (await read()).slice(from);
    const output = text.slice(0, text.indexOf(mark)).trim();
    if (!match.endsWith(':0'))
      throw new Error(`In the guest, \`${line}\` ended with ${match.split(':')[1]!}:\n${output}`);
    return output;
  };

  return {
    expect,
    command,
    console: () => plainText(raw),
    async login(password) {
      type('root\n');
      await expect(/Password:/u, 30);
      type(`${password}\n`);
      await expect(/[#$] ?$/mu, 60);
      // No echo, no prompt, no messages of the kernel between the lines, no lines broken at 80 columns.
      type('stty -echo cols 500; PS1=; dmesg -n 1; export LC_ALL=C SYSTEMD_COLORS=0 PAGER=cat; set +m\n');
      await command('true');
    },
    async powerOff(seconds = 120) {
      type('systemctl poweroff\n');
      for (let waited = 0; running.ended() === null; waited++) {
        if (waited > seconds * 2) {
          await running.kill();
          throw new Error(
            `The guest did not switch off within ${seconds} s:\n${(await read()).slice(-2000)}`,
          );
        }
        await sleep(500);
      }
      socket.destroy();
      await running.kill();
    },
    async kill() {
      socket.destroy();
      await running.kill();
    },
  };
}

async function connected(path: string): Promise<Socket> {
  for (let tries = 0; ; tries++) {
    try {
      return await new Promise((resolve, reject) => {
        const socket = connect(path);
        socket.once('connect', () => resolve(socket));
        socket.once('error', reject);
      });
    } catch (error) {
      if (tries > 50) throw error;
      await sleep(100);
    }
  }
}
