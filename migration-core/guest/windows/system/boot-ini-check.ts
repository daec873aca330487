/** Whether the default entry of boot.ini leads to the Windows that is converted, and by way of the BIOS. */
import type { Finding } from '../../../base/finding.ts';
import type { FixContext, FixPlan } from '../../fixer.ts';
import { arcPartition, defaultPath, findBootIni, pathsByBios, readArcPath, rootVolume } from './boot-ini.ts';

export async function checkBootIni(context: FixContext): Promise<FixPlan> {
  const { guest, files, volumes } = context;
  const windows = guest.windows!;
  const bootIni = await findBootIni(guest, files);
  if (bootIni === null) return { edits: [], findings: [missing()] };
  const root = rootVolume(context);
  const partition = root === undefined ? null : arcPartition(root, volumes);
  if (root === undefined || partition === null) return { edits: [], findings: [] };

  const text = pathsByBios(bootIni, windows, root.disk, partition);
  const edits: FixPlan['edits'] =
    text === null
      ? []
      : [
          {
            what: `Windows is started by way of the BIOS instead of the driver of the old disk controller (${bootIni.path}).`,
            why: 'Its entry makes the boot loader load a driver for a controller that the virtual machine does not have (ntbootdd.sys).',
            action: { kind: 'write', path: bootIni.path, content: Buffer.from(text, 'latin1') },
          },
        ];
  const named = defaultPath(text ?? bootIni.text);
  const path = named === null ? null : readArcPath(named);
  if (path === null) return { edits, findings: [notUnderstood(named)] };
  const isRoot =
    path.syntax === 'multi' &&
    path.disk === root.disk &&
    // With an unused entry before it in the partition table, sources differ on whether that one is counted.
    (path.partition === partition || path.partition === root.partition) &&
    path.folder.trim().toLowerCase() === windows.systemRoot.replaceAll('/', '\\').toLowerCase();
  const wanted = `multi(0)disk(0)rdisk(${root.disk})partition(${partition})${windows.systemRoot.replaceAll('/', '\\')}`;
  return { edits, findings: isRoot ? [] : [elsewhere(named!, wanted)] };
}

const missing = (): Finding => ({
  severity: 'warning',
  code: 'BOOT_INI_MISSING',
  message:
    'No boot.ini was found on the disks, so the boot loader starts what it finds in the first partition.',
  next: 'Check that all disks of the server were given, the one it starts from among them.',
});

const notUnderstood = (path: string | null): Finding => ({
  severity: 'warning',
  code: 'BOOT_INI_NOT_UNDERSTOOD',
  message:
    path === null
      ? 'The boot.ini of the server names no default Windows.'
      : `The default entry of boot.ini could not be understood: ${path}`,
  next: 'Check with a boot test which Windows starts.',
});

const elsewhere = (path: string, wanted: string): Finding => ({
  severity: 'warning',
  code: 'BOOT_INI_ELSEWHERE',
  message: `By default boot.ini starts ${path}, and the Windows that is being converted lies at ${wanted} as the disks were given.`,
  next: 'Give the disks in the order in which the BIOS of the server counts them; if they are, choose the right entry in the boot menu.',
});
