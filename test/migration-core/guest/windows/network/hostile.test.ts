import { describe, expect, test } from 'vitest';
import { MAC, FIRST_GUID, NETBT, NETWORK, FIRST, cards, nic, planNetwork, toldNetsh } from './steps.ts';

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
