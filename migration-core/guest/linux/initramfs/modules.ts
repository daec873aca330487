/**
 * The modules of a guest's kernel, read from the indexes depmod left in /lib/modules/VERSION (modules.dep(5), depmod(8)).
 * Names are spelled as by moduleName(): with underscores.
 */
import { isIronliftError } from '../../../base/errors.ts';
import { moduleName } from '../../../target/drivers.ts';
import type { GuestReader } from '../../fixer.ts';
import type { Kernel } from '../../guest.ts';
import { joinPath } from '../../tree-path.ts';
import { readKmodIndex } from './kmod-index.ts';

/** The largest index of a distribution (modules.alias) has 2 MiB. */
const INDEX_LIMIT = 32 << 20;

export interface KernelModule {
  /** Within the modules directory: `kernel/fs/ext4/ext4.ko.xz`. */
  path: string;
  /** Paths of all modules it needs, direct or not. */
  needs: string[];
}

export interface SoftDependency {
  pre: string[];
  post: string[];
}

export interface KernelModules {
  version: string;
  /** Canonical. */
  directory: string;
  modules: Map<string, KernelModule>;
  builtin: Set<string>;
  /** Aliases without wildcards, such as `crct10dif`: what softdeps and request_module() name. */
  aliases: Map<string, string[]>;
  soft: Map<string, SoftDependency>;
}

/**
 * The names of all modules of a kernel, as files or built in. Empty where it has no modules directory.
 * @throws INITRAMFS_DAMAGED, and what reading the guest throws.
 */
export async function availableModules(files: GuestReader, kernel: Kernel): Promise<Set<string>> {
  const { modules, builtin } = await readKernelModules(files, kernel, false);
  return new Set([...modules.keys(), ...builtin]);
}

/** `withAliases: false` saves reading the largest index where only the names count. */
export async function readKernelModules(
  files: GuestReader,
  kernel: Kernel,
  withAliases = true,
): Promise<KernelModules> {
  const { modulesDirectory: directory, version } = kernel;
  const modules = await readDependencies(files, directory, version);
  const builtin = await readBuiltin(files, directory);
  const aliases = withAliases ? await readAliases(files, directory) : new Map<string, string[]>();
  const soft = parseSoftDependencies(await text(files, joinPath(directory, 'modules.softdep')));
  return { version, directory, modules, builtin, aliases, soft };
}

async function readDependencies(
  files: GuestReader,
  directory: string,
  version: string,
): Promise<Map<string, KernelModule>> {
  const plain = await text(files, joinPath(directory, 'modules.dep'));
  if (plain !== '') return parseDependencies(plain.split('\n'), version);
  const binary = await index(files, joinPath(directory, 'modules.dep.bin'));
  return parseDependencies([...binary.values()].flat(), version);
}

/** Lines `kernel/a.ko: kernel/b.ko kernel/c.ko`; before kmod and depmod 3.4 with absolute paths. */
export function parseDependencies(lines: readonly string[], version: string): Map<string, KernelModule> {
  const modules = new Map<string, KernelModule>();
  const absolute = new RegExp(`^(/usr)?/lib/modules/${version.replace(/[^\w]/g, '\\$&')}/`);
  // A path that leads out of the directory is none of a module.
  const relative = (path: string): string | null => {
    const local = path.replace(absolute, '');
    return local.startsWith('/') || local.split('/').includes('..') || !isModuleFile(local) ? null : local;
  };
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon < 0) continue;
    const path = relative(line.slice(0, colon).trim());
    if (path === null) continue;
    const needs = line
      .slice(colon + 1)
      .split(/\s+/)
      .map(relative)
      .filter((need) => need !== null);
    modules.set(nameOfModule(path), { path, needs });
  }
  return modules;
}

const MODULE_FILE = /\.ko(\.(gz|xz|zst))?$/;
export const isModuleFile = (path: string): boolean => MODULE_FILE.test(path);

/** `kernel/drivers/block/xen-blkfront.ko.xz` → `xen_blkfront`. */
export function nameOfModule(path: string): string {
  return moduleName(path.slice(path.lastIndexOf('/') + 1).replace(MODULE_FILE, ''));
}

async function readBuiltin(files: GuestReader, directory: string): Promise<Set<string>> {
  const plain = await text(files, joinPath(directory, 'modules.builtin'));
  if (plain !== '') return new Set(plain.split('\n').filter(isModuleFile).map(nameOfModule));
  const binary = await index(files, joinPath(directory, 'modules.builtin.bin'));
  return new Set([...binary.keys()].map(moduleName));
}

