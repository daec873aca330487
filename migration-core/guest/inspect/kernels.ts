/** The installed kernels: an image, its modules, its initramfs, and the tool that makes that. */
import type { Finding } from '../../base/finding.ts';
import type { GuestReader } from '../fixer.ts';
import type { BootLoader, Kernel } from '../guest.ts';
import { joinPath, nameOf } from '../tree-path.ts';
import { defaultImage } from './default-kernel.ts';
import { inspectText } from './text.ts';
import { compareVersions } from './versions.ts';

const IMAGE = /^(vmlinuz|vmlinux|bzImage|kernel|Image|linux)-(.+)$/;
/** Names that never stand for a version: compressed debug images, symbol files, signatures. */
const NOT_AN_IMAGE = /\.(old|bak|sig|hmac|map|config|gz\.sig|rpmsave|dpkg-.*|signed)$/;
const MAX_KERNELS = 100;

/** Of every kernel that has both image and modules, the newest first. */
export async function findKernels(
  files: GuestReader,
  loaders: readonly BootLoader[],
  machineId: string,
  findings: Finding[],
): Promise<Kernel[]> {
  const modules = await moduleDirectories(files);
  const initramfsTool = await findInitramfsTool(files);
  const kernels: Kernel[] = [];
  const add = (version: string, image: string, initramfs: string | null): void => {
    const modulesDirectory = modules.get(version);
    if (modulesDirectory === undefined || kernels.some((kernel) => kernel.image === image)) return;
    if (kernels.length < MAX_KERNELS)
      kernels.push({ version, image, initramfs, modulesDirectory, initramfsTool, isDefault: false });
  };

  const bootNames = await files.list('/boot');
  for (const name of bootNames) {
    const match = IMAGE.exec(name);
    if (match === null || NOT_AN_IMAGE.test(name)) continue;
    const path = `/boot/${name}`;
    // Symlinks such as vmlinuz-linux of old SUSE lead to an image that has a name of its own.
    if ((await files.lstat(path))?.type !== 'file') continue;
    const suffix = match[2]!;
    const version = modules.has(suffix) ? suffix : await versionOfPreset(files, modules, suffix, findings);
    if (version !== null) add(version, path, await findInitramfs(files, '/boot', suffix));
    else if (!suffix.includes('rescue')) findings.push(withoutModules(path, suffix));
  }
  // kernel-install with systemd-boot: /boot/<machine-id>/<version>/linux beside initrd.
  for (const mount of ['/boot', '/efi', '/boot/efi']) {
    if (machineId === '') break;
    for (const version of await files.list(`${mount}/${machineId}`)) {
      const directory = `${mount}/${machineId}/${version}`;
      if ((await files.stat(`${directory}/linux`))?.type !== 'file') continue;
      const initrd = `${directory}/initrd`;
      add(version, `${directory}/linux`, (await files.exists(initrd)) ? initrd : null);
    }
  }
  kernels.sort((a, b) => compareVersions(b.version, a.version));
  await markDefault(files, kernels, loaders, findings);
  return kernels;
}

async function moduleDirectories(files: GuestReader): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const root of ['/lib/modules', '/usr/lib/modules']) {
    for (const version of await files.list(root)) {
      const directory = joinPath(root, version);
      if (found.has(version) || (await files.stat(directory))?.type !== 'directory') continue;
      // What is left of a removed kernel has no index, or no modules at all.
      const names = await files.list(directory);
      if (names.includes('kernel') || names.includes('modules.dep'))
        found.set(version, await files.realpath(directory));
    }
  }
  return found;
}

/** Arch names images by package (`vmlinuz-linux-lts`), Alpine by flavour (`vmlinuz-lts`). */
async function versionOfPreset(
  files: GuestReader,
  modules: ReadonlyMap<string, string>,
  suffix: string,
  findings: Finding[],
): Promise<string | null> {
  for (const [version, directory] of modules) {
    const base = await inspectText(files, `${directory}/pkgbase`, findings);
    if (base?.trim() === suffix) return version;
  }
  const flavoured = [...modules.keys()].filter((version) => version.endsWith(`-${suffix}`));
  return flavoured.sort((a, b) => compareVersions(b, a))[0] ?? null;
}

async function findInitramfs(files: GuestReader, directory: string, suffix: string): Promise<string | null> {
  const names = [
    `initrd.img-${suffix}`,
    `initramfs-${suffix}.img`,
    `initrd-${suffix}`,
    `initrd-${suffix}.img`,
    `initramfs-${suffix}`,
    `initramfs-genkernel-x86_64-${suffix}`,
    `initramfs-genkernel-x86-${suffix}`,
  ];
  for (const name of names) {
    const path = joinPath(directory, name);
    if ((await files.stat(path))?.type === 'file') return files.realpath(path);
  }
  return null;
}

/** The tool by its own program or its scripts; configuration alone may be left over from an earlier one. */
async function findInitramfsTool(files: GuestReader): Promise<Kernel['initramfsTool']> {
  const tools: [Kernel['initramfsTool'], string[]][] = [
    ['initramfs-tools', ['/usr/share/initramfs-tools/init', '/usr/sbin/mkinitramfs']],
    ['dracut', ['/usr/bin/dracut', '/usr/sbin/dracut', '/sbin/dracut', '/usr/lib/dracut/dracut.sh']],
    ['mkinitcpio', ['/usr/bin/mkinitcpio', '/usr/sbin/mkinitcpio', '/sbin/mkinitcpio']],
    ['mkinitfs', ['/sbin/mkinitfs', '/usr/sbin/mkinitfs']],
    ['initramfs-tools', ['/etc/initramfs-tools/initramfs.conf']],
    ['dracut', ['/etc/dracut.conf']],
    ['mkinitcpio', ['/etc/mkinitcpio.conf']],
    ['mkinitfs', ['/etc/mkinitfs/mkinitfs.conf']],
  ];
  for (const [tool, paths] of tools) for (const path of paths) if (await files.exists(path)) return tool;
  return 'unknown';
}

async function markDefault(
  files: GuestReader,
  kernels: Kernel[],
  loaders: readonly BootLoader[],
  findings: Finding[],
): Promise<void> {
  const image = await defaultImage(files, loaders, findings);
  let chosen: Kernel | undefined;
  if (image !== null) {
    const byName = (path: string): Kernel[] =>
      kernels.filter((kernel) => nameOf(kernel.image) === nameOf(path));
    chosen = kernels.find((kernel) => kernel.image.endsWith(image)) ?? byName(image)[0];
    // `/vmlinuz` and `/boot/vmlinuz` are links to the kernel in use.
    for (const place of [image, `/boot${image}`])
      if (chosen === undefined && place.startsWith('/') && (await files.exists(place)))
        chosen = byName(await files.realpath(place))[0];
  }
  chosen ??= kernels.find((kernel) => !/debug|kdump|rescue/.test(kernel.version)) ?? kernels[0];
  if (chosen !== undefined) chosen.isDefault = true;
}

function withoutModules(path: string, version: string): Finding {
  return {
    severity: 'info',
    code: 'KERNEL_WITHOUT_MODULES',
    message: `The kernel ${path} of the server has no modules (/lib/modules/${version}), so it is left as it is.`,
    next: 'Nothing needs to be done unless the server starts with just this kernel.',
  };
}
