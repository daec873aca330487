/** Looks at every chunk of an EWF image and compares the disk with the digests that were taken when it was made. */
import { createHash } from 'node:crypto';
import { throwIfCancelled } from '../../base/cancel.ts';
import { isIronliftError } from '../../base/errors.ts';
import { CHECK_LIMIT, type CheckOptions, type ImageCheck, type ImageProblem } from '../image.ts';
import { chunkBytes, openEwfImage, type EwfImage } from './reader.ts';
import { loadEntries, readTables } from './tables.ts';
import { readDigests, readErrors } from './volume.ts';

export async function checkEwf(path: string, options: CheckOptions = {}): Promise<ImageCheck> {
  const image = await openEwfImage(path);
  try {
    const problems: ImageProblem[] = [];
    let more = 0;
    const report = (problem: ImageProblem): void => {
      if (problems.length < CHECK_LIMIT) problems.push(problem);
      else more++;
    };
    compareTables(image, report);
    for (const { first, count } of readErrors(image.segments))
      report({
        severity: 'note',
        message: `${count} sectors from ${first} on could not be read when the image was made; they are zeros here.`,
      });
    await compareContents(image, options, report);
    return { problems, more, allocatedBytes: image.volume.size };
  } finally {
    await image.close();
  }
}

type Report = (problem: ImageProblem) => void;

/** `table2` is a copy of `table`; readers that meet a damaged one take the other. */
function compareTables({ segments }: EwfImage, report: Report): void {
  const [tables, copies] = [readTables(segments, 'table'), readTables(segments, 'table2')];
  if (copies.length === 0) return;
  for (const [index, table] of tables.entries()) {
    const copy = copies[index];
    const at = { offset: table.section.offset };
    if (copy === undefined || copy.count !== table.count) {
      report({ severity: 'error', message: 'A table and its copy (table2) differ in length.', ...at });
      continue;
    }
    // The copy has its own section behind the same chunks.
    const other = loadEntries({ ...copy, end: table.end }).starts;
    if (!loadEntries(table).starts.every((start, i) => start === other[i]))
      report({ severity: 'error', message: 'A table and its copy (table2) differ.', ...at });
  }
}

async function compareContents(
  image: EwfImage,
  { signal, onProgress }: CheckOptions,
  report: Report,
): Promise<void> {
  const { chunkCount, volume } = image;
  const hashes = { md5: createHash('md5'), sha1: createHash('sha1') };
  let readable = true;
  for (let chunk = 0; chunk < chunkCount; chunk++) {
    throwIfCancelled(signal);
    try {
      const bytes = await image.readChunk(chunk);
      hashes.md5.update(bytes);
      hashes.sha1.update(bytes);
    } catch (error) {
      if (!isIronliftError(error, 'IMAGE_DAMAGED')) throw error;
      readable = false;
      report({
        severity: 'error',
        message: `${chunkBytes(volume, chunk)} bytes of the disk at ${chunk * volume.chunkSize} are lost: ${error.message}`,
      });
    }
    onProgress?.(chunk + 1, chunkCount);
  }
  if (!readable) return;
  const noted = readDigests(image.segments);
  for (const [kind, name] of [
    ['md5', 'MD5'],
    ['sha1', 'SHA-1'],
  ] as const) {
    const expected = noted[kind];
    const found = hashes[kind].digest('hex');
    if (expected !== null && expected !== found)
      report({
        severity: 'error',
        message: `The disk has the ${name} ${found}; when the image was made it was ${expected}.`,
      });
  }
}
