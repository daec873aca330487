/**
 * Files in a ZIP whose bytes depend on nothing but the files. Of fflate, not of zlib: builds of zlib compress differently
 * on different processors, fflate is JavaScript and does not.
 */
import { zipSync } from 'fflate';

/** ZIP keeps local time without a zone; noon of the first day that it can say is that day everywhere. */
const noTime = (): Date => new Date(1980, 0, 1, 12, 0, 0);

/** In the order of the map. */
export const archive = (files: ReadonlyMap<string, Uint8Array>): Uint8Array =>
  zipSync(Object.fromEntries(files), { mtime: noTime(), level: 6, os: 0 });
