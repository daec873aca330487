/** Whole machines of other platforms, inspected and converted by the command line; judged by virsh, QEMU and e2fsck. */
import { chmod, mkdir, rename, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll } from 'vitest';
import { smallServer } from '../../../support/small-server.ts';
import { run, scratchFolder } from '../../../support/tools.ts';
import { ironlift } from '../../../support/world.ts';

const MAC = '00:50:56:aa:bb:0c';
const shared = { folder: mkdtempSync(join(tmpdir(), 'ironlift-test-')), disk: '' };
beforeAll(async () => {
  shared.disk = await smallServer(join(shared.folder, 'disk.raw'));
});
afterAll(() => rmSync(shared.folder, { recursive: true, force: true }));

/** A folder with the disks of the machine: the system as VMDK, and an empty one for data. */
async function vmwareDisks(names: readonly string[], subformat = 'monolithicSparse'): Promise<string> {
  const folder = await scratchFolder();
  const settings = ['-O', 'vmdk', '-o', `subformat=${subformat}`];
  await run('qemu-img', ['convert', '-f', 'raw', ...settings, shared.disk, join(folder, names[0]!)]);
  await writeFile(join(folder, 'data.raw'), '');
  await truncate(join(folder, 'data.raw'), 64 << 20);
  if (names[1] !== undefined)
    await run('qemu-img', [
      'convert',
      '-f',
      'raw',
      ...settings,
      join(folder, 'data.raw'),
      join(folder, names[1]),
    ]);
  return folder;
}

const VMX = `.encoding = "UTF-8"
config.version = "8"
virtualHW.version = "14"
displayName = "web 01"
memsize = "3072"
numvcpus = "4"
guestOS = "debian10-64"
scsi0.present = "TRUE"
scsi0.virtualDev = "pvscsi"
scsi0:0.present = "TRUE"
scsi0:0.fileName = "system.vmdk"
scsi0:1.present = "TRUE"
scsi0:1.fileName = "data.vmdk"
ethernet0.present = "TRUE"
ethernet0.virtualDev = "vmxnet3"
ethernet0.connectionType = "nat"
ethernet0.addressType = "static"
ethernet0.address = "${MAC}"
`;

const OVF = (system: string, compression = '') => `<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1" xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData">
  <References><File ovf:href="data.vmdk" ovf:id="f2"/><File ovf:href="${system}" ovf:id="f1" ${compression}/></References>
  <DiskSection><Disk ovf:diskId="d1" ovf:fileRef="f1" ovf:capacity="1"/><Disk ovf:diskId="d2" ovf:fileRef="f2" ovf:capacity="1"/></DiskSection>
  <VirtualSystem ovf:id="web 01"><Name>web 01</Name><VirtualHardwareSection>
    <Item><rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>4</rasd:VirtualQuantity></Item>
    <Item><rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits><rasd:InstanceID>2</rasd:InstanceID><rasd:ResourceType>4</rasd:ResourceType><rasd:VirtualQuantity>3072</rasd:VirtualQuantity></Item>
    <Item><rasd:InstanceID>3</rasd:InstanceID><rasd:ResourceSubType>VirtualSCSI</rasd:ResourceSubType><rasd:ResourceType>6</rasd:ResourceType></Item>
    <Item><rasd:HostResource>ovf:/disk/d1</rasd:HostResource><rasd:InstanceID>4</rasd:InstanceID><rasd:Parent>3</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>
    <Item><rasd:HostResource>ovf:/disk/d2</rasd:HostResource><rasd:InstanceID>5</rasd:InstanceID><rasd:Parent>3</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>
    <Item><rasd:Address>${MAC}</rasd:Address><rasd:Connection>LAN</rasd:Connection><rasd:InstanceID>6</rasd:InstanceID><rasd:ResourceSubType>VmxNet3</rasd:ResourceSubType><rasd:ResourceType>10</rasd:ResourceType></Item>
  </VirtualHardwareSection></VirtualSystem>
</Envelope>`;

async function packaged(folder: string, files: readonly string[]): Promise<string> {
  const sums = await Promise.all(
    files.map(async (name) => (await run('sha256sum', [join(folder, name)])).slice(0, 64)),
  );
  await writeFile(
    join(folder, 'web01.mf'),
    files.map((name, index) => `SHA256(${name})= ${sums[index]!}\n`).join(''),
  );
  const path = join(folder, 'web01.ova');
  await run('tar', ['--format=ustar', '-C', folder, '-cf', path, files[0]!, 'web01.mf', ...files.slice(1)]);
  return path;
}

const libvirtXml = (
  system: string,
  data: string,
) => `<domain type='kvm'><name>web 01</name><memory unit='MiB'>3072</memory><vcpu>4</vcpu>
  <os><type>hvm</type></os><devices>
  <disk type='file' device='disk'><source file='${data}'/><target dev='vda' bus='virtio'/><boot order='2'/></disk>
  <disk type='file' device='disk'><source file='${system}'/><target dev='vdb' bus='virtio'/><boot order='1'/></disk>
  <interface type='network'><mac address='${MAC}'/><source network='default'/><model type='virtio'/></interface></devices></domain>`;

