/** Opening a volume: where its tables are, and whether it was left in order. */
import { throwIfCancelled } from '../../base/cancel.ts';
import { isIronliftError } from '../../base/errors.ts';
import type { Finding } from '../../base/finding.ts';
import { readBytes, type WritableBlocks } from '../../block/source.ts';
import type { OpenOptions } from '../filesystem.ts';
import { scanClaims, type ClaimScan } from './claims.ts';
import { reasonNotClean, refuseHibernated } from './clean.ts';
import { DirectoryNames } from './directory-names.ts';
import { damaged } from './errors.ts';
import { findAttribute, openFile } from './file.ts';
import { looksLikeNtfs, readGeometry, type Geometry } from './geometry.ts';
import { ATTRIBUTE, readUtf16, RECORD } from './layout.ts';
import { openMft } from './mft.ts';
import { isDirectory } from './path.ts';
import { Store } from './store.ts';
import { openStream, readWhole } from './stream.ts';
import { Upcase } from './upcase.ts';
import { noteShadowCopies, scanBitmap } from './used.ts';
import type { NtfsVolume } from './volume.ts';

const UPCASE_SIZE = 65536 * 2;

export async function openVolume(
  blocks: WritableBlocks,
  { now, signal, acceptUnclean }: OpenOptions,
): Promise<NtfsVolume> {
  throwIfCancelled(signal);
  const findings: Finding[] = [];
  const geometry = await findGeometry(blocks, findings);
  if (geometry.size > blocks.size)
    throw damaged(`it has ${geometry.size} bytes, and its partition only ${blocks.size}`, {
      expected: geometry.size,
      found: blocks.size,
    });
  const store = new Store(blocks);
  const { mft, fromMirror } = await openMft(store, geometry);
  const volume: NtfsVolume = {
    blocks,
    store,
    geometry,
    mft,
    upcase: new Upcase(new Uint16Array(0)),
    names: new DirectoryNames(),
    findings,
    now,
    label: '',
    notCleanBecause: null,
    isBeyondDecision: false,
    claims: null,
    freeClusters: 0,
    nextCluster: 0,
    prepared: false,
    last: null,
  };
  const upcase = await readUpcase(volume);
  const label = await readLabel(volume);
  const ready = { ...volume, upcase, label };
  const root = await openFile(ready, { record: RECORD.root, sequence: 0 });
  if (!isDirectory(root)) throw damaged('its root is not a folder');
  await refuseHibernated(ready);
  const unclean = await reasonNotClean(ready);
  const onlyCopy = fromMirror
    ? 'only the copy of the start of its file table can be read'
    : findings.length > 0
      ? 'only the copy of its boot sector can be read'
      : null;
  if (unclean === null && onlyCopy === null) {
    ready.freeClusters = geometry.clusters - (await scanBitmap(ready, signal, () => undefined));
    await noteShadowCopies(ready);
    return ready;
  }
  let why = onlyCopy;
  const accepted = acceptUnclean === 'any' || (acceptUnclean === 'marked' && unclean?.log !== true);
  if (unclean !== null && onlyCopy === null && accepted) {
    const scan = await scanned(ready, signal);
    if (typeof scan !== 'string') {
      findings.push(...acceptedFindings(unclean.because), ...scan.findings);
      return { ...ready, notCleanBecause: unclean.because, claims: scan.claims, freeClusters: scan.free };
    }
    why = scan;
  }
  // What is worse than a log with work left is told first, since no decision helps there.
  const because = why ?? unclean!.because;
  findings.push({
    severity: 'warning',
    code: why === null ? 'NTFS_NOT_CLEAN' : 'NTFS_DAMAGED_IN_PART',
    message: `The NTFS volume is copied whole, free space included, and cannot be changed, because ${because}.`,
    next: 'Run "chkdsk /f" for this volume and "shutdown /s /f /t 0" on the server, and make the copy again, to copy only what is in use.',
  });
  const freeClusters = await freeByMap(ready, signal);
  return { ...ready, notCleanBecause: because, isBeyondDecision: why !== null, freeClusters };
}

/** Nothing is written there, but who looks wants to know: by a map that may be old; 0 where it cannot be read. */
async function freeByMap(volume: NtfsVolume, signal: AbortSignal | undefined): Promise<number> {
  try {
    return volume.geometry.clusters - (await scanBitmap(volume, signal, () => undefined));
  } catch (error) {
    if (!(error instanceof RangeError) && !isIronliftError(error, 'NTFS_DAMAGED')) throw error;
    return 0;
  }
}

/** As scanClaims; what cannot even be looked at is a reason as well. */
async function scanned(volume: NtfsVolume, signal: AbortSignal | undefined): Promise<ClaimScan | string> {
  try {
    return await scanClaims(volume, signal);
  } catch (error) {
    if (!(error instanceof RangeError) && !isIronliftError(error, 'NTFS_DAMAGED')) throw error;
    return 'what is in use on it cannot be found out';
  }
}

const acceptedFindings = (because: string): Finding[] => [
  {
    severity: 'warning',
    code: 'NTFS_UNCLEAN_ACCEPTED',
    message: `The NTFS volume was not left in order: ${because}. By decision of the person who converts the server (--accept-unclean-ntfs) it is copied whole and changed where that is needed all the same; then its log is emptied, and changes of the last seconds before the copy that only the log held are lost in the clone.`,
    next: 'Let Windows check the disk at its first start, and compare what the server wrote last, above all databases and mail, before the clone goes into use.',
  },
];

/** The boot sector, or the copy of it in the last sector of the partition. */
async function findGeometry(blocks: WritableBlocks, findings: Finding[]): Promise<Geometry> {
  if (blocks.size < 4096) throw damaged('the volume is smaller than its boot sector');
  try {
    return readGeometry(await readBytes(blocks, 0, 512));
  } catch (error) {
    const backup = await readBytes(blocks, blocks.size - blocks.sectorSize, 512);
    if (!looksLikeNtfs(backup)) throw error;
    const geometry = readGeometry(backup);
    findings.push({
      severity: 'warning',
      code: 'NTFS_BACKUP_USED',
      message: 'The boot sector of the NTFS volume cannot be used, so its copy at the end was read instead.',
      next: 'Run chkdsk /f on the server before it is converted.',
    });
    return geometry;
  }
}

async function readUpcase(volume: NtfsVolume): Promise<Upcase> {
  const file = await openFile(volume, { record: RECORD.upcase, sequence: 0 });
  const stream = openStream(volume, file, ATTRIBUTE.data, '');
  if (stream?.size !== UPCASE_SIZE) throw damaged('its table of upper case letters has another size');
  const bytes = await readWhole(volume, stream, UPCASE_SIZE);
  const view = new DataView(bytes.buffer);
  const table = new Uint16Array(UPCASE_SIZE / 2);
  for (let code = 0; code < table.length; code++) table[code] = view.getUint16(code * 2, true);
  return new Upcase(table);
}

async function readLabel(volume: NtfsVolume): Promise<string> {
  const file = await openFile(volume, { record: RECORD.volume, sequence: 0 });
  const value = findAttribute(file, ATTRIBUTE.volumeName)?.value;
  return value === undefined || value === null ? '' : readUtf16(value, 0, value.length - (value.length % 2));
}
