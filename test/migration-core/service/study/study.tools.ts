/** Verdicts, rules, plan and waves of the invented customer, asked as a page asks. */
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shippedRulePacks } from '../../../../migration-core/assess/rules/pack.ts';
import { makeSample } from '../../../../migration-core/collect/sample/engagement.ts';
import type { Output } from '../../../../migration-core/contract/contract.ts';
import { parseScenario } from '../../../../migration-core/plan/model/scenario.ts';
import { assessStudy } from '../../../../migration-core/plan/study.ts';
import { createEngagement, openEngagement } from '../../../../migration-core/store/open.ts';
import { openTestSession, type TestSession } from '../../../support/session.ts';
import { scratchFolder } from '../../../support/tools.ts';

const NOW = Date.UTC(2026, 10, 26, 9);
const now = (): number => NOW;
let folder: string;
/** Just made: nobody assessed it yet. */
let fresh: string;
/** The same with the demand profiles of its servers. */
let sample: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ironlift-study-'));
  fresh = join(folder, 'fresh.ironlift');
  sample = join(folder, 'sample.ironlift');
  const file = createEngagement(fresh, { name: 'Sample', now, utcOffsetMinutes: 60 });
  await makeSample(file, { now, signal: new AbortController().signal });
  file.close();
  await copyFile(fresh, sample);
  const assessed = openEngagement(sample, { now });
  await assessStudy(assessed, parseScenario({ name: 'default' }), { now: NOW, packs: shippedRulePacks() });
  assessed.close();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A session on a copy of the sample. */
async function opened(from = sample): Promise<TestSession> {
  const path = join(await scratchFolder(), 'copy.ironlift');
  await copyFile(from, path);
  return openTestSession({ engagement: path, now, waitSeconds: 60 });
}

const rowOf = ({ rows }: Output<'assessment.list'>, name: string) => rows.find((row) => row.name === name)!;

async function planned(test: TestSession): Promise<NonNullable<Output<'plan.get'>['plan']>> {
  const { job } = await test.call('plan.start', { effort: 'quick' });
  await test.jobUntil(job, 'done');
  return (await test.call('plan.get', {})).plan!;
}

