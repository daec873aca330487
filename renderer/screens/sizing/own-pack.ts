/** The customer's own rule pack with one more number of its own, or one less. */
import type { Input, Output } from '../../state/types.ts';
import { without } from '../../state/without.ts';
import { sizing as words } from '../../text/sizing.ts';

type List = Output<'rules.list'>;
export type OwnPack = Input<'rules.save'>['pack'];

/** Of a pack that came with the program a pack of the customer is made, which extends it. */
export function withOwnValue(
  list: List,
  rule: string,
  own: { value: unknown; source: string } | null,
): OwnPack {
  const base: OwnPack =
    list.own && list.extends !== null
      ? {
          id: list.pack,
          title: list.title,
          extends: list.extends,
          rules: Object.fromEntries(
            list.rules
              .filter(({ pack }) => pack === list.pack)
              .map(({ rule: id, value, source, note }) => [
                id,
                { value, source, ...(note === null ? {} : { note }) },
              ]),
          ),
        }
      : { id: `customer-${list.pack}`.slice(0, 40), title: words.ownTitle, extends: list.pack, rules: {} };
  const others = without(base.rules, rule);
  return { ...base, rules: own === null ? others : { ...others, [rule]: own } };
}

/** What was typed: a number, a text, or JSON, of the kind that the rule has; undefined: neither. */
export function readValue(typed: string, before: unknown): unknown {
  const text = typed.trim();
  if (text === '') return undefined;
  if (typeof before === 'string') return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
