/**
 * The batch file that gives the new cards the settings of the old ones. Windows gives a card of new hardware a GUID, an index and a
 * name of its own when it first sees it, so the batch file looks for the card by the one thing that is known before: its MAC
 * address.
 *
 * What each Windows has for that, from XP to Server 2025: `getmac /v /fo csv` tells name and GUID of each card by its address (in XP
 * Professional and Server 2003 on; wmic is an optional feature since Windows 11 24H2, PowerShell is missing up to 2003). From Vista on
 * netsh takes the index of a card for its name, which `route print` tells in a table that is the same in all languages, so that a name
 * in a script that the console does not know is not needed. The output of both is looked through for the address alone.
 *
 * Where netsh fails (from Vista on it asks the DHCP client, also for fixed addresses, and administrators switch that service off:
 * "The RPC server is unavailable", kubev2v/forklift pull request 6140), the settings go into the registry and the server is restarted
 * once. Sources: learn.microsoft.com on getmac (bb490913 for XP), netsh interface, route.
 *
 * Nothing but what values.ts lets pass is written between the lines below.
 */
import type { Card } from './cards.ts';
import { isPlainName } from './values.ts';
import type { CardSettings } from './settings.ts';

export interface StepOptions {
  /** XP and Server 2003: other words for netsh, and no index. */
  beforeVista: boolean;
  /** netsh of Windows 7 and later asks a DNS server whether it answers before it takes it, unless told not to. */
  validates: boolean;
  /** The DHCP client is switched off. */
  withoutDhcpClient: boolean;
  /** Programs of this server are bound to its addresses. */
  restart: boolean;
  /** The machine has one card, and the server nothing else that looks like one: it may have got another MAC address meanwhile. */
  onlyCard: boolean;
}

/** Rounds of looking for a card and the seconds between them: drivers are installed in this time. */
const ROUNDS = 60;
const SECONDS = 5;
/** Rounds after which one of name and index is enough: WMI, which getmac asks, starts late. */
const PATIENCE = 12;

const INTERFACES = 'HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters\\Interfaces';
const NETBIOS = 'HKLM\\SYSTEM\\CurrentControlSet\\Services\\NetBT\\Parameters\\Interfaces';
const CONNECTIONS =
  'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Network\\{4D36E972-E325-11CE-BFC1-08002BE10318}';

/** Exit codes of a step: steps.ts. */
export function networkStep(cards: readonly Card[], options: StepOptions): string[] {
  const renamed = cards.flatMap((card, i) => (newName(card) === null ? [] : [i + 1]));
  return [
    'setlocal EnableExtensions DisableDelayedExpansion',
    'set "PATH=%SystemRoot%\\System32;%SystemRoot%\\System32\\Wbem"',
    `set "INTERFACES=${INTERFACES}"`,
    `set "NETBIOS=${NETBIOS}"`,
    'set ERRORLEVEL=',
    'set AGAIN=',
    'set FAILED=0',
    options.restart ? 'set RESTART=1' : 'set RESTART=',
    ...cards.flatMap((card, i) => cardLines(card, i + 1, options)),
    `:card${cards.length + 1}`,
    ...renamingLines(cards, renamed),
    'if not "%FAILED%"=="0" echo Not all settings could be made: what did not end well is above.',
    'if defined AGAIN exit 75',
    'if defined RESTART exit 3010',
    'exit %FAILED%',
    ...LOOKING(options),
  ];
}

/** The name the new card takes, where it can be written into a batch file. */
export const newName = ({ from, member }: Card): string | null => {
  // A team keeps its name until it is dissolved.
  const name = member?.name ?? (from.adapter.kind === 'physical' ? from.adapter.name : '');
  return isPlainName(name) ? name : null;
};

