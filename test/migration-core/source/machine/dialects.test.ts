import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hyperv } from '../../../../migration-core/source/machine/hyperv.ts';
import { libvirt } from '../../../../migration-core/source/machine/libvirt.ts';
import { ovf, unitBytes } from '../../../../migration-core/source/machine/ovf.ts';
import { proxmox } from '../../../../migration-core/source/machine/proxmox.ts';
import { readMachine } from '../../../../migration-core/source/machine/read.ts';
import { decodeText } from '../../../../migration-core/source/machine/text.ts';
import { vbox } from '../../../../migration-core/source/machine/vbox.ts';
import { vmc } from '../../../../migration-core/source/machine/vmc.ts';
import { vmx } from '../../../../migration-core/source/machine/vmx.ts';
import { scratchFolder } from '../../../support/tools.ts';

const PATH = '/machines/web01';

describe('.vmx', () => {
  const parse = (text: string) => vmx.parse(text, `${PATH}.vmx`);

  test('disks of all buses, none that is a CD, a device of the host, or not present', () => {
    const machine = parse(`
      scsi0.present = "TRUE"
      SCSI0.virtualDev = "pvscsi"
      scsi0:3.present = "true"
      scsi0:3.fileName = "b.vmdk"
      scsi0:0.present = "TRUE"
      scsi0:0.filename = "sub\\a.vmdk"
      scsi0:1.present = "FALSE"
      scsi0:1.fileName = "gone.vmdk"
      scsi0:2.present = "TRUE"
      scsi0:2.fileName = "/dev/sg3"
      scsi0:2.deviceType = "scsi-passthru"
      scsi1:0.present = "TRUE"
      scsi1:0.fileName = "of a controller that is not there.vmdk"
      nvme0.present = "TRUE"
      nvme0:0.present = "TRUE"
      nvme0:0.fileName = "n.vmdk"
      ide1:0.present = "TRUE"
      ide1:0.deviceType = "cdrom-raw"
      ide1:0.fileName = "auto detect"
      ide0:0.present = "TRUE"
      ide0:0.fileName = "i.vmdk"`);
    expect(
      machine.disks.map(({ slot, bus, controller, places }) => [slot, bus, controller, places[0]]),
    ).toEqual([
      ['scsi0:0', 'scsi', 'pvscsi', 'sub/a.vmdk'],
      ['scsi0:3', 'scsi', 'pvscsi', 'b.vmdk'],
      ['nvme0:0', 'nvme', null, 'n.vmdk'],
      ['ide0:0', 'ide', null, 'i.vmdk'],
    ]);
    expect(machine.findings).toMatchObject([{ code: 'MACHINE_DISK_LEFT_OUT', severity: 'warning' }]);
  });

  test('the disk the BIOS starts comes first', () => {
    const two = ['0', '1'].map(
      (unit) => `scsi0:${unit}.present = "TRUE"\nscsi0:${unit}.fileName = "${unit}.vmdk"\n`,
    );
    const machine = parse(`scsi0.present = "TRUE"\n${two.join('')}bios.hddOrder = "scsi0:1,scsi0:0"`);
    expect(machine.disks.map(({ source }) => source)).toEqual(['1.vmdk', '0.vmdk']);
  });

  test('names with quotes, cut-off lines, and what is not said', () => {
    expect(parse('displayName = "the |22web|22 one"\nnumvcpus = "x"\nmemsize = "-4"').name).toBe(
      'the "web" one',
    );
    expect(parse('displayName = "cut off in the mid')).toEqual({
      name: 'cut off in the mid',
      cpus: 1,
      memoryMiB: null,
      firmware: 'bios',
      guestOs: null,
      disks: [],
      nics: [],
      findings: [],
    });
  });

  test('network cards with the address they really have', () => {
    const { nics } = parse(`
      ethernet0.present = "TRUE"
      ethernet0.addressType = "static"
      ethernet0.address = "00:50:56:AA:BB:01"
      ethernet0.generatedAddress = "00:0c:29:00:00:01"
      ethernet0.virtualDev = "vmxnet3"
      ethernet1.present = "TRUE"
      ethernet1.addressType = "generated"
      ethernet1.generatedAddress = "00:0c:29:00:00:02"
      ethernet1.connectionType = "NAT"
      ethernet2.present = "FALSE"`);
    expect(nics).toEqual([
      { mac: '00:50:56:aa:bb:01', model: 'vmxnet3', network: 'bridged', vlan: null },
      { mac: '00:0c:29:00:00:02', model: null, network: 'nat', vlan: null },
    ]);
  });
});

