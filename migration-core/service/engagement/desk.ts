/** The open engagement: opened, made, let go for a job that writes it, edited, closed. */
import { basename } from 'node:path';
import { IronliftError, isIronliftError } from '../../base/errors.ts';
import type { Changed } from '../../contract/contract.ts';
import { project as projectSchema, type Engagement, type Project } from '../../contract/engagement.ts';
import type { Job } from '../../contract/jobs.ts';
import type { EngagementFile } from '../../store/engagement.ts';
import { createEngagement, openEngagement } from '../../store/open.ts';
import type { Files, LogLevel } from '../session.ts';
import type { Shell } from '../shell.ts';
import { EditLog } from './edits.ts';
import type { RecentList } from './recent.ts';
import { factsOf, serverFacts, stepStates, type ServerFacts } from './steps.ts';

/** The scenario that there always is. */
const FIRST_SCENARIO = 'default';
const PROJECT = 'project';

export interface DeskWorld {
  shell: Shell;
  files: Files;
  recent: RecentList;
  jobs: () => readonly Job[];
  /** The title of a job that writes the engagement or waits to. */
  writer: () => string | null;
  changed: (...what: Changed[]) => void;
  log: (what: string, details?: Record<string, unknown>, level?: LogLevel) => void;
}

export interface EngagementDesk {
  file(): EngagementFile;
  path(): string | null;
  onChanged(listener: () => void): void;
  open(path: string): void;
  create(path: string, about: { name: string; utcOffsetMinutes: number; project: Project }): void;
  /** @throws ENGAGEMENT_BUSY */
  close(): void;
  edit<T>(
    label: string,
    changed: readonly Changed[],
    work: () => { result: T; undo: () => void; redo: () => void },
  ): T;
  move(way: 'undo' | 'redo'): void;
  project(): Project;
  saveProject(project: Project): void;
  scenario(): string;
  showScenario(name: string): void;
  view(): Promise<Engagement>;
  /** Path of the open engagement. @throws NO_ENGAGEMENT, ENGAGEMENT_READ_ONLY: another program writes it */
  writable(): string;
  /** Its servers or collections are no longer as they were. */
  forget(): void;
  /** Reading goes on while the job of that title writes. */
  release(title: string): void;
  reclaim(): void;
  /** Whatever runs: the program ends. */
  shut(): void;
}

