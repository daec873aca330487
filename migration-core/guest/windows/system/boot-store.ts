/**
 * What starts Windows: the boot configuration store of Vista and later, boot.ini before. Entries must lead to partitions that the
 * virtual machine has; while a first start may fail, Windows must show why instead of repairing itself from a recovery system that
 * knows no driver of the new disk controller.
 */
import type { Finding } from '../../../base/finding.ts';
import { isIronliftError } from '../../../base/errors.ts';
import type { Hive } from '../../../registry/hive.ts';
import type { FixContext, Fixer, FixPlan, GuestEdit } from '../../fixer.ts';
import { isAtLeast } from '../services/catalogue.ts';
import { unlessDamaged } from '../services/service-keys.ts';
import { checkBootIni } from './boot-ini-check.ts';
import { deviceFindings, loaderFindings } from './boot-store-check.ts';
import { quietUntilStarted } from './boot-store-quiet.ts';
import { defaultLoader } from './bcd.ts';

export const bootStore: Fixer = {
  id: 'windows-boot-store',
  title: 'Boot configuration',
  applies: ({ guest }) => guest.windows !== undefined,
  async plan(context) {
    if (!isAtLeast(context.guest.windows!.ntVersion, 6, 0)) return checkBootIni(context);
    return planStore(context);
  },
};

async function planStore(context: FixContext): Promise<FixPlan> {
  const { hives, guest } = context;
  const path = storeOf(context);
  if (path === null) return { edits: [], findings: [missing(guest.firmware)] };
  let store: Hive;
  try {
    store = await hives!.hive(path);
  } catch (error) {
    if (!isIronliftError(error, 'HIVE_DAMAGED') && !isIronliftError(error, 'NOT_A_HIVE')) throw error;
    return { edits: [], findings: [unreadable(error.message)] };
  }
  const findings: Finding[] = [];
  const edits: GuestEdit[] = [];
  const loader = unlessDamaged(findings, 'the boot configuration', undefined, () => defaultLoader(store));
  if (loader === undefined) return { edits, findings };
  if (loader === null) return { edits, findings: [noDefault()] };
  unlessDamaged(findings, 'the boot configuration', undefined, () => {
    findings.push(...deviceFindings(context, store, loader), ...loaderFindings(context, store, loader));
  });
  edits.push(...(await quietUntilStarted(context, path, store, loader, findings)));
  return { edits, findings };
}

/** The store that the firmware of the machine leads to: that of the system partition before one beside Windows. */
function storeOf({ guest, machine }: FixContext): string | null {
  const fitting = guest.windows!.hives.bootStores.filter(
    (path) => /\/bcd$/iu.test(path) && /\/efi\//iu.test(path) === (machine.firmware === 'uefi'),
  );
  return fitting.find((path) => path.startsWith('/:')) ?? fitting[0] ?? null;
}

const missing = (firmware: string): Finding => ({
  severity: 'warning',
  code: 'BOOT_STORE_MISSING',
  message: `No boot configuration of Windows for ${firmware === 'uefi' ? 'UEFI' : 'BIOS'} firmware was found on the disks.`,
  next: 'Check that all disks of the server were given, the one it starts from among them; otherwise repair the start with bcdboot in the virtual machine.',
});

const unreadable = (message: string): Finding => ({
  severity: 'warning',
  code: 'BOOT_STORE_DAMAGED',
  message: `The boot configuration of Windows could not be read: ${message}`,
  next: 'Check that the server itself still starts; rebuild the store there with bootrec /rebuildbcd.',
});

const noDefault = (): Finding => ({
  severity: 'warning',
  code: 'BOOT_STORE_NO_DEFAULT',
  message: 'The boot configuration names no Windows that starts by default.',
  next: 'Set one on the server with bcdedit /default, or choose it in the boot menu of the virtual machine.',
});
