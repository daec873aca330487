import type { Command, OptionValues } from '../../commands.ts';
import { findingsText, labelled, ProgressLine } from '../../terminal.ts';
import { imageFormats } from '../../../image/table.ts';
import { formatBytes, formatSeconds } from '../../../base/text.ts';
import type { ImageConvertOptions, ImageConvertResult } from '../../../convert/image/convert-image.ts';
import type { World } from '../../world.ts';
import { PARENTS_HELP, parentsOf, textOf, wrongUsage } from './options.ts';

/** `  vmdk   monolithicSparse    One growing file: thin`. */
function formatLines(): string[] {
  const rows = imageFormats.flatMap((format) =>
    format.subformats.map(({ id, name, allocations, compressions, packed, split }, index) => {
      const traits = [
        allocations.join(' or '),
        ...(compressions.length === 0
          ? []
          : [`${packed === true ? 'always ' : ''}${compressions.join(' or ')}`]),
        ...(split === true ? ['2 GB files'] : []),
      ];
      return [index === 0 ? format.id : '', id, `${name}: ${traits.join(', ')}`] as const;
    }),
  );
  const width = (column: 0 | 1): number => Math.max(...rows.map((row) => row[column].length));
  return rows.map(([format, id, name]) => `  ${format.padEnd(width(0))}  ${id.padEnd(width(1))}  ${name}`);
}

export const imageConvertCommand: Command = {
  help: `Usage: ironlift image convert IN OUT [options]

Writes the disk in the image IN (or a disk of this machine) anew into the image
OUT, in the format that OUT's extension or --format names. A snapshot is merged
with the images it depends on. IN is only read; OUT is called OUT.partial until
it is complete and was compared with IN.

  --format FORMAT      one of those below; by the extension of OUT unless told
  --subformat NAME     layout of the format, where it has several
  --allocation HOW     thin (grows as needed, the default), thick (all space
                       allocated) or split2g (in files of at most 2 GB)
  --compress [METHOD]  pack the data, by zlib or zstd where the format has both
  --no-verify          do not read the finished image again
  --quick              copy and nothing else: no checksum, not read again, and not
                       waited for until it is safely on the medium; let it settle
                       before you unplug anything
  --zero-bad-sectors   put zeros in place of sectors of IN that cannot be read,
                       and list them in the result
  --force              replace OUT, and start although the free space may not be
                       enough
${PARENTS_HELP}
  --json               print one JSON document

Formats and their layouts, the default first:
${formatLines().join('\n')}`,
  options: {
    format: { type: 'string' },
    subformat: { type: 'string' },
    allocation: { type: 'string' },
    compress: { type: 'string' },
    'no-verify': { type: 'boolean' },
    quick: { type: 'boolean' },
    'zero-bad-sectors': { type: 'boolean' },
    force: { type: 'boolean' },
    parents: { type: 'string' },
  },
  prepare: (args) =>
    args.map((arg, index) =>
      arg === '--compress' && !/^(?:zlib|zstd)$/u.test(args[index + 1] ?? '') ? '--compress=any' : arg,
    ),
  async run({ values, positionals }, world) {
    const options = readOptions(values, positionals);
    const { convertImage } = await import('../../../convert/image/convert-image.ts');
    const line = new ProgressLine(world);
    try {
      const result = await convertImage(options, {
        now: world.now,
        signal: world.signal,
        onStep: line.say,
        onProgress: line.show,
      });
      line.clear();
      world.out(values['json'] === true ? `${JSON.stringify(result, null, 2)}\n` : text(result, world));
      return 0;
    } finally {
      line.clear();
    }
  },
};

function readOptions(values: OptionValues, [input, output, ...more]: string[]): ImageConvertOptions {
  const wrong: string[] = [];
  const parents = parentsOf(values, wrong);
  const allocation = textOf(values, 'allocation');
  const compress = textOf(values, 'compress');
  if (input === undefined || output === undefined || more.length > 0)
    wrong.push('Name one image to read and one to write');
  if (!(allocation === null || allocation === 'thin' || allocation === 'thick' || allocation === 'split2g'))
    wrong.push('--allocation takes thin, thick or split2g');
  if (!(compress === null || compress === 'any' || compress === 'zlib' || compress === 'zstd'))
    wrong.push('--compress takes zlib or zstd');
  if (wrong.length > 0) throw wrongUsage('convert', wrong);
  return {
    input: input!,
    output: output!,
    format: textOf(values, 'format'),
    subformat: textOf(values, 'subformat'),
    allocation: allocation as ImageConvertOptions['allocation'],
    compress: compress as ImageConvertOptions['compress'],
    parents,
    verify: values['no-verify'] !== true,
    quick: values['quick'] === true,
    force: values['force'] === true,
    zeroBadSectors: values['zero-bad-sectors'] === true,
  };
}

function text(result: ImageConvertResult, world: World): string {
  const { output, size, dataBytes, zeroBytes, skippedBytes, contentDigest, findings } = result;
  const empty = zeroBytes + skippedBytes;
  const files = output.files.flatMap(({ path, bytes, sha256 }): [string, string][] => [
    ['File', `${path}, ${formatBytes(bytes)}`],
    ['SHA-256', sha256 ?? (result.verified ? 'not taken: the file is mostly holes' : 'not taken')],
  ]);
  return [
    labelled(
      [
        ['Disk', `${formatBytes(size)}: ${formatBytes(dataBytes)} copied, ${formatBytes(empty)} are zeros`],
        ...files,
        ['Contents', contentDigest?.value ?? 'no checksum was taken'],
      ],
      world.columns,
    ),
    findings.length === 0 ? '' : findingsText(findings, world.columns),
    `Done in ${formatSeconds(result.seconds)}, ${result.verified ? 'read again and found equal' : 'not verified'}.\n`,
  ].join('');
}
