/** Small files that people name (settings, tables), looked at before they are read: by one open file, so that it stays the same. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** A pipe that nobody writes to must not keep us waiting; Windows knows neither. */
const WITHOUT_WAITING = (constants as { O_NONBLOCK?: number }).O_NONBLOCK ?? 0;

/** What is not read: devices and pipes, which have no end, and what is larger than allowed for. */
export type NotRead = { why: 'no-file' } | { why: 'too-large'; bytes: number };

/**
 * Never reads more than is allowed for, whatever the name stands for.
 * @param limit bytes
 * @throws what the operating system says of it, for example ENOENT
 */
export function readBounded(path: string, limit: number): Buffer | NotRead {
  const file = openSync(path, constants.O_RDONLY | WITHOUT_WAITING);
  try {
    const stat = fstatSync(file);
    if (!stat.isFile() && !stat.isDirectory()) return { why: 'no-file' };
    if (stat.size > limit) return { why: 'too-large', bytes: stat.size };
    const bytes = Buffer.alloc(stat.size);
    let length = 0;
    for (;;) {
      const read = readSync(file, bytes, length, bytes.length - length, length);
      if (read === 0) return bytes.subarray(0, length);
      length += read;
    }
  } finally {
    closeSync(file);
  }
}
