/** The program behind the interface, put together once by each shell. */
import { join } from 'node:path';
import { isIronliftError } from '../base/errors.ts';
import type { Settings } from '../contract/app.ts';
import type { Changed } from '../contract/contract.ts';
import type { Handlers } from '../contract/dispatch.ts';
import { activityLog, type ActivityLog } from './activity/log.ts';
import { engagementDesk, type EngagementDesk } from './engagement/desk.ts';
import { recentList, type RecentList } from './engagement/recent.ts';
import { eventHub, type EventHub } from './events.ts';
import { makeFiles, type FileDesk } from './files/files.ts';
import { makeHandlers } from './handlers.ts';
import { makeJobs, type JobDesk } from './jobs/jobs.ts';
import type { Session } from './session.ts';
import { settingsFile } from './settings.ts';
import type { Shell } from './shell.ts';

/** What the handlers of this room's own areas use beside the session. */
export interface Desks {
  session: Session;
  files: FileDesk;
  jobs: JobDesk;
  engagement: EngagementDesk;
  recent: RecentList;
  activity: ActivityLog;
  saveSettings: (settings: Settings) => void;
}

export interface OpenSession {
  session: Session;
  /** For `dispatch`, with `report`. */
  handlers: Handlers;
  events: EventHub;
  /** Writes a fault of the program to the log; pages see nothing of it but INTERNAL. */
  report(error: unknown, where: string): void;
  /** Titles of jobs that run or wait: what a person is asked about before the program ends. */
  busy(): string[];
  /** Opens an engagement for the shell itself: a file that was double-clicked. @throws as `engagement.open` */
  openEngagement(path: string): void;
  /** Jobs come to a safe place and can go on later; the engagement is closed; all processes are gone. */
  close(): Promise<void>;
}

export interface SessionOptions {
  /** Milliseconds that a task has to stop by itself; for tests. */
  patience?: number;
}

export async function createSession(shell: Shell, options: SessionOptions = {}): Promise<OpenSession> {
  const activity = activityLog({
    folder: join(shell.dataFolder, 'log'),
    now: () => shell.now(),
    // There is nowhere to write that nothing can be written.
    onFault: () => undefined,
  });
  const events = eventHub((error) => report(error, 'A listener of events'));
  const settings = settingsFile(shell);
  const recent = recentList(shell, report);
  const files = makeFiles(shell);

  function report(error: unknown, where: string): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : undefined;
    const code = isIronliftError(error) ? error.code : undefined;
    activity.write('A fault', { where, code, text, cause }, 'error');
    events.emit('changed', { what: ['activity'] });
  }

  function log(what: string, details?: Record<string, unknown>, level?: 'info' | 'warning' | 'error'): void {
    activity.write(what, details, level);
    events.emit('changed', { what: ['activity'] });
  }

  function changed(...what: Changed[]): void {
    if (what.includes('servers') || what.includes('collections')) engagement.forget();
    events.emit('changed', { what });
  }

  // Jobs let go of the engagement, which asks who writes it: each is given the other's functions.
  const jobs: JobDesk = makeJobs({
    ...{ shell, events, log, report, patience: options.patience },
    writable: () => engagement.writable(),
    release: (title) => engagement.release(title),
    reclaim: () => engagement.reclaim(),
  });
  const engagement: EngagementDesk = engagementDesk({
    ...{ shell, files, recent, log },
    jobs: () => jobs.list(),
    writer: () => jobs.engagementWriter(),
    changed,
  });

  const session: Session = {
    ...{ shell, files, jobs, log },
    engagement: () => engagement.file(),
    engagementPath: () => engagement.path(),
    onEngagementChanged: (listener) => engagement.onChanged(listener),
    edit: (label, changed, work) => engagement.edit(label, changed, work),
    changed,
    settings: () => settings.get(),
    scenario: () => engagement.scenario(),
    showScenario: (name) => engagement.showScenario(name),
  };
  const handlers = makeHandlers({
    ...{ session, files, jobs, engagement, recent, activity },
    saveSettings: (wanted) => settings.save(wanted),
  });
  log('Program started', { version: shell.version, platform: shell.platform });
  return {
    ...{ session, handlers, events, report },
    busy: () => jobs.busy(),
    openEngagement: (path) => engagement.open(path),
    async close() {
      await jobs.close();
      engagement.shut();
      log('Program ended');
    },
  };
}
