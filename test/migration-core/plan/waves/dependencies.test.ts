import { describe, expect, it } from 'vitest';
import { ruleBook } from '../../../../migration-core/assess/rules/pack.ts';
import { plainAddress } from '../../../../migration-core/plan/waves/addresses.ts';
import {
  binds,
  circles,
  findDependencies,
  type Dependency,
} from '../../../../migration-core/plan/waves/dependencies.ts';
import { graphOf, Sets, strongParts } from '../../../../migration-core/plan/waves/graph.ts';
import type { ServerFacts } from '../../../../migration-core/assess/model/facts.ts';
import type { ServerInventory } from '../../../../migration-core/store/model/inventory.ts';
import { seeded } from '../../../support/tools.ts';
import { facts, type ServerShape } from '../estates.ts';

const rules = ruleBook('modern');
type Connection = NonNullable<ServerInventory['connections']>[number];

const to = (remoteAddress: string, remotePort: number, localPort = 50_000): Connection => ({
  protocol: 'tcp',
  localAddress: '0.0.0.0',
  localPort,
  remoteAddress,
  remotePort,
});
const listening = (port: number) => ({ protocol: 'tcp' as const, address: '0.0.0.0', port });
const address = (id: number): string => `10.${id >> 16}.${(id >> 8) & 255}.${id & 255}`;

function server(id: number, inventory: Partial<ServerInventory> = {}, shape: ServerShape = {}): ServerFacts {
  return facts(id, {
    ...shape,
    inventory: { networkInterfaces: [{ name: 'eth0', addresses: [`${address(id)}/8`] }], ...inventory },
  });
}