describe('libvirt XML', () => {
  const parse = (devices: string, more = '') =>
    libvirt.parse(`<domain type='kvm'><name>web01</name>${more}<devices>${devices}</devices></domain>`, PATH);

  test('in the order of the boot, with what cannot be opened kept in sight', () => {
    const { disks, findings } = parse(`
      <disk type='file'><source file='/img/a.qcow2'/><target dev='vda' bus='virtio'/></disk>
      <disk type='block' device='disk'><source dev='/dev/vg/b'/><target dev='sda'/><boot order='1'/></disk>
      <disk type='file' device='cdrom'><source file='/img/cd.iso'/><target dev='sdb'/></disk>
      <disk type='volume'><source pool='p' volume='v'/><target dev='vdb'/></disk>
      <disk type='network'><source protocol='rbd' name='pool/image'/><target dev='vdc'/></disk>
      <disk type='file'><target dev='vdd'/></disk>`);
    expect(disks.map(({ slot, bus, source, places }) => [slot, bus, source, places.length])).toEqual([
      ['sda', 'scsi', '/dev/vg/b', 1],
      ['vda', 'virtio', '/img/a.qcow2', 1],
      ['vdb', 'virtio', 'volume v of pool p', 0],
      ['vdc', 'virtio', 'rbd:pool/image', 0],
    ]);
    expect(findings).toMatchObject([{ code: 'MACHINE_DISK_EMPTY' }]);
  });

  test.each([
    ['<memory>2097152</memory>', 2048],
    ["<memory unit='GiB'>3</memory>", 3072],
    ["<memory unit='MB'>2000</memory>", 1907],
    ["<memory unit='furlong'>3</memory>", null],
  ])('%s', (memory, mib) => expect(parse('', memory).memoryMiB).toBe(mib));

  test.each([
    ["<os firmware='efi'/>", 'uefi'],
    ["<os><loader readonly='yes' type='pflash'>/x/CODE.fd</loader></os>", 'uefi'],
    ['<os><loader>/usr/share/OVMF/OVMF.fd</loader></os>', 'uefi'],
    ["<os><loader type='rom'>/usr/share/seabios/bios.bin</loader></os>", 'bios'],
    ['<os/>', 'bios'],
  ])('%s', (os, firmware) => expect(parse('', os).firmware).toBe(firmware));

  test('VLANs of the switch, and CPUs that are plugged in', () => {
    const { nics, cpus } = parse(
      `<interface type='bridge'><mac address='52:54:00:AA:00:01'/><source bridge='ovs'/><vlan><tag id='42'/></vlan></interface>`,
      `<vcpu current='2'>8</vcpu>`,
    );
    expect(nics).toEqual([{ mac: '52:54:00:aa:00:01', model: null, network: 'ovs', vlan: 42 }]);
    expect(cpus).toBe(2);
  });
});