describe('verdicts', () => {
  it('are given to every server, with the profiles kept for the next time', async () => {
    const test = await opened(fresh);
    const list = await test.call('assessment.list', {});
    const servers = test.session.engagement().servers();
    expect(list.rows).toHaveLength(servers.length);
    expect(Object.values(list.totals).reduce((a, b) => a + b, 0)).toBe(servers.length);
    expect(list.totals['good-candidate']).toBeGreaterThan(5);
    for (const row of list.rows) expect(row.reason).toMatch(/^[A-Z].*[.!?]$/su);
    const measured = servers.filter(({ firstSample }) => firstSample !== null);
    for (const { id } of measured) expect(test.session.engagement().demandProfile(id)).not.toBeNull();
    expect(
      (await test.call('engagement.current', {}))!.steps.find(({ step }) => step === 'candidates'),
    ).toMatchObject({
      state: 'ok',
      text: 'Assessed',
    });
  });

  it('explain one server in full: reasons with rules, gates with a fix, a week and its figures', async () => {
    const test = await opened();
    const list = await test.call('assessment.list', {});
    const row = list.rows.find(({ verdict, gates }) => verdict === 'candidate-with-conditions' && gates > 0)!;
    const one = await test.call('assessment.server', { server: row.server });
    expect(one.row).toEqual(row);
    expect(one.because).toContain('Candidate with conditions');
    expect(one.reasons.flatMap(({ rules }) => rules).length).toBeGreaterThan(3);
    for (const { rules } of one.reasons)
      for (const { source, title } of rules) {
        expect(source.length).toBeGreaterThan(3);
        expect(title.length).toBeGreaterThan(3);
      }
    for (const gate of one.gates) expect(gate.fix).toMatch(/^[A-Z].*\.$/su);
    expect(one.week!.rows.map(({ resource }) => resource)).toContain('cpu');
    for (const { values } of one.week!.rows) expect(values).toHaveLength(336);
    const cpu = one.statistics.find(({ resource }) => resource === 'cpu')!;
    expect(cpu.sizedBy).toBe('p95');
    expect(cpu.maximum).toBeGreaterThanOrEqual(cpu.p95);
    expect(one.machine!.memoryBytes).toBe(row.memoryBytes);
  });

  it('give way to a decision by hand, and come back with undo', async () => {
    const test = await opened();
    const before = await test.call('assessment.list', {});
    const { server, name, ruled } = before.rows.find(({ verdict }) => verdict === 'good-candidate')!;
    const decision = { verdict: 'keep-physical' as const, reason: 'The vendor says so.', by: 'Ada' };
    expect(await test.call('assessment.override', { servers: [server], decision })).toEqual({ changed: 1 });
    expect(rowOf(await test.call('assessment.list', {}), name)).toMatchObject({
      verdict: 'keep-physical',
      ruled,
      decided: true,
      reason: 'The vendor says so.',
    });
    expect((await test.call('assessment.server', { server })).override).toEqual(decision);
    expect((await test.call('engagement.undo', {})).redo).toBe('Decide on 1 server');
    expect(rowOf(await test.call('assessment.list', {}), name)).toEqual(rowOf(before, name));
    await test.call('engagement.redo', {});
    expect(rowOf(await test.call('assessment.list', {}), name).verdict).toBe('keep-physical');
  });

  it('change when a condition is ticked, and are accepted as they are', async () => {
    const test = await opened();
    const before = await test.call('assessment.list', {});
    const row = before.rows.find(
      ({ verdict, gates }) => verdict === 'candidate-with-conditions' && gates > 0,
    )!;
    const { gates } = await test.call('assessment.server', { server: row.server });
    const open = gates.find(({ met, severity, fixable }) => !met && severity !== 'info' && fixable)!;
    await test.call('assessment.tick', { servers: [row.server], gate: open.id, met: true });
    const after = rowOf(await test.call('assessment.list', {}), row.name);
    expect(after.gates).toBe(row.gates - 1);
    const everybody = before.rows.map(({ server }) => server);
    const { changed } = await test.call('assessment.accept', { servers: everybody, by: 'Ada' });
    const decided = (await test.call('assessment.list', {})).rows.filter((one) => one.decided);
    expect(decided).toHaveLength(changed);
    expect(changed).toBeGreaterThan(20);
    for (const { verdict, ruled } of decided) expect(verdict).toBe(ruled);
    expect(await test.refused('assessment.tick', { servers: [99_999], gate: 'B1', met: true })).toMatchObject(
      {
        message: 'A server of the list is not in the engagement any more.',
      },
    );
  });
});

