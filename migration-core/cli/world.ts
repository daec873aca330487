/** What a command may touch of the process around it; tests pass their own. */
export interface World {
  /** Writes text to standard output. */
  out(text: string): void;
  /** Writes text to standard error. */
  err(text: string): void;
  /** Whether standard error is a terminal: progress may redraw its line. */
  interactive: boolean;
  /** Columns of the terminal. */
  columns: number;
  /** Columns of standard output, so that a table fits; Infinity where it is no terminal and nothing may be missing. */
  tableColumns: number;
  /** Milliseconds since 1970. */
  now: () => number;
  signal: AbortSignal;
  /** Of the process. */
  environment: Readonly<Record<string, string | undefined>>;
  /** Asks the person at the terminal; `hidden`: what is typed does not show. null where nobody is there, or without an answer. */
  ask(question: string, options: { hidden: boolean }): Promise<string | null>;
}
