/** SHA-256 of a whole file, as `sha256sum` prints it, in a thread of its own: it cannot be divided. */
import { cancelled, throwIfCancelled } from '../base/cancel.ts';
import { readFailed } from './file-errors.ts';
import { startThread } from './start-thread.ts';

/** What the thread answers. */
export type FileDigestAnswer = { sha256: string } | { code: string; message: string };

/** 64 hex digits. @throws CANCELLED, READ_FAILED */
export async function fileSha256(path: string, signal: AbortSignal | undefined): Promise<string> {
  throwIfCancelled(signal);
  const worker = startThread(new URL('./file-digest-worker.ts', import.meta.url), path);
  const stop = new AbortController();
  try {
    const answer = await new Promise<FileDigestAnswer>((resolve, reject) => {
      worker.on('message', resolve);
      worker.on('error', reject);
      signal?.addEventListener('abort', () => reject(cancelled()), { signal: stop.signal });
    });
    if ('sha256' in answer) return answer.sha256;
    throw readFailed(Object.assign(new Error(answer.message), { code: answer.code }), 0);
  } finally {
    stop.abort();
    await worker.terminate();
  }
}
