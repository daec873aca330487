/** The network of hives made by Windows; what is changed is judged by hivex and written out here. */
import { describe, expect, test } from 'vitest';
import { networkAddresses } from '../../../../../migration-core/guest/windows/network/addresses.ts';
import { firstBoot } from '../../../../../migration-core/guest/windows/first-boot/service.ts';
import { hasShared, NEEDS_SHARED } from '../../../../support/shared.ts';
import { fixWindows } from '../../../../support/fix-windows.ts';
import { windowsVolumes, type WindowsVersionId } from '../../../../support/windows-guest.ts';
import { fixture } from '../../../registry/fixtures.ts';
import { difference, multi } from '../world.ts';
import { nic, toldNetsh } from './steps.ts';

const MAC = '00:0c:29:11:22:33';
const SECOND = '00:0c:29:11:22:34';

async function planned(version: WindowsVersionId, hive: string, nics: ReturnType<typeof nic>[]) {
  const system = fixture(hive);
  const volumes = await windowsVolumes({ version, hives: { system } });
  const fixed = await fixWindows(volumes, [networkAddresses, firstBoot], { nics });
  const path = fixed.edits.find(({ action }) => action.kind === 'registry')?.action.path;
  const step = fixed.edits.find(({ action }) => action.path.endsWith('20-network.cmd'))?.action;
  return {
    changed: path === undefined ? [] : await difference(system, fixed.hive(path)),
    step: step?.kind === 'write' ? Buffer.from(step.content).toString('latin1').split('\r\n') : [],
    findings: fixed.findings,
  };
}

const CMD = '%SystemRoot%\\System32\\cmd.exe /d /c';
const hex = (text: string): string =>
  Buffer.from(`${text}\0`, 'utf16le').toString('hex').match(/../g)!.join(',');
const service = (set: string, services: string): string[] =>
  [
    `"DisplayName"=hex(1):${hex('Ironlift: work of the first start')}`,
    '"ErrorControl"=dword:00000000',
    `"ImagePath"=hex(2):${hex(`${CMD} start "" /b ${CMD} "%SystemRoot%\\Ironlift\\FirstBoot\\runner.cmd"`)}`,
    `"ObjectName"=hex(1):${hex('LocalSystem')}`,
    '"Start"=dword:00000002',
    '"Type"=dword:00000010',
  ]
    .concat('')
    .map((line) => `+ ${set}\\${services}\\IronliftFirstBoot | ${line}`.trimEnd());

describe.skipIf(!hasShared)(`on hives of real servers ${NEEDS_SHARED}`, () => {
  test('Windows 7 in VMware: two cards with fixed addresses', async () => {
    const { changed, step, findings } = await planned('7', 'system/regipy-SYSTEM', [
      nic(MAC, 'Local Area Connection'),
      nic(SECOND, 'Local Area Connection 2'),
    ]);
    const card = (set: string, guid: string, ip: string, gateway: string, name: string): string[] => {
      const interfaces = `${set}\\services\\Tcpip\\Parameters\\Interfaces\\${guid}`;
      const copy = `${set}\\services\\${guid}\\Parameters\\Tcpip`;
      const connection = `${set}\\Control\\Network\\{4D36E972-E325-11CE-BFC1-08002BE10318}\\${guid}\\Connection`;
      return [
        ...[interfaces, copy].flatMap((key) => [
          `- ${key} | "DefaultGateway"=${multi(gateway)}`,
          `- ${key} | "EnableDHCP"=dword:00000000`,
          `+ ${key} | "EnableDHCP"=dword:00000001`,
          `- ${key} | "IPAddress"=${multi(ip)}`,
          `- ${key} | "SubnetMask"=${multi('255.255.255.0')}`,
        ]),
        `- ${interfaces} | "DefaultGatewayMetric"=${multi('0')}`,
        `- ${connection} | "Name"=hex(1):${hex(name)}`,
        `+ ${connection} | "Name"=hex(1):${hex(`${name} (before the conversion)`)}`,
      ];
    };
    const FIRST = '{6AAFC9A9-0542-4DB2-8760-CCFFA953737C}';
    const OTHER = '{698E50A9-4F58-4D86-B61D-F42E58DCACF6}';
    expect(changed).toEqual(
      ['ControlSet001', 'ControlSet002']
        .flatMap((set) => [
          ...card(set, FIRST, '192.168.1.123', '192.168.1.1', 'Local Area Connection'),
          ...card(set, OTHER, '10.3.58.5', '10.3.58.1', 'Local Area Connection 2'),
          ...service(set, 'services'),
        ])
        .sort(),
    );
    expect(toldNetsh(step)).toEqual([
      'call :find 00-0C-29-11-22-33 "00 0c 29 11 22 33"',
      'netsh.exe interface ipv4 set address name=%CARD% source=static address=192.168.1.123 mask=255.255.255.0 gateway=192.168.1.1',
      'netsh.exe interface ipv4 set dnsserver name=%CARD% source=static address=192.168.1.112 validate=no',
      'call :find 00-0C-29-11-22-34 "00 0c 29 11 22 34"',
      'netsh.exe interface ipv4 set address name=%CARD% source=static address=10.3.58.5 mask=255.255.255.0 gateway=10.3.58.1',
      'netsh.exe interface ipv4 set dnsserver name=%CARD% source=static address=10.3.58.4 validate=no',
      'netsh.exe interface set interface name="%NAME1%" newname="Ironlift card 1"',
      'netsh.exe interface set interface name="%NAME2%" newname="Ironlift card 2"',
      'netsh.exe interface set interface name="%NAME1%" newname="Local Area Connection"',
      'netsh.exe interface set interface name="%NAME2%" newname="Local Area Connection 2"',
    ]);
    // The default routes that Windows keeps for its cards are none that somebody added.
    expect(findings.map(({ code }) => code)).toEqual([
      'NETWORK_BOUND_TO_MAC',
      'NETWORK_FIREWALL_PROFILE',
      'FIRST_START_WORK',
    ]);
  });

  test.each([
    ['xp', 'system/hackfortress-xp-system', 'Local Area Connection'],
    ['xp', 'system/bitcurator-M57-PAT-SYSTEM', 'Local Area Connection'],
    ['10', 'system/dissect.regf-SYSTEM', 'Ethernet0'],
  ] as const)('Windows %s of %s asks by DHCP: nothing to do', async (version, hive, name) => {
    expect(await planned(version, hive, [nic(MAC, name)])).toEqual({ changed: [], step: [], findings: [] });
  });
});
