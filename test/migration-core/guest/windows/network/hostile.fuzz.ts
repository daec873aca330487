/**
 * Values of the registry as batch code: whatever they hold, the batch file is made of lines that are known, with nothing in their
 * gaps but addresses, numbers, suffixes and plain names.
 */
import { expect, test } from 'vitest';
import { matchCards, toldAdapters } from '../../../../../migration-core/guest/windows/network/cards.ts';
import { networkStep } from '../../../../../migration-core/guest/windows/network/step.ts';
import type { WindowsAdapter } from '../../../../../migration-core/guest/windows/facts.ts';
import { openHive } from '../../../../../migration-core/registry/hive.ts';
import { emptyHive } from '../../../registry/build-hive.ts';
import { seeded } from '../../../../support/tools.ts';
import { hiveOf, type Data } from '../../../../support/windows/hive-of.ts';
import { machineWith } from '../../../../support/fix-guest.ts';
import { factsOf } from '../world.ts';
import { nic } from './steps.ts';

const CASES = Number(process.env['IRONLIFT_FUZZ_CASES'] ?? 400);
const GUID = '{58094C24-B1BD-4961-8C68-7C13F7A6213C}';
const PIECES = [
  ...[
    '10.1.2.3',
    '255.255.255.0',
    '10',
    '.',
    '0',
    '2001:db8::1',
    '/64',
    'fe80::1',
    'corp.example',
    'LAN',
    ' ',
    ',',
    '-',
    '_',
  ],
  ...[
    '&',
    '|',
    '<',
    '>',
    '^',
    '%',
    '!',
    '"',
    "'",
    '`',
    '(',
    ')',
    '\r',
    '\n',
    '\t',
    '\0',
    ':',
    ';',
    '=',
    '~',
    '@',
    '*',
    '?',
  ],
  ...[
    '%COMSPEC%',
    '& calc',
    '\\',
    '/',
    '\u{ff0e}',
    '\u{2028}',
    'é',
    '\u{1f4a9}',
    '\u{feff}',
    '\u{7f}',
    'REM',
    ':card1',
    'nul',
  ],
];

/** Every line there can be. */
const ADDRESS = '\\d{1,3}(?:\\.\\d{1,3}){3}';
const LIST = `(?:${ADDRESS}|\\d{1,4})(?:,(?:${ADDRESS}|\\d{1,4}))*`;
const IPV6 = '[0-9a-fA-F:.]{2,45}';
const NAME = '[A-Za-z0-9][A-Za-z0-9 _.,()#+@-]*';
const SUFFIX = '[A-Za-z0-9_][A-Za-z0-9_.-]*';
const KNOWN = [
  `netsh\\.exe interface ip(?:v4)? (?:set|add) address name=%CARD%(?: source=static)?(?: addr(?:ess)?=${ADDRESS} mask=${ADDRESS})?(?: gateway=${ADDRESS}(?: gwmetric=\\d{1,4})?)?`,
  `netsh\\.exe interface ip(?:v4)? (?:set (?:dns|dnsserver|wins|winsserver) name=%CARD% source=static|add (?:dns|dnsserver|wins|winsserver) name=%CARD%) addr(?:ess)?=${ADDRESS}(?: index=\\d{1,2})?(?: validate=no)?`,
  'netsh\\.exe interface ipv4 set interface interface=%CARD% metric=\\d{1,4}',
  'netsh\\.exe interface ipv4 set subinterface interface=%CARD% mtu=\\d{3,4} store=persistent',
  `netsh\\.exe interface ipv6 add address interface=%CARD% address=${IPV6}/\\d{1,3}`,
  `netsh\\.exe interface ipv6 (?:set|add) dnsserver name=%CARD%(?: source=static)? address=${IPV6}(?: index=\\d{1,2})?(?: validate=no)?`,
  `reg\\.exe add "%(?:INTERFACES%\\\\|NETBIOS%\\\\Tcpip_)%GUID%" /v \\w+ /t REG_DWORD /d "\\d{1,5}" /f`,
  `reg\\.exe add "%(?:INTERFACES%\\\\|NETBIOS%\\\\Tcpip_)%GUID%" /v \\w+ /t REG_MULTI_SZ /s "," /d "${LIST}" /f`,
  `reg\\.exe add "%INTERFACES%\\\\%GUID%" /v (?:NameServer|Domain) /t REG_SZ /d "(?:${LIST}|${SUFFIX})" /f`,
  `netsh\\.exe interface set interface name="%NAME\\d%" newname="${NAME}"`,
  `if /i "%NAME\\d%"=="${NAME}" goto :renamed\\d`,
  `if "%ERRORLEVEL%"=="0" set "NAME\\d=${NAME}"`,
].map((pattern) => new RegExp(`^(?:${pattern})$`));

