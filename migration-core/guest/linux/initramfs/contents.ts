/** The modules of the segment that is appended to an initramfs, and the indexes they are found by. */
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { throwIfCancelled } from '../../../base/cancel.ts';
import type { GuestReader } from '../../fixer.ts';
import { joinPath } from '../../tree-path.ts';
import type { NewEntry } from './cpio.ts';
import { damaged } from './feed.ts';
import { writeKmodIndex } from './kmod-index.ts';
import { findListed, resolveListed, type Listing } from './listing.ts';
import { isModuleFile, nameOfModule, type KernelModules } from './modules.ts';
import type { Initramfs } from './segments.ts';
import { unpackXzWhole } from './xz.ts';

/** The largest module of a distribution (amdgpu, not ours) has 30 MB. */
const MODULE_LIMIT = 64 << 20;
/** The largest index (modules.alias.bin) has 2 MiB. */
const INDEX_LIMIT = 32 << 20;

/** Paths of the modules of one kernel that the initramfs has, within their directory, by name. */
export function listedModules(listing: Listing, version: string): Map<string, string> {
  const prefix = `${resolveListed(listing, `lib/modules/${version}`)}/`;
  const found = new Map<string, string>();
  for (const path of listing.keys())
    if (path.startsWith(prefix) && isModuleFile(path))
      found.set(nameOfModule(path), path.slice(prefix.length));
  return found;
}

/** Where modules are in this initramfs, without a leading slash, and no symlink on the way. */
function modulesPlace(listing: Listing, kernel: KernelModules): string {
  // The root file system tells whether /lib is a link where the image itself cannot be listed.
  if (!listing.has('lib')) return kernel.directory.slice(1);
  return resolveListed(listing, `lib/modules/${kernel.version}`);
}

/** Files by path, and no directories yet. */
export type Files = Map<string, Uint8Array>;

/**
 * The modules of `names` (a dependency closure) that the initramfs does not have, with the indexes that make modprobe
 * and udev find them beside its own.
 */
