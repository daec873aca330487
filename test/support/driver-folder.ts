/** Driver sources on disk for tests: folders in the layout of a CD of drivers. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { packageFiles, type PackageOptions } from './driver-packages.ts';
import { scratchFolder } from './tools.ts';

/** Packages by the folder they lie in: `viostor/2k22/amd64`. */
export type Packages = Record<string, PackageOptions>;

export async function writeFiles(root: string, files: Record<string, Uint8Array | string>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
}

export function filesOf(packages: Packages): Record<string, Uint8Array> {
  const files: Record<string, Uint8Array> = {};
  for (const [folder, options] of Object.entries(packages))
    for (const [name, content] of Object.entries(packageFiles(options))) files[`${folder}/${name}`] = content;
  return files;
}

export async function driverFolder(packages: Packages): Promise<string> {
  const root = await scratchFolder();
  await writeFiles(root, filesOf(packages));
  return root;
}

/** A build for each Windows in a folder of its own, as virtio-win has them, with INFs that say nothing but the architecture. */
export function manyBuilds(names: readonly string[]): Packages {
  const packages: Packages = {};
  for (const name of names)
    for (const [folder, architecture, version, digest] of BUILDS)
      packages[`${name}/${folder}/${architecture}`] = {
        name,
        architecture,
        decoration: folder === 'xp' ? null : '',
        version,
        digest,
      };
  return packages;
}

const BUILDS = [
  ['xp', 'x86', '51.65.104.10900', 'sha1'],
  ['2k3', 'x86', '52.65.104.10900', 'sha1'],
  ['2k3', 'amd64', '52.65.104.10900', 'sha1'],
  ['2k8', 'amd64', '60.73.104.14600', 'sha1'],
  ['w7', 'amd64', '61.91.104.17300', 'sha256'],
  ['w7', 'x86', '61.91.104.17300', 'sha256'],
  ['2k8R2', 'amd64', '61.91.104.17300', 'sha256'],
  ['w8', 'amd64', '62.95.104.26200', 'sha256'],
  ['2k12', 'amd64', '62.95.104.26200', 'sha256'],
  ['w8.1', 'amd64', '63.95.104.26200', 'sha256'],
  ['2k12R2', 'amd64', '63.95.104.26200', 'sha256'],
  ['w10', 'amd64', '100.95.104.26200', 'sha256'],
  ['2k16', 'amd64', '100.95.104.26200', 'sha256'],
  ['2k19', 'amd64', '100.95.104.26200', 'sha256'],
  ['2k22', 'amd64', '100.95.104.26200', 'sha256'],
  ['w11', 'amd64', '100.95.104.26200', 'sha256'],
  ['w11', 'arm64', '100.95.104.26200', 'sha256'],
  ['2k25', 'amd64', '100.95.104.26200', 'sha256'],
] as const;
