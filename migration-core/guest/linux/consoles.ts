/**
 * Consoles. The management processor of a server shows its second serial port (ttyS1), a Xen guest has hvc0; a virtual
 * machine has a screen and the serial port ttyS0. Dead consoles are led to ttyS0, and a machine without any serial
 * console gets one next to its screen, so that it can be watched and logged in to as text. The console that was first
 * stays first.
 */
import type { Finding } from '../../base/finding.ts';
import type { FixContext, Fixer, FixPlan } from '../fixer.ts';
import { findFiles } from './grub-files.ts';
import { fixLogins, fixSecureTty } from './console-logins.ts';
import { editPlan, readTextFile, type EditPlan } from './edit-plan.ts';
import { editKernelArguments } from './kernel-arguments.ts';

export const consoles: Fixer = {
  id: 'consoles',
  title: 'Consoles',
  applies: ({ guest }) => guest.architecture === 'x86_64' || guest.architecture === 'i686',
  plan,
};

const WHY =
  'The virtual machine has its screen and one serial port, ttyS0; consoles of the old hardware lead nowhere, and the text console lets the machine be watched and operated.';

async function plan({ guest, files }: FixContext): Promise<FixPlan> {
  const fixes = editPlan(files);
  let firstIsSerial = false;
  const found = await editKernelArguments(
    fixes,
    guest,
    (commandLine, extent) => {
      const changed = consoleArguments(commandLine, extent === 'whole');
      if (extent === 'whole') firstIsSerial ||= lastConsole(changed) === 'ttyS0';
      return changed;
    },
    (path) => ({
      what: `The kernel uses the screen and the serial port ttyS0 as consoles (${path}).`,
      why: WHY,
    }),
  );
  await fixGrubTerminal(fixes, guest);
  await fixLogins(
    fixes,
    { init: guest.init, family: guest.os.family, kernelTells: found, firstIsSerial },
    WHY,
  );
  await fixSecureTty(fixes, WHY);
  if (!found) fixes.findings.push(noKernelArguments);
  return fixes.finished();
}

const lastConsole = (commandLine: string): string | undefined =>
  commandLine
    .split(/\s/)
    .findLast((argument) => argument.startsWith('console='))
    ?.slice('console='.length)
    .split(',')[0];

const noKernelArguments: Finding = {
  severity: 'info',
  code: 'CONSOLE_ARGUMENTS_NOT_FOUND',
  message:
    'No file with the arguments of the kernel was found, so the kernel does not write to the serial port.',
};

/** A console that only the old hardware has: further serial ports, those of Xen, ARM and mainframes. */
export const DEAD_CONSOLE = /^(?:ttyS[1-9]\d*|hvc\d+|xvc\d+|ttyAMA\d+|ttysclp\d+|sclp_line\d+)$/;

/** One command line with its consoles set right. `add`: a serial console is added where there is none. */
export function consoleArguments(commandLine: string, add: boolean): string {
  const seen = new Set<string>();
  let text = commandLine.replace(
    /(^|\s)console=([A-Za-z_]\w*)((?:,\S*)?)(?=\s|$)/g,
    (all, before: string, device: string, options: string) => {
      const target = DEAD_CONSOLE.test(device) ? 'ttyS0' : device;
      // Of two that would be the same now, the one that was ttyS0 already stays.
      if (target !== device && (seen.has(target) || hasLater(commandLine, target))) return '';
      seen.add(target);
      if (target === device) return all;
      return `${before}console=${target}${/^,\d/.test(options) ? options : ',115200'}`;
    },
  );
  if (!add || /(^|\s)console=ttyS0\b/.test(text)) return text;
  // The last console is the first one for programs (/dev/console): it stays what it was, else the screen.
  const first = /(^|\s)console=/.exec(text);
  if (first !== null) {
    const at = first.index + first[1]!.length;
    text = `${text.slice(0, at)}console=ttyS0,115200 ${text.slice(at)}`;
    return text;
  }
  return `${text}${text === '' || text.endsWith(' ') ? '' : ' '}console=ttyS0,115200 console=tty0`;
}

function hasLater(commandLine: string, device: string): boolean {
  return new RegExp(`(^|\\s)console=${device}(,|\\s|$)`).test(commandLine);
}

/** GRUB's own menu on a serial port: the second port and its addresses become the first. */
async function fixGrubTerminal(fixes: EditPlan, guest: FixContext['guest']): Promise<void> {
  const paths = [...findFiles(guest, 'grub2', /./), ...findFiles(guest, 'grub-legacy', /./)];
  for (const path of paths) {
    const file = await readTextFile(fixes.files, path);
    if (file === null) continue;
    const text = file.text.replace(/^[ \t]*(?:GRUB_SERIAL_COMMAND=["']?)?serial[ \t].*$/gm, (line) =>
      line
        .replace(/--unit(=|\s+)[1-9]\d*/, (_, between: string) => `--unit${between}0`)
        .replace(/--port(=|\s+)0x(?:2f8|3e8|2e8)/i, (_, between: string) => `--port${between}0x3f8`),
    );
    await fixes.rewrite(file, text, {
      what: `The menu of the boot loader uses the first serial port (${file.path}).`,
      why: WHY,
    });
  }
}
