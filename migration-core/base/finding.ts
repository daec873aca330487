/** Something a person should know about a source, guest or target. A `blocker` refuses the conversion before it starts. */
export interface Finding {
  severity: 'info' | 'warning' | 'blocker';
  /** Stable, machine-readable, UPPER_SNAKE. */
  code: string;
  /** One sentence: what was found. */
  message: string;
  /** One sentence: what to do about it. */
  next?: string;
}
