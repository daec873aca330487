/**
 * The virtual machine a server becomes and what it asks of a host (assessment model, sections 4, 6 and 7): from what was
 * measured, else from what it is for, else from what it is made of. Each figure says what it rests on.
 */
import type { Reason } from '../model/assessment.ts';
import type { AssessmentContext, SizeServer } from '../model/context.ts';
import type { ServerFacts } from '../model/facts.ts';
import type { SizedServer } from '../model/sized.ts';
import { CPU_UNCERTAINTY } from '../rules/cpu.ts';
import { MEMORY_MINIMUM, MEMORY_STEP } from '../rules/memory.ts';
import { formatBytes } from '../../base/text.ts';
import { needsOf, type ApplicationNeeds } from './application.ts';
import { coresOf, coreUnits, hostScore, scoreCpu, serverScore, type CpuScore } from './cpu-score.ts';
import { sizeDisks } from './disks.ts';
import { judgeIo, measuredLoad, productive, type IoLoad } from './io-class.ts';
import { memoryOnHost, sizeMemory } from './memory.ts';
import { sizeNics } from './nics.ts';
import { overheadOf, type Overhead } from './overhead.ts';
import { sizeVcpus } from './vcpus.ts';

export const sizeServer: SizeServer = (facts, context) => {
  const { profile, annotations } = facts;
  const overhead = overheadOf(
    context.platform,
    context.host.nestedPaging,
    profile?.privilegedShare ?? null,
    context.rules,
  );
  if (profile !== null && (profile.cpu !== null || profile.memoryUsed !== null))
    return assemble(facts, context, overhead, ofHardware(facts, context, overhead, 'measured'));
  const told = annotations.sizedBy === undefined ? null : needsOf(annotations.sizedBy);
  if (told !== null)
    return assemble(facts, context, overhead, ofApplications(facts, context, overhead, told));
  const { memoryBytes } = facts.inventory ?? {};
  if (coresOf(facts) === null && memoryBytes === undefined) return null;
  return assemble(facts, context, overhead, ofHardware(facts, context, overhead, 'as-configured'));
};

/** What differs by what the figures rest on. */
interface Wanted {
  basis: SizedServer['basis'];
  /** Core units on the host without those for input and output, comfort included. */
  cpu: number;
  cpuUncertainty: number;
  unitsPerPercent: number;
  /** Fixed number of virtual processors; null: by demand. */
  vcpus: number | null;
  /** Of the source's processors, comfort included. */
  percent: number;
  memoryBytes: number;
  load: IoLoad;
  /** By the percentile of the profile, without comfort. */
  sizes: { operations: number; bytes: number; network: number };
  reasons: Reason[];
}

function ofHardware(
  facts: ServerFacts,
  context: AssessmentContext,
  overhead: Overhead,
  basis: 'measured' | 'as-configured',
): Wanted {
  const { profile: planning, rules, growth } = context;
  const { profile } = facts;
  const reasons: Reason[] = [];
  const known = serverScore(facts, rules);
  const score: CpuScore = known ?? scoreCpu('The server', { cores: 1 }, rules);
  if (known === null)
    reasons.push({
      tone: 'against',
      text: 'How many cores it has is not known; one is counted, which may be far too few.',
      rules: [],
    });
  reasons.push(score.reason);
  const measured = profile?.cpu?.[planning.cpuPercentile];
  // What was measured is given room to grow; what is configured has it already.
  const factor = (measured === undefined ? 1 : planning.comfort) * growth * (1 + overhead.cpu.middle);
  const unitsPerPercent = coreUnits(1, score) * factor;
  if (measured === undefined)
    reasons.push({
      tone: 'note',
      text: `Its processor use was never measured, so it gets as many virtual processors as it has cores and counts as fully used.`,
      rules: [],
    });
  else
    reasons.push({
      tone: 'note',
      text: `Its processors are ${measured.toFixed(1)} % busy at ${planning.cpuPercentile}, which is ${(measured * unitsPerPercent).toFixed(2)} core units with overhead and comfort.`,
      value: measured,
      rules: overhead.rules,
    });
  const memory = sizeMemory(facts, context);
  const step = rules.value(MEMORY_STEP);
  if (memory === null)
    reasons.push({
      tone: 'against',
      text: `Neither its memory nor the use of it is known; ${formatBytes(step)} is counted, which may be far too little.`,
      rules: [rules.cite(MEMORY_STEP)],
    });
  const size = (name: 'diskOperations' | 'diskBytes' | 'networkBytes'): number =>
    productive(profile, name)?.[planning.ioPercentile] ?? 0;
  return {
    basis,
    cpu: (measured ?? 100) * unitsPerPercent,
    cpuUncertainty: score.uncertainty,
    unitsPerPercent,
    vcpus: measured === undefined ? score.cores : null,
    percent: (measured ?? 100) * planning.comfort * growth,
    memoryBytes: memory?.bytes ?? step,
    load: measuredLoad(profile),
    sizes: { operations: size('diskOperations'), bytes: size('diskBytes'), network: size('networkBytes') },
    reasons: [...reasons, ...(memory?.reasons ?? [])],
  };
}