describe('Proxmox .conf', () => {
  const parse = (text: string, path = '/etc/pve/qemu-server/100.conf') => proxmox.parse(text, path);

  test('is the machine as it is, not as it was at a snapshot', () => {
    const machine = parse(
      'cores: 2\nsockets: 2\nmemory: 2048\nbios: ovmf\n\n[before]\nmemory: 512\nscsi7: local:100/x.raw\n',
    );
    expect(machine).toMatchObject({ cpus: 4, memoryMiB: 2048, firmware: 'uefi', disks: [] });
  });

  test('disks in the order they are started from; no CD, cloud-init or EFI variables', () => {
    const { disks } = parse(`boot: order=virtio1;scsi0
scsi10: local-lvm:vm-100-disk-9
scsi2: local-lvm:vm-100-disk-2,size=1G
scsi0: file=/dev/disk/by-id/x,backup=0
virtio1: nas:100/vm-100-disk-1.qcow2,iothread=1
ide2: local:iso/debian.iso,media=cdrom
ide0: local-lvm:vm-100-cloudinit
sata0: none
efidisk0: local-lvm:vm-100-disk-5`);
    expect(disks.map(({ slot }) => slot)).toEqual(['virtio1', 'scsi0', 'scsi2', 'scsi10']);
    expect(disks[0]!.places).toContain('/mnt/pve/nas/images/100/vm-100-disk-1.qcow2');
    expect(disks[1]!.places).toContain('/dev/disk/by-id/x');
    expect(disks[2]!.places).toContain('/dev/pve/vm-100-disk-2');
  });

  test('names of volumes lead nowhere else', () => {
    for (const place of parse('scsi0: local:../../../../etc/shadow').disks[0]!.places)
      expect(place).not.toContain('..');
  });

  test('volumes are where the storage.cfg beside it says', () => {
    const storage = `# a comment, then what pvesm writes
dir: local
\tpath /srv/vz
\tcontent iso,images
\tcontent-dirs images=machines/disks

lvmthin: local-lvm
\tthinpool data
\tvgname ssd-group

zfspool: tank
\tpool rpool/vms
\tsparse

nfs: nas
\texport /export
\tserver 10.0.0.9

lvm: wrong
\tvgname ../../etc
: nonsense
btrfs: fs
\tpath /fs
`;
    const placesOf = (volume: string): readonly string[] =>
      proxmox.parse(`scsi0: ${volume}`, '/copied/100.conf', storage).disks[0]!.places;
    expect(placesOf('local:100/vm-100-disk-0.qcow2')).toContain(
      '/srv/vz/machines/disks/100/vm-100-disk-0.qcow2',
    );
    expect(placesOf('local:100/vm-100-disk-0.qcow2')).not.toContain(
      '/var/lib/vz/images/100/vm-100-disk-0.qcow2',
    );
    expect(placesOf('local-lvm:vm-100-disk-0')).toContain('/dev/ssd-group/vm-100-disk-0');
    expect(placesOf('local-lvm:vm-100-disk-0')).not.toContain('/dev/pve/vm-100-disk-0');
    expect(placesOf('local-lvm:vm-100-disk-0')[0]).toBe('vm-100-disk-0');
    expect(placesOf('tank:base-9-disk-0/vm-100-disk-0')).toContain('/dev/zvol/rpool/vms/vm-100-disk-0');
    expect(placesOf('nas:100/a.raw')).toContain('/mnt/pve/nas/images/100/a.raw');
    expect(placesOf('fs:100/vm-100-disk-0.raw')).toContain('/fs/images/100/vm-100-disk-0/disk.raw');
    // A line that matches nothing for long.
    const begun = performance.now();
    const long = `dir: d\n a${' b'.repeat(500_000)}\u2028c\n${' '.repeat(1_000_000)}!\n`;
    proxmox.parse('scsi0: d:100/x.raw', '/copied/100.conf', long);
    expect(performance.now() - begun).toBeLessThan(2000);
    // What is no name leads nowhere; what the file does not have is where it usually is.
    for (const place of placesOf('wrong:vm-100-disk-0')) expect(place).not.toContain('..');
    expect(placesOf('other:vm-100-disk-0')).toContain('/dev/other/vm-100-disk-0');
    for (const place of placesOf('local:../../../../etc/shadow')) expect(place).not.toContain('..');
  });

  test('the storage.cfg of a host, or one that was copied, is found and the disks through it', async () => {
    const host = await scratchFolder();
    await mkdir(join(host, 'qemu-server'));
    await mkdir(join(host, 'vz/images/100'), { recursive: true });
    const disk = join(host, 'vz/images/100/vm-100-disk-0.qcow2');
    await writeFile(disk, 'disk');
    await writeFile(join(host, 'storage.cfg'), `dir: local\n\tpath ${join(host, 'vz')}\n`);
    const conf = join(host, 'qemu-server/100.conf');
    await writeFile(conf, 'scsi0: local:100/vm-100-disk-0.qcow2,size=1G\n');
    expect((await readMachine(conf)).disks).toMatchObject([{ path: disk }]);
    await writeFile(join(host, 'qemu-server/storage.cfg'), 'dir: local\n\tpath /nowhere/at/all\n');
    await expect(readMachine(conf)).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
  });

  test('network cards in all three ways of writing them', () => {
    const { nics } = parse(
      'net0: virtio=AA:BB:CC:00:00:02,bridge=vmbr0,tag=12\nnet1: model=e1000,macaddr=AA:BB:CC:00:00:04\nnet3: rtl8139',
    );
    expect(nics).toEqual([
      { mac: 'aa:bb:cc:00:00:02', model: 'virtio', network: 'vmbr0', vlan: 12 },
      { mac: 'aa:bb:cc:00:00:04', model: 'e1000', network: 'nat', vlan: null },
      { mac: null, model: 'rtl8139', network: 'nat', vlan: null },
    ]);
  });

  test('is told from other files called .conf', () => {
    expect(proxmox.recognises('# note\nagent: 1\n[PENDING]\ncores: 4\n')).toBe(true);
    expect(proxmox.recognises('lxc.net.0.type = veth\n')).toBe(false);
    expect(proxmox.recognises('')).toBe(false);
  });
});

