/** What a conversion writes into the file of a hive, and the bytes that were there before. */
import { createHash } from 'node:crypto';
import type { GuestFileSystem } from '../../filesystem/filesystem.ts';
import type { Hive } from '../../registry/hive.ts';
import { PAGE } from '../../registry/layout.ts';
import type { HivePatch } from './registry-change.ts';

/** Lower-case hex. */
export const hiveDigest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Changes closer than this are written together: a file system writes whole clusters, and each write costs more than a few. */
const NEAR = 64 << 10;

/**
 * Writes what differs between a hive and its file, and nothing else.
 * @param found the bytes of the file where the hive was completed from its logs, so that more differs than was edited.
 * @returns what puts the file back byte for byte.
 */
export async function writeHive(
  fileSystem: GuestFileSystem,
  path: string,
  hive: Hive,
  found: Uint8Array | null,
  now: Date,
): Promise<HivePatch> {
  const bytes = hive.finish(now);
  const changes = found === null ? hive.changes() : differences(found, bytes);
  const size = changes.reduce(
    (least, { offset, before }) => (before.length === 0 ? Math.min(least, offset) : least),
    bytes.length,
  );
  const spans: { from: number; to: number }[] = [];
  for (const { offset, after } of changes) {
    const last = spans.at(-1);
    if (last !== undefined && offset - last.to < NEAR) last.to = offset + after.length;
    else spans.push({ from: offset, to: offset + after.length });
  }
  // Ascending, so that what is behind the end of the file lengthens it without a gap.
  for (const { from, to } of spans) await fileSystem.writeRange(path, from, bytes.subarray(from, to));
  return {
    sha256: hiveDigest(bytes),
    size,
    ranges: changes
      .filter(({ before }) => before.length > 0)
      .map(({ offset, before }) => ({ offset, bytes: before })),
  };
}

interface Difference {
  offset: number;
  /** Empty behind the end of the old bytes. */
  before: Uint8Array;
  after: Uint8Array;
}

/** Pages that differ, runs of them together. A hive never becomes shorter. */
function differences(old: Uint8Array, bytes: Uint8Array): Difference[] {
  const found: Difference[] = [];
  const add = (from: number, to: number): void => {
    if (from < to) found.push({ offset: from, before: old.slice(from, to), after: bytes.subarray(from, to) });
  };
  let start = 0;
  for (let page = 0; page < old.length; page += PAGE) {
    const end = Math.min(page + PAGE, old.length);
    if (Buffer.compare(old.subarray(page, end), bytes.subarray(page, end)) !== 0) continue;
    add(start, page);
    start = end;
  }
  add(start, old.length);
  add(old.length, bytes.length);
  return found;
}

/** Whether the ranges lie where they can: in ascending order and within a file of `length` bytes, as it is and as it was. */
export function patchFits({ size, ranges }: HivePatch, length: number): boolean {
  let end = 0;
  for (const { offset, bytes } of ranges) {
    if (offset < end) return false;
    end = offset + bytes.length;
  }
  return end <= size && size <= length;
}

/**
 * Puts the old bytes back into the file that the patch fits.
 * @param bytes the file as it is; becomes the file as it was.
 * @returns what undoes that again.
 */
export async function applyPatch(
  fileSystem: GuestFileSystem,
  path: string,
  patch: HivePatch,
  bytes: Uint8Array,
): Promise<HivePatch> {
  const ranges = patch.ranges.map(({ offset, bytes: old }) => ({
    offset,
    bytes: bytes.slice(offset, offset + old.length),
  }));
  for (const { offset, bytes: old } of patch.ranges) {
    await fileSystem.writeRange(path, offset, old);
    bytes.set(old, offset);
  }
  if (patch.size < bytes.length) {
    ranges.push({ offset: patch.size, bytes: bytes.slice(patch.size) });
    await fileSystem.truncate(path, patch.size);
  }
  return { sha256: hiveDigest(bytes.subarray(0, patch.size)), size: bytes.length, ranges };
}
