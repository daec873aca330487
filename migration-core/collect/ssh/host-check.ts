/** Is it the server it was before? Decided by its key, before anything secret is sent. */
import { IronliftError } from '../../base/errors.ts';
import { fingerprint, readHostKey, type Fingerprint, type HostKey } from './host-key.ts';
import type { HostKeyStore, KnownHostKey } from './known-hosts.ts';
import { portOf, targetName, type SshTarget } from './target.ts';

export interface UnknownHost {
  target: SshTarget;
  /** To be shown, and compared with what the server's administrator reads from its console. */
  fingerprint: Fingerprint;
}

/** Whether to trust a server that was never seen; what is accepted is pinned. */
export type OnUnknownHost = (host: UnknownHost) => Promise<boolean>;

export type HostVerdict = 'known' | 'unknown' | 'changed' | 'revoked';

/**
 * A server that shows a key of a kind that was never seen, while another kind is known, has changed: it is asked for the
 * known kinds first, so it no longer has them.
 */
export function judgeHostKey(key: HostKey, known: readonly KnownHostKey[]): HostVerdict {
  const same = known.filter((one) => one.blob.equals(key.blob));
  if (same.some((one) => one.revoked)) return 'revoked';
  if (same.length > 0) return 'known';
  return known.some((one) => !one.revoked) ? 'changed' : 'unknown';
}

/** Resolves when the server may be talked to. @throws HOST_KEY_UNKNOWN, HOST_KEY_CHANGED, COLLECT_FAILED */
export async function checkHost(
  target: SshTarget,
  blob: Uint8Array,
  known: readonly KnownHostKey[],
  store: HostKeyStore,
  onUnknownHost: OnUnknownHost | undefined,
): Promise<void> {
  const name = targetName(target);
  const key = readHostKey(blob);
  if (key === null) {
    throw new IronliftError('HOST_NOT_REACHED', `What ${name} shows as its key is none.`, {
      next: 'Check that an SSH server answers on that port.',
    });
  }
  const shown = fingerprint(key);
  const data = { host: target.host, port: portOf(target), fingerprint: shown.text };
  switch (judgeHostKey(key, known)) {
    case 'known':
      return;
    case 'changed':
      throw new IronliftError(
        'HOST_KEY_CHANGED',
        `${name} shows another key than before: ${shown.text}. Somebody may be listening in between, or the server was installed anew.`,
        {
          next: 'Have its administrator read the fingerprint from the console; only if it is the same, remove the old key and connect again.',
          data: { ...data, known: known.map((one) => fingerprint(one).text) },
        },
      );
    case 'revoked':
      throw new IronliftError('HOST_KEY_CHANGED', `The key of ${name} is marked as revoked: ${shown.text}.`, {
        next: 'Ask its administrator for the new key; do not log in before.',
        data,
      });
    case 'unknown':
      if ((await onUnknownHost?.({ target, fingerprint: shown })) !== true) {
        throw new IronliftError(
          'HOST_KEY_UNKNOWN',
          `${name} was never seen before; its key is ${shown.text}.`,
          {
            next: 'Compare the fingerprint with the one on the console of the server (ssh-keygen -lf), then accept it.',
            data,
          },
        );
      }
      await store.add(target.host, portOf(target), key);
  }
}