describe('OVF', () => {
  const HEAD = `<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1">`;
  const parse = (body: string) => ovf.parse(`${HEAD}${body}</Envelope>`, `${PATH}.ovf`);
  const disk = (id: string, href: string, more = '') =>
    `<References><File ovf:id="f${id}" ovf:href="${href}"/></References><DiskSection><Disk ovf:diskId="d${id}" ovf:fileRef="f${id}" ${more}/></DiskSection>`;
  const item = (content: string) => `<Item>${content}</Item>`;
  const hardDisk = (id: string) =>
    item(
      `<rasd:HostResource>ovf:/disk/d${id}</rasd:HostResource><rasd:Parent>3</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType>`,
    );
  const system = (items: string) =>
    `<VirtualSystem ovf:id="vm"><VirtualHardwareSection>${items}</VirtualHardwareSection></VirtualSystem>`;

  test('hrefs are followed within the package only', () => {
    const places = (href: string) => parse(disk('1', href) + system(hardDisk('1'))).disks[0]!.places;
    expect(places('a%20disk.vmdk')).toEqual(['a disk.vmdk', 'a%20disk.vmdk']);
    expect(places('100%.vmdk')).toEqual(['100%.vmdk']);
    for (const href of [
      '../x.vmdk',
      '/etc/passwd',
      'file:///etc/passwd',
      'https://example.org/x',
      '..%2Fx',
      'a/../../x',
      '..\\x',
      'C:\\x',
    ])
      expect(
        places(href).filter((place) => place.includes('..') && !place.includes('%')),
        href,
      ).toEqual([]);
    expect(places('https://example.org/x')).toEqual([]);
    expect(places('/etc/passwd')).toEqual([]);
  });

  test('an empty disk is left out, a snapshot and a disk in parts are refused', () => {
    const empty = `<DiskSection><Disk ovf:diskId="d1" ovf:capacity="5"/></DiskSection>`;
    expect(parse(empty + system(hardDisk('1')))).toMatchObject({
      disks: [],
      findings: [{ code: 'MACHINE_DISK_EMPTY' }],
    });
    expect(() => parse(disk('1', 'a.vmdk', 'ovf:parentRef="d0"') + system(hardDisk('1')))).toThrow(
      /snapshot/u,
    );
    const chunks = disk('1', 'a.vmdk').replace('ovf:href', 'ovf:chunkSize="7" ovf:href');
    expect(() => parse(chunks + system(hardDisk('1')))).toThrow(/several files/u);
  });

  test('the default of several configurations counts', () => {
    const cpu = (count: number, of: string) =>
      `<Item ovf:configuration="${of}"><rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>${count}</rasd:VirtualQuantity></Item>`;
    const options = `<DeploymentOptionSection><Configuration ovf:id="small"/><Configuration ovf:default="true" ovf:id="large"/></DeploymentOptionSection>`;
    expect(parse(options + system(cpu(2, 'small') + cpu(8, 'medium large'))).cpus).toBe(8);
  });

  test('two machines in one file, or none, are refused in words', () => {
    expect(() => parse(system('') + system(''))).toThrow(/2 machines/u);
    expect(() => parse('')).toThrow(/no machine/u);
  });

  test.each([
    ['byte * 2^20', 2 ** 20],
    ['byte*10^9', 1e9],
    ['MegaBytes', 2 ** 20],
    [null, 1],
    ['hertz * 10^6', null],
  ])('the unit %s', (unit, bytes) => expect(unitBytes(unit)).toBe(bytes));
});

