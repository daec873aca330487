/** Registry hives of a guest, read through its tree and completed from the logs beside them. */
import { isDirty, readBaseBlock } from '../../registry/base-block.ts';
import { openHive, type Hive } from '../../registry/hive.ts';
import type { HiveLog } from '../../registry/recover.ts';
import type { GuestReader } from '../fixer.ts';
import type { RegistryChange } from './registry-change.ts';

/** Bytes; MAX_HIVE of the registry room is what its reader takes, and no hive of a server comes near this. */
export const LARGEST_HIVE = 512 << 20;

/** @throws NOT_FOUND, FILE_TOO_LARGE, NOT_A_HIVE, HIVE_DAMAGED, HIVE_TOO_LARGE */
export async function openGuestHive(files: GuestReader, path: string): Promise<Hive> {
  const bytes = await files.readFile(path, LARGEST_HIVE);
  const base = readBaseBlock(bytes);
  const logs: HiveLog[] = [];
  // The logs of a hive that was written to its end are of no meaning.
  if (base !== null && isDirty(base))
    for (const ending of ['LOG', 'LOG1', 'LOG2']) {
      const name = `${path}.${ending}`;
      if (await files.exists(name)) logs.push({ name, bytes: await files.readFile(name, LARGEST_HIVE) });
    }
  return openHive(bytes, { logs, takeOver: true });
}

/** What is so already is not done. @throws what the registry room throws of an edit that is not possible. */
export function changeHive(hive: Hive, change: RegistryChange): void {
  const slash = change.key.lastIndexOf('\\');
  switch (change.op) {
    case 'set': {
      const { name, type, data } = change;
      const key = hive.createKey(change.key);
      const value = key.value(name);
      if (value?.type !== type || Buffer.compare(value.data, data) !== 0) key.setValue(name, type, data);
      return;
    }
    case 'create-key':
      hive.createKey(change.key);
      return;
    case 'delete-value': {
      const key = hive.find(change.key);
      if (key?.value(change.name) !== undefined) key.removeValue(change.name);
      return;
    }
    case 'delete-key': {
      const parent = slash < 0 ? hive.root : hive.find(change.key.slice(0, slash));
      const name = change.key.slice(slash + 1);
      if (parent?.subkey(name) !== undefined) parent.removeSubkey(name);
    }
  }
}
