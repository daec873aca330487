/** Every layout that can be written, straight from the table of formats: a new one joins the tests by itself. */
import type { Allocation, Compression, ImageFormat } from '../../../migration-core/image/image.ts';
import { imageFormats } from '../../../migration-core/image/table.ts';
import type { ImageConvertOptions } from '../../../migration-core/convert/image/convert-image.ts';
import { run } from '../../support/tools.ts';

/** As QEMU calls the formats it knows. */
const QEMU_NAMES: Record<string, string> = {
  raw: 'raw',
  qcow2: 'qcow2',
  vmdk: 'vmdk',
  vhd: 'vpc',
  vhdx: 'vhdx',
  vdi: 'vdi',
};

export interface WritableLayout {
  /** For the name of a test. */
  name: string;
  format: ImageFormat;
  subformat: string;
  allocation: Allocation;
  compression: Compression | null;
  packed: boolean;
  largest: number;
}

/** All of them: subformats by allocation and compression. */
export const writableLayouts: readonly WritableLayout[] = imageFormats.flatMap((format) =>
  format.subformats.flatMap((subformat) =>
    subformat.allocations.flatMap((allocation) =>
      [null, ...subformat.compressions]
        .filter((compression) => compression === null || allocation === 'thin')
        .map((compression) => ({
          name: [format.id, subformat.id, allocation, ...(compression === null ? [] : [compression])].join(
            ' ',
          ),
          format,
          subformat: subformat.id,
          allocation,
          compression,
          packed: compression !== null || subformat.packed === true,
          largest: subformat.largest,
        })),
    ),
  ),
);

/** One for each format and allocation: what a user gets who names no layout. */
export const defaultLayouts: readonly WritableLayout[] = writableLayouts.filter(
  (layout, index) =>
    layout.compression === null &&
    writableLayouts.findIndex(
      ({ format, allocation }) => format === layout.format && allocation === layout.allocation,
    ) === index,
);

export function jobFor(
  { format, subformat, allocation, compression }: WritableLayout,
  input: string,
  output: string,
): ImageConvertOptions {
  return {
    input,
    output,
    format: format.id,
    subformat,
    allocation,
    compress: compression,
    parents: 'folder',
    verify: true,
    quick: false,
    force: false,
    zeroBadSectors: false,
  };
}

/** Whether the image holds what the raw disk holds, by the word of qemu-img; false where it does not know the format. */
export async function judgedByQemu(format: ImageFormat, image: string, disk: string): Promise<boolean> {
  const name = QEMU_NAMES[format.id];
  if (name === undefined) return false;
  await run('qemu-img', ['compare', '-f', 'raw', '-F', name, disk, image]);
  return true;
}
