/** The first answer, for which nothing but two numbers is known. */
import { describe, expect, it } from 'vitest';
import { ironlift } from '../../support/world.ts';

describe('ironlift estimate', () => {
  it('puts six to seven servers of ten per cent on a host as strong as they are (SR-02)', async () => {
    const { status, out } = await ironlift(['estimate', '--servers', '70', '--use', '10']);
    expect(status).toBe(0);
    const told = out.replaceAll(/\s+/gu, ' ');
    expect(told).toContain('On hosts of model Modern 2U host (example):');
    expect(told).toContain('share it by 6 to 7');
    expect(told).toContain('70 servers need 10 to 12 hosts, and the spare ones.');
    expect(told).toContain(
      'Each server is taken to be as strong as a host; --cores and --year say otherwise.',
    );
  });

  it('reckons old small servers in the strength of the host', async () => {
    const estimate = async (...args: string[]): Promise<Record<string, unknown>> => {
      const { out } = await ironlift(['estimate', '--servers', '70', '--use', '10%', '--json', ...args]);
      return JSON.parse(out) as Record<string, unknown>;
    };
    const alike = await estimate();
    expect(alike).toMatchObject({
      servers: 70,
      meanUse: 0.1,
      shareOfHost: 0.1,
      perHost: { low: 6, high: 7 },
    });
    const old = await estimate('--cores', '8', '--year', '2007');
    const young = await estimate('--cores', '8', '--year', '2021');
    expect(old['shareOfHost']).toBeLessThan(young['shareOfHost'] as number);
    expect(young['shareOfHost']).toBeLessThan(0.1);
    expect(old['basis']).toMatch(/^A server has 8 cores of .* The host has /u);
    const seed = await estimate('--cores', '8', '--host', 'seed-2u-2007');
    expect(seed['host']).toBe('seed-2u-2007');
    expect(seed['shareOfHost']).toBeGreaterThan(old['shareOfHost'] as number);
  });

  it.each([
    [[], 'Say how many servers there are with --servers N.'],
    [['--servers', '0', '--use', '10'], '--servers is a whole number from 1 to 1000000.'],
    [['--servers', '1e9', '--use', '10'], '--servers is a whole number from 1 to 1000000.'],
    [['--servers', '7'], 'Say with --use how busy a server is on average, 0 to 100 per cent.'],
    [
      ['--servers', '7', '--use', '101'],
      'Say with --use how busy a server is on average, 0 to 100 per cent.',
    ],
    [['--servers', '7', '--use', '-1'], "Option '--use"],
    [['--servers', '7', '--use', '10', '--cores', 'many'], '--cores is a whole number from 1 to 10000.'],
    [
      ['--servers', '7', '--use', '10', '--year', '2007'],
      '--year says how strong a core is, and needs --cores.',
    ],
    [['--servers', '7', '--use', '10', '--host', 'none'], 'The host is one of modern-1u, modern-2u'],
    [['--servers', '7', '--use', '10', 'more'], 'It takes no names.'],
  ])('refuses %j in a sentence', async (args, sentence) => {
    const { status, err } = await ironlift(['estimate', ...args]);
    expect([status, err]).toEqual([2, expect.stringContaining(sentence)]);
  });

  it('says that nothing can be told of servers that do nothing', async () => {
    const { status, out } = await ironlift(['estimate', '--servers', '7', '--use', '0']);
    expect([status, out]).toEqual([
      0,
      expect.stringContaining('The mean use of processors is not known or is zero'),
    ]);
  });
});
