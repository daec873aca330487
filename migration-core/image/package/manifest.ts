/**
 * The manifest of an OVF package (DSP0243 section 9): a line for each file, `SHA256(web01-disk1.vmdk)= 0f3a...`. SHA-1 in
 * OVF 1, SHA-256 and SHA-512 later; programs differ in spaces and in whether the digest is in capitals.
 */
import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { join } from 'node:path';
import { throwIfCancelled } from '../../base/cancel.ts';
import { isIronliftError } from '../../base/errors.ts';
import { utf8 } from '../../base/bytes.ts';
import { CHECK_LIMIT, type CheckOptions, type ImageProblem } from '../image.ts';
import { damaged, openReadFile, type ReadFile } from '../read-file.ts';

export interface ManifestEntry {
  algorithm: 'sha1' | 'sha256' | 'sha512';
  /** Path beside the manifest, with slashes. */
  name: string;
  /** Hex, lower case. */
  digest: string;
}

/** Thousands of files of a package would have this. */
export const LARGEST_MANIFEST = 1 << 20;
const LINE = /^\s*(SHA-?1|SHA-?256|SHA-?512)\s*\((.{1,1024})\)\s*=\s*([0-9a-f]+)\s*$/iu;
const DIGITS = { sha1: 40, sha256: 64, sha512: 128 };

/** @throws IMAGE_DAMAGED for a line that is none */
export function parseManifest(path: string, text: string): ManifestEntry[] {
  const entries: ManifestEntry[] = [];
  // ovftool sets room aside for the manifest and fills it up with spaces or zeros.
  for (const line of text.replaceAll('\0', ' ').split(/\r?\n/u)) {
    if (line.trim() === '') continue;
    const match = LINE.exec(line);
    const algorithm = match?.[1]!.toLowerCase().replace('-', '') as ManifestEntry['algorithm'] | undefined;
    const digest = match?.[3]!.toLowerCase();
    if (match === null || algorithm === undefined || digest?.length !== DIGITS[algorithm])
      throw damaged(path, `its manifest has a line that is none (${line.trim().slice(0, 60)})`);
    entries.push({ algorithm, name: match[2]!, digest });
  }
  return entries;
}

/**
 * Reads all files that the manifest at `path` names, beside it, and compares. `folder`: the folder, or the package, they are in.
 * @throws IMAGE_DAMAGED of the manifest itself, READ_FAILED, CANCELLED
 */
export async function checkManifest(
  folder: string,
  path: string,
  options: CheckOptions = {},
): Promise<ImageProblem[]> {
  const problems: ImageProblem[] = [];
  for (const { algorithm, name, digest } of await readManifest(path)) {
    if (problems.length >= CHECK_LIMIT) break;
    if (!staysInside(name)) {
      problems.push({
        severity: 'error',
        message: `The manifest names ${name}, which lies outside the package.`,
      });
      continue;
    }
    const found = await digestOf(join(folder, name), algorithm, options).catch((error: unknown) => {
      if (isIronliftError(error, 'NOT_FOUND')) return null;
      throw error;
    });
    if (found === null) problems.push({ severity: 'error', message: `${name} of the manifest is missing.` });
    else if (found !== digest)
      problems.push({
        severity: 'error',
        message: `${name} was changed or damaged: its ${algorithm.toUpperCase()} is ${found}, the manifest says ${digest}.`,
      });
  }
  return problems;
}

async function readManifest(path: string): Promise<ManifestEntry[]> {
  const file = await openReadFile(path);
  try {
    if (file.size > LARGEST_MANIFEST) throw damaged(path, 'its manifest is beyond all bounds');
    return parseManifest(path, utf8(file.readNow(0, file.size)));
  } finally {
    await file.close();
  }
}

/** Whether a path that somebody else wrote stays below the folder it is meant for. */
export function staysInside(name: string): boolean {
  if (name === '' || name.includes('\0') || name.includes('\\') || /^[a-z]:/iu.test(name)) return false;
  const normal = posix.normalize(name);
  return !normal.startsWith('/') && normal !== '..' && !normal.startsWith('../') && normal !== '.';
}

const AT_ONCE = 1 << 20;

async function digestOf(path: string, algorithm: string, options: CheckOptions): Promise<string> {
  const file: ReadFile = await openReadFile(path);
  try {
    const hash = createHash(algorithm);
    const bytes = new Uint8Array(Math.min(AT_ONCE, file.size));
    for (let at = 0; at < file.size; at += bytes.length) {
      throwIfCancelled(options.signal);
      const part = bytes.subarray(0, Math.min(bytes.length, file.size - at));
      await file.read(part, at);
      hash.update(part);
      options.onProgress?.(at + part.length, file.size);
    }
    return hash.digest('hex');
  } finally {
    await file.close();
  }
}
