/**
 * Media that hold no large files: FAT32, as USB sticks and disks for carrying often have it. Node tells the kind of file
 * system on Linux; elsewhere a tool of the system does. What cannot be asked has no limit here: then the first write
 * beyond it fails, with DESTINATION_FULL. What is asked on macOS and Windows has not been run there yet.
 */
import { realpath, statfs } from 'node:fs/promises';
import { dirname, posix } from 'node:path';
import { systemErrorCode } from '../base/errors.ts';
import type { RunProgram } from '../source/local-disk.ts';
import { runProgram } from '../source/run-program.ts';

/** A file of FAT32 has at most so many bytes. */
export const LARGEST_FAT_FILE = 2 ** 32 - 1;
/** MSDOS_SUPER_MAGIC, statfs(2): FAT12, FAT16 and FAT32. exFAT, which has no such limit, has another. */
const LINUX_FAT = 0x4d44;

/** What is asked of the system; that of this process unless told. */
export interface FileSystemWorld {
  platform: NodeJS.Platform;
  run: RunProgram;
}

/**
 * Bytes of the largest file that the file system under a folder takes, Infinity where nothing is known against any. The
 * folder need not exist yet. Never throws.
 */
export async function largestFile(
  folder: string,
  { platform, run }: FileSystemWorld = { platform: process.platform, run: runProgram },
): Promise<number> {
  for (let at = folder; ; at = dirname(at)) {
    try {
      const { type } = await statfs(at);
      const isFat =
        platform === 'linux' ? type === LINUX_FAT : await isFatBy(platform, run, await realpath(at));
      return isFat ? LARGEST_FAT_FILE : Infinity;
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOENT' || dirname(at) === at) return Infinity;
    }
  }
}

async function isFatBy(platform: NodeJS.Platform, run: RunProgram, path: string): Promise<boolean> {
  try {
    if (platform === 'darwin') return isFatMount(await run('/sbin/mount', []), path);
    if (platform === 'win32') return await isFatDrive(run, path);
  } catch {
    // No such tool, or no answer.
  }
  return false;
}

/** `/dev/disk4s1 on /Volumes/STICK (msdos, local, nodev, nosuid)`: the mount point that leads closest to the path decides. */
export function isFatMount(mounts: string, path: string): boolean {
  let longest = '';
  let kind = '';
  for (const line of mounts.split('\n')) {
    // Names may hold anything but what ends the line: the last parenthesis has the kind.
    const match = /^.+? on (\/.*) \(([^,()]+)(?:,[^()]*)?\)$/u.exec(line);
    if (match === null) continue;
    const point = match[1]!;
    const isAbove = path === point || path.startsWith(point === '/' ? '/' : point + posix.sep);
    if (isAbove && point.length >= longest.length) [longest, kind] = [point, match[2]!];
  }
  return kind === 'msdos';
}

/**
 * DriveFormat of .NET's System.IO.DriveInfo, which wants no rights and is the same word in every language: `FAT32`,
 * `NTFS`, `exFAT`. Network shares have no drive and no such limit that could be asked for.
 */
export async function isFatDrive(run: RunProgram, path: string): Promise<boolean> {
  const letter = /^(?:\\\\\?\\)?([A-Za-z]):\\/u.exec(path)?.[1];
  if (letter === undefined) return false;
  const script = `[System.IO.DriveInfo]::new('${letter}').DriveFormat`;
  const said = await run('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', script]);
  return /^FAT(?:12|16|32)?$/u.test(said.trim());
}
