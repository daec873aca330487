/**
 * Drivers for virtual hardware in every initramfs. A physical server's image holds the drivers of its own controllers
 * only and stops in front of a virtual one. The drivers are on the root file system, in /lib/modules; they are appended
 * to the image as one more archive, which the kernel unpacks over the others. Nothing of the guest is run for that.
 */
import type { Finding } from '../../../base/finding.ts';
import { isIronliftError } from '../../../base/errors.ts';
import { throwIfCancelled } from '../../../base/cancel.ts';
import { driverNeeds, driversFor } from '../../../target/drivers.ts';
import type { DiskBus, NicModel, VirtualMachine } from '../../../target/machine.ts';
import type { FixContext, FixPlan, Fixer, GuestEdit, GuestReader } from '../../fixer.ts';
import type { Kernel } from '../../guest.ts';
import { segmentBytes } from './append.ts';
import { archiveEntries, hasNetworkDrivers, listedModules, moduleFiles } from './contents.ts';
import { writeCpio } from './cpio.ts';
import type { Listing } from './listing.ts';
import { dependencyClosure, readKernelModules, type KernelModules } from './modules.ts';
import { NETWORK_DRIVERS, STORAGE_DRIVERS } from './needs.ts';
import { lvmFiles, modprobeFiles, namingFiles, resumeFiles } from './settings.ts';
import { readInitramfs, type Initramfs } from './segments.ts';

export const initramfsDrivers: Fixer = {
  id: 'initramfs-drivers',
  title: 'Storage and network drivers in the initramfs',
  applies: ({ guest, machine }) => guest.kernels.length > 0 && machine.disks.length > 0,

  async plan(context: FixContext, signal?: AbortSignal): Promise<FixPlan> {
    const plan: FixPlan = { edits: [], findings: [] };
    for (const [path, kernels] of await byInitramfs(context)) {
      throwIfCancelled(signal);
      const edit = await planImage(context, path, kernels, plan.findings, signal);
      if (edit !== null) plan.edits.push(edit);
    }
    return plan;
  },
};

/** Canonical path of each image and the kernels that start with it; usually one. */
async function byInitramfs({ guest, files }: FixContext): Promise<Map<string, Kernel[]>> {
  const images = new Map<string, Kernel[]>();
  for (const kernel of guest.kernels) {
    if (kernel.initramfs === null) continue;
    const path = await files.realpath(kernel.initramfs);
    images.set(path, [...(images.get(path) ?? []), kernel]);
  }
  return images;
}

async function planImage(
  context: FixContext,
  path: string,
  kernels: readonly Kernel[],
  findings: Finding[],
  signal: AbortSignal | undefined,
): Promise<GuestEdit | null> {
  const { files, machine } = context;
  const image = await readInitramfs(files, path, signal);
  const last = image.segments.at(-1);
  if (last === undefined || last.kind === 'unknown') {
    findings.push({
      severity: 'warning',
      code: 'INITRAMFS_UNKNOWN',
      message: `${path} of the server is not an initramfs that drivers can be added to.`,
      next: 'Start the machine with a controller whose driver this image has, such as AHCI or IDE, and rebuild it there.',
    });
    return null;
  }
  if (image.complete && !loadsByItself(image.listing)) {
    findings.push({
      severity: 'warning',
      code: 'INITRAMFS_NO_AUTOLOAD',
      message: `The initramfs ${path} loads a fixed list of drivers only, so adding others to it has no effect.`,
      next: 'Choose IDE or AHCI for the disks of this machine, and rebuild the image on it before changing that.',
    });
    return null;
  }
  const damage = image.segments.find(({ problem }) => problem?.includes('damaged') === true);
  if (damage !== undefined)
    findings.push({
      severity: 'warning',
      code: 'INITRAMFS_DAMAGED',
      message: `${path} of the server is damaged, so this kernel may not start: ${damage.problem ?? ''}`,
      next: 'Rebuild it on the server (update-initramfs -u, dracut -f or mkinitcpio -P) and convert it again.',
    });

  const contents = new Map<string, Uint8Array>();
  let modules = 0;
  for (const kernel of kernels) {
    const added = await planModules(files, machine, kernel, image, findings, signal);
    modules += [...added.keys()].filter((name) => name.includes('.ko')).length;
    for (const [name, content] of added) contents.set(name, content);
  }
  const drivers = contents.size > 0;
  const settings = [
    ...(await namingFiles(files, image.listing)),
    ...(await modprobeFiles(files, image.listing)),
    ...lvmFiles(image.listing),
    ...resumeFiles(context, image.listing),
  ];
  for (const [name, content] of settings) contents.set(name, content);
  if (contents.size === 0) return null;
  const archive = writeCpio(archiveEntries(image.listing, contents));
  const content = await segmentBytes(image, archive, await readsGzip(files, kernels, image));
  return {
    what: drivers
      ? `${modules} drivers for virtual disk controllers and network cards are added to ${path}.`
      : `Settings of the converted server are added to ${path}: ${settings.map(([name]) => name).join(', ')}.`,
    why: drivers
      ? 'The image has the drivers of the physical server; without these the machine would not find its root disk.'
      : 'The image has a copy of its own, as these settings were on the physical server.',
    action: { kind: 'append', path, content },
  };
}

