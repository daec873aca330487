/** The thread of file-digest.ts: `workerData` is the path, the one message is the answer. */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type { FileDigestAnswer } from './file-digest.ts';

const buffer = new Uint8Array(1 << 20);

function digest(path: string): FileDigestAnswer {
  try {
    const fd = openSync(path, 'r');
    try {
      const hash = createHash('sha256');
      for (;;) {
        const count = readSync(fd, buffer, 0, buffer.length, null);
        if (count === 0) return { sha256: hash.digest('hex') };
        hash.update(buffer.subarray(0, count));
      }
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    return {
      code: error instanceof Error && 'code' in error ? String(error.code) : '',
      message: String(error),
    };
  }
}

parentPort!.postMessage(digest(workerData as string));
