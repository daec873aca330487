/** The memory of the virtual machine (assessment model, section 6). */
import { formatBytes } from '../../base/text.ts';
import type { AssessmentContext } from '../model/context.ts';
import type { Reason } from '../model/assessment.ts';
import type { ServerFacts } from '../model/facts.ts';
import {
  MEMORY_AVAILABLE,
  MEMORY_FIXED_ROLES,
  MEMORY_HEADROOM,
  MEMORY_MACHINE,
  MEMORY_MINIMUM,
  MEMORY_PAGES_IN,
  MEMORY_PRESSURE_FACTOR,
  MEMORY_STEP,
} from '../rules/memory.ts';
import type { Overhead } from './overhead.ts';

/** Of every system that runs on x86. */
const PAGE = 4096;

export interface MemorySized {
  /** What the machine is given. */
  bytes: number;
  reasons: Reason[];
}

/** @returns null where neither use nor installed memory is known */
export function sizeMemory(facts: ServerFacts, context: AssessmentContext): MemorySized | null {
  const { rules, profile: planning, growth } = context;
  const { profile, inventory } = facts;
  const installed = inventory?.memoryBytes ?? null;
  const used = profile?.memoryUsed?.[planning.memoryPercentile] ?? null;
  if (used === null && installed === null) return null;
  const family = inventory?.operatingSystem?.family ?? 'other';
  const minimum = rules.value(MEMORY_MINIMUM)[family];
  const step = rules.value(MEMORY_STEP);
  const up = (bytes: number): number => Math.ceil(bytes / step - 1e-9) * step;

  const short = installed === null ? null : shortage(facts, installed, context);
  if (short !== null)
    return {
      bytes: up(installed! * rules.value(MEMORY_PRESSURE_FACTOR) * growth),
      reasons: [short],
    };
  const fixed = installed === null ? undefined : fixedRole(facts, rules.value(MEMORY_FIXED_ROLES));
  if (fixed !== undefined)
    return {
      bytes: up(Math.max(installed!, minimum) * growth),
      reasons: [
        {
          tone: 'note',
          text: `It keeps its ${formatBytes(installed!)} of memory: a server with the role ${fixed} fills what it is set to, and a percentile would be too little.`,
          value: installed!,
          rules: [rules.cite(MEMORY_FIXED_ROLES)],
        },
      ],
    };
  if (used === null)
    return {
      bytes: up(Math.max(installed!, minimum) * growth),
      reasons: [
        {
          tone: 'note',
          text: `Memory in use was never measured, so it keeps the ${formatBytes(installed!)} it has.`,
          value: installed!,
          rules: [rules.cite(MEMORY_MINIMUM)],
        },
      ],
    };
  const wanted = up(Math.max(used * rules.value(MEMORY_HEADROOM) * growth, minimum));
  // More than there is today only where the future or the system itself asks for it.
  const most = installed === null ? Number.POSITIVE_INFINITY : Math.max(installed * growth, minimum);
  const bytes = Math.min(wanted, most);
  return {
    bytes,
    reasons: [
      {
        tone: installed !== null && bytes < installed ? 'for' : 'note',
        text: `It gets ${formatBytes(bytes)} of memory for ${formatBytes(used)} in use at ${planning.memoryPercentile}${installed === null ? '' : `; ${formatBytes(installed)} are installed`}.`,
        value: used,
        rules: [rules.cite(MEMORY_HEADROOM), rules.cite(MEMORY_STEP), rules.cite(MEMORY_MINIMUM)],
      },
    ],
  };
}

/** Too little memory already: use says what fits in, not what is wanted. */
function shortage({ profile }: ServerFacts, installed: number, { rules }: AssessmentContext): Reason | null {
  const factor = rules.cite(MEMORY_PRESSURE_FACTOR);
  const more = `it gets ${rules.value(MEMORY_PRESSURE_FACTOR)} times what is installed`;
  const pages = (profile?.pagingIn?.p95 ?? 0) / PAGE;
  if (pages > rules.value(MEMORY_PAGES_IN))
    return {
      tone: 'note',
      text: `It reads ${Math.round(pages)} pages a second back from its page file at p95, so its memory is too small already and ${more}.`,
      value: pages,
      rules: [rules.cite(MEMORY_PAGES_IN), factor],
    };
  const available = profile?.memoryAvailable?.p5;
  if (available !== undefined && available < installed * rules.value(MEMORY_AVAILABLE))
    return {
      tone: 'note',
      text: `At times only ${formatBytes(Math.round(available))} of its memory are left, so it is too small already and ${more}.`,
      value: available,
      rules: [rules.cite(MEMORY_AVAILABLE), factor],
    };
  return null;
}

function fixedRole({ inventory }: ServerFacts, fixed: readonly string[]): string | undefined {
  const roles = new Set(inventory?.roles);
  const isJava = (name: string | undefined): boolean => /^(?:java|javaw|java\.exe)$/iu.test(name ?? '');
  if (inventory?.listeners?.some(({ process }) => isJava(process)) === true) roles.add('java');
  return fixed.find((role) => roles.has(role));
}

/** What the host spends on the machine in all. */
export function memoryOnHost(
  bytes: number,
  vcpus: number,
  overhead: Overhead,
  context: AssessmentContext,
): number {
  const machine = context.rules.value(MEMORY_MACHINE);
  const own = machine.bytes + machine.shareOfMemory * bytes + machine.bytesPerVcpu * vcpus;
  // Containers are processes of the host.
  const isOs = context.platform.architecture === 'os';
  return Math.ceil(bytes * (1 + overhead.memory.middle) + (isOs ? 0 : own));
}
