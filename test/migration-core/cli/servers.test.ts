import Database from 'better-sqlite3';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { migrate } from '../../../migration-core/store/migrate.ts';
import { firstSchema } from '../../../migration-core/store/migrations/001-first.ts';
import { openEngagement } from '../../../migration-core/store/open.ts';
import { scratchFolder } from '../../support/tools.ts';
import { ironlift } from '../../support/world.ts';
import { batch, named, newFile, now, T0 } from '../store/support.ts';

describe('ironlift servers', () => {
  it('says where the figures are older than what was collected', async () => {
    const file = await newFile();
    const { id } = file.server(named('web1'), T0);
    file.appendSamples(id, batch([T0, T0 + 300_000], [1, 2]));
    file.rollUp(id);
    const args = ['servers', '--engagement', file.path];
    expect((await ironlift(args)).out).toMatch(/\n1 server\.\n$/u);
    // As a collection leaves it that is killed before it sums up.
    file.appendSamples(id, batch([T0 + 600_000], [3]));
    expect((await ironlift(args)).out).toMatch(
      /\n1 server\.\nThe figures of 1 server are older than what was collected since, for a collection was cut short\. The next `ironlift collect` brings them up to date\.\n$/u,
    );
    expect(JSON.parse((await ironlift([...args, '--json'])).out)).toMatchObject({ outdated: [id] });
  });

  it('tells what was said of a server, and what was lost when two became one', async () => {
    const file = await newFile();
    const { id } = file.server(named('web1', { serial: 'A' }), T0);
    const { id: other } = file.server(named('10.0.0.1', { macs: ['00:1b:21:aa:bb:cc'] }), T0);
    file.putAnnotations(id, { zone: '=dmz\u001b[31m' });
    file.putAnnotations(other, { zone: 'lan', downtimeMinutes: 90 });
    file.server(named('web1', { serial: 'A', macs: ['00:1b:21:aa:bb:cc'] }), T0);
    const { out } = await ironlift(['servers', 'web1', '--engagement', file.path]);
    expect(out).toMatch(/^ {2}Zone +=dmz\?\[31m$/mu);
    expect(out).toMatch(/^ {2}Downtime minutes +90$/mu);
    expect(out.replace(/\s+/gu, ' ')).toContain(
      'note: 10.0.0.1 turned out to be this server; of it was said: zone lan. Kept is what was said of this one: =dmz?[31m.',
    );
  });

  it('brings a file of an older version to the newest, and says so', async () => {
    const path = join(await scratchFolder(), 'old.ironlift');
    const old = new Database(path);
    migrate(old, 0, [firstSchema], T0);
    old.prepare('INSERT INTO engagement VALUES (1, ?, ?, 0)').run('Old', T0);
    old.close();
    expect(() => openEngagement(path, { now, readOnly: true })).toThrow(
      'old.ironlift was made by an older Ironlift, and has to be brought to the newest version before it can be read.',
    );
    expect(await ironlift(['servers', '--engagement', path])).toEqual({
      status: 0,
      out: 'No servers yet. `ironlift collect` brings them in.\n',
      err: 'old.ironlift was of an older version and was brought to the newest; a copy of it as it was is beside it.\n',
    });
    expect(existsSync(`${path}.before-v2`)).toBe(true);
    expect((await ironlift(['servers', '--engagement', path])).err).toBe('');
  });
});
