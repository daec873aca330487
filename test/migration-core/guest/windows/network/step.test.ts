import { describe, expect, test } from 'vitest';
import { type WindowsVersionId } from '../../../../support/windows-guest.ts';
import { MAC, FIRST_GUID, NETBT, FIRST, old, cards, nic, planNetwork, toldNetsh } from './steps.ts';

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
      'if not defined CARD call :only',
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
      ':only',
      'set COUNT=0',
      'set MACS=0',
      'for /f "delims=" %%l in (network-cards.txt) do call :count %%l',
      'if not "%COUNT%-%MACS%"=="1-1" exit /b 0',
      'for /f "delims=" %%l in (network-cards.txt) do call :fields %%l',
      'if defined NAME if not defined GUID call :named',
      'if defined NAME set CARD="%NAME%"',
      'if defined CARD echo The only network card there is has another address; it is taken.',
      'exit /b 0',
      '',
      ':count',
      'set /a COUNT+=1',
      'set "MAC=%~3"',
      'if not defined MAC exit /b 0',
      'if "%MAC:~2,1%%MAC:~14,1%"=="--" set /a MACS+=1',
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
