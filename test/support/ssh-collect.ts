/** What tests of collecting over SSH have in common. */
import { join } from 'node:path';
import type { CollectSshOptions, SshItem } from '../../migration-core/collect/ssh/collect.ts';
import { KnownHostsFiles } from '../../migration-core/collect/ssh/known-hosts.ts';
import type { SshTarget } from '../../migration-core/collect/ssh/target.ts';
import type { Sshd } from './sshd.ts';

export const targetOf = (sshd: Sshd): SshTarget => ({ host: '127.0.0.1', port: sshd.port, user: sshd.user });

export const optionsOf = (sshd: Sshd, more: Partial<CollectSshOptions> = {}): CollectSshOptions => ({
  credentials: { keys: async () => [{ name: 'user_key', content: sshd.key }] },
  hostKeys: new KnownHostsFiles(join(sshd.folder, 'known')),
  onUnknownHost: async () => true,
  ...more,
});

export async function all(items: AsyncIterable<SshItem>): Promise<SshItem[]> {
  const list: SshItem[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** The code of the first server that failed, '' where none did. */
export function failure(items: SshItem[]): string {
  const failed = items.find((item) => item.kind === 'failed');
  return failed === undefined ? '' : failed.error.code;
}