/** Each makes the same machine; returns the path to name. */
const MAKERS: Record<string, () => Promise<string>> = {
  '.vmx': async () => {
    const folder = await vmwareDisks(['system.vmdk', 'data.vmdk']);
    await writeFile(join(folder, 'web01.vmx'), VMX);
    return join(folder, 'web01.vmx');
  },
  '.ovf': async () => {
    const folder = await vmwareDisks(['system.vmdk', 'data.vmdk'], 'streamOptimized');
    await writeFile(join(folder, 'web01.ovf'), OVF('system.vmdk'));
    return join(folder, 'web01.ovf');
  },
  '.ova': async () => {
    const folder = await vmwareDisks(['system.vmdk', 'data.vmdk'], 'streamOptimized');
    await writeFile(join(folder, 'web01.ovf'), OVF('system.vmdk'));
    return packaged(folder, ['web01.ovf', 'data.vmdk', 'system.vmdk']);
  },
  '.ova with gzip': async () => {
    const folder = await vmwareDisks(['system.vmdk', 'data.vmdk']);
    await run('gzip', ['-1', join(folder, 'system.vmdk')]);
    await writeFile(join(folder, 'web01.ovf'), OVF('system.vmdk.gz', 'ovf:compression="gzip"'));
    return packaged(folder, ['web01.ovf', 'data.vmdk', 'system.vmdk.gz']);
  },
  '.xml': async () => {
    // The disks of a host lie anywhere.
    const folder = await vmwareDisks(['system.vmdk', 'data.vmdk']);
    const elsewhere = await scratchFolder();
    await writeFile(
      join(elsewhere, 'web01.xml'),
      libvirtXml(join(folder, 'system.vmdk'), join(folder, 'data.raw')),
    );
    return join(elsewhere, 'web01.xml');
  },
  '.conf': async () => {
    const folder = await vmwareDisks(['vm-100-disk-0.vmdk', 'vm-100-disk-1.vmdk']);
    await mkdir(join(folder, 'images', '100'), { recursive: true });
    await rename(join(folder, 'vm-100-disk-1.vmdk'), join(folder, 'images', '100', 'vm-100-disk-1.vmdk'));
    await writeFile(
      join(folder, '100.conf'),
      `boot: order=scsi1\ncores: 2\nsockets: 2\nmemory: 3072\nname: web 01\nnet0: virtio=${MAC.toUpperCase()},bridge=vmbr0\nscsi0: nas:100/vm-100-disk-1.vmdk\nscsi1: nas:100/vm-100-disk-0.vmdk,size=1G\n`,
    );
    return join(folder, '100.conf');
  },
};

interface Planned {
  plan: {
    machine: {
      name: string;
      cpus: number;
      memoryMiB: number;
      firmware: string;
      disks: { size: number }[];
      nics: { mac: string }[];
    };
  };
}

