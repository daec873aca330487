/** Disk images by themselves. */
import type { z } from 'zod';
import type {
  imageCheckResult,
  imageCompareResult,
  imageConvertResult,
  ImageInfoView,
} from '../../contract/images.ts';
import { countedProgress } from '../../base/progress.ts';
import { compareImages } from '../../convert/image/compare-images.ts';
import { convertImage, type ImageConvertOptions } from '../../convert/image/convert-image.ts';
import { checkImage, imageInfo, type LookOptions } from '../../convert/image/look.ts';
import { formatBytes } from '../../base/text.ts';
import type { Task, TaskWorld } from './table.ts';

/** Parents are looked for beside the image: what a stranger's image names elsewhere is not opened. */
const looking = ({ signal, onProgress }: TaskWorld, phase: string): LookOptions => ({
  parents: 'folder',
  signal,
  onProgress,
  onShare: (done, total) => onProgress(countedProgress(phase, 'parts', done, total)),
});

export const imageInfoTask: Task<{ path: string }, ImageInfoView> = {
  async run({ path }, world) {
    const image = await imageInfo(path, looking(world, 'reading'));
    return {
      path: image.path,
      format: image.format,
      formatName: image.formatName,
      layout: image.subformat,
      bytes: image.size,
      sectorSize: image.sectorSize,
      dataBytes: image.dataBytes,
      files: image.files,
      details: { ...image.details },
      dependsOn: image.parents.map(({ path: parent, formatName, size }) => ({
        path: parent,
        formatName,
        bytes: size,
      })),
      findings: image.findings,
    };
  },
};

export const imageCheckTask: Task<{ path: string }, z.infer<typeof imageCheckResult>> = {
  async run({ path }, world) {
    const { sound, images, findings } = await checkImage(path, looking(world, 'checking'));
    return {
      sound,
      images: images.map(({ path: file, formatName, lookedAt, problems, more }) => ({
        path: file,
        formatName,
        lookedAt,
        problems: [...problems],
        more,
      })),
      findings,
    };
  },
};

export const imageCompareTask: Task<{ a: string; b: string }, z.infer<typeof imageCompareResult>> = {
  async run({ a, b }, world) {
    const { equal, first } = await compareImages([a, b], { ...looking(world, 'comparing'), limit: 1 });
    return {
      equal,
      firstDifference: first?.offset ?? null,
      sentence:
        first === null
          ? 'Both images hold the same disk.'
          : `The disks differ: the first byte that is another one lies at ${formatBytes(first.offset)} (byte ${first.offset}).`,
    };
  },
};

export const imageConvertTask: Task<ImageConvertOptions, z.infer<typeof imageConvertResult>> = {
  async run(options, { now, signal, onStep, onProgress }) {
    const result = await convertImage(options, { now, signal, onStep, onProgress });
    return {
      files: result.output.files.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 })),
      bytes: result.size,
      dataBytes: result.dataBytes,
      skippedBytes: result.zeroBytes + result.skippedBytes,
      contentDigest: result.contentDigest?.value ?? null,
      verified: result.verified,
      seconds: result.seconds,
      findings: result.findings,
    };
  },
};
