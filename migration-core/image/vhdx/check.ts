/** Looks at everything in a VHDX that the specification says something of and that the file alone can tell. */
import { throwIfCancelled } from '../../base/cancel.ts';
import { isIronliftError } from '../../base/errors.ts';
import { CHECK_LIMIT, type CheckOptions, type ImageCheck, type ImageProblem } from '../image.ts';
import { openReadFile, type ReadFile } from '../read-file.ts';
import { SpaceMap, walkBat } from './bat-walk.ts';
import { METADATA_ENTRY_BYTES, METADATA_TABLE, MIB } from './layout.ts';
import type { Metadata } from './metadata.ts';
import { readStructures, structureSpace, type Structures } from './structures.ts';

/**
 * What keeps the image from being opened is one problem, and the search ends with it.
 * @throws IMAGE_NOT_SUPPORTED, READ_FAILED, NOT_FOUND, CANCELLED
 */
export async function checkVhdx(path: string, options: CheckOptions = {}): Promise<ImageCheck> {
  const problems: ImageProblem[] = [];
  let more = 0;
  const report = (severity: ImageProblem['severity'], message: string, offset?: number): void => {
    if (problems.length >= CHECK_LIMIT) more++;
    else problems.push({ severity, message: sentence(message), ...(offset === undefined ? {} : { offset }) });
  };
  const file = await openReadFile(path);
  try {
    const structures = structuresOf(file, report);
    if (structures === null) return { problems, more, allocatedBytes: null };
    const { metadata, replay, regions, header } = structures;
    if (replay !== null) {
      report(
        'note',
        `the log holds ${replay.entries} entries that were not replayed: the image was not closed properly`,
        header.logOffset,
      );
    }
    if (header.logLength === 0 || header.logLength % MIB !== 0 || header.logOffset % MIB !== 0)
      report('note', 'the log does not lie on whole MiB');
    checkItems(metadata, regions.metadata.offset, report);
    const space = structureSpace(structures);
    const kept = new SpaceMap(structures.file.size);
    let blocks = 0;
    let first = Infinity;
    await walkBat(structures, space, {
      problem: report,
      block({ offset }) {
        blocks++;
        first = Math.min(first, offset);
      },
      kept: (place) => kept.take(place),
      progress(done, total) {
        throwIfCancelled(options.signal);
        options.onProgress?.(done, total);
      },
    });
    // QEMU leaves some MiB free before the first block, so that blocks lie on multiples of their size.
    const unused = space.unused(first, kept);
    if (unused > 0) report('leak', `${unused} MiB of the file belong to nothing`);
    return { problems, more, allocatedBytes: blocks * metadata.blockSize };
  } finally {
    await file.close();
  }
}

type Reporter = (severity: ImageProblem['severity'], message: string, offset?: number) => void;

function structuresOf(file: ReadFile, report: Reporter): Structures | null {
  try {
    return readStructures(file, report);
  } catch (error) {
    if (!isIronliftError(error, 'IMAGE_DAMAGED')) throw error;
    report('error', error.message);
    return null;
  }
}

/** Items of the metadata must not lie one upon the other (2.6.1.2). */
function checkItems({ items }: Metadata, region: number, report: Reporter): void {
  const placed = [...items.entries()].filter(([, { length }]) => length > 0);
  placed.sort(([, a], [, b]) => a.offset - b.offset);
  for (const [at, [index, item]] of placed.entries()) {
    const before = placed[at - 1]?.[1];
    if (before !== undefined && before.offset + before.length > item.offset) {
      const entry = region + METADATA_TABLE.entries + index * METADATA_ENTRY_BYTES;
      report('error', `the metadata item ${item.guid} overlaps another one`, entry);
    }
  }
}

const sentence = (text: string): string =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`;
