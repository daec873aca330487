/** Reads VHDX: fixed, dynamic and differencing disks, with sectors of 512 or 4096 bytes, in whatever state they were left. */
import { IronliftError } from '../../base/errors.ts';
import { formatBytes } from '../../base/text.ts';
import type { DiskImage, OpenContext } from '../image.ts';
import { mappedSource } from '../mapped.ts';
import { damaged, openReadFile } from '../read-file.ts';
import { sectorLookup } from './bat.ts';
import { walkBat } from './bat-walk.ts';
import type { Metadata, ParentLocator } from './metadata.ts';
import { readStructures, structureSpace } from './structures.ts';

/**
 * A log that was not replayed is replayed in memory; the file stays as it is.
 * @throws IMAGE_DAMAGED, IMAGE_NOT_SUPPORTED, IMAGE_HAS_BACKING, READ_FAILED, NOT_FOUND
 */
export async function openVhdx(path: string, context?: OpenContext): Promise<DiskImage> {
  const original = await openReadFile(path);
  try {
    const structures = readStructures(original, () => undefined);
    const { file, metadata, header, replay } = structures;
    // Two blocks at one place are two disks in one, and a small file that would be copied without end.
    await walkBat(structures, structureSpace(structures), {
      problem(severity, message, offset) {
        if (severity === 'error') throw damaged(path, message, { offset });
      },
    });
    const parent = metadata.parent === null ? null : await openParent(path, metadata, context);
    const image = mappedSource({
      file,
      size: metadata.size,
      unit: metadata.sectorSize,
      sectorSize: metadata.sectorSize,
      facts: {
        format: 'vhdx',
        subformat: metadata.parent !== null ? 'differencing' : metadata.isFixed ? 'fixed' : 'dynamic',
        contentId: header.dataWriteGuid,
        files: [path],
        parent,
        details: {
          'Block size': formatBytes(metadata.blockSize),
          'Logical sector size': formatBytes(metadata.sectorSize),
          'Physical sector size': formatBytes(metadata.physicalSectorSize),
          'Disk identity': metadata.diskId,
          ...(replay === null ? {} : { Log: `${replay.entries} entries, replayed while reading` }),
        },
      },
      run: sectorLookup(structures),
    });
    if (replay === null) return image;
    return {
      ...image,
      // What the log changes lies in memory, and what it adds to the file is not there yet.
      fileRange(offset, length) {
        const range = image.fileRange!(offset, length);
        if (range?.fd !== file.fd) return range;
        // Places in a package are told from its start.
        const at = range.offset - original.start;
        const isThere = at + length <= original.size;
        return isThere && !replay.patches.touches(at, length) ? range : null;
      },
    };
  } catch (error) {
    await original.close();
    throw error;
  }
}

async function openParent(
  path: string,
  metadata: Metadata & { parent: ParentLocator | null },
  context: OpenContext | undefined,
): Promise<DiskImage> {
  const { paths, linkages } = metadata.parent!;
  if (context === undefined) {
    throw new IronliftError('IMAGE_HAS_BACKING', `${path} holds only the changes to another image.`, {
      next: 'Merge the two in Hyper-V (Edit Disk, or delete the checkpoint), then start again with the result.',
      data: { path, parents: paths },
    });
  }
  const parent = await context.openParent(path, paths, 'vhdx');
  try {
    const { contentId, files } = parent.facts;
    if (contentId === null || !linkages.includes(contentId)) {
      throw new IronliftError(
        'IMAGE_DAMAGED',
        `${path} holds the changes to another state of ${files[0] ?? 'its parent'} than the one that is there.`,
        {
          next: 'Find the parent as it was when the checkpoint was made; the two do not fit together any more.',
          data: { path, expected: linkages, found: contentId },
        },
      );
    }
    if (parent.sectorSize !== metadata.sectorSize)
      throw damaged(
        path,
        `its sectors have ${metadata.sectorSize} bytes and its parent's ${parent.sectorSize}`,
      );
    return parent;
  } catch (error) {
    await parent.close();
    throw error;
  }
}
