/** What a check finds, up to a limit: a table full of nonsense would fill the memory with sentences. */
import { CHECK_LIMIT, type ImageCheck, type ImageProblem } from './image.ts';

export interface ProblemList {
  add(severity: ImageProblem['severity'], message: string, offset?: number): void;
  result(allocatedBytes: number | null): ImageCheck;
}

export function problemList(): ProblemList {
  const problems: ImageProblem[] = [];
  let more = 0;
  return {
    add(severity, message, offset) {
      if (problems.length >= CHECK_LIMIT) more++;
      else problems.push({ severity, message, ...(offset === undefined ? {} : { offset }) });
    },
    result: (allocatedBytes) => ({ problems, more, allocatedBytes }),
  };
}
