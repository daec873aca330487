/** Writes a report in its formats into a folder. What is there stays: a name that is taken gets a number. */
import { createHash } from 'node:crypto';
import { mkdir, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { IronliftError, systemErrorCode } from '../../base/errors.ts';
import { countedProgress } from '../../base/progress.ts';
import type { HandedOver, ReportChoices } from '../../contract/reports.ts';
import type { PlanDocument } from '../../plan/model/plan-document.ts';
import { formatById } from '../../report/formats.ts';
import { openEngagement } from '../../store/open.ts';
import { reportInputOf, reportOf, writing } from '../report/make.ts';
import { StudyRoom } from '../study/room.ts';
import type { Task } from './table.ts';

export interface ReportTaskInput {
  /** Of the engagement. */
  path: string;
  scenario: string;
  /** One that could not be kept in the file. */
  plan: PlanDocument | null;
  locale: string;
  choices: ReportChoices;
  formats: string[];
  folder: string;
}

/** Reports of one day and one customer in one folder; nobody has more. */
const MAX_NAMES = 1000;

export const reportTask: Task<ReportTaskInput, HandedOver> = {
  async run(input, { now, version, signal, onProgress, onStep, printPdf }) {
    const { scenario, locale, choices } = input;
    const wanted = input.formats.map((id) => {
      const format = formatById(id);
      if (format === undefined)
        throw new IronliftError('USAGE', `There is no format ${id}.`, { next: 'Choose one of the list.' });
      return format;
    });
    const at = now();
    onStep('Reading the servers');
    const room = new StudyRoom(openEngagement(input.path, { readOnly: true, now: () => at }), {
      now: () => at,
    });
    try {
      const asking = { signal, progress: onProgress };
      const plan = input.plan ?? room.plan(scenario);
      const report = reportOf(
        await reportInputOf(room, { scenario, plan, locale, version }, asking),
        choices,
      );
      const world = { ...writing(report, choices, locale), signal, printPdf };
      const pieces: { name: string; bytes: Uint8Array }[] = [];
      for (const [done, format] of wanted.entries()) {
        signal.throwIfAborted();
        onStep(`Writing ${format.title}`);
        onProgress(countedProgress('writing', 'formats', done, wanted.length));
        const written = await (await format.load())(report, world);
        if (written instanceof Uint8Array) pieces.push({ name: `.${format.extension}`, bytes: written });
        else for (const { name, bytes } of written) pieces.push({ name: ` ${name}`, bytes });
      }
      onProgress(countedProgress('writing', 'formats', wanted.length, wanted.length));
      const files = await keep(input.folder, baseName(report.meta.customer, report.meta.title, at), pieces);
      return {
        ...{ at, title: report.meta.title, scenario, audience: choices.audience },
        ...{ redacted: choices.redacted, draft: choices.draft, inputs: report.meta.inputs },
        folder: input.folder,
        files: files.map(({ path, bytes }) => ({
          path,
          name: basename(path),
          bytes: bytes.byteLength,
          sha256: createHash('sha256').update(bytes).digest('hex'),
        })),
      };
    } catch (error) {
      if (signal.aborted)
        throw new IronliftError('CANCELLED', 'The report was not written.', {
          next: 'Export it again when it is wanted.',
          cause: error,
        });
      throw error;
    } finally {
      room.engagement.close();
    }
  },
};

/** `Harbour 2026-11-26`: letters, digits and dashes, which every file system takes. */
function baseName(customer: string, title: string, at: number): string {
  const clean = (customer === '' ? title : customer)
    .normalize('NFC')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
    .slice(0, 60)
    .trim();
  return `${clean === '' ? 'Report' : clean} ${new Date(at).toISOString().slice(0, 10)}`;
}

/**
 * All under one name, or none.
 * @throws DESTINATION_UNUSABLE, DESTINATION_FULL, DESTINATION_EXISTS
 */
async function keep(
  folder: string,
  base: string,
  pieces: readonly { name: string; bytes: Uint8Array }[],
): Promise<{ path: string; bytes: Uint8Array }[]> {
  const isNew = await newFolder(folder);
  for (let number = 1; number <= MAX_NAMES; number++) {
    const name = number === 1 ? base : `${base} (${number})`;
    const files = pieces.map(({ name: end, bytes }) => ({ path: join(folder, `${name}${end}`), bytes }));
    const made: string[] = [];
    try {
      const taken = await Promise.all(files.map(({ path }) => isThere(path)));
      if (taken.includes(true)) continue;
      for (const { path, bytes } of files) {
        await writeFile(path, bytes, { flag: 'wx' });
        made.push(path);
      }
      return files;
    } catch (error) {
      const code = systemErrorCode(error);
      // Only what was made here is taken away: a file that was there first is somebody's.
      const broken = files[made.length]?.path;
      for (const path of made) await rm(path, { force: true });
      if (code === 'EEXIST') continue;
      if (broken !== undefined && code === 'ENOSPC') await rm(broken, { force: true });
      if (isNew) await rmdir(folder).catch(() => undefined);
      throw new IronliftError(
        code === 'ENOSPC' ? 'DESTINATION_FULL' : 'DESTINATION_UNUSABLE',
        code === 'ENOSPC'
          ? 'There is no room for the report in this folder.'
          : 'The report cannot be written into this folder.',
        { next: 'Choose another folder, or make room.', data: { folder }, cause: error },
      );
    }
  }
  throw new IronliftError(
    'DESTINATION_EXISTS',
    `The folder holds ${MAX_NAMES} reports of this day already.`,
    {
      next: 'Choose another folder.',
      data: { folder },
    },
  );
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** A new folder in one that is there. @returns whether it was made */
async function newFolder(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST' && (await stat(folder)).isDirectory()) return false;
    throw new IronliftError(
      'DESTINATION_UNUSABLE',
      `${basename(folder)} in ${basename(dirname(folder))} is no folder that can be written to.`,
      {
        next: 'Choose another folder.',
        data: { folder },
        cause: error,
      },
    );
  }
}
