import { describe, expect, it } from 'vitest';
import { VERDICT_TITLES } from '../../../migration-core/assess/model/assessment.ts';
import { assessCase, confidenceOf, contextOf, factsOf, GiB, profileOf, type Case } from './support.ts';

const windows = (name: string, more: object = {}) => ({
  operatingSystem: { family: 'windows' as const, id: 'windows', name, architecture: 'x86_64', ...more },
});
const young = {
  operatingSystem: {
    family: 'linux' as const,
    id: 'debian',
    name: 'Debian GNU/Linux 13 (trixie)',
    version: '13.1',
    architecture: 'x86_64',
  },
};
const heavy = { io: { class: 'high' as const, operations: 5000, storageShare: 0.2 } };

describe('good candidate', () => {
  it('names three reasons in favour and what nothing speaks against', () => {
    const good = assessCase();
    expect(good.verdict).toBe('good-candidate');
    expect(good.score).toBe(100);
    expect(good.because).toBe(
      'Good candidate, because the load of its disks is 0.1 % of one host (low class), the load of its processors is 5 % of one host and the need of memory is 1.6 % of one host.',
    );
    expect(good.second).toBeNull();
    expect(good.method).toBe('p2v-cold');
    expect(good.reasons.filter(({ tone }) => tone === 'against')).toEqual([]);
  });

  it('is one of Windows too, with drivers that are put in', () => {
    const good = assessCase({ inventory: windows('Microsoft Windows Server 2019 Standard') });
    expect(good.verdict).toBe('good-candidate');
    expect(good.because).toContain(
      'Points were lost because 2 drivers for Proxmox VE are put into Microsoft Windows Server 2019 Standard'.replace(
        'Microsoft Windows Server 2019 Standard',
        'Windows Server 2019',
      ),
    );
    expect(good.score).toBe(98);
  });

  it('says which growth would end it, each found by judging anew', () => {
    const { changes } = assessCase();
    expect(changes).toContain(
      'Should the load of its processors grow beyond 60 % of one host (now 5 % of one host), the verdict would be "Keep physical".',
    );
    // 25 points of 100 are not enough to lose the verdict: the line of good candidates is met exactly.
    expect(changes.some((text) => text.startsWith('Should the load of its disks grow to'))).toBe(false);
  });
});

describe('candidate with conditions', () => {
  it('lists what must be seen to, and turns good when all of it is', () => {
    const given: Case = {
      inventory: {
        ...young,
        volumes: [{ name: 'sda1', mountPoint: '/data', encryption: 'luks' }],
        firmware: { kind: 'uefi', secureBoot: true },
      },
    };
    const conditional = assessCase(given);
    expect(conditional.verdict).toBe('candidate-with-conditions');
    expect(conditional.because).toContain('Candidate with conditions, because the load of its disks');
    expect(conditional.because).toContain(
      'Conditions: W6: /data (LUKS): only what was decrypted can be copied by used blocks. W7: It uses Secure Boot; keys in its hardware do not move along.',
    );
    expect(conditional.second).toBeNull();
    // No single one would do it.
    expect(conditional.changes).toEqual([
      'With both conditions seen to, the verdict would be "Good candidate".',
    ]);
    const one = assessCase({ ...given, annotations: { conditionsMet: ['W6'] } });
    expect(one.verdict).toBe('candidate-with-conditions');
    expect(one.changes).toContain(
      'With "UEFI, Secure Boot or TPM" (W7) out of the way, the verdict would be "Good candidate".',
    );
    expect(assessCase({ ...given, annotations: { conditionsMet: ['W6', 'W7'] } }).verdict).toBe(
      'good-candidate',
    );
  });

  it('never calls good what nobody looked at', () => {
    const unseen = assessCase({ inventory: { devices: undefined, firmware: undefined } });
    expect(unseen.verdict).toBe('candidate-with-conditions');
    expect(unseen.because).toContain('Conditions: Not known yet: devices on its buses and firmware.');
    expect(unseen.changes).toEqual(['With both conditions seen to, the verdict would be "Good candidate".']);
  });

  it('is what little confidence makes of a good one', () => {
    const short = assessCase({ confidence: confidenceOf(2) });
    expect(short.verdict).toBe('candidate-with-conditions');
    expect(short.because).toContain('W15: Confidence is 2 of 5 stars, and a good candidate has 3.');
    expect(short.changes).toContain(
      'With "Too little measured" (W15) out of the way, the verdict would be "Good candidate".',
    );
    expect(assessCase({ confidence: confidenceOf(3) }).verdict).toBe('good-candidate');
  });

  it('has a blocker that can be seen to as a condition', () => {
    const locked = assessCase({ annotations: { licence: { boundToHardware: true } } });
    expect(locked.verdict).toBe('candidate-with-conditions');
    expect(locked.because).toContain('B4: A licence is bound to this hardware');
  });
});

