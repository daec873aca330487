/** Inventory and samples over a real OpenSSH server: what comes, and what is left behind. */
import { describe, expect, it } from 'vitest';
import { collectSsh, type SshItem } from '../../../../migration-core/collect/ssh/collect.ts';
import { isRoot, soon, startSshd } from '../../../support/sshd.ts';
import { all, failure, optionsOf, targetOf } from '../../../support/ssh-collect.ts';
import { needTools } from '../../../support/tools.ts';

describe('collecting over SSH', () => {
  it('asks for the inventory, measures at the interval, and leaves no process and no connection', async () => {
    const sshd = await startSshd();
    let most = 0;
    let running = false;
    const items: SshItem[] = [];
    // The second sample has four seconds to come late.
    const performance = { interval: 5, duration: 9 };
    for await (const item of collectSsh([targetOf(sshd)], optionsOf(sshd, { performance }))) {
      items.push(item);
      most = Math.max(most, await sshd.connections());
      running ||= sshd.leftovers().length > 0;
    }
    expect(items.filter(({ kind }) => kind === 'failed' || kind === 'problem')).toEqual([]);
    const inventory = items.find((item) => item.kind === 'inventory')!.inventory;
    expect(inventory.identity.name).not.toBe('');
    expect(inventory.operatingSystem?.family).toBe('linux');
    const samples = items.filter((item) => item.kind === 'samples');
    expect(samples.length).toBe(2);
    const times = samples.map(({ batches }) => batches[0]!.times[0]!);
    for (const [index, time] of times.slice(1).entries()) {
      expect(time - times[index]!).toBeGreaterThan(3_900);
      expect(time - times[index]!).toBeLessThan(6_500);
    }
    const metrics = new Set(samples[1]!.batches.map(({ metric }) => metric));
    for (const metric of ['cpu.busy', 'cpu.queue', 'memory.used', 'disk.readBytes', 'process.cpu'] as const) {
      expect(metrics, metric).toContain(metric);
    }
    expect(most).toBe(1);
    expect(await sshd.connections()).toBe(0);
    expect(await soon(() => sshd.leftovers().length === 0)).toBe(true);
    expect(running).toBe(true);
  });

  it.skipIf(!isRoot)('needs no file: works where none can be written', async () => {
    const sshd = await startSshd({ readOnly: true });
    const items = await all(
      collectSsh([targetOf(sshd)], optionsOf(sshd, { performance: { interval: 5, duration: 3 } })),
    );
    expect(items.map(({ kind }) => kind).filter((kind) => kind !== 'state')).toEqual([
      'inventory',
      'samples',
    ]);
  });

  it('can be cancelled at any instant and leaves nothing', async () => {
    const sshd = await startSshd();
    for (let milliseconds = 20; milliseconds < 1600; milliseconds = Math.ceil(milliseconds * 1.6)) {
      const signal = AbortSignal.timeout(milliseconds);
      const performance = { interval: 5 };
      const items = await all(collectSsh([targetOf(sshd)], optionsOf(sshd, { performance, signal })));
      expect(failure(items), `${milliseconds} ms`).toBe('');
      expect(await soon(async () => (await sshd.connections()) === 0), `${milliseconds} ms`).toBe(true);
      expect(await soon(() => sshd.leftovers().length === 0), sshd.leftovers().join()).toBe(true);
    }
  });

  it('stops everything when nobody reads any more', async () => {
    const sshd = await startSshd();
    const targets = [1, 2, 3].map(() => targetOf(sshd));
    for await (const item of collectSsh(targets, optionsOf(sshd, { performance: { interval: 5 } }))) {
      if (item.kind === 'samples') break;
    }
    expect(await sshd.connections()).toBe(0);
    expect(await soon(() => sshd.leftovers().length === 0), sshd.leftovers().join()).toBe(true);
  });

  it.skipIf(!isRoot)('works for logins whose shell is no sh', async () => {
    needTools('tcsh', 'bash', 'busybox');
    const users = ['/bin/tcsh', '/bin/bash', '/bin/busybox'].map((shell, index) => ({
      name: `ironshell${index}`,
      password: 'p',
      shell,
    }));
    const sshd = await startSshd({ users, config: ['PasswordAuthentication yes'] });
    for (const { name, shell } of users) {
      const items = await all(
        collectSsh([{ ...targetOf(sshd), user: name }], {
          ...optionsOf(sshd),
          credentials: { password: async () => 'p' },
          inventory: false,
          performance: { interval: 5, duration: 2 },
        }),
      );
      // busybox is no shell by that name: it is the login that runs nothing.
      expect(failure(items), shell).toBe(shell === '/bin/busybox' ? 'COLLECT_FAILED' : '');
      expect(
        items.some(({ kind }) => kind === 'samples'),
        shell,
      ).toBe(shell !== '/bin/busybox');
      expect(await soon(() => sshd.leftovers().length === 0), sshd.leftovers().join()).toBe(true);
    }
  });

  it.skipIf(!isRoot)('tells in the inventory that the login was not root', async () => {
    const sshd = await startSshd({
      users: [
        { name: 'ironplain', password: 'p-plain' },
        { name: 'ironsudo', password: 'p-sudo', sudo: 'ALL=(ALL) ALL' },
        { name: 'ironfree', password: 'p-free', sudo: 'ALL=(ALL) NOPASSWD: ALL' },
      ],
      config: ['PasswordAuthentication yes'],
    });
    const ask = async (user: string, sudoPassword: string | null): Promise<string> => {
      const items = await all(
        collectSsh([{ ...targetOf(sshd), user }], {
          ...optionsOf(sshd),
          sudo: true,
          credentials: {
            password: async () => `p-${user.slice(4)}`,
            sudoPassword: async () => sudoPassword,
          },
        }),
      );
      const inventory = items.find((item) => item.kind === 'inventory');
      if (inventory === undefined) return `no inventory: ${JSON.stringify(items)}`;
      return inventory.inventory.gaps.find(({ part }) => part === 'inventory')?.why ?? 'root';
    };
    expect(await ask('ironplain', 'p-plain')).toContain('not there, or does not allow');
    expect(await ask('ironsudo', null)).toContain('wants a password, and none was given');
    expect(await ask('ironsudo', 'wrong')).toContain('did not accept the password');
    expect(await ask('ironsudo', 'p-sudo')).toBe('root');
    expect(await ask('ironfree', null)).toBe('root');
    expect(await soon(() => sshd.leftovers().length === 0), sshd.leftovers().join()).toBe(true);
  });
});
