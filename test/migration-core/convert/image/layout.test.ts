import { describe, expect, it } from 'vitest';
import {
  chooseLayout,
  roomFor,
  subformatFor,
  type LayoutOptions,
} from '../../../../migration-core/convert/image/layout.ts';
import { imageFormats } from '../../../../migration-core/image/table.ts';
import { writableLayouts } from '../../image/layouts.ts';

const GIB = 2 ** 30;
const options = (more: Partial<LayoutOptions>): LayoutOptions => ({
  output: 'disk.qcow2',
  format: null,
  subformat: null,
  allocation: null,
  compress: null,
  ...more,
});

describe('chooseLayout', () => {
  it('takes the format from the extension, whatever its case', () => {
    for (const format of imageFormats.filter(({ subformats }) => subformats.length > 0)) {
      const output = `/some/disk${format.extension.toUpperCase()}`;
      expect(chooseLayout(options({ output })).format).toBe(format);
    }
    for (const name of ['disk.img', 'disk.dd', 'a.b.raw'])
      expect(chooseLayout(options({ output: name })).format.id).toBe('raw');
    expect(chooseLayout(options({ output: 'disk.img', format: 'QCOW2' })).format.id).toBe('qcow2');
  });

  it.each(writableLayouts)('finds $name by its parts', ({ format, subformat, allocation, compression }) => {
    const chosen = chooseLayout(options({ format: format.id, subformat, allocation, compress: compression }));
    expect(chosen).toEqual({ format, allocation, subformat, compression: compression ?? undefined });
    expect(subformatFor(chosen, 512).id).toBe(subformat);
    // Alone the name says how it is allocated.
    const alone = chooseLayout(options({ format: format.id, subformat }));
    expect(subformatFor(alone, 512).id).toBe(subformat);
  });

  it.each([
    [{ output: 'disk' }, 'USAGE', 'does not say which format'],
    [{ output: 'disk.xyz' }, 'USAGE', 'No disk format goes by the extension .xyz.'],
    [{ format: 'vmkd' }, 'USAGE', 'There is no disk format "vmkd".'],
    [{ subformat: 'monolithic' }, 'NOT_SUPPORTED', 'has no layout "monolithic".'],
    [{ output: 'a.raw', compress: 'any' }, 'NOT_SUPPORTED', 'cannot be compressed.'],
    [{ output: 'a.raw', allocation: 'split2g' }, 'NOT_SUPPORTED', 'cannot be split into files of 2 GB.'],
  ] as const)('refuses %j in words', (more, code, message) => {
    const attempt = (): unknown => chooseLayout(options(more));
    expect(attempt).toThrow(message);
    expect(attempt).toThrow(expect.objectContaining({ code }) as Error);
  });

  it('refuses a compression that the format does not have, and a disk that is too large', () => {
    const packed = chooseLayout(options({ output: 'a.raw', compress: 'zstd' }));
    expect(() => subformatFor(packed, 512)).toThrow('cannot be compressed by zstd');
    const small = writableLayouts.find(({ largest }) => largest < 2 ** 44)!;
    const chosen = chooseLayout(options({ format: small.format.id, subformat: small.subformat }));
    expect(() => subformatFor(chosen, 2 ** 50)).toThrow(
      expect.objectContaining({ code: 'IMAGE_TOO_LARGE' }) as Error,
    );
  });
});

describe('roomFor', () => {
  const subformat = imageFormats.find(({ id }) => id === 'qcow2')!.subformats[0]!;
  const disk = { size: 100 * GIB, allocatedBytes: 3 * GIB };

  it('is a little more than the data, or than the disk where all is allocated', () => {
    const thin = roomFor(subformat, { allocation: 'thin', compression: undefined }, disk)!;
    expect(thin).toBeGreaterThan(3 * GIB);
    expect(thin).toBeLessThan(3.1 * GIB);
    const thick = roomFor(subformat, { allocation: 'thick', compression: undefined }, disk)!;
    expect(thick).toBeGreaterThan(100 * GIB);
    expect(thick).toBeLessThan(101 * GIB);
  });

  it('is not known where the data is packed', () => {
    expect(roomFor(subformat, { allocation: 'thin', compression: 'zlib' }, disk)).toBeNull();
    expect(
      roomFor({ ...subformat, packed: true }, { allocation: 'thin', compression: undefined }, disk),
    ).toBeNull();
  });
});
