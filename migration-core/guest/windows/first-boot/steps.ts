/**
 * What is left for the first start of the new machine. Every fixer that needs something done there writes a step, a batch file
 * of its own; the fixer `windows-first-boot`, which comes last, adds what runs the steps in the order of their names, logs, and
 * removes itself.
 *
 * What runs as LocalSystem must not be anybody's to change. The folder lies in that of Windows, where only administrators may
 * write; since a server may have had its rights loosened, it is closed all the same, and what is made in it inherits that.
 */
import type { EditAction, GuestEdit, GuestReader } from '../../fixer.ts';
import type { WindowsFacts } from '../facts.ts';
import { forPeople } from '../path.ts';

/** Canonical guest path of the folder of all that Ironlift leaves in a Windows. */
export const ironliftFolder = (windows: WindowsFacts): string => `${windows.systemRoot}/Ironlift`;
export const stepsFolder = (windows: WindowsFacts): string => `${ironliftFolder(windows)}/FirstBoot`;

/** Makes a folder in the one of Ironlift, or that one itself: users may read there, and administrators write. */
export const mkdirForIronlift = (windows: WindowsFacts, path: string): EditAction =>
  path === ironliftFolder(windows)
    ? { kind: 'mkdir', path, options: { rights: 'administrators' } }
    : { kind: 'mkdir', path };

/** Times of the steps among each other; steps of one time run in the order of their names. */
export type StepTime =
  /** Drivers are installed. */
  | 10
  /** Network settings, which need the drivers of the cards. */
  | 20
  /** Settings put back after a good start. */
  | 80;

export interface FirstBootStep {
  time: StepTime;
  /** Lower-case letters, digits and dashes: `network-addresses`. */
  name: string;
  /**
   * Lines of the batch file, without `@echo off` and without line ends, in printable ASCII. It runs as LocalSystem, from its own
   * folder, under cmd.exe of this Windows (XP has no PowerShell). Exit code 0 means done, 75 means "again at the next start" (three
   * tries in all), 3010 means done but for a restart, all others are logged as failed and go on.
   */
  lines: string[];
  /** Files beside the batch file, by name. */
  files?: Record<string, Uint8Array>;
  /** For the customer, as of every edit. */
  what: string;
  why: string;
}

/** The edits that leave a step: its folders where they are missing, its batch file, and what lies beside it. */
export async function leaveStep(
  windows: WindowsFacts,
  files: GuestReader,
  step: FirstBootStep,
): Promise<GuestEdit[]> {
  const { what, why } = step;
  const edits: GuestEdit[] = [];
  for (const path of [ironliftFolder(windows), stepsFolder(windows)])
    if (!(await files.exists(path)))
      edits.push({
        what: `A folder for the work of the first start is added (${forPeople(windows, path)}).`,
        why: 'Only administrators may write there.',
        action: mkdirForIronlift(windows, path),
      });
  const text = ['@echo off', ...step.lines, ''].join('\r\n');
  const batch = `${stepsFolder(windows)}/${step.time}-${step.name}.cmd`;
  edits.push({ what, why, action: { kind: 'write', path: batch, content: Buffer.from(text, 'ascii') } });
  for (const [name, content] of Object.entries(step.files ?? {}))
    edits.push({ what, why, action: { kind: 'write', path: `${stepsFolder(windows)}/${name}`, content } });
  return edits;
}
