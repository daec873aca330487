/** Why: the reasons of a verdict, the sentence made of them, and what would change it, found by judging again. */
import { isOpen, listed, short, type Subject } from './gates/gate.ts';
import { VERDICT_TITLES, type Gate, type Outcome, type Reason } from './model/assessment.ts';
import { architectureOf } from './platforms.ts';
import { minStars } from './rules/gates.ts';
import type { Citation, Rule } from './rules/pack.ts';
import { clusterRoles, conditionsScore, goodScore, positives, wholeHost } from './rules/verdict.ts';
import { FIGURE_RULES, FIGURE_TITLES, figureText, SHARES, type FigureName, type ScorePart } from './score.ts';
import { judge, wholeHosts, type Decision, type Grounds } from './verdict.ts';

export type Cite = (rule: Rule<unknown>) => Citation;

const capital = (text: string): string => `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}`;
const sentence = (clause: string): string => `${capital(clause)}.`;

export function reasonsOf(subject: Subject, grounds: Grounds, decision: Decision, cite: Cite): Reason[] {
  const parts = decision.score.parts.map((part): Reason => ({
    // What takes nothing away speaks for the move; what is not known speaks for nothing.
    tone: part.value === null ? 'note' : part.fraction === 1 ? 'for' : 'against',
    text: sentence(part.clause),
    ...(part.value === null || part.bonus ? {} : { value: part.value }),
    rules: [cite(part.rule)],
    weight: part.fraction === 1 ? part.points : part.points - part.weight,
  }));
  const gates = grounds.gates.map((gate): Reason => ({
    tone: isOpen(gate) ? 'against' : 'note',
    text: `${gate.title} (${gate.id}${gate.met ? ', seen to' : ''}): ${gate.because}`,
    rules: gate.rules,
  }));
  const whole = wholeHosts(grounds.figures, subject.context.rules).map((name): Reason => ({
    tone: 'against',
    text: `The ${FIGURE_TITLES[name]} is ${figureText(name, grounds.figures[name]!)}, so it needs a host of its own.`,
    value: grounds.figures[name]!,
    rules: [cite(wholeHost)],
  }));
  // Against first, worst first; a stable order for equals.
  const rank = { against: 0, for: 1, note: 2 } as const;
  return [...whole, ...gates, ...parts]
    .map((reason, index) => ({ reason, index }))
    .sort(
      (a, b) =>
        rank[a.reason.tone] - rank[b.reason.tone] ||
        Math.abs(b.reason.weight ?? 100) - Math.abs(a.reason.weight ?? 100) ||
        a.index - b.index,
    )
    .map(({ reason }) => reason);
}

const join = (clauses: readonly string[]): string =>
  clauses.length < 2
    ? (clauses[0] ?? '')
    : `${clauses.slice(0, -1).join(', ')} and ${clauses[clauses.length - 1]!}`;

function strengths(parts: readonly ScorePart[], most: number): string[] {
  return parts
    .filter(({ fraction, value }) => fraction === 1 && value !== null)
    .map((part, index) => ({ part, index }))
    .sort((a, b) => b.part.points - a.part.points || a.index - b.index)
    .slice(0, most)
    .map(({ part }) => part.clause);
}

const weaknesses = (parts: readonly ScorePart[]): string[] =>
  parts
    .filter(({ fraction, value }) => fraction < 1 && value !== null)
    .map((part, index) => ({ part, index }))
    .sort((a, b) => a.part.points - a.part.weight - (b.part.points - b.part.weight) || a.index - b.index)
    .map(({ part }) => part.clause);

/** Open gates by their titles; what is not known by the parts that were not seen. */
export function conditionsOf(gates: readonly Gate[]): string[] {
  const open = gates.filter(isOpen);
  const unseen = [...new Set(open.flatMap(({ unknown }) => (unknown === undefined ? [] : [unknown])))];
  return [
    ...open.filter(({ unknown }) => unknown === undefined).map(({ id, because }) => `${id}: ${because}`),
    ...(unseen.length === 0 ? [] : [`Not known yet: ${join(unseen)}.`]),
  ];
}

/** As a person counts them: each gate, and each part that was not seen. */
const conditionCount = (gates: readonly Gate[]): number =>
  new Set(gates.filter(isOpen).map(({ id, unknown }) => unknown ?? id)).size;

