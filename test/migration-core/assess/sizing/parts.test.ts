import { describe, expect, it } from 'vitest';
import { ruleBook } from '../../../../migration-core/assess/rules/pack.ts';
import { applicationCards, needsOf } from '../../../../migration-core/assess/sizing/application.ts';
import { allocateDisks, arrayOperations, sizeDisks } from '../../../../migration-core/assess/sizing/disks.ts';
import {
  isLatencySensitive,
  judgeIo,
  type IoLoad,
} from '../../../../migration-core/assess/sizing/io-class.ts';
import { sizeMemory } from '../../../../migration-core/assess/sizing/memory.ts';
import { sizeNics } from '../../../../migration-core/assess/sizing/nics.ts';
import type { DemandProfile } from '../../../../migration-core/assess/model/demand.ts';
import type { ServerAnnotations } from '../../../../migration-core/store/model/annotations.ts';
import type { ServerInventory } from '../../../../migration-core/store/model/inventory.ts';
import { contextOf, factsOf, flat, inventoryOf, profileOf, textsOf } from '../measured-servers.ts';

const GIB = 2 ** 30;
const rules = ruleBook('modern');

describe('places for disks', () => {
  it('of 2007: four adapters of fifteen, without number 7, sixty in all', () => {
    const places = allocateDisks(61, ruleBook('seed-2007'));
    expect(places).toHaveLength(60);
    expect(places.slice(0, 5)).toEqual([
      { adapter: 0, unit: 0 },
      { adapter: 1, unit: 0 },
      { adapter: 2, unit: 0 },
      { adapter: 3, unit: 0 },
      { adapter: 0, unit: 1 },
    ]);
    for (const adapter of [0, 1, 2, 3])
      expect(places.filter((one) => one.adapter === adapter).map(({ unit }) => unit)).toEqual([
        0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15,
      ]);
    expect(allocateDisks(300, rules)).toHaveLength(252);
  });
});

describe('disks', () => {
  const sized = (inventory: Partial<ServerInventory>, annotations: ServerAnnotations = {}, pack = 'modern') =>
    sizeDisks(factsOf({ inventory: inventoryOf(inventory), annotations }), contextOf({ pack }));
  const one: Partial<ServerInventory> = { disks: [{ name: 'sda', bytes: 100 * GIB }] };

  it('are all kept, also those that have no place', () => {
    const disks = Array.from({ length: 62 }, (_, i) => ({ name: `sd${i}`, bytes: GIB }));
    const { disks: placed, reasons } = sized({ disks }, {}, 'seed-2007');
    expect(placed).toHaveLength(62);
    expect(placed.slice(60).map(({ adapter, unit }) => [adapter, unit])).toEqual([
      [-1, -1],
      [-1, -1],
    ]);
    expect(textsOf(reasons)).toContain(
      'It has 62 disks, and a virtual machine takes no more than 60: 2 of them have no place.',
    );
  });

  it('are given their space by how much depends on the server', () => {
    const provisioning = (annotations: ServerAnnotations): string =>
      sized(one, annotations).disks[0]!.provisioning;
    expect(provisioning({ criticality: 'critical' })).toBe('thick-eager');
    expect(provisioning({ criticality: 'high', environment: 'test' })).toBe('thick-eager');
    expect(provisioning({})).toBe('thick');
    expect(provisioning({ environment: 'production' })).toBe('thick');
    expect(provisioning({ environment: 'test' })).toBe('thin');
    expect(textsOf(sized(one).reasons)).toEqual([
      'The space of its disks is allocated when they are made, for a server of normal criticality (nobody said how much depends on it).',
    ]);
    expect(textsOf(sized(one, { environment: 'lab' }).reasons)).toEqual([
      'Its disks grow as they fill, for it is a lab server.',
    ]);
  });

  it('the system comes first; sticks and paths of multipath devices are none', () => {
    const { disks } = sized({
      disks: [
        { name: 'sdb', bytes: GIB },
        { name: 'sda', bytes: GIB, system: true },
        { name: 'sdu', bytes: GIB, bus: 'usb' },
        { name: 'sr0', bytes: GIB, removable: true },
        { name: 'sdp', bytes: GIB },
        { name: 'sdq', bytes: GIB },
        { name: 'mpatha', bytes: GIB, paths: ['sdp', 'sdq'] },
      ],
    });
    expect(disks.map(({ name }) => name)).toEqual(['sda', 'sdb', 'mpatha']);
  });

  it('what is used is copied; what is not known is copied whole', () => {
    const { copyBytes, disks } = sized({
      disks: [
        { name: 'sda', bytes: 100 },
        { name: 'sdb', bytes: 300 },
        { name: 'sdc', bytes: 50 },
      ],
      volumes: [
        { name: 'sda1', usedBytes: 10, disks: ['sda'] },
        { name: 'vg-data', usedBytes: 80, disks: ['sda', 'sdb'] },
        { name: 'vg-data', usedBytes: 80, disks: ['sda', 'sdb'] },
      ],
    });
    expect(disks.map(({ usedBytes }) => usedBytes)).toEqual([30, 60, null]);
    expect(copyBytes).toBe(140);
    expect(textsOf(sized({ disks: [{ name: 'sda' }] }).reasons)[1]).toBe(
      'The size of 1 disk is not known and counts as nothing.',
    );
    expect(textsOf(sized({}).reasons)).toEqual(['Its disks are not known.']);
  });

  it('an array does more for a write than for a read', () => {
    expect(
      (['raid0', 'raid1', 'raid10', 'raid5', 'raid6'] as const).map((level) =>
        arrayOperations(100, 50, level, rules),
      ),
    ).toEqual([150, 200, 200, 300, 400]);
  });
});

