/**
 * Rule packs: the numbers of the assessment as data (resources/rules/*.json). A pack says of each number where it comes
 * from; one that extends another needs to hold only what differs. Code names a number by a `Rule` and never holds one.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { IronliftError } from '../../base/errors.ts';

const rulePack = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]{1,40}$/u),
  title: z.string(),
  version: z.number().int().positive(),
  /** ISO date of the last change. */
  date: z.string().regex(/^\d{4}-\d\d-\d\d$/u),
  about: z.string(),
  extends: z.string().optional(),
  rules: z.record(
    z.string(),
    z.strictObject({
      value: z.unknown(),
      /** Where the number comes from. */
      source: z.string().min(3),
      /** For which architecture or era. */
      validFor: z.string().optional(),
      note: z.string().optional(),
    }),
  ),
});
export type RulePack = z.infer<typeof rulePack>;

/** A number of a pack, as code knows it. */
export interface Rule<T> {
  id: string;
  /** Plain words, for a list of all rules. */
  title: string;
  /** `%`, `IOPS`, `bytes/s` ...; '' for none. */
  unit: string;
  schema: z.ZodType<T>;
}

export const rule = <T>(id: string, title: string, unit: string, schema: z.ZodType<T>): Rule<T> => ({
  id,
  title,
  unit,
  schema,
});
/** Beyond these, sums and quotients are no longer what they seem; nothing that is measured comes near. */
const LEAST = 1e-9;
const MOST = 1e15;
/** The commonest kind. No number of the assessment is below nothing. */
export const numberRule = (id: string, title: string, unit: string): Rule<number> =>
  rule(id, title, unit, z.number().nonnegative().max(MOST));
/** One that something is divided by. */
export const positiveRule = (id: string, title: string, unit: string): Rule<number> =>
  rule(id, title, unit, z.number().min(LEAST).max(MOST));

/** What a sentence of a verdict rests on. */
export interface Citation {
  rule: string;
  title: string;
  unit: string;
  value: unknown;
  source: string;
  pack: string;
}

/** A pack together with those it extends. */
export class RuleBook {
  /** The pack that was asked for. */
  readonly pack: RulePack;
  readonly #packs: readonly RulePack[];
  readonly #values = new Map<Rule<unknown>, unknown>();
  /** Made once: they are cited of every server. */
  readonly #citations = new Map<Rule<unknown>, Citation>();

  /** @param packs the one asked for first, then what it extends */
  constructor(packs: readonly [RulePack, ...RulePack[]]) {
    this.pack = packs[0];
    this.#packs = packs;
  }

  /** Id and version of all packs in it: what a stored result was computed with. */
  get version(): string {
    return this.#packs.map(({ id, version }) => `${id}@${version}`).join('+');
  }

  /** @throws RULE_PACK_INVALID where no pack has the number, or it is of the wrong kind */
  value<T>(wanted: Rule<T>): T {
    if (this.#values.has(wanted)) return this.#values.get(wanted) as T;
    const { entry, pack } = this.#find(wanted.id);
    const parsed = wanted.schema.safeParse(entry.value);
    if (!parsed.success)
      throw invalid(
        `Rule ${wanted.id} of the rule pack ${pack.id} is not what it must be: ${z.prettifyError(parsed.error)}`,
      );
    this.#values.set(wanted, parsed.data);
    return parsed.data;
  }

  /**
   * Looks at the value of every rule there is, and that the packs hold no other.
   * @throws RULE_PACK_INVALID for the first that is missing, not what it must be, or asked for by nothing
   */
  check(declared: readonly Rule<unknown>[]): void {
    const known = new Set(declared.map(({ id }) => id));
    for (const pack of this.#packs) {
      const unheard = Object.keys(pack.rules).find((id) => !known.has(id));
      if (unheard !== undefined)
        throw invalid(`The rule pack ${pack.id} has a rule ${unheard}, which nothing asks for.`);
    }
    for (const wanted of declared) this.value(wanted);
  }

  cite(wanted: Rule<unknown>): Citation {
    const known = this.#citations.get(wanted);
    if (known !== undefined) return known;
    const { entry, pack } = this.#find(wanted.id);
    const { id, title, unit } = wanted;
    const value = this.value(wanted);
    const citation = { rule: id, title, unit, value, source: entry.source, pack: pack.id };
    this.#citations.set(wanted, citation);
    return citation;
  }

  /** All numbers that count, by id: what the pack has, and what it takes over from those it extends. */
  all(): { rule: string; value: unknown; source: string; pack: string }[] {
    const ids = new Set(this.#packs.flatMap(({ rules }) => Object.keys(rules)));
    return [...ids].sort().map((id) => {
      const { entry, pack } = this.#find(id);
      return { rule: id, value: entry.value, source: entry.source, pack: pack.id };
    });
  }

  #find(id: string): { entry: RulePack['rules'][string]; pack: RulePack } {
    for (const pack of this.#packs) {
      // Not a bare lookup: `constructor` is no rule.
      if (Object.hasOwn(pack.rules, id)) return { entry: pack.rules[id]!, pack };
    }
    throw invalid(`The rule pack ${this.pack.id} has no rule ${id}.`);
  }
}

/** @throws RULE_PACK_INVALID */
export function parseRulePack(text: string, from: string): RulePack {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw invalid(`The rule pack ${from} is not JSON.`);
  }
  const parsed = rulePack.safeParse(json);
  if (!parsed.success) throw invalid(`The rule pack ${from} is not valid: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

const SHIPPED = fileURLToPath(new URL('../../../resources/rules/', import.meta.url));

/** All packs that came with the program, by id. */
export function shippedRulePacks(): Map<string, RulePack> {
  const packs = readdirSync(SHIPPED)
    .filter((name) => name.endsWith('.json'))
    .map((name) => parseRulePack(readFileSync(join(SHIPPED, name), 'utf8'), name));
  return new Map(packs.map((pack) => [pack.id, pack]));
}

/** @throws RULE_PACK_INVALID for a name that is not there, and for packs that extend each other in a circle */
export function ruleBook(id: string, packs: ReadonlyMap<string, RulePack> = shippedRulePacks()): RuleBook {
  const chain: RulePack[] = [];
  for (let next: string | undefined = id; next !== undefined;) {
    const pack = packs.get(next);
    if (pack === undefined)
      throw invalid(`There is no rule pack ${next}; there are ${[...packs.keys()].sort().join(', ')}.`);
    if (chain.includes(pack)) throw invalid(`The rule pack ${id} extends itself.`);
    chain.push(pack);
    next = pack.extends;
  }
  // A rule that none of the packs below knows is a slip of the pen, and would change nothing without a word.
  for (const [at, pack] of chain.entries()) {
    const below = chain.slice(at + 1);
    const unheard = Object.keys(pack.rules).find(
      (one) => !below.some(({ rules }) => Object.hasOwn(rules, one)),
    );
    if (below.length > 0 && unheard !== undefined)
      throw invalid(`The rule pack ${pack.id} has a rule ${unheard}, which nothing asks for.`);
  }
  return new RuleBook(chain as [RulePack, ...RulePack[]]);
}

const invalid = (message: string): IronliftError =>
  new IronliftError('RULE_PACK_INVALID', message, {
    next: 'Choose one of the rule packs that came with the program, or mend this one.',
  });