/** The module files and indexes this kernel lacks in the image; empty where it has all it needs. */
async function planModules(
  files: GuestReader,
  machine: VirtualMachine,
  kernel: Kernel,
  image: Initramfs,
  findings: Finding[],
  signal: AbortSignal | undefined,
): Promise<Map<string, Uint8Array>> {
  const available = await readKernelModules(files, kernel);
  if (available.modules.size === 0) {
    findings.push({
      severity: 'warning',
      code: 'KERNEL_WITHOUT_MODULES',
      message: `The server has no list of the modules of kernel ${kernel.version} (${kernel.modulesDirectory}/modules.dep), so no drivers can be added to its initramfs.`,
      next: `Run "depmod -a ${kernel.version}" on the server and convert it again, or start another kernel.`,
    });
    return new Map();
  }
  const buses = new Set<DiskBus | NicModel>(machine.disks.map(({ bus }) => bus));
  const nics = new Set<DiskBus | NicModel>(machine.nics.map(({ model }) => model));
  for (const hardware of [...buses, ...nics]) reportMissing(available, hardware, findings);
  const listed = listedModules(image.listing, kernel.version);
  // The network counts only where the image brings it up: it has drivers of network cards of its own.
  const needed = [...buses, ...(hasNetworkDrivers(listed) ? nics : [])];
  if (image.complete && needed.every((hardware) => hasAll(available, listed, hardware))) return new Map();
  const { modules } = dependencyClosure(available, [...STORAGE_DRIVERS, ...NETWORK_DRIVERS]);
  return moduleFiles(files, available, image, modules, signal);
}

function namesOf(kernel: KernelModules): Set<string> {
  return new Set([...kernel.modules.keys(), ...kernel.builtin]);
}

function hasAll(
  kernel: KernelModules,
  listed: ReadonlyMap<string, string>,
  hardware: DiskBus | NicModel,
): boolean {
  const drivers = driversFor(driverNeeds(hardware), namesOf(kernel));
  // What the kernel has no driver for is reported, and adding others does not help.
  if (drivers === null) return true;
  return dependencyClosure(kernel, drivers).modules.every((name) => listed.has(name));
}

function reportMissing(kernel: KernelModules, hardware: DiskBus | NicModel, findings: Finding[]): void {
  const need = driverNeeds(hardware);
  const names = namesOf(kernel);
  if (driversFor(need, names) !== null) return;
  const missing = need.modules.filter((name) => !names.has(name));
  findings.push({
    severity: 'warning',
    code: 'DRIVER_MISSING',
    message: `Kernel ${kernel.version} of the server has no driver for ${hardware}: ${missing.join(', ')}.`,
    next: 'Do not start this kernel on the new machine, or choose other virtual hardware for it.',
  });
}

/** udev, or what Alpine has in its place, loads the drivers of the hardware it finds. */
function loadsByItself(listing: Listing): boolean {
  for (const path of listing.keys()) if (/(^|\/)(systemd-udevd|udevd|nlplug-findfs)$/.test(path)) return true;
  return false;
}

/** The image itself proves it, or the configuration the kernel was built with. */
async function readsGzip(files: GuestReader, kernels: readonly Kernel[], image: Initramfs): Promise<boolean> {
  if (image.segments.some(({ kind }) => kind === 'gzip')) return true;
  for (const { version, modulesDirectory } of kernels) {
    const places = [`/boot/config-${version}`, `${modulesDirectory}/config`];
    const texts = await Promise.all(places.map((place) => optionalText(files, place)));
    if (!texts.some((text) => /^CONFIG_RD_GZIP=y$/m.test(text))) return false;
  }
  return true;
}

async function optionalText(files: GuestReader, path: string): Promise<string> {
  try {
    return (await files.readText(path)) ?? '';
  } catch (error) {
    if (isIronliftError(error, 'FILE_TOO_LARGE')) return '';
    throw error;
  }
}