describe('uplinks', () => {
  it('a team is one, with the VLANs on it; what has neither link nor address is left out', () => {
    const { nics, reasons } = sizeNics(
      factsOf({
        inventory: inventoryOf({
          networkInterfaces: [
            { name: 'eth0', mac: '00:11:22:33:44:55', kind: 'physical', addresses: [], up: true },
            { name: 'eth1', kind: 'physical', addresses: [], up: true },
            { name: 'eth2', kind: 'physical', addresses: [], up: false },
            { name: 'eth3', mac: '00:11:22:33:44:58', addresses: ['10.0.0.1/8'] },
            { name: 'bond0', kind: 'bond', addresses: [], members: ['eth0', 'eth1'], up: true },
            { name: 'bond0.100', kind: 'vlan', vlan: 100, addresses: ['192.0.2.7/24'], members: ['bond0'] },
            { name: 'bond0.200', kind: 'vlan', vlan: 200, addresses: [], members: ['bond0'] },
            { name: 'docker0', addresses: ['172.17.0.1/16'] },
            { name: 'lo', kind: 'loopback', addresses: ['127.0.0.1/8'] },
          ],
        }),
      }),
    );
    const team = ['eth0', 'eth1'];
    expect(nics).toEqual([
      { name: 'bond0.100', vlan: 100, mac: '00:11:22:33:44:55', teamOf: team },
      { name: 'bond0.200', vlan: 200, mac: '00:11:22:33:44:55', teamOf: team },
      { name: 'eth3', vlan: null, mac: '00:11:22:33:44:58', teamOf: [] },
    ]);
    expect(textsOf(reasons)).toEqual([
      '2 interfaces in 1 team become 1 virtual uplink: the host has the team then.',
      '1 interface without a link or an address is left out.',
    ]);
    expect(textsOf(sizeNics(factsOf()).reasons)).toEqual(['Its network interfaces are not known.']);
  });
});

