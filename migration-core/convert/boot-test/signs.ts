/** What a machine writes on its console while it starts, and what each of it means. */

export interface Sign {
  /** Stable, machine-readable. */
  id: string;
  /** `unclear`: it ended by no fault of the machine. */
  status: 'booted' | 'failed' | 'unclear';
  /** One line, or the end of the console, is matched against it; the first sign of the table wins. */
  pattern: RegExp;
  /** One sentence for the customer. */
  meaning: string;
  /** One sentence: what to do. */
  next: string;
}

const NEW_CONTROLLER = 'Convert again with --bus naming another disk controller, for example ahci.';
const LOOK_AT_LOG = 'Read the last lines of boot-test/serial.log and look at boot-test/screen.png.';

/** Early in its start Linux waits a twentieth of a second for ten ticks of the timer; a starved emulation misses them. */
export const TIMER_STARVED = 'TIMER_STARVED';

/**
 * Signs of the end of a start, good or bad. Failures come first: after one of them some systems offer a login as well.
 * Messages that appear and pass (a driver that complains, a disk that is looked for) are not in it.
 */
export const SIGNS: readonly Sign[] = [
  {
    id: TIMER_STARVED,
    status: 'unclear',
    pattern: /Kernel panic - not syncing: IO-APIC \+ timer doesn't work/u,
    meaning:
      'This computer was too busy to keep the clock of the imitated machine going, so its kernel gave up before it looked at any disk.',
    next: 'Run the test again when the computer has less to do.',
  },
  {
    id: 'KERNEL_PANIC',
    status: 'failed',
    pattern: /Kernel panic - not syncing/u,
    meaning: 'The Linux kernel stopped with a panic.',
    next: LOOK_AT_LOG,
  },
  {
    id: 'INITRAMFS_PROMPT',
    status: 'failed',
    pattern: /^[ \t]{0,40}\(initramfs\)/mu,
    meaning:
      'The start-up image did not find the root disk and stopped at its prompt: the driver for the disk controller is missing, or the root disk has another name.',
    next: NEW_CONTROLLER,
  },
  {
    id: 'DRACUT_EMERGENCY',
    status: 'failed',
    pattern: /rdsosreport\.txt|^[ \t]{0,40}dracut:\/#|dracut: Refusing to continue/mu,
    meaning:
      'The start-up image (dracut) did not find the root disk and stopped at its emergency prompt: the driver for the disk controller is missing, or the root disk has another name.',
    next: NEW_CONTROLLER,
  },
  {
    id: 'INITRAMFS_RECOVERY',
    status: 'failed',
    pattern: /initramfs emergency recovery shell|You are now being dropped into an emergency shell/u,
    meaning: 'The start-up image did not find the root disk and stopped at its recovery prompt.',
    next: NEW_CONTROLLER,
  },
  {
    id: 'EMERGENCY_MODE',
    status: 'failed',
    pattern:
      /You are in (emergency|rescue) mode|(Give root password|Press Enter) for maintenance|Cannot open access to console, the root account is locked/u,
    meaning:
      'The system found its root disk but stopped in emergency mode, most often because a file system named in /etc/fstab is not there.',
    next: 'Look in boot-test/serial.log for the unit that failed, and check that all disks of the server were converted.',
  },
  {
    id: 'GRUB_RESCUE',
    status: 'failed',
    pattern: /^[ \t]{0,40}(grub rescue>|Entering rescue mode)/mu,
    meaning: 'The boot loader GRUB started but did not find its own files.',
    next: 'Check that the disk with /boot was converted and is the first disk.',
  },
  {
    id: 'GRUB_PROMPT',
    status: 'failed',
    pattern: /^[ \t]{0,40}grub> ?$/mu,
    meaning: 'The boot loader GRUB started but did not find its menu.',
    next: 'Check that the disk with /boot was converted and is the first disk.',
  },
  {
    id: 'UEFI_NOTHING_TO_START',
    status: 'failed',
    pattern: /BdsDxe: No bootable option or device was found|UEFI Interactive Shell|^[ \t]{0,40}Shell> ?$/mu,
    meaning: 'The UEFI firmware found no boot loader on the disks.',
    next: 'Check that the disk with the EFI system partition was converted and that the server did start by UEFI.',
  },
  {
    id: 'BIOS_NOTHING_TO_START',
    status: 'failed',
    pattern:
      /No bootable device|No bootable medium found|Operating [Ss]ystem not found|Missing operating system|(BOOTMGR|NTLDR) is missing/u,
    meaning: 'The firmware found no boot loader on the disks.',
    next: 'Check that the boot disk was converted and is the first disk, and that the server did start by BIOS.',
  },
  {
    id: 'LOGIN_PROMPT',
    status: 'booted',
    // Name of the host, "login:", and nothing before them on the line; not the greeting after a login.
    pattern: /^(?!Last )[A-Za-z0-9][\w.-]{0,254} login:([ \t\n]|$)/mu,
    meaning: 'The system started up to its login prompt.',
    next: 'Import the machine on its platform; README.txt says how.',
  },
];

/** Messages that say, where a start comes to no end, what it was waiting for. */
export const WAITING: readonly { pattern: RegExp; meaning: string }[] = [
  {
    pattern: /A start job is running for (\S.{0,80})/u,
    meaning: 'It was still waiting for a disk or a service when the time was up.',
  },
  {
    pattern:
      /dracut-initqueue: (warning: )?timeout|Waiting for root (file system|device)|Gave up waiting for root/iu,
    meaning: 'It was still looking for its root disk when the time was up.',
  },
];

export interface SignSeen {
  sign: Sign;
  /** The line it was found in, as it was written. */
  line: string;
}

/** The first sign of the table that is in this text, or null. */
export function findSign(text: string): SignSeen | null {
  for (const sign of SIGNS) {
    const line = lineOf(text, sign.pattern);
    if (line !== null) return { sign, line };
  }
  return null;
}

/** What the text says the machine waits for, or null. */
export function findWaiting(text: string): { meaning: string; line: string } | null {
  for (const { pattern, meaning } of WAITING) {
    const line = lineOf(text, pattern);
    if (line !== null) return { meaning, line };
  }
  return null;
}

/** Units that systemd reported as failed, in order, each once. They do not stop a start but are worth knowing. */
export function failedUnits(text: string): string[] {
  const found = [...text.matchAll(/\[FAILED\] (Failed to .{1,200}?)\.?[ \t]{0,9}$/gmu)].map(
    (match) => match[1]!,
  );
  return [...new Set(found)].slice(0, 50);
}

function lineOf(text: string, pattern: RegExp): string | null {
  const match = pattern.exec(text);
  if (match === null) return null;
  const start = text.lastIndexOf('\n', match.index) + 1;
  const end = text.indexOf('\n', match.index);
  return text
    .slice(start, end < 0 ? undefined : end)
    .trim()
    .slice(0, 300);
}

/** Console output as lines of plain text: escape sequences and carriage returns removed. */
export function plainText(data: string): string {
  return (
    data
      // ECMA-48: control sequences, operating system commands, and character sets and other short escapes.
      .replace(
        /\u001b\[[0-9;?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|\u001b[ -/][0-~]|\u001b[0-~]/gu,
        '',
      )
      .replace(/\r+\n/gu, '\n')
      // A lone carriage return starts the line again; what was there counts as a line of its own.
      .replaceAll('\r', '\n')
      .replace(/[\u0000-\u0008\u000b-\u001f\u007f]/gu, '')
  );
}
