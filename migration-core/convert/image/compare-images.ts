/** Whether two images, of whatever formats, hold the same disk. */
import type { Finding } from '../../base/finding.ts';
import type { ProgressListener } from '../../base/progress.ts';
import { compareDisks, type Comparison } from '../../block/compare.ts';
import { openInput } from './input.ts';
import type { LookOptions } from './look.ts';

export interface ImageComparison extends Comparison {
  equal: boolean;
  a: ComparedImage;
  b: ComparedImage;
  findings: Finding[];
}

export interface ComparedImage {
  path: string;
  format: string;
  /** Bytes of the disk. Of disks of two sizes the longer has to have zeros there. */
  size: number;
}

/** `limit`: differing ranges after which the rest is not looked at. @throws as openInput and compareDisks */
export async function compareImages(
  paths: readonly [string, string],
  options: LookOptions & { limit: number; onProgress?: ProgressListener | undefined },
): Promise<ImageComparison> {
  const a = await openInput(paths[0], options);
  try {
    const b = await openInput(paths[1], options);
    try {
      const { limit, signal, onProgress } = options;
      const compared = await compareDisks({ a: a.image, b: b.image, limit, signal, onProgress });
      const [one, other] = [a, b].map(({ path, image }) => ({
        path,
        format: image.facts.format,
        size: image.size,
      }));
      return {
        equal: compared.first === null,
        a: one!,
        b: other!,
        ...compared,
        findings: [...a.findings, ...b.findings],
      };
    } finally {
      await b.image.close();
    }
  } finally {
    await a.image.close();
  }
}
