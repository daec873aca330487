/** A grammar of PowerShell and Microsoft's table of cmdlets judge the import script. It is not run: there is no Hyper-V here. */
import { describe, expect, test } from 'vitest';
import { hyperv } from '../../../migration-core/target/hyperv/target.ts';
import { psQuoted } from '../../../migration-core/target/hyperv/powershell.ts';
import type { DiskBus, VirtualMachine } from '../../../migration-core/target/machine.ts';
import { cmdletProblems, parsePowerShell, type PowerShellCommand } from '../../support/powershell.ts';
import { hasShared, NEEDS_SHARED, sharedJson } from '../../support/shared.ts';
import { AWKWARD_NAMES, machine, type Shape } from './machines.ts';

const NAMES = [
  ...AWKWARD_NAMES,
  'quotes \u2018a\u2019 \u201ab\u201b \u201cc\u201d',
  '[a-z]* `n $(exit) @{}',
  "'",
];

/** Disks placed as a conversion places them. */
function onHyperv(shape: Shape & { bus?: DiskBus } = {}): VirtualMachine {
  const { bus = 'hyperv-scsi' } = shape;
  const made = machine({ format: 'vhdx', nic: 'hyperv-net', ...shape, bus });
  return {
    ...made,
    disks: made.disks.map((disk, index) => ({ ...disk, ...hyperv.place!(bus, index, made.firmware) })),
  };
}

const SHAPES: VirtualMachine[] = [
  ...NAMES.map((name) => onHyperv({ name })),
  ...(['bios', 'uefi'] as const).flatMap((firmware) =>
    [1, 2, 66, 250].map((disks, nics) => onHyperv({ firmware, disks, nics })),
  ),
  ...[1, 3, 4].map((disks) => onHyperv({ bus: 'ide', disks, format: 'vhd', nic: 'tulip', nics: 4 })),
  ...(['nat', 'host-only'] as const).map((mode) => onHyperv({ mode })),
  onHyperv({ mode: 'bridged', network: 'Intel(R) Ethernet #2', vlan: 42, firmware: 'uefi', nics: 8 }),
];

const script = (subject: VirtualMachine): string => hyperv.configure(subject)[0]!.content;
const values = (commands: PowerShellCommand[], name: string, parameter: string): (string | null)[] =>
  commands
    .filter((command) => command.name === name)
    .flatMap(({ parameters }) => parameters.filter((one) => one.name === parameter))
    .map(({ value }) => value);

describe('the import script', () => {
  test(`is PowerShell in all ${SHAPES.length} shapes and says what was meant`, async () => {
    for (const subject of SHAPES) {
      expect(hyperv.check(subject).filter(({ severity }) => severity === 'blocker')).toEqual([]);
      const { hasError, commands, literals } = await parsePowerShell(script(subject));
      expect(hasError, subject.name).toBe(false);
      expect(literals).toContain(subject.name);
      for (const { file } of subject.disks) expect(literals).toContain(file);
      expect(values(commands, 'New-VM', 'Generation')).toEqual([subject.firmware === 'uefi' ? '2' : '1']);
      expect(values(commands, 'Set-VMProcessor', 'Count')).toEqual([String(subject.cpus)]);
      const attached = commands.filter(({ name }) => name === 'Add-VMHardDiskDrive');
      const place = ({ parameters }: PowerShellCommand): string =>
        ['ControllerType', 'ControllerNumber', 'ControllerLocation']
          .map((name) => parameters.find((one) => one.name === name)!.value)
          .join(' ');
      expect(new Set(attached.map(place)).size).toBe(subject.disks.length);
      expect(place(attached[0]!)).toBe(subject.firmware === 'uefi' ? 'SCSI 0 0' : 'IDE 0 0');
      for (const [, number, location] of attached.map((command) => place(command).split(' '))) {
        expect(Number(number)).toBeLessThan(4);
        expect(Number(location)).toBeLessThan(64);
      }
      expect(values(commands, 'Add-VMNetworkAdapter', 'StaticMacAddress')).toEqual(
        subject.nics.map(({ mac }) => `'${mac.replaceAll(':', '').toUpperCase()}'`),
      );
      expect(values(commands, 'Add-VMNetworkAdapter', 'IsLegacy')).toHaveLength(
        subject.nics.filter(({ model }) => model === 'tulip').length,
      );
      expect(values(commands, 'Set-VMNetworkAdapterVlan', 'VlanId')).toEqual(
        subject.nics.flatMap(({ vlan }) => (vlan === null ? [] : [String(vlan)])),
      );
    }
  });

  test('holds a hostile name as one literal and in no other place', async () => {
    for (const name of NAMES) {
      const plain = await parsePowerShell(script(onHyperv({ name: 'plain' })));
      const hostile = await parsePowerShell(script(onHyperv({ name })));
      expect(hostile.commands).toEqual(plain.commands);
      expect(hostile.literals).toEqual(plain.literals.map((text) => (text === 'plain' ? name : text)));
    }
    expect(psQuoted("a'b")).toBe("'a''b'");
    expect(psQuoted('\u2019')).toBe("'\u2019\u2019'");
  });

  test('is read as UTF-8 by Windows PowerShell, and has the line ends of Windows', () => {
    const text = script(onHyperv());
    expect(text.startsWith('\ufeff')).toBe(true);
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
  });

  test('the grammar refuses broken scripts', async () => {
    const good = script(onHyperv());
    for (const [from, to] of [
      ["'web01'", "'web01"],
      ['try {', 'try ('],
      ['Join-Path -Path $Folder -ChildPath $file', 'Join-Path (-Path $Folder'],
    ] as const) {
      const broken = good.replace(from, to);
      expect(broken).not.toBe(good);
      expect((await parsePowerShell(broken)).hasError, to).toBe(true);
    }
  });

  test.skipIf(!hasShared)(
    `uses the cmdlets of Windows Server 2016 as Microsoft documents them ${NEEDS_SHARED}`,
    async () => {
      const table = sharedJson('schemas/hyperv/hyper-v-cmdlets.json');
      const problems = async (text: string): Promise<string[]> =>
        (await parsePowerShell(text)).commands.flatMap((command) => cmdletProblems(table, command, '2016'));
      for (const subject of SHAPES) expect(await problems(script(subject))).toEqual([]);
      const good = script(onHyperv({ firmware: 'uefi', vlan: 4 }));
      for (const [from, to] of [
        ['Add-VMHardDiskDrive', 'Add-VMDisk'],
        ['-Generation 2', '-Generation 3'],
        ['-EnableSecureBoot Off', '-EnableSecureBoot No'],
        ['-ControllerLocation', '-ControllerPlace'],
        ['-SwitchType Private', '-SwitchType Secret'],
        ['-Access -VlanId 4', '-Access 4'],
        ['-MemoryStartupBytes 2147483648 -NoVHD', "-MemoryStartupBytes 2147483648 -NoVHD -VHDPath 'x'"],
        ['New-VMSwitch -Name', 'New-VMSwitch -Notes'],
      ] as const) {
        const broken = good.replace(from, to);
        expect(broken).not.toBe(good);
        expect(await problems(broken), to).not.toEqual([]);
      }
    },
  );
});

