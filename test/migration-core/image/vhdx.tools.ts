import { vhdx } from '../../../migration-core/image/vhdx/format.ts';
import { imageFormatSuite } from './format-suite.ts';

imageFormatSuite(vhdx, { qemu: 'vhdx', check: true, rounding: 512, thick: true });
