/** GRUB's device.map: which BIOS disk is which device. grub-install in the virtual machine goes by it. */
import type { VirtualMachine } from '../../target/machine.ts';
import type { Fixer } from '../fixer.ts';
import { editPlan, readTextFile } from './edit-plan.ts';

export const deviceMap: Fixer = {
  id: 'device-map',
  title: 'Disks in device.map of GRUB',
  applies: () => true,
  async plan(context) {
    const plan = editPlan(context.files);
    for (const path of ['/boot/grub/device.map', '/boot/grub2/device.map']) {
      const file = await readTextFile(context.files, path);
      if (file === null) continue;
      await plan.rewrite(file, rewriteDeviceMap(file.text, context.machine), {
        what: `The list of disks in ${file.path} is changed to the disks of the virtual machine.`,
        why: 'GRUB looks the disks up in this list when it is installed again, for example by an update.',
      });
    }
    return plan.finished();
  },
};

/** `(hd0)  /dev/sda`: hard disks in the order the firmware of the machine has them, what it has not left out; all other lines as they are. */
export function rewriteDeviceMap(text: string, machine: VirtualMachine): string {
  const lines: string[] = [];
  for (const line of text.split('\n')) {
    const entry = /^(\s*\(hd(\d{1,3})\)\s+)\S+(\s*)$/.exec(line);
    if (entry === null) {
      lines.push(line);
      continue;
    }
    const [, head = '', number = '', tail = ''] = entry;
    const name = diskName(machine, Number(number));
    if (name !== null) lines.push(head + name + tail);
  }
  return lines.join('\n');
}

/** `/dev/vda`, `/dev/nvme0n1`: what Linux calls a disk of the virtual machine. Null where it has no such disk. */
export function diskName(machine: VirtualMachine, index: number): string | null {
  const disk = machine.disks[index];
  if (disk === undefined) return null;
  const family = familyOf(disk.bus);
  const place = machine.disks.slice(0, index).filter(({ bus }) => familyOf(bus) === family).length;
  return family === 'nvme' ? `/dev/nvme${place}n1` : `/dev/${family}${letters(place)}`;
}

const familyOf = (bus: VirtualMachine['disks'][number]['bus']): 'vd' | 'nvme' | 'sd' =>
  bus === 'virtio-blk' ? 'vd' : bus === 'nvme' ? 'nvme' : 'sd';

/** 0 is a, 25 z, 26 aa. */
function letters(place: number): string {
  const last = String.fromCharCode(97 + (place % 26));
  return place < 26 ? last : letters(Math.floor(place / 26) - 1) + last;
}
