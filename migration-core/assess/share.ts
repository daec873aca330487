/**
 * What is said of many servers in the same words is kept once: an assessment is 20 KB of sentences, most of which thousands
 * of servers have in common, and shared it is a third of that. Nobody changes a reason or a gate once it is made.
 */
import type { Assessment, Gate, Reason } from './model/assessment.ts';
import type { SizedServer } from './model/sized.ts';

/** Of one estate; forgotten with it. */
export class SharedParts {
  readonly #texts = new Map<string, string>();
  readonly #reasons = new Map<string, Reason>();
  readonly #gates = new Map<string, Gate>();

  /** Equal to `assessment`, with parts of those that came before it. */
  of(assessment: Assessment): Assessment {
    return {
      ...assessment,
      because: this.#text(assessment.because),
      gates: assessment.gates.map(this.#gate),
      reasons: assessment.reasons.map(this.#reason),
      changes: assessment.changes.map(this.#text),
    };
  }

  /** Before all others are sized: what waits for its turn is kept. */
  ofSized(sized: SizedServer | null): SizedServer | null {
    return sized === null ? null : { ...sized, reasons: sized.reasons.map(this.#reason) };
  }

  readonly #text = (text: string): string => {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    this.#texts.set(text, text);
    return text;
  };

  readonly #reason = (reason: Reason): Reason => keptOnce(this.#reasons, reason.text, reason);

  readonly #gate = (gate: Gate): Gate => keptOnce(this.#gates, `${gate.id} ${gate.because}`, gate);
}

/** One that only looks alike stays itself. */
function keptOnce<T extends object>(known: Map<string, T>, word: string, part: T): T {
  const first = known.get(word);
  if (first === undefined) known.set(word, part);
  return first !== undefined && isSame(first, part) ? first : part;
}

/** Of objects of plain values and lists of such; what is inside of lists is compared by identity. */
function isSame(a: object, b: object): boolean {
  const own: [string, unknown][] = Object.entries(a);
  const other: [string, unknown][] = Object.entries(b);
  return (
    own.length === other.length &&
    own.every(([key, value], at) => key === other[at]![0] && isSameValue(value, other[at]![1]))
  );
}

function isSameValue(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return Object.is(a, b);
  return a.length === b.length && a.every((one, at) => Object.is(one, b[at]));
}
