/** Logins on the serial console, in the way of each init system, and the list of consoles where root may log in. */
import type { FixContext } from '../fixer.ts';
import { nameOf } from '../tree-path.ts';
import { readTextFile, type EditPlan } from './edit-plan.ts';
import { switchOff } from './services.ts';

export interface ConsoleFacts {
  init: FixContext['guest']['init'];
  family: FixContext['guest']['os']['family'];
  /** The kernel is told to use ttyS0. */
  kernelTells: boolean;
  /** The last console of a command line is ttyS0. */
  firstIsSerial: boolean;
}

/** As in consoles.ts, within a line. */
const DEAD = /\b(?:ttyS[1-9]\d*|hvc\d+|xvc\d+|ttyAMA\d+)\b/;

export async function fixLogins(fixes: EditPlan, facts: ConsoleFacts, why: string): Promise<void> {
  if (facts.init === 'systemd') await fixSystemd(fixes, facts, why);
  if (facts.init === 'upstart') await fixUpstart(fixes, facts, why);
  if (facts.init === 'sysvinit' || facts.init === 'openrc') await fixInittab(fixes, why);
}

const UNITS = '/etc/systemd/system';

async function fixSystemd(fixes: EditPlan, { kernelTells }: ConsoleFacts, why: string): Promise<void> {
  const wants = `${UNITS}/getty.target.wants`;
  for (const link of await fixes.files.list(wants)) {
    const device = /^(?:serial-)?getty@(\w+)\.service$/.exec(link)?.[1];
    if (device === undefined || !DEAD.test(device)) continue;
    await fixes.link(`${UNITS}/${link}`, '/dev/null', {
      what: `The login on ${device} is switched off: its unit ${link} is masked.`,
      why: `The virtual machine has no ${device}, and the boot would wait for it.`,
    });
  }
  // systemd starts a login on every serial console that the kernel uses; only without that it has to be asked to.
  const template = ['/usr/lib/systemd/system', '/lib/systemd/system'].map(
    (path) => `${path}/serial-getty@.service`,
  );
  const name = 'serial-getty@ttyS0.service';
  if (kernelTells || (await fixes.files.lstat(`${UNITS}/${name}`)) !== null) return;
  for (const path of template) {
    if (!(await fixes.files.exists(path))) continue;
    await fixes.link(`${wants}/${name}`, path, {
      what: `A login on the serial port ttyS0 is switched on (${name}).`,
      why,
    });
    return;
  }
}

async function fixInittab(fixes: EditPlan, why: string): Promise<void> {
  const file = await readTextFile(fixes.files, '/etc/inittab');
  if (file === null) return;
  const lines = file.text.split('\n');
  const isLogin = (line: string): boolean => /^[^#:]*:[^:]*:(?:respawn|askfirst):.*getty/.test(line);
  const onFirst = (line: string): boolean => isLogin(line) && /\bttyS0\b/.test(line);
  let has = lines.some(onFirst);
  const mapped = lines.map((line) => {
    if (!isLogin(line) || !DEAD.test(line)) return line;
    if (has) return `#ironlift# ${line}`;
    has = true;
    return line.replace(new RegExp(DEAD.source, 'g'), 'ttyS0');
  });
  if (!has) {
    const program = await firstOf(fixes, ['/sbin/agetty', '/sbin/getty', '/bin/agetty', '/usr/sbin/agetty']);
    if (program === null) return;
    // Busybox has the terminal in the first field and no runlevels.
    const busybox = lines.some((line) => /^(?:tty\d+)?::(?:respawn|askfirst):/.test(line));
    const id =
      ['S0', 'T0', 'co0', 'ils0'].find((word) => !lines.some((line) => line.startsWith(`${word}:`))) ??
      'iron';
    const login = `${busybox ? 'ttyS0::' : `${id}:2345:`}respawn:${program} -L 115200 ttyS0 vt100`;
    while (mapped.at(-1)?.trim() === '') mapped.pop();
    mapped.push('# Written by Ironlift: a login on the serial console of the virtual machine.', login, '');
  }
  await fixes.rewrite(file, mapped.join('\n'), {
    what: 'A login runs on the serial port ttyS0 (/etc/inittab).',
    why,
  });
}

const JOBS = '/etc/init';

async function fixUpstart(
  fixes: EditPlan,
  { family, firstIsSerial }: ConsoleFacts,
  why: string,
): Promise<void> {
  for (const name of await fixes.files.list(JOBS)) {
    const device = /^(\w+)\.conf$/.exec(name)?.[1];
    if (device === undefined || !new RegExp(`^${DEAD.source}$`).test(device)) continue;
    const service = { name: device, unit: null, script: null, upstart: `${JOBS}/${name}` };
    await switchOff(
      fixes,
      service,
      'upstart',
      `The login on ${device}`,
      `The virtual machine has no ${device}.`,
    );
  }
  // Red Hat's own job logs in on the console that is first, if that is a serial one.
  if ((await fixes.files.exists(`${JOBS}/ttyS0.conf`)) || (family === 'redhat' && firstIsSerial)) return;
  const program = await firstOf(fixes, ['/sbin/agetty', '/sbin/getty']);
  if (program === null) return;
  const job = [
    '# Written by Ironlift: a login on the serial console of the virtual machine.',
    'start on stopped rc RUNLEVEL=[2345]',
    'stop on runlevel [!2345]',
    'respawn',
    `exec ${program} -L 115200 ttyS0 vt100`,
    '',
  ];
  await fixes.writeFile(`${JOBS}/ttyS0.conf`, job.join('\n'), {
    what: `A login runs on the serial port ttyS0 (${JOBS}/ttyS0.conf).`,
    why,
  });
}

async function firstOf(fixes: EditPlan, paths: readonly string[]): Promise<string | null> {
  for (const path of paths) if (await fixes.files.exists(path)) return path;
  return null;
}

/** An empty list forbids root to log in anywhere; it stays empty. */
export async function fixSecureTty(fixes: EditPlan, why: string): Promise<void> {
  const file = await readTextFile(fixes.files, '/etc/securetty');
  if (file === null) return;
  const listed = file.text.split('\n').map((line) => line.trim());
  if (!listed.some((line) => line !== '' && !line.startsWith('#')) || listed.includes('ttyS0')) return;
  const separated = file.text.endsWith('\n') ? file.text : `${file.text}\n`;
  await fixes.rewrite(file, `${separated}ttyS0\n`, {
    what: `root may log in on the serial port ttyS0 (${nameOf(file.path)}).`,
    why,
  });
}
