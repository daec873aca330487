/** What a check finds, up to a limit: a table full of nonsense would fill the memory with sentences. */
import { CHECK_LIMIT, type ImageCheck, type ImageProblem } from './image.ts';

export interface ProblemList {
  add(severity: ImageProblem['severity'], message: string, offset?: number): void;
  /** Whether so many were found that to go on would tell nothing new: the table is nonsense from end to end. */
  isHopeless(): boolean;
  result(allocatedBytes: number | null): ImageCheck;
}

/** Problems that are counted beyond those listed. */
const MOST_COUNTED = 100_000;

export function problemList(): ProblemList {
  const problems: ImageProblem[] = [];
  let more = 0;
  return {
    add(severity, message, offset) {
      if (problems.length >= CHECK_LIMIT) more++;
      else problems.push({ severity, message, ...(offset === undefined ? {} : { offset }) });
    },
    isHopeless: () => more >= MOST_COUNTED,
    result: (allocatedBytes) => ({ problems, more, allocatedBytes }),
  };
}
