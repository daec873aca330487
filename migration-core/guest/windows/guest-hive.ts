/** Registry hives of a guest, read through its tree and completed from the logs beside them. */
import { openHive, type Hive } from '../../registry/hive.ts';
import type { HiveLog } from '../../registry/recover.ts';
import type { GuestReader } from '../fixer.ts';
import type { RegistryChange } from './registry-change.ts';

/** Bytes; MAX_HIVE of the registry room is what its reader takes, and no hive of a server comes near this. */
const LARGEST = 512 << 20;

/** @throws NOT_FOUND, NOT_A_HIVE, HIVE_DAMAGED, HIVE_TOO_LARGE */
export async function openGuestHive(files: GuestReader, path: string): Promise<Hive> {
  const logs: HiveLog[] = [];
  for (const ending of ['LOG', 'LOG1', 'LOG2']) {
    const name = `${path}.${ending}`;
    if (await files.exists(name)) logs.push({ name, bytes: await files.readFile(name, LARGEST) });
  }
  return openHive(await files.readFile(path, LARGEST), { logs });
}

/** @throws what the registry room throws of an edit that is not possible. */
export function changeHive(hive: Hive, change: RegistryChange): void {
  const slash = change.key.lastIndexOf('\\');
  switch (change.op) {
    case 'set':
      hive.createKey(change.key).setValue(change.name, change.type, change.data);
      return;
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
