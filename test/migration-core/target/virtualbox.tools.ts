/**
 * VirtualBox's own schema judges the settings file, its own list the type of the guest. What the schema cannot see is read
 * back with xmllint: every disk is attached once, at a place of its own, by the UUID that its image carries.
 */
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readGuid } from '../../../migration-core/base/guid.ts';
import { formatById } from '../../../migration-core/image/table.ts';
import { diskIdentity } from '../../../migration-core/target/identity.ts';
import type { VirtualMachine } from '../../../migration-core/target/machine.ts';
import { virtualBoxOsType } from '../../../migration-core/target/virtualbox-guest-os.ts';
import { virtualbox } from '../../../migration-core/target/virtualbox.ts';
import { hasShared, NEEDS_SHARED, sharedJson, sharedPath } from '../../support/shared.ts';
import { needTools, run, scratchFolder, tryRun, type Ran } from '../../support/tools.ts';
import { AWKWARD_NAMES, machine, type Shape } from './machines.ts';

const on = (shape: Shape = {}): VirtualMachine =>
  machine({ format: 'vdi', nic: 'e1000', bus: 'ahci', ...shape });
const SHAPES: VirtualMachine[] = [
  ...AWKWARD_NAMES.map((name) => on({ name })),
  ...(['ahci', 'lsi-sas', 'lsi', 'virtio-scsi', 'nvme', 'ide'] as const).flatMap((bus) =>
    [1, 4, 15]
      .filter((disks) => bus !== 'ide' || disks <= 4)
      .flatMap((disks, nics) =>
        (['bios', 'uefi'] as const)
          .filter((firmware) => bus !== 'nvme' || firmware === 'uefi')
          .map((firmware) => on({ bus, disks, nics, firmware })),
      ),
  ),
  on({ format: 'vmdk', nic: 'virtio-net', nics: 9 }),
  on({ mode: 'nat' }),
  on({ mode: 'bridged', network: 'Intel(R) Ethernet Connection (2) I219-LM' }),
  on({ mode: 'host-only', network: 'vboxnet0' }),
  { ...on({ firmware: 'uefi' }), architecture: 'i686', clock: 'localtime', cpus: 64, memoryMiB: 1027 },
];

const settings = (subject: VirtualMachine): string => virtualbox.configure(subject)[0]!.content;
/** The elements have a namespace, which XPath of xmllint cannot be told: it is taken out for reading. */
const xpath = async (content: string, expression: string): Promise<string[]> =>
  (
    await run('xmllint', ['--xpath', expression, '-'], {
      input: content.replace(/ xmlns="[^"]*"/, ''),
    })
  )
    .trim()
    .split('\n')
    .map((line) => /^ *\w+="(.*)"$/.exec(line)?.[1] ?? line);

