/** Services of a guest in the forms they come in, and how each is switched off without deleting anything. */
import type { FixContext, GuestReader } from '../fixer.ts';
import { joinPath } from '../tree-path.ts';
import { readTextFile, type EditPlan, type Reason } from './edit-plan.ts';

type Init = FixContext['guest']['init'];

const UNIT_DIRECTORIES = ['/etc/systemd/system', '/usr/lib/systemd/system', '/lib/systemd/system'];
const SCRIPT_DIRECTORIES = ['/etc/init.d', '/etc/rc.d/init.d'];
const UPSTART = '/etc/init';
const OPENRC = '/etc/runlevels';
/** Runlevel directories of Red Hat, Debian and SUSE; some are links to others. */
const RUNLEVELS = ['/etc/rc.d', '/etc', '/etc/init.d'].flatMap((base) =>
  ['rc0.d', 'rc1.d', 'rc2.d', 'rc3.d', 'rc4.d', 'rc5.d', 'rc6.d', 'rcS.d', 'boot.d'].map(
    (name) => `${base}/${name}`,
  ),
);

export interface Service {
  /** Without ending. */
  name: string;
  /** Guest path of its systemd unit, or null. */
  unit: string | null;
  script: string | null;
  upstart: string | null;
}

/** Null where no form of the service is installed. */
export async function findService(files: GuestReader, name: string): Promise<Service | null> {
  const first = async (directories: readonly string[], file: string): Promise<string | null> => {
    for (const directory of directories) {
      const path = `${directory}/${file}`;
      if ((await files.stat(path))?.type === 'file') return path;
    }
    return null;
  };
  const unit = await first(UNIT_DIRECTORIES, `${name}.service`);
  const script = await first(SCRIPT_DIRECTORIES, name);
  const upstart = await first([UPSTART], `${name}.conf`);
  return unit === null && script === null && upstart === null ? null : { name, unit, script, upstart };
}

/** Start links of a SysV script in all runlevels: canonical paths of the links. */
async function startLinks(files: GuestReader, name: string): Promise<{ directory: string; link: string }[]> {
  const found = new Map<string, { directory: string; link: string }>();
  for (const directory of RUNLEVELS) {
    if ((await files.stat(directory))?.type !== 'directory') continue;
    const canonical = await files.realpath(directory);
    for (const link of await files.list(canonical))
      if (/^S\d\d/.test(link) && link.slice(3) === name)
        found.set(joinPath(canonical, link), { directory: canonical, link });
  }
  return [...found.values()];
}

/** Whether systemd starts the unit: something wants it, or it has no [Install] section and so is started by others. */
async function isEnabledUnit(files: GuestReader, unit: string, name: string): Promise<boolean> {
  for (const directory of UNIT_DIRECTORIES)
    for (const entry of await files.list(directory))
      if (
        /\.(wants|requires)$/.test(entry) &&
        (await files.lstat(`${directory}/${entry}/${name}.service`)) !== null
      )
        return true;
  return !/^\[Install\]/m.test((await readTextFile(files, unit))?.text ?? '');
}

/** Plans what switches the service off; nothing where it is off already. `subject` names it in the sentences. */
export async function switchOff(
  fixes: EditPlan,
  service: Service,
  init: Init,
  subject: string,
  why: string,
): Promise<void> {
  const { name } = service;
  if (init === 'systemd') {
    const byUnit = service.unit !== null && (await isEnabledUnit(fixes.files, service.unit, name));
    // systemd makes a unit of a script that has start links.
    const byScript = service.script !== null && (await startLinks(fixes.files, name)).length > 0;
    if (!byUnit && !byScript) return;
    const reason = { what: `${subject} is switched off: its unit ${name}.service is masked.`, why };
    await fixes.link(`/etc/systemd/system/${name}.service`, '/dev/null', reason);
    return;
  }
  const links = await startLinks(fixes.files, name);
  for (const { directory, link } of links) await retireLink(fixes, directory, link, subject, why);
  if (service.upstart !== null)
    await overrideJob(fixes, name, { what: `${subject} is switched off (upstart).`, why });
  if (service.script !== null && init === 'openrc') await leaveRunlevels(fixes, name, subject, why);
}

/** `S85name` becomes `K15name`, as chkconfig does it. */
async function retireLink(
  fixes: EditPlan,
  directory: string,
  link: string,
  subject: string,
  why: string,
): Promise<void> {
  const off = `K${String(100 - Number(link.slice(1, 3)))
    .padStart(2, '0')
    .slice(-2)}${link.slice(3)}`;
  const taken = (await fixes.files.lstat(`${directory}/${off}`)) !== null;
  const reason = { what: `${subject} is switched off: its start link ${directory}/${link} is renamed.`, why };
  // Everything that begins with S is started, whatever its ending.
  await fixes.renameTo(`${directory}/${link}`, taken ? `ironlift-off.${link}` : off, reason);
}

/** An override file with `manual` keeps a job from being started (init(5) of upstart). */
async function overrideJob(fixes: EditPlan, name: string, reason: Reason): Promise<void> {
  const path = `${UPSTART}/${name}.override`;
  const before = (await readTextFile(fixes.files, path))?.text ?? '';
  if (/^[ \t]*manual[ \t]*$/m.test(before)) return;
  const separated = before === '' || before.endsWith('\n') ? before : `${before}\n`;
  await fixes.writeFile(path, `${separated}manual\n`, reason);
}

async function leaveRunlevels(fixes: EditPlan, name: string, subject: string, why: string): Promise<void> {
  for (const level of await fixes.files.list(OPENRC)) {
    const path = `${OPENRC}/${level}/${name}`;
    if ((await fixes.files.lstat(path))?.type !== 'symlink') continue;
    await fixes.remove(path, { what: `${subject} is switched off: it leaves the runlevel ${level}.`, why });
  }
}
