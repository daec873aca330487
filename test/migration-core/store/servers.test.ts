import { describe, expect, it } from 'vitest';
import { storedKeys } from '../../../migration-core/store/tables/known-server.ts';
import { batch, named, newFile, T0 } from './support.ts';

const UUID = '4c4c4544-0031-3010-8033-c2c04f4d3232';
const SWAPPED = '44454c4c-3100-1030-8033-c2c04f4d3232';
const OTHER = '4c4c4544-0031-3010-8033-c2c04f4d3299';
const MAC = '00:1b:21:aa:bb:cc';

describe('a server', () => {
  it('is known by each of its keys, and by those that come later', async () => {
    const file = await newFile();
    const first = file.server(named('web1', { smbiosUuid: UUID }), T0);
    expect(first.isNew).toBe(true);
    const again = (identity: Parameters<typeof file.server>[0]) => file.server(identity, T0 + 1);
    expect(again(named('WEB1.example.org'))).toEqual({ id: first.id, isNew: false });
    expect(again(named('other', { smbiosUuid: UUID.toUpperCase(), serial: 'S1' }))).toEqual({
      id: first.id,
      isNew: false,
    });
    expect(again(named('third', { serial: 'S1', macs: [MAC] }))).toEqual({ id: first.id, isNew: false });
    expect(again(named('fourth', { macs: [MAC] }))).toEqual({ id: first.id, isNew: false });
    expect(again(named('fourth'))).toEqual({ id: first.id, isNew: false });
    expect(file.servers()).toHaveLength(1);
    expect(file.servers()[0]!.identity).toEqual({
      name: 'web1',
      smbiosUuid: UUID,
      serial: 'S1',
      macs: [MAC],
    });
  });

  it('has one UUID in either byte order', async () => {
    const file = await newFile();
    const { id } = file.server(named('a', { smbiosUuid: UUID }), T0);
    expect(file.server(named('b', { smbiosUuid: SWAPPED }), T0).id).toBe(id);
    expect(storedKeys(named('b', { smbiosUuid: SWAPPED }))[0]).toEqual(
      storedKeys(named('b', { smbiosUuid: UUID }))[0],
    );
  });

  it('with another UUID or serial number is another one, though its name and card are the same', async () => {
    const file = await newFile();
    const one = file.server(named('db', { smbiosUuid: UUID, macs: [MAC] }), T0);
    const two = file.server(named('db', { smbiosUuid: OTHER, macs: [MAC] }), T0);
    expect(two.isNew).toBe(true);
    expect(file.server(named('db', { smbiosUuid: UUID }), T0).id).toBe(one.id);
    // Which of the two it is cannot be told: a third one, and the same third one each time.
    const three = file.server(named('db'), T0);
    expect(three.isNew).toBe(true);
    expect(file.server(named('db'), T0)).toEqual({ id: three.id, isNew: false });
    const serial = file.server(named('app', { serial: 'A' }), T0);
    expect(file.server(named('app', { serial: 'B' }), T0).id).not.toBe(serial.id);
    // What nobody ever named is not one server.
    const nameless = (mac: string): ReturnType<typeof named> => named('localhost', { macs: [mac] });
    const unnamed = file.server(nameless('00:50:56:00:00:11'), T0);
    expect(file.server(nameless('00:50:56:00:00:12'), T0).isNew).toBe(true);
    expect(file.server(nameless('00:50:56:00:00:11'), T0)).toEqual({ id: unnamed.id, isNew: false });
    // Nothing that vendors left empty is a key.
    // Without root neither UUID nor serial number is seen.
    const first = named('web9', { fqdn: 'web9.one.example', macs: ['00:50:56:00:00:01'] });
    const other = named('web9', { fqdn: 'web9.two.example', macs: ['00:50:56:00:00:02'] });
    expect(file.server(first, T0).isNew).toBe(true);
    expect(file.server(other, T0).isNew).toBe(true);
    expect(file.server(first, T0).isNew).toBe(false);
    // Of Supermicro, of firmware before SMBIOS 2.6, of tools that have nothing to say.
    for (const [at, nothing] of [
      { serial: '0123456789' },
      { serial: 'Serial Number' },
      { serial: '(none)' },
      { serial: 'Empty' },
      { serial: '0x00000000' },
      { serial: '12345678' },
      { smbiosUuid: '00020003-0004-0005-0006-000700080009' },
    ].entries())
      for (const name of [`p${at}`, `q${at}`])
        expect(file.server(named(name, nothing), T0).isNew, JSON.stringify(nothing)).toBe(true);
    expect(file.server(named('x', { serial: 'To be filled by O.E.M.' }), T0).isNew).toBe(true);
    expect(file.server(named('y', { serial: 'To be filled by O.E.M.' }), T0).isNew).toBe(true);
  });

  it('of two same names is told by its domain', async () => {
    const file = await newFile();
    file.server(named('db', { smbiosUuid: UUID, fqdn: 'db.one.example' }), T0);
    const two = file.server(named('db', { smbiosUuid: OTHER, fqdn: 'db.two.example' }), T0);
    expect(file.server(named('db', { fqdn: 'DB.two.example' }), T0)).toEqual({ id: two.id, isNew: false });
  });

  it('of another domain is another one, though its host name is the same', async () => {
    const file = await newFile();
    const one = file.server(named('db', { fqdn: 'db.prod.example' }), T0).id;
    const two = file.server(named('db', { fqdn: 'db.test.example' }), T0).id;
    expect(two).not.toBe(one);
    expect(file.server(named('db', { fqdn: 'DB.prod.example' }), T0)).toEqual({ id: one, isNew: false });
    // Which of the two it is cannot be told: a third one, and the same third one each time.
    const three = file.server(named('db'), T0);
    expect(three.isNew).toBe(true);
    expect(file.server(named('db'), T0)).toEqual({ id: three.id, isNew: false });
    // A UUID that turns up does not bring those of other domains together.
    file.server(named('app', { fqdn: 'app.prod.example' }), T0);
    const known = file.server(named('app', { fqdn: 'app.test.example', smbiosUuid: UUID }), T0).id;
    file.server(named('app', { fqdn: 'app.test.example', smbiosUuid: UUID }), T0);
    expect(file.servers()).toHaveLength(5);
    // One that was renamed is still known by its hardware.
    expect(file.server(named('app', { fqdn: 'app.new.example', smbiosUuid: UUID }), T0).id).toBe(known);
  });

  it('that was collected as two is merged when it is seen to be one', async () => {
    const file = await newFile();
    const strong = file.server(named('web1', { smbiosUuid: UUID }), T0).id;
    const weak = file.server(named('10.0.0.5'), T0).id;
    const collection = file.beginCollection({
      collector: 'ssh',
      source: 'web1',
      digest: null,
      startedAt: T0,
    });
    file.putInventory(weak, { identity: named('10.0.0.5'), vendor: 'Dell Inc.', gaps: [] }, T0, collection);
    file.appendSamples(strong, batch([1, 2], [1, 2]));
    file.appendSamples(weak, batch([2, 3], [9, 3]));
    file.appendSamples(weak, batch([5], [5], { instance: 'only' }));
    expect(file.server(named('10.0.0.5', { smbiosUuid: UUID }), T0)).toEqual({ id: strong, isNew: false });
    expect(file.servers()).toHaveLength(1);
    expect(file.servers()[0]).toMatchObject({
      id: strong,
      vendor: 'Dell Inc.',
      firstSample: 1,
      lastSample: 5,
    });
    expect([...file.readSamples(strong, 'cpu.busy', '', 0, 9).values]).toEqual([1, 2, 3]);
    // Whoever still has the old id reaches the server.
    expect([...file.readSamples(weak, 'cpu.busy', 'only', 0, 9).values]).toEqual([5]);
    expect(file.inventory(weak)?.inventory.vendor).toBe('Dell Inc.');
    expect(file.appendSamples(weak, batch([4], [4]))).toEqual({ added: 1, repeated: 0 });
  });

  it('without a name or any key is one server, not a new one each time', async () => {
    const file = await newFile();
    const { id } = file.server(named(''), T0);
    expect(file.server(named('  '), T0)).toEqual({ id, isNew: false });
  });

  it('has a name that is data', async () => {
    const file = await newFile();
    const names = [
      "'; DROP TABLE server; --",
      '\u001b[2J\u0000\u0007',
      '<b>x</b>',
      '=cmd|A1',
      '\ud800 alone',
      '𝔘𝔫𝔦',
      '../../etc',
      '__proto__',
    ];
    for (const name of names) file.server(named(name), T0);
    expect(
      file
        .servers()
        .map(({ identity }) => identity.name)
        .toSorted(),
    ).toEqual(names.toSorted());
  });

  it('that is removed is gone with all that was of it, and its id is not used again', async () => {
    const file = await newFile();
    const { id } = file.server(named('a', { smbiosUuid: UUID }), T0);
    file.appendSamples(id, batch([1, 2], [1, 2]));
    file.rollUp(id);
    file.removeServer(id);
    expect(file.servers()).toEqual([]);
    expect(() => file.series(id)).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
    expect(file.server(named('a', { smbiosUuid: UUID }), T0).id).toBeGreaterThan(id);
  });

  it('has the inventory that was observed last, and a summary of what the newest knew', async () => {
    const file = await newFile();
    const { id } = file.server(named('a'), T0);
    const collection = file.beginCollection({ collector: 'local', source: 'a', digest: null, startedAt: T0 });
    const full = {
      identity: named('a'),
      vendor: 'HPE',
      model: 'DL380',
      processors: [
        { model: 'Xeon', cores: 16 },
        { model: 'Phi', cores: 60 },
      ],
      memoryBytes: 2 ** 36,
      disks: [
        { name: 'mpatha', bytes: 1000, paths: ['sda', 'sdb'] },
        { name: 'sda', bytes: 1000 },
        { name: 'sdb', bytes: 1000 },
        { name: 'sdc', bytes: 7, removable: true },
        { name: 'sdd', bytes: 500 },
      ],
      gaps: [],
    };
    file.putInventory(id, full, 200, collection);
    file.putInventory(
      id,
      {
        identity: named('a'),
        vendor: 'Old',
        gaps: [],
        operatingSystem: { family: 'linux', name: 'Debian 12' },
      },
      100,
      collection,
    );
    file.putInventory(id, { identity: named('a'), model: 'DL380 Gen10', gaps: [] }, 300, collection);
    expect(file.inventory(id)).toEqual({
      inventory: {
        ...full,
        model: 'DL380 Gen10',
        operatingSystem: { family: 'linux', name: 'Debian 12' },
      },
      observedAt: 300,
    });
    expect(file.servers()[0]).toMatchObject({
      vendor: 'HPE',
      model: 'DL380 Gen10',
      operatingSystem: 'Debian 12',
      cores: 76,
      memoryBytes: 2 ** 36,
      diskBytes: 1500,
    });
  });
});