/** The verdict in a sentence or a few. */
export function becauseOf(subject: Subject, grounds: Grounds, decision: Decision): string {
  const { outcome, score } = decision;
  const title = VERDICT_TITLES[outcome];
  const book = subject.context.rules;
  const good = strengths(score.parts, book.value(positives));
  const bad = weaknesses(score.parts);
  const against = bad.length === 0 ? '' : ` Points were lost because ${join(bad)}.`;
  const usage = ['idle', 'zombie'].includes(subject.usage.class) ? `${subject.usage.text} ` : '';
  switch (outcome) {
    case 'unknown':
      return `${usage}${title}, because ${join(grounds.missing)} ${grounds.missing.length > 1 || /s$/u.test(grounds.missing[0]!) ? 'are' : 'is'} not known.`;
    case 'already-virtual':
      return `${usage}${title}: it runs on ${grounds.virtual === '' ? 'a hypervisor' : short(grounds.virtual!)}, and is moved from platform to platform.`;
    case 'clustering':
      return `${usage}${title}, because its input and output are ${grounds.io!}, it is a ${join(grounds.clusterRoles)} server, and its application clusters by itself.${against}`;
    case 'os-virtualization': {
      const kind = architectureOf('os');
      return `${usage}${title}, because it is one of ${grounds.osGroup!.members.length} servers with the same system and role, and they need one operating system instead of ${grounds.osGroup!.members.length}.${good.length === 0 ? '' : ` Besides, ${join(good)}.`} Isolation is that of processes. ${kind.patching}${against}`;
    }
    case 'keep-physical': {
      const blockers = grounds.gates.filter(
        (gate) => isOpen(gate) && gate.severity === 'blocker' && !gate.fixable,
      );
      const whole = wholeHosts(grounds.figures, book);
      const why = [
        ...whole.map(
          (name) =>
            `the ${FIGURE_TITLES[name]} is ${figureText(name, grounds.figures[name]!)}, where more than ${figureText(name, book.value(wholeHost))} asks for a host of its own`,
        ),
        ...blockers.map(({ id, title: what }) => `of a blocker (${id}: ${what})`),
      ];
      const facts = blockers.map(({ because }) => ` ${because}`).join('');
      if (why.length > 0) return `${usage}${title}, because ${join(why)}.${facts}`;
      return `${usage}${title}, because its score is ${score.total} of 100, where ${book.value(conditionsScore)} are needed.${against}${conditionsText(grounds.gates)}`;
    }
    case 'good-candidate':
      return `${usage}${title}, because ${good.length === 0 ? `its score is ${score.total} of 100` : join(good)}.${against}`;
    case 'candidate-with-conditions': {
      const open = grounds.gates.some(isOpen);
      const why = open
        ? conditionsText(grounds.gates)
        : ` Its score is ${score.total} of 100, where a good candidate has ${book.value(goodScore)}.`;
      return `${usage}${title}${good.length === 0 ? `, because its score is ${score.total} of 100` : `, because ${join(good)}`}.${against}${why}`;
    }
  }
}

const conditionsText = (gates: readonly Gate[]): string => {
  const conditions = conditionsOf(gates);
  return conditions.length === 0 ? '' : ` Conditions: ${conditions.join(' ')}`;
};

/** One thing that could be otherwise. */
interface WhatIf {
  text: string;
  grounds: Grounds;
  /** It would be worse than it is: of interest to those that are well. */
  worse?: true;
}

/**
 * What would lead to another verdict: each open gate seen to, each figure at its limit, the question of clustering
 * answered; where nothing alone suffices, all conditions together.
 */
export function changesOf(subject: Subject, grounds: Grounds, decision: Decision): string[] {
  const { outcome } = decision;
  if (outcome === 'unknown')
    return grounds.missing.map(
      (part) => `Once ${part} ${/s$/u.test(part) ? 'are' : 'is'} known, it can be judged.`,
    );
  if (outcome === 'already-virtual') return [];
  const singles = whatIfs(subject, grounds).filter(
    ({ grounds: other, worse }) =>
      (worse === undefined || outcome === 'good-candidate') && judge(subject, other).outcome !== outcome,
  );
  const chosen = singles.length > 0 ? singles : together(subject, grounds, outcome);
  return chosen.map(
    ({ text, grounds: other }) =>
      `${text}, the verdict would be "${VERDICT_TITLES[judge(subject, other).outcome]}".`,
  );
}

const lifted = (grounds: Grounds, which: (gate: Gate) => boolean, stars: number): Grounds => ({
  ...grounds,
  gates: grounds.gates.filter((gate) => !which(gate)),
  // Confidence is a gate and a number.
  stars: grounds.gates.some((gate) => gate.id === 'W15' && which(gate))
    ? Math.max(stars, grounds.stars)
    : grounds.stars,
});

