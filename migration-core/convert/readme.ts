/** README.txt of a finished conversion: what lies in the folder, how to bring it up, what was changed. */
import { formatBytes } from '../base/text.ts';
import type { Target } from '../target/target.ts';
import type { Manifest, ManifestDisk } from './manifest.ts';

/** The widest first column of the table of hardware: `Network card 10`. */
const WHAT_WIDTH = 15;

/** Names and models come from disks and guests. */
const oneLine = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/gu, '?');

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
    ...disks.flatMap(diskLines),
    '',
    ...(manifest.package === undefined
      ? []
      : [`All of them are in ${manifest.package.file} (${formatBytes(manifest.package.bytes)}).`, '']),
    'Hardware of the server and of the machine',
    ...(manifest.hardware ?? []).flatMap(({ what, source, virtual }) => [
      `  ${what.padEnd(WHAT_WIDTH)} ${oneLine(source)}`,
      `  ${' '.repeat(WHAT_WIDTH - 2)}-> ${oneLine(virtual)}`,
    ]),
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

/** Where a disk is in several files, each has a line of its own. */
function diskLines(disk: ManifestDisk): string[] {
  const { file, fileBytes, extents = [], virtualBytes, source, verified } = disk;
  const digest = (sha256: string | null): string =>
    verified ? `verified, SHA-256 of the file ${sha256 ?? 'not taken'}` : 'not verified';
  return [
    `  ${file}: ${formatBytes(virtualBytes)} (${formatBytes(fileBytes)} in the file), from ${source.path}; ${digest(disk.sha256)}`,
    ...extents.map(
      (extent) => `    ${extent.file}: ${formatBytes(extent.fileBytes)}; ${digest(extent.sha256)}`,
    ),
  ];
}
