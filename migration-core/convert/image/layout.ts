/** Which format and layout an image is written in: decided from the options alone, all that is wrong with them at once. */
import { extname } from 'node:path';
import { IronliftError } from '../../base/errors.ts';
import type { Allocation, Compression, ImageFormat, Subformat } from '../../image/image.ts';
import { chooseSubformat } from '../../image/subformat.ts';
import { formatById, imageFormats } from '../../image/table.ts';

export interface LayoutOptions {
  /** Path of the result; its extension names the format where `format` does not. */
  output: string;
  /** ImageFormat.id. */
  format: string | null;
  /** Subformat.id. */
  subformat: string | null;
  /** `split2g`: in files of at most 2 GB. Null is thin where the layout can be. */
  allocation: Allocation | 'split2g' | null;
  /** `any`: by whatever the format has. */
  compress: Compression | 'any' | null;
}

export interface Layout {
  format: ImageFormat;
  allocation: Allocation;
  /** As ImageFormat.create takes it. */
  subformat: string | undefined;
  compression: Compression | undefined;
}

/** Raw disks go by many names. */
const RAW_EXTENSIONS: readonly string[] = ['.img', '.dd', '.bin', '.ima', '.flat'];

/** @throws USAGE for an unknown format, NOT_SUPPORTED for a layout that the format does not have */
export function chooseLayout(options: LayoutOptions): Layout {
  const format = chooseFormat(options);
  const { subformat, compress } = options;
  if (format.subformats.length === 0 || !format.subformats.some(({ id }) => (subformat ?? id) === id)) {
    chooseSubformat(format, { allocation: 'thin', subformat: subformat ?? undefined, size: 0 });
  }
  const named = format.subformats.filter(({ id }) => subformat === null || id === subformat);
  const split = options.allocation === 'split2g' ? named.filter((one) => one.split === true) : named;
  if (split.length === 0) throw noSplit(format, subformat);
  const allocation =
    options.allocation === 'thin' || options.allocation === 'thick'
      ? options.allocation
      : (split.find(({ allocations }) => allocations.includes('thin')) ?? split[0]!).allocations[0]!;
  const compression =
    compress === 'any'
      ? split.flatMap(({ allocations, compressions }) =>
          allocations.includes(allocation) ? compressions : [],
        )[0]
      : (compress ?? undefined);
  if (compress === 'any' && compression === undefined) throw noCompression(format, allocation);
  return {
    format,
    allocation,
    compression,
    subformat: subformat ?? (options.allocation === 'split2g' ? splitId(split, compression) : undefined),
  };
}

/** What the layout comes to for a disk of `size` bytes. @throws NOT_SUPPORTED, IMAGE_TOO_LARGE */
export function subformatFor(layout: Layout, size: number): Subformat {
  return chooseSubformat(layout.format, { ...layout, size });
}

function splitId(split: readonly Subformat[], compression: Compression | undefined): string {
  const fits = split.find(({ compressions }) =>
    compression === undefined ? true : compressions.includes(compression),
  );
  return (fits ?? split[0]!).id;
}

function chooseFormat({ output, format }: LayoutOptions): ImageFormat {
  const writable = imageFormats.filter(({ subformats }) => subformats.length > 0);
  const ids = writable.map(({ id }) => id).join(', ');
  if (format !== null) {
    const found = formatById(format.toLowerCase());
    if (found !== null) return found;
    throw new IronliftError('USAGE', `There is no disk format "${format}".`, {
      next: `Choose one of ${ids} with --format.`,
    });
  }
  const extension = extname(output).toLowerCase();
  if (RAW_EXTENSIONS.includes(extension)) return formatById('raw')!;
  const found =
    writable.find((one) => one.extension === extension) ??
    imageFormats.find((one) => one.extension === extension);
  if (found !== undefined) return found;
  throw new IronliftError(
    'USAGE',
    extension === ''
      ? `The name ${output} does not say which format the image is to have.`
      : `No disk format goes by the extension ${extension}.`,
    { next: `Name the format with --format: ${ids}.` },
  );
}

function noSplit(format: ImageFormat, subformat: string | null): IronliftError {
  const ids = format.subformats.filter(({ split }) => split === true).map(({ id }) => id);
  const other = imageFormats
    .filter(({ subformats }) => subformats.some(({ split }) => split === true))
    .map(({ id }) => id);
  const next =
    ids.length > 0
      ? `Choose one of its layouts ${ids.join(', ')} instead of ${subformat ?? ''}.`
      : other.length > 0
        ? `Choose one of the formats ${other.join(', ')}, or leave --allocation split2g away.`
        : 'Leave --allocation split2g away.';
  return new IronliftError(
    'NOT_SUPPORTED',
    `${format.name}${subformat === null ? '' : ` in the layout ${subformat}`} cannot be split into files of 2 GB.`,
    { next, data: { format: format.id, subformat } },
  );
}

function noCompression(format: ImageFormat, allocation: Allocation): IronliftError {
  return new IronliftError(
    'NOT_SUPPORTED',
    `${format.name} cannot be compressed${allocation === 'thick' ? ' when all of it is allocated' : ''}.`,
    { next: 'Leave --compress away or choose another format.', data: { format: format.id } },
  );
}

/**
 * Bytes of the destination that the image takes at most, from what the source has allocated. Null where that depends on
 * how well the data packs.
 */
export function roomFor(
  subformat: Subformat,
  { allocation, compression }: Pick<Layout, 'allocation' | 'compression'>,
  disk: { size: number; allocatedBytes: number },
): number | null {
  if (compression !== undefined || subformat.packed === true) return null;
  const data = allocation === 'thick' ? disk.size : disk.allocatedBytes;
  // Tables: at most 1/500 of the data, and a little for each part of the disk whether it is used or not.
  return data + Math.ceil(data / 500) + Math.min(Math.ceil(disk.size / 4096), 64 << 20);
}
