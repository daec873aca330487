import { vdi } from '../../../migration-core/image/vdi/format.ts';
import { imageFormatSuite } from './format-suite.ts';

imageFormatSuite(vdi, { qemu: 'vdi', check: true, rounding: 512, thick: true });