describe('scenarios and rules', () => {
  it('say what a change would do before it is kept', async () => {
    const test = await opened();
    const { scenario, changed } = await test.call('scenarios.get', { name: 'default' });
    expect(changed).toEqual([]);
    const bolder = { ...scenario, profile: 'conservative' as const, together: [['hr-01', 'print-01']] };
    const preview = await test.call('scenarios.preview', {
      scenario: { ...bolder, apart: [['print-01', 'hr-01', 'nobody']] },
    });
    expect(preview.whatIf.changes.length).toBeGreaterThan(3);
    expect(preview.whatIf.summary[0]).toMatch(/^\d+ verdicts? and \d+ sizes? changed\.$/u);
    for (const { why } of preview.whatIf.changes) expect(why).toMatch(/^[A-Z].*\.$/su);
    expect(preview.conflicts).toContain(
      'print-01 and hr-01 are to stay together and to stay apart; take them out of one of the lists.',
    );
    expect(preview.conflicts).toContain(
      'A list of servers that stay apart names nobody, but there is no server of that name.',
    );
    // Nothing was kept.
    expect((await test.call('scenarios.get', { name: 'default' })).changed).toEqual([]);
    await test.call('scenarios.save', { scenario: { ...bolder, name: 'careful', growth: 0.1 } });
    await test.call('scenarios.select', { name: 'careful' });
    const { selected, scenarios } = await test.call('scenarios.list', {});
    expect(selected).toBe('careful');
    expect(scenarios.map(({ name }) => name)).toEqual(['default', 'careful']);
    expect((await test.call('scenarios.get', { name: 'careful' })).changed.sort()).toEqual([
      'growth',
      'profile',
      'together',
    ]);
    expect((await test.call('assessment.list', {})).profile).toBe('conservative');
    await test.call('scenarios.remove', { name: 'careful' });
    expect((await test.call('scenarios.list', {})).selected).toBe('default');
    await test.call('engagement.undo', {});
    expect((await test.call('scenarios.list', {})).scenarios).toHaveLength(2);
  });

  it('offer what there is to choose from, profiles with their figures', async () => {
    const test = await opened();
    const { platforms, templates, packs, servers } = await test.call('scenarios.catalogue', {});
    expect(platforms.map(({ id }) => id)).toContain('proxmox');
    expect(templates.map(({ id }) => id)).toContain('modern-2u');
    const modern = packs.find(({ id }) => id === 'modern')!;
    expect(modern).toMatchObject({ own: false, date: expect.stringMatching(/^\d{4}-/u) as string });
    expect(modern.profiles.map(({ name, cpuPercentile }) => [name, cpuPercentile])).toEqual([
      ['conservative', 'p99'],
      ['balanced', 'p95'],
      ['aggressive', 'p90'],
    ]);
    expect(servers).toContain('hr-01');
  });

  it('keep the customer’s own numbers, checked, with what they differ in', async () => {
    const test = await opened();
    const shipped = await test.call('rules.list', { pack: 'modern' });
    expect(shipped.rules.length).toBeGreaterThan(100);
    expect(shipped.rules.every(({ changed }) => !changed)).toBe(true);
    const good = shipped.rules.find(({ title, used }) => used > 0 && title !== '')!;
    expect(good.source.length).toBeGreaterThan(3);
    const draft = {
      id: 'own',
      title: 'Our numbers',
      extends: 'modern',
      rules: { 'memory.headroom': { value: 1.5, source: 'Agreed with the customer' } },
    };
    const preview = await test.call('rules.preview', { pack: draft });
    expect(preview.changes.some(({ why }) => why.includes('1.5 instead of 1.15'))).toBe(true);
    expect(await test.call('rules.save', { pack: draft })).toEqual({ version: 1 });
    const own = await test.call('rules.list', { pack: 'own' });
    expect(own.own).toBe(true);
    expect(own.rules.filter(({ changed }) => changed)).toMatchObject([
      { rule: 'memory.headroom', value: 1.5, shipped: 1.15, source: 'Agreed with the customer' },
    ]);
    const wrong = { ...draft, rules: { 'memory.headroom': { value: 'much', source: 'nobody' } } };
    expect(await test.refused('rules.save', { pack: wrong })).toMatchObject({
      code: 'RULE_PACK_INVALID',
      message: expect.stringMatching(/^".+" \(memory\.headroom\) cannot be that: /u) as string,
      next: 'Give it a value of the same kind as before.',
    });
    expect(await test.refused('rules.save', { pack: { ...draft, id: 'modern' } })).toMatchObject({
      message: 'modern is a rule pack that came with the program and stays as it is.',
    });
    await test.call('rules.remove', { pack: 'own' });
    expect((await test.refused('rules.list', { pack: 'own' })).code).toBe('RULE_PACK_INVALID');
  });
});

