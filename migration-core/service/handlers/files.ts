import { IronliftError } from '../../base/errors.ts';
import type { Handlers } from '../../contract/dispatch.ts';
import type { Desks } from '../create-session.ts';

export function fileHandlers({
  session,
  files,
}: Desks): Pick<Handlers, 'files.choose' | 'files.browse' | 'files.take' | 'files.reveal'> {
  return {
    'files.choose': async ({ purpose, suggestedName }) => ({
      files: await files.choose(purpose, suggestedName ?? null),
    }),
    'files.browse': ({ purpose, folder }) => files.browse(purpose, folder),
    'files.take': async ({ purpose, entries, name }) => ({
      files: await files.take(purpose, entries, name ?? null),
    }),
    'files.reveal': ({ file }) => {
      const path = files.anyPathOf(file);
      if (session.shell.reveal === undefined)
        throw new IronliftError('NOT_SUPPORTED', 'Files cannot be shown from here.', {
          next: `Look for it yourself: it is ${path}.`,
        });
      session.shell.reveal(path);
      return {};
    },
  };
}
