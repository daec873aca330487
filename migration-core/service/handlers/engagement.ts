import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { IronliftError } from '../../base/errors.ts';
import type { Handlers } from '../../contract/dispatch.ts';
import type { Desks } from '../create-session.ts';

type EngagementMethods = Extract<keyof Handlers, `engagement.${string}`>;

/** Samples that are kept; nobody makes more. */
const MAX_SAMPLES = 1000;

export function engagementHandlers(desks: Desks): Pick<Handlers, EngagementMethods> {
  const { session, engagement, recent, jobs } = desks;

  jobs.whenDone('sample', ({ output }) => {
    // Of a page's choosing is nothing in it: the path is that of the handler below.
    engagement.open((output as { path: string }).path);
  });

  return {
    'engagement.current': async () => (session.engagementPath() === null ? null : engagement.view()),
    'engagement.recent': async () => ({
      recent: await Promise.all(
        recent.all().map(async ({ path, name, openedAt, there }) => ({
          id: (await session.files.register(path, 'engagement')).id,
          ...{ name, path, openedAt, there },
        })),
      ),
    }),
    'engagement.open': async ({ file }) => {
      engagement.open(session.files.pathOf(file, 'engagement'));
      return engagement.view();
    },
    'engagement.create': async ({ file, name, utcOffsetMinutes, project }) => {
      engagement.create(session.files.pathOf(file, 'new-engagement'), { name, utcOffsetMinutes, project });
      return engagement.view();
    },
    'engagement.sample': () => {
      const { id } = jobs.start({
        kind: 'sample',
        title: 'Make the sample engagement',
        task: 'sample',
        input: { path: freeSample(session.shell.dataFolder) },
        writes: 'none',
      });
      return { job: id };
    },
    'engagement.close': () => {
      engagement.close();
      return {};
    },
    'engagement.saveProject': async (project) => {
      engagement.saveProject(project);
      return engagement.view();
    },
    'engagement.undo': async () => {
      engagement.move('undo');
      return engagement.view();
    },
    'engagement.redo': async () => {
      engagement.move('redo');
      return engagement.view();
    },
  };
}

/** What was changed in an earlier sample stays. */
function freeSample(dataFolder: string): string {
  const folder = join(dataFolder, 'samples');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new IronliftError('WRITE_FAILED', 'The sample cannot be made: nothing can be written for it.', {
      next: 'Make room on the disk of your own files, and see that the program may write there.',
      data: { folder },
      cause: error,
    });
  }
  for (let number = 1; number <= MAX_SAMPLES; number++) {
    const path = join(folder, number === 1 ? 'Harbour.ironlift' : `Harbour ${number}.ironlift`);
    if (!existsSync(path) && !existsSync(`${path}.making`)) return path;
  }
  throw new IronliftError('DESTINATION_EXISTS', `There are ${MAX_SAMPLES} samples already.`, {
    next: 'Open one of them under recent engagements.',
    data: { folder },
  });
}
