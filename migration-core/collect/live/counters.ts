/** Differences of the kernel's counters. */

/** A whole number as /proc writes it; NaN for anything else. */
export const counter = (text: string | undefined): number =>
  text !== undefined && /^\d{1,20}$/u.test(text) ? Number(text) : NaN;

/**
 * How far a counter rose; NaN where that cannot be known, because it began anew (a driver was loaded again, a disk was
 * pulled and plugged). One of 32 bits that fell from its upper half into its lower half has wrapped; more than one wrap
 * between two samples cannot be seen.
 */
export function rise(now: number, before: number, bits: 32 | 64): number {
  if (now >= before) return now - before;
  const half = 0x8000_0000;
  if (bits === 32 && before >= half && before < 2 * half && now < half) return now + 2 * half - before;
  return NaN;
}

/** Machines whose `unsigned long`, which most counters are, has 32 bits: i386 to i686, ARM before 64 bits, old Power, MIPS and SPARC. */
export const hasNarrowCounters = (architecture: string): boolean =>
  /^(?:i[3-6]86|arm(?!64)|ppc$|mips$|mipsel$|sparc$|s390$|parisc$|m68k|sh4)/u.test(architecture);

/** Fields of a line between blanks. */
export const fields = (line: string): string[] => line.trim().split(/\s+/u);