describe('.vbox', () => {
  test('is the machine as it is now, with media found in the register', () => {
    const hardware = (
      memory: number,
    ) => `<Hardware><CPU count="3"/><Memory RAMSize="${memory}"/><Firmware type="EFI"/>
      <Network><Adapter slot="0" enabled="true" MACAddress="080027AABB01" type="virtio"><DisabledModes><NAT/></DisabledModes><BridgedInterface name="eth0"/></Adapter>
      <Adapter slot="1" enabled="false" MACAddress="080027AABB02"/></Network></Hardware>`;
    const machine = vbox.parse(
      `<VirtualBox xmlns="http://www.virtualbox.org/"><Machine name="web01" OSType="Debian_64">
      <MediaRegistry><HardDisks><HardDisk uuid="{1}" location="base.vdi"><HardDisk uuid="{2}" location="Snapshots/{2}.vdi"/></HardDisk></HardDisks></MediaRegistry>
      <Snapshot name="s">${hardware(1)}<StorageControllers/></Snapshot>${hardware(2048)}
      <StorageControllers><StorageController name="SATA" type="AHCI"><AttachedDevice type="DVD" port="1"/><AttachedDevice type="HardDisk" port="0" device="0"><Image uuid="{2}"/></AttachedDevice>
      <AttachedDevice type="HardDisk" port="2" device="0"><Image uuid="{9}"/></AttachedDevice></StorageController></StorageControllers>
      </Machine></VirtualBox>`,
      PATH,
    );
    expect(machine).toMatchObject({
      name: 'web01',
      cpus: 3,
      memoryMiB: 2048,
      firmware: 'uefi',
      guestOs: 'Debian_64',
    });
    expect(machine.nics).toEqual([
      { mac: '08:00:27:aa:bb:01', model: 'virtio', network: 'eth0', vlan: null },
    ]);
    expect(machine.disks.map(({ source, places }) => [source, places])).toEqual([
      ['Snapshots/{2}.vdi', ['Snapshots/{2}.vdi']],
      ['{9}', []],
    ]);
  });
});

