import { describe, expect, test } from 'vitest';
import type { FixPlan } from '../../../../../migration-core/guest/fixer.ts';
import type { Kernel } from '../../../../../migration-core/guest/guest.ts';
import { initramfsConfig } from '../../../../../migration-core/guest/linux/initramfs/permanent.ts';
import { StagedGuest } from '../../../../../migration-core/guest/stage.ts';
import type { DiskBus } from '../../../../../migration-core/target/machine.ts';
import { VERSION, contextOf, guestWith, type GuestOptions } from './images.ts';

type Tool = Kernel['initramfsTool'];

interface Configured {
  plan: FixPlan;
  /** A file afterwards. */
  text: (path: string) => Promise<string | null>;
  /** Planning once more on the result. */
  again: () => Promise<FixPlan>;
}

async function configure(
  tool: Tool,
  more: GuestOptions['more'] = {},
  bus: DiskBus = 'virtio-scsi',
  kernels: (kernel: Kernel) => Kernel[] = (kernel) => [kernel],
): Promise<Configured> {
  const module = 'kernel/drivers/scsi/virtio_scsi.ko';
  const place = `/usr/lib/modules/${VERSION}`;
  const guest = guestWith({
    more: {
      ...more,
      [`${place}/modules.dep`]: `${module}.xz:\nkernel/virtio_pci.ko:\nkernel/sd_mod.ko:\nkernel/ata/ahci.ko:\n`,
    },
  });
  const all = kernels({ ...guest.kernel, initramfsTool: tool });
  const staged = new StagedGuest(guest.files);
  const context = contextOf(guest.files, all, bus);
  const plan = await initramfsConfig.plan(context);
  for (const { action } of plan.edits) await staged.stage(action);
  return {
    plan,
    text: (path) => staged.readText(path),
    again: () => initramfsConfig.plan({ ...context, files: staged }),
  };
}
const NAMES = 'virtio_pci virtio_scsi sd_mod';

describe('drivers for the next rebuild', () => {
  test('initramfs-tools: lines in its list of modules, what is there is kept', async () => {
    const path = '/etc/initramfs-tools/modules';
    const { text, again } = await configure('initramfs-tools', { [path]: '# list\nahci\nsd-mod option=1' });
    expect(await text(path)).toBe(
      '# list\nahci\nsd-mod option=1\n# Disk controllers of the virtual machine\nvirtio_pci\nvirtio_scsi\n',
    );
    expect((await again()).edits).toEqual([]);
    const { text: created } = await configure('initramfs-tools');
    expect(await created(path)).toContain('virtio_scsi\n');
  });

  test('dracut: a file of its own', async () => {
    const path = '/etc/dracut.conf.d/90-ironlift.conf';
    const { text, again } = await configure('dracut');
    expect(await text(path)).toContain(`add_drivers+=" ${NAMES} "\n`);
    expect((await again()).edits).toEqual([]);
  });

  test.each([
    ['MODULES=()', `MODULES=(${NAMES})`],
    ['MODULES=(ext4 virtio-pci?)', 'MODULES=(ext4 virtio-pci? virtio_scsi sd_mod)'],
    ['MODULES="ext4"', `MODULES="ext4 ${NAMES}"`],
    ['MODULES=(\n  ext4 # root\n)', `MODULES=(\n  ext4 # root\n${NAMES})`],
    ['MODULES=(ext4 # root)\n)', `MODULES=(ext4 # root)\n)`],
    ['# MODULES=(a)', `# MODULES=(a)\nHOOKS=(base)\nMODULES=(${NAMES})`],
  ])('mkinitcpio: %j', async (before, after) => {
    const { text, again } = await configure('mkinitcpio', {
      '/etc/mkinitcpio.conf': `${before}\nHOOKS=(base)\n`,
    });
    const result = await text('/etc/mkinitcpio.conf');
    if (before.includes('# root)')) {
      // A bracket within a comment ends the array for us as little as for a shell: a second line is clearer.
      expect(result).toContain(NAMES);
      return;
    }
    expect(result).toBe(after.includes('HOOKS') ? `${after}\n` : `${after}\nHOOKS=(base)\n`);
    expect((await again()).edits).toEqual([]);
  });

  test('mkinitfs: a feature with patterns, added to the list', async () => {
    const { text, again } = await configure('mkinitfs', {
      '/etc/mkinitfs/mkinitfs.conf': 'features="ata base ext4"\n',
      '/etc/mkinitfs/features.d': { dir: true },
    });
    expect(await text('/etc/mkinitfs/mkinitfs.conf')).toBe('features="ata base ext4 ironlift"\n');
    expect(await text('/etc/mkinitfs/features.d/ironlift.modules')).toContain(
      'kernel/drivers/scsi/virtio_scsi.ko*\n',
    );
    expect((await again()).edits).toEqual([]);
  });

  test('the mkinitrd of SUSE 11 and Red Hat 5', async () => {
    const { text, again } = await configure('unknown', {
      '/etc/sysconfig/kernel': 'A=1\nINITRD_MODULES="ahci sd_mod"\n',
      '/etc/modprobe.conf': 'alias eth0 e1000\nalias scsi_hostadapter ahci\nalias scsi_hostadapter1 mptsas',
    });
    expect(await text('/etc/sysconfig/kernel')).toBe(
      'A=1\nINITRD_MODULES="ahci sd_mod virtio_pci virtio_scsi"\n',
    );
    expect(await text('/etc/modprobe.conf')).toBe(
      'alias eth0 e1000\nalias scsi_hostadapter ahci\nalias scsi_hostadapter1 mptsas\n' +
        'alias scsi_hostadapter2 virtio_pci\nalias scsi_hostadapter3 virtio_scsi\n',
    );
    expect((await again()).edits).toEqual([]);
  });

  test('drivers that one of the kernels does not have as a file are not named', async () => {
    const older = '/usr/lib/modules/5.10.0';
    const { text } = await configure(
      'dracut',
      { [`${older}/modules.dep`]: 'kernel/virtio_pci.ko:\nkernel/sd_mod.ko:\n' },
      'virtio-scsi',
      (kernel) => [kernel, { ...kernel, version: '5.10.0', modulesDirectory: older }],
    );
    expect(await text('/etc/dracut.conf.d/90-ironlift.conf')).toContain('" virtio_pci sd_mod "');
    const { plan } = await configure('dracut', {}, 'nvme');
    expect(plan.edits).toEqual([]);
  });
});
