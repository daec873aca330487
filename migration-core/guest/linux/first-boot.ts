/** A job for the first start of the new machine: see first-boot-script.ts for what it does there. */
import { driverNeeds, driversFor } from '../../target/drivers.ts';
import type { VirtualMachine } from '../../target/machine.ts';
import type { FixContext, FixPlan, Fixer, GuestReader } from '../fixer.ts';
import type { Guest, Kernel } from '../guest.ts';
import { joinPath } from '../tree-path.ts';
import { editPlan, readTextFile, type EditPlan, type Reason } from './edit-plan.ts';
import { readKernelModules } from './initramfs/modules.ts';
import {
  LOG,
  SCRIPT,
  STATE,
  UNIT,
  firstBootScript,
  type EfiEntry,
  type Rebuild,
} from './first-boot-script.ts';

export const firstBootRebuild: Fixer = {
  id: 'first-boot-rebuild',
  title: 'Initramfs rebuilt by the guest itself at its first start',
  applies: ({ guest }) => guest.kernels.some(({ initramfs }) => initramfs !== null),

  async plan({ guest, files, machine }: FixContext): Promise<FixPlan> {
    const plan = editPlan(files);
    const rebuilds: Rebuild[] = [];
    for (const kernel of guest.kernels) {
      const tool = await toolOf(files, kernel);
      if (kernel.initramfs === null) continue;
      if (tool === null) {
        plan.findings.push({
          severity: 'warning',
          code: 'NO_INITRAMFS_TOOL',
          message: `Nothing on the server can rebuild ${kernel.initramfs}, so it keeps the drivers that were added to it.`,
          next: 'Look after this image by hand when the kernel is updated.',
        });
        continue;
      }
      const drivers = await driverFiles(files, kernel, machine);
      rebuilds.push({ version: kernel.version, image: kernel.initramfs, tool, drivers });
    }
    if (rebuilds.length === 0) return plan.finished();
    const efi = guest.firmware === 'uefi' ? await efiEntry(files, guest) : null;
    await plan.writeFile(SCRIPT, firstBootScript(rebuilds, efi), SCRIPT_REASON, 0o755);
    await schedule(plan, guest);
    return plan.finished();
  },
};

const WHY = 'An initramfs made by the system itself on its new hardware needs no added drivers any more.';
const SCRIPT_REASON: Reason = {
  what: `${SCRIPT} is added; it rebuilds every initramfs once, at the first start, and logs to ${LOG}.`,
  why: WHY,
};

async function toolOf(files: GuestReader, kernel: Kernel): Promise<Rebuild['tool'] | null> {
  if (kernel.initramfsTool !== 'unknown') return kernel.initramfsTool;
  return (await files.exists('/sbin/mkinitrd')) ? 'mkinitrd' : null;
}

/** The drivers of the machine's disks that are files of this kernel, by the names of the files. */
async function driverFiles(files: GuestReader, kernel: Kernel, machine: VirtualMachine): Promise<string[]> {
  const { modules, builtin } = await readKernelModules(files, kernel, false);
  const known = new Set([...modules.keys(), ...builtin]);
  const names = machine.disks.flatMap(({ bus }) => driversFor(driverNeeds(bus), known) ?? []);
  return [...new Set(names)]
    .map((name) => modules.get(name)?.path)
    .filter((path) => path !== undefined)
    .map((path) => path.slice(path.lastIndexOf('/') + 1).replace(/\.ko(\..*)?$/, ''));
}

