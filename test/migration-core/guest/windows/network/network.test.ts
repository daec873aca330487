import { describe, expect, test } from 'vitest';
import { fixWindows } from '../../../../support/fix-windows.ts';
import {
  NIC_GUIDS,
  windowsHives,
  windowsVolumes,
  type WindowsVersionId,
} from '../../../../support/windows-guest.ts';
import { networkAddresses } from '../../../../../migration-core/guest/windows/network/addresses.ts';
import { openHive } from '../../../../../migration-core/registry/hive.ts';
import { readDword } from '../../../../../migration-core/registry/types.ts';
import { nic, planNetwork, toldNetsh } from './steps.ts';

const SYSTEM_HIVE = '/Windows/System32/config/SYSTEM';
const MAC = '52:54:00:12:34:56';
const SECOND = '52:54:00:12:34:57';
const [FIRST_GUID, SECOND_GUID] = NIC_GUIDS;
const INTERFACES = 'CCS\\Services\\Tcpip\\Parameters\\Interfaces';
const NETBT = 'CCS\\Services\\NetBT\\Parameters\\Interfaces';
const NETWORK = 'Control\\Network\\{4D36E972-E325-11CE-BFC1-08002BE10318}';
/** Values of the first card are at this key in every made hive. */
const FIRST = `${INTERFACES}\\${FIRST_GUID}`;

const old = (version: WindowsVersionId): boolean =>
  ['xp', '2003', 'vista', '2008', '7', '2008r2'].includes(version);
const cards = (version: WindowsVersionId): ReturnType<typeof nic>[] => {
  const name = old(version) ? 'Local Area Connection' : 'Ethernet';
  return [nic(MAC, name), nic(SECOND, `${name} 2`)];
};

