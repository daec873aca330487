/** What an image can be written as. */
import type { Input, Output } from '../../../migration-core/contract/contract.ts';
import type { FileRef } from '../../../migration-core/contract/files.ts';

export type ImageFormat = Output<'image.formats'>['formats'][number];
export type ImageLayout = ImageFormat['layouts'][number];
type Wanted = Input<'image.convert'>;
export type Allocation = NonNullable<Wanted['allocation']>;
export type Compression = NonNullable<Wanted['compress']>;

export interface ImageChoice {
  format: string;
  layout: string | null;
  allocation: Allocation;
  compress: Compression | null;
  verify: boolean;
  zeroBadSectors: boolean;
}

export const layoutOf = (format: ImageFormat, choice: ImageChoice): ImageLayout | undefined =>
  format.layouts.find(({ id }) => id === choice.layout) ?? format.layouts[0];

/** Allocations of the layout that is chosen, or of all of them while none is. */
export function allocationsOf(format: ImageFormat, choice: ImageChoice): Allocation[] {
  const layouts =
    choice.layout === null ? format.layouts : format.layouts.filter(({ id }) => id === choice.layout);
  const found = new Set<Allocation>(layouts.flatMap(({ allocations }) => allocations));
  if (layouts.some(({ split }) => split)) found.add('split2g');
  return (['thin', 'thick', 'split2g'] as const).filter((one) => found.has(one));
}

export function compressionsOf(format: ImageFormat, choice: ImageChoice): Compression[] {
  const layouts =
    choice.layout === null ? format.layouts : format.layouts.filter(({ id }) => id === choice.layout);
  const found = new Set(layouts.flatMap(({ compressions }) => compressions));
  return (['zlib', 'zstd'] as const).filter((one) => found.has(one));
}

/** What the new format or layout does not have goes back to its default. */
export function settle(format: ImageFormat, choice: ImageChoice): ImageChoice {
  const layout = format.layouts.some(({ id }) => id === choice.layout) ? choice.layout : null;
  const next = { ...choice, format: format.id, layout };
  const allocations = allocationsOf(format, next);
  return {
    ...next,
    allocation: allocations.includes(choice.allocation) ? choice.allocation : (allocations[0] ?? 'thin'),
    compress:
      choice.compress !== null && compressionsOf(format, next).includes(choice.compress)
        ? choice.compress
        : null,
  };
}

/** `web01.img` as qcow2: `web01.qcow2`. */
export function suggestedName(name: string, format: ImageFormat): string {
  const ending = format.id === 'raw' ? 'img' : format.id;
  const base = name.replace(/\.[^.]{1,8}$/u, '');
  const suggested = `${base}.${ending}`;
  return suggested === name ? `${base}-copy.${ending}` : suggested;
}

export const requestOf = (image: FileRef, output: FileRef, choice: ImageChoice): Wanted => ({
  image: image.id,
  output: output.id,
  ...choice,
});
