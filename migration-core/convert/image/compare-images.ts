/** Whether two images, of whatever formats, hold the same disk. */
import type { Finding } from '../../base/finding.ts';
import { compareDisks, type CompareOptions, type Comparison } from '../../block/compare.ts';
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

export type CompareImagesOptions = LookOptions & Pick<CompareOptions, 'limit' | 'workers' | 'onProgress'>;

/** @throws as openInput and compareDisks */
export async function compareImages(
  paths: readonly [string, string],
  options: CompareImagesOptions,
): Promise<ImageComparison> {
  const a = await openInput(paths[0], options);
  try {
    const b = await openInput(paths[1], options);
    try {
      const compared = await compareDisks({ ...options, a: a.image, b: b.image });
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
