/** The ways of compressing that are read. */
import { gzip } from './gzip.ts';
import type { Packing } from './method.ts';
import { xz } from './xz.ts';
import { zstd } from './zstd.ts';

export const packings: readonly Packing[] = [gzip, xz, zstd];
