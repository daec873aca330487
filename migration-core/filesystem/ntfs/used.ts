/**
 * Which bytes of the volume hold anything: what $Bitmap says, what lies behind the last cluster (the copy of the boot
 * sector), and the clusters of the file system's own files, whatever $Bitmap says of them. Left out although they are in
 * use, where the volume is in order:
 *
 * - pagefile.sys and swapfile.sys in the root, unless a crash dump waits in it (it begins with `PAGEDU`);
 * - hiberfil.sys in the root, which at this point holds no image to resume from; zeros are what Windows leaves itself;
 * - the stores of shadow copies, `{...}{3808876b-c176-4e48-b7ae-04046e6cc752}` in `System Volume Information`. A shadow copy
 *   is worthless without them, so the pointer to their catalogue (byte 1E00 of the volume) is set to "none" in the overlay.
 *
 * Their records stay, so they are files of the same size whose content is zeros. Clusters they share with the file system's
 * own files are never left out. The names may be in any case.
 */
import { throwIfCancelled } from '../../base/cancel.ts';
import { ExtentList } from '../../base/extents.ts';
import { guidBytes } from '../../base/guid.ts';
import { viewOf } from '../../base/bytes.ts';
import { isIronliftError } from '../../base/errors.ts';
import { formatBytes, plural } from '../../base/text.ts';
import { usedRuns } from '../bitmap.ts';
import { damaged } from './errors.ts';
import { openFile, type NtfsFile } from './file.ts';
import { lookUp } from './index-tree.ts';
import { ATTRIBUTE, RECORD } from './layout.ts';
import { isDirectory, namesOf } from './path.ts';
import { clustersOf, HOLE } from './runs.ts';
import { openStream, readStream, type OpenStream } from './stream.ts';
import type { NtfsVolume } from './volume.ts';

const READ_RUN = 1 << 20;
const VSS_ID = '3808876B-C176-4E48-B7AE-04046E6CC752';
const VSS_HEADER = 0x1e00;
const VSS_HEADER_SIZE = 512;
const VSS_STORE = /^\{[0-9a-f-]{36}\}\{3808876b-c176-4e48-b7ae-04046e6cc752\}$/iu;

export async function usedExtents(volume: NtfsVolume, signal?: AbortSignal): Promise<ExtentList> {
  const whole = ExtentList.of([{ offset: 0, length: volume.blocks.size }]);
  if (volume.notCleanBecause !== null) return whole;
  try {
    return await mappedExtents(volume, signal);
  } catch (error) {
    if (!(error instanceof RangeError) && !isIronliftError(error, 'NTFS_DAMAGED')) throw error;
    addFinding(
      volume,
      'NTFS_BITMAP_WRONG',
      `The NTFS volume is copied whole, free space included, because what is in use cannot be read: ${error.message}`,
      'Run chkdsk /f on the server when it can be taken down.',
    );
    return whole;
  }
}

async function mappedExtents(volume: NtfsVolume, signal?: AbortSignal): Promise<ExtentList> {
  const { geometry, blocks } = volume;
  const used = await bitmapExtents(volume, signal);
  const end = geometry.clusters * geometry.clusterSize;
  used.add(end, blocks.size - end);
  const own = await systemExtents(volume);
  let missing = 0;
  for (const { offset, length } of own)
    for (const gap of used.gaps(offset, length)) {
      used.add(gap.offset, gap.length);
      missing += gap.length;
    }
  if (missing > 0)
    addFinding(
      volume,
      'NTFS_BITMAP_WRONG',
      `The map of free clusters lacks ${formatBytes(missing)} of the file system's own files; they are copied all the same.`,
      'Run chkdsk /f on the server when it can be taken down.',
    );
  return used.subtract((await dispensable(volume)).subtract(own));
}

async function bitmapExtents(volume: NtfsVolume, signal: AbortSignal | undefined): Promise<ExtentList> {
  const { clusterSize } = volume.geometry;
  const used = new ExtentList();
  await scanBitmap(volume, signal, (start, count) => used.add(start * clusterSize, count * clusterSize));
  return used;
}

/** Calls `emit` for the runs of clusters in use, ascending; returns how many clusters those are. @throws NTFS_DAMAGED */
export async function scanBitmap(
  volume: NtfsVolume,
  signal: AbortSignal | undefined,
  emit: (start: number, count: number) => void,
): Promise<number> {
  const { clusters } = volume.geometry;
  const file = await openFile(volume, { record: RECORD.bitmap, sequence: 0 });
  const stream = openStream(volume, file, ATTRIBUTE.data, '');
  const length = Math.ceil(clusters / 8);
  if (stream === null || stream.size < length) throw damaged('its map of free clusters is too short');
  const buffer = new Uint8Array(Math.min(READ_RUN, length));
  let used = 0;
  for (let at = 0; at < length; at += buffer.length) {
    throwIfCancelled(signal);
    const part = buffer.subarray(0, Math.min(buffer.length, length - at));
    await readStream(volume, stream, at, part);
    used += usedRuns(part, Math.min(part.length * 8, clusters - at * 8), (start, count) =>
      emit(at * 8 + start, count),
    );
  }
  return used;
}

