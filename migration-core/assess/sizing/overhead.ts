/** What virtualization itself costs, by architecture and by the devices that guests see (SR-20 to SR-28). */
import type { PlatformProfile } from '../model/platform.ts';
import { CPU_IO, CPU_OVERHEAD, CPU_PAGING_SHARE, CPU_SHADOW_PAGING, type Range } from '../rules/cpu.ts';
import { IO_LATENCY } from '../rules/io.ts';
import { MEMORY_EMULATION } from '../rules/memory.ts';
import type { Citation, RuleBook } from '../rules/pack.ts';

export interface Overhead {
  /** On top of processor demand: 0.02 is two per cent. */
  cpu: Range;
  /** On top of the time a disk or network request takes; gates go by the high end. */
  latency: Range;
  /** On top of the memory given. */
  memory: Range;
  /** Core units for one operation a second, and for one byte a second of network. */
  cpuPerOperation: number;
  cpuPerNetworkByte: number;
  rules: Citation[];
}

const NONE: Range = { low: 0, middle: 0, high: 0 };

/**
 * @param privilegedShare of processor time, 0 to 1: at most so much is paging and switching; null: not measured
 * @param hostNestedPaging the host's processors have EPT or NPT
 */
export function overheadOf(
  platform: Pick<PlatformProfile, 'architecture' | 'nestedPaging' | 'devices'>,
  hostNestedPaging: boolean,
  privilegedShare: number | null,
  rules: RuleBook,
): Overhead {
  const { architecture, devices } = platform;
  const own = CPU_OVERHEAD[architecture];
  const base = rules.value(own);
  const rests: Citation[] = [rules.cite(own)];
  let cpu = base;
  // Paravirtual kernels hand their page tables over; containers have one kernel. Others keep shadows of them.
  const isShadowed =
    (architecture === 'full' || architecture === 'hardware-assisted') &&
    !(platform.nestedPaging && hostNestedPaging && architecture === 'hardware-assisted');
  if (isShadowed) {
    const shadow = rules.value(CPU_SHADOW_PAGING);
    const share = privilegedShare ?? rules.value(CPU_PAGING_SHARE);
    cpu = {
      low: base.low + shadow.low * share,
      middle: base.middle + shadow.middle * share,
      high: base.high + shadow.high * share,
    };
    rests.push(rules.cite(CPU_SHADOW_PAGING));
    if (privilegedShare === null) rests.push(rules.cite(CPU_PAGING_SHARE));
  }
  const isOs = architecture === 'os';
  const latencyRule = IO_LATENCY[isOs ? 'none' : devices];
  const io = isOs ? { per1000Operations: 0, per100Megabytes: 0 } : rules.value(CPU_IO[devices]);
  if (!isOs) rests.push(rules.cite(CPU_IO[devices]));
  const memory = architecture === 'full' ? rules.value(MEMORY_EMULATION) : NONE;
  if (architecture === 'full') rests.push(rules.cite(MEMORY_EMULATION));
  return {
    cpu,
    latency: rules.value(latencyRule),
    memory,
    cpuPerOperation: io.per1000Operations / 1000,
    cpuPerNetworkByte: io.per100Megabytes / 100e6,
    rules: [...rests, rules.cite(latencyRule)],
  };
}

/** Latency that a device which goes through to the guest has on top: none. */
export const passThroughLatency = (rules: RuleBook): Range => rules.value(IO_LATENCY.none);
