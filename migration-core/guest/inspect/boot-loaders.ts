/** Which boot loaders are installed, and where each keeps its configuration. */
import type { GuestReader } from '../fixer.ts';
import type { BootLoader } from '../guest.ts';
import { joinPath } from '../tree-path.ts';

/** Where the EFI system partition is mounted on the systems we know. */
export const ESP_MOUNTS = ['/boot/efi', '/efi', '/boot'] as const;

const EXTLINUX = [
  '/boot/extlinux/extlinux.conf',
  '/boot/extlinux.conf',
  '/extlinux.conf',
  '/boot/syslinux/syslinux.cfg',
];

/** In the order of how likely they start the system; each with canonical paths, every file once. */
export async function findBootLoaders(files: GuestReader): Promise<BootLoader[]> {
  const loaders: BootLoader[] = [];
  const add = async (kind: BootLoader['kind'], paths: string[]): Promise<void> => {
    const found = await existing(files, paths);
    if (found.length > 0) loaders.push({ kind, files: found });
  };

  const entries = await entryFiles(files);
  const grub2 = await existing(files, [
    '/boot/grub2/grub.cfg',
    '/boot/grub/grub.cfg',
    ...(await vendorConfigs(files)),
  ]);
  if (grub2.length > 0) {
    const settings = await existing(files, [
      '/boot/grub2/grubenv',
      '/boot/grub/grubenv',
      '/etc/default/grub',
      ...(await children(files, '/etc/default/grub.d', /\.cfg$/)),
    ]);
    loaders.push({ kind: 'grub2', files: [...grub2, ...settings] });
  }
  const systemd = await systemdBoot(files);
  if (systemd !== null) {
    const paths = [...systemd, ...entries, '/etc/kernel/cmdline'];
    loaders.push({ kind: 'systemd-boot', files: await existing(files, paths) });
  } else if (entries.length > 0) {
    loaders.push({ kind: 'bls', files: await existing(files, [...entries, '/etc/kernel/cmdline']) });
  }
  await add('extlinux', EXTLINUX);
  // GRUB 2 took over its directory: a menu.lst beside a grub.cfg is a relic of an upgrade, and may still be fixed.
  await add('grub-legacy', ['/boot/grub/menu.lst', '/boot/grub/grub.conf']);
  return loaders;
}

/** grub.cfg beside the loader on the EFI system partition: whole on RHEL 7 and 8, three lines that lead on elsewhere. */
async function vendorConfigs(files: GuestReader): Promise<string[]> {
  const paths: string[] = [];
  for (const mount of ESP_MOUNTS) {
    for (const vendor of await files.list(`${mount}/EFI`)) {
      paths.push(
        `${mount}/EFI/${vendor}/grub.cfg`,
        `${mount}/EFI/${vendor}/grubenv`,
        `${mount}/EFI/${vendor}/grub.conf`,
      );
    }
  }
  return paths;
}

/** Boot Loader Specification type 1: `loader/entries/*.conf` under /boot or on the ESP. */
async function entryFiles(files: GuestReader): Promise<string[]> {
  const paths: string[] = [];
  for (const mount of ESP_MOUNTS)
    paths.push(...(await children(files, `${mount}/loader/entries`, /\.conf$/)));
  return existing(files, paths);
}

async function systemdBoot(files: GuestReader): Promise<string[] | null> {
  for (const mount of ESP_MOUNTS) {
    const installed = (await files.list(`${mount}/EFI/systemd`)).some((name) =>
      /^systemd-boot.*\.efi$/i.test(name),
    );
    if (installed) return [`${mount}/loader/loader.conf`];
  }
  return null;
}

async function children(files: GuestReader, directory: string, pattern: RegExp): Promise<string[]> {
  return (await files.list(directory))
    .filter((name) => pattern.test(name))
    .map((name) => joinPath(directory, name));
}

async function existing(files: GuestReader, paths: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  for (const path of paths)
    if ((await files.stat(path))?.type === 'file') found.add(await files.realpath(path));
  return [...found];
}
