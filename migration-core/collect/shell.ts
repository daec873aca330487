/**
 * A machine that runs commands for us: this computer (local/shell.ts) or a server at the other end of an SSH connection
 * (ssh/shell.ts). What is built on it, does not know which.
 */
import type { Readable, Writable } from 'node:stream';

export interface ShellEnd {
  /** Exit status; null where a signal or the loss of the connection ended it. */
  status: number | null;
}

export interface ShellProcess {
  /** Stays open until `end()`: a script of ours lives no longer than its input. */
  readonly input: Writable;
  readonly output: Readable;
  readonly errors: Readable;
  /** Resolves when the process has gone and its output is read, or the connection is lost. Never rejects. */
  readonly ended: Promise<ShellEnd>;
  /** Lets go of it without waiting. Processes it started end by themselves, for their input is closed (see script.ts). */
  kill(): void;
}

export interface Shell {
  /** For sentences: `this computer`, `web1:22`. */
  readonly machine: string;
  /**
   * Has the machine's own command interpreter run one line. It may be any: the line must mean the same to sh and csh.
   * @throws COLLECT_FAILED
   */
  start(command: string): Promise<ShellProcess>;
  /** Ends everything that was started, and the connection. Never rejects. */
  close(): Promise<void>;
}
