/**
 * What the program asks of the shell that it runs in: one implementation in electron/main, one in electron/host, one for
 * tests. Given once, at the composition root.
 */
import type { Capabilities } from '../contract/app.ts';
import type { FilePurpose } from '../contract/files.ts';
import type { PrintPdf } from '../report/writer.ts';
import type { HelperCommand } from '../source/elevated/helper-command.ts';

/** A process that does tasks; see tasks/process.ts for what is said. */
export interface TaskProcess {
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** null: ended by a signal. Called once. */
  onExit(listener: (code: number | null) => void): void;
  /** At once. */
  kill(): void;
}

export interface Shell {
  capabilities: Capabilities;
  /** `linux`, `darwin`, `win32`. */
  platform: string;
  version: string;
  /** Folder for settings, logs and the list of jobs; exists. */
  dataFolder: string;
  /** Where a person's own files begin: the first folder that is shown. */
  homeFolder: string;
  /** Milliseconds since 1970. */
  now(): number;
  /** 16 bytes in hexadecimal. */
  randomId(): string;
  /** Starts a process that runs service/tasks/process.ts. @param name shown by the system: `job-7` */
  startProcess(name: string): TaskProcess;
  /** The system's dialog; paths, or none. Only where `capabilities.dialogs` is `native`. */
  chooseFiles?(purpose: FilePurpose, suggestedName: string | null): Promise<string[]>;
  /**
   * Reads one disk with rights that this program has not. Where `capabilities.localDisks` is `helper`; goes to
   * `openSource` as `helper`, through the processes of tasks.
   */
  deviceHelper?: HelperCommand;
  /** Prints a page as PDF; absent: a browser of this computer is looked for. */
  printPdf?: PrintPdf;
  reveal?(path: string): void;
  /** Keeps the system awake while at least one caller holds it. Returns what lets go. */
  keepAwake?(): () => void;
  /** Part of all that is done, 0 to 1, for the taskbar; null: nothing runs. */
  showProgress?(part: number | null): void;
  /** Says that a job is over, when nobody looks. */
  notify?(title: string, text: string): void;
  credentials?: {
    /** Encrypted by the system's key store. @throws CREDENTIALS_NOT_KEPT */
    keep(name: string, secret: string): Promise<void>;
    recall(name: string): Promise<string | null>;
    forget(name: string): Promise<void>;
  };
}