describe('memory', () => {
  const of = (inventory: Partial<ServerInventory>, profile: Partial<DemandProfile> | null, growth = 1) =>
    sizeMemory(
      factsOf({ inventory: inventoryOf(inventory), profile: profile === null ? null : profileOf(profile) }),
      contextOf({ growth }),
    );
  const linux = { operatingSystem: { family: 'linux' as const, name: 'Linux' } };

  it('is p99 and 15 % in whole GiB, at most what is installed', () => {
    const used = (bytes: number) => ({ memoryUsed: flat(0, { p99: bytes }) });
    expect(of({ memoryBytes: 16 * GIB }, used(5 * GIB))).toMatchObject({
      bytes: 6 * GIB,
      reasons: [
        { tone: 'for', text: 'It gets 6 GiB of memory for 5 GiB in use at p99; 16 GiB are installed.' },
      ],
    });
    expect(of({ memoryBytes: 16 * GIB }, used(15 * GIB))?.bytes).toBe(16 * GIB);
    expect(of({ memoryBytes: 16 * GIB }, used(5 * GIB), 2)?.bytes).toBe(12 * GIB);
    expect(of({}, used(1))?.bytes).toBe(GIB);
    expect(of({ memoryBytes: GIB / 2, ...linux }, used(GIB / 4))?.bytes).toBe(GIB / 2);
    expect(
      of({ memoryBytes: GIB, operatingSystem: { family: 'windows', name: 'W' } }, used(GIB / 4))?.bytes,
    ).toBe(2 * GIB);
  });

  it('is a quarter more where there is too little already', () => {
    const paging = of({ memoryBytes: 8 * GIB }, { memoryUsed: flat(GIB), pagingIn: flat(21 * 4096) });
    expect(paging).toMatchObject({
      bytes: 10 * GIB,
      reasons: [
        {
          text: 'It reads 21 pages a second back from its page file at p95, so its memory is too small already and it gets 1.25 times what is installed.',
        },
      ],
    });
    expect(of({ memoryBytes: 8 * GIB }, { memoryUsed: flat(GIB), pagingIn: flat(20 * 4096) })?.bytes).toBe(
      2 * GIB,
    );
    const full = { memoryUsed: flat(GIB), memoryAvailable: { minimum: 0, p5: 0.04 * 8 * GIB } };
    expect(of({ memoryBytes: 8 * GIB }, full)).toMatchObject({
      bytes: 10 * GIB,
      reasons: [
        {
          text: 'At times only 328 MiB of its memory are left, so it is too small already and it gets 1.25 times what is installed.',
        },
      ],
    });
  });

  it('of a database, and of Java, is as configured', () => {
    const used = { memoryUsed: flat(GIB) };
    expect(of({ memoryBytes: 8 * GIB, roles: ['web', 'database'] }, used)).toMatchObject({
      bytes: 8 * GIB,
      reasons: [
        {
          text: 'It keeps its 8 GiB of memory: a server with the role database fills what it is set to, and a percentile would be too little.',
        },
      ],
    });
    expect(
      of(
        { memoryBytes: 8 * GIB, listeners: [{ protocol: 'tcp', address: '::', port: 80, process: 'java' }] },
        used,
      )?.bytes,
    ).toBe(8 * GIB);
    expect(of({ memoryBytes: 8 * GIB, roles: ['web'] }, used)?.bytes).toBe(2 * GIB);
  });

  it('that was never measured stays; of which nothing is known there is none', () => {
    expect(of({ memoryBytes: 3 * GIB }, null)).toMatchObject({
      bytes: 3 * GIB,
      reasons: [{ text: 'Memory in use was never measured, so it keeps the 3 GiB it has.' }],
    });
    expect(of({}, null)).toBeNull();
  });

  it('the example of Azure Migrate: 8 GB at 10 % with 1.3 is 1.04 GB', () => {
    const book = new Map([
      [
        'modern',
        {
          ...rules.pack,
          rules: {
            ...rules.pack.rules,
            'memory.headroom': { value: 1.3, source: 'this test' },
            'memory.step': { value: 1, source: 'this test' },
          },
        },
      ],
    ]);
    const context = { ...contextOf(), rules: ruleBook('modern', book) };
    const facts = factsOf({
      inventory: inventoryOf({ memoryBytes: 8e9 }),
      profile: profileOf({ memoryUsed: flat(0.8e9) }),
    });
    expect(sizeMemory(facts, context)?.bytes).toBe(1.04e9);
  });
});

