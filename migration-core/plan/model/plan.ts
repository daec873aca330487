/** An answer of the planner. Every server of the scenario is in exactly one of its lists. */
import type { ResourceName } from '../../assess/model/demand.ts';
import type { Outcome } from '../../assess/model/assessment.ts';
import type { ServerId } from '../../store/engagement.ts';

export interface PlannedServer {
  server: ServerId;
  name: string;
  vcpus: number;
  memoryBytes: number;
}

export interface PlanHost {
  /** `host-01`, or the name of an existing one. */
  name: string;
  template: string;
  existing: boolean;
  /** Opened for failover alone. */
  spare: boolean;
  servers: PlannedServer[];
  /**
   * Peak of the sum as a share of the whole host (not of its ceiling), and when: slot of the week, or behind its slots one of
   * the day at the turn of a month. The mean is that of the week.
   */
  use: Record<ResourceName, { peak: number; mean: number; ceiling: number; slot: number }>;
  /** What would be full first. */
  binding: ResourceName | 'storage' | 'vcpus' | 'machines' | 'none';
  storageBytes: number;
  vcpusPerCore: number;
  blastRadius: { machines: number; critical: number; owners: string[] };
  warnings: string[];
}

/** Servers that stay out of virtual machines, by where they go instead. */
export interface ElsewhereServer {
  server: ServerId;
  name: string;
  outcome: Outcome | 'retire' | 'excluded';
  why: string;
}

export interface UnplacedServer {
  server: ServerId;
  name: string;
  /** One sentence: what stood in the way. */
  why: string;
  /** One sentence: what would make room. */
  next: string;
}

/** A rule the plan keeps: asked for by the scenario, or found from what the servers are. */
export interface PlanConstraint {
  kind: 'together' | 'apart' | 'gathered' | 'segment' | 'pinned' | 'hosts';
  origin: 'scenario' | 'found';
  servers: string[];
  /** One sentence. */
  why: string;
}

export interface FailoverProof {
  /** Failures planned for. */
  failures: number;
  /** Every host was taken out and its machines were packed onto the rest. */
  proved: boolean;
  /** Hosts whose loss is not survived, with the machines that found no place. */
  gaps: { hosts: string[]; servers: string[] }[];
  /** Hosts that were added so that it is. */
  added: number;
  /** Those hosts carry machines as well: the room for a failure is spread over all of them. */
  spread?: boolean;
  /** f/N, the vendors' rule of thumb, for comparison. */
  reserve: number;
  /** Sets of hosts that were taken out, and whether these were all there are. */
  sets: number;
  exhaustive: boolean;
}

export interface BackupPlan {
  /** Start and end are minutes after midnight in the time of the site. */
  runs: {
    server: ServerId;
    host: string;
    days: number[];
    startMinute: number;
    endMinute: number;
    /** The machine is on another host for the time of its backup. */
    relocatedFrom: string | null;
    /** Where it starts today. */
    movedFrom: number | null;
    method: 'agent' | 'host' | 'proxy';
  }[];
  /** What could not be settled: sentences. */
  clashes: { host: string; text: string; next: string }[];
  /** Hosts whose own configuration is saved by a job of its own: all of them. */
  hostJobs: string[];
}

export interface Plan {
  scenario: string;
  rules: string;
  seed: number;
  hosts: PlanHost[];
  unplaced: UnplacedServer[];
  elsewhere: ElsewhereServer[];
  /** OS virtualization groups with the hosts of their own. */
  osGroups: {
    id: string;
    title: string;
    servers: ServerId[];
    hosts: number;
    saved: { memoryBytes: number; diskBytes: number };
  }[];
  bound: { hosts: number; by: string; gap: number };
  failover: FailoverProof;
  backup: BackupPlan;
  constraints: PlanConstraint[];
  /** Servers, hosts and ratio; what the market's habits would need for the same, without hosts for failover. */
  totals: {
    servers: number;
    placed: number;
    hosts: number;
    ratio: number;
    sumOfPeaksHosts: number;
    sumOfP95Hosts: number;
    managedBefore: number;
    managedAfter: number;
  };
  warnings: string[];
}
