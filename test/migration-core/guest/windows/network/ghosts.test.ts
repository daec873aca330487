import { describe, expect, test } from 'vitest';
import { MAC, FIRST_GUID, SECOND_GUID, INTERFACES, NETWORK, cards, nic, planNetwork } from './steps.ts';

describe('the registry', () => {
  const changes = (set: string, guid: string, before: boolean, name: string): string[] => [
    `${set}\\${NETWORK}\\${FIRST_GUID}\\Connection Name: "${name}" -> "${name} (before the conversion)"`,
    `${set}\\${NETWORK}\\${SECOND_GUID}\\Connection Name: "${name} 2" -> "${name} 2 (before the conversion)"`,
    ...[
      `DefaultGateway: ["10.1.2.1"] -> ${before ? '[]' : 'none'}`,
      `DefaultGatewayMetric: ["0"] -> ${before ? '[]' : 'none'}`,
      'EnableDHCP: 0 -> 1',
      `IPAddress: ["10.1.2.3", "10.1.2.4"] -> ${before ? '["0.0.0.0"]' : 'none'}`,
      `SubnetMask: ["255.255.255.0", "255.255.255.0"] -> ${before ? '["0.0.0.0"]' : 'none'}`,
    ].map((line) => `${set}\\Services\\Tcpip\\Parameters\\Interfaces\\${guid} ${line}`),
  ];

  test.each(['xp', '2003', '7'] as const)(
    'of Windows %s: names and addresses of the old cards, in both control sets',
    async (version) => {
      const { difference } = await planNetwork({ version }, cards(version));
      const expected = (set: string): string[] =>
        changes(set, FIRST_GUID, version !== '7', 'Local Area Connection');
      expect(difference).toEqual([...expected('ControlSet001'), ...expected('ControlSet002')]);
    },
  );

  test.each(['2012r2', '2022'] as const)('of Windows %s', async (version) => {
    const { difference } = await planNetwork({ version, controlSets: 1 }, cards(version));
    expect(difference).toEqual(changes('ControlSet001', FIRST_GUID.toLowerCase(), false, 'Ethernet'));
  });

  test('an earlier card with the same address is silenced too, and is no card that is missing', async () => {
    const ghost = '{11111111-7A11-4B6E-9B1C-0D5F1E2A3B4C}';
    const { difference, findings } = await planNetwork(
      {
        version: '7',
        controlSets: 1,
        system: {
          'CCS\\Control\\Class\\{4D36E972-E325-11CE-BFC1-08002BE10318}\\0003': {
            Characteristics: 0x84,
            NetCfgInstanceId: ghost,
            DriverDesc: 'Old card',
          },
          [`${INTERFACES}\\${ghost}`]: {
            EnableDHCP: 0,
            IPAddress: ['10.1.2.3'],
            SubnetMask: ['255.255.255.0'],
          },
          [`CCS\\Services\\${ghost}\\Parameters\\Tcpip`]: { EnableDHCP: 0, IPAddress: ['10.1.2.3'] },
        },
      },
      [nic(MAC, 'Local Area Connection')],
    );
    expect(difference.filter((line) => line.includes(ghost))).toEqual([
      `ControlSet001\\Services\\Tcpip\\Parameters\\Interfaces\\${ghost} EnableDHCP: 0 -> 1`,
      `ControlSet001\\Services\\Tcpip\\Parameters\\Interfaces\\${ghost} IPAddress: ["10.1.2.3"] -> none`,
      `ControlSet001\\Services\\Tcpip\\Parameters\\Interfaces\\${ghost} SubnetMask: ["255.255.255.0"] -> none`,
      `ControlSet001\\Services\\${ghost}\\Parameters\\Tcpip EnableDHCP: 0 -> 1`,
      `ControlSet001\\Services\\${ghost}\\Parameters\\Tcpip IPAddress: ["10.1.2.3"] -> none`,
    ]);
    expect(findings.map(({ code }) => code)).toEqual(['NETWORK_BOUND_TO_MAC', 'NETWORK_FIREWALL_PROFILE']);
  });
});
