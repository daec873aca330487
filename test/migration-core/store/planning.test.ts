import Database from 'better-sqlite3';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { EngagementFile } from '../../../migration-core/store/engagement.ts';
import { migrate } from '../../../migration-core/store/migrate.ts';
import { firstSchema } from '../../../migration-core/store/migrations/001-first.ts';
import { openEngagement } from '../../../migration-core/store/open.ts';
import { encodeChunk } from '../../../migration-core/store/samples/chunk.ts';
import { scratchFolder } from '../../support/tools.ts';
import { batch, named, newFile, now, T0 } from './support.ts';

const UUID = '4c4c4544-0031-3010-8033-c2c04f4d3232';
const BYTES = Uint8Array.of(1, 2, 3, 250);
const DAMAGED = expect.objectContaining({ code: 'ENGAGEMENT_DAMAGED' }) as unknown;

/** Does to the closed file what a stranger could, and opens it again. */
function tampered(file: EngagementFile, sql: string): EngagementFile {
  file.close();
  const database = new Database(file.path);
  database.exec(sql);
  database.close();
  return openEngagement(file.path, { now, readOnly: true });
}

describe('what was said of a server', () => {
  it('is kept, replaced, and gone with the server', async () => {
    const file = await newFile();
    const { id } = file.server(named('web1'), T0);
    expect(file.annotations(id)).toEqual({});
    file.putAnnotations(id, { criticality: 'high', owner: '=cmd|\u001b[31m<b>' });
    file.putAnnotations(id, { owner: '=cmd|\u001b[31m<b>', tags: ['a'] });
    expect(file.annotations(id)).toEqual({ owner: '=cmd|\u001b[31m<b>', tags: ['a'] });
    expect(() => file.putAnnotations(id, { launchYear: 1066 })).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        message: expect.stringContaining('launchYear') as unknown,
      }),
    );
    file.putDocument('plan', 'base', { hosts: 3 }, 'ab', T0);
    file.putDocument('scenario', 'base', { name: 'base' }, null, T0);
    file.removeServer(id);
    // Answers name servers; what people wrote stays.
    expect(file.document('plan', 'base')).toBeNull();
    expect(file.document('scenario', 'base')).toEqual({ name: 'base' });
    expect(() => file.annotations(id)).toThrow(`The engagement file has no server ${id}.`);
    file.close();
    const bytes = readFileSync(file.path).toString('latin1');
    expect(bytes).not.toContain('=cmd|');
  });

  it('follows a server into the one it turns out to be; what that one has stays, and what is lost is told', async () => {
    const file = await newFile();
    const { id: known } = file.server(named('web1', { smbiosUuid: UUID }), T0);
    const { id: other } = file.server(named('10.0.0.7', { serial: 'S1' }), T0);
    file.putAnnotations(known, { criticality: 'low', owner: 'Ann' });
    file.putAnnotations(other, { criticality: 'critical', owner: 'Ann', zone: 'dmz' });
    file.putDemandProfile(known, BYTES);
    expect(file.server(named('web1', { smbiosUuid: UUID, serial: 'S1' }), T0).id).toBe(known);
    expect(file.servers()).toHaveLength(1);
    for (const id of [known, other])
      expect(file.annotations(id)).toEqual({ criticality: 'low', owner: 'Ann', zone: 'dmz' });
    expect(file.annotationRemarks(known)).toEqual([
      '10.0.0.7 turned out to be this server; of it was said: criticality critical. Kept is what was said of this one: low.',
    ]);
    expect(file.demandProfile(known)).toBeNull();
    file.putAnnotations(known, file.annotations(known));
    expect(file.annotationRemarks(known)).toEqual([]);
  });
});

