/**
 * Passwords in the system's key store, by Electron's safeStorage: the key is the system's, the encrypted text lies in a
 * file of the data folder. Where the system has no key store nothing is kept, for then the "encryption" is a fixed text.
 */
import type { SafeStorage } from 'electron';
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { IronliftError } from '../../migration-core/base/errors.ts';
import type { Shell } from '../../migration-core/service/shell.ts';

type Store = NonNullable<Shell['credentials']>;
type Safe = Pick<
  SafeStorage,
  'encryptStringAsync' | 'decryptStringAsync' | 'isAsyncEncryptionAvailable' | 'getSelectedStorageBackend'
>;

/** A password of 4 KiB is none, and of a thousand servers none has its own. */
const SECRET_LIMIT = 4096;
const ENTRIES = 1000;
const FILE_LIMIT = 16 << 20;
const file = z.record(z.string().max(500), z.string().max(65_536));

export async function canKeep(safe: Safe, platform: string): Promise<boolean> {
  if (platform === 'linux' && ['basic_text', 'unknown'].includes(safe.getSelectedStorageBackend()))
    return false;
  return safe.isAsyncEncryptionAvailable();
}

export function credentialStore(safe: Safe, platform: string, path: string): Store {
  // One after another: each reads and writes the whole file.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work, work);
    last = turn.catch(() => undefined);
    return turn;
  };

  const keep = async (name: string, secret: string): Promise<void> => {
    if (!(await canKeep(safe, platform))) throw notKept('this system has no key store that Ironlift can use');
    if (secret.length > SECRET_LIMIT) throw notKept('it is longer than any password');
    const all = await read(path);
    if (!(name in all) && Object.keys(all).length >= ENTRIES)
      throw notKept('a thousand passwords are kept already');
    all[name] = (await safe.encryptStringAsync(secret)).toString('base64');
    await write(path, all);
  };

  return {
    keep: (name, secret) => inTurn(() => keep(name, secret)),
    recall: (name) =>
      inTurn(async () => {
        const sealed = (await read(path))[name];
        if (sealed === undefined || !(await canKeep(safe, platform))) return null;
        try {
          const { result, shouldReEncrypt } = await safe.decryptStringAsync(Buffer.from(sealed, 'base64'));
          if (shouldReEncrypt) await keep(name, result);
          return result;
        } catch {
          // Of another user, or the key store was emptied: ask the person again.
          return null;
        }
      }),
    forget: (name) =>
      inTurn(async () => {
        const others = Object.entries(await read(path)).filter(([one]) => one !== name);
        await write(path, Object.fromEntries(others));
      }),
  };
}

async function read(path: string): Promise<Record<string, string>> {
  const empty = Object.create(null) as Record<string, string>;
  try {
    if ((await stat(path)).size > FILE_LIMIT) return empty;
    return Object.assign(empty, file.parse(JSON.parse(await readFile(path, 'utf8'))));
  } catch {
    return empty;
  }
}

async function write(path: string, all: Record<string, string>): Promise<void> {
  await writeFile(`${path}.new`, JSON.stringify(all), { mode: 0o600 });
  await rename(`${path}.new`, path);
}

const notKept = (why: string): IronliftError =>
  new IronliftError('CREDENTIALS_NOT_KEPT', `The password was not saved: ${why}.`, {
    next: 'It is used for this session and asked for again the next time.',
  });
