import { describe, expect, test } from 'vitest';
import { networkAddresses } from '../../../../../migration-core/guest/windows/network/addresses.ts';
import { openHive } from '../../../../../migration-core/registry/hive.ts';
import { readDword } from '../../../../../migration-core/registry/types.ts';
import { fixWindows } from '../../../../support/fix-windows.ts';
import { windowsHives, windowsVolumes } from '../../../../support/windows-guest.ts';
import {
  SYSTEM_HIVE,
  MAC,
  SECOND,
  FIRST_GUID,
  SECOND_GUID,
  INTERFACES,
  NETWORK,
  FIRST,
  cards,
  nic,
  planNetwork,
  toldNetsh,
} from './steps.ts';

describe('what is said', () => {
  const messages = async (...parameters: Parameters<typeof planNetwork>): Promise<string[]> =>
    (await planNetwork(...parameters)).findings.map(({ message }) => message);
  const BOUND =
    'The network settings go to the cards with the MAC addresses 52:54:00:12:34:56 and 52:54:00:12:34:57.';
  const FIREWALL =
    'Windows sees a new network at the first start and may treat it as public until it has found its domain, so the firewall may close ports for a while.';

  test('cards that only ask by DHCP need nothing', async () => {
    const plan = await planNetwork(
      { version: '2022', system: { [FIRST]: { EnableDHCP: 1, NameServer: '' } } },
      cards('2022'),
    );
    expect([plan.whats, plan.findings]).toEqual([[], []]);
  });

  test('a fixed address without a card', async () => {
    expect(await messages({ version: '2022' }, [nic(MAC, 'Ethernet 2')])).toEqual([
      'The machine has no network card for the network connection Ethernet (10.1.2.3/24 and 10.1.2.4/24), so its settings are not carried over.',
    ]);
  });

  test('the address of a Hyper-V host lies on its virtual switch, which loses its card', async () => {
    const port = '{33333333-7A11-4B6E-9B1C-0D5F1E2A3B4C}';
    const told = (DriverDesc: string): Promise<string[]> =>
      messages(
        {
          version: '2016',
          system: {
            [FIRST]: { EnableDHCP: 1, NameServer: '' },
            'CCS\\Control\\Class\\{4d36e972-e325-11ce-bfc1-08002be10318}\\0003': {
              Characteristics: 1,
              NetCfgInstanceId: port,
              DriverDesc,
            },
            [`CCS\\${NETWORK}\\${port}\\Connection`]: { Name: 'vEthernet (LAN)' },
            [`${INTERFACES}\\${port}`]: {
              EnableDHCP: 0,
              IPAddress: ['10.9.9.9'],
              SubnetMask: ['255.255.255.0'],
            },
          },
        },
        cards('2016'),
      );
    expect(await told('Hyper-V Virtual Ethernet Adapter #2')).toEqual([
      'vEthernet (LAN) (10.9.9.9/24) is the port of a virtual switch of Hyper-V and keeps its address, but the network card of that switch does not come along, so the server is not reached there.',
    ]);
    expect(await told('Microsoft KM-TEST Loopback Adapter')).toEqual([]);
  });

  test('a team gives its address to the first card that has none', async () => {
    const team = '{22222222-7A11-4B6E-9B1C-0D5F1E2A3B4C}';
    const plan = await planNetwork(
      {
        version: '2016',
        system: {
          [FIRST]: { EnableDHCP: 1, NameServer: '' },
          'CCS\\Control\\Class\\{4d36e972-e325-11ce-bfc1-08002be10318}\\0003': {
            Characteristics: 0,
            NetCfgInstanceId: team,
            ComponentId: 'COMPOSITEBUS\\MS_IMPLAT_MP',
            DriverDesc: 'Microsoft Network Adapter Multiplexor Driver',
          },
          [`CCS\\${NETWORK}\\${team}\\Connection`]: { Name: 'Team1' },
          [`${INTERFACES}\\${team}`]: {
            EnableDHCP: 0,
            IPAddress: ['10.9.9.9'],
            SubnetMask: ['255.255.255.0'],
          },
        },
      },
      cards('2016'),
    );
    expect(toldNetsh(plan.step).slice(0, 2)).toEqual([
      'call :find 52-54-00-12-34-56 "52 54 00 12 34 56"',
      'netsh.exe interface ipv4 set address name=%CARD% source=static address=10.9.9.9 mask=255.255.255.0',
    ]);
    expect(plan.findings.map(({ message }) => message)).toEqual([
      'Team1 is a team of network cards made by Windows NIC Teaming (LBFO); its settings (10.9.9.9/24) go to the single card 52:54:00:12:34:56.',
      BOUND,
      FIREWALL,
    ]);
    expect(plan.difference).toEqual([
      `ControlSet001\\${NETWORK}\\${FIRST_GUID}\\Connection Name: "Ethernet" -> "Ethernet (before the conversion)"`,
      `ControlSet001\\${NETWORK}\\${SECOND_GUID}\\Connection Name: "Ethernet 2" -> "Ethernet 2 (before the conversion)"`,
      `ControlSet001\\Services\\Tcpip\\Parameters\\Interfaces\\${team} EnableDHCP: 0 -> 1`,
      `ControlSet001\\Services\\Tcpip\\Parameters\\Interfaces\\${team} IPAddress: ["10.9.9.9"] -> none`,
      `ControlSet001\\Services\\Tcpip\\Parameters\\Interfaces\\${team} SubnetMask: ["255.255.255.0"] -> none`,
    ]);
  });

  test('a domain controller restarts when it has its address', async () => {
    const plan = await planNetwork(
      { version: '2022', system: { 'CCS\\Control\\ProductOptions': { ProductType: 'LanmanNT' } } },
      cards('2022'),
    );
    expect(plan.step).toContain('set RESTART=1');
    expect(plan.findings.map(({ message }) => message)).toContain(
      'This is a domain controller: its services start before its new network card has its address, so the server restarts once by itself when the address is set.',
    );
  });

  test('a DHCP client that is switched off: netsh is not asked', async () => {
    const plan = await planNetwork({ version: '2022', system: { 'CCS\\Services\\Dhcp': { Start: 4 } } }, [
      nic(MAC, 'Ethernet'),
    ]);
    expect(toldNetsh(plan.step)).toEqual([
      'call :find 52-54-00-12-34-56 "52 54 00 12 34 56"',
      'netsh.exe interface set interface name="%NAME1%" newname="Ethernet"',
    ]);
    expect(plan.step.filter((line) => line.startsWith('reg.exe add'))).toHaveLength(6);
    expect(plan.findings.map(({ message }) => message)).toContain(
      'The DHCP client is switched off, so the addresses are written into the registry at the first start and the server restarts once.',
    );
  });

  test('routes for good stay, and are named', async () => {
    expect(
      await messages(
        {
          version: '2008r2',
          system: {
            'CCS\\Services\\Tcpip\\Parameters\\PersistentRoutes': {
              '0.0.0.0,0.0.0.0,10.1.2.1,-1': '',
              '10.9.0.0,255.255.0.0,10.1.2.254,1': '',
              nonsense: '',
            },
          },
        },
        cards('2008r2'),
      ),
    ).toEqual([
      BOUND,
      'The routes that were added for good stay: 10.9.0.0/255.255.0.0 through 10.1.2.254.',
      FIREWALL,
    ]);
  });

  test('a name that is not plain is left to Windows', async () => {
    const name = 'Подключение по локальной сети';
    const plan = await planNetwork(
      { version: 'xp', system: { [`CCS\\${NETWORK}\\${FIRST_GUID}\\Connection`]: { Name: name } } },
      [nic(MAC, name)],
    );
    expect(toldNetsh(plan.step).filter((line) => line.includes('newname'))).toEqual([]);
    expect(plan.findings.map(({ message }) => message)).toEqual([
      `The new network connection may get another name than ${name}, which has letters that a batch file cannot hold in every language.`,
      'The network settings go to the card with the MAC address 52:54:00:12:34:56.',
    ]);
    expect(plan.difference[0]).toContain(`"${name}" -> "${name} (before the conversion)"`);
  });

  test('a VLAN of a card', async () => {
    const vlan = '{33333333-7A11-4B6E-9B1C-0D5F1E2A3B4C}';
    const system = {
      [FIRST]: { EnableDHCP: 1, NameServer: '' },
      'CCS\\Control\\Class\\{4d36e972-e325-11ce-bfc1-08002be10318}\\0003': {
        Characteristics: 1,
        NetCfgInstanceId: vlan,
        ComponentId: 'iansminiport',
        DriverDesc: 'Intel(R) Gigabit ET - VLAN : VLAN20',
      },
      [`CCS\\${NETWORK}\\${vlan}\\Connection`]: { Name: 'VLAN20' },
      [`${INTERFACES}\\${vlan}`]: {
        EnableDHCP: 0,
        IPAddress: ['10.20.0.9'],
        SubnetMask: ['255.255.255.0'],
      },
    };
    expect(
      await messages({ version: '2019', system }, [nic(MAC, 'Ethernet'), nic(SECOND, 'VLAN20')]),
    ).toEqual([
      'VLAN20 is one VLAN of a network card; its settings go to the card 52:54:00:12:34:57, which sends without a VLAN tag.',
      'The network settings go to the cards with the MAC addresses 52:54:00:12:34:57 and 52:54:00:12:34:56.',
      FIREWALL,
    ]);
    expect(await messages({ version: '2019', system }, cards('2019'))).toEqual([
      'The machine has no network card for the VLAN VLAN20 (10.20.0.9/24), so its settings are not carried over.',
    ]);
  });

  test('IPv6 on XP, and services that are bound to addresses', async () => {
    expect(
      await messages(
        {
          version: '2003',
          system: {
            [`CCS\\Services\\Tcpip6\\Parameters\\Interfaces\\${FIRST_GUID}`]: { NameServer: '2001:db8::53' },
            'CCS\\Services\\DNS': { Start: 2, Type: 16 },
          },
        },
        cards('2003'),
      ),
    ).toEqual([
      'The IPv6 settings of Local Area Connection are not carried over on this Windows.',
      BOUND,
      'Services of this server are bound to its addresses, so it restarts once by itself when its new network card has them.',
    ]);
  });

  test('Windows 8 and later keep the name of a connection twice', async () => {
    const alias = `Control\\NetworkSetup2\\Interfaces\\${FIRST_GUID}\\Kernel`;
    const { difference } = await planNetwork(
      { version: '2022', system: { [`CCS\\${alias}`]: { IfAlias: 'Ethernet' } } },
      [nic(MAC, 'Ethernet')],
    );
    expect(difference).toContain(
      `ControlSet001\\${alias} IfAlias: "Ethernet" -> "Ethernet (before the conversion)"`,
    );
  });

  test('a damaged key of one control set does not stop the others', async () => {
    const key = `Services\\Tcpip\\Parameters\\Interfaces\\${FIRST_GUID}`;
    const system = windowsHives('7').system;
    const cell = openHive(system).key(`ControlSet002\\${key}`).cell;
    // The mark of a key, behind the size of its cell.
    system.set([0x78, 0x78], 4096 + cell + 4);
    const volumes = await windowsVolumes({ version: '7', hives: { system } });
    const { edits, findings, hive } = await fixWindows(volumes, networkAddresses, { nics: cards('7') });
    expect(edits.map(({ what }) => what)).toContain(
      'The addresses of the old network connections (Local Area Connection) are taken off them.',
    );
    expect(readDword(hive(SYSTEM_HIVE).key(`ControlSet001\\${key}`).value('EnableDHCP')!)).toBe(1);
    expect(findings.map(({ message }) => message)).toContain(
      `The registry key ControlSet002\\${key} is damaged, so what it says of an old network card stays.`,
    );
  });

  test('a second conversion keeps what the first one left', async () => {
    const volumes = await windowsVolumes({
      version: '7',
      files: { '/Windows/Ironlift/FirstBoot/20-network.cmd': '@echo off\r\n' },
    });
    const { edits, findings } = await fixWindows(volumes, networkAddresses, { nics: cards('7') });
    expect(edits).toEqual([]);
    expect(findings.map(({ message }) => message)).toEqual([
      'An earlier conversion of this disk left the network settings for the first start, for the network cards of the machine it made (C:\\Windows\\Ironlift\\FirstBoot\\20-network.cmd); this is kept.',
    ]);
  });
});