describe('a demand profile', () => {
  it('is as it was put until what it was made from changes', async () => {
    const file = await newFile();
    const { id } = file.server(named('web1'), T0);
    const collection = file.beginCollection({ collector: 't', source: 't', digest: null, startedAt: T0 });
    const fresh = (): void => {
      file.putDemandProfile(id, BYTES);
      expect([...file.demandProfile(id)!]).toEqual([...BYTES]);
    };
    file.appendSamples(id, batch([T0, T0 + 300_000], [1, 2]));
    fresh();
    // Nothing new: there already.
    file.appendSamples(id, batch([T0], [1]));
    file.putAnnotations(id, { owner: 'Ann' });
    expect(file.demandProfile(id)).not.toBeNull();
    file.appendSamples(id, batch([T0 + 150_000], [1]));
    expect(file.demandProfile(id)).toBeNull();
    fresh();
    file.putInventory(id, { identity: named('web1'), gaps: [] }, T0, collection);
    expect(file.demandProfile(id)).toBeNull();
    fresh();
    file.putAnnotations(id, { backup: { windows: [{ startMinute: 60, endMinute: 120, days: [] }] } });
    expect(file.demandProfile(id)).toBeNull();
    fresh();
    // What is undone has not changed it.
    expect(() =>
      file.transaction(() => {
        file.appendSamples(id, batch([T0 + 600_000], [1]));
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(file.demandProfile(id)).not.toBeNull();
    expect(() => file.putDemandProfile(id, new Uint8Array(2 << 20))).toThrow('too long to be kept');
  });
});

describe('a document', () => {
  it('is kept by kind and name', async () => {
    const file = await newFile();
    expect(file.document('plan', 'a')).toBeNull();
    file.putDocument('plan', 'b', { hosts: [1, 2] }, 'f00d', T0);
    file.putDocument('plan', 'a', 'text \u0000', null, T0 + 1);
    file.putDocument('scenario', 'a', [1], null, T0 + 2);
    file.putDocument('plan', 'b', { hosts: [] }, 'beef', T0 + 3);
    expect(file.documents('plan')).toEqual([
      { name: 'a', changedAt: T0 + 1, inputs: null },
      { name: 'b', changedAt: T0 + 3, inputs: 'beef' },
    ]);
    expect([file.document('plan', 'a'), file.document('plan', 'b')]).toEqual(['text \u0000', { hosts: [] }]);
    file.removeDocument('plan', 'a');
    expect(file.document('plan', 'a')).toBeNull();
    expect(file.document('scenario', 'a')).toEqual([1]);
    expect(() => file.putDocument('plan', '', 1, null, 0)).toThrow(
      'A name has 1 to 200 characters, this one 0.',
    );
    expect(() => file.putDocument('plan', 'x', undefined, null, 0)).toThrow(
      'too long to be kept, or is none',
    );
  });
});

describe('a file that somebody changed', () => {
  it('is refused where it is read, and a profile is computed anew', async () => {
    const said = await newFile();
    const { id } = said.server(named('web1'), T0);
    said.putAnnotations(id, { owner: 'Ann' });
    said.putDemandProfile(id, BYTES);
    said.putDocument('plan', 'a', 1, null, 0);
    let file = tampered(said, `UPDATE annotation SET data = '{"criticality":"very"}'`);
    expect(() => file.annotations(id)).toThrow(DAMAGED);
    file = tampered(file, `UPDATE annotation SET data = printf('%.*c', 9000000, ' ')`);
    expect(() => file.annotations(id)).toThrow(
      'What was said of a server in the engagement file is damaged: it is too long.',
    );
    file = tampered(file, `UPDATE demand_profile SET data = x'010203fb'`);
    expect(file.demandProfile(id)).toBeNull();
    file = tampered(file, `UPDATE document SET data = x'00'`);
    expect(() => file.document('plan', 'a')).toThrow(
      'A document in the engagement file is damaged: it cannot be unpacked.',
    );
    file.close();
  });
});

describe('a file of version 1', () => {
  it('is brought to the newest with all that is in it', async () => {
    const path = join(await scratchFolder(), 'old.ironlift');
    const old = new Database(path);
    migrate(old, 0, [firstSchema], T0);
    old.prepare('INSERT INTO engagement VALUES (1, ?, ?, 60)').run('Old', T0);
    old
      .prepare('INSERT INTO server (name, identity, first_seen, last_seen) VALUES (?, ?, ?, ?)')
      .run('web1', JSON.stringify(named('web1')), T0, T0);
    old.prepare("INSERT INTO server_key VALUES ('name', 'web1', 1)").run();
    old.prepare("INSERT INTO series VALUES (1, 1, 'cpu.busy', '', 2, 1000, 2000, 1, 1)").run();
    const samples = { times: Float64Array.of(1000, 2000), values: Float64Array.of(5, 7) };
    old.prepare('INSERT INTO chunk VALUES (1, 1, 1000, 2000, 2, ?)').run(encodeChunk(samples));
    old.close();
    expect(() => openEngagement(path, { now, readOnly: true })).toThrow(
      expect.objectContaining({ code: 'ENGAGEMENT_READ_ONLY' }),
    );
    const file = openEngagement(path, { now });
    expect([...file.readSamples(1, 'cpu.busy', '', 0, 1e9).values]).toEqual([5, 7]);
    expect(file.annotations(1)).toEqual({});
    file.putAnnotations(1, { owner: 'Ann' });
    file.close();
    const copy = new Database(`${path}.before-v2`, { readonly: true });
    expect(copy.pragma('user_version', { simple: true })).toBe(1);
    expect(copy.prepare('SELECT samples, data FROM chunk').get()).toEqual({
      samples: 2,
      data: Buffer.from(encodeChunk(samples)),
    });
    copy.close();
    const again = openEngagement(path, { now, readOnly: true });
    expect([again.name, again.utcOffsetMinutes, again.annotations(1)]).toEqual(['Old', 60, { owner: 'Ann' }]);
    again.close();
  });
});
