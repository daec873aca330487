/** A driver source: the INF files in a folder or CD image, and the best package in it for each device of a Windows. */
import { throwIfCancelled } from '../../../base/cancel.ts';
import { isIronliftError } from '../../../base/errors.ts';
import { basename } from 'node:path';
import type { DriverFile, DriverPackage, DriverSource } from '../driver-package.ts';
import { signatureOf } from './inf/catalogue.ts';
import { signersOf } from './inf/signers.ts';
import { isPlainName, type InfCopy } from './inf/files.ts';
import { decorationsOf, type TargetWindows } from './inf/models.ts';
import { packageOf, versionOf, type InfPackage } from './inf/package.ts';
import { MAX_INF, parseInf, type Inf } from './inf/syntax.ts';
import { bestCandidates, placeFits, type Candidate } from './select.ts';
import { openSourceTree } from './source/open.ts';
import { findFile, scan, type Scanned } from './source/scan.ts';
import { folderOf, MAX_FILE, nameOf, tooLarge, unusable, type SourceTree } from './source/tree.ts';

/** Bytes; the catalogue of all of Windows has 5 MiB, that of a driver some 20 KiB. */
const MAX_CATALOGUE = 16 << 20;

/** An INF file of a source, whatever Windows it is for. */
export interface InfSummary {
  /** Within the source: `viostor/2k22/amd64/viostor.inf`. */
  path: string;
  provider: string;
  className: string;
  date: string;
  version: string;
  /** `NTamd64.10.0`; `none` for models without a decoration. */
  decorations: string[];
  /** Why it cannot be used; null where it can. */
  problem: string | null;
}

export interface OpenDriverSource extends DriverSource {
  /** Every INF, in the order of its path. */
  list(): Promise<InfSummary[]>;
  /** The source has more than was looked at. */
  readonly cut: boolean;
}

/**
 * @throws DRIVER_SOURCE_UNUSABLE (it is not there, is something else, has no INF file), ISO_DAMAGED, ISO_NOT_SUPPORTED
 */