describe('the settings file', () => {
  test.skipIf(!hasShared)(
    `is within the schema of VirtualBox in all ${SHAPES.length} shapes ${NEEDS_SHARED}`,
    async () => {
      needTools('xmllint');
      const folder = await scratchFolder();
      const judge = (...contents: string[]): Promise<Ran> =>
        Promise.all(contents.map((content, index) => writeFile(join(folder, `${index}.vbox`), content))).then(
          () =>
            tryRun('xmllint', [
              ...['--nonet', '--noout', '--schema'],
              sharedPath('schemas/virtualbox/VirtualBox-settings-7.0.14.xsd'),
              ...contents.map((_, index) => join(folder, `${index}.vbox`)),
            ]),
        );
      const said = await judge(...SHAPES.map(settings));
      expect(said.stderr.split('\n').filter((line) => !line.endsWith(' validates'))).toEqual(['']);
      expect(said.status).toBe(0);
      const good = settings(on());
      for (const [from, to] of [
        ['type="AHCI"', 'type="AHCII"'],
        ['MACAddress="3C5282000010"', 'MACAddress="3D5282000010"'],
        ['<Memory RAMSize="2048"/>', ''],
        ['uuid="{0f1e2d3c', 'uuid="{xf1e2d3c'],
        ['<RTC ', '<RTCs '],
        ['</Machine>', ''],
      ] as const) {
        expect(good).toContain(from);
        expect((await judge(good.replace(from, to))).status, to).not.toBe(0);
      }
    },
  );

  test('attaches every disk once, at its own place, by a UUID of the registry', async () => {
    needTools('xmllint');
    for (const subject of SHAPES) {
      const blockers = virtualbox.check(subject).filter(({ severity }) => severity === 'blocker');
      expect(blockers).toEqual([]);
      const content = settings(subject);
      const registered = await xpath(content, '//MediaRegistry//HardDisk/@uuid');
      expect(new Set(registered).size).toBe(subject.disks.length);
      expect(await xpath(content, '//AttachedDevice/Image/@uuid')).toEqual(registered);
      expect(await xpath(content, '//MediaRegistry//HardDisk/@location')).toEqual(
        subject.disks.map(({ file }) => file),
      );
      const ports = await xpath(content, '//AttachedDevice/@port');
      const devices = await xpath(content, '//AttachedDevice/@device');
      expect(new Set(ports.map((port, index) => `${port} ${devices[index]!}`)).size).toBe(
        subject.disks.length,
      );
      const count = Number(await xpath(content, 'string(//StorageController/@PortCount)'));
      for (const port of ports) expect(Number(port)).toBeLessThan(count);
      if (subject.disks[0]!.bus === 'lsi') expect(ports).not.toContain('7');
      if (subject.nics.length > 0)
        expect(await xpath(content, '//Adapter/@MACAddress')).toEqual(
          subject.nics.map(({ mac }) => mac.replaceAll(':', '').toUpperCase()),
        );
      expect(await xpath(content, 'string(//Machine/@name)')).toEqual([subject.name]);
    }
  });

  const vdi = formatById('vdi');
  test.skipIf(vdi === null)(
    'names the UUID that the VDI image carries (skipped without the VDI format)',
    async () => {
      const folder = await scratchFolder();
      const subject = on({ disks: 3 });
      const registered = await xpath(settings(subject), '//MediaRegistry//HardDisk/@uuid');
      for (const [index, { file }] of subject.disks.entries()) {
        const writer = await vdi!.create({
          path: join(folder, file),
          size: 8 << 20,
          allocation: 'thin',
          identity: diskIdentity(subject.uuid, index),
        });
        await writer.finish();
        const header = new Uint8Array(512);
        const image = await open(join(folder, file));
        await image.read(header, 0, 512, 0);
        await image.close();
        expect(`{${readGuid(header, 392).toLowerCase()}}`).toBe(registered[index]);
      }
    },
  );

  test.skipIf(!hasShared)(`names a guest type that VirtualBox has ${NEEDS_SHARED}`, () => {
    const known = (sharedJson('schemas/virtualbox/os-types-7.0.14.json') as { id: string }[]).map(
      ({ id }) => id,
    );
    const ids = [
      'debian',
      'ubuntu',
      'rhel',
      'centos',
      'rocky',
      'almalinux',
      'scientific',
      'ol',
      'fedora',
      'sles',
    ];
    for (const id of [
      ...ids,
      'opensuse',
      'opensuse-leap',
      'opensuse-tumbleweed',
      'arch',
      'gentoo',
      'alpine',
      '',
    ])
      for (const architecture of ['x86_64', 'i686'] as const)
        expect(known).toContain(virtualBoxOsType({ os: { id, version: '', name: '' }, architecture }));
  });
});

describe('what VirtualBox cannot do is refused', () => {
  test.each<[string, VirtualMachine, string[]]>([
    ['BIOS start from NVMe', on({ bus: 'nvme' }), ['TARGET_BUS']],
    ['a 31st SATA disk', on({ disks: 31 }), ['TARGET_TOO_MANY_DISKS']],
    ['a 16th SCSI disk', on({ bus: 'lsi', disks: 16 }), ['TARGET_TOO_MANY_DISKS']],
    ['a fifth IDE disk', on({ bus: 'ide', disks: 5 }), ['TARGET_TOO_MANY_DISKS']],
    ['a 37th card', on({ nics: 37 }), ['TARGET_TOO_MANY_NICS']],
    ['65 processors', { ...on(), cpus: 65 }, ['TARGET_CPUS']],
    [
      'a bridge without a name and a VLAN',
      on({ mode: 'bridged', vlan: 4 }),
      ['VIRTUALBOX_NETWORK_MISSING', 'VIRTUALBOX_VLAN'],
    ],
    ['qcow2 disks', on({ format: 'qcow2' }), ['TARGET_FORMAT']],
  ])('%s', (_, subject, expected) => {
    const found = virtualbox.check(subject).filter(({ severity }) => severity === 'blocker');
    expect(found.map(({ code }) => code)).toEqual(expected);
  });
});
