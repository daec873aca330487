import { describe, expect, it } from 'vitest';
import { makePlan } from '../../../migration-core/plan/make-plan.ts';
import type { Plan } from '../../../migration-core/plan/model/plan.ts';
import { stemOf } from '../../../migration-core/plan/build/apart.ts';
import { firstFit } from '../../support/first-fit.ts';
import { GIB, HOST, planRequest, type TestEstate } from '../../support/planning.ts';

const plan = (estate: TestEstate): Plan => makePlan(planRequest(estate), firstFit);
/** Names on each host, sorted. */
const layout = ({ hosts }: Plan): string[][] =>
  hosts
    .map(({ servers }) => servers.map(({ name }) => name).sort())
    .sort((a, b) => (a.join() < b.join() ? -1 : 1));

describe('constraints of a plan', () => {
  it('keeps servers of a list on one host, and says so', () => {
    const { hosts, constraints } = plan({
      servers: [
        { name: 'app', cpu: 20 },
        { name: 'big', cpu: 30 },
        { name: 'db', cpu: 30 },
      ],
      scenario: { together: [['app', 'DB']] },
    });
    expect(
      hosts.find(({ servers }) => servers.some(({ name }) => name === 'app'))!.servers.map((s) => s.name),
    ).toEqual(expect.arrayContaining(['app', 'db']));
    expect(constraints).toContainEqual({
      kind: 'together',
      origin: 'scenario',
      servers: ['app', 'db'],
      why: 'The scenario keeps app and db on one host.',
    });
  });

  it('says why servers that must stay together and apart are not placed', () => {
    const { unplaced, hosts } = plan({
      servers: [{ name: 'a' }, { name: 'b' }, { name: 'c' }],
      scenario: { together: [['a', 'b']], apart: [['a', 'b']] },
    });
    expect(unplaced.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(unplaced[0]).toMatchObject({
      why: 'It must not share a host with b, and no host is left for which all rules hold.',
      next: 'Allow them to share a host, or allow one host more.',
    });
    expect(hosts.flatMap(({ servers }) => servers.map(({ name }) => name))).toEqual(['c']);
  });

  it('says when lists name nobody, or somebody who is not placed', () => {
    const { warnings } = plan({
      servers: [{ name: 'a' }, { name: 'b', verdict: 'keep-physical' }],
      scenario: { together: [['a', 'ghost', 'b']], exclude: ['nobody'], licenceHosts: { oracle: 1 } },
    });
    expect(warnings).toContain(
      'The scenario leaves out nobody, but there is no server of that name; look for a slip of the pen.',
    );
    expect(warnings).toContain(
      'A list of servers that stay together names ghost, but there is no server of that name.',
    );
    expect(warnings).toContain(
      'A list of servers that stay together names b, which is not placed by this plan and does not count.',
    );
    expect(warnings).toContain(
      'The scenario limits the hosts of the licence group oracle, which no placed server is in.',
    );
  });

  it('keeps zones and sites on hosts of their own, unknown ones too', () => {
    const made = plan({
      servers: [
        { name: 'a', annotations: { zone: 'dmz' } },
        { name: 'b', annotations: { zone: 'dmz' } },
        { name: 'c', annotations: { zone: 'lan', site: 'north' } },
        { name: 'd' },
      ],
    });
    expect(layout(made)).toEqual([['a', 'b'], ['c'], ['d']]);
    expect(made.warnings).toContain(
      '1 of 4 servers have no security zone and are kept on hosts of their own; say where they belong, and they may share.',
    );
  });

  it('finds the nodes of a cluster, domain controllers and replicas by itself', () => {
    const made = plan({
      servers: [
        { name: 'sql-a', annotations: { clustering: 'os-cluster', applications: ['erp'] } },
        { name: 'sql-b', annotations: { clustering: 'os-cluster', applications: ['erp'] } },
        { name: 'north', roles: ['domain controller'], fqdn: 'north.corp.example' },
        { name: 'south', roles: ['domain controller'], fqdn: 'south.corp.example' },
        { name: 'other', roles: ['domain controller'], fqdn: 'other.lab.example' },
        ...['web01', 'web02', 'web03', 'web04'].map((name) => ({ name, roles: ['web'] })),
        { name: 'file01', roles: ['file'] },
        { name: 'file02', roles: ['file'] },
      ],
    });
    expect(made.constraints.map(({ why }) => why)).toEqual([
      'sql-a and sql-b are nodes of one cluster and are kept on different hosts.',
      'north and south are domain controllers of one domain and are kept on different hosts.',
      'web01, web02, web03 and web04 are servers of one name and role, which stand in for each other and are kept on different hosts, so that no host has more than 2 of the 4.',
    ]);
    for (const host of layout(made)) {
      expect(host.filter((name) => name.startsWith('sql')).length).toBeLessThan(2);
      expect(host.filter((name) => ['north', 'south'].includes(name)).length).toBeLessThan(2);
      expect(host.filter((name) => name.startsWith('web')).length).toBeLessThan(3);
    }
    expect(made.hosts).toHaveLength(2);
  });

  it('gives up what it found by itself before it leaves a server out', () => {
    const made = plan({
      servers: [
        { name: 'web01', roles: ['web'] },
        { name: 'web02', roles: ['web'] },
        { name: 'filler', cpu: 65 },
      ],
      scenario: {
        goal: 'given-hosts',
        hosts: [
          { name: 'one', template: 'round' },
          { name: 'two', template: 'round', load: { cpu: 0.7 }, machines: 3 },
        ],
      },
    });
    expect(made.unplaced).toEqual([]);
    expect(made.constraints).toEqual([]);
    expect(made.warnings).toContain(
      'Servers that stand in for each other could not be kept on different hosts without leaving 1 out, so that they may share a host: web01 and web02.',
    );
  });

  it('lets a list of the scenario win over what was found', () => {
    const made = plan({
      servers: ['web01', 'web02', 'web03'].map((name) => ({ name, roles: ['web'] })),
      scenario: { together: [['web01', 'web02']] },
    });
    expect(layout(made)).toEqual([['web01', 'web02'], ['web03']]);
  });

  it('keeps a licence group on its hosts', () => {
    const made = plan({
      servers: ['db1', 'db2', 'db3'].map((name) => ({
        name,
        cpu: 30,
        annotations: { licence: { group: 'oracle' } },
      })),
      scenario: { licenceHosts: { oracle: 1 } },
    });
    expect(made.unplaced).toHaveLength(1);
    expect(made.unplaced[0]!.next).toBe('Allow one more host for the licence group, or take larger hosts.');
    expect(made.unplaced[0]!.why).toMatch(/^It is licensed for the same few hosts as db/u);
    expect(made.constraints).toContainEqual({
      kind: 'gathered',
      origin: 'scenario',
      servers: ['db1', 'db2', 'db3'],
      why: 'Licences of oracle are by host: db1, db2 and db3 are kept on at most one host.',
    });
  });

  it('puts a server only on hosts that see its LUNs', () => {
    const hosts = [
      { name: 'blind', template: 'round', luns: ['lun-9'] },
      { name: 'seeing', template: 'round', luns: ['lun-1', 'lun-2'] },
    ];
    const servers = [
      { name: 'a', annotations: { luns: ['lun-1', 'lun-2'] } },
      { name: 'b', annotations: { luns: ['lun-1', 'lun-9'] } },
    ];
    const made = plan({ servers, scenario: { goal: 'given-hosts', hosts } });
    expect(made.hosts.map(({ name, servers: on }) => [name, on.map((s) => s.name)])).toEqual([
      ['seeing', ['a']],
    ]);
    expect(made.unplaced).toEqual([
      {
        server: 2,
        name: 'b',
        why: 'No host that it may go to sees all of the LUNs lun-1 and lun-9.',
        next: 'Make the LUNs visible to the hosts it may run on, or move its data into a virtual disk.',
      },
    ]);
    expect(made.constraints.map(({ why }) => why)).toEqual([
      'a runs only on hosts that see lun-1 and lun-2.',
    ]);
    // New hosts are made to see what they must.
    expect(plan({ servers, scenario: { hosts } }).unplaced).toEqual([]);
  });

  it('warns of two systems that write one LUN without being a cluster', () => {
    const servers = [
      { name: 'a', annotations: { luns: ['lun-1'], clustering: 'os-cluster' as const } },
      { name: 'b', annotations: { luns: ['lun-1'] } },
    ];
    const text =
      'a and b use the LUN lun-1 together and are not all said to be clustered; two systems that write one LUN damage its data.';
    expect(plan({ servers }).warnings).toContain(text);
    servers[1]!.annotations.clustering = 'os-cluster';
    expect(plan({ servers }).warnings).not.toContain(text);
  });

  it('refuses pass-through on a platform without it, and pins it elsewhere', () => {
    const servers = [{ name: 'fax', annotations: { passThrough: ['ISDN card'] } }];
    const refused = plan({ servers, platform: { passThrough: false } });
    expect(refused.unplaced).toEqual([
      {
        server: 1,
        name: 'fax',
        why: 'It needs devices passed through from its host (ISDN card), and KVM gives no devices to machines.',
        next: 'Choose a platform that passes devices through, replace the device, or leave the server as it is.',
      },
    ]);
    const pinned = plan({ servers, scenario: { failures: 1 } });
    expect(pinned.constraints[0]!.why).toBe(
      'fax has devices passed through from its host (ISDN card): it stays there, cannot be moved while it runs and does not fail over.',
    );
    expect(pinned.hosts[0]!.warnings).toContain(
      'fax has a device of this host and will not start elsewhere when it fails.',
    );
    // There is nothing to fail over.
    expect(pinned.failover).toMatchObject({ proved: true, added: 0 });
  });

  it('needs 802.1Q where trunks are used, or ports of their own without', () => {
    const servers = Array.from({ length: 3 }, (_, at) => ({ name: `n${'abc'[at]!}`, vlan: 10 + at }));
    const refused = plan({ servers, platform: { dot1q: false } });
    expect(refused.unplaced[0]).toMatchObject({
      why: 'It is in VLAN 10 by trunk, and KVM has no 802.1Q trunks.',
      next: 'Choose a platform with 802.1Q, or switch trunks off in the scenario and give each segment ports of its own.',
    });
    const waived = plan({ servers, platform: { dot1q: false }, scenario: { dot1q: false } });
    expect(waived.unplaced).toEqual([]);
    expect(waived.hosts[0]!.warnings).toContain(
      'Without 802.1Q trunks its 3 network segments take 6 ports, and it has 2; trunks would carry all of them on 2.',
    );
  });

  it('counts what is on existing hosts, and their sites and zones', () => {
    const made = plan({
      servers: [
        { name: 'a', cpu: 30, annotations: { site: 'north' } },
        { name: 'b', cpu: 30, annotations: { site: 'south' } },
      ],
      scenario: {
        goal: 'given-hosts',
        hosts: [
          { name: 'busy', template: 'round', site: 'north', load: { cpu: 0.5 }, machines: 4 },
          { name: 'free', template: 'round', site: 'north' },
        ],
      },
    });
    const free = made.hosts.find(({ name }) => name === 'free')!;
    expect(free.servers.map(({ name }) => name)).toEqual(['a']);
    expect(made.unplaced).toEqual([
      {
        server: 2,
        name: 'b',
        why: 'No host is at the site south and open to servers without a zone.',
        next: 'Add a host there, or let hosts be bought.',
      },
    ]);
    const busy = made.hosts.find(({ name }) => name === 'busy')!;
    expect(busy.use.cpu.peak).toBeCloseTo(0.5, 3);
    expect(busy.blastRadius.machines).toBe(4);
    expect(busy.warnings).toContain(
      'It runs 4 machines already, of which only the sum of their load is known; their virtual processors and their own failover are not part of this plan.',
    );
  });

  it('names the resource, the time and the figures of a server that is too large', () => {
    const made = plan({ servers: [{ name: 'giant', cpu: (slot) => (slot === 204 ? 90 : 1) }] });
    expect(made.unplaced).toEqual([
      {
        server: 1,
        name: 'giant',
        why: 'Its demand for processors is 90 reference cores on Tuesday 10:00, and an empty host has room for 69.3 reference cores.',
        next: 'Choose a larger host, or leave this server on hardware of its own.',
      },
    ]);
  });

  it('holds the limits of a host: machines, critical machines, virtual processors, space, memory', () => {
    const many = (server: object): TestEstate => ({
      servers: Array.from({ length: 5 }, (_, at) => ({ name: `s${'abcde'[at]!}`, ...server })),
    });
    expect(plan({ ...many({}), scenario: { maxMachinesPerHost: 2 } }).hosts).toHaveLength(3);
    expect(plan(many({ annotations: { criticality: 'critical' } })).hosts).toHaveLength(2);
    expect(plan(many({ vcpus: 200 })).hosts).toHaveLength(3);
    // 104 GiB less 4.16, of which 90 %: 89.9.
    expect(plan(many({ memory: 29.9 * GIB })).hosts).toHaveLength(2);
    expect(plan(many({ memory: 30 * GIB })).hosts).toHaveLength(3);
    const small = { ...HOST, id: 'small', storageBytes: 20 * GIB };
    const spacious = plan({ ...many({}), scenario: { template: 'small' }, templates: [small] });
    expect(spacious.hosts).toHaveLength(3);
    expect(spacious.hosts[0]!.binding).toBe('storage');
  });

  it('tells the name of a set from its numbers', () => {
    expect(['sql-01-prod', 'WEB12', '7', '', 'mail', 'dc1b'].map(stemOf)).toEqual([
      'sql-#-prod',
      'web#',
      null,
      null,
      null,
      'dc#b',
    ]);
  });
});
