/**
 * The batch files under a cmd.exe that is not ours. Programs of Windows that Wine does not have, or that would do something, are
 * batch files here that note how they were called; everything else is Wine's: cmd, reg, sc, find, ping.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  runnerText,
  RUNNER,
  SERVICE,
} from '../../../../../migration-core/guest/windows/first-boot/runner.ts';
import { scratchFolder } from '../../../../support/tools.ts';
import { asksWine, makeWine, NEEDS_WINE, winePath, type Wine } from '../../../../support/wine.ts';
import { nic, planNetwork } from '../network/steps.ts';
import type { WindowsVersionId } from '../../../../support/windows-guest.ts';

/** Exit codes as Unix shows them. */
const RESTART = 3010 % 256;

let wine: Wine;
let folder: string;
beforeAll(async () => {
  if (asksWine) wine = await makeWine();
});
afterAll(async () => {
  if (asksWine) await wine.remove();
});

const write = (name: string, ...lines: string[]): void =>
  writeFileSync(join(folder, name), ['@echo off', ...lines, ''].join('\r\n'));
const read = (name: string): string[] =>
  existsSync(join(folder, name))
    ? readFileSync(join(folder, name), 'latin1')
        .split(/\r?\n/)
        .filter((line) => line !== '')
    : [];
/** Replaces programs by batch files beside the folder, which note their arguments in `calls`. */
function withFakes(text: string, ...programs: string[]): string {
  let result = text;
  for (const program of programs)
    result = result.replaceAll(
      `${program}.exe`,
      `cmd.exe /d /c ${winePath(join(folder, '..', program))}.cmd`,
    );
  return result;
}
const fake = (program: string, ...lines: string[]): void =>
  writeFileSync(join(folder, '..', `${program}.cmd`), ['@echo off', ...lines, ''].join('\r\n'));
const noted = (program: string): string => `>>${winePath(join(folder, '..', 'calls'))} echo ${program} %*`;
const calls = (): string[] => {
  const path = join(folder, '..', 'calls');
  return existsSync(path)
    ? readFileSync(path, 'latin1')
        .split(/\r?\n/)
        .map((line) => line.trim())
        .filter((line) => line !== '')
    : [];
};

beforeEach(async () => {
  if (!asksWine) return;
  folder = join(await scratchFolder(), 'first boot');
  mkdirSync(folder);
});

