/** Disks packed with gzip, xz or zstd, read as they are: see open.ts. */
import type { ImageFormat } from '../image.ts';
import { chooseSubformat } from '../subformat.ts';
import { isGzip, isXz, isZstd } from './magic.ts';

export const compressed: ImageFormat = {
  id: 'compressed',
  extension: '.gz',
  name: 'Compressed disk image (gzip, xz, zstd)',
  subformats: [],
  detect: (head) => isGzip(head) || isXz(head) || isZstd(head),
  open: async (path, context) => (await import('./open.ts')).openCompressed(path, context),
  async create(options) {
    chooseSubformat(compressed, options);
    throw new TypeError('compressed: has no subformats');
  },
};
