/** EWF (EnCase E01, SMART S01), the format of forensic images: only read. See layout.ts and reader.ts. */
import type { ImageFormat } from '../image.ts';
import { chooseSubformat } from '../subformat.ts';
import { checkEwf } from './check.ts';
import { MAGIC } from './layout.ts';
import { openEwf } from './reader.ts';

export const ewf: ImageFormat = {
  id: 'ewf',
  extension: '.E01',
  name: 'EnCase image (E01, S01)',
  subformats: [],
  detect: (head) => Buffer.from(head.subarray(0, MAGIC.length)).toString('latin1') === MAGIC,
  open: openEwf,
  async create(options) {
    chooseSubformat(ewf, options);
    throw new TypeError('ewf: has no subformats');
  },
  check: checkEwf,
};
