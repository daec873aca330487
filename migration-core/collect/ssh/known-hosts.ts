/** Which key each server showed before, in the format of OpenSSH (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { appendFile, mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { IronliftError, systemErrorCode } from '../../base/errors.ts';
import { readHostKey, type HostKey } from './host-key.ts';

export interface KnownHostKey extends HostKey {
  revoked: boolean;
}

export interface HostKeyStore {
  /** All keys that are known of the server; empty: it was never seen. */
  find(host: string, port: number): Promise<KnownHostKey[]>;
  /** Pins a key. @throws COLLECT_FAILED where it cannot be kept */
  add(host: string, port: number, key: HostKey): Promise<void>;
}

/** A file of everything an administrator of a large site ever met has some 10 MB. */
const MAXIMUM_FILE = 32 << 20;
/** A line has names, a key of at most 16 KiB in base64, and a comment. */
const MAXIMUM_LINE = 64 << 10;

/** Keeps its own file, and reads the user's own (`~/.ssh/known_hosts`) without ever writing it. */
export class KnownHostsFiles implements HostKeyStore {
  readonly #own: string;
  readonly #others: readonly string[];
  /** Servers are met many at once; lines must not mix. */
  #writing: Promise<void> = Promise.resolve();

  constructor(own: string, others: readonly string[] = []) {
    this.#own = own;
    this.#others = others;
  }

  async find(host: string, port: number): Promise<KnownHostKey[]> {
    const texts = await Promise.all([this.#own, ...this.#others].map(readIfThere));
    return texts.flatMap((text) => keysOf(text, host, port));
  }

  add(host: string, port: number, key: HostKey): Promise<void> {
    const added = this.#writing.then(() => this.#append(host, port, key));
    this.#writing = added.catch(() => undefined);
    return added;
  }

  async #append(host: string, port: number, key: HostKey): Promise<void> {
    const line = `${nameInFile(host, port)} ${key.algorithm} ${key.blob.toString('base64')}\n`;
    try {
      await mkdir(dirname(this.#own), { recursive: true, mode: 0o700 });
      const before = await readIfThere(this.#own);
      // A file that somebody edited may lack the end of its last line.
      const start = before === '' || before.endsWith('\n') ? '' : '\n';
      await appendFile(this.#own, start + line, { mode: 0o600 });
    } catch (cause) {
      throw new IronliftError('COLLECT_FAILED', `The key of ${host} could not be written to ${this.#own}.`, {
        next: 'Make room or give yourself the right to write there, then connect again.',
        cause,
      });
    }
  }
}

/** OpenSSH writes and looks up names in lower case, and names the port where it is not 22. */
export const nameInFile = (host: string, port: number): string =>
  port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;

/** The keys of one server in the text of a file. A line that is not understood is as good as not there. */
export function keysOf(text: string, host: string, port: number): KnownHostKey[] {
  const name = nameInFile(host, port);
  return text.split('\n').flatMap((line): KnownHostKey[] => {
    if (line.length > MAXIMUM_LINE) return [];
    const words = line.trim().split(/[ \t]+/u);
    const marker = words[0]?.startsWith('@') === true ? words.shift() : undefined;
    const [names, algorithm, base64] = words;
    // Of authorities: certificates of servers are not asked for.
    if (marker === '@cert-authority' || names === undefined || names.startsWith('#')) return [];
    if (algorithm === undefined || base64 === undefined || !matches(names, name)) return [];
    const key = readHostKey(Buffer.from(base64, 'base64'));
    return key?.algorithm === algorithm ? [{ ...key, revoked: marker === '@revoked' }] : [];
  });
}

function matches(names: string, name: string): boolean {
  if (names.startsWith('|')) return matchesHash(names, name);
  let found = false;
  for (const pattern of names.toLowerCase().split(',')) {
    const negated = pattern.startsWith('!');
    if (!matchesPattern(negated ? pattern.slice(1) : pattern, name)) continue;
    if (negated) return false;
    found = true;
  }
  return found;
}

/** `|1|salt|hash`: HMAC-SHA1 of the name, so that a stolen file does not tell where its owner goes. */
function matchesHash(text: string, name: string): boolean {
  const [, version, salt, hash] = text.split('|');
  if (version !== '1' || salt === undefined || hash === undefined) return false;
  const expected = Buffer.from(hash, 'base64');
  const actual = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest();
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

/** `*` any letters, `?` one. By hand, for a regular expression of somebody else's stars may take for ever. */
function matchesPattern(pattern: string, name: string): boolean {
  let [p, n] = [0, 0];
  let [star, resume] = [-1, 0];
  while (n < name.length) {
    if (pattern[p] === '*') {
      star = p++;
      resume = n;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === name[n])) {
      p++;
      n++;
    } else if (star >= 0) {
      p = star + 1;
      n = ++resume;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

async function readIfThere(path: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      if ((await file.stat()).size > MAXIMUM_FILE) throw new Error(`${path} is larger than any such file`);
      return await readFile(file, 'utf8');
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (systemErrorCode(cause) === 'ENOENT') return '';
    // Not to know what is pinned must not look like "never seen".
    throw new IronliftError('COLLECT_FAILED', `The list of known servers in ${path} could not be read.`, {
      next: 'Repair the file or its permissions, then connect again.',
      cause,
    });
  }
}