describe.skipIf(!asksWine)(`the runner ${NEEDS_WINE}`, () => {
  const start = async (): Promise<number> => {
    writeFileSync(join(folder, RUNNER), withFakes(runnerText({ lookSeconds: 0 }), 'shutdown'));
    fake('shutdown', noted('shutdown'));
    return (await wine.run('cmd', '/d', '/c', winePath(join(folder, RUNNER)))).status;
  };
  /** Without dates. */
  const log = (): string[] => read('log.txt').map((line) => line.replace(/^\S+ +\S+( [AP]M)? /, ''));
  const serviceThere = async (): Promise<boolean> =>
    (await wine.run('reg', 'query', `HKLM\\SYSTEM\\CurrentControlSet\\Services\\${SERVICE}`)).status === 0;

  test('runs steps in the order of their names, tries again what asks for it, restarts when asked, and goes', async () => {
    await wine.run('sc', 'create', SERVICE, 'binPath=', 'cmd.exe', 'start=', 'demand');
    expect(await serviceThere()).toBe(true);
    write(
      '80-settings.cmd',
      'echo settings',
      'if exist "%~dp0once" exit 0',
      'echo x>"%~dp0once"',
      'exit /b 75',
    );
    write('10-drivers.cmd', 'echo drivers', 'exit /b 3');
    write('20-network.cmd', 'echo network', 'exit 3010');
    mkdirSync(join(folder, 'files of a step'));
    writeFileSync(join(folder, 'files of a step', 'x.inf'), '');
    expect(await start()).toBe(0);
    expect(log()).toEqual([
      'Work of the first start, start 1 of at most 5.',
      '10-drivers: try 1 of 3.',
      'drivers',
      '10-drivers: ended with 3.',
      '20-network: try 1 of 3.',
      'network',
      '20-network: ended with 3010.',
      '80-settings: try 1 of 3.',
      'settings',
      '80-settings: ended with 75.',
      'What is not finished is tried again at the next start.',
      'The server restarts.',
    ]);
    expect(calls()).toEqual(['shutdown -r -t 30 -c "The new hardware is set up. The server restarts once."']);
    expect(await serviceThere()).toBe(true);

    expect(await start()).toBe(0);
    expect(log().slice(12)).toEqual([
      'Work of the first start, start 2 of at most 5.',
      '80-settings: try 2 of 3.',
      'settings',
      '80-settings: ended with 0.',
      'Nothing is left to do.',
    ]);
    expect(calls()).toHaveLength(1);
    expect(await serviceThere()).toBe(false);
    expect(readdirSync(folder)).toEqual(['log.txt']);
  });

  test('a step that never ends well gets three tries, and one that takes the server down counts as tried', async () => {
    write('10-always.cmd', 'exit /b 75');
    // As it is left when the server went down in the second try of this step.
    write('20-down.cmd', 'echo not run');
    for (const n of [1, 2, 3]) writeFileSync(join(folder, `20-down.try${n}`), '');
    expect(await start()).toBe(0);
    expect(log()).toContain('20-down: given up.');
    expect(log()).not.toContain('not run');
    expect(readdirSync(folder)).not.toContain('20-down.cmd');
    await start();
    await start();
    expect(log().slice(-4)).toEqual([
      '10-always: try 3 of 3.',
      '10-always: ended with 75.',
      '10-always: given up.',
      'Nothing is left to do.',
    ]);
    expect(readdirSync(folder)).toEqual(['log.txt']);
  });

  test('after five starts everything is given up', async () => {
    write('10-drivers.cmd', 'echo not run');
    for (const n of [1, 2, 3, 4, 5]) writeFileSync(join(folder, `start-${n}`), '');
    expect(await start()).toBe(0);
    expect(log()).toEqual(['Given up after 5 starts.']);
    expect(readdirSync(folder)).toEqual(['log.txt']);
  });

  test('the fifth start tries once more and says what it gives up', async () => {
    write('10-drivers.cmd', 'exit /b 75');
    for (const n of [1, 2, 3, 4]) writeFileSync(join(folder, `start-${n}`), '');
    expect(await start()).toBe(0);
    expect(log()).toEqual([
      'Work of the first start, start 5 of at most 5.',
      '10-drivers: try 1 of 3.',
      '10-drivers: ended with 75.',
      '10-drivers: given up.',
      'Nothing is left to do.',
    ]);
    expect(readdirSync(folder)).toEqual(['log.txt']);
  });

  test('is started in the background by the command line of the service', async () => {
    write('10-drivers.cmd', 'echo drivers');
    writeFileSync(join(folder, RUNNER), runnerText({ lookSeconds: 0 }));
    const cmd = 'C:\\windows\\System32\\cmd.exe';
    const ran = await wine.run(
      cmd,
      '/d',
      '/c',
      'start',
      '""',
      '/b',
      cmd,
      '/d',
      '/c',
      winePath(join(folder, RUNNER)),
    );
    expect(ran.status).toBe(0);
    for (let i = 0; i < 100 && !log().includes('Nothing is left to do.'); i++)
      await new Promise((resolve) => setTimeout(resolve, 200));
    expect(log()).toContain('drivers');
    expect(log().at(-1)).toBe('Nothing is left to do.');
  });
});

