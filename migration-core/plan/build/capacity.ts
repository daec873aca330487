/** What a host offers: whole, without what the hypervisor keeps, and under ceilings. */
import type { PlanningProfile } from '../../assess/model/context.ts';
import type { RuleBook } from '../../assess/rules/pack.ts';
import type { HostTemplate } from '../../assess/model/host.ts';
import type { Scenario } from '../model/scenario.ts';
import { FAILOVER } from '../rules/failover.ts';
import { PLACE } from '../rules/place.ts';
import { mebibytesDown, UNLIMITED, unitsDown } from './units.ts';

export interface HostFigures {
  template: HostTemplate;
  /** In the order of RESOURCES: core units, bytes, operations/s, bytes/s, bytes/s. */
  whole: number[];
  usable: number[];
}

/** How full a host may become. */
export interface Ceilings {
  /** In the order of RESOURCES, 0 to 1 of what is usable. */
  timed: number[];
  /** Memory given to machines, by what is usable. */
  memory: number;
  vcpusPerCore: number;
  machines: number;
  critical: number;
}

/** @param coreUnits of the whole host */
export function hostFigures(template: HostTemplate, coreUnits: number, rules: RuleBook): HostFigures {
  // Both directions of a port are used at once; demands are of the busier one.
  const network = (template.nicPorts * template.nicSpeed) / 8;
  const whole = [
    coreUnits,
    template.memoryBytes,
    template.diskOperations,
    template.diskBytesPerSecond,
    network,
  ];
  const keptCores = Math.min(
    (rules.value(PLACE.hypervisorCores) / template.cores) * coreUnits,
    rules.value(PLACE.hypervisorCpuShare) * coreUnits,
  );
  const keptMemory = Math.max(
    rules.value(PLACE.hypervisorMemory),
    rules.value(PLACE.hypervisorMemoryShare) * template.memoryBytes,
  );
  return {
    template,
    whole,
    usable: [
      Math.max(0, coreUnits - keptCores),
      Math.max(0, template.memoryBytes - keptMemory),
      ...whole.slice(2),
    ],
  };
}

export function usualCeilings(profile: PlanningProfile, scenario: Scenario, rules: RuleBook): Ceilings {
  return {
    timed: [profile.hostCpu, profile.hostMemory, profile.hostDisk, profile.hostDisk, profile.hostNetwork],
    memory: profile.hostMemory * profile.memoryOvercommit,
    vcpusPerCore: profile.vcpusPerCore,
    machines: scenario.maxMachinesPerHost ?? rules.value(PLACE.machinesPerHost),
    critical: rules.value(PLACE.criticalPerHost),
  };
}

/** While hosts are down. Never below the usual ones: nobody has to leave because another host fails. */
export function failoverCeilings(usual: Ceilings, profile: PlanningProfile, rules: RuleBook): Ceilings {
  const disk = rules.value(FAILOVER.disk);
  const down = [profile.failoverCpu, profile.failoverMemory, disk, disk, rules.value(FAILOVER.network)];
  const more = rules.value(FAILOVER.machineFactor);
  return {
    timed: usual.timed.map((ceiling, at) => Math.max(ceiling, down[at]!)),
    memory: Math.max(usual.memory, profile.failoverMemory * profile.memoryOvercommit),
    vcpusPerCore: usual.vcpusPerCore * rules.value(FAILOVER.vcpuFactor),
    machines: Math.floor(usual.machines * more),
    critical: Math.floor(usual.critical * more),
  };
}

/** Capacities and rooms of the packing problem. */
export function offered(
  { template, usable }: HostFigures,
  ceilings: Ceilings,
  scales: readonly number[],
): { capacity: number[]; room: number[] } {
  return {
    capacity: usable.map((value, at) => unitsDown(value * ceilings.timed[at]!, scales[at]!)),
    room: [
      mebibytesDown(usable[1]! * ceilings.memory),
      template.storageBytes === undefined ? UNLIMITED : mebibytesDown(template.storageBytes),
      Math.floor(template.cores * ceilings.vcpusPerCore),
      ceilings.machines,
      ceilings.critical,
    ],
  };
}
