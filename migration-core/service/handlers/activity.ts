import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { IronliftError, systemErrorCode } from '../../base/errors.ts';
import type { LogEntry } from '../../contract/activity.ts';
import type { Handlers } from '../../contract/dispatch.ts';
import { nameHider, pathsIn } from '../activity/redact.ts';
import type { Desks } from '../create-session.ts';

/** Lines of the preview: what a person looks at before it is sent. */
const PREVIEW = 200;

export function activityHandlers({
  session,
  activity,
  recent,
  engagement,
}: Desks): Pick<Handlers, 'activity.list' | 'activity.preview' | 'activity.export'> {
  /** What is a name wherever it stands: what the open engagement knows, and what was opened. */
  function knownNames(): string[] {
    const names = recent.all().map(({ name }) => name);
    if (session.engagementPath() === null) return names;
    try {
      const servers = session.engagement().servers();
      const { customer, consultant, company } = engagement.project();
      return [
        ...new Set([
          ...names,
          ...servers.map(({ identity }) => identity.name),
          customer,
          consultant,
          company,
        ]),
      ];
    } catch {
      // It cannot be read any more, and the log says why.
      return names;
    }
  }

  function linesOf(entries: readonly LogEntry[], hideNames: boolean): string[] {
    const hider = hideNames ? nameHider(knownNames(), pathsIn(entries)) : null;
    return entries.map((entry) =>
      JSON.stringify(
        hider === null
          ? entry
          : { ...entry, what: hider.text(entry.what), details: hider.details(entry.details) },
      ),
    );
  }

  return {
    'activity.list': (wanted) => activity.read(wanted),
    'activity.preview': ({ hideNames }) => {
      // Of all lines, so that the words for names are those of the export.
      const lines = linesOf(activity.all(), hideNames);
      return { text: lines.slice(-PREVIEW).join('\n'), lines: lines.length };
    },
    'activity.export': async ({ file, hideNames }) => {
      const path = session.files.pathOf(file, 'log-out');
      const lines = linesOf(activity.all(), hideNames);
      try {
        await writeFile(path, lines.map((line) => `${line}\n`).join(''), { flag: 'wx', mode: 0o600 });
      } catch (error) {
        throw notWritten(path, error);
      }
      return { file: await session.files.register(path, 'log-out'), lines: lines.length };
    },
  };
}

function notWritten(path: string, error: unknown): unknown {
  const code = systemErrorCode(error);
  const details = { data: { path, code }, cause: error };
  if (code === 'EEXIST')
    return new IronliftError('DESTINATION_EXISTS', `${basename(path)} is there already.`, {
      next: 'Choose another name.',
      ...details,
    });
  if (code === undefined) return error;
  return new IronliftError('WRITE_FAILED', `The log could not be written to ${basename(path)}.`, {
    next: 'Choose another folder.',
    ...details,
  });
}
