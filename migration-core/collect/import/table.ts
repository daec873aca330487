/** Every kind of file that can be imported, one line each. */
import type { Importer } from '../collector.ts';
import { dmidecode } from './inventory/dmidecode.ts';
import { hardwareTuples } from './inventory/hardware-tuples.ts';
import { linuxBundle } from './inventory/linux-bundle.ts';
import { lshw } from './inventory/lshw.ts';
import { lspci, lsusb } from './inventory/lspci.ts';
import { raidTools } from './inventory/raid-tools.ts';
import { sosreport } from './inventory/sosreport.ts';

export const importers: readonly Importer[] = [
  linuxBundle,
  sosreport,
  dmidecode,
  lshw,
  lspci,
  lsusb,
  hardwareTuples,
  raidTools,
];