function cardLines(card: Card, n: number, options: StepOptions): string[] {
  const { mac, from } = card;
  const { settings } = from;
  const dashes = mac.toUpperCase().replaceAll(':', '-');
  const next = `:card${n + 1}`;
  return [
    '',
    `:card${n}`,
    `if exist network-card-${n}.done goto ${next}`,
    `call :find ${dashes} "${mac.replaceAll(':', ' ')}"`,
    ...(options.onlyCard ? ['if not defined CARD call :only'] : []),
    `if not defined CARD echo No network card with the address ${dashes} is there yet.`,
    'if not defined CARD set AGAIN=1',
    `if not defined CARD goto ${next}`,
    `echo The network card with the address ${dashes} is set up.`,
    ...addressLines(settings, `card${n}more`, options),
    ...netshMore(settings, options).flatMap((line) => tried(line, 'FAILED')),
    ...registryWork(registryMore(settings, options), `card${n}done`),
    ...(newName(card) === null ? [] : [`if defined NAME set "NAME${n}=%NAME%"`]),
    `>network-card-${n}.done echo done`,
  ];
}

/** A command, and what is noted where it does not end with 0. `||` means the same, and is one thing less to be sure of. */
const tried = (line: string, flag: 'BAD' | 'FAILED'): string[] => [
  line,
  `if not "%ERRORLEVEL%"=="0" set ${flag}=1`,
];

/** By netsh, and where that fails by the registry. */
function addressLines(settings: CardSettings, label: string, options: StepOptions): string[] {
  const registry = registryLines(settings);
  if (registry.length === 0) return [];
  if (options.withoutDhcpClient)
    return [
      'echo The DHCP client is switched off, so the registry is written.',
      ...registryWork(registry, label),
    ];
  return [
    'set BAD=',
    ...netshLines(settings, options).flatMap((line) => tried(line, 'BAD')),
    `if not defined BAD goto :${label}`,
    'echo netsh did not do it, so the registry is written and the server restarted.',
    ...registryWork(registry, label),
  ];
}

/** Without a GUID nothing is written: the key above is that of all cards. */
const registryWork = (lines: readonly string[], label: string): string[] =>
  lines.length === 0
    ? []
    : [
        'if not defined GUID echo The registry key of this card was not found.',
        'if not defined GUID set FAILED=1',
        `if not defined GUID goto :${label}`,
        ...lines.flatMap((line) => tried(line, 'FAILED')),
        'set RESTART=1',
        `:${label}`,
      ];

/** Addresses, gateways and servers of names: what netsh sets with effect at once. */
function netshLines(settings: CardSettings, { beforeVista, validates }: StepOptions): string[] {
  const ip = `netsh.exe interface ${beforeVista ? 'ip' : 'ipv4'}`;
  const addr = beforeVista ? 'addr' : 'address';
  const dns = beforeVista ? 'dns' : 'dnsserver';
  const wins = beforeVista ? 'wins' : 'winsserver';
  const unchecked = validates ? ' validate=no' : '';
  const [first, ...others] = settings.addresses;
  const [gateway, ...gateways] = settings.gateways;
  const gatewayPart = (one: CardSettings['gateways'][number]): string =>
    // Windows XP wants a number; later ones choose where none is told.
    `gateway=${one.address}${one.metric > 0 ? ` gwmetric=${one.metric}` : beforeVista ? ' gwmetric=1' : ''}`;
  const lines: string[] = [];
  if (first !== undefined) {
    const through = gateway === undefined ? '' : ` ${gatewayPart(gateway)}`;
    lines.push(
      `${ip} set address name=%CARD% source=static ${addr}=${first.address} mask=${first.mask}${through}`,
    );
    for (const { address, mask } of others)
      lines.push(`${ip} add address name=%CARD% ${addr}=${address} mask=${mask}`);
    for (const one of gateways) lines.push(`${ip} add address name=%CARD% ${gatewayPart(one)}`);
  }
  for (const [i, address] of settings.dnsServers.entries())
    lines.push(
      i === 0
        ? `${ip} set ${dns} name=%CARD% source=static ${addr}=${address}${unchecked}`
        : `${ip} add ${dns} name=%CARD% ${addr}=${address} index=${i + 1}${unchecked}`,
    );
  for (const [i, address] of settings.winsServers.entries())
    lines.push(
      i === 0
        ? `${ip} set ${wins} name=%CARD% source=static ${addr}=${address}`
        : `${ip} add ${wins} name=%CARD% ${addr}=${address} index=${i + 1}`,
    );
  return lines;
}

