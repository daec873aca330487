/** Outputs that no tool wrote: always an inventory of the schema or a typed error, never an endless search. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isIronliftError } from '../../../../migration-core/base/errors.ts';
import { linuxInventory } from '../../../../migration-core/collect/linux/inventory.ts';
import { readSections } from '../../../../migration-core/collect/linux/sections.ts';
import { raidTools } from '../../../../migration-core/collect/linux/raid/table.ts';
import { importers } from '../../../../migration-core/collect/import/table.ts';
import { serverInventory } from '../../../../migration-core/store/model/inventory.ts';
import { seeded } from '../../../support/tools.ts';
import { NOW, textInput } from '../import/inventory/unix-input.ts';
import { SAN_SERVER, sectionsOf } from './servers.ts';

const CASES = Number(process.env['IRONLIFT_FUZZ_CASES'] ?? 400);
/** Of one damaged output: far more than it takes, far less than a person waits. */
const MILLISECONDS = 5000;

/** Beside those of the server, for readers that are asked where others are missing. */
const MORE: Record<string, string> = {
  dmidecode:
    'SMBIOS 2.8 present.\n\nHandle 0x0001, DMI type 1, 27 bytes\nSystem Information\n\tManufacturer: HP\n\tSerial Number: 4242\n\nHandle 0x0002, DMI type 17, 34 bytes\nMemory Device\n\tSize: 4096 MB\n\tLocator: A1\n\nHandle 0x0003, DMI type 4, 42 bytes\nProcessor Information\n\tStatus: Populated, Enabled\n\tVersion: X\n\tCore Count: 4\n',
  'lsblk-json':
    '{"blockdevices":[{"name":"sda","kname":"sda","type":"disk","size":"1000","children":[{"name":"sda1","type":"part","size":100,"fstype":"ext4","mountpoints":["/",null]}]}]}',
  'lsblk-pairs':
    'NAME="sda" KNAME="sda" TYPE="disk" SIZE="1000" RM="0" MOUNTPOINT="" FSTYPE=""\nNAME="sda1" KNAME="sda1" TYPE="part" SIZE="100" MOUNTPOINT="/" FSTYPE="ext4"\n',
  lspci:
    'Slot:\t0000:00:00.0\nClass:\tHost bridge [0600]\nVendor:\tIntel [8086]\nDevice:\tX [1237]\nDriver:\tx\n\n',
  lsusb: 'Bus 002 Device 004: ID 0781:5583 SanDisk Corp.\n',
  'ip-json':
    '[{"ifname":"eth0","address":"00:11:22:33:44:55","mtu":1500,"flags":["UP"],"linkinfo":{"info_kind":"vlan","info_data":{"id":3}},"addr_info":[{"family":"inet","local":"10.0.0.1","prefixlen":24,"dynamic":true}]}]',
  netstat:
    'Proto Recv-Q Send-Q Local Address Foreign Address State\ntcp 0 0 0.0.0.0:22 0.0.0.0:* LISTEN 1/sshd\n',
  'file:/proc/net/tcp': ' 0: 0100007F:0016 00000000:0000 0A 0\n',
  'file:/proc/mdstat': 'md0 : active raid1 sdb1[1] sda1[0]\n 104320 blocks [2/2] [UU]\n',
  'file:/etc/lsb-release': 'DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=8.04\n',
  lvs: '  vg0|root|1000|linear|/dev/sda2(0)\n',
  'megacli-volumes:1':
    'Adapter 0 -- Virtual Drive Information:\nVirtual Drive: 0 (Target Id: 0)\nName :x\nRAID Level : Primary-1, Secondary-0\nSize : 558.375 GB\nSpan Depth : 2\n',
  'megacli-disks:1':
    'Adapter #0\nEnclosure Device ID: 32\nSlot Number: 0\nPD Type: SATA\nRaw Size: 1.819 TB [0xe8e088b0 Sectors]\nInquiry Data: SEAGATE ST2000NM0023    GS0DZ1X2BTVZ\n',
  'ssacli:ssacli':
    'Smart Array P410i in Slot 0 (Embedded)    (sn: 500)\n   array A\n      logicaldrive 1 (2.2 TB, RAID 1+0, OK)\n      physicaldrive 1I:1:1 (port 1I:box 1:bay 1, SAS, 600 GB, OK)\n',
  'storcli:storcli':
    '{"Controllers":[{"Command Status":{"Controller":0},"Response Data":{"Basics":{"Model":"x","PCI Address":"00:03:00:00"},"VD LIST":[{"TYPE":"RAID1","Size":"1 TB"}],"PD LIST":[{"EID:Slt":"1:1","Size":"1 TB"}]}}]}',
  'arcconf:1':
    'Controller Model : x\nLogical device number 0\nSize : 100 MB\nDevice #0\nDevice is a Hard drive\nSize : 10 MB\n',
  tw_cli:
    'c0    9650SE-2LP   2       2        1       0        1       1       -\nu0    RAID-1    OK             -       -       -       65.1826   ON     OFF\np0     OK               u0     69.25 GB    145226112     WD-1\n',
  'mpt-status':
    'ioc:0 vol_id:0 type:IM raidlevel:RAID-1 num_disks:2 size(GB):148 state: OPTIMAL flags: ENABLED\n',
  'sas2ircu:0':
    'Controller type : SAS2008\nIR volume 1\nSize (in MB) : 10\nDevice is a Hard disk\nSlot # : 1\n',
  megasasctl:
    'a0       PERC H700 Integrated     bios:3.18 fw:2.1\na0d0      1675GiB RAID 10  3x2  optimal\na0e32s0   SEAGATE ST3600057SS         558GiB  a0d0  online\n',
};

