/** What resources/collectors/windows.ps1 wrote, as folder or .zip file: the inventory, and the performance log in it. */
import { createHash } from 'node:crypto';
import { throwIfCancelled } from '../../../base/cancel.ts';
import { IronliftError } from '../../../base/errors.ts';
import type { CollectionProblem } from '../../../store/engagement.ts';
import type { InventoryGap } from '../../../store/model/inventory.ts';
import type { CollectedItem, Importer, ImportInput, ImportOptions } from '../../collector.ts';
import { windowsInventory } from '../../windows/inventory.ts';
import { performanceOf } from '../../windows/performance.ts';
import {
  addRecord,
  isWindowsPart,
  MAX_RECORDS,
  windowsManifest,
  type WindowsManifest,
  type WindowsParts,
  type WindowsPartStatus,
} from '../../windows/schema.ts';
import { windowsTime } from '../../windows/times.ts';
import { isZip, openZip } from '../../zip.ts';
import { decodeText, gather, parseJson } from './gather.ts';
import { excerpt, linesOf } from './lines.ts';

/** The manifest lists some fifty parts. */
const MAX_MANIFEST = 4 << 20;
/** One part, unpacked, bytes: PnP devices of the largest servers are 5 MiB. */
const MAX_PART = 128 << 20;
/** The performance log, unpacked: a year of a hundred counters every minute is 600 MiB. It is streamed. */
const MAX_LOG = 2 ** 31;

interface Files {
  names: readonly string[];
  read(name: string, limit: number): AsyncIterable<Uint8Array>;
}

export const windowsBundle: Importer = {
  id: 'windows-bundle',
  name: 'Windows server, collected by windows.ps1',
  recognise(input) {
    if (input.isFolder) return input.entries.some(isManifest) && input.entries.some(isPart) ? 3 : 0;
    if (!isZip(input.head)) return 0;
    const head = Buffer.from(input.head).toString('latin1');
    if (/manifest\.json/u.test(head) && /parts[\\/]Win32_/u.test(head)) return 3;
    return /^ironlift-.*\.zip$/iu.test(input.name) ? 2 : 0;
  },
  async *read(input, options): AsyncGenerator<CollectedItem> {
    const files = await filesOf(input, options);
    const manifestName = files.names.filter(isManifest).sort((a, b) => a.length - b.length)[0];
    if (manifestName === undefined) throw noBundle(input.name, 'it has no manifest.json');
    const manifest = await readManifest(files, manifestName, input.name);
    const root = manifestName.slice(0, manifestName.length - 'manifest.json'.length);
    const parts: WindowsParts = {};
    const gaps: InventoryGap[] = [];
    let done = 0;
    for (const status of manifest.parts) {
      throwIfCancelled(options.signal);
      if (!isWindowsPart(status.name)) continue;
      const gap = gapOf(status);
      if (gap !== null) gaps.push(gap);
      for await (const problem of readPart(files, root, status, parts)) yield { kind: 'problem', problem };
      done += 1;
      yield { kind: 'position', doneBytes: Math.floor((input.size * done) / (manifest.parts.length + 1)) };
    }
    const inventory = windowsInventory(parts, { computer: manifest.computer, gaps });
    const observedAt = windowsTime(manifest.startedAt) ?? options.now();
    yield { kind: 'inventory', inventory, observedAt };
    const log = `${root}performance.csv`;
    if (files.names.includes(log)) {
      const visible = parts.Win32_OperatingSystem?.[0]?.TotalVisibleMemorySize;
      const total = visible === undefined ? inventory.memoryBytes : visible * 1024;
      yield* performanceOf(linesOf(files.read(log, MAX_LOG)), inventory.identity, total);
    }
    yield { kind: 'position', doneBytes: input.size };
  },
};

const isManifest = (name: string): boolean => /^(?:[^/]{1,255}\/)?manifest\.json$/u.test(name);
const isPart = (name: string): boolean => /^(?:[^/]{1,255}\/)?parts\/[^/]{1,200}\.jsonl$/u.test(name);

