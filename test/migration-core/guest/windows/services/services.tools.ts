/** Services, filters and processor drivers on hives made by Windows; the differences are written out and judged by hivex. */
import { describe, expect, it } from 'vitest';
import { agents } from '../../../../../migration-core/guest/windows/services/agents.ts';
import { classFilters } from '../../../../../migration-core/guest/windows/services/class-filters.ts';
import { processor } from '../../../../../migration-core/guest/windows/services/processor.ts';
import { crashControl } from '../../../../../migration-core/guest/windows/system/crash-control.ts';
import { sanPolicy } from '../../../../../migration-core/guest/windows/system/san-policy.ts';
import { targets } from '../../../../../migration-core/target/table.ts';
import { hasShared, NEEDS_SHARED } from '../../../../support/shared.ts';
import { fixture } from '../../../registry/fixtures.ts';
import { difference, diskOf, fixWindows, multi, SYSTEM, type World } from '../world.ts';

const ALL = [agents, classFilters, processor, crashControl, sanPolicy];

/** `Start` of a service in one control set, from its number to 4. Windows 7 writes the key `services`. */
const start = (set: string, name: string, from: number, services = 'Services'): string[] => [
  `+ ${set}\\${services}\\${name} | "Start"=dword:00000004`,
  `- ${set}\\${services}\\${name} | "Start"=dword:0000000${from}`,
];
const reboot = (set: string): string[] => [
  `+ ${set}\\Control\\CrashControl | "AutoReboot"=dword:00000000`,
  `- ${set}\\Control\\CrashControl | "AutoReboot"=dword:00000001`,
];

const XP: World['facts'] = { ntVersion: '5.1', build: 2600, installation: 'client', hal: 'halmacpi.dll' };

describe.skipIf(!hasShared)(`on hives of real servers ${NEEDS_SHARED}`, () => {
  it('Windows XP with VMware Tools, for KVM', async () => {
    const system = fixture('system/hackfortress-xp-system');
    const { after, whats, codes } = await fixWindows(ALL, { system, facts: XP });
    const expected = ['ControlSet001', 'ControlSet003'].flatMap((set) => [
      ...start(set, 'VMTools', 2),
      ...start(set, 'VMware Physical Disk Helper Service', 2),
      ...start(set, 'TPAutoConnSvc', 3),
      ...start(set, 'TPVCGateway', 3),
      ...start(set, 'vmci', 0),
      ...start(set, 'VMMEMCTL', 2),
      ...start(set, 'vmhgfs', 1),
      ...start(set, 'vmdebug', 1),
      // Processors and the AGP bridge of the old board.
      ...start(set, 'intelppm', 1),
      ...start(set, 'agp440', 0),
      ...reboot(set),
    ]);
    expect(await difference(system, await after.hive(SYSTEM))).toEqual(expected.sort());
    expect(codes).toEqual([]);
    expect(whats).toContain(
      'The service "VMware Tools" (VMTools) of VMware Tools is switched off; it started by itself.',
    );
    expect(whats).toContain(
      'The driver "VMware VMCI Bus Driver" (vmci) of VMware Tools is switched off; it started at boot.',
    );
  });

  it.each(targets.map(({ id }) => id))('Windows XP with VMware Tools, for %s', async (target) => {
    const system = fixture('system/hackfortress-xp-system');
    const bytes = async (id: string): Promise<Uint8Array> => {
      const { after } = await fixWindows([agents, classFilters], { system, facts: XP, target: id });
      return (await after.hive(SYSTEM)).serialise(new Date(0));
    };
    // VMware's own platforms, and packages that go to them, keep its tools; the others differ from KVM in nothing.
    const keeps = ['vmware-esxi', 'vmware-workstation', 'ova'].includes(target);
    expect(Buffer.compare(await bytes(target), keeps ? system : await bytes('kvm'))).toBe(0);
  });

  it('Windows XP of a Dell: its processor driver, and nothing of Windows itself', async () => {
    const system = fixture('system/bitcurator-M57-PAT-SYSTEM');
    const { after, codes } = await fixWindows(ALL, { system, facts: XP });
    const expected = ['ControlSet001', 'ControlSet002'].flatMap((set) => [
      ...start(set, 'intelppm', 1),
      ...reboot(set),
    ]);
    expect(await difference(system, await after.hive(SYSTEM))).toEqual(expected.sort());
    expect(codes).toEqual([]);
  });

  it('Windows 7 with VMware Tools', async () => {
    const system = fixture('system/regipy-SYSTEM');
    const { after } = await fixWindows(ALL, {
      system,
      facts: { ntVersion: '6.1', installation: 'client' },
      machine: { disks: [diskOf(0), diskOf(1)] },
    });
    const expected = ['ControlSet001', 'ControlSet002'].flatMap((set) => [
      ...start(set, 'VMTools', 2, 'services'),
      ...start(set, 'VMUpgradeHelper', 2, 'services'),
      ...start(set, 'vmci', 3, 'services'),
      ...start(set, 'VMMEMCTL', 2, 'services'),
      ...start(set, 'vmdebug', 1, 'services'),
      // vmrawdsk is off already; tpautoconnsvc has no path that would prove it; intelppm waits for its processor.
      ...reboot(set),
    ]);
    expect(await difference(system, await after.hive(SYSTEM))).toEqual(expected.sort());
  });

  it('Windows 10 with VMware Tools and filters whose files are gone', async () => {
    const system = fixture('system/dissect.regf-SYSTEM');
    const { after, whats } = await fixWindows(ALL, {
      system,
      facts: { ntVersion: '10.0', build: 19044, installation: 'client' },
      without: ['rdyboost', 'EhStorClass'],
    });
    const set = 'ControlSet001';
    const volumes = `${set}\\Control\\Class\\{71a27cdd-812a-11d0-bec7-08002be2092f}`;
    const disks = `${set}\\Control\\Class\\{4d36e967-e325-11ce-bfc1-08002be10318}`;
    const expected = [
      ...start(set, 'VMTools', 2),
      ...start(set, 'VGAuthService', 2),
      ...start(set, 'vm3dservice', 2),
      ...start(set, 'vmvss', 3),
      ...start(set, 'vmci', 0),
      ...start(set, 'vsock', 0),
      ...start(set, 'VMMemCtl', 2),
      ...start(set, 'vmhgfs', 3),
      ...start(set, 'vmrawdsk', 1),
      ...reboot(set),
      `- ${volumes} | "LowerFilters"=${multi('fvevol', 'iorate', 'rdyboost')}`,
      `+ ${volumes} | "LowerFilters"=${multi('fvevol', 'iorate')}`,
      // The list of the class of disks had one name: the value goes.
      `- ${disks} | "LowerFilters"=${multi('EhStorClass')}`,
    ];
    expect(await difference(system, await after.hive(SYSTEM))).toEqual(expected.sort());
    expect(whats).toEqual(
      expect.arrayContaining([
        'The driver "VMware VMCI Bus Driver" (vmci) of VMware Tools is switched off; it started at boot.',
        'The filter EhStorClass is taken out of the list of filters of all disks (LowerFilters).',
        'The filter rdyboost is taken out of the list of filters of all volumes (LowerFilters).',
      ]),
    );
  });
});
