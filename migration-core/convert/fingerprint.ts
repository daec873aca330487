/** What a job was made of, in digests: a job that is gone on with must be the same one in every byte. All hex SHA-256. */
import { createHash, type Hash } from 'node:crypto';
import { isIronliftError } from '../base/errors.ts';
import type { ExtentList } from '../base/extents.ts';
import type { BlockSource } from '../block/source.ts';
import type { ConversionPlan } from './plan.ts';
import type { OpenServer } from './server.ts';

/** MBR and GPT lie in the first 34 sectors and the last 33; with sectors of 4 KiB in a little more. Bytes. */
const DISK_END = 160 << 10;
/** Superblocks of ext, XFS, FAT, LVM and md lie at the start of their volume, the last one (btrfs) at 64 KiB. Bytes. */
const VOLUME_START = 128 << 10;
/** Places in the used blocks of a disk. */
const SAMPLES = 32;
const SAMPLE = 4096;

/**
 * A sample of one disk as it is below all changes: partition tables, superblocks (whose write times tell that a disk was
 * mounted in between) and blocks spread over all that is copied.
 */
export async function sourceSample(server: OpenServer, index: number, toCopy: ExtentList): Promise<string> {
  const { disk } = server.disks[index]!;
  const sha = createHash('sha256');
  const at = new Set([0, Math.max(0, disk.size - DISK_END)]);
  for (const offset of at) await sample(sha, disk, offset, DISK_END);
  for (const { volume } of server.volumes)
    if (volume.disk === index) await sample(sha, disk, volume.offset, VOLUME_START);
  for (const offset of spread(toCopy, SAMPLES)) await sample(sha, disk, offset, SAMPLE);
  return sha.digest('hex');
}

/** The same for the same plan: machine, layouts, every change with its contents, every range to be copied. */
export function planDigest(plan: ConversionPlan): string {
  const sha = createHash('sha256');
  sha.update(
    JSON.stringify(
      {
        target: plan.target.id,
        machine: plan.machine,
        layouts: plan.layouts,
        fixes: plan.fixes.map(({ fixer, edits }) => ({ fixer, edits })),
        needBytes: plan.needBytes,
      },
      // Of what a key holds, not of `value`: a Buffer has become a list of numbers in there.
      function (this: Record<string, unknown>, key: string, value: unknown) {
        const held = this[key];
        return held instanceof Uint8Array ? createHash('sha256').update(held).digest('hex') : value;
      },
    ),
  );
  for (const list of plan.toCopy) {
    sha.update(`${list.count} ranges`);
    const pair = new Float64Array(2);
    for (const { offset, length } of list) {
      pair.set([offset, length]);
      sha.update(new Uint8Array(pair.buffer));
    }
  }
  return sha.digest('hex');
}

/** Of all changed pages of all disks: whether the same changes came out once more. */
export async function changesDigest(server: OpenServer): Promise<string> {
  const sha = createHash('sha256');
  const buffer = new Uint8Array(1 << 20);
  for (const { overlay } of server.disks) {
    for (const { offset, length } of overlay.dirty) {
      sha.update(`${offset} ${length} `);
      for (let done = 0; done < length; done += buffer.length) {
        const part = buffer.subarray(0, Math.min(buffer.length, length - done));
        await overlay.read(part, offset + done);
        sha.update(part);
      }
    }
    sha.update('end ');
  }
  return sha.digest('hex');
}

async function sample(sha: Hash, disk: BlockSource, offset: number, most: number): Promise<void> {
  const length = Math.min(most, disk.size - offset);
  if (length <= 0) return;
  const bytes = new Uint8Array(length);
  try {
    await disk.read(bytes, offset);
    sha.update(`${offset} `).update(bytes);
  } catch (error) {
    // A defect: the copy tells it, if it needs these bytes at all.
    if (!isIronliftError(error, 'READ_FAILED')) throw error;
    sha.update(`${offset} cannot be read `);
  }
}

/** `count` places evenly spread over the bytes of the ranges. */
function spread(ranges: ExtentList, count: number): number[] {
  const step = Math.floor(ranges.bytes / count);
  const places: number[] = [];
  let before = 0;
  for (const { offset, length } of ranges) {
    while (places.length < count && places.length * step < before + length && step > 0)
      places.push(offset + places.length * step - before);
    before += length;
  }
  return places;
}