describe('input and output', () => {
  const nothing: IoLoad = { operations: null, bytes: null, network: null };
  const judged = (
    load: Partial<IoLoad>,
    profile: Partial<DemandProfile> = {},
    more: Parameters<typeof contextOf>[0] = {},
    inventory: Partial<ServerInventory> = {},
    annotations: ServerAnnotations = {},
  ) =>
    judgeIo(
      factsOf({ profile: profileOf(profile), inventory: inventoryOf(inventory), annotations }),
      { ...nothing, ...load },
      contextOf(more),
    );
  const classOf = (...of: Parameters<typeof judged>): string => judged(...of).io.class;

  it('classes by operations and bytes', () => {
    expect(
      [300, 301, 1167, 2001, 2917, 8750, 10_001].map((operations) =>
        classOf({ operations }, {}, { host: { diskOperations: 1e6 } }),
      ),
    ).toEqual(['low', 'moderate', 'moderate', 'high', 'high', 'high', 'extreme']);
    expect(
      [20e6, 21e6, 100e6, 101e6, 401e6].map((bytes) =>
        classOf({ bytes }, {}, { host: { diskBytesPerSecond: 1e10 } }),
      ),
    ).toEqual(['low', 'moderate', 'moderate', 'high', 'extreme']);
  });

  it('classes by the share of what a host may use, and of an uplink', () => {
    // 70 % of 10,000.
    const host = { diskOperations: 10_000 };
    expect(
      [210, 211, 700, 701, 1750, 1751].map((operations) => classOf({ operations }, {}, { host })),
    ).toEqual(['low', 'moderate', 'moderate', 'high', 'high', 'extreme']);
    const uplink = { nicSpeed: 8e8 };
    expect([5e6, 20e6, 40e6, 41e6].map((network) => classOf({ network }, {}, { host: uplink }))).toEqual([
      'low',
      'moderate',
      'high',
      'extreme',
    ]);
  });

  it('limits are a quarter with spindles or emulated devices, an eighth with the numbers of 2007', () => {
    const host = { diskOperations: 1e6 };
    expect(classOf({ operations: 76 }, {}, { host: { ...host, spindles: true } })).toBe('moderate');
    expect(classOf({ operations: 75 }, {}, { host, platform: { devices: 'emulated' } })).toBe('low');
    expect(
      classOf({ operations: 38 }, {}, { host, pack: 'seed-2007', platform: { devices: 'emulated' } }),
    ).toBe('moderate');
    expect(classOf({ operations: 38 }, {}, { host, pack: 'seed-2007' })).toBe('low');
  });

  it('says it in a sentence, also that nothing is known', () => {
    expect(textsOf(judged({ operations: 140, bytes: 2e6, network: 1e6 }).reasons)).toEqual([
      'Input and output is low: 140 disk operations a second, 2.0 MB/s of disks, 1.0 MB/s of network at p95, which is 0.4 % of the storage a host may use and 0.1 % of one uplink.',
    ]);
    expect(judged({}).io.class).toBe('moderate');
    expect(textsOf(judged({}).reasons)).toEqual([
      'Input and output was never measured; moderate input and output is assumed.',
    ]);
  });

  it('disks that are the limit already ask for a quarter more', () => {
    const slow = judged({ operations: 250 }, { diskLatency: flat(0.021) });
    expect(slow).toMatchObject({
      factor: 1.25,
      io: { constrained: true, class: 'moderate', operations: 250 },
    });
    expect(slow.reasons[0]!.text).toBe(
      'Disk requests take 21 ms at p95, so its present disks are the limit and it is sized for 25 % more than they let through.',
    );
    expect(judged({ operations: 250 }, { diskLatency: flat(0.02) }).factor).toBe(1);
    const spindle = { disks: [{ name: 'sda', rotational: true }] };
    expect(judged({}, { diskQueue: flat(2.5) }, {}, spindle).reasons[0]!.text).toBe(
      '2.5 disk requests wait at p95, so its present disks are the limit and it is sized for 25 % more than they let through.',
    );
    expect(judged({}, { diskQueue: flat(2.5) }).factor).toBe(1);
    expect(judged({}, { diskQueue: flat(33) }).factor).toBe(1.25);
    expect(
      judged({}, { diskQueue: flat(2.5) }, {}, { ...spindle, raidControllers: [{ name: 'r' }] }).factor,
    ).toBe(1);
  });

  it('bursts are a note, and a condition with high input and output', () => {
    const burst = (times: number, operations: number) =>
      judged(
        { operations },
        { diskOperations: flat(10, { p999: 10 * times }) },
        { host: { diskOperations: 1e6 } },
      ).reasons.at(-1)!;
    expect(burst(11, 10)).toMatchObject({
      tone: 'note',
      text: 'Disk load comes in bursts: the busiest moments are 11 times the usual.',
    });
    expect(burst(26, 10).tone).toBe('note');
    expect(burst(26, 5000).tone).toBe('against');
    expect(burst(10, 10).text).not.toContain('bursts');
  });

  it('latency counts where it is said, or where fast disks are used much', () => {
    const sensitive = (latency: number, operations: number, annotations: ServerAnnotations = {}): boolean =>
      isLatencySensitive(
        factsOf({
          annotations,
          profile: profileOf({ diskLatency: flat(latency), diskOperations: flat(operations) }),
        }),
        rules,
      );
    expect(sensitive(0.0019, 2001)).toBe(true);
    expect(sensitive(0.002, 2001)).toBe(false);
    expect(sensitive(0.0019, 2000)).toBe(false);
    expect(sensitive(0.0019, 2001, { latencySensitive: false })).toBe(false);
    expect(sensitive(1, 1, { latencySensitive: true })).toBe(true);
    expect(judged({}, {}, {}, {}, { latencySensitive: true }).reasons.at(-1)!.text).toBe(
      'It is said to be sensitive to latency: it needs flash and paravirtual drivers, or a device of its own.',
    );
  });
});

describe('application cards', () => {
  it('say where their figures come from, and add up', () => {
    const ids = applicationCards().map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const card = applicationCards().find(({ id }) => id === 'file')!;
    const told = needsOf([
      { card: 'file', clients: 200 },
      { card: 'print', clients: 0 },
    ])!;
    const print = applicationCards().find(({ id }) => id === 'print')!;
    expect(told.needs.memoryBytes).toBe(
      card.base.memoryBytes + 200 * card.perClient.memoryBytes + print.base.memoryBytes,
    );
    expect(textsOf(told.reasons)).toEqual([
      'It is sized as a file server with 200 users, for nothing was measured.',
      'It is sized as a print server with 0 users, for nothing was measured.',
    ]);
  });

  it('that do not exist are no card', () => {
    expect(needsOf([{ card: '__proto__', clients: 1 }])).toBeNull();
    expect(
      textsOf(
        needsOf([
          { card: 'x', clients: 1 },
          { card: 'web', clients: 1 },
        ])!.reasons,
      )[0],
    ).toBe('There is no application card “x”; it counts as nothing.');
  });
});