describe('the batch file', () => {
  const FIND = [
    'call :find 52-54-00-12-34-56 "52 54 00 12 34 56"',
    'call :find 52-54-00-12-34-57 "52 54 00 12 34 57"',
  ];
  const renaming = (name: string): string[] => [
    'netsh.exe interface set interface name="%NAME1%" newname="Ironlift card 1"',
    'netsh.exe interface set interface name="%NAME2%" newname="Ironlift card 2"',
    `netsh.exe interface set interface name="%NAME1%" newname="${name}"`,
    `netsh.exe interface set interface name="%NAME2%" newname="${name} 2"`,
  ];
  const beforeVista = [
    FIND[0],
    'netsh.exe interface ip set address name=%CARD% source=static addr=10.1.2.3 mask=255.255.255.0 gateway=10.1.2.1 gwmetric=1',
    'netsh.exe interface ip add address name=%CARD% addr=10.1.2.4 mask=255.255.255.0',
    'netsh.exe interface ip set dns name=%CARD% source=static addr=10.1.2.10',
    'netsh.exe interface ip add dns name=%CARD% addr=10.1.2.11 index=2',
    FIND[1],
    ...renaming('Local Area Connection'),
  ];
  const later = (name: string, unchecked: string): unknown[] => [
    FIND[0],
    'netsh.exe interface ipv4 set address name=%CARD% source=static address=10.1.2.3 mask=255.255.255.0 gateway=10.1.2.1',
    'netsh.exe interface ipv4 add address name=%CARD% address=10.1.2.4 mask=255.255.255.0',
    `netsh.exe interface ipv4 set dnsserver name=%CARD% source=static address=10.1.2.10${unchecked}`,
    `netsh.exe interface ipv4 add dnsserver name=%CARD% address=10.1.2.11 index=2${unchecked}`,
    FIND[1],
    ...renaming(name),
  ];
  const GOLDEN: [WindowsVersionId, unknown[]][] = [
    ['xp', beforeVista],
    ['2003', beforeVista],
    ['2008', later('Local Area Connection', '')],
    ['7', later('Local Area Connection', ' validate=no')],
    ['2012r2', later('Ethernet', ' validate=no')],
    ['2022', later('Ethernet', ' validate=no')],
    ['2025', later('Ethernet', ' validate=no')],
  ];
  test.each(GOLDEN)('of Windows %s', async (version, expected) => {
    const { step, whats } = await planNetwork({ version }, cards(version));
    expect(toldNetsh(step)).toEqual(expected);
    const name = old(version) ? 'Local Area Connection' : 'Ethernet';
    expect(whats).toContain(
      `At its first start the server gives its new network cards the settings and the names of the old ones: 10.1.2.3/24 and 10.1.2.4/24 on ${name}; DHCP on ${name} 2.`,
    );
  });

  test('line by line, for one card of Windows 7', async () => {
    const { step } = await planNetwork({ version: '7' }, [nic(MAC, 'Local Area Connection')]);
    const ok = (flag: string): string => `if not "%ERRORLEVEL%"=="0" set ${flag}=1`;
    const reg = (name: string, rest: string): string =>
      `reg.exe add "%INTERFACES%\\%GUID%" /v ${name} /t ${rest} /f`;
    expect(step).toEqual([
      '@echo off',
      'setlocal EnableExtensions DisableDelayedExpansion',
      'set "PATH=%SystemRoot%\\System32;%SystemRoot%\\System32\\Wbem"',
      'set "INTERFACES=HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters\\Interfaces"',
      'set "NETBIOS=HKLM\\SYSTEM\\CurrentControlSet\\Services\\NetBT\\Parameters\\Interfaces"',
      'set ERRORLEVEL=',
      'set AGAIN=',
      'set FAILED=0',
      'set RESTART=',
      '',
      ':card1',
      'if exist network-card-1.done goto :card2',
      'call :find 52-54-00-12-34-56 "52 54 00 12 34 56"',
      'if not defined CARD echo No network card with the address 52-54-00-12-34-56 is there yet.',
      'if not defined CARD set AGAIN=1',
      'if not defined CARD goto :card2',
      'echo The network card with the address 52-54-00-12-34-56 is set up.',
      'set BAD=',
      'netsh.exe interface ipv4 set address name=%CARD% source=static address=10.1.2.3 mask=255.255.255.0 gateway=10.1.2.1',
      ok('BAD'),
      'netsh.exe interface ipv4 add address name=%CARD% address=10.1.2.4 mask=255.255.255.0',
      ok('BAD'),
      'netsh.exe interface ipv4 set dnsserver name=%CARD% source=static address=10.1.2.10 validate=no',
      ok('BAD'),
      'netsh.exe interface ipv4 add dnsserver name=%CARD% address=10.1.2.11 index=2 validate=no',
      ok('BAD'),
      'if not defined BAD goto :card1more',
      'echo netsh did not do it, so the registry is written and the server restarted.',
      'if not defined GUID echo The registry key of this card was not found.',
      'if not defined GUID set FAILED=1',
      'if not defined GUID goto :card1more',
      reg('EnableDHCP', 'REG_DWORD /d "0"'),
      ok('FAILED'),
      reg('IPAddress', 'REG_MULTI_SZ /s "," /d "10.1.2.3,10.1.2.4"'),
      ok('FAILED'),
      reg('SubnetMask', 'REG_MULTI_SZ /s "," /d "255.255.255.0,255.255.255.0"'),
      ok('FAILED'),
      reg('DefaultGateway', 'REG_MULTI_SZ /s "," /d "10.1.2.1"'),
      ok('FAILED'),
      reg('DefaultGatewayMetric', 'REG_MULTI_SZ /s "," /d "0"'),
      ok('FAILED'),
      reg('NameServer', 'REG_SZ /d "10.1.2.10,10.1.2.11"'),
      ok('FAILED'),
      'set RESTART=1',
      ':card1more',
      'if defined NAME set "NAME1=%NAME%"',
      '>network-card-1.done echo done',
      ':card2',
      '',
      'if not defined NAME1 goto :renamed1',
      'if /i "%NAME1%"=="Local Area Connection" goto :renamed1',
      'netsh.exe interface set interface name="%NAME1%" newname="Local Area Connection"',
      'if "%ERRORLEVEL%"=="0" set "NAME1=Local Area Connection"',
      ':renamed1',
      '',
      'if not "%FAILED%"=="0" echo Not all settings could be made: what did not end well is above.',
      'if defined AGAIN exit 75',
      'if defined RESTART exit 3010',
      'exit %FAILED%',
      '',
      ':find',
      'set CARD=',
      'set INDEX=',
      'set NAME=',
      'set GUID=',
      'set ROUND=0',
      'for /l %%i in (1,1,60) do if not defined CARD call :look %1 %2',
      'exit /b 0',
      '',
      ':look',
      'set /a ROUND+=1',
      'getmac.exe /v /fo csv /nh >network-cards.txt 2>nul',
      'for /f "delims=" %%l in (\'find.exe "%~1" ^<network-cards.txt\') do call :fields %%l',
      'if defined NAME if not defined GUID call :named',
      'route.exe print >network-routes.txt 2>nul',
      'for /f "tokens=1 delims=. " %%a in (\'find.exe "...%~2 " ^<network-routes.txt\') do if not defined INDEX set INDEX=%%a',
      'if defined NAME if defined INDEX set CARD=%INDEX%',
      'if %ROUND% lss 12 goto looked',
      'if defined NAME set CARD="%NAME%"',
      'if defined INDEX set CARD=%INDEX%',
      ':looked',
      'if not defined CARD ping.exe -n 6 127.0.0.1 >nul',
      'exit /b 0',
      '',
      ':fields',
      'if defined NAME exit /b 0',
      'set "NAME=%~1"',
      'set "GUID=%~4"',
      'if not "%GUID:~0,15%"=="\\Device\\Tcpip_{" set GUID=',
      'if defined GUID set "GUID=%GUID:~14%"',
      'exit /b 0',
      '',
      ':named',
      'for /f "delims=" %%k in (\'reg.exe query "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Network\\{4D36E972-E325-11CE-BFC1-08002BE10318}" 2^>nul\') do call :connection "%%k"',
      'exit /b 0',
      '',
      ':connection',
      'for /f "tokens=2*" %%a in (\'reg.exe query "%~1\\Connection" /v Name 2^>nul\') do if /i "%%b"=="%NAME%" set "GUID=%~nx1"',
      'exit /b 0',
      '',
    ]);
  });

  test('tells everything that can be set', async () => {
    const { step, findings } = await planNetwork(
      {
        version: '2019',
        controlSets: 2,
        system: {
          [FIRST]: {
            IPAddress: ['10.1.2.3'],
            SubnetMask: ['255.255.0.0'],
            DefaultGateway: ['10.1.2.1', '10.1.2.2'],
            DefaultGatewayMetric: ['5', '0'],
            NameServer: '127.0.0.1',
            Domain: 'corp.example.com',
            InterfaceMetric: 15,
            MTU: 1400,
            RegistrationEnabled: 0,
            RegisterAdapterName: 1,
          },
          [`${NETBT}\\Tcpip_${FIRST_GUID}`]: {
            NetbiosOptions: 2,
            NameServerList: ['10.1.2.20', '10.1.2.21'],
          },
          [`CCS\\Services\\Tcpip6\\Parameters\\Interfaces\\${FIRST_GUID}`]: { NameServer: '2001:db8::53' },
          'CCS\\Control\\Class\\{4d36e972-e325-11ce-bfc1-08002be10318}\\0001': {
            NetLuidIndex: 7,
            '*IfType': 6,
          },
          'CCS\\Control\\Nsi\\{eb004a01-9b1a-11d4-9123-0050047759bc}\\10': {
            '000000070000060020010db8000000000000000000000005': [3, nsiData(64)],
            '0000000700000600fe800000000000000000000000000005': [3, nsiData(64)],
            '000000080000060020010db8000000000000000000000006': [3, nsiData(64)],
            nonsense: [3, nsiData(64)],
            '000000070000060020010db8000000000000000000000007': [3, new Uint8Array(4)],
          },
        },
      },
      [nic(MAC, 'Ethernet')],
    );
    expect(toldNetsh(step)).toEqual([
      'call :find 52-54-00-12-34-56 "52 54 00 12 34 56"',
      'netsh.exe interface ipv4 set address name=%CARD% source=static address=10.1.2.3 mask=255.255.0.0 gateway=10.1.2.1 gwmetric=5',
      'netsh.exe interface ipv4 add address name=%CARD% gateway=10.1.2.2',
      'netsh.exe interface ipv4 set dnsserver name=%CARD% source=static address=127.0.0.1 validate=no',
      'netsh.exe interface ipv4 set winsserver name=%CARD% source=static address=10.1.2.20',
      'netsh.exe interface ipv4 add winsserver name=%CARD% address=10.1.2.21 index=2',
      'netsh.exe interface ipv4 set interface interface=%CARD% metric=15',
      'netsh.exe interface ipv4 set subinterface interface=%CARD% mtu=1400 store=persistent',
      'netsh.exe interface ipv6 add address interface=%CARD% address=2001:db8::5/64',
      'netsh.exe interface ipv6 set dnsserver name=%CARD% source=static address=2001:db8::53 validate=no',
      'netsh.exe interface set interface name="%NAME1%" newname="Ethernet"',
    ]);
    const more = step.slice(step.indexOf(':card1more'), step.indexOf(':card1done'));
    expect(more.filter((line) => line.startsWith('reg.exe'))).toEqual([
      'reg.exe add "%NETBIOS%\\Tcpip_%GUID%" /v NetbiosOptions /t REG_DWORD /d "2" /f',
      'reg.exe add "%INTERFACES%\\%GUID%" /v Domain /t REG_SZ /d "corp.example.com" /f',
      'reg.exe add "%INTERFACES%\\%GUID%" /v RegistrationEnabled /t REG_DWORD /d "0" /f',
      'reg.exe add "%INTERFACES%\\%GUID%" /v RegisterAdapterName /t REG_DWORD /d "1" /f',
    ]);
    expect(more).toContain('set RESTART=1');
    expect(findings.map(({ message }) => message)).toContain(
      'The IPv6 addresses of Ethernet are carried over; an IPv6 gateway that was set by hand is not.',
    );
  });
});