/** Lines `alias PATTERN MODULE`. */
async function readAliases(files: GuestReader, directory: string): Promise<Map<string, string[]>> {
  const aliases = new Map<string, string[]>();
  const add = (alias: string, module: string): void => {
    const key = moduleName(alias);
    aliases.set(key, [...(aliases.get(key) ?? []), moduleName(module)]);
  };
  const plain = await text(files, joinPath(directory, 'modules.alias'));
  for (const line of plain.split('\n')) {
    if (line.includes('*') || line.includes('?') || line.includes('[')) continue;
    const [word, alias, module] = line.split(/\s+/);
    if (word === 'alias' && alias !== undefined && module !== undefined) add(alias, module);
  }
  if (plain !== '') return aliases;
  for (const [alias, names] of await index(files, joinPath(directory, 'modules.alias.bin')))
    if (!/[*?[]/.test(alias)) for (const name of names) add(alias, name);
  return aliases;
}

/** Lines `softdep NAME pre: A B post: C` (modprobe.d(5)); one module may have several. */
export function parseSoftDependencies(content: string): Map<string, SoftDependency> {
  const result = new Map<string, SoftDependency>();
  for (const line of content.split('\n')) {
    const [word, name, ...rest] = line.trim().split(/\s+/);
    if (word !== 'softdep' || name === undefined) continue;
    const soft = result.get(moduleName(name)) ?? { pre: [], post: [] };
    let list = null as string[] | null;
    for (const item of rest) {
      if (item === 'pre:') list = soft.pre;
      else if (item === 'post:') list = soft.post;
      else list?.push(moduleName(item));
    }
    result.set(moduleName(name), soft);
  }
  return result;
}

export interface Closure {
  /** Names of module files, each after what it needs. */
  modules: string[];
  /** Asked for, and neither a file nor built in. */
  missing: string[];
}

/** The modules and all they need, hard and soft; what is built in needs nothing. */
export function dependencyClosure(kernel: KernelModules, names: Iterable<string>): Closure {
  const byPath = new Map([...kernel.modules].map(([name, { path }]) => [path, name]));
  const done = new Set<string>();
  const missing: string[] = [];
  /** An alias may stand for several modules, of which the kernel takes the one that fits the processor. */
  const meant = (name: string): string[] =>
    kernel.modules.has(name)
      ? [name]
      : (kernel.aliases.get(name) ?? []).filter((module) => kernel.modules.has(module));
  const modules: string[] = [];
  const begun = new Set<string>();
  // A stack instead of recursion: `leave` puts a module behind everything it needs.
  const todo: { name: string; leave: boolean }[] = [];
  for (const asked of [...names].map(moduleName)) {
    const roots = meant(asked);
    if (roots.length === 0 && !kernel.builtin.has(asked)) missing.push(asked);
    todo.push(...roots.map((name) => ({ name, leave: false })));
    while (todo.length > 0) {
      const { name, leave } = todo.pop()!;
      if (leave && !done.has(name)) {
        done.add(name);
        modules.push(name);
      }
      if (leave || begun.has(name)) continue;
      begun.add(name);
      todo.push({ name, leave: true });
      const soft = kernel.soft.get(name);
      const hard = kernel.modules.get(name)!.needs.map((path) => byPath.get(path) ?? '');
      const needed = [...(soft?.post ?? []), ...(soft?.pre ?? []), ...hard].flatMap(meant);
      todo.push(...needed.map((need) => ({ name: need, leave: false })));
    }
  }
  return { modules, missing };
}

async function text(files: GuestReader, path: string): Promise<string> {
  const bytes = await bytesOf(files, path);
  return bytes === null ? '' : Buffer.from(bytes).toString('utf8');
}

/** A damaged index is as good as none: the text file or another kernel may serve. */
async function index(files: GuestReader, path: string): Promise<Map<string, string[]>> {
  const bytes = await bytesOf(files, path);
  if (bytes === null) return new Map();
  try {
    return readKmodIndex(bytes);
  } catch (error) {
    if (isIronliftError(error, 'INITRAMFS_DAMAGED')) return new Map();
    throw error;
  }
}

async function bytesOf(files: GuestReader, path: string): Promise<Uint8Array | null> {
  const stat = await files.stat(path);
  if (stat?.type !== 'file' || stat.size > INDEX_LIMIT) return null;
  return files.readFile(path, INDEX_LIMIT);
}