describe('addresses', () => {
  it.each([
    ['192.0.2.7/24', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:c000:0207', '192.0.2.7'],
    ['[2001:DB8::1]', '2001:db8:0:0:0:0:0:1'],
    ['2001:db8::1/64', '2001:db8:0:0:0:0:0:1'],
    ['2001:0db8:0:0:0:0:0:0001%eth0', '2001:db8:0:0:0:0:0:1'],
    ['64:ff9b::192.0.2.33', '64:ff9b:0:0:0:0:c000:221'],
    ['010.1.1.1', '10.1.1.1'],
  ])('%s is %s', (text, plain) => {
    expect(plainAddress(text)).toBe(plain);
  });
  it.each([
    '127.0.0.1',
    '::1',
    '::',
    '0.0.0.0',
    '169.254.1.1',
    'fe80::1%eth0',
    '224.0.0.1',
    'ff02::1',
    '255.255.255.255',
    '',
    '*',
    '1.2.3',
    '1.2.3.256',
    '1:2:3',
    ':::',
    '1::2::3',
    '12345::',
    '1'.repeat(61),
    '::1.2.3.999',
    '1:2:3:4:5:6:7:8:9',
  ])('%s names no server', (text) => {
    expect(plainAddress(text)).toBeNull();
  });
});

describe('dependencies', () => {
  it('are weak when seen once, strong when both ends saw them', () => {
    const web = server(1, { connections: [to(address(2), 5432), to(address(2), 5432, 50_001)] });
    const database = server(2, { listeners: [listening(5432)], connections: [] });
    const once = findDependencies([web, database], rules);
    expect(once.edges).toEqual([{ from: 1, to: 2, strength: 'weak', seen: 1, ports: ['tcp/5432'] }]);
    const both = server(2, { listeners: [listening(5432)], connections: [to(address(1), 50_000, 5432)] });
    expect(findDependencies([web, both], rules).edges).toEqual([
      { from: 1, to: 2, strength: 'strong', seen: 2, ports: ['tcp/5432'] },
    ]);
    expect(once.known).toEqual(new Set([1, 2]));
  });

  it('are strong when seen in a fifth of the samples, and not by two chances of many', () => {
    const [web, database] = [server(1), server(2, { listeners: [listening(5432)] })];
    const look = { connections: [to(address(2), 5432)] };
    const none = { connections: [] };
    const strength = (seen: number, of: number) =>
      findDependencies(
        [web, database],
        rules,
        new Map([[1, Array.from({ length: of }, (_, at) => (at < seen ? look : none))]]),
      ).edges[0]?.strength;
    expect(strength(2, 10)).toBe('strong');
    expect(strength(2, 11)).toBe('weak');
    expect(strength(1, 1)).toBe('weak');
    expect(strength(0, 5)).toBeUndefined();
  });

  it('tells client from server by who listens, else by the lower port', () => {
    const direction = (one: ServerFacts, two: ServerFacts) => {
      const [edge] = findDependencies([one, two], rules).edges;
      return [edge!.from, edge!.to];
    };
    const connection = { connections: [to(address(2), 40_000, 8080)] };
    expect(direction(server(1, { ...connection, listeners: [listening(8080)] }), server(2))).toEqual([2, 1]);
    expect(direction(server(1, connection), server(2, { listeners: [listening(40_000)] }))).toEqual([1, 2]);
    expect(direction(server(1, connection), server(2))).toEqual([2, 1]);
  });

  it('are told by name, by full name and by application; what names nothing is remarked upon', () => {
    const all = [
      server(1, {}, { name: 'web', annotations: { dependsOn: ['DB', 'Billing', 'nobody', 'twin', 'web'] } }),
      server(2, {}, { name: 'db' }),
      server(3, {}, { name: 'x', annotations: { applications: ['billing '] } }),
      server(4, {}, { name: 'twin' }),
      server(5, {}, { name: 'twin' }),
    ];
    const { edges, remarks } = findDependencies(all, rules);
    expect(edges.map(({ from, to: other, strength }) => [from, other, strength])).toEqual([
      [1, 2, 'told'],
      [1, 3, 'told'],
    ]);
    expect(remarks).toEqual([
      'web is said to depend on nobody, which is neither a server nor an application here.',
      'web is said to depend on twin, which is the name of 2 servers.',
    ]);
  });

  it('are not drawn from addresses that several servers have', () => {
    const shared = { networkInterfaces: [{ name: 'eth0', addresses: ['10.0.0.9/8'] }] };
    const all = [server(1, { connections: [to('10.0.0.9', 80)] }), server(2, shared), server(3, shared)];
    const { edges, remarks } = findDependencies(all, rules);
    expect(edges).toEqual([]);
    expect(remarks).toEqual([
      '1 address belongs to several servers, so that connections to it say nothing: 10.0.0.9.',
    ]);
  });

  it('do not tie the estate together through servers that everybody uses', () => {
    // Everybody asks the name server, monitoring asks everybody, and both answer.
    const dns = server(100, { roles: ['dns'], listeners: [listening(53)], connections: [] });
    const monitor = server(101, {
      connections: Array.from({ length: 40 }, (_, at) => to(address(at + 1), 9100)),
    });
    const others = Array.from({ length: 40 }, (_, at) =>
      server(at + 1, {
        listeners: [listening(9100)],
        connections: [to(address(100), 53), to(address(101), 10_051), to(address(101), 44_000, 9100)],
      }),
    );
    const map = findDependencies([...others, dns, monitor], rules);
    expect([...map.infrastructure]).toEqual([
      [100, 'srv100 has the role dns, which serves everybody.'],
      [101, 'srv101 is used by 40 of 42 servers.'],
    ]);
    expect(map.edges.length).toBeGreaterThan(80);
    expect(map.edges.filter((edge) => binds(edge, map))).toEqual([]);
    const told = { ...others[0]!, annotations: { dependsOn: ['srv100'] } };
    const again = findDependencies([told, ...others.slice(1), dns, monitor], rules);
    expect(
      again.edges.filter((edge) => binds(edge, again)).map(({ from, to: other }) => [from, other]),
    ).toEqual([[1, 100]]);
  });

  it('are found among 10,000 servers with 200,000 connections within a second', () => {
    const random = seeded(5);
    const all = Array.from({ length: 10_000 }, (_, at) =>
      server(at + 1, {
        listeners: [listening(443)],
        connections: Array.from({ length: 20 }, () => to(address(1 + Math.floor(random() * 10_000)), 443)),
      }),
    );
    const start = process.cpuUsage();
    const { edges } = findDependencies(all, rules);
    circles(
      all.map(({ id }) => id),
      edges,
    );
    // Of this process: the machine of the tests may be busy with others.
    const { user, system } = process.cpuUsage(start);
    const took = (user + system) / 1000;
    expect(edges.length).toBeGreaterThan(190_000);
    // Several times the promise, for slow machines.
    expect(took).toBeLessThan(4000);
    console.log(`dependencies of 10,000 servers with 200,000 connections: ${took.toFixed(0)} ms`);
  });
});

describe('circles', () => {
  const edge = (from: number, other: number): Dependency => ({
    from,
    to: other,
    strength: 'told',
    seen: 0,
    ports: [],
  });

  it('are strongly connected parts', () => {
    const edges = [edge(1, 2), edge(2, 3), edge(3, 1), edge(3, 4), edge(5, 6), edge(6, 5), edge(9, 1)];
    expect(circles([1, 2, 3, 4, 5, 6], edges)).toEqual([
      [1, 2, 3],
      [5, 6],
    ]);
  });

  it('do not overflow on a chain or a ring of 100,000', () => {
    const n = 100_000;
    const chain = Array.from({ length: n - 1 }, (_, at) => [at, at + 1] as const);
    expect(strongParts(graphOf(n, chain)).parts).toBe(n);
    expect(strongParts(graphOf(n, [...chain, [n - 1, 0]])).parts).toBe(1);
  });

  it('are those that reachability gives, and are numbered after what they need', () => {
    const random = seeded(11);
    for (let round = 0; round < 200; round++) {
      const n = 1 + Math.floor(random() * 12);
      const edges = Array.from(
        { length: Math.floor(random() * 24) },
        () => [Math.floor(random() * n), Math.floor(random() * n)] as const,
      );
      const reach = Array.from({ length: n }, (_, a) => Array.from({ length: n }, (__, b) => a === b));
      for (const [a, b] of edges) reach[a]![b] = true;
      for (let k = 0; k < n; k++)
        for (let a = 0; a < n; a++)
          for (let b = 0; b < n; b++) reach[a]![b] ||= reach[a]![k]! && reach[k]![b]!;
      const { part } = strongParts(graphOf(n, edges));
      for (let a = 0; a < n; a++) {
        for (let b = 0; b < n; b++) {
          expect(part[a] === part[b]).toBe(reach[a]![b]! && reach[b]![a]!);
          if (reach[a]![b]) expect(part[b]).toBeLessThanOrEqual(part[a]!);
        }
      }
    }
  });

  it('grow as sets without recursion', () => {
    const sets = new Sets(100_000);
    for (let at = 99_999; at > 0; at--) sets.join(at, at - 1);
    expect(sets.find(99_999)).toBe(0);
  });
});