function whatIfs(subject: Subject, grounds: Grounds): WhatIf[] {
  const book = subject.context.rules;
  const stars = book.value(minStars);
  const open = grounds.gates.filter(isOpen);
  const unseen = [...new Set(open.flatMap(({ unknown }) => (unknown === undefined ? [] : [unknown])))];
  return [
    ...open
      .filter(({ unknown }) => unknown === undefined)
      .map(({ id, title }) => ({
        text: `With "${title}" (${id}) out of the way`,
        grounds: lifted(grounds, (gate) => gate.id === id, stars),
      })),
    ...unseen.map((what) => ({
      text: `Once the ${what} is seen and harmless`,
      grounds: lifted(grounds, (gate) => gate.unknown === what, stars),
    })),
    ...(Object.keys(FIGURE_RULES) as FigureName[]).flatMap((name) => atItsLimits(subject, grounds, name)),
    ...(grounds.cluster === 'native' || grounds.clusterRoles.length === 0
      ? []
      : [
          {
            text: `If its application (${listed(grounds.clusterRoles)}) can be clustered by itself`,
            grounds: { ...grounds, cluster: 'native' as const },
          },
        ]),
  ];
}

/** The figure where it costs nothing, and where it is too much. */
function atItsLimits(subject: Subject, grounds: Grounds, name: FigureName): WhatIf[] {
  const value = grounds.figures[name];
  const book = subject.context.rules;
  const { green, red } = book.value(FIGURE_RULES[name]);
  const at = (limit: number, text: string): WhatIf => ({
    text,
    grounds: { ...grounds, figures: { ...grounds.figures, [name]: limit } },
  });
  const now = value === null ? 'not known' : `now ${figureText(name, value)}`;
  const down =
    value === null || value > green
      ? [at(green, `With the ${FIGURE_TITLES[name]} at ${figureText(name, green)} (${now})`)]
      : [];
  const most = book.value(wholeHost);
  const up =
    value !== null && value < red
      ? [at(red, `Should the ${FIGURE_TITLES[name]} grow to ${figureText(name, red)} (${now})`)]
      : [];
  const whole =
    SHARES.some((share) => share === name) && value !== null && value <= most
      ? // A hair above, for at the limit itself it still shares a host.
        [at(most * 1.001, `Should the ${FIGURE_TITLES[name]} grow beyond ${figureText(name, most)} (${now})`)]
      : [];
  return [...down, ...[...up, ...whole].map((one) => ({ ...one, worse: true as const }))];
}

/** All that can be seen to at once; where that is not enough, the figures with it. */
function together(subject: Subject, grounds: Grounds, outcome: Outcome): WhatIf[] {
  const stars = subject.context.rules.value(minStars);
  const all: WhatIf = {
    text: `With ${conditionCount(grounds.gates) === 2 ? 'both' : `all ${conditionCount(grounds.gates)}`} conditions seen to`,
    grounds: lifted(grounds, isOpen, stars),
  };
  const green = Object.fromEntries(
    (Object.keys(FIGURE_RULES) as FigureName[]).map((name) => {
      const limit = subject.context.rules.value(FIGURE_RULES[name]).green;
      return [name, Math.min(limit, grounds.figures[name] ?? limit)];
    }),
  ) as unknown as Grounds['figures'];
  const besides: WhatIf = {
    text: 'With all conditions seen to and all loads at their lower limits',
    grounds: { ...all.grounds, figures: green },
  };
  return [all, besides].filter(({ grounds: other }) => judge(subject, other).outcome !== outcome).slice(0, 1);
}

/** Notes that no score and no gate holds: the rule of thumb on building anew, the answer that is asked for. */
export function notesOf(
  subject: Subject,
  grounds: Grounds,
  few: number,
  cite: Cite,
  fewRule: Rule<unknown>,
): Reason[] {
  return [
    ...(subject.estate.size <= few
      ? [
          {
            tone: 'note' as const,
            text: `With ${subject.estate.size} servers in all, building them anew and restoring the data is an option too.`,
            rules: [cite(fewRule)],
          },
        ]
      : []),
    ...(grounds.cluster === 'unknown' && grounds.clusterRoles.length > 0
      ? [
          {
            tone: 'note' as const,
            text: `Whether its application (${listed(grounds.clusterRoles)}) can be clustered is not known: ask its maker.`,
            rules: [cite(clusterRoles)],
          },
        ]
      : []),
  ];
}
