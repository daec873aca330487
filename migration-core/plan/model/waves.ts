/** Who moves when, and what must be true before the next ones may. */
import type { ServerId } from '../../store/engagement.ts';

export interface WaveMember {
  server: ServerId;
  name: string;
  /** 0 to 100: first is highest. */
  priority: number;
  method: string;
  copyMinutes: number;
  testMinutes: number;
  why: string;
}

export interface WaveRisk {
  severity: 'high' | 'medium' | 'low';
  text: string;
  mitigation: string;
  servers: ServerId[];
}

export interface Wave {
  /** 0 lab, then as they come. */
  number: number;
  title: string;
  kind: 'lab' | 'test' | 'first-production' | 'production' | 'important' | 'critical';
  members: WaveMember[];
  /** ISO dates; null without a calendar. */
  starts: string | null;
  /** Its last night. */
  ends: string | null;
  /** The last day of its tests and signatures; null without a calendar, and where no day was found. */
  accepted?: string | null;
  /** Its nights without those of freezes between them: more than one piece where it steps over a freeze. */
  pieces?: { starts: string; ends: string }[];
  copyMinutes: number;
  testMinutes: number;
  people: { role: string; does: string }[];
  /** What must be signed before the next wave. */
  gates: { id: string; text: string; required: boolean }[];
  rollback: string;
  risks: WaveRisk[];
  confidence: {
    category: 'inventory' | 'dependencies' | 'applications' | 'business';
    level: 'high' | 'medium' | 'low';
  }[];
}

export interface WavePlan {
  waves: Wave[];
  /** Servers in no wave, with the reason. */
  outside: { server: ServerId; name: string; why: string }[];
  /** Sentences on what was changed by hand and what that breaks, and on what contradicts itself. */
  problems: string[];
  /** Sentences on what was taken into account and how: infrastructure, dependencies that name nobody. */
  notes?: string[];
}

export interface SavingsLine {
  id:
    | 'power'
    | 'cooling'
    | 'space'
    | 'maintenance'
    | 'support'
    | 'licences'
    | 'refresh'
    | 'hosts'
    | 'platform'
    | 'migration'
    | 'carbon';
  title: string;
  before: number;
  after: number;
  /** `kWh`, `U`, `kg`, or the currency. */
  unit: string;
  perYear: boolean;
  /** How it was computed, with the prices it rests on. */
  basis: string;
}

export interface Licensing {
  /** Windows Server by host; edition and cost null where a price is missing. */
  windows: {
    host: string;
    /** On the worst day. */
    machines: number;
    cores: number;
    standardSets: number;
    edition: 'none' | 'standard' | 'datacenter' | null;
    cost: number | null;
  }[];
  /** Windows machines of one host from which on Datacenter is cheaper; null without prices. */
  breakEven: number | null;
  /** Products licensed by hosts: cores of the hosts they are kept on, and what that saves against all hosts. */
  groups: {
    group: string;
    servers: number;
    hosts: number;
    cores: number;
    coresOfAll: number;
    saved: number;
  }[];
}

/** A line may come twice: in its own unit, and in the currency where its price is known. */
export interface Savings {
  lines: SavingsLine[];
  /** Lines left out, with the price that is missing. */
  omitted: { id: SavingsLine['id']; missing: string }[];
  /** By year from 0, in the currency; null without prices. */
  cashFlow: { year: number; costs: number; savings: number; net: number; cumulative: number }[] | null;
  /**
   * Of the sum over the years: low with what is saved 20 % cheaper and what is spent 20 % dearer, high the other way round.
   * (All prices together would only stretch the sum.)
   */
  sensitivity: { low: number; high: number } | null;
  assumptions: string[];
  /** What does not fit or does not pay: sentences. */
  warnings?: string[];
  /** Worth knowing, and no money: images, patches, managed systems. */
  notes?: string[];
  licensing?: Licensing;
}
