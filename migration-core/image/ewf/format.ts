/** EWF (EnCase E01, SMART S01), the format of forensic images: only read. See layout.ts and reader.ts. */
import type { ImageFormat } from '../image.ts';
import { chooseSubformat } from '../subformat.ts';
import { MAGIC } from './layout.ts';

export const ewf: ImageFormat = {
  id: 'ewf',
  extension: '.E01',
  name: 'EnCase image (E01, S01)',
  subformats: [],
  detect: (head) => Buffer.from(head.subarray(0, MAGIC.length)).toString('latin1') === MAGIC,
  open: async (path) => (await import('./reader.ts')).openEwf(path),
  async create(options) {
    chooseSubformat(ewf, options);
    throw new TypeError('ewf: has no subformats');
  },
  check: async (path, options) => (await import('./check.ts')).checkEwf(path, options),
};