async function filesOf(input: ImportInput, options: ImportOptions): Promise<Files> {
  if (input.isFolder)
    return {
      names: input.entries.map((name) => name.replaceAll('\\', '/')),
      read: (name, limit) => bounded(input.read(name), limit, name),
    };
  const archive = openZip(await gather(input, undefined, undefined, options.signal), input.name);
  return {
    names: archive.entries.map(({ name }) => name),
    read: (name, limit) =>
      archive.read(
        archive.entries.find((entry) => entry.name === name)!,
        limit,
      ),
  };
}

async function* bounded(
  pieces: AsyncIterable<Uint8Array>,
  limit: number,
  name: string,
): AsyncGenerator<Uint8Array> {
  let total = 0;
  for await (const piece of pieces) {
    total += piece.length;
    if (total > limit)
      throw new IronliftError('IMPORT_NOT_SUPPORTED', `${name} is larger than any part of a server is.`, {
        next: 'Check where the folder comes from, and collect again.',
      });
    yield piece;
  }
}

async function readManifest(files: Files, name: string, what: string): Promise<WindowsManifest> {
  const pieces: Uint8Array[] = [];
  for await (const piece of files.read(name, MAX_MANIFEST)) pieces.push(piece.slice());
  const document = parseJson(decodeText(Buffer.concat(pieces)), `manifest.json of ${what}`);
  const parsed = windowsManifest.safeParse(document);
  if (parsed.success) return parsed.data;
  const version = (document as { version?: unknown } | null)?.version;
  if (typeof version === 'number' && version > 1)
    throw new IronliftError(
      'IMPORT_NOT_SUPPORTED',
      `${what} was written by a collector that is newer than this program.`,
      { next: 'Import it with the version of Ironlift that the collector came with.' },
    );
  throw noBundle(what, 'its manifest is not one of the Windows collector');
}

const noBundle = (what: string, why: string): IronliftError =>
  new IronliftError('IMPORT_DAMAGED', `${what} is no result of the Windows collector: ${why}.`, {
    next: 'Choose the folder or .zip file that windows.ps1 named when it was done.',
  });

function gapOf(status: WindowsPartStatus): InventoryGap | null {
  if (status.status !== 'failed') return null;
  return {
    part: status.name,
    why: `Windows did not answer: ${excerpt(status.error ?? 'no reason given')}`,
    next: 'Run windows.ps1 as administrator on that server, and import its result again.',
  };
}

/** Records of one part, as they are parsed, go into `parts`; what is wrong with them is yielded. */
async function* readPart(
  files: Files,
  root: string,
  status: WindowsPartStatus,
  parts: WindowsParts,
): AsyncGenerator<CollectionProblem> {
  const { name } = status;
  if (!isWindowsPart(name)) return;
  const path = `${root}${status.file ?? `parts/${name}.jsonl`}`;
  if (!files.names.includes(path)) {
    if (status.status === 'ok')
      yield { at: 0, unit: 'record', message: `The part ${name} is missing from the bundle.` };
    return;
  }
  // A class that this Windows does not have is unknown, not empty.
  if (status.status === 'ok') parts[name] ??= [];
  const hash = createHash('sha256');
  let at = 0;
  for await (const line of linesOf(hashed(files.read(path, MAX_PART), hash))) {
    at++;
    if (at > MAX_RECORDS) {
      yield {
        at,
        unit: 'record',
        message: `${name} has more than ${MAX_RECORDS} records; the rest is left out.`,
      };
      return;
    }
    if (line === '') continue;
    const message = line === null ? `A record of ${name} is too long.` : addLine(parts, name, line);
    if (message !== null)
      yield { at, unit: 'record', message, ...(line === null ? {} : { excerpt: excerpt(line) }) };
  }
  if (typeof status.sha256 === 'string' && hash.digest('hex') !== status.sha256)
    yield { at: 0, unit: 'record', message: `The part ${name} was changed after it was collected.` };
}

function addLine(parts: WindowsParts, name: keyof WindowsParts, line: string): string | null {
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch {
    return `A record of ${name} is not whole.`;
  }
  return addRecord(parts, name, record);
}

async function* hashed(
  pieces: AsyncIterable<Uint8Array>,
  hash: { update(bytes: Uint8Array): unknown },
): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    hash.update(piece);
    yield piece;
  }
}
