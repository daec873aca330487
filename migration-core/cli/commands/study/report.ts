import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { throwIfCancelled } from '../../../base/cancel.ts';
import { SEPARATORS, type Separator } from '../../../base/csv-table.ts';
import { IronliftError, systemErrorCode } from '../../../base/errors.ts';
import { countedProgress } from '../../../base/progress.ts';
import { keepMemoryLean } from '../../../base/lean-memory.ts';
import { formatBytes, listed as named } from '../../../base/text.ts';
import { formatById, formats, type ReportFormat } from '../../../report/formats.ts';
import { REPORT_DEFAULTS, type ReportInput, type ReportOptions } from '../../../report/input.ts';
import type { Audience, Report } from '../../../report/model.ts';
import type { Command, OptionValues } from '../../commands.ts';
import { printable, wrap } from '../../terminal.ts';
import type { World } from '../../world.ts';
import { textOf, usage } from '../collect/options.ts';
import { STUDY_HELP, studyOptions } from './options.ts';
import { withStudy, type Answering } from './run.ts';

const AUDIENCES: readonly Audience[] = ['executive', 'technical', 'owner'];
const BASE = 'report';
const MANIFEST = `${BASE}.manifest.json`;

export const reportCommand: Command = {
  help: `Usage: ironlift report --engagement FILE -o DIR [options]

Writes a report of everything: what was found, which servers become virtual machines
and why, the plan, the waves, the savings. The plan is the one that was kept where
there is one. ${MANIFEST} tells the SHA-256 of each file.

  -o, --output DIR     folder for the files; nothing in it is written over
  --format LIST        of ${formats.map(({ id }) => id).join(', ')}; html unless told
  --audience A         executive, technical (unless told) or owner
  --owner NAME         with --audience owner: whose servers it is about
  --sections LIST      ids of chapters: summary,plan,waves ...; all unless told
  --title TEXT         instead of "Virtualization assessment"
  --redact             without names of servers, hosts and people, addresses, serial
                       numbers and paths: each is the same word everywhere
  --draft              is written on it
  --locale L           how numbers and dates look: en-GB (unless told), de-DE ...
  --delimiter S        of CSV: , (unless told), ; (with decimal commas) or tab
  --no-bom             CSV without a byte order mark
${STUDY_HELP}
  --json               print one JSON document`,
  options: {
    ...studyOptions,
    output: { type: 'string', short: 'o' },
    format: { type: 'string' },
    audience: { type: 'string' },
    owner: { type: 'string' },
    sections: { type: 'string' },
    title: { type: 'string' },
    redact: { type: 'boolean' },
    draft: { type: 'boolean' },
    locale: { type: 'string' },
    delimiter: { type: 'string' },
    'no-bom': { type: 'boolean' },
  },
  async run({ values, positionals }, world) {
    if (positionals.length > 0) throw usage('report', 'It takes no names; --owner and --sections choose');
    const request = requestOf(values);
    // Told before minutes are spent on the estate.
    for (const format of request.formats) {
      const missing = (await format.missing?.()) ?? null;
      if (missing !== null)
        throw new IronliftError('PDF_NOT_POSSIBLE', `${format.title} cannot be written here.`, {
          next: missing,
          data: { format: format.id },
        });
    }
    refuseExisting(request);
    keepMemoryLean();
    return withStudy(values, 'report', world, (answering) => writeAll(request, values, answering, world));
  },
};

interface Request {
  folder: string;
  formats: ReportFormat[];
  options: ReportOptions;
  redacted: boolean;
  locale: string;
  delimiter: Separator;
  byteOrderMark: boolean;
}

const listed = (text: string): string[] =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');

function requestOf(values: OptionValues): Request {
  const folder = textOf(values, 'output');
  if (folder === undefined) throw usage('report', 'Name the folder for the files with -o');
  const ids = [...new Set(listed(textOf(values, 'format') ?? 'html'))];
  const wanted = ids.map((id) => {
    const format = formatById(id);
    if (format === undefined)
      throw usage('report', `There is no format ${id}; there are ${formats.map((one) => one.id).join(', ')}`);
    return format;
  });
  if (wanted.length === 0) throw usage('report', '--format names no format');
  const owner = textOf(values, 'owner') ?? null;
  const told = textOf(values, 'audience') ?? (owner === null ? 'technical' : 'owner');
  const audience = AUDIENCES.find((one) => one === told);
  if (audience === undefined) throw usage('report', `--audience takes ${AUDIENCES.join(', ')}`);
  if (owner !== null && audience !== 'owner') throw usage('report', '--owner goes with --audience owner');
  const sections = textOf(values, 'sections');
  const separator = textOf(values, 'delimiter') ?? ',';
  const delimiter = SEPARATORS.find((one) => one === (separator === 'tab' ? '\t' : separator));
  if (delimiter === undefined) throw usage('report', '--delimiter takes , or ; or tab');
  return {
    folder,
    formats: wanted,
    options: {
      ...REPORT_DEFAULTS,
      audience,
      owner,
      sections: sections === undefined ? null : listed(sections),
      title: textOf(values, 'title') ?? null,
      draft: values['draft'] === true,
    },
    redacted: values['redact'] === true,
    locale: localeOf(textOf(values, 'locale') ?? 'en-GB'),
    delimiter,
    byteOrderMark: values['no-bom'] !== true,
  };
}

function localeOf(tag: string): string {
  try {
    const [known] = Intl.NumberFormat.supportedLocalesOf(tag);
    if (known !== undefined) return known;
  } catch {
    // No language tag at all.
  }
  throw usage(
    'report',
    `--locale takes the tag of a language that is known, such as en-GB or de-DE, not ${tag}`,
  );
}

