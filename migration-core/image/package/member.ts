/**
 * A path may lead into a package: `/vm/web01.ova/web01-disk1.vmdk` is the file web01-disk1.vmdk in the tar file
 * /vm/web01.ova. Every reader opens its file by openReadFile, so every format can be read inside a package, and a disk in
 * one can be named wherever a file can.
 */
import { lstatSync, statSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import type { ReadFile } from '../read-file.ts';
import { isTar, readTar } from './tar.ts';

export interface PackagePath {
  /** The tar file. */
  archive: string;
  /** Name of the file in it, with slashes. */
  member: string;
}

/** The package a path leads into; null where the path has no file on its way (it may exist by itself, or not at all). */
export function packagePath(path: string): PackagePath | null {
  const whole = resolve(path);
  if (exists(whole)) return null;
  for (let at = dirname(whole); at !== dirname(at); at = dirname(at)) {
    const found = statSync(at, { throwIfNoEntry: false });
    if (found?.isDirectory() === true) return null;
    if (found?.isFile() === true) return { archive: at, member: relative(at, whole).split(sep).join('/') };
  }
  return null;
}

/** The file on the medium that holds what the path leads to. */
export const fileItself = (path: string): string => packagePath(path)?.archive ?? path;

function exists(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // ENOTDIR: there is a file on the way.
    return false;
  }
}

export interface Window {
  /** Bytes from the start of the archive. */
  offset: number;
  length: number;
}

/** Where a member lies in an open file; null where that is no tar file, or has no such member. @throws IMAGE_DAMAGED */
export function findMember(archive: ReadFile, name: string): Window | null {
  if (!isTar(archive.readNow(0, 512))) return null;
  // The last of a name counts, as tar itself has it.
  const found = readTar(archive).findLast((member) => memberName(member.name) === name);
  return found === undefined ? null : { offset: found.offset, length: found.length };
}

/** As it stands in a path: `./disk.vmdk` is `disk.vmdk`. */
export const memberName = (name: string): string => name.replace(/^(\.\/+)+/u, '');
