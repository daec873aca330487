import type { Command } from '../commands.ts';
import { table } from '../terminal.ts';
import { formatBytes } from '../../base/text.ts';

export const disks: Command = {
  help: `Usage: ironlift disks [--json]

Lists the physical disks of this machine: size, model, serial number, sector sizes, and whether they are in use.`,
  options: {},
  async run({ values }, world) {
    const { listLocalDisks } = await import('../../source/local-disks.ts');
    const found = await listLocalDisks();
    if (values['json'] === true) {
      world.out(`${JSON.stringify({ disks: found }, null, 2)}\n`);
      return 0;
    }
    if (found.length === 0) {
      world.out('No physical disks were found on this machine.\n');
      return 0;
    }
    const rows = found.map((disk) => [
      disk.path,
      formatBytes(disk.size),
      disk.model || '—',
      disk.serial || '—',
      `${disk.sectorSize}/${disk.physicalSectorSize}`,
      disk.inUse ? 'in use' : 'free',
    ]);
    world.out(table(['Disk', 'Size', 'Model', 'Serial number', 'Sectors', 'State'], rows));
    return 0;
  },
};
