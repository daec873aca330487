/**
 * libvirt's reader of .vmx files judges ours. It hides behind a connection that only wants to see VMware's programs, so
 * two scripts stand in for them. NVMe disks vanish in it; they are judged by the count of what is left.
 */
import { chmod, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { DiskBus, VirtualMachine } from '../../../migration-core/target/machine.ts';
import { vmwareWorkstation } from '../../../migration-core/target/vmware-workstation.ts';
import { needTools, run, scratchFolder, tryRun, type Ran } from '../../support/tools.ts';
import { AWKWARD_NAMES, machine } from './machines.ts';

const vmx = { format: 'vmdk', nic: 'vmxnet3' } as const;
const SHAPES: VirtualMachine[] = [
  ...AWKWARD_NAMES.map((name) => machine({ ...vmx, bus: 'pvscsi', name })),
  ...(['pvscsi', 'lsi-sas', 'lsi', 'ahci', 'nvme', 'ide'] as const).flatMap((bus) =>
    [1, 4, 8]
      .filter((disks) => bus !== 'ide' || disks <= 4)
      .flatMap((disks, nics) =>
        (['bios', 'uefi'] as const).map((firmware) => machine({ ...vmx, bus, disks, nics, firmware })),
      ),
  ),
  machine({ ...vmx, bus: 'pvscsi', disks: 40 }),
  machine({ ...vmx, bus: 'lsi-sas', disks: 40 }),
  ...(['vmxnet3', 'e1000e', 'e1000'] as const).map((nic) => machine({ ...vmx, nic, bus: 'ahci', nics: 4 })),
  ...(['nat', 'bridged', 'host-only'] as const).map((mode) => machine({ ...vmx, bus: 'ahci', mode })),
  machine({ ...vmx, bus: 'ahci', mode: 'bridged', network: 'VMnet2' }),
  { ...machine({ ...vmx, bus: 'ahci' }), memoryMiB: 1027, cpus: 3 },
  { ...machine({ ...vmx, bus: 'ahci' }), memoryMiB: 100 << 10, cpus: 32 },
];

/** What the reader makes of each bus. */
const READ_AS: Partial<Record<DiskBus, string>> = {
  pvscsi: 'vmpvscsi',
  'lsi-sas': 'lsisas1068',
  lsi: 'lsilogic',
};

async function reader(): Promise<(content: string) => Promise<Ran>> {
  needTools('virsh', 'xmllint');
  const folder = await scratchFolder();
  for (const [name, says] of [
    ['vmware', 'VMware Workstation 17.5.0 build-22583795'],
    ['vmrun', 'Total running VMs: 0'],
  ] as const) {
    await writeFile(join(folder, name), `#!/bin/sh\necho '${says}'\n`);
    await chmod(join(folder, name), 0o755);
  }
  const file = join(folder, 'machine.vmx');
  return async (content) => {
    await writeFile(file, content);
    return tryRun('virsh', ['-q', '-c', 'vmwarews:///session', 'domxml-from-native', 'vmware-vmx', file], {
      env: { PATH: `${folder}${delimiter}/usr/bin${delimiter}/bin`, LC_ALL: 'C.UTF-8' },
    });
  };
}

/**
 * For the judge only: it knows no host-only network, and wants a name for what Workstation names itself.
 */
const adapted = (content: string): string =>
  content
    .replace(/(ethernet\d+)\.connectionType = "hostonly"/g, '$1.connectionType = "nat"')
    .replace(/(ethernet\d+)\.connectionType = "(bridged|custom)"/g, '$&\n$1.networkName = "judge"');

const written = (subject: VirtualMachine): string => vmwareWorkstation.configure(subject)[0]!.content;

describe("libvirt's reader", () => {
  test(`takes all ${SHAPES.length} shapes and reads back what was meant`, async () => {
    const read = await reader();
    for (const subject of SHAPES) {
      expect(vmwareWorkstation.check(subject).filter(({ severity }) => severity === 'blocker')).toEqual([]);
      const answer = await read(adapted(written(subject)));
      expect(answer.stderr).toBe('');
      const bus = subject.disks[0]!.bus;
      const visible = bus === 'nvme' ? [] : subject.disks;
      const model = READ_AS[bus];
      // It counts up to 64 disks on one SCSI controller, and so shows those of the second on the first.
      const meant: [xpath: string, value: string][] = [
        ['/domain/name', subject.name],
        ['/domain/uuid', subject.uuid],
        ['/domain/vcpu', String(subject.cpus)],
        ['/domain/memory', String(Math.ceil(subject.memoryMiB / 4) * 4096)],
        ['/domain/os/@firmware', subject.firmware === 'uefi' ? 'efi' : ''],
        ["count(//disk[@device='disk'])", String(visible.length)],
        ...visible.map(({ file }): [string, string] => [`count(//disk/source[@file='${file}'])`, '1']),
        ...(model === undefined
          ? []
          : ([[`count(//controller[@type='scsi'][@model='${model}'])`, '1']] satisfies [string, string][])),
        ['count(//interface)', String(subject.nics.length)],
        ...subject.nics.map((nic): [string, string] => [
          `//interface[mac/@address='${nic.mac}']/model/@type`,
          nic.model,
        ]),
      ];
      const all = `concat(${meant.map(([xpath]) => `string(${xpath})`).join(", '\n', ")}, '')`;
      const found = await run('xmllint', ['--xpath', all, '-'], { input: answer.stdout });
      expect(found.replace(/\n$/, '').split('\n')).toEqual(meant.map(([, value]) => value));
    }
  });

  test('refuses broken files', async () => {
    const read = await reader();
    const good = adapted(written(machine({ ...vmx, bus: 'pvscsi' })));
    expect((await read(good)).status).toBe(0);
    for (const [from, to] of [
      ['virtualHW.version', 'virtualHW.fashion'],
      ['memsize = "2048"', 'memsize = "2049"'],
      ['virtualDev = "pvscsi"', 'virtualDev = "pvskuzzy"'],
      ['virtualDev = "vmxnet3"', 'virtualDev = "vmxnet33"'],
      ['displayName = "web01"', 'displayName = "web01'],
      ['scsi0:0.fileName', 'scsi0:0.fileGame'],
    ] as const) {
      const broken = good.replace(from, to);
      expect(broken).not.toBe(good);
      expect((await read(broken)).status, to).not.toBe(0);
    }
  });
});
