/** What the assessment says of one server. Every sentence in it can be traced to a rule, a value and a limit. */
import type { ServerId } from '../../store/engagement.ts';
import type { Citation } from '../rules/pack.ts';
import type { SizedServer } from './sized.ts';

export const VERDICTS = [
  'good-candidate',
  'candidate-with-conditions',
  'keep-physical',
  'os-virtualization',
  'clustering',
] as const;
export type Verdict = (typeof VERDICTS)[number];
/** Instead of a verdict: too little is known, or it is a virtual machine already. */
export type Outcome = Verdict | 'unknown' | 'already-virtual';

export const VERDICT_TITLES: Record<Outcome, string> = {
  'good-candidate': 'Good candidate',
  'candidate-with-conditions': 'Candidate with conditions',
  'keep-physical': 'Keep physical',
  'os-virtualization': 'Consider OS virtualization',
  clustering: 'Consider clustering',
  unknown: 'Unknown: collect more',
  'already-virtual': 'Already virtual',
};

/** How a server gets to its virtual machine. */
export type Method = 'p2v-cold' | 'p2v-hot' | 'rebuild' | 'application' | 'retire' | 'v2v' | 'stay';

/** Words for what stands in columns and in sentences. */
export interface Wording {
  /** As a column has room for it. */
  short: string;
  /** As a person is told of one server. */
  full: string;
}

/** Of how a server moves. */
export const METHOD_WORDS: Record<Method, Wording> = {
  rebuild: {
    short: 'install anew and restore its data',
    full: 'installing it anew and restoring its data',
  },
  'p2v-cold': { short: 'copy while it stands still', full: 'a copy while it stands still' },
  'p2v-hot': { short: 'copy while it runs', full: 'a copy while it runs' },
  application: { short: 'by the means of its application', full: 'the means of its application' },
  retire: { short: 'retire', full: 'not at all: it is retired' },
  v2v: { short: 'from platform to platform', full: 'a conversion from platform to platform' },
  stay: { short: 'stays', full: 'not at all: it stays' },
};

/** Of what the size of its machine rests on. */
export const BASIS_WORDS: Record<SizedServer['basis'], Wording> = {
  measured: { short: 'measured', full: 'measured' },
  'as-configured': { short: 'as it is now', full: 'as it is now, for nothing was measured' },
  application: { short: 'by its application', full: 'by its application card' },
};

/** One sentence with what it rests on. */
export interface Reason {
  /** `for`, `against` the move, or a note. */
  tone: 'for' | 'against' | 'note';
  text: string;
  /** The figure, and the rules it was held against. */
  value?: number | string;
  rules: Citation[];
  /** Points of the score that were lost or won by it. */
  weight?: number;
}

export interface Gate {
  /** `B1`, `W14`, `I2`: assessment model; stable. */
  id: string;
  severity: 'blocker' | 'warning' | 'info';
  title: string;
  /** What was found, one sentence. */
  because: string;
  /** What to do about it, one sentence. */
  fix: string;
  /** Values it was decided by: names of devices, figures. */
  evidence: string[];
  rules: Citation[];
  /** Can be seen to, so that it no longer stands in the way. */
  fixable: boolean;
  /** The consultant ticked it off. */
  met: boolean;
  /** Could not be judged, for want of this part of the inventory, measurement or answer. */
  unknown?: string;
}

export interface Confidence {
  /** 0 to 100. */
  value: number;
  /** 1 to 5. */
  stars: number;
  parts: { coverage: number; duration: number; metrics: number; cycle: number };
  /** Sentences: what held it down, and what would raise it. */
  caps: { limit: number; why: string; next: string }[];
}

export interface Assessment {
  server: ServerId;
  name: string;
  /** What stands: the override where there is one. */
  verdict: Outcome;
  /** What the rules say. */
  ruled: Outcome;
  /** The next best, where there is one. */
  second: Outcome | null;
  override: { verdict: Verdict; reason: string; by: string | null } | null;
  /** 0 to 100; null where too little is known. */
  score: number | null;
  /** What each part of the score came to. */
  parts: {
    id: string;
    title: string;
    weight: number;
    value: number | null;
    points: number;
    rules: Citation[];
  }[];
  confidence: Confidence;
  gates: Gate[];
  /** The verdict in a sentence or two, from the reasons. */
  because: string;
  reasons: Reason[];
  /** What would change the verdict. */
  changes: string[];
  usage: 'active' | 'idle' | 'zombie' | 'unknown';
  /** null where nothing can be said. */
  sized: SizedServer | null;
  /** Server sets that are alike; see assess/groups. */
  group: string | null;
  method: Method;
  roles: string[];
}
