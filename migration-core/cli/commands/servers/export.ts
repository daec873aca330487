import { existsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { IronliftError, systemErrorCode } from '../../../base/errors.ts';
import { throwIfCancelled } from '../../../base/cancel.ts';
import { SEPARATORS, type Separator } from '../../../base/csv-table.ts';
import { formatBytes, plural } from '../../../base/text.ts';
import { COLUMNS } from '../../../assess/annotations/columns.ts';
import type { EngagementFile } from '../../../store/engagement.ts';
import type { Command, OptionValues } from '../../commands.ts';
import { ProgressLine, wrap } from '../../terminal.ts';
import type { World } from '../../world.ts';
import { engagementOf, textOf, usage } from '../collect/options.ts';
import { openToRead, READ_ENGAGEMENT_HELP } from './reading.ts';

/** Bytes of the table between two writes. */
const PIECE = 1 << 20;

export const serversExportCommand: Command = {
  help: `Usage: ironlift servers export FILE.csv --engagement FILE [--separator ,|;|tab]
       ironlift servers export --parquet DIR --engagement FILE [--samples] [--rules NAME]

Writes a table of all servers for a spreadsheet, with what people say of them: a
row for each server, to be filled in and given back with
\`ironlift servers annotate\`. Texts that a spreadsheet would calculate have a
' before them; it is taken away again when the table is read.

  --separator S        between cells: , (unless given), ; or tab
  --parquet DIR        instead of the table, all figures for a data warehouse, with
                       queries for DuckDB and a README; the folder must be empty
  --samples            with --parquet: every sample as well
  --rules NAME         with --parquet: rule pack whose limits the queries use
                       (modern unless given)
${READ_ENGAGEMENT_HELP}
  --json               print one JSON document

Columns, and what may be written into them; empty: nothing is changed; -: what was
said is taken back; json:... : exactly this value:
${COLUMNS.map(({ name, kind }) => wrap(`  ${name}: ${kind.allowed}`, 84, '      ')).join('\n')}`,
  options: {
    engagement: { type: 'string' },
    separator: { type: 'string' },
    parquet: { type: 'string' },
    samples: { type: 'boolean' },
    rules: { type: 'string' },
  },
  async run({ values, positionals: [file, ...more] }, world) {
    const path = engagementOf(values, 'servers export');
    const folder = textOf(values, 'parquet');
    if (folder !== undefined) {
      if (file !== undefined || values['separator'] !== undefined)
        throw usage('servers export', '--parquet goes with neither a table nor --separator');
      return writeParquet(path, folder, values, world);
    }
    if (values['samples'] === true || values['rules'] !== undefined)
      throw usage('servers export', '--samples and --rules go with --parquet');
    if (more.length > 0 || file === undefined) throw usage('servers export', 'Name one file for the table');
    const separator = separatorOf(textOf(values, 'separator') ?? ',');
    const engagement = await openToRead(path, world);
    try {
      const servers = await writeTable(engagement, file, separator, world);
      if (values['json'] === true) world.out(`${JSON.stringify({ file, servers }, null, 2)}\n`);
      else world.out(`${plural(servers, 'server')} in ${file}.\n`);
      return 0;
    } finally {
      engagement.close();
    }
  },
};

async function writeParquet(
  path: string,
  folder: string,
  values: OptionValues,
  world: World,
): Promise<number> {
  const { shippedRulePacks } = await import('../../../assess/rules/pack.ts');
  const { parseScenario } = await import('../../../plan/model/scenario.ts');
  const { contextOf } = await import('../../../plan/study.ts');
  const { engagementSource, exportForScaleOut } = await import('../../../assess/scale-out/export.ts');
  const rulePack = textOf(values, 'rules');
  // The host of whoever describes no other.
  const scenario = parseScenario({ name: 'export', ...(rulePack === undefined ? {} : { rulePack }) });
  const { context } = contextOf(scenario, { packs: shippedRulePacks(), now: world.now() });
  const engagement = await openToRead(path, world);
  const line = new ProgressLine(world);
  try {
    const files = await exportForScaleOut(engagementSource(engagement), folder, {
      context,
      samples: values['samples'] === true,
      signal: world.signal,
      progress: line.show,
    });
    line.clear();
    const outdated = engagement.outdated().length;
    if (outdated > 0)
      world.err(
        `Note: the figures of ${plural(outdated, 'server')} are older than what was collected since; collect again to bring them up to date.\n`,
      );
    if (values['json'] === true) world.out(`${JSON.stringify({ folder, files }, null, 2)}\n`);
    else {
      for (const { name, rows, bytes } of files)
        world.out(`  ${name.padEnd(16)}  ${plural(rows, 'row')}, ${formatBytes(bytes)}\n`);
      world.out(`README.txt in ${folder} tells what is in them, and how to ask.\n`);
    }
    return 0;
  } finally {
    line.clear();
    engagement.close();
  }
}

function separatorOf(given: string): Separator {
  const separator = given === 'tab' ? '\t' : given;
  const found = SEPARATORS.find((one) => one === separator);
  if (found === undefined) throw usage('servers export', '--separator takes , or ; or tab');
  return found;
}

async function writeTable(
  engagement: EngagementFile,
  file: string,
  separator: Separator,
  world: World,
): Promise<number> {
  const { annotationsTable } = await import('../../../assess/annotations-csv.ts');
  const partial = `${file}.partial`;
  let rows = -1;
  refuseExisting(file);
  try {
    const out = await open(partial, 'w');
    try {
      let piece = '';
      for (const line of annotationsTable(engagement, separator)) {
        rows++;
        piece += line;
        if (piece.length < PIECE) continue;
        throwIfCancelled(world.signal);
        await out.writeFile(piece);
        piece = '';
      }
      await out.writeFile(piece);
      await out.sync();
    } finally {
      await out.close();
    }
    // It has its name when it is whole; somebody may have taken the name meanwhile.
    refuseExisting(file);
    await rename(partial, file);
    return rows;
  } catch (error) {
    await rm(partial, { force: true });
    throw cannotWrite(file, error);
  }
}

function refuseExisting(file: string): void {
  if (existsSync(file))
    throw new IronliftError('DESTINATION_EXISTS', `${basename(file)} is there already.`, {
      next: 'Choose another name, or remove the file that is there.',
      data: { file },
    });
}

function cannotWrite(file: string, error: unknown): unknown {
  const code = systemErrorCode(error);
  if (error instanceof IronliftError || code === undefined) return error;
  return new IronliftError('WRITE_FAILED', `${basename(file)} could not be written (${code}).`, {
    next: 'Check the folder and the room on that disk.',
    data: { file, code },
    cause: error,
  });
}
