/**
 * Microsoft's boot manager under the one name every UEFI firmware tries by itself. A physical server remembers in its NVRAM which
 * loader to start; a new virtual machine remembers nothing and looks for \EFI\Boot\bootx64.efi (UEFI 2.10, 3.5.1.1).
 */
import type { Finding } from '../../../base/finding.ts';
import type { FixContext, Fixer, FixPlan, GuestEdit, GuestReader } from '../../fixer.ts';
import type { Guest } from '../../guest.ts';
import { joinPath } from '../../tree-path.ts';

const ESP = '/:esp';
const SUFFIX: Record<Guest['architecture'], string> = {
  x86_64: 'x64',
  i686: 'ia32',
  aarch64: 'aa64',
  unknown: 'x64',
};
/** A boot manager has 1 to 3 MiB. Bytes. */
const LARGEST = 32 << 20;
/** Of a version resource (VS_VERSIONINFO, StringFileInfo), in UTF-16. */
const FILE_NAME_FIELD = 'OriginalFilename\0';
const WHY =
  'A new virtual machine has no memory of which boot loader to start, and UEFI firmware then looks for exactly this one.';

export const espFallback: Fixer = {
  id: 'windows-esp-fallback',
  title: 'Start without a boot list in the firmware',
  applies: ({ guest, machine }) => guest.windows !== undefined && machine.firmware === 'uefi',
  plan,
};

async function plan({ guest, files }: FixContext): Promise<FixPlan> {
  const efi = await child(files, ESP, 'EFI');
  const manager = await descend(files, efi, ['Microsoft', 'Boot', 'bootmgfw.efi']);
  if (efi === null || manager === null || (await tooLarge(files, manager)))
    return { edits: [], findings: [noManager()] };
  const name = `boot${SUFFIX[guest.architecture]}.efi`;
  const folder = await child(files, efi, 'Boot');
  const present = folder === null ? null : await child(files, folder, name);
  const content = await files.readFile(manager, LARGEST);
  if (present === null) {
    const to = folder ?? joinPath(efi, 'Boot');
    const edits: GuestEdit[] =
      folder === null
        ? [
            {
              what: `The folder ${to} is added to the EFI system partition.`,
              why: WHY,
              action: { kind: 'mkdir', path: to },
            },
          ]
        : [];
    edits.push({
      what: `The boot manager of Windows is copied to ${joinPath(to, name)}.`,
      why: WHY,
      action: { kind: 'write', path: joinPath(to, name), content },
    });
    return { edits, findings: [] };
  }
  if (await tooLarge(files, present)) return { edits: [], findings: [kept(present)] };
  const there = Buffer.from(await files.readFile(present, LARGEST));
  if (there.equals(content)) return { edits: [], findings: [] };
  if (!isBootManager(there)) return { edits: [], findings: [kept(present)] };
  return {
    edits: [
      {
        what: `The boot manager of Windows in ${present}, of another version, is replaced by the one the server starts with.`,
        why: `${WHY.slice(0, -1)}; an older one may be refused by Secure Boot or not know the boot configuration.`,
        action: { kind: 'write', path: present, content },
      },
    ],
    findings: [],
  };
}

/**
 * Microsoft's own, by the file name in its version resource. Other loaders that a firmware starts are somebody's choice, also
 * those that know the boot manager's path.
 */
function isBootManager(bytes: Buffer): boolean {
  const at = bytes.indexOf(Buffer.from(FILE_NAME_FIELD, 'utf16le'));
  if (at < 0) return false;
  const value = bytes
    .subarray(at, at + 96)
    .toString('utf16le')
    .toLowerCase();
  return value.includes('bootmgr.exe') || value.includes('bootmgfw.efi');
}

const tooLarge = async (files: GuestReader, path: string): Promise<boolean> => {
  const stat = await files.stat(path);
  return stat?.type !== 'file' || stat.size > LARGEST;
};

async function descend(files: GuestReader, from: string | null, names: string[]): Promise<string | null> {
  let path = from;
  for (const name of names) path = path === null ? null : await child(files, path, name);
  return path;
}

/** FAT names are the same in upper and lower case. */
async function child(files: GuestReader, directory: string, name: string): Promise<string | null> {
  const found = (await files.list(directory)).find((entry) => entry.toLowerCase() === name.toLowerCase());
  return found === undefined ? null : joinPath(directory, found);
}

const noManager = (): Finding => ({
  severity: 'warning',
  code: 'ESP_FALLBACK_MISSING',
  message:
    'The boot manager of Windows was not found on the EFI system partition, so the firmware of the virtual machine may not find what to start.',
  next: 'Check that all disks of the server were given; if it does not start, choose the boot manager once in the firmware menu of the virtual machine.',
});

const kept = (path: string): Finding => ({
  severity: 'warning',
  code: 'ESP_FALLBACK_OTHER',
  message: `Another boot loader than that of Windows lies in ${path} and is kept, because somebody chose it; the virtual machine starts it first.`,
  next: 'If it does not lead to Windows, choose the Windows Boot Manager once in the firmware menu of the virtual machine.',
});