/** As the persistent store of the network stack keeps it. */
function nsiData(prefix: number): Uint8Array {
  const data = Buffer.alloc(48, 0xff);
  data.writeUInt32LE(prefix, 16);
  return data;
}

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
    expect(findings.map(({ code }) => code)).toEqual(['NETWORK_FIREWALL_PROFILE']);
  });
});

describe('what is said', () => {
  const messages = async (...parameters: Parameters<typeof planNetwork>): Promise<string[]> =>
    (await planNetwork(...parameters)).findings.map(({ message }) => message);
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
      'An earlier conversion of this disk left the network settings for the first start, for the network cards of the machine it made (/Windows/Ironlift/FirstBoot/20-network.cmd); this is kept.',
    ]);
  });
});

describe('hostile values', () => {
  const EVIL = [
    '10.1.2.3 & net user x y /add',
    '%COMSPEC%',
    '"; del *',
    '10.1.2.3\r\ndel *',
    '1.2.3.4|calc',
    '!PATH!',
    '^&calc',
    '`$(x)`',
    '1.2.3.04',
    '999.1.1.1',
    '::1',
    'ﬀ.1.1.1',
  ];

  test('nothing of them is in the batch file, and each is told', async () => {
    const { step, findings, difference } = await planNetwork(
      {
        version: '2022',
        system: {
          [FIRST]: {
            IPAddress: ['10.1.2.3', ...EVIL],
            SubnetMask: ['255.255.255.0', ...EVIL.map(() => '255.255.255.0')],
            DefaultGateway: EVIL,
            NameServer: EVIL.join(','),
            Domain: 'evil.example & calc',
            MTU: 9000,
            InterfaceMetric: 4000000000,
          },
          [`${NETBT}\\Tcpip_${FIRST_GUID}`]: { NameServerList: EVIL, NetbiosOptions: 77 },
          [`CCS\\${NETWORK}\\${FIRST_GUID}\\Connection`]: { Name: 'LAN" & calc & "%PATH%' },
        },
      },
      [nic(MAC, 'LAN" & calc & "%PATH%')],
    );
    const plain = await planNetwork(
      {
        version: '2022',
        system: {
          [FIRST]: {
            IPAddress: ['10.1.2.3'],
            SubnetMask: ['255.255.255.0'],
            DefaultGateway: [],
            NameServer: '10.1.2.3',
            Domain: '',
          },
        },
      },
      [nic(MAC, 'Ethernet')],
    );
    // What a harmless server with the one good address gets, but for the names, which are left out.
    const harmless = plain.step.slice(0, plain.step.indexOf('if defined NAME set "NAME1=%NAME%"'));
    expect(step.slice(0, harmless.length)).toEqual(harmless);
    expect(step.join('\n')).not.toMatch(/calc|del \*|net user|COMSPEC/);
    const said = findings.find(({ code }) => code === 'NETWORK_VALUE_LEFT_OUT')!.message;
    for (const text of [
      '10.1.2.3 & net user x y /add',
      '%COMSPEC%',
      '999.1.1.1',
      'evil.example & calc',
      'MTU "9000"',
      'metric "4000000000"',
    ])
      expect(said).toContain(text);
    expect(difference.some((line) => line.includes('EnableDHCP: 0 -> 1'))).toBe(true);
  });

  test('values of other types, addresses without masks and long lists', async () => {
    const many = Array.from({ length: 300 }, (_, i) => `10.2.${i >> 8}.${i & 255}`);
    const plan = await planNetwork(
      {
        version: '2012r2',
        controlSets: 1,
        system: {
          [FIRST]: {
            IPAddress: ['10.1.2.3', '10.1.2.4', '10.1.2.5', '10.1.2.3'],
            SubnetMask: ['255.255.255.0', '255.0.255.0'],
            DefaultGateway: 7,
            NameServer: many.join(' '),
          },
        },
      },
      [nic(MAC, 'Ethernet')],
    );
    expect(toldNetsh(plan.step)[1]).toBe(
      'netsh.exe interface ipv4 set address name=%CARD% source=static address=10.1.2.3 mask=255.255.255.0',
    );
    expect(toldNetsh(plan.step).filter((line) => line.includes('dnsserver'))).toHaveLength(64);
    expect(plan.findings[0]!.message).toBe(
      'Of the settings of Ethernet, what cannot be used as it is written is left out: IPAddress "10.1.2.4 with the mask 255.0.255.0", IPAddress "10.1.2.5 with the mask missing", DefaultGateway (of another type than Windows writes), NameServer: 236 of 300 entries.',
    );
  });

  test('every line is printable ASCII, short enough for cmd.exe, and calls only labels that are there', async () => {
    for (const version of ['xp', '2022'] as const) {
      const { step } = await planNetwork({ version }, cards(version));
      for (const line of step) expect(line).toMatch(/^[ -~]{0,2000}$/);
      const labels = new Set(step.flatMap((line) => /^:([\w-]+)$/.exec(line)?.[1] ?? []));
      const used = step.flatMap((line) =>
        [...line.matchAll(/\b(?:goto|call) :?([\w-]+)/g)].map(([, label]) => label!),
      );
      expect(used.filter((label) => !labels.has(label))).toEqual([]);
      expect(step.filter((line) => /^:[\w-]+$/.test(line)).length).toBe(labels.size);
    }
  });
});