function ofApplications(
  facts: ServerFacts,
  { profile: planning, rules, growth }: AssessmentContext,
  overhead: Overhead,
  { needs, reasons }: { needs: ApplicationNeeds; reasons: Reason[] },
): Wanted {
  const family = facts.inventory?.operatingSystem?.family ?? 'other';
  const step = rules.value(MEMORY_STEP);
  const memory = needs.memoryBytes * growth + rules.value(MEMORY_MINIMUM)[family];
  const cpu = needs.cpu * growth * planning.comfort * (1 + overhead.cpu.middle);
  return {
    basis: 'application',
    cpu,
    cpuUncertainty: rules.value(CPU_UNCERTAINTY.unknown),
    unitsPerPercent: cpu / 100,
    vcpus: null,
    // What the old server could do says nothing of what the application needs.
    percent: Number.POSITIVE_INFINITY,
    memoryBytes: Math.ceil(memory / step) * step,
    load: { operations: needs.diskOperations, bytes: needs.diskBytes, network: needs.networkBytes },
    sizes: { operations: needs.diskOperations, bytes: needs.diskBytes, network: needs.networkBytes },
    reasons: [
      ...reasons,
      {
        tone: 'note',
        text: `Its operating system is given ${formatBytes(rules.value(MEMORY_MINIMUM)[family])} of memory besides.`,
        rules: [rules.cite(MEMORY_MINIMUM), rules.cite(CPU_UNCERTAINTY.unknown)],
      },
    ],
  };
}

function assemble(
  facts: ServerFacts,
  context: AssessmentContext,
  overhead: Overhead,
  wanted: Wanted,
): SizedServer {
  const { profile: planning, growth, rules } = context;
  const reasons = [...wanted.reasons];
  const judged = judgeIo(facts, wanted.load, context);
  const disks = sizeDisks(facts, context);
  const nics = sizeNics(facts);
  const week = {
    disk: planning.comfort * growth * judged.factor,
    network: planning.comfort * growth,
    cpuPerOperation: overhead.cpuPerOperation,
    cpuPerNetworkByte: overhead.cpuPerNetworkByte,
  };
  const diskOperations = wanted.sizes.operations * week.disk;
  const networkBytes = wanted.sizes.network * week.network;
  const ioCpu = diskOperations * overhead.cpuPerOperation + networkBytes * overhead.cpuPerNetworkByte;
  const host = hostScore(context.host, rules);
  const cpu = wanted.cpu + ioCpu;
  let vcpus = wanted.vcpus;
  if (vcpus === null) {
    const sized = sizeVcpus(facts, cpu, wanted.percent, host, context);
    vcpus = sized.vcpus;
    reasons.push(...sized.reasons, host.reason);
  }
  let { memoryBytes } = wanted;
  const own = facts.annotations.sizing;
  if (own !== undefined) {
    const before = `${vcpus} and ${formatBytes(memoryBytes)}`;
    vcpus = own.vcpus ?? vcpus;
    memoryBytes = own.memoryBytes ?? memoryBytes;
    reasons.push({
      tone: 'note',
      text: `Virtual processors and memory were set by hand to ${vcpus} and ${formatBytes(memoryBytes)} instead of ${before}: ${own.reason}`,
      rules: [],
    });
  }
  if (growth !== 1)
    reasons.push({
      tone: 'note',
      text: `All demand is multiplied by ${growth.toFixed(2)} for growth.`,
      value: growth,
      rules: [],
    });
  return {
    basis: wanted.basis,
    vcpus,
    memoryBytes,
    disks: disks.disks,
    nics: nics.nics,
    copyBytes: disks.copyBytes,
    demand: {
      cpu,
      cpuUncertainty: wanted.cpuUncertainty,
      cpuUnitsPerPercent: wanted.unitsPerPercent,
      memoryBytes: memoryOnHost(memoryBytes, vcpus, overhead, context),
      diskOperations,
      diskBytes: wanted.sizes.bytes * week.disk,
      networkBytes,
      ioCpu,
      week,
    },
    io: judged.io,
    provisioningFor: disks.criticality,
    reasons: [...reasons, ...judged.reasons, ...disks.reasons, ...nics.reasons],
  };
}
