/**
 * The boot loader under the one name every UEFI firmware tries by itself. A physical server remembers in its NVRAM which
 * loader to start; a new virtual machine remembers nothing and looks for \EFI\BOOT\BOOTX64.EFI (UEFI 2.10, 3.5.1.1).
 */
import type { FixContext, Fixer, GuestEdit, GuestReader } from '../fixer.ts';
import type { Guest } from '../guest.ts';
import { joinPath, nameOf } from '../tree-path.ts';

/** File names carry the processor: BOOTX64.EFI, shimx64.efi. */
const SUFFIX: Record<Guest['architecture'], string> = {
  x86_64: 'x64',
  i686: 'ia32',
  aarch64: 'aa64',
  unknown: 'x64',
};
const LOADER_LIMIT = 32 << 20;

export const espFallback: Fixer = {
  id: 'esp-fallback',
  title: 'Boot loader where UEFI looks for it',
  applies: ({ guest }) => guest.firmware === 'uefi',
  async plan(context) {
    const esp = await findEsp(context);
    if (esp === null)
      return { edits: [], findings: [missing('The EFI system partition of the server could not be read')] };
    const { files, guest } = context;
    const suffix = SUFFIX[guest.architecture];
    const boot = await child(files, esp, 'BOOT');
    const fallback = `BOOT${suffix.toUpperCase()}.EFI`;
    if (boot !== null && (await child(files, boot, fallback)) !== null) return { edits: [], findings: [] };
    const copies = await loaderFiles(files, esp, suffix, guest.os.id);
    if (copies === null)
      return {
        edits: [],
        findings: [
          missing('No boot loader that is known was found on the EFI system partition of the server'),
        ],
      };
    return { edits: await copyEdits(files, esp, boot, fallback, copies), findings: [] };
  },
};

/** `.../EFI` of the mounted EFI system partition. */
async function findEsp({ files, guest }: FixContext): Promise<string | null> {
  for (const mount of guest.mounts) {
    if (!/^(vfat|msdos|fat)$/.test(mount.type)) continue;
    const efi = await child(files, await files.realpath(mount.path), 'EFI');
    if (efi !== null) return efi;
  }
  return null;
}

/** FAT names are the same in upper and lower case. */
async function child(files: GuestReader, directory: string, name: string): Promise<string | null> {
  const found = (await files.list(directory)).find((entry) => entry.toLowerCase() === name.toLowerCase());
  return found === undefined ? null : joinPath(directory, found);
}

interface Copy {
  from: string;
  /** Name in \EFI\BOOT; null for the fallback name itself. */
  to: string | null;
}

/** The files to copy, of the loader of the installed distribution first. Null where no folder has a loader. */
async function loaderFiles(
  files: GuestReader,
  esp: string,
  suffix: string,
  os: string,
): Promise<Copy[] | null> {
  const folders = (await files.list(esp)).filter((name) => !/^(boot|microsoft)$/i.test(name));
  const likely = new Set([
    os,
    os === 'rhel' || os === 'ol' ? 'redhat' : os,
    os.startsWith('opensuse') ? 'opensuse' : os,
  ]);
  folders.sort((a, b) => Number(likely.has(b.toLowerCase())) - Number(likely.has(a.toLowerCase())));
  for (const folder of folders) {
    const directory = joinPath(esp, folder);
    const file = (name: string): Promise<string | null> => child(files, directory, name);
    const grub = (await file(`grub${suffix}.efi`)) ?? (await file('grub.efi'));
    const shim = (await file(`shim${suffix}.efi`)) ?? (await file('shim.efi'));
    const configuration = await file('grub.cfg');
    // A grub.cfg beside GRUB: images whose prefix is their own folder read it there, others their vendor's as before.
    const beside: Copy[] = configuration === null ? [] : [{ from: configuration, to: 'grub.cfg' }];
    if (shim !== null && grub !== null) {
      // shim starts grubx64.efi of its own folder, and mmx64.efi to enrol keys.
      const keys = await file(`mm${suffix}.efi`);
      return [
        { from: shim, to: null },
        { from: grub, to: nameOf(grub).toLowerCase() },
        ...(keys === null ? [] : [{ from: keys, to: nameOf(keys).toLowerCase() }]),
        ...beside,
      ];
    }
    if (grub !== null) {
      // GRUB legacy of RHEL 6 reads the file with its own name and `.conf`.
      const legacy = await file('grub.conf');
      return [
        { from: grub, to: null },
        ...(legacy === null ? [] : [{ from: legacy, to: `BOOT${suffix.toUpperCase()}.conf` }]),
        ...beside,
      ];
    }
    const systemd = await file(`systemd-boot${suffix}.efi`);
    if (systemd !== null) return [{ from: systemd, to: null }];
  }
  return null;
}

async function copyEdits(
  files: GuestReader,
  esp: string,
  boot: string | null,
  fallback: string,
  copies: readonly Copy[],
): Promise<GuestEdit[]> {
  const why =
    'A new virtual machine has no memory of which boot loader to start, and UEFI firmware then looks for exactly this one.';
  const edits: GuestEdit[] = [];
  const directory = boot ?? joinPath(esp, 'BOOT');
  if (boot === null)
    edits.push({
      what: `The folder ${directory} is created on the EFI system partition.`,
      why,
      action: { kind: 'mkdir', path: directory },
    });
  for (const { from, to } of copies) {
    const name = to ?? fallback;
    // What is there already is somebody's choice.
    if (boot !== null && (await child(files, boot, name)) !== null) continue;
    edits.push({
      what: `${from} is copied to ${joinPath(directory, name)}.`,
      why: to === null ? why : `${fallback} needs this file in its own folder.`,
      action: {
        kind: 'write',
        path: joinPath(directory, name),
        content: await files.readFile(from, LOADER_LIMIT),
      },
    });
  }
  return edits;
}

const missing = (what: string) => ({
  severity: 'warning' as const,
  code: 'ESP_FALLBACK_MISSING',
  message: `${what}, so the firmware of the virtual machine may not find what to start.`,
  next: 'Check with a boot test; if it does not start, choose the boot loader once in the firmware menu of the virtual machine.',
});
