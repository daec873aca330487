import type { Command } from '../../commands.ts';
import { findingsText, labelled, printable, ProgressLine } from '../../terminal.ts';
import { isIronliftError, type IronliftError } from '../../../base/errors.ts';
import { formatBytes, plural } from '../../../base/text.ts';
import type { ImageDescription, ImageInfo } from '../../../convert/image/look.ts';
import type { World } from '../../world.ts';
import { PARENTS_HELP, parentsOf, wrongUsage } from './options.ts';

export const imageInfoCommand: Command = {
  help: `Usage: ironlift image info FILE... [--parents WHERE] [--json]

Says what disk images are, by their contents: format and layout, size of the
disk, what is allocated of it, the files of the image and the images it depends
on. A disk of this machine can be named as well.

${PARENTS_HELP}
  --json               print one JSON document`,
  options: { parents: { type: 'string' } },
  async run({ values, positionals }, world) {
    const wrong: string[] = [];
    const parents = parentsOf(values, wrong);
    if (positionals.length === 0) wrong.push('No image is named');
    if (wrong.length > 0) throw wrongUsage('info', wrong);
    const { imageInfo } = await import('../../../convert/image/look.ts');
    const line = new ProgressLine(world);
    const images: (ImageInfo | { path: string; error: IronliftError })[] = [];
    for (const path of positionals) {
      try {
        const onShare = (done: number, total: number): void => line.share(`reading ${path}`, done, total);
        images.push(await imageInfo(path, { parents, signal: world.signal, onShare, onProgress: line.show }));
      } catch (error) {
        // Of several images, those that can be read are shown all the same.
        if (positionals.length === 1 || !isIronliftError(error) || error.kind === 'cancelled') throw error;
        images.push({ path, error });
      } finally {
        line.clear();
      }
    }
    if (values['json'] === true) world.out(`${JSON.stringify({ images }, null, 2)}\n`);
    else world.out(images.map((image) => text(image, world)).join('\n'));
    return Math.max(0, ...images.map((image) => ('error' in image ? image.error.exitStatus : 0)));
  },
};

function text(image: ImageInfo | { path: string; error: IronliftError }, world: World): string {
  if ('error' in image) {
    const { message, next, code } = image.error;
    return `${printable(image.path)}\n${labelled([['Error', `${message} ${next} (${code})`]], world.columns)}`;
  }
  const { dataBytes, size, contentId, details, parents, findings } = image;
  const share = size === 0 ? '' : ` (${Math.round((100 * dataBytes) / size)} % of the disk)`;
  return [
    `${printable(image.path)}\n`,
    labelled(
      [
        ['Format', formatText(image)],
        ['Disk', `${sizeText(size)}, sectors of ${image.sectorSize} bytes`],
        ['Allocated', `${formatBytes(dataBytes)}${share}`],
        ...filesRows(image),
        ...Object.entries(details),
        ...(contentId === null ? [] : [['Identity', contentId] as const]),
        ...parents.map(
          (parent, index) =>
            [
              index === 0 ? 'Depends on' : 'and that on',
              `${parent.path}, ${parent.formatName}, ${formatBytes(parent.size)}`,
            ] as const,
        ),
      ],
      world.columns,
    ),
    findings.length === 0 ? '' : findingsText(findings, world.columns),
  ].join('');
}

/** Most formats have one layout that goes by the format's own name. */
const formatText = ({ format, formatName, subformat }: ImageDescription): string =>
  subformat === format ? formatName : `${formatName}, layout ${subformat}`;

const sizeText = (bytes: number): string =>
  bytes < 1024 ? formatBytes(bytes) : `${formatBytes(bytes)} (${bytes} bytes)`;

function filesRows({ files }: ImageDescription): (readonly [string, string])[] {
  const room = (bytes: number, allocated: number): string =>
    `${formatBytes(bytes)}, takes ${formatBytes(allocated)} on its medium`;
  const sum = (key: 'bytes' | 'allocatedBytes'): number => files.reduce((all, file) => all + file[key], 0);
  const [only] = files;
  if (only === undefined) return [];
  if (files.length === 1) return [['File', room(only.bytes, only.allocatedBytes)]];
  return [
    ['Files', `${plural(files.length, 'file')}, ${room(sum('bytes'), sum('allocatedBytes'))}`],
    ...files.map(({ path, bytes }) => ['', `${path}, ${formatBytes(bytes)}`] as const),
  ];
}
