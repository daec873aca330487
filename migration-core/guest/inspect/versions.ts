/** Kernel versions in order: runs of digits count as numbers, everything else as text; `~` comes before the end. */
export function compareVersions(a: string, b: string): number {
  const left = parts(a);
  const right = parts(b);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const x = left[i];
    const y = right[i];
    if (x === undefined) return y === '~' ? 1 : -1;
    if (y === undefined) return x === '~' ? -1 : 1;
    if (x === y) continue;
    const numbers = /^\d/.test(x) && /^\d/.test(y);
    if (numbers) {
      const difference = BigInt(x) - BigInt(y);
      if (difference !== 0n) return difference < 0n ? -1 : 1;
    } else {
      if (/^\d/.test(x) !== /^\d/.test(y)) return /^\d/.test(x) ? 1 : -1;
      return x < y ? -1 : 1;
    }
  }
  return 0;
}

const parts = (version: string): string[] => version.slice(0, 255).match(/\d+|[a-zA-Z]+|~/g) ?? [];
