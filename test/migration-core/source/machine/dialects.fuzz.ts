/** Descriptions of machines, changed at random and made to explode: understood or refused in words, in time and in bounds. */
import { describe, expect, test } from 'vitest';
import { isIronliftError } from '../../../../migration-core/base/errors.ts';
import { machineDialects } from '../../../../migration-core/source/machine/table.ts';
import { decodeText } from '../../../../migration-core/source/machine/text.ts';
import { seeded } from '../../../support/tools.ts';

const CASES = Number(process.env['IRONLIFT_FUZZ_CASES'] ?? 400) * 4;

/** A sound text of each dialect, with everything in it that the dialect looks at. */
const TEXTS: Record<string, string> = {
  vmx: `.encoding = "UTF-8"\ndisplayName = "a |22b|22"\nnumvcpus = "2"\nmemsize = "512"\nfirmware = "efi"\nscsi0.present = "TRUE"\nscsi0:0.present = "TRUE"\nscsi0:0.fileName = "a.vmdk"\nbios.hddOrder = "scsi0:0"\nethernet0.present = "TRUE"\nethernet0.address = "00:50:56:00:00:01"\n`,
  ovf: `<?xml version="1.0"?><Envelope><References><File ovf:id="f" ovf:href="a%20b.vmdk"/></References><DiskSection><Disk ovf:diskId="d" ovf:fileRef="f"/></DiskSection><VirtualSystem ovf:id="v"><Name>n</Name><OperatingSystemSection vmw:osType="x"/><VirtualHardwareSection><Item><rasd:InstanceID>3</rasd:InstanceID><rasd:ResourceType>6</rasd:ResourceType></Item><Item><rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits><rasd:ResourceType>4</rasd:ResourceType><rasd:VirtualQuantity>512</rasd:VirtualQuantity></Item><Item><rasd:HostResource>ovf:/disk/d</rasd:HostResource><rasd:Parent>3</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item></VirtualHardwareSection></VirtualSystem></Envelope>`,
  libvirt: `<domain type='kvm'><name>n</name><memory unit='GiB'>1</memory><vcpu current='1'>2</vcpu><os firmware='efi'/><devices><disk device='disk'><source file='/a'/><target dev='vda' bus='virtio'/><boot order='1'/></disk><interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='b'/><vlan><tag id='4'/></vlan></interface></devices></domain>`,
  vbox: `<VirtualBox><Machine name="n" OSType="o"><MediaRegistry><HardDisks><HardDisk uuid="{1}" location="a.vdi"/></HardDisks></MediaRegistry><Hardware><CPU count="2"/><Memory RAMSize="512"/><Network><Adapter enabled="true" MACAddress="080027000001" type="virtio"><NAT/></Adapter></Network><StorageControllers><StorageController name="SATA" type="AHCI"><AttachedDevice type="HardDisk" port="0" device="0"><Image uuid="{1}"/></AttachedDevice></StorageController></StorageControllers></Hardware></Machine></VirtualBox>`,
  proxmox: `boot: order=scsi0;net0\ncores: 2\nmemory: 512\nscsi0: local:100/a.qcow2,size=1G\nnet0: virtio=AA:BB:CC:00:00:01,bridge=vmbr0,tag=3\n[snap]\ncores: 1\n`,
  hyperv: `<configuration><_1_><controller0><drive0><pathname>D:\\a.vhd</pathname><type>VHD</type></drive0></controller0></_1_><_2_><MacAddress>00-15-5D-00-00-01</MacAddress></_2_><properties><name>n</name></properties><settings><memory><bank><size>512</size></bank></memory><processors><count>2</count></processors></settings></configuration>`,
  vmc: `<preferences><hardware><memory><ram_size>512</ram_size></memory><pci_bus><ide_adapter><ide_controller id="0"><location id="0"><drive_type>1</drive_type><pathname><relative>.\\a.vhd</relative></pathname></location></ide_controller></ide_adapter></pci_bus></hardware></preferences>`,
};

const PIECES = [
  '"',
  "'",
  '<',
  '>',
  '&',
  '&amp;',
  '&#x0;',
  '&#xD800;',
  ']]>',
  '<![CDATA[',
  '<!--',
  '\0',
  '=',
  '|',
  '|ZZ',
  '\n',
  '../',
  '-1',
  '99999999999999999999',
  '1e9',
  '\ufeff',
  '\ud800',
  '%',
  '[',
  ':',
  ',',
];

