/** The virtual machine a server becomes, and what it will ask of a host. */
import type { Criticality } from '../../store/model/annotations.ts';
import type { Reason } from './assessment.ts';

export type IoClass = 'low' | 'moderate' | 'high' | 'extreme';

export interface SizedServer {
  /** What the figures rest on. */
  basis: 'measured' | 'application' | 'as-configured';
  vcpus: number;
  memoryBytes: number;
  disks: {
    name: string;
    bytes: number;
    usedBytes: number | null;
    provisioning: 'thick-eager' | 'thick' | 'thin';
    /** Adapter and number on it; -1: there is no place for it, and a reason says so. */
    adapter: number;
    unit: number;
  }[];
  nics: { name: string; mac: string | null; vlan: number | null; teamOf: string[] }[];
  /** Bytes the copy reads: used where known. */
  copyBytes: number;
  demand: SizedDemand;
  io: {
    class: IoClass;
    /** p95, on the present hardware. */
    operations: number | null;
    bytes: number | null;
    latency: number | null;
    /** Share of the host's storage and uplink, 0 to 1. */
    storageShare: number | null;
    networkShare: number | null;
    burstiness: number | null;
    /** The source's own disks are the limit already. */
    constrained: boolean;
  };
  provisioningFor: Criticality;
  reasons: Reason[];
}

/** On the target, with overhead; what percentile and comfort the profile asks for. */
export interface SizedDemand {
  /** Reference core units: see assess/sizing/cpu-score. One unit is one core of the reference. */
  cpu: number;
  /** Relative uncertainty of the cpu figure: 0.1 is ten per cent. */
  cpuUncertainty: number;
  /** By which the percent of a typical week are multiplied to give core units, overhead and comfort included. */
  cpuUnitsPerPercent: number;
  memoryBytes: number;
  diskOperations: number;
  diskBytes: number;
  networkBytes: number;
  /** Core units for input and output, part of `cpu`. */
  ioCpu: number;
  /** By which the other rows of a typical week are multiplied, and the core units that their sums cost. */
  week: { disk: number; network: number; cpuPerOperation: number; cpuPerNetworkByte: number };
}
