/**
 * Changes of a hive made one by one, each with what takes it back; and taking them back in a hive that the guest may have
 * changed since.
 */
import type { Hive } from '../../registry/hive.ts';
import { cellsOfTree } from '../../registry/key-cells.ts';
import type { HiveKey } from '../../registry/key.ts';
import { KEY_FLAG } from '../../registry/layout.ts';
import type { HiveValue } from '../../registry/value-list.ts';
import { changeHive } from './guest-hive.ts';
import type { KeptKey, RegistryChange, RegistryUndo } from './registry-change.ts';

/** Makes a change. @returns what takes it back, in the order in which it is done; nothing where all was so already. */
export function makeChange(hive: Hive, change: RegistryChange): RegistryUndo[] {
  const undo = inverse(hive, change);
  changeHive(hive, change);
  return undo;
}

function inverse(hive: Hive, change: RegistryChange): RegistryUndo[] {
  switch (change.op) {
    case 'set': {
      const missing = missingKeys(hive, change.key);
      const value = missing.length > 0 ? undefined : keyAt(hive, change.key)?.value(change.name);
      if (value === undefined)
        return [{ op: 'delete-value', key: change.key, name: change.name }, ...missing];
      return isSame(value, change) ? [] : [setAgain(change.key, value)];
    }
    case 'create-key':
      return missingKeys(hive, change.key);
    case 'delete-value': {
      const value = hive.find(change.key)?.value(change.name);
      return value === undefined ? [] : [setAgain(change.key, value)];
    }
    case 'delete-key': {
      const key = change.key === '' ? undefined : hive.find(change.key);
      if (key === undefined || key.path === '') return [];
      // Every cell is met once before any is kept: what leads back into itself or is owned twice is refused and not copied.
      cellsOfTree(hive.core, key);
      return [{ op: 'restore-key', key: change.key, tree: keep(key) }];
    }
  }
}

const isSame = (value: HiveValue, { type, data }: { type: number; data: Uint8Array }): boolean =>
  value.type === type && Buffer.compare(value.data, data) === 0;

const setAgain = (key: string, { name, type, data }: HiveValue): RegistryUndo => ({
  op: 'set',
  key,
  name,
  type,
  data,
});

/** As `Hive.createKey` reads a path: names that are empty are of no meaning. */
const namesOf = (path: string): string[] => path.split('\\').filter((name) => name !== '');

const keyAt = (hive: Hive, path: string): HiveKey | undefined =>
  namesOf(path).reduce<HiveKey | undefined>((key, name) => key?.subkey(name), hive.root);

/** The keys that making a path would make, the deepest first. */
function missingKeys(hive: Hive, path: string): RegistryUndo[] {
  const names = namesOf(path);
  let key: HiveKey | undefined = hive.root;
  let there = 0;
  while (there < names.length && (key = key.subkey(names[there]!)) !== undefined) there++;
  const missing: RegistryUndo[] = [];
  for (let depth = names.length; depth > there; depth--)
    missing.push({ op: 'delete-empty-key', key: names.slice(0, depth).join('\\') });
  return missing;
}

/** Keys lie at most MAX_DEPTH (512) deep, so this may call itself. */
function keep(key: HiveKey): KeptKey {
  return {
    name: key.name,
    className: key.className,
    ...((key.flags & KEY_FLAG.symbolicLink) === 0 ? {} : { link: true as const }),
    security: key.security,
    values: key.values().map(({ name, type, data }) => ({ name, type, data })),
    subkeys: key.subkeys().map(keep),
  };
}

/** Bytes of data that a record of this holds. */
export function keptBytes(undo: readonly RegistryUndo[]): number {
  const ofKey = (kept: KeptKey): number =>
    kept.security.length +
    kept.values.reduce((sum, { data }) => sum + data.length, 0) +
    kept.subkeys.reduce((sum, below) => sum + ofKey(below), 0);
  return undo.reduce(
    (sum, change) =>
      sum + (change.op === 'set' ? change.data.length : change.op === 'restore-key' ? ofKey(change.tree) : 0),
    0,
  );
}

/**
 * Takes changes back, in the order given. What the guest has changed since in a way that leaves no place for the old state is
 * left as the guest made it.
 * @returns what brings back the state before, in the order in which it is done, and a sentence for each thing left out.
 * @throws what an edit of the hive throws.
 */
export function takeBack(
  hive: Hive,
  changes: readonly RegistryUndo[],
): { undo: RegistryUndo[]; skipped: string[] } {
  const undo: RegistryUndo[][] = [];
  const skipped: string[] = [];
  const make = (change: RegistryChange): void => void undo.push(makeChange(hive, change));
  for (const change of changes) {
    switch (change.op) {
      case 'set':
        if (keyAt(hive, change.key) === undefined)
          skipped.push(
            `The value "${change.name}" is not put back, because its key "${change.key}" is no longer there.`,
          );
        else make(change);
        break;
      case 'delete-empty-key': {
        const key = keyAt(hive, change.key);
        if (key === undefined) break;
        if (key.subkeyCount > 0 || key.values().length > 0)
          skipped.push(`The key "${change.key}" stays, because something was put into it since.`);
        else make({ op: 'delete-key', key: change.key });
        break;
      }
      case 'restore-key': {
        const names = namesOf(change.key);
        const parent = keyAt(hive, names.slice(0, -1).join('\\'));
        if (parent === undefined)
          skipped.push(
            `The key "${change.key}" is not put back, because the key above it is no longer there.`,
          );
        else if (parent.subkey(change.tree.name) !== undefined)
          skipped.push(`The key "${change.key}" is not put back, because there is one of its name again.`);
        else {
          restore(parent, change.tree, skipped);
          undo.push([{ op: 'delete-key', key: change.key }]);
        }
        break;
      }
      default:
        make(change);
    }
  }
  return { undo: undo.reverse().flat(), skipped };
}

function restore(parent: HiveKey, kept: KeptKey, skipped: string[]): void {
  if (kept.link === true) {
    skipped.push(`The key "${parent.path}\\${kept.name}" is not put back, because it was a link.`);
    return;
  }
  const key = parent.createSubkey(kept.name, { className: kept.className, security: kept.security });
  for (const { name, type, data } of kept.values) key.setValue(name, type, data);
  for (const below of kept.subkeys) restore(key, below, skipped);
}
