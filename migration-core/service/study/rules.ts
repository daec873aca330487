/** Rule packs as a screen shows them, and the customer's own one checked. */
import { ruleBook, type RulePack } from '../../assess/rules/pack.ts';
import { IronliftError } from '../../base/errors.ts';
import { z } from 'zod';
import type { Output, ParsedInput } from '../../contract/contract.ts';
import { ALL_RULES } from '../../plan/all-rules.ts';
import type { AssessedStudy } from '../../plan/study.ts';

/** @param study whose verdicts are counted; null: none. @throws RULE_PACK_INVALID */
export function ruleList(
  id: string,
  packs: ReadonlyMap<string, RulePack>,
  own: ReadonlySet<string>,
  study: AssessedStudy | null,
): Output<'rules.list'> {
  const book = ruleBook(id, packs);
  const { pack } = book;
  const below =
    own.has(id) && pack.extends !== undefined
      ? new Map(
          ruleBook(pack.extends, packs)
            .all()
            .map(({ rule, value }) => [rule, value]),
        )
      : null;
  const used = new Map<string, number>();
  for (const { gates, reasons, parts, sized } of study?.estate.assessments ?? []) {
    const cited = [...reasons, ...gates, ...parts, ...(sized?.reasons ?? [])].flatMap(({ rules }) => rules);
    for (const rule of new Set(cited.map((one) => one.rule))) used.set(rule, (used.get(rule) ?? 0) + 1);
  }
  return {
    pack: id,
    title: pack.title,
    version: pack.version,
    date: pack.date,
    own: own.has(id),
    extends: pack.extends ?? null,
    rules: book.all().map(({ rule, value, source, pack: from }) => {
      const entry = packs.get(from)!.rules[rule];
      const shipped = below === null ? value : below.get(rule);
      return {
        rule,
        title: ALL_RULES.get(rule)?.title ?? rule,
        unit: ALL_RULES.get(rule)?.unit ?? '',
        value,
        shipped,
        changed: JSON.stringify(value) !== JSON.stringify(shipped),
        source,
        note: entry?.note ?? null,
        validFor: entry?.validFor ?? null,
        pack: from,
        used: used.get(rule) ?? 0,
      };
    }),
  };
}

/**
 * A pack that is complete, whose every number is of its kind, and that does not hide one that came with the program.
 * @throws RULE_PACK_INVALID
 */
export function ownRulePack(
  { id, title, about, extends: base, rules }: ParsedInput<'rules.save'>['pack'],
  packs: ReadonlyMap<string, RulePack>,
  own: ReadonlySet<string>,
  now: number,
): { pack: RulePack; packs: Map<string, RulePack> } {
  const former = packs.get(id);
  if (former !== undefined && !own.has(id))
    throw invalid(
      `${id} is a rule pack that came with the program and stays as it is.`,
      'Give your own pack another name; it may extend this one.',
    );
  const pack: RulePack = {
    id,
    title,
    version: (former?.version ?? 0) + 1,
    date: new Date(now).toISOString().slice(0, 10),
    about,
    extends: base,
    rules: Object.fromEntries(
      Object.entries(rules).map(([rule, { value, source, note }]) => [
        rule,
        { value, source, ...(note === undefined ? {} : { note }) },
      ]),
    ),
  };
  const all = new Map(packs).set(id, pack);
  checkPack(id, all);
  return { pack, packs: all };
}

/** Every number of the pack and of those it extends is of its kind. @throws RULE_PACK_INVALID */
export function checkPack(id: string, packs: ReadonlyMap<string, RulePack>): void {
  for (const { rule, value } of ruleBook(id, packs).all()) {
    const known = ALL_RULES.get(rule);
    if (known === undefined) continue;
    const parsed = known.schema.safeParse(value);
    if (!parsed.success)
      throw invalid(
        `"${known.title}" (${rule}) cannot be that: ${z.prettifyError(parsed.error)}.`,
        'Give it a value of the same kind as before.',
      );
  }
}

const invalid = (message: string, next: string): IronliftError =>
  new IronliftError('RULE_PACK_INVALID', message, { next });
