/** How a server gets where its verdict says (SR-58). */
import { downtimes, hotPossible } from './gates/applications.ts';
import { isOpen, type Subject } from './gates/gate.ts';
import type { Assessment, Gate, Outcome } from './model/assessment.ts';

/** A tag by which people say that the application is quickly installed anew. */
const REINSTALL = /^(?:reinstall|rebuild)\b/iu;

export function methodOf(subject: Subject, gates: readonly Gate[], verdict: Outcome): Assessment['method'] {
  const { facts, usage, roles } = subject;
  if (verdict === 'already-virtual') return 'v2v';
  if (verdict === 'unknown') return 'stay';
  if (usage.class === 'zombie') return 'retire';
  if (verdict === 'keep-physical') return 'stay';
  // A cluster is set up beside it, and its application brings the data over.
  if (verdict === 'clustering' || roles.has('domain-controller')) return 'application';
  const noGuest = gates.some((gate) => gate.id === 'B1' && gate.unknown === undefined && isOpen(gate));
  if (noGuest || facts.annotations.tags?.some((tag) => REINSTALL.test(tag)) === true) return 'rebuild';
  const times = downtimes(subject);
  const allowed = facts.annotations.downtimeMinutes;
  // Cold is the safe one: hot where cold takes too long and the copy is consistent all the same.
  return times !== null && allowed !== undefined && times.cold > allowed && hotPossible(subject)
    ? 'p2v-hot'
    : 'p2v-cold';
}
