import { execFile } from 'node:child_process';
import type { RunProgram } from './local-disk.ts';

/** The answer of a system tool to one question: no shell, a minute at most. */
export const runProgram: RunProgram = (program, args, input) =>
  new Promise((resolve, reject) => {
    const options = { maxBuffer: 16 << 20, timeout: 60_000, windowsHide: true };
    const child = execFile(program, [...args], options, (error, stdout) => {
      if (error === null) resolve(stdout);
      else reject(new Error(error.message, { cause: error }));
    });
    // A tool that ends without reading its input is no error of ours; its exit status tells.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input ?? '');
  });