const TREE =
  '-[0000:00]-+-00.0  Intel Corporation X [8086:1237]\n           +-01.0-[01-02]--+-00.0  Y [8086:0001]\n           \\-1f.0\n';

const FILES: Record<string, string> = {
  'a.dmi': MORE['dmidecode']!,
  'b.lspci':
    '00:00.0 Host bridge [0600]: Intel Corporation X [8086:1237] (rev 01) (prog-if 20 [IO(X)])\n\tSubsystem: HP [103c:18a8]\n\tKernel driver in use: x\n',
  'c.lspci': MORE['lspci']!,
  'd.lspci': TREE,
  'e.lsusb': MORE['lsusb']!,
  'f.json':
    '{"id":"computer","class":"system","product":"x","children":[{"id":"core","class":"bus","children":[{"id":"bank:0","class":"memory","size":1024},{"id":"cpu:0","class":"processor","product":"X @ 2.00GHz","configuration":{"cores":"8"}},{"id":"disk","class":"disk","logicalname":"/dev/sda","size":10}]}]}',
  'g.xml':
    '<?xml version="1.0"?><!-- generated by lshw-B.02.18 --><list><node id="computer" claimed="true" class="system"><product>x</product><node id="disk" class="disk"><logicalname>/dev/sda</logicalname><size units="bytes">10</size><configuration><setting id="a" value="b"/></configuration></node></node></list>',
  'h.hw_': `[('system', 'product', 'serial', 'CZ3404'),\n ('memory', 'bank:0', 'size', '17179869184'),\n ('memory', 'bank:0', 'slot', 'A\\x31'),\n ('cpu', 'physical_0', 'product', "Intel"),\n ('disk', '1I:1:1', 'size', 300)]`,
  'i.txt': `@ironlift-linux 1\n${Object.entries({ ...SAN_SERVER, ...MORE })
    .map(
      ([name, text]) =>
        `@begin ${name}\n${text
          .trimEnd()
          .split('\n')
          .map((line) => `|${line}`)
          .join('\n')}\n\n@end ${name} 0`,
    )
    .join('\n')}\n@done\n`,
  ...Object.fromEntries(
    Object.entries(MORE)
      .filter(([name]) => raidTools.some((tool) => tool.read(sectionsOf({ [name]: MORE[name]! })).length > 0))
      .map(([name, text]) => [`j-${name.replace(':', '-')}`, text]),
  ),
};

const NASTY = [
  '\u0000',
  '\n',
  '\t',
  ' '.repeat(3000),
  '9'.repeat(40),
  '-1',
  '\\',
  '"',
  "'",
  '(',
  ')',
  '[',
  ']',
  ':',
  '|',
  '/',
  '@end x 0\n',
  '=cmd',
  '<b>',
  '\u001b[31m',
  '\ufffd',
  '__proto__',
  'constructor',
  '%',
  '1e999',
  '[[[[',
  '{"a":',
  '0x',
];

/** Cuts, doubles, swaps and spoils. */
function damage(text: string, random: () => number): string {
  let damaged = text;
  const place = (): number => Math.floor(random() * damaged.length);
  for (let times = 1 + Math.floor(random() * 5); times > 0; times--) {
    const at = place();
    const kind = Math.floor(random() * 6);
    if (kind === 0)
      damaged = damaged.slice(0, at) + NASTY[Math.floor(random() * NASTY.length)]! + damaged.slice(at);
    else if (kind === 1) damaged = damaged.slice(0, at) + damaged.slice(at + Math.floor(random() * 40));
    else if (kind === 2)
      damaged =
        damaged.slice(0, at) +
        damaged.slice(at, at + 200).repeat(1 + Math.floor(random() * 30)) +
        damaged.slice(at);
    else if (kind === 3)
      damaged =
        damaged.slice(0, at) + String.fromCharCode(Math.floor(random() * 256)) + damaged.slice(at + 1);
    else if (kind === 4) damaged = damaged.replace(/\d+/u, () => NASTY[4]!);
    else damaged = damaged.slice(0, at);
  }
  return damaged;
}

