/** Every kind of file that can be imported, one line each. */
import type { Importer } from '../collector.ts';
import { rvtools } from './inventory/rvtools.ts';
import { windowsBundle } from './inventory/windows-bundle.ts';
import { wmiDump } from './inventory/wmi-dump.ts';

export const importers: readonly Importer[] = [windowsBundle, rvtools, wmiDump];