describe.skipIf(!asksWine)(`the network step ${NEEDS_WINE}`, () => {
  const GUID = '{AAAAAAAA-1111-4111-8111-111111111111}';
  const HIDDEN = '{BBBBBBBB-2222-4222-8222-222222222222}';
  const INTERFACES = 'HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters\\Interfaces';
  const CARDS = [
    `"Local Area Connection 5","Intel(R) PRO/1000, MT #2","52-54-00-12-34-56","\\Device\\Tcpip_${GUID}"`,
    '"Local Area Connection","Intel(R) PRO/1000 MT","52-54-00-12-34-57","Media disconnected"',
  ];
  const ROUTES = [
    '===========================================================================',
    'Interface List',
    ' 15...52 54 00 12 34 56 ......Intel(R) PRO/1000 MT #2',
    ' 11...52 54 00 12 34 57 ......Intel(R) PRO/1000 MT',
    '  1...........................Software Loopback Interface 1',
    '===========================================================================',
    '          0.0.0.0          0.0.0.0         10.0.2.2        10.0.2.15     25',
  ];

  const start = async (
    version: WindowsVersionId,
    {
      cards = CARDS,
      routes = ROUTES,
      failing = '',
      single = false,
    }: { cards?: string[]; routes?: string[]; failing?: string; single?: boolean } = {},
  ): Promise<{ status: number; said: string[] }> => {
    const name = version === 'xp' || version === '7' ? 'Local Area Connection' : 'Ethernet';
    const { step } = await planNetwork({ version }, [
      nic('52:54:00:12:34:56', name),
      ...(single ? [] : [nic('52:54:00:12:34:57', `${name} 2`)]),
    ]);
    // Two short rounds of looking.
    const text = step
      .join('\r\n')
      .replace('(1,1,60)', '(1,1,2)')
      .replace('lss 12', 'lss 2')
      .replace('-n 6', '-n 1');
    writeFileSync(join(folder, '20-network.cmd'), withFakes(text, 'netsh', 'getmac', 'route'));
    writeFileSync(join(folder, '..', 'cards'), `\r\n${cards.join('\r\n')}\r\n`);
    writeFileSync(join(folder, '..', 'routes'), `${routes.join('\r\n')}\r\n`);
    fake(
      'netsh',
      noted('netsh'),
      failing === '' ? 'exit 0' : `echo %*|find.exe "${failing}" >nul && exit 1`,
      'exit 0',
    );
    fake('getmac', `type ${winePath(join(folder, '..', 'cards'))}`);
    fake('route', `type ${winePath(join(folder, '..', 'routes'))}`);
    // As the runner does: in its folder.
    write('in-folder.cmd', 'cd /d "%~dp0"', 'cmd.exe /d /c 20-network.cmd >said 2>&1', 'exit %ERRORLEVEL%');
    const { status } = await wine.run('cmd', '/d', '/c', winePath(join(folder, 'in-folder.cmd')));
    return { status, said: read('said') };
  };

  test('finds the cards of Windows 7 by their addresses, and tells them by their numbers', async () => {
    const { status, said } = await start('7');
    expect(said).toEqual([
      'The network card with the address 52-54-00-12-34-56 is set up.',
      'The network card with the address 52-54-00-12-34-57 is set up.',
    ]);
    expect(status).toBe(0);
    expect(calls()).toEqual([
      'netsh interface ipv4 set address name=15 source=static address=10.1.2.3 mask=255.255.255.0 gateway=10.1.2.1',
      'netsh interface ipv4 add address name=15 address=10.1.2.4 mask=255.255.255.0',
      'netsh interface ipv4 set dnsserver name=15 source=static address=10.1.2.10 validate=no',
      'netsh interface ipv4 add dnsserver name=15 address=10.1.2.11 index=2 validate=no',
      'netsh interface set interface name="Local Area Connection 5" newname="Ironlift card 1"',
      'netsh interface set interface name="Local Area Connection" newname="Ironlift card 2"',
      'netsh interface set interface name="Ironlift card 1" newname="Local Area Connection"',
      'netsh interface set interface name="Ironlift card 2" newname="Local Area Connection 2"',
    ]);
  });

  test('tells those of Windows XP by their names', async () => {
    const { status } = await start('xp');
    expect(status).toBe(0);
    expect(calls().slice(0, 2)).toEqual([
      'netsh interface ip set address name="Local Area Connection 5" source=static addr=10.1.2.3 mask=255.255.255.0 gateway=10.1.2.1 gwmetric=1',
      'netsh interface ip add address name="Local Area Connection 5" addr=10.1.2.4 mask=255.255.255.0',
    ]);
  });

  test('writes the registry where netsh fails, and asks for a restart', async () => {
    const key = `${INTERFACES}\\${GUID}`;
    await wine.run('reg', 'delete', key, '/f');
    const { status, said } = await start('2022', { failing: 'set address' });
    expect(status).toBe(RESTART);
    expect(said).toContain('netsh did not do it, so the registry is written and the server restarted.');
    const { stdout } = await wine.run('reg', 'query', key);
    const values = stdout
      .split(/\r?\n/)
      .filter((line) => line.startsWith('    '))
      .map((line) => line.trim().split(/ {4}/));
    expect(values.sort()).toEqual([
      ['DefaultGateway', 'REG_MULTI_SZ', '10.1.2.1'],
      ['DefaultGatewayMetric', 'REG_MULTI_SZ', '0'],
      ['EnableDHCP', 'REG_DWORD', '0x0'],
      ['IPAddress', 'REG_MULTI_SZ', '10.1.2.3\\010.1.2.4'],
      ['NameServer', 'REG_SZ', '10.1.2.10,10.1.2.11'],
      ['SubnetMask', 'REG_MULTI_SZ', '255.255.255.0\\0255.255.255.0'],
    ]);
  });

  test('finds the GUID of a card without a cable by its name', async () => {
    const connection = `HKLM\\SYSTEM\\CurrentControlSet\\Control\\Network\\{4D36E972-E325-11CE-BFC1-08002BE10318}\\${HIDDEN}\\Connection`;
    await wine.run('reg', 'add', connection, '/v', 'Name', '/d', 'Local Area Connection 9', '/f');
    const cards = [
      '"Local Area Connection 9","Intel(R)","52-54-00-12-34-56","Media disconnected"',
      CARDS[1]!,
    ];
    const { status } = await start('2022', { cards, failing: 'set address' });
    expect(status).toBe(RESTART);
    const { stdout } = await wine.run('reg', 'query', `${INTERFACES}\\${HIDDEN}`, '/v', 'NameServer');
    expect(stdout).toContain('10.1.2.10,10.1.2.11');
  });

  test('the only card of a machine is taken where its address is another', async () => {
    const cards = [CARDS[0]!.replace('52-54-00-12-34-56', '00-50-56-00-00-01')];
    const routes = ROUTES.map((line) => line.replace('52 54 00 12 34 56', '00 50 56 00 00 01'));
    const alone = await start('7', { cards, routes, single: true });
    expect([alone.status, alone.said]).toEqual([
      0,
      [
        'The only network card there is has another address; it is taken.',
        'The network card with the address 52-54-00-12-34-56 is set up.',
      ],
    ]);
    expect(calls()[0]).toBe(
      'netsh interface ipv4 set address name="Local Area Connection 5" source=static address=10.1.2.3 mask=255.255.255.0 gateway=10.1.2.1',
    );
  });

  test('words of getmac instead of cards are no card', async () => {
    const none = await start('7', { cards: ['INFO: No network adapters found.'], routes: [], single: true });
    expect([none.status, none.said]).toEqual([
      75,
      ['No network card with the address 52-54-00-12-34-56 is there yet.'],
    ]);
    expect(calls()).toEqual([]);
  });

  test('a card that is not there yet: again at the next start, where the others are not told twice', async () => {
    const first = await start('xp', { cards: [CARDS[1]!] });
    expect([first.status, first.said]).toEqual([
      75,
      [
        'No network card with the address 52-54-00-12-34-56 is there yet.',
        'The network card with the address 52-54-00-12-34-57 is set up.',
      ],
    ]);
    const before = calls().length;
    const second = await start('xp');
    expect([second.status, second.said]).toEqual([
      0,
      ['The network card with the address 52-54-00-12-34-56 is set up.'],
    ]);
    expect(calls().slice(before)[0]).toContain('set address name="Local Area Connection 5"');
  });
});