describe('the plan', () => {
  it('is made by a job, shown with the week of each host, and tells when it is out of date', async () => {
    const test = await opened();
    expect(await test.call('plan.get', {})).toEqual({ scenario: 'default', plan: null });
    const plan = await planned(test);
    expect(plan.stale).toEqual([]);
    expect(plan.changed).toBeNull();
    expect(plan.hosts.length).toBe(plan.totals.hosts);
    for (const host of plan.hosts)
      for (const { resource, hours, ceiling } of host.strips) {
        expect(hours).toHaveLength(168);
        expect(Math.max(...hours)).toBeLessThanOrEqual(ceiling);
        // The turn of a month may be above the week.
        expect(Math.max(...hours)).toBeLessThanOrEqual(host.use[resource].peak + 1e-9);
      }
    expect(plan.savings.lines.length).toBeGreaterThan(2);
    expect(plan.before.rackUnits).toBeGreaterThan(plan.after.rackUnits);
    const placed = plan.hosts.flatMap(({ servers }) => servers);
    const all = placed.length + plan.unplaced.length + plan.elsewhere.length;
    expect(all).toBe(test.session.engagement().servers().length);

    const one = placed[0]!;
    const decision = { verdict: 'keep-physical' as const, reason: 'Too old.' };
    await test.call('assessment.override', { servers: [one.server], decision });
    const after = (await test.call('plan.get', {})).plan!;
    expect(after.stale).toContain('What is said of servers was changed since.');
    const again = await planned(test);
    expect(again.changed!.changes.map(({ name }) => name)).toContain(one.name);
    expect(again.stale).toEqual([]);
  });

  it('keeps a server on the host it was dragged to, and lets go of it again', async () => {
    const test = await opened();
    const scenario = {
      ...(await test.call('scenarios.get', { name: 'default' })).scenario,
      template: 'modern-1u',
    };
    await test.call('scenarios.save', { scenario });
    const plan = await planned(test);
    expect(plan.hosts.length).toBeGreaterThan(1);
    const from = plan.hosts[0]!;
    const to = plan.hosts.at(-1)!;
    const tries = await Promise.all(
      from.servers.map(async ({ server }) => ({
        server,
        tried: await test.call('plan.try', { server, host: to.name }),
      })),
    );
    for (const { tried } of tries) {
      expect(tried.text).toMatch(/^[^ ].*\.$/su);
      expect(tried.use).toHaveLength(5);
    }
    const { server } = tries.find(({ tried }) => tried.fits)!;
    expect(await test.call('plan.pin', { server, host: to.name })).toEqual({ pinned: 1 });
    const pinned = await planned(test);
    const home = pinned.hosts.find(({ servers }) => servers.some((one) => one.server === server))!;
    expect(home.name).toBe(to.name);
    expect(home.pinned).toHaveLength(1);
    expect(pinned.constraints.find(({ kind }) => kind === 'pinned')!.origin).toBe('scenario');
    expect(await test.call('plan.pin', { server, host: null })).toEqual({ pinned: 0 });
    expect(await test.refused('plan.try', { server, host: 'host-99' })).toMatchObject({
      message: 'The plan has no such server or no such host.',
      next: 'Make the plan anew.',
    });
  });

  it('stands beside those of other scenarios', async () => {
    const test = await opened();
    await planned(test);
    const { scenario } = await test.call('scenarios.get', { name: 'default' });
    await test.call('scenarios.save', { scenario: { ...scenario, name: 'bold', profile: 'aggressive' } });
    const missing = await test.call('plan.compare', { scenarios: ['default', 'bold'] });
    expect(missing).toMatchObject({ scenarios: ['default'], missing: ['bold'] });
    const { job } = await test.call('plan.start', { scenario: 'bold', effort: 'quick' });
    await test.jobUntil(job, 'done');
    const { scenarios, rows } = await test.call('plan.compare', { scenarios: ['default', 'bold'] });
    expect(scenarios).toEqual(['default', 'bold']);
    expect(rows.find(({ id }) => id === 'hosts')!.values.every((value) => typeof value === 'number')).toBe(
      true,
    );
  });

  it('is shown, though not kept, of a file that cannot be written', async () => {
    const path = join(await scratchFolder(), 'locked.ironlift');
    await copyFile(sample, path);
    const writer = openEngagement(path, { now });
    try {
      const test = await openTestSession({ engagement: path, now, waitSeconds: 60 });
      expect(test.session.engagement().readOnly).toBe(true);
      expect((await planned(test)).hosts.length).toBeGreaterThan(0);
      expect((await test.call('waves.get', {})).waves!.waves.length).toBeGreaterThan(1);
      expect(writer.documents('plan')).toEqual([]);
    } finally {
      writer.close();
    }
  });
});

describe('who talks to whom', () => {
  it('is told of the invented customer, with what everybody uses apart', async () => {
    const test = await opened();
    const { servers, edges, known, infrastructure } = await test.call('servers.dependencies', {});
    const idOf = new Map(servers.map(({ id, name }) => [name, id]));
    expect(known).toBeGreaterThan(10);
    expect(infrastructure.length).toBeGreaterThan(0);
    const link = edges.find(({ from, to }) => from === idOf.get('erp-app-01') && to === idOf.get('erp-db'));
    expect(link).toMatchObject({
      ports: expect.arrayContaining([expect.stringMatching(/^tcp\/\d+$/u)]) as string[],
    });
    for (const { from, to } of edges)
      expect(servers.map(({ id }) => id)).toEqual(expect.arrayContaining([from, to]));
  });
});

