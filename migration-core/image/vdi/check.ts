/** Looks at all structures of a VDI: header, block map, the count of blocks, and room that nobody uses. */
import { throwIfCancelled } from '../../base/cancel.ts';
import { isIronliftError } from '../../base/errors.ts';
import { formatBytes, plural } from '../../base/text.ts';
import type { CheckOptions, ImageCheck } from '../image.ts';
import { problemList, type ProblemList } from '../problem-list.ts';
import { openReadFile, type ReadFile } from '../read-file.ts';
import { blockOffset, entryOffset, mapChecker, mapPieces, readVdiHeader, type VdiHeader } from './header.ts';
import { HEADER, NO_BLOCK } from './layout.ts';

/** @throws IMAGE_NOT_SUPPORTED, IMAGE_HAS_BACKING, NOT_FOUND, READ_FAILED, CANCELLED */
export async function checkVdi(path: string, options: CheckOptions = {}): Promise<ImageCheck> {
  const file = await openReadFile(path);
  const problems = problemList();
  try {
    const header = readVdiHeader(file);
    return problems.result(await checkMap(file, header, { problems, options }));
  } catch (error) {
    // What keeps the image from being opened at all is all that can be said of it.
    if (!isIronliftError(error, 'IMAGE_DAMAGED')) throw error;
    problems.add('error', error.message);
    return problems.result(null);
  } finally {
    await file.close();
  }
}

/** Returns the bytes of the disk that have room in the file, as ImageCheck has them. */
async function checkMap(
  file: ReadFile,
  header: VdiHeader,
  { problems, options: { signal, onProgress } }: { problems: ProblemList; options: CheckOptions },
): Promise<number | null> {
  const { size, blockSize, blocks } = header;
  const faultOf = mapChecker(file, header);
  let present = 0;
  let highest = -1;
  let lastIsHere = false;
  for await (const { first, entries } of mapPieces(file, header)) {
    throwIfCancelled(signal);
    onProgress?.(first, blocks);
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i]!;
      if (entry >= NO_BLOCK) continue;
      const fault = faultOf(first + i, entry);
      if (fault === null) highest = Math.max(highest, entry);
      else problems.add('error', `Block ${first + i}: ${fault}.`, entryOffset(header, first + i));
      if (problems.isHopeless()) return null;
      present++;
      lastIsHere = first + i === blocks - 1;
    }
  }
  onProgress?.(blocks, blocks);
  checkCount(header, { present, highest }, problems);
  const end = blockOffset(header, highest) + blockSize;
  const behind = file.size - Math.max(end, blockOffset(header, header.allocated - 1) + blockSize);
  if (behind > 0) problems.add('leak', `${formatBytes(behind)} after the last block are of no use.`, end);
  return present * blockSize - (lastIsHere ? blocks * blockSize - size : 0);
}

function checkCount(
  { allocated }: VdiHeader,
  { present, highest }: { present: number; highest: number },
  problems: ProblemList,
): void {
  // VirtualBox puts a new block where the count says the file ends.
  if (allocated <= highest)
    problems.add(
      'error',
      `The header counts ${plural(allocated, 'block')} and the block map has one with the number ${highest}: new data would be written over it.`,
      HEADER.allocated,
    );
  else if (allocated > present)
    problems.add(
      'leak',
      `${plural(allocated - present, 'block')} of the file ${allocated - present === 1 ? 'belongs' : 'belong'} to no part of the disk.`,
      HEADER.allocated,
    );
}
