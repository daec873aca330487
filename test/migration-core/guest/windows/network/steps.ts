/** A Windows with its network, as far as the tests of it need one. */
import { networkAddresses } from '../../../../../migration-core/guest/windows/network/addresses.ts';
import type { Finding } from '../../../../../migration-core/base/finding.ts';
import type { Hive } from '../../../../../migration-core/registry/hive.ts';
import { openHive } from '../../../../../migration-core/registry/hive.ts';
import type { VirtualNic } from '../../../../../migration-core/target/machine.ts';
import { fixWindows } from '../../../../support/fix-windows.ts';
import {
  NIC_GUIDS,
  windowsVolumes,
  type WindowsGuestOptions,
  type WindowsVersionId,
} from '../../../../support/windows-guest.ts';
import { hiveDifference } from '../hive-difference.ts';

export const SYSTEM_HIVE = '/Windows/System32/config/SYSTEM';
export const MAC = '52:54:00:12:34:56';
export const SECOND = '52:54:00:12:34:57';
export const [FIRST_GUID, SECOND_GUID] = NIC_GUIDS;
export const INTERFACES = 'CCS\\Services\\Tcpip\\Parameters\\Interfaces';
export const NETBT = 'CCS\\Services\\NetBT\\Parameters\\Interfaces';
export const NETWORK = 'Control\\Network\\{4D36E972-E325-11CE-BFC1-08002BE10318}';
/** Values of the first card are at this key in every made hive. */
export const FIRST = `${INTERFACES}\\${FIRST_GUID}`;

export const old = (version: WindowsVersionId): boolean =>
  ['xp', '2003', 'vista', '2008', '7', '2008r2'].includes(version);

export const nic = (mac: string, guestName: string | null): VirtualNic => ({
  model: 'e1000',
  mac,
  guestName,
  mode: 'isolated',
  network: null,
  vlan: null,
});

export interface NetworkPlan {
  /** Lines of the batch file; empty where none is left. */
  step: string[];
  /** Changes of SYSTEM, value for value. */
  difference: string[];
  findings: Finding[];
  whats: string[];
}

/** Plans, applies, plans again, undoes (fix-windows.ts proves that), and tells what was changed. */
export async function planNetwork(options: WindowsGuestOptions, nics: VirtualNic[]): Promise<NetworkPlan> {
  const fixed = await fixWindows(await windowsVolumes(options), networkAddresses, { nics });
  const step = fixed.edits.find(({ action }) => action.path.endsWith('/Ironlift/FirstBoot/20-network.cmd'));
  const text = step?.action.kind === 'write' ? Buffer.from(step.action.content).toString('latin1') : '';
  const system = fixed.edits.find(({ action }) => action.kind === 'registry')?.action.path;
  return {
    step: text.split('\r\n'),
    difference:
      system === undefined ? [] : hiveDifference(hiveBefore(fixed.before.get(system)!), fixed.hive(system)),
    findings: fixed.findings,
    whats: fixed.edits.map(({ what }) => what),
  };
}

const hiveBefore = (content: string): Hive => openHive(Buffer.from(content, 'latin1'));

/** The lines of a card, without what follows a failure of netsh. */
export function toldNetsh(step: readonly string[]): string[] {
  return step.filter((line) => line.startsWith('netsh.exe') || line.startsWith('call :find'));
}

/** A card for each of the two adapters. */
export const cards = (version: WindowsVersionId): ReturnType<typeof nic>[] => {
  const name = old(version) ? 'Local Area Connection' : 'Ethernet';
  return [nic(MAC, name), nic(SECOND, `${name} 2`)];
};