describe('a list that is pasted', () => {
  it('is looked at, imported under the names that were said, and not kept in the list of jobs', async () => {
    const test = await opened();
    const text = 'Box\tOS\tRAM\nnew-01\tDebian 12\t16\nnew-02\tUbuntu 24.04\t32';
    const looked = await test.call('collect.lookAtPasted', { text });
    expect(looked.columns.map(({ field }) => field)).toEqual([null, 'os', 'memory']);
    const { job } = await test.call('collect.importPasted', { text, fields: ['name', 'os', 'memory'] });
    expect((await test.jobUntil(job, 'done')).result).toMatchObject({ servers: 2, failed: 0 });
    const rows = (await test.call('servers.list', {})).servers.filter(({ name }) => name.startsWith('new-'));
    expect(rows.map(({ name, memoryBytes }) => [name, memoryBytes])).toEqual([
      ['new-01', 16 * 2 ** 30],
      ['new-02', 32 * 2 ** 30],
    ]);
    const refused = await test.call('collect.importPasted', { text, fields: [null, 'os', 'memory'] });
    expect((await test.jobUntil(refused.job, 'failed')).error!.message).toBe(
      'A list needs a column with the names of the servers and two others.',
    );
    expect((await test.refused('collect.lookAtPasted', { text: 'nothing' })).code).toBe('IMPORT_DAMAGED');
  });
});

describe('a damaged rule pack in an engagement', () => {
  it('is explained and left out, and keeps nobody from the verdicts or from mending it', async () => {
    const path = join(await scratchFolder(), 'damaged.ironlift');
    await copyFile(sample, path);
    const file = openEngagement(path, { now });
    file.putDocument('rule-pack', 'customer', { id: 'customer', rules: 'none' }, null, NOW);
    file.putDocument(
      'rule-pack',
      'other',
      { ...shippedRulePacks().get('modern')!, id: 'other', extends: 'customer' },
      null,
      NOW,
    );
    file.putDocument(
      'scenario',
      'default',
      { ...parseScenario({ name: 'default' }), rulePack: 'customer' },
      null,
      NOW,
    );
    file.close();
    const test = await openTestSession({ engagement: path, now, waitSeconds: 60 });
    const list = await test.call('assessment.list', {});
    expect(list.rules).toMatch(/^modern/u);
    expect(list.totals['good-candidate']).toBeGreaterThan(5);
    const told = list.problems.filter(({ name }) => name === 'customer' || name === 'other');
    expect(told.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^The rule pack customer of this engagement is damaged and was left out\. /u),
      expect.stringMatching(
        /^The rule pack other of this engagement is damaged and was left out\. There is no rule pack customer/u,
      ),
    ]);
    expect(told[0]!.next).toBe(
      'The verdicts are held against modern meanwhile: take the pack in again, or choose another one under Sizing and rules.',
    );
    const catalogue = await test.call('scenarios.catalogue', {});
    expect(catalogue.damaged.map(({ id }) => id)).toEqual(['customer', 'other']);
    expect(catalogue.packs.map(({ id }) => id)).not.toContain('customer');
    const { scenario } = await test.call('scenarios.get', { name: 'default' });
    expect(scenario.rulePack).toBe('customer');
    await test.call('scenarios.save', { scenario: { ...scenario, rulePack: 'modern' } });
    for (const pack of ['other', 'customer']) await test.call('rules.remove', { pack });
    expect(
      (await test.call('assessment.list', {})).problems.filter(({ name }) => name === 'customer'),
    ).toEqual([]);
  });
});

