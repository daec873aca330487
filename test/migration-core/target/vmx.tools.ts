/**
 * libvirt's reader of .vmx files judges ours. It hides behind a connection that only wants to see VMware's programs, so
 * two scripts stand in for them. NVMe disks vanish in it; they are judged by the count of what is left.
 */
import { chmod, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { DiskBus, VirtualMachine } from '../../../migration-core/target/machine.ts';
import type { Target } from '../../../migration-core/target/target.ts';
import { vmwareEsxi } from '../../../migration-core/target/vmware-esxi.ts';
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
  { ...machine({ ...vmx, bus: 'ahci' }), memoryMiB: 1027, cpus: 3 },
  { ...machine({ ...vmx, bus: 'ahci' }), memoryMiB: 100 << 10, cpus: 32 },
];
const WORKSTATION_SHAPES: VirtualMachine[] = [
  ...SHAPES,
  ...(['nat', 'bridged', 'host-only'] as const).map((mode) => machine({ ...vmx, bus: 'ahci', mode })),
  machine({ ...vmx, bus: 'ahci', mode: 'bridged', network: 'VMnet2' }),
];
const ESXI_SHAPES: VirtualMachine[] = [
  ...SHAPES,
  machine({ ...vmx, bus: 'pvscsi', mode: 'bridged' }),
  machine({ ...vmx, bus: 'pvscsi', mode: 'bridged', network: 'DMZ (vlan 42)', vlan: 42, nics: 2 }),
  { ...machine({ ...vmx, bus: 'pvscsi' }), cpus: 200 },
  { ...machine({ ...vmx, bus: 'pvscsi' }), cpus: 768, memoryMiB: 24 << 20 },
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

const written = (subject: VirtualMachine, target: Target = vmwareWorkstation): string =>
  target.configure(subject)[0]!.content;

describe("libvirt's reader", () => {
  test.each([
    [vmwareWorkstation, WORKSTATION_SHAPES],
    [vmwareEsxi, ESXI_SHAPES],
  ])('takes all shapes of $id and reads back what was meant', async (target, shapes) => {
    const read = await reader();
    for (const subject of shapes) {
      expect(target.check(subject).filter(({ severity }) => severity === 'blocker')).toEqual([]);
      const answer = await read(adapted(written(subject, target)));
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

  test('finds the port groups of ESXi, quoted as they are', async () => {
    const read = await reader();
    const answer = await read(written(ESXI_SHAPES.at(-3)!, vmwareEsxi));
    expect(answer.stdout.match(/<source bridge='DMZ \(vlan 42\)'\/>/g)).toHaveLength(2);
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

describe('the import script for ESXi', () => {
  test('finds nothing to say for shellcheck, as a script for a plain POSIX shell', async () => {
    needTools('shellcheck');
    const folder = await scratchFolder();
    const script = (subject: VirtualMachine): string => vmwareEsxi.configure(subject)[1]!.content;
    const files: string[] = [];
    for (const [index, subject] of ESXI_SHAPES.entries()) {
      files.push(join(folder, `${index}.sh`));
      await writeFile(files[index]!, script(subject));
    }
    // A loop over the disks of a machine that has one, and names that look like commands and are literal.
    await run('shellcheck', ['--shell=sh', '--exclude=SC2043,SC2016', ...files]);
    const broken = script(ESXI_SHAPES[0]!).replace('fi', '');
    expect((await tryRun('shellcheck', ['--shell=sh', '-'], { input: broken })).status).not.toBe(0);
  });

  test('registers the machine once, makes its networks, and changes nothing that exists', async () => {
    needTools('unshare', 'mount', 'dash');
    const subject = machine({ ...vmx, bus: 'pvscsi', name: "it's `web`" });
    const folder = await scratchFolder();
    for (const { name, content } of vmwareEsxi.configure(subject))
      await writeFile(join(folder, name), content);
    for (const { file } of subject.disks) await writeFile(join(folder, file), '');
    // The host's programs, as far as the script asks them: they note what they are asked and remember what was made.
    const programs: Record<string, string> = {
      'vim-cmd': `case $1 in
        vmsvc/getallvms) cat "$STATE/registered" ;;
        solo/registervm) echo "7 x [datastore] \${2#/vmfs/volumes/datastore/} otherLinux vmx-13" > "$STATE/registered"; echo 7 ;;
        *) exit 1 ;;
      esac`,
      esxcli: `case $* in
        *"portgroup list"*) cat "$STATE/groups" ;;
        *"portgroup add"*) echo "ironlift-isolated  ironlift-isolated  0  0" > "$STATE/groups" ;;
        *"standard list"*) exit 1 ;;
      esac`,
      vmkfstools: 'exit 0',
    };
    for (const [name, body] of Object.entries(programs)) {
      await writeFile(
        join(folder, `bin-${name}`),
        `#!/bin/sh\necho "\${0##*/bin-} $*" >> "$STATE/log"\n${body}\n`,
      );
      await chmod(join(folder, `bin-${name}`), 0o755);
    }
    // A name space of its own for mounts, in which /vmfs is what the script expects.
    const inHost = (text: string): Promise<Ran> =>
      tryRun('unshare', [
        ...['--mount', 'sh', '-ec'],
        `mount -t tmpfs tmpfs /mnt; mkdir -p /mnt/bin /mnt/root/vmfs/volumes/datastore/web /mnt/state
        cp ${folder}/* /mnt/root/vmfs/volumes/datastore/web/; rm /mnt/root/vmfs/volumes/datastore/web/bin-*
        touch /mnt/state/log /mnt/state/groups /mnt/state/registered
        for p in vim-cmd esxcli vmkfstools; do cp ${folder}/bin-$p /mnt/bin/$p; done
        for d in bin lib lib64 usr dev; do mkdir -p /mnt/root/$d; mount --rbind /$d /mnt/root/$d; done
        mkdir /mnt/root/state /mnt/root/host; mount --bind /mnt/state /mnt/root/state; mount --bind /mnt/bin /mnt/root/host
        export STATE=/state PATH=/host:/usr/bin:/bin
        ${text}`,
      ]);
    const script = '/usr/sbin/chroot /mnt/root dash /vmfs/volumes/datastore/web/import-esxi.sh';
    const ran = await inHost(`${script} --thin; ${script} || echo refused; cat /mnt/state/log`);
    expect(ran.stderr).toBe(`web/it-s-web.vmx is registered already; nothing was changed.\n`);
    expect(ran.stdout).toContain('Registered as machine 7.');
    expect(ran.stdout).toContain('refused');
    const log = ran.stdout
      .split('\n')
      .filter((line) => /vim-cmd|vmkfstools|esxcli/.test(line) && !line.includes('Registered'));
    expect(log.filter((line) => line.includes('solo/registervm'))).toHaveLength(1);
    expect(log.filter((line) => line.includes('portgroup add'))).toHaveLength(1);
    expect(log.filter((line) => line.includes('vmkfstools'))).toHaveLength(4);
    const elsewhere = await inHost(
      'mkdir /mnt/root/home; cp /mnt/root/vmfs/volumes/datastore/web/* /mnt/root/home/; /usr/sbin/chroot /mnt/root dash /home/import-esxi.sh || true; cat /mnt/state/log',
    );
    expect(elsewhere.stderr).toContain('Copy this folder to a datastore');
    expect(elsewhere.stdout).toBe('');
  });
});