describe('keep physical', () => {
  it('names the blocker, and what it would be without it', () => {
    const fax = assessCase({
      inventory: { devices: [{ bus: 'pci', vendorId: '12e4', deviceId: '1000', name: 'TR1034' }] },
    });
    expect(fax.verdict).toBe('keep-physical');
    expect(fax.because).toBe(
      'Keep physical, because of a blocker (B3: Special hardware). It has hardware that no virtual machine has: fax or telephony card: TR1034 (12e4:1000).',
    );
    expect(fax.changes).toEqual([
      'With "Special hardware" (B3) out of the way, the verdict would be "Good candidate".',
    ]);
    expect(fax.method).toBe('stay');
  });

  it('keeps what needs more than 60 % of a host, and not what needs just that', () => {
    const large = assessCase({ sized: { demand: { memoryBytes: 400 * GiB } } });
    expect(large.verdict).toBe('keep-physical');
    expect(large.because).toBe(
      'Keep physical, because the need of memory is 78 % of one host, where more than 60 % of one host asks for a host of its own.',
    );
    expect(large.changes).toEqual([
      'With the need of memory at 10 % of one host (now 78 % of one host), the verdict would be "Good candidate".',
    ]);
    expect(assessCase({ sized: { demand: { memoryBytes: 0.6 * 512 * GiB } } }).verdict).not.toBe(
      'keep-physical',
    );
  });

  it('keeps what has too few points, and says where they went', () => {
    const poor = assessCase({
      sized: {
        demand: { cpu: 18, memoryBytes: 280 * GiB },
        io: { class: 'extreme', operations: 14_200, storageShare: 0.31, networkShare: 0.1, burstiness: 26 },
      },
    });
    expect(poor.ruled).toBe('keep-physical');
    expect(poor.score).toBeLessThan(50);
    expect(poor.because).toMatch(/^Keep physical, because its score is 33\.6 of 100, where 50 are needed\./u);
    expect(poor.because).toContain('the load of its disks is 31 % of one host (extreme class)');
  });

  it('offers a cluster where high availability is wanted and possible', () => {
    const database = assessCase({
      inventory: {
        services: [{ name: 'mysqld', running: true }],
        devices: [{ bus: 'pci', vendorId: '12e4', deviceId: '1', name: 'TR' }],
      },
    });
    expect(database.verdict).toBe('keep-physical');
    expect(database.second).toBe('clustering');
  });
});

describe('clustering', () => {
  it('is for databases, mail and business systems with high input and output that cluster by themselves', () => {
    const cluster = assessCase({
      inventory: { roles: [], services: [{ name: 'mysqld', running: true }], listeners: [] },
      sized: heavy,
    });
    expect(cluster.verdict).toBe('clustering');
    expect(cluster.because).toBe(
      'Consider clustering, because its input and output are high, it is a database server, and its application clusters by itself. Points were lost because the load of its disks is 20 % of one host (high class).',
    );
    expect(cluster.second).toBe('candidate-with-conditions');
    expect(cluster.method).toBe('application');
  });

  it('is not assumed of an application nobody knows: that is asked', () => {
    const unknown = assessCase({ inventory: { roles: ['erp'], services: [], listeners: [] }, sized: heavy });
    expect(unknown.verdict).toBe('candidate-with-conditions');
    expect(unknown.reasons.map(({ text }) => text)).toContain(
      'Whether its application (erp) can be clustered is not known: ask its maker.',
    );
    expect(unknown.changes).toContain(
      'If its application (erp) can be clustered by itself, the verdict would be "Consider clustering".',
    );
    expect(
      assessCase({
        inventory: { roles: ['erp'], services: [], listeners: [] },
        sized: heavy,
        annotations: { clustering: 'native' },
      }).verdict,
    ).toBe('clustering');
    expect(
      assessCase({
        inventory: { roles: ['erp'], services: [], listeners: [] },
        sized: heavy,
        annotations: { clustering: 'none' },
      }).verdict,
    ).not.toBe('clustering');
  });

  it('comes before a blocker in the order of decisions', () => {
    const both = assessCase({
      inventory: {
        services: [{ name: 'mysqld', running: true }],
        devices: [{ bus: 'pci', vendorId: '12e4', deviceId: '1', name: 'TR' }],
      },
      sized: heavy,
    });
    expect(both.verdict).toBe('clustering');
    expect(both.gates.map(({ id }) => id)).toContain('B3');
  });
});