describe('collections', () => {
  it('keep their counts and the first thousand problems', async () => {
    const file = await newFile();
    const id = file.beginCollection({ collector: 'pdh-csv', source: 'a.csv', digest: 'ff', startedAt: 5 });
    const problems = Array.from({ length: 700 }, (_, at) => ({
      at,
      unit: 'line' as const,
      message: 'No.',
      excerpt: '\u001b'.repeat(300),
    }));
    file.addProblems(id, problems);
    file.addProblems(id, problems);
    // Those at 0 are remarks about the whole, and no lines that were not understood.
    file.addProblems(id, [{ at: 1, unit: 'byte', message: 'x' }]);
    file.countCollection(id, { servers: 1, samples: 2, repeated: 3, inventories: 4, problems: 0 });
    expect(file.collections()[0]).toEqual({
      id,
      collector: 'pdh-csv',
      source: 'a.csv',
      digest: 'ff',
      startedAt: 5,
      finishedAt: null,
      counts: { servers: 1, samples: 2, repeated: 3, inventories: 4, problems: 1399 },
    });
    file.finishCollection(id, 9);
    expect(file.collections()[0]!.finishedAt).toBe(9);
    const kept = file.problems(id);
    expect(kept).toHaveLength(1000);
    expect(kept[700]).toEqual({ at: 0, unit: 'line', message: 'No.', excerpt: '\u001b'.repeat(200) });
  });
});