/** A report about nobody's servers would be empty and say that nothing was collected. */
function checkOwner(owner: string | null, { study }: ReportInput): void {
  const owners = new Set(study.facts.flatMap(({ annotations }) => annotations.owner ?? []));
  if (owner === null || owners.has(owner)) return;
  throw new IronliftError('USAGE', `No server has the owner ${owner}.`, {
    next:
      owners.size === 0
        ? 'Nobody was told to own a server; `ironlift servers export` makes a table to say so in, `servers annotate` reads it.'
        : `Name one of them as they were told: ${named([...owners].sort())}.`,
  });
}

/** What formats of one file are called; formats of several files name theirs. */
const fileName = ({ extension }: ReportFormat): string => `${BASE}.${extension}`;

function refuseExisting({ folder, formats: wanted }: Request): void {
  for (const name of [...wanted.map(fileName), MANIFEST])
    if (existsSync(join(folder, name))) throw alreadyThere(join(folder, name));
}

const alreadyThere = (path: string): IronliftError =>
  new IronliftError('DESTINATION_EXISTS', `${basename(path)} is there already.`, {
    next: 'Name another folder, or remove what is there.',
    data: { path },
  });

interface Written {
  format: string;
  name: string;
  bytes: number;
  sha256: string;
}

async function writeAll(
  request: Request,
  values: OptionValues,
  { engagement, study, options, progress }: Answering,
  world: World,
): Promise<number> {
  const { readReportInput } = await import('../../../report/read-input.ts');
  const { makeReport } = await import('../../../report/make.ts');
  const { staleText } = await import('../../../report/build/section.ts');
  const { formatter } = await import('../../../report/format.ts');
  const { WRITE_DEFAULTS } = await import('../../../report/writer.ts');
  const { version } = (await import('../../../../package.json', { with: { type: 'json' } })).default;
  const { formats: wanted, delimiter, byteOrderMark } = request;
  const input = readReportInput(engagement, study, { ...options, program: `Ironlift ${version}` });
  const stale = staleText(input);
  if (stale !== null) {
    progress.clear();
    world.err(`${wrap(`warning: ${stale}`, world.columns, '  ')}\n`);
  }
  checkOwner(request.options.owner, input);
  const report = makeReport(input, request.options, request.redacted);
  if (report.sections.length === 0)
    throw usage('report', 'None of these chapters is for this audience; leave --sections away');
  const { currency, utcOffsetMinutes } = report.meta;
  const how = {
    format: formatter(request.locale, currency, utcOffsetMinutes),
    options: { ...WRITE_DEFAULTS, csv: { delimiter, byteOrderMark } },
    signal: world.signal,
  };
  const keeper = new Keeper(request.folder);
  try {
    for (const [done, format] of wanted.entries()) {
      throwIfCancelled(world.signal);
      progress.show(countedProgress('writing', 'formats', done, wanted.length));
      const made = await (await format.load())(report, how);
      const files = made instanceof Uint8Array ? [{ name: fileName(format), bytes: made }] : made;
      for (const { name, bytes } of files) await keeper.keep(format.id, name, bytes);
    }
    const manifest = manifestOf(report, request, input, keeper.written);
    await keeper.keep(
      'manifest',
      MANIFEST,
      new TextEncoder().encode(`${JSON.stringify(manifest, null, 2)}\n`),
    );
    progress.clear();
    if (values['json'] === true)
      world.out(`${JSON.stringify({ folder: request.folder, ...manifest }, null, 2)}\n`);
    else {
      for (const { name, bytes } of keeper.written)
        world.out(`  ${printable(name).padEnd(22)}  ${formatBytes(bytes)}\n`);
      world.out(`Written to ${printable(request.folder)}.\n`);
    }
    return 0;
  } catch (error) {
    await keeper.takeBack();
    throw error;
  }
}

const manifestOf = (
  { meta }: Report,
  { options: { audience, owner }, redacted }: Request,
  { study, stale }: ReportInput,
  files: readonly Written[],
) => ({
  title: meta.title,
  createdAt: new Date(meta.createdAt).toISOString(),
  program: meta.program,
  // An owner is a person, and a scenario may be called after one.
  ...(redacted ? {} : { scenario: study.scenario.name, owner }),
  audience,
  redacted,
  draft: meta.draft,
  rules: meta.rules,
  inputs: meta.inputs,
  // Why the plan is older than the data: sentences.
  stale: [...(stale ?? [])],
  files: [...files],
});

/** All files, or none: what was written before something went wrong is taken away again. */
class Keeper {
  readonly #folder: string;
  readonly written: Written[] = [];
  constructor(folder: string) {
    this.#folder = folder;
  }
  /** @throws DESTINATION_EXISTS, WRITE_FAILED */
  async keep(format: string, name: string, bytes: Uint8Array): Promise<void> {
    const path = join(this.#folder, name);
    try {
      await mkdir(this.#folder, { recursive: true });
      await writeFile(path, bytes, { flag: 'wx' });
    } catch (error) {
      const code = systemErrorCode(error);
      if (code === 'EEXIST') throw alreadyThere(path);
      // Half a file is of no use to anybody.
      if (code === 'ENOSPC') await rm(path, { force: true });
      throw new IronliftError('WRITE_FAILED', `${name} could not be written (${code ?? 'unknown'}).`, {
        next: 'Check the folder and the room on that disk.',
        data: { path, code },
        cause: error,
      });
    }
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    this.written.push({ format, name, bytes: bytes.length, sha256 });
  }
  async takeBack(): Promise<void> {
    for (const { name } of this.written) await rm(join(this.#folder, name), { force: true });
  }
}
