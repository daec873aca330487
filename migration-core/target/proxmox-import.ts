/** The script that a person runs on a Proxmox VE host to import the result folder. */
import type { VirtualMachine } from './machine.ts';
import { shellQuoted } from './shell.ts';

export const PROXMOX_SCRIPT = 'import-proxmox.sh';

export interface ProxmoxOptions {
  /** Options of `qm create`, and keys of the configuration file. */
  machine: [key: string, value: string][];
  disks: { key: string; file: string; settings: string }[];
  /** Whether the firmware needs a disk for its variables. */
  efiDisk: boolean;
  boot: string;
}

export function importProxmoxScript(
  machine: VirtualMachine,
  { machine: options, disks, efiDisk, boot }: ProxmoxOptions,
): string {
  const files = disks.map(({ file }) => shellQuoted(file)).join(' ');
  return [
    '#!/bin/bash',
    '# Creates the virtual machine and imports the disks that lie beside this script.',
    '# Usage: import-proxmox.sh [STORAGE] [VMID]',
    'set -euo pipefail',
    'cd "$(dirname "${BASH_SOURCE[0]}")"',
    'folder=$PWD',
    '# In a list of settings a comma would end the path.',
    'case $folder in',
    '  *,*) echo "The path of this folder has a comma in it; rename it." >&2; exit 1 ;;',
    'esac',
    'storage=${1:-local-lvm}',
    'vmid=${2:-$(pvesh get /cluster/nextid)}',
    'case $vmid in',
    '  *[!0-9]* | "") echo "The number of a machine is made of digits: $vmid" >&2; exit 2 ;;',
    'esac',
    `for file in ${files}; do`,
    '  [ -f "$file" ] || { echo "The disk $file is missing." >&2; exit 1; }',
    'done',
    'if qm status "$vmid" >/dev/null 2>&1 || pct status "$vmid" >/dev/null 2>&1; then',
    '  echo "There is a machine with the number $vmid; nothing was changed. Name another number." >&2',
    '  exit 1',
    'fi',
    `if grep -q -s ${shellQuoted(`uuid=${machine.uuid}`)} /etc/pve/nodes/*/qemu-server/*.conf; then`,
    '  echo "This machine was imported before; nothing was changed." >&2',
    '  exit 1',
    'fi',
    '',
    'qm create "$vmid" \\',
    options.map(([key, value]) => `  --${key} ${shellQuoted(value)}`).join(' \\\n'),
    '# From here on a step that fails takes back what was made.',
    'trap \'echo "The import failed; machine $vmid is removed again." >&2; qm destroy "$vmid" --purge\' ERR',
    ...(efiDisk ? ['qm set "$vmid" --efidisk0 "$storage:0,efitype=4m,pre-enrolled-keys=0"'] : []),
    ...disks.map(
      ({ key, file, settings }) =>
        `qm set "$vmid" --${key} "$storage:0,import-from=$folder/"${shellQuoted(file)}${shellQuoted(`,${settings}`)}`,
    ),
    ...(boot === '' ? [] : [`qm set "$vmid" --boot ${shellQuoted(boot)}`]),
    'trap - ERR',
    'echo "Machine $vmid is ready. Start it with: qm start $vmid"',
    '',
  ].join('\n');
}
