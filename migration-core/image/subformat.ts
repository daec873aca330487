/** Finds the layout a caller asks a format for, or says in words what the format has instead. */
import { IronliftError } from '../base/errors.ts';
import { formatBytes } from '../base/text.ts';
import type { CreateImageOptions, ImageFormat, Subformat } from './image.ts';

type Asked = Pick<CreateImageOptions, 'allocation' | 'subformat' | 'compression' | 'size'>;

/** The subformat for these options. @throws NOT_SUPPORTED, IMAGE_TOO_LARGE */
export function chooseSubformat(
  format: Pick<ImageFormat, 'name' | 'subformats'>,
  { allocation, subformat, compression, size }: Asked,
): Subformat {
  const refuse = (message: string, next: string): IronliftError =>
    new IronliftError('NOT_SUPPORTED', message, { next, data: { allocation, subformat, compression } });
  const named = format.subformats.filter(({ id }) => subformat === undefined || id === subformat);
  if (named.length === 0) {
    const ids = format.subformats.map(({ id }) => id);
    throw ids.length === 0
      ? refuse(`${format.name} is only read here, not written.`, 'Choose another format for the result.')
      : refuse(`${format.name} has no layout "${subformat ?? ''}".`, `Choose one of ${ids.join(', ')}.`);
  }
  const allocated = named.filter(({ allocations }) => allocations.includes(allocation));
  if (allocated.length === 0) {
    throw refuse(
      `${format.name}${subformat === undefined ? '' : ` in the layout ${subformat}`} cannot be ${
        allocation === 'thick' ? 'fully allocated' : 'made to grow as needed'
      }.`,
      `Choose ${allocation === 'thick' ? 'thin' : 'thick'} allocation or another format.`,
    );
  }
  if (compression !== undefined && allocation === 'thick') {
    throw refuse(
      'A compressed image grows as needed and cannot be fully allocated.',
      'Choose thin allocation or leave the compression away.',
    );
  }
  const packable = allocated.filter(
    ({ compressions }) => compression === undefined || compressions.includes(compression),
  );
  // Where none is large enough, the limit that is named is that of the largest.
  const found =
    packable.find(({ largest }) => size <= largest) ?? packable.toSorted((a, b) => b.largest - a.largest)[0];
  if (found === undefined) {
    throw refuse(
      `${format.name}${subformat === undefined ? '' : ` in the layout ${subformat}`} cannot be compressed by ${compression ?? ''}.`,
      'Leave the compression away or choose another format.',
    );
  }
  if (size > found.largest) {
    throw new IronliftError(
      'IMAGE_TOO_LARGE',
      `A disk of ${formatBytes(size)} is too large for ${format.name}; the limit is ${formatBytes(found.largest)}.`,
      {
        next: 'Choose another format for this disk; nothing was written.',
        data: { size, largest: found.largest },
      },
    );
  }
  return found;
}
