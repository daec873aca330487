/**
 * The verdict: a list of questions in a fixed order (assessment model, section 10), of which the first that is answered
 * with yes decides. `judge` works on plain grounds, so that "what would change this" is asked by judging other grounds.
 */
import { isOpen, type Subject } from './gates/gate.ts';
import type { Gate, Outcome } from './model/assessment.ts';
import type { SimilarityGroup } from './model/groups.ts';
import type { IoClass } from './model/sized.ts';
import { clusterSupport, type ClusterSupport } from './roles.ts';
import { highIo, minStars } from './rules/gates.ts';
import type { Rule, RuleBook } from './rules/pack.ts';
import * as rules from './rules/verdict.ts';
import { scoreOf, SHARES, type Figures, type Score } from './score.ts';

/** All that the verdict depends on. */
export interface Grounds {
  /** Parts of the least inventory that are missing, in words. */
  missing: string[];
  /** What it runs on already; null: on nothing. */
  virtual: string | null;
  gates: readonly Gate[];
  figures: Figures;
  io: IoClass | null;
  /** Of the roles that are clustered, those it has. */
  clusterRoles: string[];
  cluster: ClusterSupport;
  osGroup: SimilarityGroup | null;
  stars: number;
}

export interface Decision {
  outcome: Outcome;
  score: Score;
  /** What the step that decided was held against. */
  rules: readonly Rule<unknown>[];
}

interface Held extends Grounds {
  score: Score;
  book: RuleBook;
}
interface Step {
  outcome: Outcome;
  rules: readonly Rule<unknown>[];
  when: (held: Held) => boolean;
}

/** Shares of a host above which it needs one of its own. */
export const wholeHosts = (figures: Figures, book: RuleBook): (typeof SHARES)[number][] =>
  SHARES.filter((name) => (figures[name] ?? 0) > book.value(rules.wholeHost));

export const isUnfixable = (gate: Gate): boolean =>
  isOpen(gate) && gate.severity === 'blocker' && !gate.fixable;

/** First hit wins. */
const STEPS: readonly Step[] = [
  { outcome: 'unknown', rules: [rules.minimumInventory], when: ({ missing }) => missing.length > 0 },
  { outcome: 'already-virtual', rules: [], when: ({ virtual }) => virtual !== null },
  {
    outcome: 'clustering',
    rules: [highIo, rules.clusterRoles, rules.clusterSupports],
    when: ({ io, clusterRoles, cluster, book }) =>
      io !== null &&
      book.value(highIo).includes(io) &&
      clusterRoles.length > 0 &&
      book.value(rules.clusterSupports).some((one) => one === cluster),
  },
  {
    outcome: 'keep-physical',
    rules: [rules.wholeHost],
    when: ({ gates, figures, book }) => gates.some(isUnfixable) || wholeHosts(figures, book).length > 0,
  },
  {
    outcome: 'os-virtualization',
    rules: [rules.osScore],
    // A blocker that can be seen to (a key, a licence) stands in the way of this move as of any other.
    when: ({ osGroup, score, gates, book }) =>
      osGroup !== null &&
      score.total >= book.value(rules.osScore) &&
      !gates.some((gate) => isOpen(gate) && gate.severity === 'blocker'),
  },
  {
    outcome: 'good-candidate',
    rules: [rules.goodScore, minStars],
    when: ({ gates, score, stars, book }) =>
      score.total >= book.value(rules.goodScore) && stars >= book.value(minStars) && !gates.some(isOpen),
  },
  {
    outcome: 'candidate-with-conditions',
    rules: [rules.conditionsScore],
    when: ({ score, book }) => score.total >= book.value(rules.conditionsScore),
  },
  { outcome: 'keep-physical', rules: [rules.conditionsScore], when: () => true },
];

/** @param except an outcome that does not count, to find the second best */
export function judge(subject: Subject, grounds: Grounds, except?: Outcome): Decision {
  const book = subject.context.rules;
  const score = scoreOf(subject, grounds.figures, grounds.gates);
  const held: Held = { ...grounds, score, book };
  const step = STEPS.find(({ outcome, when }) => outcome !== except && when(held));
  return { outcome: step?.outcome ?? 'keep-physical', score, rules: step?.rules ?? [] };
}

const MINIMUM_TITLES = {
  operatingSystem: 'the operating system',
  processors: 'the processors',
  memoryBytes: 'the memory',
  disks: 'the disks',
} as const;

export function groundsOf(subject: Subject, gates: readonly Gate[], figures: Figures): Grounds {
  const { facts, sized, roles, context, groups, confidence } = subject;
  const { inventory } = facts;
  const missing = context.rules
    .value(rules.minimumInventory)
    .filter((part) => {
      if (part === 'disks') return (inventory?.disks ?? inventory?.volumes ?? []).length === 0;
      if (part === 'processors') return (inventory?.processors ?? []).length === 0;
      return inventory?.[part] === undefined;
    })
    .map((part) => MINIMUM_TITLES[part]);
  const among = context.rules.value(rules.clusterRoles);
  return {
    // A machine that is virtual already needs no size to be sent on its way.
    missing:
      missing.length === 0 && sized === null && inventory?.virtual === undefined
        ? ['what it is made of or uses, so that it can be sized']
        : missing,
    virtual: inventory?.virtual ?? null,
    gates,
    figures,
    io: sized?.io.class ?? null,
    clusterRoles: among.filter((role) => roles.has(role)),
    cluster: clusterSupport(roles, facts.annotations, among).support,
    osGroup: groups.find(({ kind }) => kind === 'os-virtualization') ?? null,
    stars: confidence.stars,
  };
}

/** What else could be done with it, where that is worth a word. */
export function secondBest(subject: Subject, grounds: Grounds, ruled: Outcome): Outcome | null {
  switch (ruled) {
    case 'unknown':
    case 'already-virtual':
    case 'good-candidate':
      return null;
    case 'keep-physical': {
      // For those who want it highly available where it stands (SR-50).
      const clusters = grounds.cluster === 'native' || grounds.cluster === 'os-cluster';
      if (clusters && grounds.clusterRoles.length > 0) return 'clustering';
      // What the score alone would allow is no advice against a blocker.
      return null;
    }
    default: {
      const { outcome } = judge(subject, grounds, ruled);
      // To keep it is what is left when nothing else is: no advice.
      return outcome === ruled || outcome === 'keep-physical' ? null : outcome;
    }
  }
}
