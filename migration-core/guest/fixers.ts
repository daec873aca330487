/** The table of all fixers. Order matters: each one plans on the guest as those before it leave it. */
import { throwIfCancelled } from '../base/cancel.ts';
import { isIronliftError } from '../base/errors.ts';
import type { Finding } from '../base/finding.ts';
import type { Guest } from './guest.ts';
import type { FixContext, Fixer, GuestEdit } from './fixer.ts';
import { agents } from './linux/agents.ts';
import { blacklist } from './linux/blacklist.ts';
import { blockNamesElsewhere } from './linux/block-names-elsewhere.ts';
import { bls } from './linux/bls.ts';
import { consoles } from './linux/consoles.ts';
import { crypttab } from './linux/crypttab.ts';
import { deviceMap } from './linux/device-map.ts';
import { espFallback } from './linux/esp-fallback.ts';
import { extlinux } from './linux/extlinux.ts';
import { firstBootRebuild } from './linux/first-boot.ts';
import { fstab } from './linux/fstab.ts';
import { grubLegacy } from './linux/grub-legacy.ts';
import { grub } from './linux/grub.ts';
import { initramfsDrivers } from './linux/initramfs/fixer.ts';
import { initramfsConfig } from './linux/initramfs/permanent.ts';
import { lvmDevices } from './linux/lvm-devices.ts';
import { mdadm } from './linux/mdadm.ts';
import { networkAddresses } from './linux/network/addresses.ts';
import { networkNames } from './linux/network/names.ts';
import { persistentNet } from './linux/persistent-net.ts';
import { resume } from './linux/resume.ts';
import { selinux } from './linux/selinux-relabel.ts';
import { xorg } from './linux/xorg.ts';
import { StagedGuest } from './stage.ts';
import { WINDOWS_FIXERS } from './windows/fixers.ts';
import type { RegistryChange } from './windows/registry-change.ts';

export const LINUX_FIXERS: readonly Fixer[] = [
  // Names of disks, which all that follows may read.
  fstab,
  crypttab,
  resume,
  grub,
  grubLegacy,
  bls,
  extlinux,
  deviceMap,
  mdadm,
  lvmDevices,
  blockNamesElsewhere,
  espFallback,
  // The network under its old names and addresses.
  persistentNet,
  // Addresses first: what is bound to the new card by then needs no new name.
  networkAddresses,
  networkNames,
  // Hardware that stays behind.
  agents,
  consoles,
  xorg,
  blacklist,
  // Drivers: the setting for the next initramfs before the segment for the present one.
  initramfsConfig,
  initramfsDrivers,
  firstBootRebuild,
  // Labels of all files made above.
  selinux,
];

/** All that may have something to do in this guest. */
export const fixersOf = ({ windows }: Pick<Guest, 'windows'>): readonly Fixer[] =>
  windows === undefined ? LINUX_FIXERS : WINDOWS_FIXERS;

/** What one fixer wants to change. */
export interface PlannedFix {
  /** Fixer.id. */
  fixer: string;
  title: string;
  edits: GuestEdit[];
  findings: Finding[];
}

/**
 * Plans all fixers that apply, each on the result of those before it. Nothing is written; `context.files` is the guest
 * as it is. Fixers that have neither edits nor findings are left out.
 */
export async function planFixes(
  context: FixContext,
  options: { fixers?: readonly Fixer[]; signal?: AbortSignal } = {},
): Promise<PlannedFix[]> {
  const files = new StagedGuest(context.files);
  const staged: FixContext = { ...context, files, hives: files };
  const planned: PlannedFix[] = [];
  for (const fixer of options.fixers ?? fixersOf(context.guest)) {
    throwIfCancelled(options.signal);
    if (!fixer.applies(staged)) continue;
    const plan = await fixer.plan(staged, options.signal);
    const findings = [...plan.findings];
    const edits: GuestEdit[] = [];
    for (const edit of plan.edits) {
      const possible = await stageWhatIsPossible(files, edit, findings, context.guest);
      if (possible !== null) edits.push(possible);
    }
    if (edits.length > 0 || findings.length > 0)
      planned.push({ fixer: fixer.id, title: fixer.title, edits, findings });
  }
  return planned;
}

/**
 * Lays an edit over the guest. Changes of a registry key whose part of the hive is damaged are left out and told of: they must not
 * stop the conversion of all the rest, unless the new machine would not start without them. Null where nothing is left of the edit.
 */
async function stageWhatIsPossible(
  files: StagedGuest,
  edit: GuestEdit,
  findings: Finding[],
  guest: Guest,
): Promise<GuestEdit | null> {
  const { action } = edit;
  if (action.kind !== 'registry') {
    await files.stage(action);
    return edit;
  }
  const changes: RegistryChange[] = [];
  for (const change of action.changes)
    try {
      await files.stage({ ...action, changes: [change] });
      changes.push(change);
    } catch (error) {
      if (!isIronliftError(error, 'HIVE_DAMAGED') && !isIronliftError(error, 'EDIT_NOT_POSSIBLE'))
        throw error;
      // A hive that takes no further change at all ends the plan.
      (await files.hive(action.path)).core.expectWritable();
      const stops = edit.vital === true && isOfThisStart(change.key, guest);
      findings.push({
        severity: stops ? 'blocker' : 'warning',
        code: 'REGISTRY_PART_DAMAGED',
        message: stops
          ? `The registry key ${change.key} cannot be changed, because the registry of the server is damaged there, and the new machine would not start without the change: ${error.message}`
          : `A change of the registry key ${change.key} was left out, because the registry of the server is damaged there: ${error.message}`,
        next: stops
          ? 'Let Windows check itself on the server (chkdsk, sfc /scannow), then start again.'
          : 'Let Windows check itself on the server (chkdsk, sfc /scannow), or make this change after the first start.',
      });
    }
  return changes.length === 0 ? null : { ...edit, action: { ...action, changes } };
}

/** Other control sets than the current one are of meaning only when Windows is started with its last known good configuration. */
const isOfThisStart = (key: string, { windows }: Guest): boolean => {
  const set = /^ControlSet(\d{3})(?:\\|$)/iu.exec(key)?.[1];
  return set === undefined || windows === undefined || Number(set) === windows.currentControlSet;
};