test('no value of the registry becomes code', () => {
  const random = seeded(20261126);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  const hostile = (): string => Array.from({ length: Math.floor(random() * 5) }, () => pick(PIECES)).join('');
  const value = (good: string): string => (random() < 0.4 ? good : hostile());
  const list = (good: string): Data => {
    const all = Array.from({ length: 1 + Math.floor(random() * 3) }, () => value(good));
    const usable = all.map((text) => text.replaceAll('\0', '')).filter((text) => text !== '');
    return random() < 0.2 ? all.join(',') : usable.length === 0 ? '' : usable;
  };
  const number = (good: number): Data =>
    random() < 0.5 ? good : random() < 0.5 ? Math.floor(random() * 2 ** 32) : hostile();
  const fixed = new Set<string>();
  let told = 0;
  for (let i = 0; i < CASES; i++) {
    const interfaces = `ControlSet001\\Services\\Tcpip\\Parameters\\Interfaces\\${GUID}`;
    const harmless = i === 0;
    const system = openHive(
      hiveOf({
        Select: { Current: 1 },
        [interfaces]: harmless
          ? {
              EnableDHCP: 0,
              IPAddress: ['10.1.2.3'],
              SubnetMask: ['255.255.255.0'],
              Domain: 'corp.example',
              NameServer: '10.1.2.1',
            }
          : {
              EnableDHCP: random() < 0.8 ? 0 : number(0),
              IPAddress: list('10.1.2.3'),
              SubnetMask: list('255.255.255.0'),
              DefaultGateway: list('10.1.2.1'),
              DefaultGatewayMetric: list('5'),
              NameServer: value('10.1.2.1,10.1.2.2'),
              Domain: value('corp.example'),
              InterfaceMetric: number(5),
              MTU: number(1400),
              RegistrationEnabled: number(0),
              RegisterAdapterName: number(1),
            },
        [`ControlSet001\\Services\\NetBT\\Parameters\\Interfaces\\Tcpip_${GUID}`]: harmless
          ? { NetbiosOptions: 2 }
          : { NetbiosOptions: number(2), NameServerList: list('10.1.2.9') },
        [`ControlSet001\\Services\\Tcpip6\\Parameters\\Interfaces\\${GUID}`]: {
          NameServer: value('2001:db8::53'),
        },
      }),
    );
    const adapter: WindowsAdapter = {
      guid: GUID,
      name: harmless ? 'LAN' : value('LAN'),
      description: hostile(),
      service: 'e1000',
      kind: 'physical',
      mac: null,
      dhcp: false,
      addresses: [],
      gateways: [],
      dnsServers: [],
      dnsDomain: '',
      ipv6Addresses: [value('2001:db8::5/64')],
    };
    const windows = {
      ...factsOf(openHive(emptyHive())),
      currentControlSet: 1,
      controlSets: [1],
      adapters: [adapter],
    };
    const machine = {
      ...machineWith([]),
      nics: [nic(harmless ? '52:54:00:12:34:56' : value('52:54:00:12:34:56'), GUID)],
    };
    const { cards } = matchCards(machine, toldAdapters(windows, system));
    const options = {
      beforeVista: !harmless && random() < 0.3,
      validates: random() < 0.5,
      withoutDhcpClient: random() < 0.3,
      restart: random() < 0.3,
      onlyCard: random() < 0.3,
    };
    const lines = networkStep(cards, options);
    if (cards.length > 0) told++;
    // What there is without any value: a card that needs nothing but its name, on both kinds of Windows.
    if (harmless)
      for (const beforeVista of [false, true])
        for (const withoutDhcpClient of [false, true])
          for (const restart of [false, true])
            for (const line of networkStep(cards, {
              ...options,
              beforeVista,
              withoutDhcpClient,
              restart,
              onlyCard: true,
            }))
              if (!KNOWN.some((pattern) => pattern.test(line))) fixed.add(line);
    for (const line of lines)
      expect(fixed.has(line) || KNOWN.some((pattern) => pattern.test(line)) || line === ':card1', line).toBe(
        true,
      );
  }
  expect(told).toBeGreaterThan(CASES / 10);
});