describe('what Hyper-V cannot do is refused', () => {
  const codes = (subject: VirtualMachine): string[] =>
    hyperv
      .check(subject)
      .filter(({ severity }) => severity === 'blocker')
      .map(({ code }) => code);

  test.each<[string, VirtualMachine, string[]]>([
    [
      'SCSI start on generation 1',
      machine({ format: 'vhdx', bus: 'hyperv-scsi', nic: 'hyperv-net' }),
      ['TARGET_BUS'],
    ],
    ['IDE on generation 2', onHyperv({ firmware: 'uefi', bus: 'ide' }), ['TARGET_BUS']],
    ['VHD on generation 2', onHyperv({ firmware: 'uefi', format: 'vhd' }), ['HYPERV_VHD']],
    ['a fifth IDE disk', onHyperv({ bus: 'ide', disks: 5 }), ['TARGET_TOO_MANY_DISKS']],
    ['a 257th SCSI disk', onHyperv({ firmware: 'uefi', disks: 257 }), ['TARGET_TOO_MANY_DISKS']],
    ['a ninth card', onHyperv({ nics: 9 }), ['TARGET_TOO_MANY_NICS']],
    ['a fifth legacy card', onHyperv({ nic: 'tulip', nics: 5 }), ['TARGET_TOO_MANY_NICS']],
    ['a legacy card on generation 2', onHyperv({ firmware: 'uefi', nic: 'tulip' }), ['TARGET_NIC_MODEL']],
    ['a bridge without a name', onHyperv({ mode: 'bridged' }), ['HYPERV_SWITCH_MISSING']],
    ['65 processors on generation 1', { ...onHyperv(), cpus: 65 }, ['TARGET_CPUS']],
    [
      'a VHD of 2 TiB, and everything else at once',
      {
        ...onHyperv({ format: 'vhd', mode: 'bridged' }),
        memoryMiB: 2 << 20,
        disks: [{ ...onHyperv({ format: 'vhd' }).disks[0]!, size: 2 ** 41 }],
      },
      ['TARGET_MEMORY', 'TARGET_DISK_TOO_LARGE', 'HYPERV_SWITCH_MISSING'],
    ],
  ])('%s', (_, subject, expected) => {
    expect(codes(subject)).toEqual(expected);
  });

  test('Windows before 8 and Server 2012 in generation 2, which it does not start in', () => {
    const said = (version: string, firmware: 'bios' | 'uefi'): string[] =>
      hyperv
        .check({ ...onHyperv({ firmware }), os: { id: 'windows', version, name: `Windows ${version}` } })
        .filter(({ severity }) => severity === 'blocker')
        .map(({ code, message, next }) => `${code}: ${message} ${next!}`);
    for (const version of ['vista', '2008', '7', '2008r2']) {
      expect(said(version, 'uefi')).toEqual([
        `HYPERV_GENERATION_2_OLD_WINDOWS: UEFI servers become machines of generation 2, in which Windows starts from 8 and Server 2012 on, and this is Windows ${version}. Choose another platform for this server.`,
      ]);
      expect(said(version, 'bios')).toEqual([]);
    }
    for (const version of ['8', '2012', '8.1', '2012r2', '10', '2016', '2022', '11', '2025'])
      expect(said(version, 'uefi')).toEqual([]);
  });
});