describe('OS virtualization', () => {
  const farm = (count: number, annotations: Case['annotations'] = {}): Case => ({
    inventory: young,
    annotations,
    others: Array.from({ length: count - 1 }, (_, at) =>
      factsOf(young, annotations, { name: `web${at + 2}` }),
    ),
  });

  it('is for five and more alike servers of a young release', () => {
    const one = assessCase(farm(5));
    expect(one.verdict).toBe('os-virtualization');
    expect(one.because).toMatch(
      /^Consider OS virtualization, because it is one of 5 servers with the same system and role, and they need one operating system instead of 5\. Besides, /u,
    );
    expect(one.because).toContain(
      'One patch of the host reaches every instance: it is tried on a clone first.',
    );
    expect(one.second).toBe('good-candidate');
    expect(assessCase(farm(4)).verdict).toBe('good-candidate');
  });

  it('is never for critical servers, unless the platform isolates and fails over', () => {
    expect(assessCase(farm(6, { criticality: 'critical' })).verdict).not.toBe('os-virtualization');
    const container = contextOf('container');
    const able = contextOf('container', {
      platform: { ...container.platform, failover: true, hardwareIsolation: true },
    });
    expect(assessCase({ ...farm(6, { criticality: 'critical' }), context: able }).verdict).toBe(
      'os-virtualization',
    );
    expect(assessCase({ ...farm(6, { criticality: 'critical' }), context: container }).verdict).not.toBe(
      'os-virtualization',
    );
  });

  it('is not for those that need strong isolation, old releases, or Windows', () => {
    expect(assessCase(farm(6, { needsStrongIsolation: true })).verdict).toBe('good-candidate');
    const old = contextOf('proxmox', { now: Date.UTC(2030, 0, 1) });
    expect(assessCase({ ...farm(6), context: old }).verdict).not.toBe('os-virtualization');
    const server = windows('Microsoft Windows Server 2025 Standard');
    const others = Array.from({ length: 5 }, () => factsOf(server));
    expect(assessCase({ inventory: server, others }).verdict).toBe('good-candidate');
    expect(
      assessCase({ inventory: server, others, context: contextOf('proxmox', {}, 'seed-2007') }).verdict,
    ).toBe('os-virtualization');
  });
});

describe('instead of a verdict', () => {
  it('unknown: says what to collect', () => {
    const unknown = assessCase({
      inventory: { operatingSystem: undefined, disks: undefined, volumes: undefined },
    });
    expect(unknown.verdict).toBe('unknown');
    expect(unknown.score).toBeNull();
    expect(unknown.because).toBe(
      'Unknown: collect more, because the operating system and the disks are not known.',
    );
    expect(unknown.changes).toEqual([
      'Once the operating system is known, it can be judged.',
      'Once the disks are known, it can be judged.',
    ]);
    expect(unknown.method).toBe('stay');
  });

  it('unknown: says it of one part as well', () => {
    expect(assessCase({ inventory: { processors: undefined } }).because).toBe(
      'Unknown: collect more, because the processors are not known.',
    );
  });

  it('unknown: says so where it cannot be sized', () => {
    expect(assessCase({ sized: null }).because).toBe(
      'Unknown: collect more, because what it is made of or uses, so that it can be sized is not known.',
    );
  });

  it('already virtual: is moved from platform to platform', () => {
    const virtual = assessCase({ inventory: { virtual: 'VMware' } });
    expect(virtual.verdict).toBe('already-virtual');
    expect(virtual.because).toBe(
      'Already virtual: it runs on VMware, and is moved from platform to platform.',
    );
    expect(virtual.method).toBe('v2v');
    expect(virtual.changes).toEqual([]);
  });
});

