/**
 * What the files of a volume say they use. On a volume that was not closed, $Bitmap and the map of the MFT may be older than
 * the records of the files; whoever believes them gives away what files use. So before such a volume is changed, every record
 * of the MFT is read, once and in its order: further records and lists of attributes in clusters are records and attributes as
 * any other, so nothing has to be followed. Memory is a bit for each cluster and record.
 *
 * A record that cannot be read may still use what it names up to the place where it cannot be read any more: that much counts.
 */
import { throwIfCancelled } from '../../base/cancel.ts';
import type { Finding } from '../../base/finding.ts';
import { isIronliftError } from '../../base/errors.ts';
import { viewOf } from '../../base/bytes.ts';
import { formatBytes, listed, plural } from '../../base/text.ts';
import { setBits } from '../bitmap.ts';
import { ClusterMap } from './cluster-map.ts';
import { scanMap } from './clusters.ts';
import { NAME_OFFSET } from './index-node.ts';
import { ATTRIBUTE, NAMESPACE, readUtf16, RECORD, RECORD_FLAG, STRIDE } from './layout.ts';
import { parseUnprotected, unprotect, type Attribute } from './record.ts';
import { clustersOf, decodeRuns, HOLE, type Run } from './runs.ts';
import type { NtfsVolume } from './volume.ts';

/** What keeps changes of a volume that was not closed from damaging its files. */
export interface Claims {
  /** Clusters that files use. */
  clusters: ClusterMap;
  /** Those that are used more than once: never given back, and never overwritten. */
  shared: ClusterMap;
  /** A bit for each record of the MFT that is in use, or that cannot be read. */
  records: Uint8Array<ArrayBuffer>;
}

export interface ClaimScan {
  claims: Claims;
  /** Clusters in neither $Bitmap nor a file. */
  free: number;
  findings: Finding[];
}

/** 2^29 records, as mft-write.ts takes them. */
const MAX_RECORDS = 2 ** 29;
/** Named in a finding. */
const MAX_NAMED = 5;
/** Records between two looks at whether to go on. */
const STRETCH = 4096;

/** @returns a reason, reading on after "because", where the files contradict each other so much that nothing is to be changed. */
export async function scanClaims(
  volume: NtfsVolume,
  signal: AbortSignal | undefined,
): Promise<ClaimScan | string> {
  const { mft, geometry } = volume;
  const { count } = mft;
  if (count > MAX_RECORDS) return `its file table has ${count} records, more than this version examines`;
  const claims: Claims = {
    clusters: new ClusterMap(),
    shared: new ClusterMap(),
    records: new Uint8Array(Math.ceil(count / 8)),
  };
  const system = new ClusterMap();
  const unreadable = new Names();
  const sharing = new Names();
  let sum = 0;
  for (let number = 0; number < count; number++) {
    if (number % STRETCH === 0) throwIfCancelled(signal);
    const found = claimsOf(await mft.bytes(number), number, geometry.clusters);
    if (found === null) continue;
    setBits(claims.records, number, 1);
    if (!found.whole) unreadable.add(found.name);
    if (number < RECORD.firstUser && !found.whole)
      return `record ${number} of its file table, which belongs to the file system itself, cannot be read`;
    sum += clustersOf(found.runs);
    // Each cluster once is all there are; a table that was made to keep us busy says more, and says it often.
    if (sum > 2 * geometry.clusters) return 'its files say they use more space than it has';
    if (claim(claims, found.runs) > 0) sharing.add(found.name);
    if (number < RECORD.firstUser) for (const { lcn, count: length } of found.runs) system.add(lcn, length);
  }
  let shared = 0;
  let ofSystem = 0;
  claims.shared.each((lcn, length) => {
    shared += length;
    if (system.meets(lcn, length)) ofSystem++;
  });
  if (ofSystem > 0) return 'a file says it uses what belongs to the file system itself';
  const map = await scanMap(volume, claims.clusters, signal);
  const findings = findingsOf(volume, { unreadable, sharing, shared, lacked: map.lacked });
  return { claims, free: geometry.clusters - map.used, findings };
}

/** Adds what a record uses; returns how many of its clusters were used already. */
function claim({ clusters, shared }: Claims, runs: readonly Run[]): number {
  let twice = 0;
  for (const { lcn, count } of runs)
    clusters.add(lcn, count, (first, many) => {
      shared.add(first, many);
      twice += many;
    });
  return twice;
}

