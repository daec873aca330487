/**
 * The hardware abstraction layer of XP and Server 2003. Setup chose one for the board; each knows one kind of interrupt controller,
 * and those for one processor start no second. It is not changed: the matching kernel is rarely on the disk, and a wrong pair does not
 * start. Where both files are there, a second boot entry lets one try.
 */
import type { Finding } from '../../../base/finding.ts';
import type { FixContext, Fixer, FixPlan } from '../../fixer.ts';
import { isAtLeast } from '../services/catalogue.ts';
import { addMultiprocessorEntry, findBootIni } from './boot-ini.ts';

interface HalKind {
  /** As Device Manager calls the computer. */
  name: string;
  acpi: boolean;
  multiprocessor: boolean;
}

/** By the name inside hal.dll (OriginalFilename), as hal.inf of XP and 2003 pairs them with computers. */
const HALS: Readonly<Record<string, HalKind>> = {
  'halmacpi.dll': { name: 'ACPI Multiprocessor PC', acpi: true, multiprocessor: true },
  'halaacpi.dll': { name: 'ACPI Uniprocessor PC', acpi: true, multiprocessor: false },
  'halacpi.dll': {
    name: 'Advanced Configuration and Power Interface (ACPI) PC',
    acpi: true,
    multiprocessor: false,
  },
  'halmps.dll': { name: 'MPS Multiprocessor PC', acpi: false, multiprocessor: true },
  'halapic.dll': { name: 'MPS Uniprocessor PC', acpi: false, multiprocessor: false },
  'hal.dll': { name: 'Standard PC', acpi: false, multiprocessor: false },
  'halsp.dll': {
    name: 'Compaq SystemPro Multiprocessor or 100% Compatible',
    acpi: false,
    multiprocessor: true,
  },
};

/** Below this, in bytes, BIOSes translate a disk's geometry by fewer than 255 heads (virt-v2v, fix_ntfs_heads). */
const SMALL_DISK = 4_228_374_780;

export const hal: Fixer = {
  id: 'windows-hal',
  title: 'Hardware abstraction layer of XP and 2003',
  // From Vista on Windows chooses by itself, and 64-bit editions have one HAL for all.
  applies: ({ guest }) =>
    guest.windows !== undefined &&
    !isAtLeast(guest.windows.ntVersion, 6, 0) &&
    guest.architecture !== 'x86_64',
  plan,
};

async function plan(context: FixContext): Promise<FixPlan> {
  const { guest, machine } = context;
  const windows = guest.windows!;
  const findings: Finding[] = geometryNote(context);
  const name = windows.hal?.toLowerCase() ?? null;
  const kind = name !== null && Object.hasOwn(HALS, name) ? HALS[name] : undefined;
  if (kind === undefined) {
    findings.push({
      severity: machine.cpus > 1 ? 'warning' : 'info',
      code: 'HAL_UNKNOWN',
      message: `Which hardware abstraction layer this Windows has could not be told${name === null ? '' : ` (${windows.hal!})`}.`,
      next: 'Check with a boot test that it starts, and in Device Manager, under "Computer", how many processors it uses.',
    });
    return { edits: [], findings };
  }
  if (!kind.acpi)
    findings.push({
      severity: 'warning',
      code: 'HAL_WITHOUT_ACPI',
      message: `Windows was installed as "${kind.name}", without ACPI: it cannot switch the virtual machine off, and may not start where the platform expects ACPI.`,
      next: 'Check with a boot test; if it does not start, switch ACPI off in the settings of the virtual machine.',
    });
  if (machine.cpus < 2 || kind.multiprocessor) return { edits: [], findings };
  const entry = kind.acpi ? await secondEntry(context) : null;
  findings.push({
    severity: 'warning',
    code: 'HAL_UNIPROCESSOR',
    message: `Windows was installed as "${kind.name}" and uses one of the ${machine.cpus} processors of the virtual machine.`,
    next:
      entry === null
        ? 'Give the virtual machine one processor, or change the computer to "ACPI Multiprocessor PC" in Device Manager.'
        : 'Choose the entry for several processors once in the boot menu; if Windows starts with it, make it the default.',
  });
  return { edits: entry === null ? [] : [entry], findings };
}

/** An entry with the multiprocessor pair of HAL and kernel, where both lie in System32. */
async function secondEntry({ guest, files }: FixContext) {
  const windows = guest.windows!;
  const names = new Set((await files.list(windows.system32)).map((name) => name.toLowerCase()));
  if (!names.has('halmacpi.dll') || !names.has('ntkrnlmp.exe')) return null;
  const bootIni = await findBootIni(guest, files);
  return bootIni === null ? null : addMultiprocessorEntry(bootIni, windows);
}

/** XP and 2000 take the number of heads from the boot sector of their volume, which has to be the BIOS' own. */
function geometryNote({ guest, machine, volumes }: FixContext): Finding[] {
  if (guest.windows!.ntVersion === '5.2') return [];
  const root = guest.mounts.find(({ path }) => path === '/');
  const disk = machine.disks[volumes.find(({ id }) => id === root?.volume)?.disk ?? 0];
  if (disk === undefined || disk.size >= SMALL_DISK) return [];
  return [
    {
      severity: 'info',
      code: 'SMALL_DISK_GEOMETRY',
      message:
        'The system disk is so small that BIOSes count its heads differently, and this Windows starts only where the count is that of the old server.',
      next: 'If the virtual machine stops at "A disk read error occurred", write the number of heads of its BIOS into the boot sector of the volume.',
    },
  ];
}
