/** What a gate is: one question to a server, answered with what was found, with "not known", or with nothing. */
import { formatBytes, listed as listedWhole } from '../../base/text.ts';
import type { ServerInventory } from '../../store/model/inventory.ts';
import type { Confidence, Gate } from '../model/assessment.ts';
import type { AssessmentContext } from '../model/context.ts';
import type { ServerFacts } from '../model/facts.ts';
import type { SimilarityGroup } from '../model/groups.ts';
import type { SizedServer } from '../model/sized.ts';
import type { KnownRelease } from '../operating-systems.ts';
import type { Roles } from '../roles.ts';
import type { Citation, Rule } from '../rules/pack.ts';
import type { UsageClass } from '../usage.ts';

/** What of the other servers a gate may look at. */
export interface EstateView {
  size: number;
  /** Who sees a disk, by its world wide name or LUN: the first names, and how many. What only one sees is left away. */
  sharedDisks: ReadonlyMap<string, { names: readonly string[]; count: number }>;
}

/** A server with all that was worked out of it before it is judged. */
export interface Subject {
  facts: ServerFacts;
  sized: SizedServer | null;
  confidence: Confidence;
  roles: Roles;
  release: KnownRelease | null;
  usage: { class: UsageClass; text: string };
  groups: readonly SimilarityGroup[];
  context: AssessmentContext;
  estate: EstateView;
}

export interface Found {
  /** One sentence with the value. */
  because: string;
  /** One sentence. */
  fix: string;
  evidence?: string[];
  /** Of a blocker: whether seeing to it opens the gate. Warnings always can be seen to. */
  fixable?: boolean;
  /** Where it is less grave than usual. */
  severity?: 'warning' | 'info';
  unknown?: string;
}

export interface GateRule {
  id: string;
  severity: Gate['severity'];
  title: string;
  /** What the answer is held against. */
  rules: readonly Rule<unknown>[];
  find(subject: Subject): Found | null;
}

/** Parts of an inventory by the words of people. */
const PARTS = {
  devices: 'devices on its buses',
  disks: 'disks',
  volumes: 'volumes',
  firmware: 'firmware',
  networkInterfaces: 'network interfaces',
  operatingSystem: 'operating system',
  processors: 'processors',
  hostBusAdapters: 'storage adapters',
  vendorAgents: 'agents of hardware vendors',
  roles: 'roles and services',
} as const satisfies Partial<Record<keyof ServerInventory, string>>;
export type Part = keyof typeof PARTS;
/** Of these a server has one. */
const SINGLE: readonly Part[] = ['firmware', 'operatingSystem'];

const COLLECT =
  'Collect the server with Ironlift itself (over SSH, or with the Windows collector), or tick this off where you have looked.';

/** A part of the inventory is missing: what it would have shown is not known, and never taken for harmless. */
export function notSeen(
  { facts }: Subject,
  part: Part,
  what: string,
  severity: 'warning' | 'info' = 'warning',
): Found {
  const gap = facts.inventory?.gaps.find((one) => one.part === part || one.part.startsWith(`${part}.`));
  return {
    because: `Whether ${what} is not known: the ${PARTS[part]} of this server ${SINGLE.includes(part) ? 'was' : 'were'} not seen.`,
    fix: gap?.next ?? COLLECT,
    evidence: gap === undefined ? [] : [gap.why],
    severity,
    fixable: true,
    unknown: PARTS[part],
  };
}

/** Nobody told. Asked for at every server, so it is a note and not a condition. */
export const notTold = (what: string, ask: string): Found => ({
  because: `Nobody has said ${what}.`,
  fix: ask,
  severity: 'info',
  fixable: true,
  unknown: what,
});

/** Lists and names of strangers are shown by their beginning. */
const MAX_EVIDENCE = 20;
const MAX_TEXT = 200;
export const short = (text: string): string =>
  text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}...` : text;

function bounded(evidence: readonly string[]): string[] {
  const shown = evidence.slice(0, MAX_EVIDENCE).map(short);
  return evidence.length > MAX_EVIDENCE ? [...shown, `and ${evidence.length - MAX_EVIDENCE} more`] : shown;
}

/** Names of strangers in a sentence: up to three, each by its beginning. */
export const listed = (names: readonly string[]): string => listedWhole(names.map(short), NAMED);
const NAMED = 3;

/** `8 %`, `0.4 %`. @param share 0 to 1 */
export function percent(share: number): string {
  const value = share * 100;
  return `${value >= 10 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)} %`;
}

/** `14 200`. */
export const grouped = (value: number): string =>
  Math.round(value)
    .toString()
    .replace(/\B(?=(?:\d{3})+$)/gu, ' ');

export { formatBytes };

/** Lifted: gates that a question "what if" takes for seen to. */
export interface GateOptions {
  cite: (rule: Rule<unknown>) => Citation;
  /** `gate.automatic`: the conversion does it. */
  automatic: readonly string[];
}

export function judgeGate(rule: GateRule, subject: Subject, options: GateOptions): Gate | null {
  const found = rule.find(subject);
  if (found === null) return null;
  const severity = found.severity ?? (options.automatic.includes(rule.id) ? 'info' : rule.severity);
  const fixable = found.fixable ?? severity !== 'blocker';
  const ticked = subject.facts.annotations.conditionsMet?.includes(rule.id) === true;
  const evidence = bounded(found.evidence ?? []);
  if (ticked && !fixable)
    evidence.push(
      'It was ticked off, which does not lift it: decide otherwise by an override with a reason.',
    );
  return {
    id: rule.id,
    severity,
    title: rule.title,
    because: found.because,
    fix: found.fix,
    evidence,
    rules: rule.rules.map(options.cite),
    fixable,
    met: ticked && fixable,
    ...(found.unknown === undefined ? {} : { unknown: found.unknown }),
  };
}

/** Stands in the way until someone sees to it. */
export const isOpen = (gate: Gate): boolean => gate.severity !== 'info' && !gate.met;
