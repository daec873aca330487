/** From a SOURCE as the user wrote it to a disk that is open for reading. */
import { stat } from 'node:fs/promises';
import { throwIfCancelled } from '../base/cancel.ts';
import { isIronliftError, systemErrorCode } from '../base/errors.ts';
import { cannotOpen, notADisk, notFound } from './refusals.ts';
import type { OpenSourceOptions, SourceDisk } from './source.ts';
import { sourceKinds } from './table.ts';

export type { OpenSourceOptions, SourceDescription, SourceDisk, SourceFingerprint } from './source.ts';

/**
 * Opens an image file or a block device, for reading only.
 * @throws SOURCE_NOT_FOUND, SOURCE_NOT_READABLE, SOURCE_NOT_A_DISK, SOURCE_EMPTY, SOURCE_TWICE (named
 *   in `others` already), SOURCE_MOUNTED and SOURCE_IN_USE (unless `allowMounted`), and what its disk format refuses.
 */
export async function openSource(spec: string, options: OpenSourceOptions = {}): Promise<SourceDisk> {
  throwIfCancelled(options.signal);
  // Node refuses such a path with an error of its own kind.
  if (spec === '' || spec.includes('\0'))
    throw notFound(spec === '' ? 'with an empty name' : JSON.stringify(spec));
  try {
    for (const kind of sourceKinds) if (await kind.claims(spec)) return await kind.open(spec, options);
    throw await unclaimed(spec);
  } catch (error) {
    const errno = systemErrorCode(error);
    // Between looking at a path and opening it, it may go away, or turn out to be out of reach.
    throw errno !== undefined && !isIronliftError(error) ? cannotOpen(spec, errno, error) : error;
  }
}

/** Several disks of one server. When one cannot be opened, none stays open. */
export async function openSources(
  specs: readonly string[],
  options: Omit<OpenSourceOptions, 'others'> = {},
): Promise<SourceDisk[]> {
  const opened: SourceDisk[] = [];
  try {
    for (const spec of specs)
      opened.push(
        await openSource(spec, { ...options, others: opened.map(({ description }) => description) }),
      );
    return opened;
  } catch (error) {
    for (const { disk } of opened) await disk.close();
    throw error;
  }
}

async function unclaimed(spec: string): Promise<Error> {
  const found = await stat(spec);
  if (found.isDirectory()) return notADisk(spec, 'a folder', 'Name the image file in it.');
  if (found.isCharacterDevice())
    return notADisk(spec, 'a character device', 'Name a disk that `ironlift disks` lists.');
  return notADisk(spec, 'a pipe or socket', 'Name an image file, or a disk that `ironlift disks` lists.');
}
