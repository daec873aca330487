/** Every kind of file that can be imported, one line each. Of those that are as sure, the first reads it. */
import type { Importer } from '../collector.ts';
import { ansible } from './inventory/ansible.ts';
import { dmidecode } from './inventory/dmidecode.ts';
import { facter } from './inventory/facter.ts';
import { hardwareTuples } from './inventory/hardware-tuples.ts';
import { inventorySheet } from './inventory/inventory-sheet.ts';
import { linuxBundle } from './inventory/linux-bundle.ts';
import { lshw } from './inventory/lshw.ts';
import { lspci, lsusb } from './inventory/lspci.ts';
import { migrationPlanner } from './inventory/migration-planner.ts';
import { ohai } from './inventory/ohai.ts';
import { raidTools } from './inventory/raid-tools.ts';
import { rvtools } from './inventory/rvtools.ts';
import { sosreport } from './inventory/sosreport.ts';
import { systeminformationJson } from './inventory/systeminformation-json.ts';
import { windowsBundle } from './inventory/windows-bundle.ts';
import { wmiDump } from './inventory/wmi-dump.ts';
import { collectl } from './performance/collectl.ts';
import { plainCsv } from './performance/csv/csv.ts';
import { pdhCsv } from './performance/pdh-csv.ts';
import { prometheusJson } from './performance/prometheus/json.ts';
import { prometheusText } from './performance/prometheus/text.ts';
import { binaryPerformanceLog, unixSar } from './performance/refused.ts';
import { iostatText } from './performance/sysstat/iostat-text.ts';
import { sadfCsv } from './performance/sysstat/sadf-csv.ts';
import { sadfJson } from './performance/sysstat/sadf-json.ts';
import { sarBinary } from './performance/sysstat/sar-binary.ts';
import { sarText } from './performance/sysstat/sar-text.ts';
import { toolJson } from './performance/sysstat/tool-json.ts';
import { azure } from './performance/trace/azure.ts';
import { bitbrains } from './performance/trace/bitbrains.ts';
import { planetlab } from './performance/trace/planetlab.ts';
import { vmstat } from './performance/vmstat.ts';

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
  pdhCsv,
  sadfJson,
  sarText,
  sadfCsv,
  sarBinary,
  binaryPerformanceLog,
  unixSar,
  iostatText,
  toolJson,
  vmstat,
  collectl,
  prometheusJson,
  prometheusText,
  bitbrains,
  azure,
  planetlab,
  linuxBundle,
  sosreport,
  dmidecode,
  lshw,
  lspci,
  lsusb,
  hardwareTuples,
  raidTools,
  plainCsv,
];
