import { raw } from '../../../migration-core/image/raw.ts';
import { imageFormatSuite } from './format-suite.ts';

imageFormatSuite(raw, { qemu: 'raw', check: false, rounding: 512, thick: true });
