/** Progress of long work. Bytes are of the virtual disks; `skippedBytes` are those that never had to be read. */
export interface Progress {
  phase: string;
  /** What is counted where it is not bytes: `servers`. */
  unit?: string;
  doneBytes: number;
  totalBytes: number;
  skippedBytes: number;
  /** Bytes per second over the last seconds; 0 until known. */
  rate: number;
  /** Seconds to go, or null until known. */
  etaSeconds: number | null;
  /** What holds it up, where the work knows. */
  bottleneck?: 'source' | 'target' | 'processor';
}

export type ProgressListener = (progress: Progress) => void;

/** Of work that is counted in things and not in bytes: `servers`. */
export const countedProgress = (phase: string, unit: string, done: number, total: number): Progress => ({
  phase,
  unit,
  doneBytes: done,
  totalBytes: total,
  skippedBytes: 0,
  rate: 0,
  etaSeconds: null,
});
