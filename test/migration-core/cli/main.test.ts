import { describe, expect, it } from 'vitest';
import { commands } from '../../../migration-core/cli/commands.ts';
import { readNic } from '../../../migration-core/cli/commands/convert.ts';
import { ironlift } from '../../support/world.ts';

describe('runCommandLine', () => {
  it('explains itself, and every command explains itself', async () => {
    expect(await ironlift([])).toMatchObject({ status: 0, err: '' });
    for (const { name } of commands) {
      const { status, out } = await ironlift([name, '--help']);
      expect(status).toBe(0);
      expect(out).toContain(`Usage: ironlift ${name}`);
      for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(120);
    }
    const inGroups = commands.flatMap((entry) =>
      'commands' in entry ? entry.commands.map(({ name }) => [entry.name, name] as const) : [],
    );
    expect(inGroups.length).toBeGreaterThan(6);
    for (const words of inGroups) {
      const { status, out } = await ironlift([...words, '--help']);
      expect(status).toBe(0);
      expect(out).toContain(`Usage: ironlift ${words.join(' ')} `);
      expect(await ironlift(['help', ...words])).toMatchObject({ status: 0, out });
      for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(120);
    }
    expect((await ironlift(['help', 'image'])).out).toContain('  compare  say whether');
    expect((await ironlift(['help', 'fly'])).status).toBe(2);
    expect((await ironlift(['--version'])).out).toMatch(/^ironlift \d+\.\d+\.\d+\n$/u);
  });

  it.each([
    [['fly'], 'There is no command "fly".'],
    [['convert', '--up'], "Unknown option '--up'."],
    [['convert', 'disk.img'], '--to names no target; -o names no folder for the result.'],
    [['convert', 'disk.img', '--to', 'kvm', '-o', 'x', '--nic', 'tunnel'], '--nic does not take "tunnel".'],
    [['inspect'], 'No source is named.'],
    [['resume'], 'Name the folder of one conversion.'],
    [['discard', 'a', 'b'], 'Name the folder of one conversion.'],
    [['undo', 'a', 'b'], 'Name the folder of one finished conversion.'],
    [['boot-test'], 'Name the folder of one finished conversion.'],
    [['image', 'fly'], 'There is no command "image fly".'],
    [['image', 'info'], 'No image is named.'],
    [['image', 'compare', 'a'], 'Name two images.'],
    [['image', 'convert', 'a', 'b.raw', '--parents', 'up'], '--parents takes folder or anywhere.'],
    [['image', 'convert', 'a', 'b.raw', '--compres'], "Unknown option '--compres'."],
  ])('wrong usage %j ends with status 2 and two sentences', async (args, sentence) => {
    const { status, out, err } = await ironlift(args);
    expect(status).toBe(2);
    expect(out).toBe('');
    expect(err).toContain(`Error: ${sentence}\nWhat to do: `);
  });

  it('prints one JSON document for an error when asked', async () => {
    const { status, out, err } = await ironlift(['inspect', '/nonexistent/disk.img', '--json']);
    expect(status).toBe(3);
    expect(err).toBe('');
    expect(JSON.parse(out)).toMatchObject({
      error: { message: expect.stringContaining('/nonexistent/disk.img') as string },
    });
  });
});

describe('readNic', () => {
  it('reads mode, network, VLAN and address', () => {
    expect(readNic('bridged:br0,vlan=12,mac=52:54:00:AA:bb:01')).toEqual({
      mode: 'bridged',
      network: 'br0',
      vlan: 12,
      mac: '52:54:00:aa:bb:01',
    });
    expect(readNic('isolated')).toEqual({ mode: 'isolated', network: null, vlan: null, mac: 'keep' });
  });

  it.each(['', 'bridge', 'nat,vlan=0', 'nat,vlan=4095', 'nat,mac=52:54', 'nat,speed=1'])(
    'refuses %j',
    (text) => {
      expect(readNic(text)).toBeNull();
    },
  );
});
