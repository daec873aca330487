/**
 * Configuration of the X server that is bound to a graphics card of the physical server. Without it the X server finds
 * the virtual graphics card by itself.
 */
import type { FixContext, Fixer, FixPlan } from '../fixer.ts';
import { editPlan, readTextFile } from './edit-plan.ts';

export const xorg: Fixer = {
  id: 'xorg',
  title: 'Graphics card in the X server',
  applies: () => true,
  plan,
};

/** Drivers that work on any virtual graphics card. */
const GENERAL = new Set([
  'modesetting',
  'vesa',
  'fbdev',
  'vmware',
  'qxl',
  'cirrus',
  'dummy',
  'vboxvideo',
  'bochs',
]);

const FILES = ['/etc/X11/xorg.conf', '/etc/X11/XF86Config', '/etc/X11/XF86Config-4'];
const DIRECTORY = '/etc/X11/xorg.conf.d';

async function plan({ files }: FixContext): Promise<FixPlan> {
  const fixes = editPlan(files);
  const names = (await files.list(DIRECTORY)).filter((name) => name.endsWith('.conf'));
  for (const path of [...FILES, ...names.map((name) => `${DIRECTORY}/${name}`)]) {
    const file = await readTextFile(files, path);
    const bound = file === null ? null : boundTo(file.text);
    if (bound === null) continue;
    await fixes.moveAside(path, {
      what: `${path} is renamed so that it is not read; the X server then finds its graphics card by itself.`,
      why: `It is bound to the graphics card of the physical server (${bound}), and the graphical login would not start.`,
    });
  }
  return fixes.finished();
}

/** What a Device section names that only the old card has: `Driver "mga"`, `BusID "PCI:1:0:0"`; null for nothing. */
export function boundTo(text: string): string | null {
  let section = '';
  for (const raw of text.split('\n')) {
    const line = raw.split('#')[0]!.trim();
    const begin = /^Section\s+"([^"]*)"/i.exec(line);
    if (begin !== null) section = begin[1]!.toLowerCase();
    else if (/^EndSection\b/i.test(line)) section = '';
    if (section !== 'device') continue;
    const setting = /^(Driver|BusID)\s+"([^"]*)"/i.exec(line);
    if (setting === null) continue;
    const [, key = '', value = ''] = setting;
    if (key.toLowerCase() === 'busid' || !GENERAL.has(value.toLowerCase())) return `${key} ${value}`;
  }
  return null;
}
