/** A disk whose image is written: what the record says of it, and the proof that it holds what was copied. */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { DIGEST_ALGORITHM } from '../block/block-digests.ts';
import { verifyImage } from '../block/verify.ts';
import { finalPath } from '../image/partial.ts';
import { formatById } from '../image/table.ts';
import type { ConvertWorld } from './convert.ts';
import type { CopiedFacts } from './job-record.ts';
import { partial } from './files.ts';
import type { ManifestDisk } from './manifest.ts';
import type { ConversionPlan } from './plan.ts';
import type { OpenServer } from './server.ts';

/** What the record says of a disk that is copied and not verified yet. */
export function describeDisk(
  server: OpenServer,
  { machine, layouts }: ConversionPlan,
  index: number,
  { dataBytes, skippedBytes, digest, files, badSectors }: CopiedFacts,
): ManifestDisk {
  const disk = machine.disks[index]!;
  const { description } = server.disks[index]!.source;
  const [main, ...extents] = files.map(({ file, bytes }) => ({
    file: finalPath(file),
    fileBytes: bytes,
    sha256: null,
  }));
  return {
    file: disk.file,
    format: disk.format,
    ...layouts[index]!,
    virtualBytes: disk.size,
    fileBytes: main!.fileBytes,
    extents,
    dataBytes,
    skippedBytes,
    sha256: null,
    contentDigest: digest === null ? null : { algorithm: DIGEST_ALGORITHM, value: digest },
    verified: false,
    badSectors: [...badSectors],
    source: {
      path: description.path,
      bytes: description.size,
      sectorSize: description.sectorSize,
      model: description.model,
      serial: description.serial,
    },
  };
}

/** Sizes of the files of an image, under the names they will have. */
export async function describeFiles(
  files: readonly string[],
): Promise<Pick<ManifestDisk, 'fileBytes' | 'extents'>> {
  const [main, ...extents] = await Promise.all(
    files.map(async (path) => ({
      file: basename(finalPath(path)),
      fileBytes: (await stat(path)).size,
      sha256: null,
    })),
  );
  return { fileBytes: main!.fileBytes, extents };
}

/**
 * Reads a written image through its own reader, in `folder` under the names it has before it is finished, and compares its
 * digest with that of the copy; notes the result in `disk`.
 */
export async function verifyDisk(
  disk: ManifestDisk,
  folder: string,
  world: Pick<ConvertWorld, 'signal' | 'onProgress'>,
): Promise<void> {
  const path = partial(folder, disk.file);
  const format = formatById(disk.format)!;
  const image = await format.open(path);
  try {
    const result = await verifyImage({
      image,
      path,
      extents: disk.extents?.map(({ file }) => partial(folder, file)),
      size: disk.virtualBytes,
      rounding: format.subformats.find(({ id }) => id === disk.subformat)?.rounding,
      expected: disk.contentDigest!.value,
      signal: world.signal,
      onProgress: world.onProgress,
    });
    disk.sha256 = result.fileSha256;
    for (const [index, extent] of (disk.extents ?? []).entries())
      extent.sha256 = result.extentSha256[index] ?? null;
    disk.verified = true;
  } finally {
    await image.close();
  }
}