test('damaged outputs of tools', () => {
  const random = seeded(20_261_125);
  const names = Object.keys({ ...SAN_SERVER, ...MORE });
  for (let round = 0; round < CASES; round++) {
    const parts: Record<string, string> = { ...SAN_SERVER, ...(round % 3 === 0 ? {} : MORE) };
    // What is missing lets the next source be read.
    for (const name of names) if (random() < 0.2) Reflect.deleteProperty(parts, name);
    for (const name of Object.keys(parts)) if (random() < 0.3) parts[name] = damage(parts[name]!, random);
    const started = performance.now();
    const inventory = linuxInventory(sectionsOf(parts), { ourTime: NOW });
    expect(performance.now() - started, `round ${round}`).toBeLessThan(MILLISECONDS);
    const checked = serverInventory.safeParse(inventory);
    expect(checked.success, `round ${round}: ${checked.error?.message ?? ''}`).toBe(true);
  }
});

test('damaged files, by every importer that would read them', async () => {
  const random = seeded(77);
  let readable = 0;
  for (let round = 0; round < CASES; round++)
    for (const [name, text] of Object.entries(FILES)) {
      const input = textInput(name, damage(text, random), 1 + Math.floor(random() * 500));
      for (const importer of importers) {
        if (importer.recognise(input) === 0) continue;
        const started = performance.now();
        try {
          for await (const item of importer.read(input, { now: () => NOW, serverName: 'x' })) {
            if (item.kind !== 'inventory') continue;
            const checked = serverInventory.safeParse(item.inventory);
            expect(checked.success, `${importer.id} round ${round}: ${checked.error?.message ?? ''}`).toBe(
              true,
            );
            readable++;
          }
        } catch (error) {
          expect(isIronliftError(error), `${importer.id} round ${round}: ${String(error)}`).toBe(true);
        }
        expect(performance.now() - started, `${importer.id} round ${round}`).toBeLessThan(MILLISECONDS);
      }
    }
  expect(readable).toBeGreaterThan(CASES);
});

test('lines of a megabyte of each nasty kind, for every importer', async () => {
  for (const [name, text] of Object.entries(FILES))
    for (const nasty of [' ', '(', '[', 'a', '\\', '0', ': ', '"', "'a"]) {
      const input = textInput(name, `${text.slice(0, 60)}${nasty.repeat(1 << 19)}\n${text}`, 1 << 16);
      for (const importer of importers) {
        const started = performance.now();
        try {
          if (importer.recognise(input) > 0)
            for await (const item of importer.read(input, { now: () => NOW, serverName: 'x' }))
              expect(item.kind).toBeTypeOf('string');
        } catch (error) {
          expect(isIronliftError(error), `${importer.id} ${name} ${nasty}: ${String(error)}`).toBe(true);
        }
        expect(performance.now() - started, `${importer.id} ${name} ${nasty}`).toBeLessThan(MILLISECONDS);
      }
    }
});

test('sections of one line without end', () => {
  for (const [name, pieces] of Object.entries({
    'boot-messages': ['vmx disable', 'virtualization '],
    initramfs: ['A', '.ko'],
    modinfo: ['filename: ', 'A'],
    'lsblk-pairs': ['A', 'A_', '-', 'A="'],
    blkid: ['A', '-'],
    localtime: ['/zoneinfo/', 'a'],
  }))
    for (const piece of pieces)
      for (const [before, after] of [
        ['', ' x'],
        ['/dev/sda: ', '!'],
      ] as const) {
        const text = `${before}${piece.repeat((1 << 19) / piece.length)}${after}`;
        const started = performance.now();
        linuxInventory(sectionsOf({ ...SAN_SERVER, [name]: text }));
        expect(performance.now() - started, `${name} ${piece}`).toBeLessThan(MILLISECONDS);
      }
});

test.runIf(process.env['IRONLIFT_FUZZ_CASES'] !== undefined)(
  'the real output of this machine, damaged',
  async () => {
    const script = new URL('../../../../resources/collectors/linux.sh', import.meta.url);
    const real = execFileSync('sh', ['-s', '--', '--quick'], {
      input: readFileSync(script),
      maxBuffer: 64 << 20,
    }).toString('latin1');
    const random = seeded(3);
    for (let round = 0; round < CASES / 10; round++) {
      const { sections } = await readSections([Buffer.from(damage(real, random), 'latin1')]);
      const checked = serverInventory.safeParse(linuxInventory(sections));
      expect(checked.success, `round ${round}: ${checked.error?.message ?? ''}`).toBe(true);
    }
  },
);