describe('what must be true before the next wave', () => {
  it('is signed by name, kept, marked when the wave changes, and taken back', async () => {
    const test = await opened();
    await planned(test);
    const waves = async () => (await test.call('waves.get', {})).waves!;
    const before = await waves();
    const wave = before.waves.find(({ members, gates }) => members.length > 1 && gates.length > 0)!;
    const gate = wave.gates[0]!.id;
    expect(before.signatures).toEqual([]);
    const about = { wave: wave.number, gate };
    expect(await test.call('waves.sign', { ...about, by: ' Ada Byron ' })).toEqual({ signed: 1 });
    const signature = { ...about, by: 'Ada Byron', at: NOW };
    expect((await waves()).signatures).toEqual([{ ...signature, outdated: false }]);
    await test.call('waves.edit', { moves: [{ server: wave.members[0]!.server, wave: null }] });
    expect((await waves()).signatures).toEqual([{ ...signature, outdated: true }]);
    await test.call('engagement.undo', {});
    expect((await waves()).signatures).toEqual([{ ...signature, outdated: false }]);
    expect(await test.call('waves.sign', { ...about, by: null })).toEqual({ signed: 0 });
    expect((await waves()).signatures).toEqual([]);
    await test.call('engagement.undo', {});
    expect((await waves()).signatures).toHaveLength(1);
    await test.call('engagement.undo', {});
    expect((await waves()).signatures).toEqual([]);
    expect(await test.refused('waves.sign', { ...about, gate: 'nothing', by: 'Ada' })).toMatchObject({
      message: 'This wave, or what is to be signed of it, is not there any more.',
    });
    expect((await test.refused('waves.sign', { ...about, by: '   ' })).code).toBe('USAGE');
  });
});

describe('waves', () => {
  it('are made of the plan, edited in a table, and lose nothing on the way', async () => {
    const test = await opened();
    expect(await test.call('waves.get', {})).toEqual({ waves: null });
    const out = join(test.homeFolder, 'waves.csv');
    expect(await test.refused('waves.export', { file: await test.fileId(out, 'waves-out') })).toMatchObject({
      message: 'There is no plan yet to make waves of.',
      next: 'Make the plan first.',
    });
    await planned(test);
    const before = (await test.call('waves.get', {})).waves!;
    const { file } = await test.call('waves.export', { file: await test.fileId(out, 'waves-out') });
    // Untouched: nothing is another one.
    expect(await test.call('waves.import', { file: file.id, apply: true })).toMatchObject({
      moved: [],
      notes: 0,
      problems: [],
    });
    const last = before.waves.at(-1)!;
    const { server, name } = last.members[0]!;
    const text = await readFile(out, 'utf8');
    const lines = text.split('\n');
    const at = lines.findIndex((line) => line.includes(`${String(server)},${name},`));
    const cells = lines[at]!.split(',');
    cells[2] = '0';
    cells[3] = 'with the vendor';
    lines[at] = cells.join(',');
    lines.push('99999,ghost,1,,,,,,,,,');
    await writeFile(out, lines.join('\n'));
    const shown = await test.call('waves.import', { file: file.id, apply: false });
    expect(shown.moved).toEqual([{ server, name, before: last.number, after: 0 }]);
    expect(shown.notes).toBe(1);
    expect(shown.problems).toHaveLength(1);
    expect(shown.problems[0]!.text).toBe('There is no server 99999 ghost here; the row was left out.');
    expect(shown.problems[0]!.line).toBeGreaterThan(1);
    expect((await test.call('waves.get', {})).waves).toEqual(before);
    await test.call('waves.import', { file: file.id, apply: true });
    const after = (await test.call('waves.get', {})).waves!;
    expect(after.waves[0]!.members.map((one) => one.name)).toContain(name);
    expect(after.noted).toContainEqual({ server, note: 'with the vendor' });
    expect(after.byHand).toEqual([server]);
    await test.call('engagement.undo', {});
    expect((await test.call('waves.get', {})).waves).toEqual(before);
  });

  it('are edited on the screen, and follow the planner again when told to', async () => {
    const test = await opened();
    await planned(test);
    const before = (await test.call('waves.get', {})).waves!;
    const { server } = before.waves.at(-1)!.members[0]!;
    await test.call('waves.edit', { moves: [{ server, wave: null }] });
    const out = (await test.call('waves.get', {})).waves!;
    expect(out.outside.find((one) => one.server === server)!.why).toBe(
      'It was taken out of the waves by hand.',
    );
    await test.call('waves.edit', { moves: [{ server, wave: 'planner', note: 'ask Ben' }] });
    const again = (await test.call('waves.get', {})).waves!;
    expect(again.waves).toEqual(before.waves);
    expect(again.noted).toEqual([{ server, note: 'ask Ben' }]);
  });
});