describe('descriptions of machines', () => {
  test.each(machineDialects.map((dialect) => [dialect.id, dialect] as const))(
    '%s, changed at random',
    (id, dialect) => {
      const sound = TEXTS[id]!;
      expect(dialect.parse(sound, '/m/x').disks).toHaveLength(1);
      const random = seeded(99);
      let understood = 0;
      for (let round = 0; round < CASES; round++) {
        let text = sound;
        for (let i = 0; i < 1 + Math.floor(random() * 5); i++) {
          const at = Math.floor(random() * text.length);
          const kind = random();
          const other = Math.floor(random() * text.length);
          if (kind < 0.4)
            text = text.slice(0, at) + PIECES[Math.floor(random() * PIECES.length)]! + text.slice(at);
          else if (kind < 0.6) text = text.slice(0, at) + text.slice(at + 1 + Math.floor(random() * 20));
          else if (kind < 0.8) text = text.slice(0, at) + text.slice(other, other + 60) + text.slice(at);
          else
            text = text.slice(0, at) + String.fromCharCode(Math.floor(random() * 256)) + text.slice(at + 1);
        }
        dialect.recognises(text);
        try {
          const machine = dialect.parse(text, '/m/x');
          understood++;
          for (const value of [machine.cpus, machine.memoryMiB])
            expect(value === null || (Number.isSafeInteger(value) && value >= 0)).toBe(true);
          for (const { mac } of machine.nics)
            expect(mac ?? '00:00:00:00:00:01').toMatch(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/u);
        } catch (error) {
          if (!isIronliftError(error, 'MACHINE_NOT_UNDERSTOOD')) throw error;
        }
      }
      expect(understood).toBeGreaterThan(CASES / 100);
    },
  );

  test.each([
    [
      'entities within entities',
      `<!DOCTYPE d [<!ENTITY a "xx">${'bcdefghij'.replace(/./gu, (c) => `<!ENTITY ${c} "${`&${String.fromCharCode(c.charCodeAt(0) - 1)};`.repeat(10)}">`)}]><domain>&j;</domain>`,
    ],
    [
      'a file of this computer',
      `<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]><domain><name>&a;</name></domain>`,
    ],
    ['elements without end', `<domain>${'<a>'.repeat(500_000)}`],
    ['elements by the million', `<domain>${'<a/>'.repeat(1_000_000)}</domain>`],
  ])('%s', (_, text) => {
    const began = performance.now();
    for (const dialect of machineDialects.filter(({ extensions }) => extensions.includes('.xml'))) {
      dialect.recognises(text);
      try {
        dialect.parse(text, '/m/x.xml');
        expect.unreachable();
      } catch (error) {
        if (!isIronliftError(error, 'MACHINE_NOT_UNDERSTOOD')) throw error;
      }
    }
    expect(performance.now() - began).toBeLessThan(5000);
  });

  test.each([
    ['spaces', ' '.repeat(2_000_000)],
    ['comments that never end', '<!--'.repeat(500_000)],
    ['one long line', `${'a'.repeat(2_000_000)} = "`],
    ['many short lines', 'a = "b"\n'.repeat(500_000)],
    ['pipes', `a = "${'|2'.repeat(1_000_000)}"`],
    ['commas', `scsi0: ${','.repeat(1_000_000)}`],
    ['spaces behind a value', `a: ${'x '.repeat(500_000)}`],
    ['brackets', `<!DOCTYPE ${'['.repeat(1_000_000)}`],
    ['a processing instruction', `<?xml ${'?'.repeat(1_000_000)}`],
    ['an encoding', `.encoding${' '.repeat(1_000_000)}`],
  ])('of nothing but %s take no time', (_, text) => {
    const began = performance.now();
    const decoded = decodeText(Buffer.from(text));
    for (const dialect of machineDialects) {
      dialect.recognises(decoded);
      try {
        dialect.parse(decoded, '/m/x');
      } catch (error) {
        if (!isIronliftError(error, 'MACHINE_NOT_UNDERSTOOD')) throw error;
      }
    }
    expect(performance.now() - began).toBeLessThan(5000);
  });
});
