/** Reports of the invented customer, asked for as a page asks. */
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shippedRulePacks } from '../../../migration-core/assess/rules/pack.ts';
import { makeSample } from '../../../migration-core/collect/sample/engagement.ts';
import type { Output } from '../../../migration-core/contract/contract.ts';
import { reportChoices, type HandedOver } from '../../../migration-core/contract/reports.ts';
import { parseScenario } from '../../../migration-core/plan/model/scenario.ts';
import { assessStudy } from '../../../migration-core/plan/study.ts';
import { createEngagement, openEngagement } from '../../../migration-core/store/open.ts';
import { sha256 } from '../../support/hash.ts';
import { openTestSession, type TestSession } from '../../support/session.ts';
import { needTools, run, scratchFolder } from '../../support/tools.ts';

const NOW = Date.UTC(2026, 10, 26, 9);
const now = (): number => NOW;
const ALL = reportChoices.parse({});
let folder: string;
let sample: string;

beforeAll(async () => {
  needTools('chromium', 'pdftotext');
  folder = await mkdtemp(join(tmpdir(), 'ironlift-reports-'));
  sample = join(folder, 'sample.ironlift');
  const file = createEngagement(sample, { name: 'Sample', now, utcOffsetMinutes: 60 });
  await makeSample(file, { now, signal: new AbortController().signal });
  await assessStudy(file, parseScenario({ name: 'default' }), { now: NOW, packs: shippedRulePacks() });
  file.putDocument('project', 'project', { customer: 'Harbour Ltd' }, null, NOW);
  file.close();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function opened(): Promise<TestSession> {
  const path = join(await scratchFolder(), 'copy.ironlift');
  await copyFile(sample, path);
  return openTestSession({ engagement: path, now, waitSeconds: 120 });
}
async function planned(test: TestSession): Promise<NonNullable<Output<'plan.get'>['plan']>> {
  const { job } = await test.call('plan.start', { effort: 'quick' });
  await test.jobUntil(job, 'done');
  return (await test.call('plan.get', {})).plan!;
}
async function exported(
  test: TestSession,
  to: string,
  formats: string[],
  choices = ALL,
): Promise<HandedOver> {
  const { job } = await test.call('reports.start', {
    choices,
    formats,
    folder: await test.fileId(to, 'report-folder'),
  });
  return (await test.jobUntil(job, 'done')).result as HandedOver;
}
const figure = ({ figures }: Output<'reports.preview'>, id: string) =>
  figures.find((one) => one.id === id)!.text;

describe('the preview', () => {
  it('has the chapters of its audience, says what is missing, and the figures of the screens', async () => {
    const test = await opened();
    const before = await test.call('reports.preview', { choices: ALL });
    expect(before.missing).toContain(
      'No plan was made yet: the report makes one for itself. Make one under Plan to see and keep it.',
    );
    const plan = await planned(test);
    const list = await test.call('assessment.list', {});
    const { waves } = await test.call('waves.get', {});
    const shown = await test.call('reports.preview', { choices: ALL });
    expect(shown.missing.join('\n')).not.toContain('No plan was made yet');
    expect(shown.sections.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['summary', 'plan', 'waves', 'servers']),
    );
    expect(figure(shown, 'servers')).toBe(String(list.rows.length));
    for (const [outcome, count] of Object.entries(list.totals))
      expect(figure(shown, `verdict-${outcome}`), outcome).toBe(String(count));
    expect(figure(shown, 'hosts')).toBe(String(plan.totals.hosts));
    expect(figure(shown, 'placed')).toBe(String(plan.totals.placed));
    expect(figure(shown, 'unplaced')).toBe(String(plan.unplaced.length));
    expect(figure(shown, 'bound')).toBe(String(plan.bound.hosts));
    expect(figure(shown, 'ratio')).toBe(plan.totals.ratio.toFixed(1));
    expect(figure(shown, 'waves')).toBe(String(waves!.waves.length));
    const power = plan.savings.lines.filter(({ id, unit }) => id === 'power' && unit === 'kWh');
    const saved = power.reduce((sum, line) => sum + line.before - line.after, 0);
    expect(figure(shown, 'energy-saved').replace(/[^\d.]/gu, '')).toBe(
      saved >= 1000 ? String(Math.round(saved)) : saved.toFixed(1),
    );

    const short = await test.call('reports.preview', {
      choices: { ...ALL, audience: 'executive', sections: ['summary'] },
    });
    expect(short.sections.length).toBeLessThan(shown.sections.length);
    expect(short.body).toContain('id="summary"');
    expect(short.body).not.toContain('id="plan"');
    const name = list.rows[0]!.name;
    expect(shown.body).toContain(name);
    const hidden = await test.call('reports.preview', { choices: { ...ALL, redacted: true } });
    expect(hidden.body).not.toContain(name);
    expect(hidden.body).not.toContain('Harbour');
    expect(hidden.body).toContain('Server-01');
  });

  it('shows the plan that was kept where the data went on, and says that it is older', async () => {
    const test = await opened();
    const plan = await planned(test);
    const [member] = plan.hosts[0]!.servers;
    await test.call('assessment.override', {
      servers: [member!.server],
      decision: { verdict: 'keep-physical', reason: 'The vendor says so.', by: 'Ada' },
    });
    const { stale } = (await test.call('plan.get', {})).plan!;
    expect(stale.length).toBeGreaterThan(0);
    const shown = await test.call('reports.preview', { choices: ALL });
    expect(figure(shown, 'placed')).toBe(String(plan.totals.placed));
    expect(shown.body).toContain(`The plan is older than the data it is shown with. ${stale[0]!}`);
    expect(shown.missing).toContain(`The plan is older than the data: ${stale[0]!} Make it anew under Plan.`);
  });
});

describe('an export', () => {
  it('writes each format once, never over anything, and is remembered with its digests', async () => {
    const test = await opened();
    const to = join(await scratchFolder(), 'handed over');
    const choices = { ...ALL, audience: 'executive' as const };
    const made = await exported(test, to, ['html', 'pdf', 'md'], choices);
    // The day is that of the process that wrote it.
    const day = new Date(made.at).toISOString().slice(0, 10);
    const names = ['html', 'pdf', 'md'].map((ending) => `Harbour Ltd ${day}.${ending}`);
    expect(made.files.map(({ name }) => name)).toEqual(names);
    for (const { path, bytes, sha256: digest } of made.files) {
      const contents = await readFile(path);
      expect(contents.length).toBe(bytes);
      expect(await sha256(path)).toBe(digest);
    }
    const { figures } = await test.call('reports.preview', { choices });
    const text = (await run('pdftotext', ['-layout', made.files[1]!.path, '-'])).replace(/\s+/gu, ' ');
    const markdown = (await readFile(made.files[2]!.path, 'utf8')).replace(/\s+/gu, ' ');
    for (const { id, title, text: value } of figures) {
      expect(markdown, title).toContain(`| ${title} | ${value.replace(/\s+/gu, ' ')} |`);
      if (value !== 'not measured' && !id.startsWith('verdict-'))
        expect(text, title).toContain(value.replace(/\s+/gu, ' '));
    }

    const again = await exported(test, to, ['html'], choices);
    expect(again.files[0]!.name).toMatch(/^Harbour Ltd [\d-]{10} \(2\)\.html$/u);
    // Nothing changed meanwhile, and the fingerprint says so.
    expect(again.inputs).toBe(made.inputs);
    expect((await readdir(to)).sort()).toHaveLength(4);
    const { history } = await test.call('reports.get', {});
    expect(history.map(({ files }) => files.length).sort()).toEqual([1, 3]);
    expect(history).toContainEqual(made);
    expect(history[0]!.inputs).toMatch(/^[0-9a-f]{64}$/u);
  });

  it('says why nothing was written, and leaves nothing behind', async () => {
    const test = await opened();
    const base = await scratchFolder();
    await writeFile(join(base, 'file'), 'x');
    const { job } = await test.call('reports.start', {
      ...{ choices: ALL, formats: ['md'] },
      folder: await test.fileId(join(base, 'file'), 'report-folder'),
    });
    const failed = await test.jobUntil(job, 'failed');
    expect(failed.error).toMatchObject({ code: 'DESTINATION_UNUSABLE', next: 'Choose another folder.' });
    expect(await readdir(base)).toEqual(['file']);
    const refused = await test.refused('reports.start', {
      ...{ choices: ALL, formats: ['docx'] },
      folder: await test.fileId(base, 'report-folder'),
    });
    expect(refused).toMatchObject({ code: 'USAGE', message: 'A format of the list is not known.' });
  });
});

describe('presets and logos', () => {
  it('are kept in the engagement, and taken back by undo', async () => {
    const test = await opened();
    const choices = { ...ALL, redacted: true, accent: '#7a1f5c' };
    await test.call('reports.savePreset', { name: 'For the board', choices, formats: ['pdf'] });
    expect((await test.call('reports.get', {})).presets).toEqual([
      { name: 'For the board', choices, formats: ['pdf'] },
    ]);
    await test.call('engagement.undo', {});
    expect((await test.call('reports.get', {})).presets).toEqual([]);
    await test.call('engagement.redo', {});
    await test.call('reports.removePreset', { name: 'For the board' });
    expect((await test.call('reports.get', {})).presets).toEqual([]);
    const copy = openEngagement(test.session.engagementPath()!, { readOnly: true, now });
    expect(copy.documents('report-preset')).toEqual([]);
    copy.close();
  });

  it('are pictures by what they are, not by their names', async () => {
    const test = await opened();
    const base = await scratchFolder();
    const png = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
      'base64',
    );
    await writeFile(join(base, 'logo.jpg'), png);
    await writeFile(join(base, 'logo.png'), '<svg onload="alert(1)"/>');
    const { logo } = await test.call('reports.logo', {
      file: await test.fileId(join(base, 'logo.jpg'), 'logo'),
    });
    expect(logo).toEqual({ type: 'image/png', base64: png.toString('base64') });
    const shown = await test.call('reports.preview', { choices: { ...ALL, logo, audience: 'executive' } });
    expect(shown.body).toContain(`src="data:image/png;base64,${png.toString('base64')}"`);
    const refused = await test.refused('reports.logo', {
      file: await test.fileId(join(base, 'logo.png'), 'logo'),
    });
    expect(refused).toMatchObject({
      code: 'LOGO_NOT_USABLE',
      message: 'The logo is neither a PNG nor a JPEG.',
    });
  });
});
