/** The options of a conversion as the command line has them where nothing is said. */
import type { ConvertOptions } from '../../migration-core/convert/options.ts';

export const convertOptions = (
  source: string,
  target: string,
  output = '/nowhere',
  how: Partial<ConvertOptions> = {},
): ConvertOptions => ({
  sources: [source],
  target,
  output,
  name: null,
  format: null,
  allocation: 'thin',
  bus: null,
  cpus: null,
  memoryMiB: null,
  nics: [],
  wholeDisk: false,
  fix: true,
  verify: true,
  force: false,
  root: null,
  drivers: [],
  allowMounted: false,
  acceptUncleanNtfs: false,
  zeroBadSectors: false,
  ...how,
});
