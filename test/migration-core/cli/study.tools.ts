/** From an engagement file to verdicts, a plan and waves through the command line. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Assessment } from '../../../migration-core/assess/model/assessment.ts';
import type { Plan } from '../../../migration-core/plan/model/plan.ts';
import type { RecoveryPlan } from '../../../migration-core/plan/recovery.ts';
import type { WavePlan } from '../../../migration-core/plan/model/waves.ts';
import { needTools, run } from '../../support/tools.ts';
import { ironlift } from '../../support/world.ts';

let folder: string;
let path: string;

async function json<T>(...args: string[]): Promise<T> {
  const { status, out, err } = await ironlift([...args, '--engagement', path, '--json']);
  expect([status, err]).toEqual([0, expect.any(String)]);
  return JSON.parse(out) as T;
}
const text = async (...args: string[]): Promise<string> => {
  const { status, out, err } = await ironlift([...args, '--engagement', path]);
  expect([status, status === 0 ? '' : err]).toEqual([0, '']);
  return out;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ironlift-test-'));
  path = join(folder, 'harbour.ironlift');
  const { status, out } = await ironlift(['sample', path]);
  expect(status).toBe(0);
  expect(out).toContain('47 servers with 5,8');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('ironlift assess', () => {
  it('has an opinion on every server, each with its because', async () => {
    const { assessments } = await json<{ assessments: Assessment[] }>('assess');
    expect(assessments).toHaveLength(47);
    const of = new Map(assessments.map((one) => [one.name, one]));
    for (const { because } of assessments) expect(because.length).toBeGreaterThan(40);
    expect(of.get('erp-db')!.verdict).toBe('clustering');
    expect(of.get('pbx-01')!.verdict).toBe('keep-physical');
    expect(of.get('pbx-01')!.because).toContain('telephony');
    expect(of.get('web-01')!.verdict).toBe('os-virtualization');
    expect(of.get('monitor-01')!.verdict).toBe('good-candidate');
    expect(of.get('oracle-01')!.verdict).toBe('candidate-with-conditions');
    expect(of.get('vcenter')!.verdict).toBe('already-virtual');
    expect(of.get('old-erp')!.because).toContain('Retire');
    expect(of.get('gate-cam')!.confidence.stars).toBe(1);
  });

  it('gives scores that tell servers apart, and whose parts add up', async () => {
    const { assessments } = await json<{ assessments: Assessment[] }>('assess');
    const scores = assessments.flatMap(({ score }) => (score === null ? [] : [score]));
    expect(scores.filter((score) => score === 100).length).toBeLessThan(10);
    expect(new Set(scores).size).toBeGreaterThan(25);
    for (const { name, score, parts } of assessments)
      if (score !== null)
        expect(Math.abs(parts.reduce((sum, { points }) => sum + points, 0) - score), name).toBeLessThan(0.1);
    const of = new Map(assessments.map(({ name, score }) => [name, score!]));
    // A telephone exchange in a slot and a system of 2003 are worse candidates than a young web server.
    expect(of.get('pbx-01')).toBeLessThan(of.get('proxy-01')!);
    expect(of.get('cad-lic')).toBeLessThan(of.get('print-01')!);
    expect(of.get('erp-db')).toBeLessThan(of.get('shop-db')!);
  });

  it('tells of one server why, what to see to and what would change it', async () => {
    const told = await text('assess', 'oracle-01');
    expect(told).toContain('oracle-01: Candidate with conditions');
    expect(told).toMatch(/warning W12: Red Hat Enterprise Linux .* has had no support/u);
    const { status, err } = await ironlift(['assess', 'nobody', '--engagement', path]);
    expect([status, err]).toEqual([2, expect.stringContaining('There is no server nobody')]);
  });

  it('keeps what the customer decides in his table beside what the rules say', async () => {
    const table = join(folder, 'decided.csv');
    await writeFile(
      table,
      'server,override_verdict,override_reason\nwiki,keep-physical,It goes next month.\n',
    );
    expect((await ironlift(['servers', 'annotate', table, '--engagement', path])).status).toBe(0);
    const { assessments } = await json<{ assessments: Assessment[] }>('assess', 'wiki');
    expect(assessments[0]).toMatchObject({ verdict: 'keep-physical', ruled: 'os-virtualization' });
    expect(assessments[0]!.because).toContain('It goes next month.');
    expect(await text('assess', '--profile', 'conservative')).toContain('Keep physical (by hand)');
  });

  it('says what another profile and rule pack change, and why', async () => {
    const changes = await text(
      ...['assess', '--profile', 'conservative', '--rules', 'seed-2007', '--against', 'default'],
    );
    expect(changes).toMatch(/erp-app-01: .* becomes .*\./u);
  });
});

describe('ironlift plan', () => {
  it('puts every server somewhere, once, and is the same twice', async () => {
    const first = await text('plan', '--json');
    expect(await text('plan', '--json')).toBe(first);
    const { plan } = JSON.parse(first) as { plan: Plan };
    const somewhere = [
      ...plan.hosts.flatMap(({ servers }) => servers.map(({ name }) => name)),
      ...plan.unplaced.map(({ name }) => name),
      ...plan.elsewhere.map(({ name }) => name),
    ];
    expect(somewhere).toHaveLength(47);
    expect(new Set(somewhere).size).toBe(47);
    expect(plan.failover.proved).toBe(true);
    const hostOf = (name: string) =>
      plan.hosts.find(({ servers }) => servers.some((one) => one.name === name))!.name;
    expect(hostOf('dc-01')).not.toBe(hostOf('dc-02'));
    expect(hostOf('proxy-01')).not.toBe(hostOf('app-01'));
    for (const { use } of plan.hosts) expect(use.cpu.peak).toBeLessThanOrEqual(0.7);
  });

  it('is read by people, and stands beside other scenarios', async () => {
    await text('plan', '--scenario', 'careful', '--profile', 'conservative', '--save');
    const compared = await text('plan', '--compare', 'careful,default');
    expect(compared).toMatch(/Hosts\s+\d/u);
    const told = await text('plan');
    expect(told).toMatch(/^\d+ servers of 47 on \d+ hosts/u);
    expect(told).toContain('Left out, for it is not known');
    expect(told).toMatch(/processor, (Mon|Tue|Wed|Thu|Fri) \d\d:\d\d|memory/u);
  });

  it('refuses settings it does not understand in a sentence', async () => {
    const settings = join(folder, 'settings.json');
    await writeFile(settings, '{"template": "none", "colour": 3}');
    const { status, err } = await ironlift(['plan', '--settings', settings, '--engagement', path]);
    expect([status, err]).toEqual([3, expect.stringContaining('colour')]);
    // A device has no end.
    for (const option of ['--settings', '--rules']) {
      const endless = await ironlift(['plan', option, '/dev/zero', '--engagement', path]);
      expect([endless.status, endless.err]).toEqual([3, expect.stringContaining('no file of settings')]);
    }
    const unknown = await ironlift(['plan', '--host', 'none', '--engagement', path]);
    expect([unknown.status, unknown.err]).toEqual([
      3,
      expect.stringContaining('There is no host template none'),
    ]);
    expect((await ironlift(['plan', '--scenario', 'none', '--engagement', path])).status).toBe(2);
    expect((await ironlift(['plan', '--profile', 'bold', '--engagement', path])).status).toBe(2);
    expect((await ironlift(['plan', '--rules', join(folder, 'no.json'), '--engagement', path])).status).toBe(
      3,
    );
  });
});

describe('ironlift plan --recovery', () => {
  it('plans the hosts of another site for those servers that much depends on', async () => {
    const plan = await json<RecoveryPlan>('plan', '--recovery');
    expect(plan.sites.flatMap(({ names }) => names)).toContain('dc-01');
    expect(plan.sites.flatMap(({ names }) => names)).not.toContain('test-01');
    const told = plan.sites.flatMap((site) => [...site.servers, ...site.unplaced, ...site.elsewhere]);
    expect(told.length).toBeLessThan(47);
    expect(plan.hosts).toBeGreaterThan(0);
    expect(await text('plan', '--recovery', '--sites', 'sum')).toMatch(
      /^\d+ hosts? at the recovery site, of model modern-2u, for\s+servers of criticality high and above: the sum/u,
    );
    expect(await text('plan', '--recovery')).toContain('Important, and no virtual machine');
    for (const [wrong, sentence] of [
      [['--sites', 'sum'], '--sites goes with --recovery'],
      [['--recovery', '--sites', 'two'], '--sites is largest or sum'],
      [['--recovery', '--compare', 'careful'], 'A recovery site is not compared'],
    ] as const) {
      const { status, err } = await ironlift(['plan', ...wrong, '--engagement', path]);
      expect([status, err]).toEqual([2, expect.stringContaining(sentence)]);
    }
  });

  it('takes the effort from its option', async () => {
    expect(JSON.parse(await text('plan', '--effort', 'quick', '--settings', '-'))).toMatchObject({
      effort: 'quick',
    });
    const { status, err } = await ironlift(['plan', '--effort', 'hard', '--engagement', path]);
    expect([status, err]).toEqual([3, expect.stringContaining('effort')]);
  });
});

describe('ironlift waves', () => {
  it('begins with tests and ends with what is critical; an edited table is kept', async () => {
    needTools('python3');
    const { waves, outside } = await json<WavePlan>('waves');
    const waveOf = (name: string): number =>
      waves.find(({ members }) => members.some((one) => one.name === name))!.number;
    expect(waveOf('test-01')).toBeLessThan(waveOf('print-01'));
    expect(waveOf('print-01')).toBeLessThan(waveOf('erp-app-01'));
    expect(outside.map(({ name }) => name)).toContain('pbx-01');
    const endless = await ironlift(['waves', '--import', '/dev/zero', '--engagement', path]);
    expect([endless.status, endless.err]).toEqual([3, expect.stringContaining('zero is no file')]);
    const table = join(folder, 'waves.csv');
    await text('waves', '--csv', table);
    expect((await ironlift(['waves', '--csv', table, '--engagement', path])).status).toBe(3);
    const edit = [
      'import csv, sys',
      'rows = list(csv.reader(open(sys.argv[1], encoding="utf-8-sig")))',
      'wave = rows[0].index("Wave")',
      'for row in rows: row[wave] = "9" if row[1] == "monitor-01" else row[wave]',
      'csv.writer(open(sys.argv[2], "w", encoding="utf-8", newline="")).writerows(rows)',
    ].join('\n');
    const edited = join(folder, 'edited.csv');
    await run('python3', ['-c', edit, table, edited]);
    const told = await json<WavePlan>('waves', '--import', edited);
    const monitorIn = (plan: WavePlan): string[] =>
      plan.waves
        .at(-1)!
        .members.map(({ name }) => name)
        .filter((name) => name === 'monitor-01');
    expect(monitorIn(told)).toEqual(['monitor-01']);
    // Not only in this answer: the engagement file has it.
    expect(monitorIn(await json<WavePlan>('waves'))).toEqual(['monitor-01']);
  });
});