const regAdd = (key: string, name: string, type: string, data: string | number): string =>
  `reg.exe add "${key}" /v ${name} /t ${type} ${type === 'REG_MULTI_SZ' ? '/s "," ' : ''}/d "${data}" /f`;
const inNetbios = (name: string, type: string, data: string | number): string =>
  regAdd('%NETBIOS%\\Tcpip_%GUID%', name, type, data);
const inInterface = (name: string, type: string, data: string | number): string =>
  regAdd('%INTERFACES%\\%GUID%', name, type, data);

/** The same, as Windows keeps it. */
function registryLines({ addresses, gateways, dnsServers, winsServers }: CardSettings): string[] {
  const list = (values: readonly (string | number)[]): string => values.join(',');
  const lines: string[] = [];
  if (addresses.length > 0)
    lines.push(
      inInterface('EnableDHCP', 'REG_DWORD', 0),
      inInterface('IPAddress', 'REG_MULTI_SZ', list(addresses.map(({ address }) => address))),
      inInterface('SubnetMask', 'REG_MULTI_SZ', list(addresses.map(({ mask }) => mask))),
    );
  if (addresses.length > 0 && gateways.length > 0)
    lines.push(
      inInterface('DefaultGateway', 'REG_MULTI_SZ', list(gateways.map(({ address }) => address))),
      inInterface('DefaultGatewayMetric', 'REG_MULTI_SZ', list(gateways.map(({ metric }) => metric))),
    );
  if (dnsServers.length > 0) lines.push(inInterface('NameServer', 'REG_SZ', list(dnsServers)));
  if (winsServers.length > 0) lines.push(inNetbios('NameServerList', 'REG_MULTI_SZ', list(winsServers)));
  return lines;
}

/** What is rarely set, and netsh knows. */
function netshMore(settings: CardSettings, { beforeVista, validates }: StepOptions): string[] {
  if (beforeVista) return [];
  const unchecked = validates ? ' validate=no' : '';
  const lines: string[] = [];
  const { interfaceMetric, mtu } = settings;
  if (interfaceMetric !== null)
    lines.push(`netsh.exe interface ipv4 set interface interface=%CARD% metric=${interfaceMetric}`);
  if (mtu !== null)
    lines.push(`netsh.exe interface ipv4 set subinterface interface=%CARD% mtu=${mtu} store=persistent`);
  for (const address of settings.ipv6Addresses)
    lines.push(`netsh.exe interface ipv6 add address interface=%CARD% address=${address}`);
  for (const [i, address] of settings.ipv6DnsServers.entries())
    lines.push(
      i === 0
        ? `netsh.exe interface ipv6 set dnsserver name=%CARD% source=static address=${address}${unchecked}`
        : `netsh.exe interface ipv6 add dnsserver name=%CARD% address=${address} index=${i + 1}${unchecked}`,
    );
  return lines;
}

/** What only the registry knows, and Windows reads when it starts. */
function registryMore(settings: CardSettings, { beforeVista }: StepOptions): string[] {
  const { interfaceMetric, mtu, netbios, dnsSuffix, registersInDns, registersSuffix } = settings;
  const lines: string[] = [];
  if (beforeVista && interfaceMetric !== null)
    lines.push(inInterface('InterfaceMetric', 'REG_DWORD', interfaceMetric));
  if (beforeVista && mtu !== null) lines.push(inInterface('MTU', 'REG_DWORD', mtu));
  if (netbios !== null) lines.push(inNetbios('NetbiosOptions', 'REG_DWORD', netbios));
  if (dnsSuffix !== '') lines.push(inInterface('Domain', 'REG_SZ', dnsSuffix));
  if (registersInDns === false) lines.push(inInterface('RegistrationEnabled', 'REG_DWORD', 0));
  if (registersSuffix === true) lines.push(inInterface('RegisterAdapterName', 'REG_DWORD', 1));
  return lines;
}