describe('Hyper-V and Virtual PC', () => {
  test('the XML of Hyper-V before 2016', () => {
    const machine = hyperv.parse(
      `<configuration>
        <_83f8638b-8dca-4152-9eda-2ca8b33039b4_>
          <controller0><drive0><pathname type="string">D:\\VMs\\web01.vhd</pathname><type type="string">VHD</type></drive0><drive1><pathname type="string"/><type type="string">NONE</type></drive1></controller0>
          <controller1><drive0><pathname type="string">D:\\cd.iso</pathname><type type="string">ISO</type></drive0></controller1>
        </_83f8638b-8dca-4152-9eda-2ca8b33039b4_>
        <_d422512d-2bf2-4752-809d-7b82b5fcb1b4_><controller0><drive0><pathname type="string">D:\\VMs\\data.vhdx</pathname><type type="string">VHD</type></drive0></controller0></_d422512d-2bf2-4752-809d-7b82b5fcb1b4_>
        <_2fc216b0-d2e2-4967-9b6d-b8a5c9ca2778_><FriendlyName type="string">Network Adapter</FriendlyName><MacAddress type="string">00-15-5D-01-02-03</MacAddress><SwitchName type="string">LAN</SwitchName></_2fc216b0-d2e2-4967-9b6d-b8a5c9ca2778_>
        <properties><name type="string">web01</name><subtype type="integer">0</subtype></properties>
        <settings><memory><bank><size type="integer">4096</size></bank></memory><processors><count type="integer">4</count></processors></settings>
      </configuration>`,
      '/export/web01/Virtual Machines/GUID.xml',
    );
    expect(machine).toMatchObject({ name: 'web01', cpus: 4, memoryMiB: 4096, firmware: 'bios' });
    expect(machine.disks.map(({ bus, places }) => [bus, places[1]])).toEqual([
      ['ide', 'Virtual Hard Disks/web01.vhd'],
      ['scsi', 'Virtual Hard Disks/data.vhdx'],
    ]);
    expect(machine.nics).toEqual([
      { mac: '00:15:5d:01:02:03', model: 'Network Adapter', network: 'LAN', vlan: null },
    ]);
    expect(hyperv.folder!('/export/web01/Virtual Machines/GUID.xml')).toBe('/export/web01');
  });

  test('.vmc: the disk of the first place on the first channel comes first', () => {
    const place = (id: number, type: number, name: string) =>
      `<location id="${id}"><drive_type type="integer">${type}</drive_type><pathname><absolute type="string">C:\\x\\${name}</absolute><relative type="string">.\\${name}</relative></pathname></location>`;
    const machine = vmc.parse(
      `<preferences><hardware><memory><ram_size type="integer">256</ram_size></memory><pci_bus><ide_adapter>
      <ide_controller id="1">${place(0, 1, 'late.vhd')}</ide_controller>
      <ide_controller id="0">${place(1, 2, 'cd.iso')}${place(0, 1, 'first.vhd')}</ide_controller></ide_adapter></pci_bus></hardware></preferences>`,
      '/x/old server.vmc',
    );
    expect(machine).toMatchObject({ name: 'old server', memoryMiB: 256, firmware: 'bios' });
    expect(machine.disks.map(({ places }) => places[0])).toEqual(['./first.vhd', './late.vhd']);
  });
});

test('text is read in the encoding it was written in', () => {
  const xml = '<?xml version="1.0" encoding="UTF-16"?><name>Zürich</name>';
  expect(decodeText(Buffer.from(`\ufeff${xml}`, 'utf16le'))).toBe(xml);
  expect(decodeText(Buffer.from(`\ufeff${xml}`, 'utf16le').swap16())).toBe(xml);
  expect(decodeText(Buffer.from('\ufeffx', 'utf8'))).toBe('x');
  expect(decodeText(Buffer.from('.encoding = "windows-1252"\nx = "Z\xfcrich"', 'latin1'))).toContain(
    'Zürich',
  );
  expect(decodeText(Buffer.from('.encoding = "windows-949-2000"\nx = "\xc7\xd1"', 'latin1'))).toContain('한');
  expect(decodeText(Buffer.from('.encoding = "no-such-thing"\nZ\xfcrich', 'latin1'))).toContain('Zürich');
});
