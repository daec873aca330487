import { IronliftError } from '../base/errors.ts';

/** Throws READ_PAST_END unless [offset, offset+length) lies within a source of `size` bytes. */
export function checkRange(offset: number, length: number, size: number): void {
  if (!Number.isSafeInteger(offset) || offset < 0 || offset + length > size) {
    throw new IronliftError(
      'READ_PAST_END',
      `A read of ${length} bytes at ${offset} leaves the disk of ${size} bytes.`,
      {
        next: 'The disk image may be truncated or its structures damaged; make the copy of the source again.',
        data: { offset, length, size },
      },
    );
  }
}