/** With more than one card, the name that one gives up is what the other takes: all get a name of the moment first. */
function renamingLines(cards: readonly Card[], renamed: readonly number[]): string[] {
  const rename = (n: number, name: string, to: string): string[] => [
    '',
    `if not defined NAME${n} goto :${name}${n}`,
    `if /i "%NAME${n}%"=="${newName(cards[n - 1]!)!}" goto :${name}${n}`,
    `netsh.exe interface set interface name="%NAME${n}%" newname="${to}"`,
    `if "%ERRORLEVEL%"=="0" set "NAME${n}=${to}"`,
    `:${name}${n}`,
  ];
  return [
    ...(renamed.length > 1 ? renamed.flatMap((n) => rename(n, 'freed', `Ironlift card ${n}`)) : []),
    ...renamed.flatMap((n) => rename(n, 'renamed', newName(cards[n - 1]!)!)),
    '',
  ];
}

/** `call :find AA-BB-CC-DD-EE-FF "aa bb cc dd ee ff"` sets CARD, what netsh calls the card, and GUID and NAME if they are found. */
const LOOKING = ({ beforeVista, onlyCard }: StepOptions): string[] => [
  '',
  ':find',
  'set CARD=',
  'set INDEX=',
  'set NAME=',
  'set GUID=',
  'set ROUND=0',
  `for /l %%i in (1,1,${ROUNDS}) do if not defined CARD call :look %1 %2`,
  'exit /b 0',
  '',
  ':look',
  'set /a ROUND+=1',
  'getmac.exe /v /fo csv /nh >network-cards.txt 2>nul',
  'for /f "delims=" %%l in (\'find.exe "%~1" ^<network-cards.txt\') do call :fields %%l',
  'if defined NAME if not defined GUID call :named',
  ...(beforeVista
    ? ['if defined NAME set CARD="%NAME%"']
    : [
        'route.exe print >network-routes.txt 2>nul',
        'for /f "tokens=1 delims=. " %%a in (\'find.exe "...%~2 " ^<network-routes.txt\') do if not defined INDEX set INDEX=%%a',
        'if defined NAME if defined INDEX set CARD=%INDEX%',
        `if %ROUND% lss ${PATIENCE} goto looked`,
        'if defined NAME set CARD="%NAME%"',
        'if defined INDEX set CARD=%INDEX%',
      ]),
  ':looked',
  `if not defined CARD ping.exe -n ${SECONDS + 1} 127.0.0.1 >nul`,
  'exit /b 0',
  '',
  ':fields',
  'if defined NAME exit /b 0',
  'set "NAME=%~1"',
  'set "GUID=%~4"',
  // A card without a cable has words in this place.
  'if not "%GUID:~0,15%"=="\\Device\\Tcpip_{" set GUID=',
  'if defined GUID set "GUID=%GUID:~14%"',
  'exit /b 0',
  '',
  ':named',
  `for /f "delims=" %%k in ('reg.exe query "${CONNECTIONS}" 2^>nul') do call :connection "%%k"`,
  'exit /b 0',
  '',
  ':connection',
  'for /f "tokens=2*" %%a in (\'reg.exe query "%~1\\Connection" /v Name 2^>nul\') do if /i "%%b"=="%NAME%" set "GUID=%~nx1"',
  'exit /b 0',
  ...(onlyCard ? ONLY : []),
];

/** Platforms give a machine new addresses when it is imported or copied; where there is one card, it is the one. */
const ONLY = [
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
  // Where there is no card at all, getmac says so in words, which are no card.
  ':count',
  'set /a COUNT+=1',
  'set "MAC=%~3"',
  'if not defined MAC exit /b 0',
  'if "%MAC:~2,1%%MAC:~14,1%"=="--" set /a MACS+=1',
  'exit /b 0',
];