describe('around the verdict', () => {
  it('asks whether a server without work should be retired instead, before anything else', () => {
    const zombie = assessCase({
      facts: { profile: profileOf({ cpu: 0.1, memory: GiB, network: 0, operations: 0 }) },
    });
    expect(zombie.because).toMatch(
      /^Retire it instead\? In 30 days it did next to nothing: .* Good candidate, because/u,
    );
    expect(zombie.method).toBe('retire');
    expect(zombie.usage).toBe('zombie');
  });

  it("keeps the customer's decision and ours side by side", () => {
    const decided = assessCase({
      annotations: { override: { verdict: 'keep-physical', reason: 'It is leased.', by: 'J. Doe' } },
    });
    expect(decided.verdict).toBe('keep-physical');
    expect(decided.ruled).toBe('good-candidate');
    expect(decided.override).toEqual({ verdict: 'keep-physical', reason: 'It is leased.', by: 'J. Doe' });
    expect(decided.because).toMatch(
      /^Decided by J\. Doe: It is leased\. By the rules: Good candidate, because/u,
    );
    expect(decided.method).toBe('stay');
  });

  it('makes up for a part of what is missing for a rescue and for failover, and hides nothing', () => {
    const old = {
      operatingSystem: {
        family: 'linux' as const,
        id: 'rhel',
        name: 'Red Hat Enterprise Linux 6',
        version: '6.10',
        architecture: 'x86_64',
      },
    };
    const rescued = assessCase({
      inventory: old,
      annotations: { criticality: 'critical', clustering: 'none' },
    });
    expect(
      rescued.parts.filter(({ id }) => ['legacy', 'cannot-cluster'].includes(id)).map(({ points }) => points),
    ).toEqual([2, 1.2]);
    // Without support it has 95 points; each bonus gives two fifths of what is missing then.
    expect(rescued.score).toBe(98.2);
    const few = assessCase({
      inventory: old,
      annotations: { criticality: 'critical', clustering: 'none' },
      sized: { demand: { cpu: 40 }, io: { storageShare: 0.2 } },
    });
    // Where verdicts are decided it is ten points each.
    expect(few.parts.slice(-2).map(({ id, points }) => [id, points])).toEqual([
      ['cannot-cluster', 10],
      ['legacy', 10],
    ]);
    expect(Math.abs(few.parts.reduce((sum, { points }) => sum + points, 0) - few.score!)).toBeLessThan(0.1);
    // The pack of 2007 gives what it gave, up to the highest score.
    const then = assessCase({
      inventory: old,
      annotations: { criticality: 'critical', clustering: 'none' },
      context: contextOf('kvm', {}, 'seed-2007'),
    });
    expect(then.parts.reduce((sum, { points }) => sum + points, 0)).toBeCloseTo(then.score!, 1);
    // Both the bonus and the warning are shown (SR-08).
    expect(
      rescued.gates.filter(({ id }) => ['W12', 'I2'].includes(id)).map(({ severity }) => severity),
    ).toEqual(['warning', 'info']);
    expect(
      assessCase({ inventory: old, annotations: { criticality: 'high', clustering: 'none' } }).parts.map(
        ({ id }) => id,
      ),
    ).not.toContain('cannot-cluster');
  });

  it('rescues what no new hardware has drivers for, and nothing whose support has just ended', () => {
    const of = (version: string, name: string): string[] =>
      assessCase({
        inventory: {
          operatingSystem: { family: 'linux', id: 'rhel', name, version, architecture: 'x86_64' },
        },
      }).parts.map(({ id }) => id);
    expect(of('6.10', 'Red Hat Enterprise Linux 6')).toContain('legacy');
    expect(of('7.9', 'Red Hat Enterprise Linux 7')).not.toContain('legacy');
  });

  it('takes off for hardware that no virtual machine has', () => {
    const { parts, because } = assessCase({
      inventory: {
        devices: [{ bus: 'pci', vendorId: 'd161', deviceId: '1205', classId: '0b4000', name: 'TE205P' }],
      },
    });
    expect(parts.find(({ id }) => id === 'hardware')).toMatchObject({ points: 0, value: 0 });
    expect(because).toMatch(/^Keep physical, because of a blocker \(B3/u);
  });

  it('lays out every part of the score with its rule, and they add up', () => {
    const { parts, score } = assessCase({
      sized: { demand: { cpu: 6.4 }, io: { storageShare: 0.14 } },
      annotations: { downtimeMinutes: undefined },
    });
    expect(parts.map(({ id, weight, points }) => [id, weight, points])).toEqual([
      ['cpu', 20, 15],
      ['memory', 15, 15],
      ['disk', 25, 12.5],
      ['network', 10, 10],
      ['burst', 5, 5],
      ['hardware', 10, 10],
      ['support', 10, 10],
      ['operations', 5, 2.5],
    ]);
    expect(score).toBe(80);
    for (const part of parts)
      expect(part.rules.map(({ rule, pack }) => `${rule} ${pack}`)).toEqual([`score.${part.id} modern`]);
  });

  it('notes for a handful of servers that building anew is an option', () => {
    const few = assessCase({ others: [] });
    expect(few.reasons.map(({ text }) => text)).toContain(
      'With 1 servers in all, building them anew and restoring the data is an option too.',
    );
  });

  it('chooses the method by downtime, role and support', () => {
    expect(
      assessCase({ sized: { copyBytes: 5000 * GiB }, annotations: { downtimeMinutes: 90 } }).method,
    ).toBe('p2v-hot');
    expect(assessCase({ inventory: { roles: ['domain controller'] } }).method).toBe('application');
    expect(assessCase({ annotations: { tags: ['reinstall documented'] } }).method).toBe('rebuild');
  });

  it('has a title for all outcomes', () => {
    expect(Object.keys(VERDICT_TITLES)).toHaveLength(7);
  });
});
