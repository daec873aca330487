/** Rule packs of nonsense: each value of every rule, and each part of it, replaced by what it must not be. */
import { describe, expect, it } from 'vitest';
import { isIronliftError } from '../../../migration-core/base/errors.ts';
import { shippedRulePacks, type RulePack } from '../../../migration-core/assess/rules/pack.ts';
import { keep } from '../../../migration-core/collect/keep.ts';
import { readCast } from '../../../migration-core/collect/sample/cast.ts';
import { sampleEstate } from '../../../migration-core/collect/sample/make.ts';
import { parseScenario } from '../../../migration-core/plan/model/scenario.ts';
import { ALL_RULES, checkedRuleBook } from '../../../migration-core/plan/rules/table.ts';
import { assessStudy, planStudy, reassess, wavesInputOf } from '../../../migration-core/plan/study.ts';
import { planWaves } from '../../../migration-core/plan/waves/plan-waves.ts';
import { seeded } from '../../support/tools.ts';
import { newFile, now } from '../store/support.ts';

const CASES = Number(process.env['IRONLIFT_FUZZ_CASES'] ?? 50);
const SHIPPED = shippedRulePacks();
const MODERN = SHIPPED.get('modern')!;

/** One of each type, and numbers that no rule means. */
const NONSENSE: readonly unknown[] = [
  null,
  true,
  'nonsense',
  '',
  '__proto__',
  [],
  [null],
  ['nonsense'],
  [[1]],
  {},
  { nonsense: 1 },
  -1,
  -1e300,
  1e300,
  1e-300,
  0,
  0.5,
  2 ** 53,
];

/** The value with one part of it replaced, for the whole and each part. */
function* broken(value: unknown): Generator {
  yield* NONSENSE;
  if (Array.isArray(value))
    for (const [at, part] of value.slice(0, 3).entries())
      for (const other of broken(part)) yield value.with(at, other);
  else if (typeof value === 'object' && value !== null)
    for (const [key, part] of Object.entries(value))
      for (const other of broken(part)) yield { ...value, [key]: other };
}

const packWith = (id: string, value: unknown): ReadonlyMap<string, RulePack> =>
  new Map([
    ...SHIPPED,
    [
      'mine',
      {
        ...{ id: 'mine', title: '', version: 1, date: '2026-01-01', about: '', extends: 'modern' },
        rules: { [id]: { value, source: 'nonsense' } },
      },
    ],
  ]);

const MUTATIONS = ALL_RULES.flatMap((rule) =>
  [...broken(MODERN.rules[rule.id]!.value)].map((value) => ({ rule, value })),
);

describe('rule packs of nonsense', () => {
  it('are refused when they are loaded, with rule and pack, whatever the nonsense is', () => {
    expect(MUTATIONS.length).toBeGreaterThan(5000);
    let refused = 0;
    for (const { rule, value } of MUTATIONS) {
      if (rule.schema.safeParse(value).success) continue;
      refused++;
      let error: unknown;
      try {
        checkedRuleBook('mine', packWith(rule.id, value));
      } catch (caught) {
        error = caught;
      }
      if (!isIronliftError(error)) throw new Error(`${rule.id} = ${JSON.stringify(value)}: ${String(error)}`);
      expect(error.code).toBe('RULE_PACK_INVALID');
      expect(error.message).toContain(`Rule ${rule.id} of the rule pack mine is not what it must be`);
    }
    expect(refused / MUTATIONS.length).toBeGreaterThan(0.6);
  });

  it(`are answered to the end where they are loaded, in ${CASES} studies`, async () => {
    const file = await newFile(60);
    const cast = readCast();
    const servers = cast.servers.filter(({ name }) => ['hr-01', 'fax-01', 'dc-01'].includes(name));
    const signal = new AbortController().signal;
    const how = { collector: 'sample', source: 'invented', digest: null };
    await keep(sampleEstate({ ...cast, servers }, signal), file, how, { now, signal });
    const scenario = parseScenario({
      ...{ name: 'test', effort: 'quick', rulePack: 'mine', calendar: { start: '2026-12-01' } },
      prices: { kilowattHour: 0.2, host: 10_000 },
    });
    const options = { now: now(), packs: SHIPPED };
    const study = await assessStudy(file, { ...scenario, rulePack: 'modern' }, options);
    const accepted = MUTATIONS.filter(({ rule, value }) => rule.schema.safeParse(value).success);
    const random = seeded(1);
    for (let at = 0; at < Math.min(CASES, accepted.length); at++) {
      const { rule, value } =
        CASES < accepted.length ? accepted[Math.floor(random() * accepted.length)]! : accepted[at]!;
      const told = { now: now(), packs: packWith(rule.id, value) };
      try {
        const planned = planStudy(reassess(study, scenario, told), told);
        const waves = planWaves(wavesInputOf(planned, told));
        const names = [
          ...planned.plan.hosts.flatMap((host) => host.servers),
          ...planned.plan.unplaced,
          ...planned.plan.elsewhere,
        ];
        expect(names).toHaveLength(3);
        expect(JSON.stringify([planned.estate.assessments, planned.plan, waves])).not.toMatch(
          /NaN|undefined|Infinity/u,
        );
      } catch (error) {
        throw new Error(`${rule.id} = ${JSON.stringify(value)}: ${String(error)}`, { cause: error });
      }
    }
  });
});
