/** README.txt of a finished conversion: what lies in the folder, how to bring it up, what was changed. */
import { formatBytes } from '../base/text.ts';
import type { Target } from '../target/target.ts';
import type { Manifest } from './manifest.ts';

export function readme(manifest: Manifest, target: Target): string {
  const { machine, disks, edits, findings } = manifest;
  const warnings = findings.filter(({ severity }) => severity === 'warning');
  const lines = [
    `${machine.name}: a virtual machine for ${target.name}`,
    '',
    `Made by Ironlift ${manifest.ironlift} on ${manifest.created}.`,
    `System: ${machine.os.name}. ${machine.cpus} CPUs, ${machine.memoryMiB} MiB of memory, ${machine.firmware.toUpperCase()} firmware.`,
    '',
    'Disks',
    ...disks.map(
      (disk) =>
        `  ${disk.file}: ${formatBytes(disk.virtualBytes)} (${formatBytes(disk.fileBytes)} in the file), from ${disk.source.path}; ` +
        (disk.verified ? `verified, SHA-256 of the file ${disk.sha256 ?? 'not taken'}` : 'not verified'),
    ),
    '',
    'Network cards',
    ...machine.nics.map(
      (nic) =>
        `  ${nic.guestName ?? 'new card'}: ${nic.model}, MAC ${nic.mac}, ${nic.mode}${nic.network === null ? '' : ` ${nic.network}`}`,
    ),
    '',
    'How to bring it up',
    target.importSteps(machine).trimEnd(),
    '',
    'The first start should happen on an isolated network: the physical server still has the same name and addresses.',
    'Try it on this machine first with: ironlift boot-test FOLDER',
    '',
    edits.length === 0
      ? 'Nothing in the guest was changed.'
      : `What was changed in the guest (${edits.length}), all of it undone by: ironlift undo FOLDER --apply`,
    ...edits.map((edit, index) => `  ${index + 1}. ${edit.what}\n     ${edit.why}`),
    ...(warnings.length === 0
      ? []
      : [
          '',
          'To look at',
          ...warnings.map(({ message, next }) => `  - ${message}${next === undefined ? '' : ` ${next}`}`),
        ]),
    '',
  ];
  return lines.join('\n');
}