describe('a machine described by another platform', () => {
  it.each(Object.keys(MAKERS))(
    '%s gives its disks, CPUs, memory and address to the new one',
    async (kind) => {
      const path = await MAKERS[kind]!();
      const out = join(await scratchFolder(), 'out');
      const looked = await ironlift(['inspect', path]);
      expect(looked.err).toMatch(/^(?: {2}unpack .*\n)*$/u);
      expect(looked.out).toMatch(/Described as web 01, .*: 4 CPUs, 3072 MiB of memory/u);
      expect(looked.out).toContain(MAC);
      const planned = await ironlift(['convert', path, '--to', 'kvm', '-o', out, '--plan', '--json']);
      expect(planned.status, planned.err).toBe(0);
      const { machine } = (JSON.parse(planned.out) as Planned).plan;
      expect(machine).toMatchObject({ name: 'web 01', cpus: 4, memoryMiB: 3072, firmware: 'bios' });
      // The disk with the system is the first, wherever it stands in the file.
      expect(machine.disks.map(({ size }) => size / 2 ** 20)).toEqual([192, 64]);
      expect(machine.nics.map(({ mac }) => mac)).toEqual([MAC]);
      // What the user says comes first.
      const asked = await ironlift([
        'convert',
        path,
        '--to',
        'kvm',
        '-o',
        out,
        '--plan',
        '--json',
        '--cpus',
        '1',
        '--memory',
        '512',
        '--name',
        'x',
        '--nic',
        'nat,mac=52:54:00:00:00:01',
      ]);
      expect((JSON.parse(asked.out) as Planned).plan.machine).toMatchObject({
        name: 'x',
        cpus: 1,
        memoryMiB: 512,
        nics: [{ mac: '52:54:00:00:00:01' }],
      });
    },
  );

  it('is converted from its package, and the result is what libvirt and e2fsck call sound', async () => {
    const path = await MAKERS['.ova']!();
    const folder = await scratchFolder();
    const out = join(folder, 'out');
    const done = await ironlift(['convert', path, '--to', 'kvm', '-o', out, '--json']);
    expect(done.status, done.err + done.out).toBe(0);
    const { machine } = JSON.parse(done.out) as Planned['plan'] & { machine: { disks: { file: string }[] } };
    const xml = (await run('ls', [out]))
      .split('\n')
      .find((name) => name.endsWith('.xml') && !name.includes('isolated'))!;
    await run('virt-xml-validate', [join(out, xml), 'domain']);
    const text = await run('cat', [join(out, xml)]);
    expect(text).toContain(MAC);
    for (const { file } of machine.disks) await run('qemu-img', ['check', join(out, file)]);
    const raw = join(folder, 'system.raw');
    await run('qemu-img', ['convert', '-O', 'raw', join(out, machine.disks[0]!.file), raw]);
    await run('dd', [
      `if=${raw}`,
      `of=${raw}.ext4`,
      'bs=1M',
      'skip=1',
      'count=190',
      'conv=sparse',
      'status=none',
    ]);
    await run('e2fsck', ['-fn', `${raw}.ext4`]);
  });

  it('our .vmx is one that libvirt reads as well, to the same machine', async () => {
    const path = await MAKERS['.vmx']!();
    const folder = await scratchFolder();
    for (const [name, says] of [
      ['vmware', 'VMware Workstation 17.5.0 build-22583795'],
      ['vmrun', 'Total running VMs: 0'],
    ] as const) {
      await writeFile(join(folder, name), `#!/bin/sh\necho "${says}"\n`);
      await chmod(join(folder, name), 0o755);
    }
    const xml = await run('virsh', ['-c', 'vmwarews:///session', 'domxml-from-native', 'vmware-vmx', path], {
      env: { PATH: `${folder}:${process.env['PATH'] ?? ''}:/usr/bin:/bin`, HOME: folder },
    });
    await writeFile(join(folder, 'web01.xml'), xml);
    const { readDescription } = await import('../../../../migration-core/source/machine/read.ts');
    const [ours, theirs] = [
      (await readDescription(path)).machine,
      (await readDescription(join(folder, 'web01.xml'))).machine,
    ];
    for (const field of ['name', 'cpus', 'memoryMiB', 'firmware'] as const)
      expect(ours[field], field).toBe(theirs[field]);
    expect(ours.disks.map(({ bus, source }) => [bus, source])).toEqual(
      theirs.disks.map(({ bus, source }) => [bus, source]),
    );
    expect(ours.nics.map(({ mac }) => mac)).toEqual(theirs.nics.map(({ mac }) => mac));
  });
});

describe('a description that leads nowhere good', () => {
  it('to a file outside of its folder is not followed', async () => {
    const folder = await vmwareDisks(['system.vmdk', 'data.vmdk']);
    const inner = join(folder, 'inner');
    await mkdir(inner);
    for (const name of ['../system.vmdk', join(folder, 'system.vmdk')]) {
      await writeFile(join(inner, 'web01.vmx'), VMX.replace('system.vmdk', name));
      await rename(join(folder, 'data.vmdk'), join(inner, 'data.vmdk')).catch(() => undefined);
      const { status, err } = await ironlift(['inspect', join(inner, 'web01.vmx')]);
      expect(status).toBe(3);
      expect(err).toContain('outside of its own folder');
    }
  });

  it('to disks that are not there names them all', async () => {
    const folder = await scratchFolder();
    await writeFile(join(folder, 'web01.vmx'), VMX);
    const { status, err } = await ironlift([
      'convert',
      join(folder, 'web01.vmx'),
      '--to',
      'kvm',
      '-o',
      join(folder, 'out'),
    ]);
    expect(status).toBe(3);
    expect(err).toContain('system.vmdk and data.vmdk, named by');
  });

  it.each([
    ['web01.vmcx', '\0\0binary', /only Hyper-V itself reads/u],
    ['web01.xml', '<!DOCTYPE d [<!ENTITY a "b">]><domain>&a;</domain>', /document type definition/u],
    ['web01.xml', '<domain><name>x</name>', /XML is broken/u],
    ['web01.xml', '<domain/>', /names no hard disk/u],
    ['web01.xml', '<project/>', /no description of a machine/u],
    ['web01.ova', 'no tar', /not a tar file/u],
    ['web01.ovf', '<a>'.repeat(100), /no description of a machine/u],
    ['web01.ovf', `<Envelope>${'<a>'.repeat(100)}`, /nested too deeply/u],
    ['web01.vbox', '<VirtualBox/>', /describes no machine/u],
  ])('%s with %j is refused in words', async (name, text, message) => {
    const path = join(await scratchFolder(), name);
    await writeFile(path, text);
    const { status, err } = await ironlift(['inspect', path]);
    expect(status).toBe(3);
    expect(err).toMatch(message);
    expect(err).toContain('What to do:');
  });

  it('two machines at once are refused', async () => {
    const path = await MAKERS['.vmx']!();
    expect((await ironlift(['inspect', path, path])).err).toContain('describe two machines');
  });
});
