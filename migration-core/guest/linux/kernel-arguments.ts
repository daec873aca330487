/**
 * The kernel's command line in all the files that hold it: the menus that are booted from now, and the settings that
 * later ones are made from. A change is a function of the text of one command line, so everything else stays.
 */
import type { Guest } from '../guest.ts';
import { nameOf } from '../tree-path.ts';
import { encodeText } from '../tree-text.ts';
import { readTextFile, type EditPlan, type Reason, type TextFile } from './edit-plan.ts';
import { findFiles } from './grub-files.ts';

/**
 * One command line, or a part of one: without the kernel before it and the quotes around it.
 * `whole`: a kernel is started with this and what is added here counts once; `part`: some arguments among others.
 */
export type ArgumentChange = (commandLine: string, extent: 'whole' | 'part') => string;

/** Where command lines stand in a kind of file: what is before the text, and whether it is a whole one. */
interface Place {
  line: RegExp;
  extent(head: string, text: string): 'whole' | 'part';
}

/** A line that starts a kernel with a root volume; other lines start memory tests and the like. */
const withRoot = (_head: string, text: string): 'whole' | 'part' =>
  /(^|\s)root=/.test(text) && !text.includes('$kernelopts') ? 'whole' : 'part';
const whole = (): 'whole' => 'whole';

const GRUB_MENU: Place[] = [
  { line: /^(\s*linux(?:16|efi)?\s+\S+)(\s.*)$/, extent: withRoot },
  { line: /^(\s*set\s+(?:default_)?kernelopts=)(.*)$/, extent: whole },
];
const GRUB_SETTINGS: Place[] = [
  {
    line: /^(\s*(?:export\s+)?(?:GRUB_CMDLINE_LINUX(?:_\w+)?|DEFAULT_APPEND|FAILSAFE_APPEND)\+?=)(.*)$/,
    // GRUB_CMDLINE_LINUX is in all entries, the others are added to it in some.
    extent: (head) => (/(GRUB_CMDLINE_LINUX|_APPEND)=$/.test(head) ? 'whole' : 'part'),
  },
];
const LEGACY_MENU: Place[] = [
  { line: /^(\s*kernel\s+(?:--\S+\s+)*\S+)(\s.*)$/, extent: withRoot },
  { line: /^(#\s*kopt\w*=)(.*)$/, extent: whole },
];
const ENTRY: Place[] = [{ line: /^(options\s)(.*)$/, extent: withRoot }];
const PLAIN: Place[] = [{ line: /^()(.+)$/, extent: whole }];
const EXTLINUX: Place[] = [{ line: /^(\s*append\s)(.*)$/i, extent: withRoot }];
const EXTLINUX_SETTINGS: Place[] = [
  { line: /^(\s*(?:EXTLINUX_PARAMETERS|default_kernel_opts)=)(.*)$/, extent: whole },
];

/** Plans the change in every file; true where at least one whole command line was found. */
export async function editKernelArguments(
  plan: EditPlan,
  guest: Guest,
  change: ArgumentChange,
  reason: (path: string) => Reason,
): Promise<boolean> {
  let found = false;
  const edit = async (path: string, places: readonly Place[]): Promise<void> => {
    const file = await readTextFile(plan.files, path);
    if (file === null) return;
    const lines = file.text.split('\n').map((line) => {
      for (const place of places) {
        const at = place.line.exec(line);
        if (at === null) continue;
        const [, head = '', text = ''] = at;
        const extent = place.extent(head, text);
        if (extent === 'whole') found = true;
        return head + changed(text, head.endsWith('='), (commandLine) => change(commandLine, extent));
      }
      return line;
    });
    await plan.rewrite(file, lines.join('\n'), reason(file.path));
  };
  for (const path of findFiles(guest, 'grub2', /./)) {
    if (nameOf(path) === 'grubenv') found = (await editEnvironment(plan, path, change, reason)) || found;
    else await edit(path, nameOf(path) === 'grub.cfg' ? GRUB_MENU : GRUB_SETTINGS);
  }
  for (const path of findFiles(guest, 'grub-legacy', /./)) await edit(path, LEGACY_MENU);
  for (const kind of ['bls', 'systemd-boot'] as const)
    for (const path of findFiles(guest, kind, /\/entries\/[^/]+\.conf$/)) await edit(path, ENTRY);
  for (const path of findFiles(guest, 'extlinux', /./)) await edit(path, EXTLINUX);
  await edit('/etc/sysconfig/bootloader', GRUB_SETTINGS);
  await edit('/etc/kernel/cmdline', PLAIN);
  await edit('/etc/default/extlinux', EXTLINUX_SETTINGS);
  await edit('/etc/update-extlinux.conf', EXTLINUX_SETTINGS);
  return found;
}

/** An assigned text is changed within its quotes; one without gets them where it needs them now. */
function changed(text: string, assigned: boolean, change: (commandLine: string) => string): string {
  const body = text.trimEnd();
  const end = text.slice(body.length);
  // A backslash goes on over the line: such a text is left alone.
  if (body.endsWith('\\')) return text;
  if (!assigned) return change(body) + end;
  const quoted = /^(["'])(.*)\1([ \t]+#.*)?$/.exec(body);
  if (quoted !== null) return quoted[1]! + change(quoted[2]!) + quoted[1]! + (quoted[3] ?? '') + end;
  // An open quote, or something after the text.
  if (/["'#]/.test(body)) return text;
  const result = change(body);
  return (/\s/.test(result) && !/\s/.test(body) ? `"${result}"` : result) + end;
}

/** The environment block of GRUB keeps its size: it is written in place at every boot (1024 bytes, filled up with `#`). */
async function editEnvironment(
  plan: EditPlan,
  path: string,
  change: ArgumentChange,
  reason: (path: string) => Reason,
): Promise<boolean> {
  const file = await readTextFile(plan.files, path);
  const line = /^kernelopts=(.*)$/m.exec(file?.text ?? '');
  if (file === null || line === null) return false;
  const result = change(line[1]!, 'whole');
  if (result === line[1]) return true;
  const { text } = file;
  const renewed = `${text.slice(0, line.index)}kernelopts=${result}${text.slice(line.index + line[0].length)}`;
  const body = withoutFilling(renewed.trimEnd());
  const missing = bytes(file, file.text) - bytes(file, body);
  if (missing < 0)
    plan.findings.push({
      severity: 'info',
      code: 'GRUBENV_FULL',
      message: `${file.path} has no room for further boot arguments, so they were left as they are.`,
    });
  else await plan.rewrite(file, body + '#'.repeat(missing), reason(file.path));
  return true;
}

function withoutFilling(text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === '#') end--;
  return text.slice(0, end);
}

const bytes = (file: TextFile, text: string): number => encodeText(text, file.encoding).length;
