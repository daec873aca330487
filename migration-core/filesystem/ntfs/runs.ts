/** Run lists: where the clusters of an attribute lie. */
import { damaged } from './errors.ts';

/** Clusters [vcn, vcn+count) of an attribute lie at `lcn` on the volume; at HOLE they are zeros and lie nowhere. */
export interface Run {
  vcn: number;
  lcn: number;
  count: number;
}

export const HOLE = -1;

/**
 * Decodes the packed form: a byte with the lengths of two fields, the number of clusters, and the signed distance of their
 * place from that of the run before; without a distance it is a hole.
 * @param runs where they are added, those before one that cannot be read included
 * @throws NTFS_DAMAGED for runs outside of the volume
 */
export function decodeRuns(
  packed: Uint8Array,
  firstVcn: number,
  clusters: number,
  what: string,
  runs: Run[] = [],
): Run[] {
  let vcn = firstVcn;
  let lcn = 0;
  for (let at = 0; at < packed.length && packed[at] !== 0;) {
    const header = packed[at]!;
    const countBytes = header & 15;
    const placeBytes = header >>> 4;
    const next = at + 1 + countBytes + placeBytes;
    if (countBytes === 0 || countBytes > 8 || placeBytes > 8 || next > packed.length)
      throw damaged(`the map of ${what} cannot be read`, { at });
    const count = signed(packed, at + 1, countBytes);
    if (!(count > 0) || vcn + count > Number.MAX_SAFE_INTEGER)
      throw damaged(`the map of ${what} has a run of ${count} clusters`, { at });
    if (placeBytes === 0) {
      runs.push({ vcn, lcn: HOLE, count });
    } else {
      lcn += signed(packed, at + 1 + countBytes, placeBytes);
      if (!(lcn >= 0 && lcn + count <= clusters))
        throw damaged(`the map of ${what} leads out of the volume`, { lcn, count });
      runs.push({ vcn, lcn, count });
    }
    vcn += count;
    at = next;
  }
  return runs;
}

function signed(bytes: Uint8Array, offset: number, length: number): number {
  let value = (bytes[offset + length - 1]! << 24) >> 24;
  for (let i = length - 2; i >= 0; i--) value = value * 256 + bytes[offset + i]!;
  return value;
}

/** The packed form of runs, the end mark included; neighbours are melted together. */
export function encodeRuns(runs: readonly Run[]): Uint8Array<ArrayBuffer> {
  const out: number[] = [];
  let place = 0;
  for (const { lcn, count } of mergeRuns(runs)) {
    const countField = field(count);
    const placeField = lcn === HOLE ? [] : field(lcn - place);
    out.push(countField.length | (placeField.length << 4), ...countField, ...placeField);
    if (lcn !== HOLE) place = lcn;
  }
  out.push(0);
  return Uint8Array.from(out);
}

/** As few bytes as hold a signed number. */
function field(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ;) {
    const byte = ((rest % 256) + 256) % 256;
    bytes.push(byte);
    rest = (rest - byte) / 256;
    if ((rest === 0 && byte < 128) || (rest === -1 && byte >= 128)) return bytes;
  }
}

export function mergeRuns(runs: readonly Run[]): Run[] {
  const merged: Run[] = [];
  for (const run of runs) {
    const last = merged.at(-1);
    const follows =
      last !== undefined &&
      last.vcn + last.count === run.vcn &&
      (last.lcn === HOLE ? run.lcn === HOLE : run.lcn === last.lcn + last.count);
    if (follows) last.count += run.count;
    else merged.push({ ...run });
  }
  return merged;
}

/** Index of the run that holds a cluster of the attribute, or -1. */
export function findRun(runs: readonly Run[], vcn: number): number {
  let low = 0;
  let high = runs.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const run = runs[middle]!;
    if (vcn < run.vcn) high = middle - 1;
    else if (vcn >= run.vcn + run.count) low = middle + 1;
    else return middle;
  }
  return -1;
}

/** Where bytes [offset, offset+length) of an attribute lie: `at` on the volume, or HOLE. Stops where the runs end. */
export function* pieces(
  runs: readonly Run[],
  clusterSize: number,
  offset: number,
  length: number,
): Generator<{ at: number; from: number; length: number }> {
  const end = offset + length;
  let position = offset;
  for (
    let i = findRun(runs, Math.floor(offset / clusterSize));
    i >= 0 && i < runs.length && position < end;
    i++
  ) {
    const run = runs[i]!;
    const start = run.vcn * clusterSize;
    const stop = Math.min(end, start + run.count * clusterSize);
    if (start > position) return;
    yield {
      at: run.lcn === HOLE ? HOLE : run.lcn * clusterSize + position - start,
      from: position - offset,
      length: stop - position,
    };
    position = stop;
  }
}

export const clustersOf = (runs: readonly Run[]): number =>
  runs.reduce((sum, { lcn, count }) => sum + (lcn === HOLE ? 0 : count), 0);
