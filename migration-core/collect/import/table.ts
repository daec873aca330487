/** Every kind of file that can be imported, one line each. */
import type { Importer } from '../collector.ts';
import { ansible } from './inventory/ansible.ts';
import { facter } from './inventory/facter.ts';
import { inventorySheet } from './inventory/inventory-sheet.ts';
import { migrationPlanner } from './inventory/migration-planner.ts';
import { ohai } from './inventory/ohai.ts';
import { rvtools } from './inventory/rvtools.ts';
import { systeminformationJson } from './inventory/systeminformation-json.ts';
import { windowsBundle } from './inventory/windows-bundle.ts';
import { wmiDump } from './inventory/wmi-dump.ts';

export const importers: readonly Importer[] = [
  windowsBundle,
  rvtools,
  wmiDump,
  ansible,
  facter,
  ohai,
  systeminformationJson,
  migrationPlanner,
  inventorySheet,
];
