/** Changes are all or nothing: what a change does to metadata is taken back where it fails half way. The log: see clean.ts. */
import type { Claims } from './claims.ts';
import { markToBeChecked } from './clean.ts';
import { markClaimed } from './clusters.ts';
import { notWritable, uncleanRefused } from './errors.ts';
import { openFile } from './file.ts';
import { ATTRIBUTE, RECORD } from './layout.ts';
import { markRecords } from './mft-write.ts';
import { HOLE } from './runs.ts';
import { openStream } from './stream.ts';
import type { NtfsVolume } from './volume.ts';

/** Metadata waiting in memory beyond this is written when a change is over. */
const DIRTY_LIMIT = 16 << 20;
const FILL_RUN = 1 << 20;

/** Runs `work` as one change. @throws NTFS_LOG_DIRTY, and whatever `work` throws, after all of it was taken back. */
export async function changing(volume: NtfsVolume, work: () => Promise<void>): Promise<void> {
  const { notCleanBecause, claims, isBeyondDecision } = volume;
  if (notCleanBecause !== null && claims === null)
    throw (isBeyondDecision ? notWritable : uncleanRefused)(notCleanBecause);
  await prepare(volume);
  const { mft, freeClusters, nextCluster } = volume;
  const { runs, size } = mft;
  volume.store.begin();
  try {
    await work();
    await volume.store.commit();
  } catch (error) {
    volume.store.rollback();
    mft.runs = runs;
    mft.size = size;
    volume.freeClusters = freeClusters;
    volume.nextCluster = nextCluster;
    throw error;
  } finally {
    volume.names.clear();
    volume.last = null;
  }
  if (volume.store.dirtyBytes > DIRTY_LIMIT) await volume.store.flush();
}

/** Before the first change: where the mirror is, and the log emptied; of a volume that was not closed, its maps mended. */
async function prepare(volume: NtfsVolume): Promise<void> {
  if (volume.prepared) return;
  const { geometry, mft } = volume;
  const mirror = openStream(
    volume,
    await openFile(volume, { record: RECORD.mftMirror, sequence: 0 }),
    ATTRIBUTE.data,
    '',
  );
  if (mirror?.runs.length !== 1 || mirror.runs[0]!.lcn !== geometry.mirrorCluster)
    throw notWritable('the copy of the start of its file table is not where the boot sector says it is');
  mft.mirrorRecords = Math.floor(
    Math.min(mirror.size, mirror.runs[0]!.count * geometry.clusterSize) / geometry.recordSize,
  );
  const log = openStream(
    volume,
    await openFile(volume, { record: RECORD.logFile, sequence: 0 }),
    ATTRIBUTE.data,
    '',
  );
  if (log === null || log.value !== null) throw notWritable('it has no log file');
  const fill = new Uint8Array(FILL_RUN).fill(0xff);
  const seen = new Uint8Array(FILL_RUN);
  for (const { lcn, count } of log.runs) {
    if (lcn === HOLE) continue;
    const end = (lcn + count) * geometry.clusterSize;
    for (let at = lcn * geometry.clusterSize; at < end; at += FILL_RUN) {
      const length = Math.min(FILL_RUN, end - at);
      // What is empty already need not become a part of the overlay.
      await volume.store.readData(seen.subarray(0, length), at);
      if (Buffer.compare(seen.subarray(0, length), fill.subarray(0, length)) !== 0)
        await volume.store.writeData(fill.subarray(0, length), at);
    }
  }
  if (volume.claims !== null) await mend(volume, volume.claims);
  volume.prepared = true;
}

/** Only adds to maps, so what was done stays where it fails half way. */
async function mend(volume: NtfsVolume, { clusters, records }: Claims): Promise<void> {
  await markClaimed(volume, clusters);
  await markRecords(volume, records);
  await markToBeChecked(volume);
}