/** Clusters of the files of the file system itself, of all their attributes; and the boot sector wherever $Boot says it is. */
async function systemExtents(volume: NtfsVolume): Promise<ExtentList> {
  const own = ExtentList.of([{ offset: 0, length: 8192 }]);
  for (const run of volume.mft.runs) addRun(volume, own, run);
  for (let record = 0; record < RECORD.firstUser; record++) {
    if (record === RECORD.badClusters) continue;
    const { flags } = await volume.mft.record(record);
    if ((flags & 1) === 0) continue;
    const file = await openFile(volume, { record, sequence: 0 });
    for (const stream of streamsOf(volume, file)) for (const run of stream.runs) addRun(volume, own, run);
  }
  return own;
}

function addRun({ geometry }: NtfsVolume, list: ExtentList, run: { lcn: number; count: number }): void {
  if (run.lcn !== HOLE) list.add(run.lcn * geometry.clusterSize, run.count * geometry.clusterSize);
}

function* streamsOf(volume: NtfsVolume, file: NtfsFile): Generator<OpenStream> {
  for (const { type, name, value, firstVcn } of file.attributes)
    if (value === null && firstVcn === 0) yield openStream(volume, file, type, name)!;
}

/** What need not be copied. A file among it that cannot be read is kept: it is not worth refusing the volume. */
async function dispensable(volume: NtfsVolume): Promise<ExtentList> {
  const list = new ExtentList();
  const root = await openFile(volume, { record: RECORD.root, sequence: 0 });
  for (const name of ['pagefile.sys', 'swapfile.sys', 'hiberfil.sys'])
    await tolerant(async () => {
      const found = await lookUp(volume, root, name);
      const stream = found === null ? null : await contentOf(volume, found.reference);
      if (stream === null || (await holdsDump(volume, stream))) return;
      for (const run of stream.runs) addRun(volume, list, run);
    });
  await tolerant(() => shadowCopies(volume, root, list));
  return list;
}

async function tolerant(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isIronliftError(error, 'NTFS_DAMAGED')) throw error;
  }
}

async function contentOf(
  volume: NtfsVolume,
  reference: { record: number; sequence: number },
): Promise<OpenStream | null> {
  const file = await openFile(volume, reference);
  return isDirectory(file) ? null : openStream(volume, file, ATTRIBUTE.data, '');
}

async function holdsDump(volume: NtfsVolume, stream: OpenStream): Promise<boolean> {
  if (stream.size < 8) return false;
  const start = new Uint8Array(8);
  await readStream(volume, stream, 0, start);
  return Buffer.from(start).toString('latin1').startsWith('PAGEDU');
}

async function shadowStores(volume: NtfsVolume, root: NtfsFile): Promise<OpenStream[]> {
  const folder = await lookUp(volume, root, 'System Volume Information');
  if (folder === null) return [];
  const file = await openFile(volume, folder.reference);
  if (!isDirectory(file)) return [];
  const stores: OpenStream[] = [];
  for (const { name, reference } of await namesOf(volume, file)) {
    const stream = VSS_STORE.test(name) ? await contentOf(volume, reference) : null;
    if (stream !== null) stores.push(stream);
  }
  return stores;
}

/** Volume header of VSS: 0 its GUID, 14 u32 record type 1, 30 u64 offset of the catalogue. */
async function shadowCopies(volume: NtfsVolume, root: NtfsFile, list: ExtentList): Promise<void> {
  const stores = await shadowStores(volume, root);
  if (stores.length === 0) return;
  for (const { runs } of stores) for (const run of runs) addRun(volume, list, run);
  const header = new Uint8Array(VSS_HEADER_SIZE);
  await volume.store.readData(header, VSS_HEADER);
  if (Buffer.compare(header.subarray(0, 16), guidBytes(VSS_ID)) !== 0) return;
  viewOf(header).setBigUint64(0x30, 0n, true);
  await volume.store.writeData(header, VSS_HEADER);
}

/** Tells of shadow copies when the volume is opened: a copy of what is in use goes without them. */
export async function noteShadowCopies(volume: NtfsVolume): Promise<void> {
  await tolerant(async () => {
    const root = await openFile(volume, { record: RECORD.root, sequence: 0 });
    const stores = await shadowStores(volume, root);
    if (stores.length === 0) return;
    const bytes = stores.reduce((sum, { runs }) => sum + clustersOf(runs), 0) * volume.geometry.clusterSize;
    const what = plural(stores.length, 'store of shadow copies', 'stores of shadow copies');
    addFinding(
      volume,
      'NTFS_SHADOW_COPIES_LEFT_OUT',
      `A copy of what is in use leaves out ${what} (${formatBytes(bytes)}): the virtual machine begins without previous versions of this volume.`,
      'Keep the server, or a backup of it, as long as its previous versions may be asked for.',
    );
  });
}

function addFinding(volume: NtfsVolume, code: string, message: string, next: string): void {
  if (volume.findings.some((finding) => finding.code === code)) return;
  volume.findings.push({ severity: code === 'NTFS_BITMAP_WRONG' ? 'warning' : 'info', code, message, next });
}