export function engagementDesk(world: DeskWorld): EngagementDesk {
  const { shell, changed } = world;
  const now = (): number => shell.now();
  const edits = new EditLog();
  const listeners: (() => void)[] = [];
  let file: EngagementFile | null = null;
  let path: string | null = null;
  /** Why the file that was open cannot be read any more. */
  let lost: IronliftError | null = null;
  let writer: string | null = null;
  let scenario = FIRST_SCENARIO;
  /** Of ten thousand servers it takes a moment, and every edit asks for it. */
  let known: ServerFacts | null = null;

  function current(): EngagementFile {
    if (lost !== null) throw lost;
    if (file === null)
      throw new IronliftError('NO_ENGAGEMENT', 'No engagement is open.', {
        next: 'Open one, or make a new one, on the start screen.',
      });
    return file;
  }

  function refuseWhileBusy(what: string): void {
    const busy = writer ?? world.writer();
    if (busy !== null)
      throw new IronliftError('ENGAGEMENT_BUSY', `${what} while “${busy}” is working on this engagement.`, {
        next: 'Wait until it is done, or cancel it in the list of jobs.',
      });
  }

  function use(opened: EngagementFile): void {
    file = opened;
    path = opened.path;
    known = null;
    lost = null;
    edits.clear();
    scenario = world.recent.opened(opened.path, opened.name) ?? FIRST_SCENARIO;
    tell();
  }

  function tell(): void {
    for (const listener of listeners) listener();
    tellChanged();
  }

  function tellChanged(): void {
    changed(
      ...(['engagement', 'servers', 'collections', 'scenarios', 'assessment', 'plan', 'waves'] as const),
      ...(['conversions', 'reports'] as const),
    );
  }

  function leave(): void {
    const old = file;
    file = null;
    path = null;
    lost = null;
    edits.clear();
    closeAnyhow(old);
  }

  /** A stick that was pulled does not keep another engagement from being opened. */
  function closeAnyhow(old: EngagementFile | null): void {
    try {
      old?.close();
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      world.log('The engagement could not be closed in good order', { file: old?.path, text }, 'warning');
    }
  }

  /** Opens it anew, or remembers why that was not possible. */
  function reopen(at: string, readOnly: boolean): void {
    try {
      const old = file;
      file = null;
      closeAnyhow(old);
      file = openEngagement(at, { now, readOnly });
      lost = null;
    } catch (error) {
      lost = error instanceof IronliftError ? error : cannotRead(at, error);
      world.log('The engagement cannot be read any more', { file: at, message: lost.message }, 'error');
    }
  }

  function refuseReadOnly(target: EngagementFile): void {
    if (writer !== null)
      throw new IronliftError(
        'ENGAGEMENT_READ_ONLY',
        `Nothing can be changed while “${writer}” is writing to this engagement.`,
        { next: 'Wait until it is done, or cancel it in the list of jobs.' },
      );
    if (target.readOnly) throw readOnly(target);
  }

  function readProject(): Project {
    let kept: unknown = null;
    try {
      kept = current().document('project', PROJECT);
    } catch (error) {
      // What cannot be read of it is what nobody has said yet; all else of the file can be seen.
      if (!isIronliftError(error, 'ENGAGEMENT_DAMAGED')) throw error;
    }
    const parsed = projectSchema.safeParse(kept ?? {});
    return parsed.success ? parsed.data : projectSchema.parse({});
  }

  const putProject = (value: Project): void => current().putDocument('project', PROJECT, value, null, now());

  const desk: EngagementDesk = {
    file: current,
    path: () => path,
    onChanged: (listener) => void listeners.push(listener),
    open(wanted) {
      refuseWhileBusy('Another engagement cannot be opened');
      if (wanted === path) {
        reopen(wanted, false);
        tell();
        current();
        return;
      }
      // Before the other one is closed: it stays open where this one cannot be opened.
      const opened = openEngagement(wanted, { now });
      if (opened.path === path) {
        // The same file by another name: its lock is ours already.
        opened.close();
        return;
      }
      leave();
      use(opened);
      world.log('Engagement opened', { file: opened.path, readOnly: opened.readOnly });
    },
    create(wanted, { name, utcOffsetMinutes, project }) {
      refuseWhileBusy('A new engagement cannot be made');
      const made = createEngagement(wanted, { name, now, utcOffsetMinutes });
      leave();
      use(made);
      putProject(project);
      world.log('Engagement made', { file: made.path });
    },
    close() {
      refuseWhileBusy('The engagement cannot be closed');
      if (file === null && lost === null) return;
      world.log('Engagement closed', { file: path });
      leave();
      tell();
    },
    edit(label, what, work) {
      const target = current();
      refuseReadOnly(target);
      const { result, undo, redo } = target.transaction(work);
      edits.add({ label, changed: what, undo, redo });
      world.log('Edited', { edit: label });
      changed('engagement', ...what);
      return result;
    },
    move(way) {
      const target = current();
      const edit = edits[way];
      if (edit === null)
        throw new IronliftError(
          'NOTHING_TO_UNDO',
          way === 'undo' ? 'There is nothing to take back.' : 'There is nothing to do again.',
          { next: 'Edits can be taken back for as long as the engagement is open.' },
        );
      refuseReadOnly(target);
      try {
        target.transaction(edit[way]);
      } catch (error) {
        // Else it would stand in the way of those before it for ever.
        edits.drop(way);
        changed('engagement', ...edit.changed);
        throw error;
      }
      edits.moved(way);
      world.log(way === 'undo' ? 'Taken back' : 'Done again', { edit: edit.label });
      changed('engagement', ...edit.changed);
    },
    project: readProject,
    saveProject(next) {
      const before = readProject();
      desk.edit('Change the project', ['engagement', 'reports'], () => {
        putProject(next);
        return { result: null, undo: () => putProject(before), redo: () => putProject(next) };
      });
    },
    scenario: () => scenario,
    showScenario(name) {
      const at = current().path;
      if (name === scenario) return;
      scenario = name;
      world.recent.shown(at, name);
      changed('engagement', 'assessment', 'plan', 'waves');
    },
    async view() {
      const target = current();
      known ??= serverFacts(target.servers(), target.collections());
      const facts = factsOf(target, known, world.jobs(), scenario);
      const { id, name, path: shown } = await world.files.register(target.path, 'engagement');
      return {
        file: { id, name, path: shown },
        name: target.name,
        project: readProject(),
        readOnly: whyReadOnly(target),
        createdAt: target.createdAt,
        utcOffsetMinutes: target.utcOffsetMinutes,
        servers: known.servers,
        firstSample: known.firstSample,
        lastSample: known.lastSample,
        steps: stepStates(facts),
        scenario,
        undo: edits.undo?.label ?? null,
        redo: edits.redo?.label ?? null,
      };
    },
    writable() {
      const target = current();
      // Of those that wait for each other the session's own file is open for reading only.
      if (target.readOnly && writer === null) throw readOnly(target);
      return target.path;
    },
    forget() {
      known = null;
    },
    release(title) {
      writer = title;
      if (path === null || file === null) return;
      reopen(path, true);
      changed('engagement');
    },
    reclaim() {
      writer = null;
      if (path === null) return;
      reopen(path, false);
      // It is the same engagement: nobody has to begin anew, unless it has gone.
      if (lost === null) tellChanged();
      else tell();
    },
    shut() {
      leave();
    },
  };

  function whyReadOnly(target: EngagementFile): string | null {
    if (writer !== null) return `“${writer}” is writing to this engagement.`;
    return target.readOnly ? readOnly(target).message : null;
  }

  return desk;
}

const cannotRead = (path: string, cause: unknown): IronliftError =>
  new IronliftError('READ_FAILED', `${basename(path)} could not be opened again.`, {
    next: 'Look whether the disk that it is on is there and has room, and open the engagement again.',
    data: { path },
    cause,
  });

const readOnly = (target: EngagementFile): IronliftError =>
  new IronliftError(
    'ENGAGEMENT_READ_ONLY',
    `${basename(target.path)} is open in another program, or lies where nothing can be written: it can only be read here.`,
    {
      next: 'Close the other program and open the engagement again, or copy it to a folder in which you may write.',
      data: { path: target.path },
    },
  );
