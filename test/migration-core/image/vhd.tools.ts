import { vhd } from '../../../migration-core/image/vhd/format.ts';
import { imageFormatSuite } from './format-suite.ts';

imageFormatSuite(vhd, { qemu: 'vpc', check: false, rounding: 512, thick: true });
