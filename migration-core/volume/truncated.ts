import type { Finding } from '../base/finding.ts';

/** A disk that ends before its partition table says. Sizes in bytes. */
export function truncated(expected: number, found: number): Finding {
  return {
    severity: 'blocker',
    code: 'DISK_TRUNCATED',
    message: `The disk ends at ${found} bytes, but its partition table needs ${expected}: the image is truncated.`,
    next: 'Make the copy of the disk again and check that its size is that of the source.',
  };
}
