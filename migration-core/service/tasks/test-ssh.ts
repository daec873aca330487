/** Whether servers can be reached over SSH: each is connected to, logged in to, and left. */
import { isIronliftError } from '../../base/errors.ts';
import { connectSsh } from '../../collect/ssh/connect.ts';
import type { Fingerprint } from '../../collect/ssh/host-key.ts';
import { targetName } from '../../collect/ssh/target.ts';
import type { Access } from '../../contract/collection.ts';
import { credentialsOf, hostKeysOf, parseTarget, trusting, type SshAccess } from '../collection/ssh.ts';
import type { Task } from './table.ts';

/** Handshakes of a hundred servers at once would make a laptop miss answers. */
const AT_ONCE = 16;

export const testSshTask: Task<{ access: SshAccess }, { results: Access[] }> = {
  async run({ access }, { signal }) {
    const targets = access.targets.map((text) => parseTarget(text, access.login.user));
    const credentials = await credentialsOf(access.login);
    const hostKeys = hostKeysOf(access);
    const results = new Map<number, Access>();
    const queue = [...targets.entries()];
    const work = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const [index, target] = next;
        let seen: Fingerprint | null = null;
        try {
          const shell = await connectSsh(target, {
            credentials,
            hostKeys,
            signal,
            onUnknownHost: (host) => {
              seen = host.fingerprint;
              return trusting(access)(host);
            },
          });
          await shell.close();
          results.set(index, { ...named(target), state: 'ok', fingerprint: null, sha256: null, error: null });
        } catch (error) {
          if (!isIronliftError(error) || error.code === 'CANCELLED') throw error;
          const unknown = seen as Fingerprint | null;
          const isUnknown = error.code === 'HOST_KEY_UNKNOWN' && unknown !== null;
          results.set(index, {
            ...named(target),
            state: isUnknown ? 'unknown-host' : 'failed',
            fingerprint: unknown?.text ?? null,
            sha256: unknown?.sha256 ?? null,
            error: error.toJSON(),
          });
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, targets.length) }, work));
    return { results: targets.map((_, index) => results.get(index)!) };
  },
};

const named = (target: Parameters<typeof targetName>[0]): { target: string } => ({
  target: targetName(target),
});
