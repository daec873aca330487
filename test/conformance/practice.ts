/** A small program behind the real contract and the real dispatch: every way that a call can go is in it. */
import { IronliftError } from '../../migration-core/base/errors.ts';
import type { Settings } from '../../migration-core/contract/app.ts';
import { calls } from '../../migration-core/contract/contract.ts';
import type { Handlers } from '../../migration-core/contract/dispatch.ts';
import type { Job } from '../../migration-core/contract/jobs.ts';
import { EventStream } from '../../electron/event-stream.ts';
import { eventHub, type EventHub } from '../../migration-core/service/events.ts';
import type { Log } from '../../electron/log-file.ts';

export interface PracticeProgram {
  handlers: Handlers;
  hub: EventHub;
  events: EventStream;
  log: Log;
  logged: { what: string; facts: unknown }[];
  /** Methods whose handlers failed by a fault. */
  faults: string[];
  /** Of jobs.get. */
  result: unknown;
  /** Calls that wait for ever, and how many of them were told to stop. */
  waiting: number;
  aborted: number;
}

export const practiceJob = (id: string, result: unknown = null): Job => ({
  id,
  kind: 'import',
  title: 'Practice',
  state: 'running',
  createdAt: 0,
  startedAt: null,
  endedAt: null,
  progress: null,
  step: null,
  notes: [],
  error: null,
  result,
  canPause: false,
  canResume: false,
  canRetry: false,
});

export function practiceProgram(): PracticeProgram {
  let settings: Settings = { theme: 'system', density: 'normal', locale: null, consultant: '', company: '' };
  const missing = Object.fromEntries(
    Object.keys(calls).map((method) => [
      method,
      () => {
        throw new Error(`${method} is not practised`);
      },
    ]),
  ) as unknown as Handlers;
  const hub = eventHub();
  const program: PracticeProgram = {
    hub,
    events: new EventStream('run-1', hub, () => []),
    logged: [],
    faults: [],
    log: {
      info: (what, facts = {}) => void program.logged.push({ what, facts }),
      fault: (where) => void program.faults.push(where),
    },
    result: null,
    waiting: 0,
    aborted: 0,
    handlers: {
      ...missing,
      'app.settings': () => settings,
      'app.saveSettings': (input) => (settings = input),
      'jobs.get': async ({ job }) => {
        // Answers leave in another order than their questions came.
        await new Promise((resolve) => setTimeout(resolve, 40 - Math.min(40, Number(job.slice(4)))));
        return practiceJob(job, program.result);
      },
      'jobs.list': () => ({ jobs: 'none' as unknown as Job[] }),
      'jobs.resume': (_input, { signal }) =>
        new Promise((_resolve, reject) => {
          program.waiting++;
          signal.addEventListener('abort', () => {
            program.aborted++;
            reject(new IronliftError('CANCELLED', 'It was cancelled.', { next: 'Start it again.' }));
          });
        }),
      'engagement.open': () => {
        throw new IronliftError('ENGAGEMENT_DAMAGED', 'The file harbour.ironlift is damaged at page 7.', {
          next: 'Take the copy that was made yesterday.',
          data: { page: 7, name: 'a\u0000b\u001b[31m' },
        });
      },
      'engagement.close': () => {
        throw new Error('secret: /home/anna/customer.ironlift');
      },
    },
  };
  return program;
}
