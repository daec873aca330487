/** A whole session over a shell of Node, in a data folder of its own; called as a page calls it. */
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { CallError } from '../../migration-core/contract/call.ts';
import type { Input, Method, NumberedEvent, Output } from '../../migration-core/contract/contract.ts';
import { dispatch } from '../../migration-core/contract/dispatch.ts';
import type { FilePurpose } from '../../migration-core/contract/files.ts';
import type { Job, JobState } from '../../migration-core/contract/jobs.ts';
import {
  createSession,
  type OpenSession,
  type SessionOptions,
} from '../../migration-core/service/create-session.ts';
import { nodeShell } from '../../migration-core/service/node-shell.ts';
import type { Session } from '../../migration-core/service/session.ts';
import type { Shell } from '../../migration-core/service/shell.ts';
import { scratchFolder } from './tools.ts';

export interface TestSessionOptions extends SessionOptions {
  /** Path of an engagement file that is open from the start. */
  engagement?: string;
  /** One that goes after the test unless given. */
  dataFolder?: string;
  homeFolder?: string;
  /** Milliseconds since 1970; the machine's unless given. */
  now?: () => number;
  /** What the shell has beside that of Node. */
  shell?: Partial<Shell>;
  /** Task processes know the tasks of test/support/test-tasks.ts, too. */
  testTasks?: boolean;
  /** How long `jobUntil` waits. */
  waitSeconds?: number;
}

export interface TestSession {
  session: Session;
  open: OpenSession;
  /** All that happened since it was opened. */
  events: NumberedEvent[];
  dataFolder: string;
  homeFolder: string;
  /** Through `dispatch`; throws TestCallFailed. */
  call: <M extends Method>(method: M, input: Input<M>, signal?: AbortSignal) => Promise<Output<M>>;
  /** The error of a call that must fail. */
  refused: (method: Method, input: unknown) => Promise<CallError>;
  /** The id of a path, as if a person had chosen it. */
  fileId: (path: string, purpose: FilePurpose) => Promise<string>;
  /** The job, once it is in one of these states; any that is over unless given. Fails after `waitSeconds`. */
  jobUntil: (id: string, ...states: JobState[]) => Promise<Job>;
  close: () => Promise<void>;
}

export class TestCallFailed extends Error {
  readonly error: CallError;
  constructor(method: string, error: CallError) {
    super(`${method}: ${error.code}: ${error.message} ${error.next}`);
    this.error = error;
  }
}

const OVER: readonly JobState[] = ['paused', 'interrupted', 'cancelled', 'failed', 'done'];

export async function openTestSession(options: TestSessionOptions = {}): Promise<TestSession> {
  const { engagement, now, testTasks = false, shell: more = {}, ...given } = options;
  const folder = await scratchFolder();
  const dataFolder = given.dataFolder ?? join(folder, 'data');
  const homeFolder = given.homeFolder ?? join(folder, 'home');
  await mkdir(homeFolder, { recursive: true });
  const shell: Shell = {
    ...nodeShell({
      ...{ version: '0.0.0-test', dataFolder, homeFolder },
      ...(now === undefined ? {} : { now }),
      ...(testTasks ? { taskProgram: resolve(import.meta.dirname, 'test-tasks.ts') } : {}),
      capabilities: { destroy: true },
    }),
    ...more,
  };
  const open = await createSession(shell, given.patience === undefined ? {} : { patience: given.patience });
  const events: NumberedEvent[] = [];
  open.events.subscribe((event) => events.push(event));
  let isClosed = false;
  const close = async (): Promise<void> => {
    if (isClosed) return;
    isClosed = true;
    await open.close();
  };
  onTestFinished(close);

  async function tryCall(method: Method, input: unknown, signal?: AbortSignal) {
    const context = { signal: signal ?? new AbortController().signal };
    return dispatch(open.handlers, method, input, context, (error, where) => {
      open.report(error, where);
      console.error(`${where}:`, error);
    });
  }

  const test: TestSession = {
    ...{ session: open.session, open, events, dataFolder, homeFolder, close },
    async call(method, input, signal) {
      const result = await tryCall(method, input, signal);
      if (!result.ok) throw new TestCallFailed(method, result.error);
      return result.output as Output<typeof method>;
    },
    async refused(method, input) {
      const result = await tryCall(method, input);
      expect(result.ok, `${method} must be refused`).toBe(false);
      return (result as { error: CallError }).error;
    },
    fileId: async (path, purpose) => (await open.session.files.register(path, purpose)).id,
    async jobUntil(id, ...states) {
      const wanted = states.length === 0 ? OVER : states;
      const until = performance.now() + 1000 * (given.waitSeconds ?? 25);
      for (;;) {
        const job = await test.call('jobs.get', { job: id });
        if (wanted.includes(job.state)) return job;
        if (performance.now() > until || (OVER.includes(job.state) && job.state !== 'paused'))
          throw new Error(`The job is ${job.state} and not ${wanted.join(' or ')}: ${JSON.stringify(job)}`);
        await new Promise((done) => setTimeout(done, 20));
      }
    },
  };
  if (engagement !== undefined) open.openEngagement(engagement);
  return test;
}
