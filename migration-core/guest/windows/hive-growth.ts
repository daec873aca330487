/** How much larger a hive may become by changes: asked before any of them is made. */
import type { RegistryChange } from './registry-change.ts';

/** A key's record, its security where it gets its own, and the cell of its name's list; a value's record and its place in a list. */
const KEY_BYTES = 256;
const VALUE_BYTES = 64;
/**
 * Lists of subkeys and values are written anew in a larger cell where they grow; one list of subkeys takes 8 KiB at most before
 * it is parted, and a bin is a page or more.
 */
const LISTS_ASIDE = 16 << 10;

/** Bytes; an upper limit as far as can be told without the hive: what it has free inside is not counted. */
export function hiveGrowth(changes: readonly RegistryChange[]): number {
  let bytes = 0;
  for (const change of changes) {
    if (change.op !== 'set' && change.op !== 'create-key') continue;
    for (const name of change.key.split('\\')) bytes += KEY_BYTES + 2 * name.length;
    if (change.op === 'set') bytes += VALUE_BYTES + 2 * change.name.length + change.data.length;
  }
  return bytes === 0 ? 0 : bytes + LISTS_ASIDE;
}
