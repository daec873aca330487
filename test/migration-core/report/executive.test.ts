/** The report for the management: short, whatever the estate is like, and without a figure of its own. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { ReportInput } from '../../../migration-core/report/input.ts';
import type { ServerInventory } from '../../../migration-core/store/model/inventory.ts';
import type { Block, Report, Section, Table } from '../../../migration-core/report/model.ts';
import { namedInput, REPORT_NOW, reportFrom, reportInput } from '../../support/report-inputs.ts';

const GIB = 2 ** 30;

let input: ReportInput;
beforeAll(async () => {
  // As they are built, without a sample: a month of those takes minutes on a busy machine, and nothing here asks for it.
  input = await reportInput((engagement) => {
    const collection = engagement.beginCollection({
      ...{ collector: 'local', source: 'made up', digest: null, startedAt: REPORT_NOW },
    });
    for (let at = 0; at < 12; at++) {
      const identity = { name: `srv-${at}`, macs: [] };
      const { id } = engagement.server(identity, REPORT_NOW);
      const inventory: ServerInventory = {
        ...{ identity, gaps: [], firmware: { kind: 'bios' }, memoryBytes: 16 * GIB },
        processors: [
          {
            ...{ model: 'Intel(R) Xeon(R) CPU E5530 @ 2.40GHz', vendor: 'GenuineIntel', megahertz: 2400 },
            ...{ sockets: 1, cores: 8, threads: 8, architecture: 'x86_64', flags: ['lm'] },
          },
        ],
        disks: [{ name: 'sda', bytes: 100 * GIB, bus: 'sas', system: true }],
        operatingSystem: {
          ...{
            family: 'linux',
            id: 'debian',
            name: 'Debian GNU/Linux 12',
            version: '12',
            architecture: 'x86_64',
          },
        },
      };
      engagement.putInventory(id, inventory, REPORT_NOW, collection);
      engagement.putAnnotations(id, { rackUnits: 2, criticality: 'normal' });
    }
    engagement.finishCollection(collection, REPORT_NOW);
  });
});

const executive = (of: ReportInput): Report => reportFrom(of, { audience: 'executive' });
const chapter = ({ sections }: Report, id: string): Section => sections.find((one) => one.id === id)!;
const tables = ({ blocks }: Section): Table[] =>
  blocks.flatMap((block) => (block.kind === 'table' ? [block.table] : []));
const paragraphs = ({ blocks }: Section): unknown[] =>
  blocks.flatMap((block) => (block.kind === 'paragraph' ? [block.text] : []));
const isChart = (block: Block): block is Extract<Block, { kind: 'chart' }> => block.kind === 'chart';
const sum = (table: Table, id: string): number => {
  const at = table.columns.findIndex((column) => column.id === id);
  return table.rows.reduce((total, row) => total + Number(row[at]), 0);
};

describe('the technical report', () => {
  it('does not call servers worth virtualizing that are virtual already', () => {
    const lead = (of: ReportInput): unknown => chapter(reportFrom(of), 'summary').lead;
    expect(lead(input)).toMatch(
      /^12 of 12 servers are worth virtualizing; the plan puts 12 servers on \d+ hosts?\.$/u,
    );
    const { estate } = input.study;
    const assessments = estate.assessments.map((one) => ({ ...one, verdict: 'already-virtual' as const }));
    expect(lead({ ...input, study: { ...input.study, estate: { ...estate, assessments } } })).toMatch(
      /^0 of 12 servers are worth virtualizing, 12 are virtual already; the plan puts 12 servers on \d+ hosts?\.$/u,
    );
  });
  it('has the amounts in the currency of the prices, and of the project where they name none', () => {
    const currencyOf = (prices: object): string => {
      const scenario = { ...input.study.scenario, prices: { ...input.study.scenario.prices, ...prices } };
      return reportFrom({ ...input, study: { ...input.study, scenario } }).meta.currency;
    };
    expect(currencyOf({ currency: 'USD' })).toBe('USD');
    expect(currencyOf({})).toBe(input.about.currency);
  });
  it('of a plan in which nothing moves reckons no savings and misses no prices', async () => {
    const unknown = await namedInput(['web']);
    expect(unknown.study.plan.totals.placed).toBe(0);
    const report = reportFrom(unknown);
    expect(JSON.stringify(chapter(report, 'summary'))).not.toMatch(/prices|Which prices/u);
    const [lines] = tables(chapter(report, 'savings'));
    expect(lines?.rows ?? []).toEqual([]);
    for (const id of ['energy-saved', 'space-saved', 'net'])
      expect(report.figures.find((one) => one.id === id)!.value, id).toBeNull();
    expect(JSON.stringify(chapter(report, 'savings'))).toContain(
      'Nothing moves in this plan and nothing is retired',
    );
  });
  it('names nobody as the people of a wave that needs nobody', () => {
    const text = JSON.stringify(reportFrom(input));
    expect(text).toContain('Wave 0: Lab');
    expect(text).toContain('People: Migration team (');
    expect(text).not.toContain('People: .');
  });
});

describe('the report for the management', () => {
  it('has the chapters of a decision, in their order, without sections below', () => {
    const report = executive(input);
    expect(report.sections.map(({ id }) => id)).toEqual([
      ...['summary', 'plan', 'savings', 'waves', 'risks', 'decisions', 'method'],
    ]);
    expect(report.sections.every(({ sections }) => sections.length === 0)).toBe(true);
    expect(report.figures).toEqual(reportFrom(input).figures);
  });

  it('says what the technical report says: savings line by line, every price that is missing', () => {
    const [short] = tables(chapter(executive(input), 'savings'));
    const [long] = tables(chapter(reportFrom(input), 'savings'));
    expect(short!.rows).toEqual(long!.rows.map((row) => row.slice(0, -1)));
    const missing = new Set(input.study.savings.omitted.map((one) => one.missing));
    expect(missing.size).toBeGreaterThan(3);
    const { blocks } = chapter(executive(input), 'savings');
    const listed = blocks.flatMap((block) => (block.kind === 'list' ? block.items : []));
    expect(listed).toHaveLength(missing.size);
    expect(paragraphs(chapter(executive(input), 'savings'))).toContain(
      `Nothing is guessed. What is left out needs ${missing.size} prices that nobody entered:`,
    );
  });

  it('gathers forty waves of one kind into a line, and loses no server and no risk', () => {
    const [wave] = input.waves.waves.filter(({ members }) => members.length > 0);
    const many: ReportInput = {
      ...input,
      waves: {
        ...input.waves,
        waves: Array.from({ length: 41 }, (_, at) => ({
          ...wave!,
          number: at,
          title: at === 0 ? 'Lab' : `Production, ${at} of 40`,
          starts: `2027-0${1 + Math.floor(at / 20)}-0${1 + (at % 9)}`,
          ends: `2027-0${1 + Math.floor(at / 20)}-1${at % 9}`,
        })),
      },
    };
    const waves = chapter(executive(many), 'waves');
    const [table] = tables(waves);
    expect(table!.rows.map(([title, count]) => [title, count])).toEqual([
      ['Lab', 1],
      ['Production', 40],
    ]);
    expect(sum(table!, 'servers')).toBe(41 * wave!.members.length);
    const [, production] = waves.blocks
      .filter(isChart)
      .flatMap(({ spec }) => (spec.kind === 'spans' ? spec.rows : []));
    expect(production!.spans[0]!.title).toBe('2027-01-01 to 2027-03-14');
    const [risks] = tables(chapter(executive(many), 'risks'));
    expect(Math.max(...risks!.rows.map((row) => Number(row.at(-1))))).toBe(41);
    expect(risks!.rows.length).toBeLessThanOrEqual(6);
  });

  it('shows the fullest of very many hosts, and says so', () => {
    const [host] = input.study.plan.hosts;
    const hosts = Array.from({ length: 300 }, (_, at) => ({ ...host!, name: `h-${at}`, servers: [] }));
    const crowded = { ...input, study: { ...input.study, plan: { ...input.study.plan, hosts } } };
    const plan = chapter(executive(crowded), 'plan');
    expect(
      plan.blocks.filter(isChart).map(({ spec }) => (spec.kind === 'bars' ? spec.bars.length : 0)),
    ).toEqual([24]);
    expect(paragraphs(plan)).toContain('The 24 fullest of 300 hosts; the technical report shows all.');
  });

  it('is a sentence for each chapter where nothing is known', async () => {
    const report = executive(await namedInput([]));
    expect(report.sections.map(({ id, lead }) => [id, lead])).toEqual([
      ['summary', 'No servers have been collected yet.'],
      ['plan', 'No server becomes a virtual machine in this plan.'],
      ['savings', 'Nothing can be reckoned yet.'],
      ['waves', expect.stringMatching(/^(Nothing moves|\d+ wave)/u)],
      ['risks', 'No risks of the moves were found.'],
      ['decisions', expect.stringMatching(/^(Nothing is open\.|\d+ decisions?)/u)],
      ['method', 'Nothing has been collected yet.'],
    ]);
  });
});
