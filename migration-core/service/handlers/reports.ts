/** Reports, for screens. */
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { IronliftError } from '../../base/errors.ts';
import { plural } from '../../base/text.ts';
import type { Handlers } from '../../contract/dispatch.ts';
import {
  handedOver,
  MAX_LOGO_BYTES,
  reportPreset,
  type HandedOver,
  type ReportLogo,
} from '../../contract/reports.ts';
import { keptScenario } from '../../plan/kept.ts';
import { formatById, formats } from '../../report/formats.ts';
import { projectOf } from '../../store/model/project.ts';
import type { Session } from '../session.ts';
import type { ReportTaskInput } from '../tasks/report.ts';
import { editDocument, studyQuestions } from './study-questions.ts';

type ReportHandlers = Pick<Handlers, Extract<keyof Handlers, `reports.${string}`>>;

/** Entries of the history that a screen shows. */
const MAX_HISTORY = 200;

export function reportHandlers(session: Session): ReportHandlers {
  const questions = studyQuestions(session);
  /** Of engagements that take no writing: for as long as the program runs. */
  const unkept = new Map<string, HandedOver[]>();

  session.jobs.whenDone('report', ({ input, output }) => {
    const { path } = input as ReportTaskInput;
    const made = output as HandedOver;
    session.log('Report handed over', {
      files: made.files.map(({ path: file, sha256 }) => ({ file, sha256 })),
      redacted: made.redacted,
      inputs: made.inputs,
    });
    if (session.engagementPath() === path && !session.engagement().readOnly)
      session.engagement().putDocument(
        'report-history',
        // By time, and apart from another one of the same moment.
        `${new Date(made.at).toISOString()} ${made.files[0]?.name ?? ''}`,
        made,
        made.inputs,
        made.at,
      );
    else unkept.set(path, [made, ...(unkept.get(path) ?? [])]);
    session.changed('reports', 'engagement');
  });

  const about = () => projectOf(session.engagement());
  const locale = (): string => about().locale ?? session.settings().locale ?? 'en-GB';

  return {
    'reports.get': async () => {
      const engagement = session.engagement();
      const owners = new Set(
        engagement.servers().flatMap(({ id }) => engagement.annotations(id).owner ?? []),
      );
      const history = engagement
        .documents('report-history')
        .slice(-MAX_HISTORY)
        .flatMap(({ name }) => {
          const entry = handedOver.safeParse(engagement.document('report-history', name));
          return entry.success ? [entry.data] : [];
        });
      return {
        formats: await Promise.all(
          formats.map(async ({ id, title, purpose, missing }) => ({
            ...{ id, title, purpose },
            missing: (await missing?.(session.shell.printPdf !== undefined)) ?? null,
          })),
        ),
        owners: [...owners].sort(),
        presets: engagement.documents('report-preset').flatMap(({ name }) => {
          const preset = reportPreset
            .omit({ name: true })
            .safeParse(engagement.document('report-preset', name));
          return preset.success ? [{ name, ...preset.data }] : [];
        }),
        history: [...(unkept.get(session.engagementPath() ?? '') ?? []), ...history].sort(
          (a, b) => b.at - a.at,
        ),
        ...{ currency: about().currency, locale: locale(), writable: !engagement.readOnly },
      };
    },

    'reports.preview': ({ scenario, choices }, { signal }) =>
      questions.ask(
        'reportPreview',
        {
          ...questions.of(scenario),
          ...{ choices, locale: locale(), version: session.shell.version },
        },
        signal,
      ),

    'reports.start': ({ scenario, choices, formats: ids, folder }) => {
      const asked = questions.of(scenario);
      keptScenario(session.engagement(), asked.scenario);
      const unknown = ids.find((id) => formatById(id) === undefined);
      if (unknown !== undefined)
        throw new IronliftError('USAGE', 'A format of the list is not known.', {
          next: 'Load the list again.',
        });
      const chosen = [...new Set(ids)];
      const { id } = session.jobs.start({
        kind: 'report',
        title: `Export the report in ${plural(chosen.length, 'format')}`,
        task: 'report',
        input: {
          path: session.engagementPath()!,
          ...asked,
          ...{ locale: locale(), choices, formats: chosen },
          folder: session.files.pathOf(folder, 'report-folder'),
        },
        writes: 'none',
      });
      return { job: id };
    },

    'reports.logo': async ({ file }) => {
      const path = session.files.pathOf(file, 'logo');
      return { logo: await readLogo(path), name: basename(path) };
    },

    'reports.savePreset': ({ name, choices, formats: ids }) => {
      editDocument(session, `Save the preset ${name}`, ['reports'], 'report-preset', name, {
        choices,
        formats: ids,
      });
      return {};
    },
    'reports.removePreset': ({ name }) => {
      editDocument(session, `Remove the preset ${name}`, ['reports'], 'report-preset', name, null);
      return {};
    },
  };
}

const SIGNS: readonly { type: ReportLogo['type']; bytes: readonly number[] }[] = [
  { type: 'image/png', bytes: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] },
  { type: 'image/jpeg', bytes: [0xff, 0xd8, 0xff] },
];

/** By what it is, not by its name. @throws LOGO_NOT_USABLE */
async function readLogo(path: string): Promise<ReportLogo> {
  const refuse = (message: string, cause?: unknown): IronliftError =>
    new IronliftError('LOGO_NOT_USABLE', message, {
      next: `Choose a PNG or JPEG of at most ${MAX_LOGO_BYTES / 1000} kB.`,
      data: { path },
      ...(cause === undefined ? {} : { cause }),
    });
  let bytes: Buffer;
  try {
    const handle = await open(path, 'r');
    try {
      const { size } = await handle.stat();
      if (size > MAX_LOGO_BYTES) throw refuse(`The logo is too large: ${Math.ceil(size / 1000)} kB.`);
      bytes = Buffer.alloc(MAX_LOGO_BYTES + 1);
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
      bytes = bytes.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof IronliftError) throw error;
    throw refuse('The logo cannot be read.', error);
  }
  if (bytes.length > MAX_LOGO_BYTES) throw refuse('The logo is too large.');
  const sign = SIGNS.find((one) => one.bytes.every((byte, at) => bytes[at] === byte));
  if (sign === undefined) throw refuse('The logo is neither a PNG nor a JPEG.');
  return { type: sign.type, base64: bytes.toString('base64') };
}