export async function openDriverSource(
  path: string,
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<OpenDriverSource> {
  const tree = await openSourceTree(path);
  try {
    const scanned = await scanReadably(tree, path, signal);
    if (scanned.infs.length === 0) throw withoutDrivers(path, scanned);
    return new TreeSource(path, tree, scanned, signal);
  } catch (error) {
    await tree.close();
    throw error;
  }
}

async function scanReadably(tree: SourceTree, path: string, signal?: AbortSignal): Promise<Scanned> {
  try {
    return await scan(tree, signal);
  } catch (error) {
    if (isIronliftError(error)) throw error;
    throw unusable(path, 'a folder in it cannot be read', 'Check that you may read all of it.', error);
  }
}

function withoutDrivers(path: string, { folders }: Scanned): Error {
  const names = (folders.get('') ?? []).map(({ name }) => name.toLowerCase());
  // The CD of VMware Tools has its drivers inside its setup program.
  const next = names.some((name) => /^setup(64)?\.exe$/u.test(name))
    ? 'Unpack the drivers with its setup program first (for VMware Tools: setup64.exe /A /P FOLDER), then name that folder.'
    : 'Name the folder or CD image that holds the .inf files of the drivers.';
  return unusable(path, 'there is no INF file in it', next);
}

class TreeSource implements OpenDriverSource {
  readonly path: string;
  readonly cut: boolean;
  readonly #tree: SourceTree;
  readonly #scanned: Scanned;
  readonly #signal: AbortSignal | undefined;

  constructor(path: string, tree: SourceTree, scanned: Scanned, signal: AbortSignal | undefined) {
    this.#signal = signal;
    this.path = path;
    this.#tree = tree;
    this.#scanned = scanned;
    this.cut = scanned.cut;
  }

  async list(): Promise<InfSummary[]> {
    const all: InfSummary[] = [];
    for (const path of this.#scanned.infs) {
      throwIfCancelled(this.#signal);
      const nothing = { path, provider: '', className: '', date: '', version: '', decorations: [] };
      const read = await this.#parse(path, (inf) => ({
        ...versionOf(inf, 'amd64'),
        decorations: decorationsOf(inf),
      }));
      if (typeof read === 'string') {
        all.push({ ...nothing, problem: read });
        continue;
      }
      const { provider, className, date, version, decorations } = read;
      const problem = decorations.length === 0 ? 'It names no devices.' : null;
      all.push({ path, provider, className, date, version, decorations, problem });
    }
    return all;
  }

  async packagesFor(windows: TargetWindows): Promise<DriverPackage[]> {
    const candidates: Candidate[] = [];
    for (const path of this.#scanned.infs) {
      throwIfCancelled(this.#signal);
      const found = await this.#parse(path, (inf) => packageOf(inf, windows));
      if (found === null || typeof found === 'string' || !placeFits(path, found.decoration, windows))
        continue;
      candidates.push(this.#candidate(path, found));
    }
    const packages: DriverPackage[] = [];
    for (const { content, catalogue } of bestCandidates(candidates, windows))
      packages.push({ ...content, ...(catalogue === null ? {} : await signature(catalogue)) });
    return packages;
  }

  async close(): Promise<void> {
    await this.#tree.close();
  }

  /** A sentence where it cannot be used: one bad file does not spoil the source. */
  async #parse<T>(path: string, use: (inf: Inf) => T): Promise<T | string> {
    try {
      return use(parseInf(await this.#tree.read(path, MAX_INF), path));
    } catch (error) {
      if (isIronliftError(error) && error.kind !== 'cancelled') return error.message;
      throw error;
    }
  }

  #candidate(path: string, inf: InfPackage): Candidate {
    const { devices, provider, className, classGuid, date, version } = inf;
    const problems = [...inf.problems];
    const files = new Map<string, DriverFile>();
    const add = ({ name, destination, path: beside }: InfCopy): DriverFile | null => {
      const found = this.#find(path, beside);
      if (found === null) return null;
      const file: DriverFile = {
        name,
        path: found.beside,
        destination,
        bytes: found.size,
        read: () => this.#read(found.path, found.size),
      };
      files.set(found.beside.toLowerCase(), file);
      return file;
    };
    const name = nameOf(path);
    add({ name, destination: 'other', path: name });
    const catalogue =
      inf.catalogue === null || !isPlainName(inf.catalogue)
        ? null
        : add({ name: inf.catalogue, destination: 'other', path: inf.catalogue });
    for (const copy of inf.copies)
      if (add(copy) === null) problems.push(`its file ${copy.name} is not in the source`);
    const content: DriverPackage = {
      inf: name,
      source: `${basename(this.path)}: ${folderOf(path)}`.replace(/: $/u, ''),
      provider,
      className,
      classGuid,
      date,
      version,
      devices,
      files: [...files.values()],
      signature: 'none',
      problems,
    };
    return { place: path, decoration: inf.decoration, content, catalogue };
  }

  /** Where the INF says, or right beside it: many sources were unpacked without their folders. */
  #find(inf: string, beside: string): { path: string; beside: string; size: number } | null {
    const folder = folderOf(inf);
    for (const place of [beside, nameOf(beside)]) {
      const found = findFile(this.#scanned.folders, folder, place);
      if (found !== null) return { ...found, beside: place };
    }
    return null;
  }

  #read(path: string, bytes: number): Promise<Uint8Array<ArrayBuffer>> {
    if (bytes > MAX_FILE) throw tooLarge(path, bytes);
    return this.#tree.read(path, MAX_FILE);
  }
}

async function signature(catalogue: DriverFile): Promise<Pick<DriverPackage, 'signature' | 'signers'>> {
  if (catalogue.bytes > MAX_CATALOGUE) return { signature: 'unknown' };
  const bytes = await catalogue.read();
  const signers = signersOf(bytes);
  return { signature: signatureOf(bytes), ...(signers === null ? {} : { signers }) };
}