export async function moduleFiles(
  files: GuestReader,
  kernel: KernelModules,
  image: Initramfs,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<Files> {
  const result: Files = new Map();
  const place = modulesPlace(image.listing, kernel);
  const listed = listedModules(image.listing, kernel.version);
  // Some tools unpack modules when they make an initramfs. Its modprobe may not be able to read others then.
  const unpacked = listed.size > 0 && [...listed.values()].every((path) => path.endsWith('.ko'));
  const paths = new Map(listed);
  for (const name of names) {
    if (listed.has(name)) continue;
    throwIfCancelled(signal);
    const { path } = kernel.modules.get(name)!;
    const content = await files.readFile(joinPath(kernel.directory, path), MODULE_LIMIT);
    const plain = path.replace(/\.(gz|xz|zst)$/, '');
    paths.set(name, unpacked ? plain : path);
    result.set(`${place}/${unpacked ? plain : path}`, unpacked ? await unpackModule(path, content) : content);
  }
  if (result.size === 0) return result;
  for (const [name, content] of await indexes(files, kernel, image.listing, paths))
    result.set(`${place}/${name}`, content);
  return result;
}

async function unpackModule(path: string, content: Uint8Array): Promise<Uint8Array> {
  try {
    if (path.endsWith('.gz')) return gunzipSync(content, { maxOutputLength: MODULE_LIMIT });
    if (path.endsWith('.zst')) return zstdDecompressSync(content, { maxOutputLength: MODULE_LIMIT });
  } catch (error) {
    throw damaged(`the kernel module ${path} cannot be unpacked`, { cause: String(error) });
  }
  return path.endsWith('.xz') ? unpackXzWhole(content, MODULE_LIMIT) : content;
}

/**
 * modprobe and udev need modules.dep.bin, modules.alias.bin and modules.softdep, nothing else. They are taken as the
 * guest's depmod made them: they name modules the initramfs does not have, which does no harm. Only where files have
 * other names in the initramfs than on the root file system modules.dep is written anew.
 */
async function indexes(
  files: GuestReader,
  kernel: KernelModules,
  listing: Listing,
  paths: ReadonlyMap<string, string>,
): Promise<Files> {
  const result: Files = new Map();
  const copy = async (name: string): Promise<boolean> => {
    const path = joinPath(kernel.directory, name);
    if ((await files.stat(path))?.type !== 'file') return false;
    result.set(name, await files.readFile(path, INDEX_LIMIT));
    return true;
  };
  const renamed = [...paths].some(([name, path]) => {
    const known = kernel.modules.get(name)?.path;
    return known !== undefined && known !== path;
  });
  const hasBinary =
    (renamed ? dependencyIndex(result, kernel, paths) : false) || (await copy('modules.dep.bin'));
  const hasAliases = await copy('modules.alias.bin');
  await copy('modules.softdep');
  const textNeeded = !readsBinaryIndexes(listing);
  if (textNeeded || !hasBinary) dependencyText(result, kernel, paths);
  if (textNeeded || !hasAliases) await copy('modules.alias');
  return result;
}

/** Of every module its line in modules.dep: `path: paths of what it needs`. */
function* dependencyLines(
  kernel: KernelModules,
  paths: ReadonlyMap<string, string>,
): Generator<[name: string, line: string]> {
  const pathOf = (path: string): string => paths.get(nameOfModule(path)) ?? path;
  for (const [name, { path, needs }] of kernel.modules)
    yield [name, `${pathOf(path)}:${needs.map((need) => ` ${pathOf(need)}`).join('')}`];
}

function dependencyIndex(into: Files, kernel: KernelModules, paths: ReadonlyMap<string, string>): true {
  into.set('modules.dep.bin', writeKmodIndex(dependencyLines(kernel, paths)));
  return true;
}

function dependencyText(into: Files, kernel: KernelModules, paths: ReadonlyMap<string, string>): void {
  const lines = [...dependencyLines(kernel, paths)].map(([, line]) => `${line}\n`);
  into.set('modules.dep', new TextEncoder().encode(lines.join('')));
}

/** The modprobe of busybox, and those before kmod, read the text files. An image that is not known is taken for a modern one. */
function readsBinaryIndexes(listing: Listing): boolean {
  const modprobe = ['sbin/modprobe', 'usr/sbin/modprobe', 'bin/modprobe', 'usr/bin/modprobe'].find(
    (path) => findListed(listing, path) !== undefined,
  );
  if (modprobe === undefined)
    return !['bin/busybox', 'usr/bin/busybox'].some((path) => findListed(listing, path));
  return resolveListed(listing, modprobe).endsWith('/kmod');
}

/**
 * Entries of the archive: every directory the initramfs does not have comes before what is in it. A directory entry for
 * a symlink would make the kernel delete the link (/lib of a merged /usr), so places are resolved and what is there is
 * left alone.
 */
export function archiveEntries(listing: Listing, contents: Files): NewEntry[] {
  const entries: NewEntry[] = [];
  const made = new Set<string>();
  const directory = (path: string): void => {
    if (path === '' || made.has(path) || listing.has(path)) return;
    directory(path.slice(0, Math.max(0, path.lastIndexOf('/'))));
    made.add(path);
    entries.push({ path, type: 'directory', mode: 0o755, content: new Uint8Array(0) });
  };
  for (const [wanted, content] of contents) {
    const path = resolveListed(listing, wanted);
    directory(path.slice(0, Math.max(0, path.lastIndexOf('/'))));
    entries.push({ path, type: 'file', mode: 0o644, content });
  }
  return entries;
}

/** Whether an initramfs with these modules uses the network: none has drivers of network cards for nothing. */
export function hasNetworkDrivers(listed: ReadonlyMap<string, string>): boolean {
  return [...listed.values()].some((path) => path.includes('drivers/net/'));
}