/** Names of some of the files that something was found of, and how many they are. */
class Names {
  count = 0;
  readonly some: string[] = [];

  add(name: string): void {
    this.count++;
    if (this.some.length < MAX_NAMED) this.some.push(name);
  }

  toString(): string {
    const more = this.count - this.some.length;
    return listed([...this.some, ...(more > 0 ? [`${more} more`] : [])]);
  }
}

interface Found {
  /** For a finding. */
  name: string;
  runs: Run[];
  /** Whether all of it could be read. */
  whole: boolean;
}

/** Null where the record is not in use. */
function claimsOf(bytes: Uint8Array<ArrayBuffer>, number: number, clusters: number): Found | null {
  const attributes: Attribute[] = [];
  const runs: Run[] = [];
  let whole = true;
  try {
    unprotect(bytes, 'FILE', '');
  } catch (error) {
    tolerate(error);
    // Never used.
    if (bytes.every((byte) => byte === 0)) return null;
    whole = false;
    unprotectWhatAgrees(bytes);
  }
  const isInUse = (viewOf(bytes).getUint16(0x16, true) & RECORD_FLAG.inUse) !== 0;
  if (whole && !isInUse) return null;
  try {
    parseUnprotected(bytes, number, attributes);
  } catch (error) {
    tolerate(error);
    whole = false;
  }
  for (const attribute of attributes) {
    if (attribute.value !== null) continue;
    try {
      decodeRuns(attribute.packed, attribute.firstVcn, clusters, '', runs);
    } catch (error) {
      tolerate(error);
      whole = false;
    }
  }
  return { name: nameOf(attributes, number), runs: runs.filter(({ lcn }) => lcn !== HOLE), whole };
}

function tolerate(error: unknown): void {
  if (!(error instanceof RangeError) && !isIronliftError(error, 'NTFS_DAMAGED')) throw error;
}

/** Of a record that was written only in part: the sectors that agree with its number get their last bytes back. */
function unprotectWhatAgrees(bytes: Uint8Array): void {
  const view = viewOf(bytes);
  const array = view.getUint16(4, true);
  const sectors = bytes.length / STRIDE;
  if (array % 2 !== 0 || array + (sectors + 1) * 2 > STRIDE - 2) return;
  const check = view.getUint16(array, true);
  for (let i = 1; i <= sectors; i++)
    if (view.getUint16(i * STRIDE - 2, true) === check)
      view.setUint16(i * STRIDE - 2, view.getUint16(array + i * 2, true), true);
}

function nameOf(attributes: readonly Attribute[], number: number): string {
  const names = attributes.filter(
    ({ type, value }) =>
      type === ATTRIBUTE.fileName && value !== null && value.length >= NAME_OFFSET + value[0x40]! * 2,
  );
  const best = names.find(({ value }) => value![0x41] !== NAMESPACE.dos) ?? names[0];
  if (best === undefined) return `record ${number}`;
  return `"${readUtf16(best.value!, NAME_OFFSET, best.value![0x40]! * 2)}" (record ${number})`;
}

function findingsOf(
  { geometry: { clusterSize } }: NtfsVolume,
  found: { unreadable: Names; sharing: Names; shared: number; lacked: number },
): Finding[] {
  const findings: Finding[] = [];
  const warn = (code: string, message: string): void => {
    const next = 'Let Windows check the disk at its first start, and look at these files afterwards.';
    findings.push({ severity: 'warning', code, message, next });
  };
  const { unreadable, sharing, shared, lacked } = found;
  if (unreadable.count > 0)
    warn(
      'NTFS_RECORDS_UNREADABLE',
      `${plural(unreadable.count, 'record', 'records')} of the file table of the NTFS volume cannot be read in full: ${String(unreadable)}. What they use, as far as it can be told, is left alone.`,
    );
  if (sharing.count > 0)
    warn(
      'NTFS_CLUSTERS_SHARED',
      `${formatBytes(shared * clusterSize)} of the NTFS volume belong to more than one file; ${plural(sharing.count, 'file claims', 'files claim')} what another has already: ${String(sharing)}. These places are neither written to nor given back.`,
    );
  if (lacked > 0)
    findings.push({
      severity: 'info',
      code: 'NTFS_BITMAP_OLD',
      message: `The map of free clusters of the NTFS volume is older than its files and lacks ${formatBytes(lacked * clusterSize)} they use; nothing is written there, and in the copy the map gets them back.`,
    });
  return findings;
}
