/** How servers are reached over SSH: what a person typed made into targets and credentials. Nothing here is kept. */
import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { IronliftError } from '../../base/errors.ts';
import { sessionAgent, type SshCredentials } from '../../collect/ssh/credentials.ts';
import type { OnUnknownHost } from '../../collect/ssh/host-check.ts';
import { KnownHostsFiles } from '../../collect/ssh/known-hosts.ts';
import type { SshTarget } from '../../collect/ssh/target.ts';

export interface SshLogin {
  /** For targets that name none. */
  user: string;
  agent: boolean;
  /** Path of a private key. */
  key: string | null;
  passphrase: string | null;
  password: string | null;
  sudo: boolean;
  sudoPassword: string | null;
}

export interface SshAccess {
  targets: readonly string[];
  login: SshLogin;
  /** Fingerprints (`SHA256:...`) that a person compared. */
  trust: readonly string[];
  /** Where keys of servers are pinned. */
  knownHosts: string;
}

/** `user@host:22`, `host`, `[2001:db8::7]:22`, `2001:db8::7`. */
const TARGET =
  /^(?:(?<user>[^@\s]+)@)?(?:\[(?<six>[0-9a-f:.%]+)\]|(?<host>[^\s:@[\]]+)|(?<bare>[0-9a-f]*:[0-9a-f:.]+))(?::(?<port>\d{1,5}))?$/iu;
/** A private key of 16,384 bits has some 13 kB. */
const MAX_KEY_BYTES = 256 << 10;

/** @throws USAGE */
export function parseTarget(text: string, user: string): SshTarget {
  const groups = TARGET.exec(text)?.groups;
  const port = Number(groups?.['port'] ?? 22);
  if (groups === undefined || port < 1 || port > 65_535 || text.startsWith('-'))
    throw new IronliftError(
      'USAGE',
      `${JSON.stringify(text.slice(0, 80))} is no name or address of a server.`,
      {
        next: 'Write a name or an address, with the user before and the port after it if need be: admin@web01:2222.',
      },
    );
  const host = groups['six'] ?? groups['host'] ?? groups['bare']!;
  return { host, user: groups['user'] ?? user, ...(port === 22 ? {} : { port }) };
}

/** @throws SOURCE_NOT_READABLE for a key that cannot be read or is too large to be one */
export async function credentialsOf(login: SshLogin): Promise<SshCredentials> {
  const key = login.key === null ? null : { name: basename(login.key), content: await readKey(login.key) };
  return {
    ...(login.agent ? { agent: async () => sessionAgent(process.env, process.platform) } : {}),
    ...(key === null ? {} : { keys: async () => [key] }),
    passphrase: async () => login.passphrase,
    ...(login.password === null ? {} : { password: async () => login.password }),
    sudoPassword: async () => login.sudoPassword ?? login.password,
  };
}

async function readKey(path: string): Promise<Buffer> {
  try {
    const { size } = await stat(path);
    if (size <= MAX_KEY_BYTES) return await readFile(path);
  } catch (cause) {
    throw new IronliftError('SOURCE_NOT_READABLE', `The key ${basename(path)} cannot be read.`, {
      next: 'Give yourself the right to read it, or choose another one.',
      cause,
    });
  }
  throw new IronliftError('SOURCE_NOT_READABLE', `${basename(path)} is too large to be a private key.`, {
    next: 'Choose the private key itself, in the format of OpenSSH, PEM or PuTTY.',
  });
}

export const hostKeysOf = ({ knownHosts }: SshAccess): KnownHostsFiles =>
  new KnownHostsFiles(knownHosts, [join(homedir(), '.ssh', 'known_hosts')]);

/** Trusts what a person compared, and nothing else. */
export const trusting =
  ({ trust }: SshAccess): OnUnknownHost =>
  async ({ fingerprint }) =>
    trust.includes(fingerprint.sha256);