/** The loader the old firmware's boot list named, as far as files tell. The firmware of the new machine has an empty list. */
async function efiEntry(files: GuestReader, guest: Guest): Promise<EfiEntry | null> {
  const suffix = guest.architecture === 'aarch64' ? 'aa64' : 'x64';
  for (const mountPoint of ['/boot/efi', '/efi', '/boot']) {
    // A folder on the root file system is no system partition.
    if (!guest.mounts.some(({ path, type }) => path === mountPoint && type === 'vfat')) continue;
    for (const vendor of await files.list(joinPath(mountPoint, 'EFI'))) {
      if (vendor.toLowerCase() === 'boot') continue;
      const names = await files.list(`${mountPoint}/EFI/${vendor}`);
      for (const wanted of [`shim${suffix}.efi`, `grub${suffix}.efi`, `systemd-boot${suffix}.efi`]) {
        const name = names.find((candidate) => candidate.toLowerCase() === wanted);
        if (name !== undefined) return { mountPoint, label: vendor, loader: `\\EFI\\${vendor}\\${name}` };
      }
    }
  }
  return null;
}

async function schedule(plan: EditPlan, guest: Guest): Promise<void> {
  switch (guest.init) {
    case 'systemd':
      return scheduleBySystemd(plan);
    case 'openrc':
      return scheduleByOpenRc(plan);
    default:
      return scheduleByRcLocal(plan, guest);
  }
}

/** After multi-user.target, so that neither logins nor services wait for it. */
const UNIT_TEXT = `[Unit]
Description=Rebuild the initramfs for the virtual hardware, once
ConditionPathExists=!${STATE}/first-boot.done
RequiresMountsFor=/boot /usr /var
After=multi-user.target

[Service]
Type=oneshot
ExecStart=/bin/sh ${SCRIPT}
Nice=10
TimeoutStartSec=0

[Install]
WantedBy=multi-user.target
`;

async function scheduleBySystemd(plan: EditPlan): Promise<void> {
  const path = `/etc/systemd/system/${UNIT}`;
  await plan.writeFile(path, UNIT_TEXT, { what: `The systemd unit ${UNIT} is added.`, why: WHY });
  await plan.link(`/etc/systemd/system/multi-user.target.wants/${UNIT}`, path, {
    what: `${UNIT} is switched on for the first start; it switches itself off.`,
    why: WHY,
  });
}

/** OpenRC runs /etc/local.d/*.start last, by its service "local". */
async function scheduleByOpenRc(plan: EditPlan): Promise<void> {
  const path = '/etc/local.d/ironlift-first-boot.start';
  await plan.writeFile(path, `#!/bin/sh\n${IN_BACKGROUND}\n`, { what: `${path} is added.`, why: WHY }, 0o755);
  if (await plan.files.exists('/etc/runlevels/default/local')) return;
  await plan.link('/etc/runlevels/default/local', '/etc/init.d/local', {
    what: 'The service "local" is switched on.',
    why: `It runs ${path}.`,
  });
}

/** In the background: the login comes after these scripts. */
const IN_BACKGROUND = `[ -e ${SCRIPT} ] && /bin/sh ${SCRIPT} &`;

/** System V init and upstart run this last. SUSE has it under a name of its own. */
async function scheduleByRcLocal(plan: EditPlan, guest: Guest): Promise<void> {
  const preferred =
    guest.os.family === 'suse'
      ? '/etc/init.d/after.local'
      : guest.os.family === 'redhat'
        ? '/etc/rc.d/rc.local'
        : '/etc/rc.local';
  const old = await readTextFile(plan.files, preferred);
  const reason: Reason = { what: `A line is added to ${preferred} that starts ${SCRIPT}.`, why: WHY };
  if (old === null) {
    await plan.writeFile(preferred, `#!/bin/sh\n${IN_BACKGROUND}\nexit 0\n`, reason, 0o755);
    return;
  }
  if (!old.text.includes(IN_BACKGROUND)) {
    // First of all, as what follows may end the script.
    const shebang = /^#![^\n]*\n/.exec(old.text)?.[0] ?? '';
    const text = `${shebang}${IN_BACKGROUND}\n${old.text.slice(shebang.length)}`;
    await plan.rewrite(old, text, reason);
  }
  const mode = (await plan.files.stat(old.path))!.mode;
  if ((mode & 0o111) === 0)
    plan.edits.push({
      what: `${old.path} is made executable.`,
      why: 'Otherwise it is not run.',
      action: { kind: 'chmod', path: old.path, mode: mode | 0o111 },
    });
}
