/**
 * Before the first change the whole tree is walked once: writing to a volume where two files share a cluster, or where a
 * file lies in clusters that count as free, would destroy what the guest still has.
 */
import { throwIfCancelled } from '../../base/cancel.ts';
import { clustersOf, readChain, type Run } from './chain.ts';
import { entriesOf, loadDirectory, rootCluster } from './directory.ts';
import { isDirectoryEntry } from './entry.ts';
import { damaged } from './errors.ts';
import type { FatVolume } from './volume.ts';

/** @throws FAT_DAMAGED where chains cross, run in circles, or lead to free clusters or out of the volume. */
export async function checkTree(volume: FatVolume): Promise<void> {
  const { geometry, table } = volume;
  /** A bit for each cluster that has an owner. */
  const owned = new Uint8Array(Math.ceil((geometry.clusterCount + 2) / 8));
  const own = (runs: readonly Run[], path: string): void => {
    for (const cluster of clustersOf(runs)) {
      const bit = 1 << (cluster & 7);
      if ((owned[cluster >>> 3]! & bit) !== 0)
        throw damaged(`${path} shares cluster ${cluster} with another file`, { cluster });
      owned[cluster >>> 3]! |= bit;
    }
  };

  const open = [{ firstCluster: rootCluster(volume), path: '' }];
  // Every directory owns a cluster of its own, so this ends.
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const directory = await loadDirectory(volume, next.firstCluster, next.path || '/');
    own(directory.runs ?? [], next.path || '/');
    for (const entry of entriesOf(volume, directory)) {
      throwIfCancelled(volume.signal);
      const path = `${next.path}/${entry.name}`;
      const { firstCluster } = entry;
      if (isDirectoryEntry(entry)) {
        if (firstCluster === 0) throw damaged(`the folder ${path} leads to the main folder`);
        open.push({ firstCluster, path });
      } else if (firstCluster !== 0) {
        own(await readChain(table, firstCluster, geometry.clusterCount, `the file ${path}`), path);
      }
    }
  }
}
