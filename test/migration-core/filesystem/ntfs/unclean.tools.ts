/**
 * Volumes of servers that were not shut down, changed by decision of a person. mkntfs makes them, ntfs-3g fills them; the log and
 * the maps are made here as a running server has them. ntfs-3g reads every file afterwards, and ntfsresize, which counts the
 * clusters of all files and compares them with $Bitmap, finds nothing given away twice.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GuestFileSystem } from '../../../../migration-core/filesystem/filesystem.ts';
import { needTools, tryRun } from '../../../support/tools.ts';
import { content, fill } from './fill.ts';
import {
  diskTree,
  digest,
  makeNtfs,
  openBytes,
  ourTree,
  sorted,
  withMount,
  writeOut,
  type Tree,
} from './ntfs-image.ts';
import { clustersOf, flagsAt, makeLogDirty, placesIn, recordOf, runsAt, type Places } from './unclean.ts';

beforeAll(() => needTools('mkntfs', 'ntfs-3g', 'ntfsfix', 'ntfsresize', 'istat', 'ifind'));

let folder: string;
/** The volume with its files, in order; its map as it was when it was made; its files as ntfs-3g reads them. */
let good: Buffer;
let fresh: Buffer;
let places: Places;
let tree: Tree;
let path: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ironlift-test-'));
  path = await makeNtfs(folder, 'ntfs', 48);
  fresh = await readFile(path);
  await withMount(path, 'compression', (mount) => fill(mount, 300));
  good = await readFile(path);
  tree = await withMount(path, 'ro', (mount) => diskTree(mount));
  places = await placesIn(path, good);
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** $Bitmap, and the map of the MFT, as they were before any file was written. */
function makeMapOld(bytes: Buffer): void {
  const { bitmap, clusterSize } = places;
  fresh.copy(bytes, bitmap, bitmap, bitmap + bytes.length / clusterSize / 8);
}
function makeRecordMapOld(bytes: Buffer): void {
  const { recordMap } = places;
  fresh.copy(bytes, recordMap, recordMap, recordMap + 512);
}

function unclean(change: (bytes: Buffer) => void = () => undefined): Buffer {
  const bytes = Buffer.from(good);
  makeLogDirty(bytes, places);
  change(bytes);
  return bytes;
}

const accepted = (bytes: Buffer): ReturnType<typeof openBytes> =>
  openBytes(new Uint8Array(bytes), 512, { acceptUnclean: 'any' });

/** What a conversion does and more; returns the files there must be then. */
async function change(fs: GuestFileSystem): Promise<Tree> {
  const before = await ourTree(fs);
  for (let i = 0; i < 40; i++) await fs.writeFile(`/Windows/new ${i}.sys`, content(90_000 + i, 3 + i));
  await fs.mkdir('/Ironlift');
  for (let i = 0; i < 200; i++) await fs.writeFile(`/many/one more file of the many ${i}`, Buffer.from('x'));
  await fs.writeFile('/Windows/System32/size8.bin', content(400_000, 3));
  for (let i = 1; i < 300; i += 7) await fs.remove(`/many/file number ${i} of the many.dat`);
  await fs.remove('/Windows/System32/size9.bin');
  await fs.rename('/Windows/plain.txt', '/Ironlift/moved.txt');
  await fs.flush();
  const after = await ourTree(fs);
  // Nothing else differs, as we read it; what it says is up to ntfs-3g.
  const touched = /^\/(?:Windows\/new |Ironlift|many\/|Windows\/System32\/size[89]\.bin|Windows\/plain)/u;
  const rest = (all: Tree): [string, string][] => sorted(all).filter(([name]) => !touched.test(name));
  expect(rest(after)).toEqual(rest(before));
  return after;
}

async function damagedFiles(image: string, expected: Tree): Promise<string[]> {
  const found = await withMount(image, 'ro', (mount) => diskTree(mount));
  return [...new Set([...expected.keys(), ...found.keys()])]
    .filter((name) => expected.get(name) !== found.get(name))
    .sort();
}

const WHY =
  'its log ($LogFile) holds changes that were not carried out: the server was running, crashed or is hibernated';
const ACCEPTED = {
  severity: 'warning',
  code: 'NTFS_UNCLEAN_ACCEPTED',
  message: `The NTFS volume was not left in order: ${WHY}. By decision of the person who converts the server (--accept-unclean-ntfs) it is copied whole and changed where that is needed all the same; then its log is emptied, and changes of the last seconds before the copy that only the log held are lost in the clone.`,
  next: 'Let Windows check the disk at its first start, and compare what the server wrote last, above all databases and mail, before the clone goes into use.',
};

describe('a volume of a running server', () => {
  test('is changed: the log is empty then, and Windows is asked to check it', async () => {
    const { fs, overlay, bytes } = await accepted(unclean());
    expect(fs.findings).toEqual([ACCEPTED]);
    expect([...(await fs.usedExtents())]).toEqual([{ offset: 0, length: bytes.length }]);
    // A volume nothing is changed on keeps its log, which Windows then works off.
    expect(overlay.dirty.count).toBe(0);
    const expected = await change(fs);
    const out = await writeOut({ overlay }, join(folder, 'changed.img'));
    const after = await readFile(out);
    expect(after.subarray(places.log, places.log + (1 << 20)).every((byte) => byte === 0xff)).toBe(true);
    for (const at of [flagsAt(after, places), flagsAt(after, { ...places, mft: places.mirror })])
      expect(after.readUInt16LE(at) & 1).toBe(1);
    expect(await tryRun('ntfsfix', ['-n', out])).toMatchObject({ status: 0 });
    expect((await tryRun('ntfsinfo', ['-m', out])).stderr).toContain('Volume is scheduled for check.');
    expect(await damagedFiles(out, expected)).toEqual([]);
    expect((await ntfsresize(out)).stdout).not.toMatch(WRONG);
    // As the conversion leaves it, it can be taken up again, without the decision that the log is worth nothing.
    const left = await openBytes(new Uint8Array(after), 512, { acceptUnclean: 'marked' });
    expect(left.fs.findings.map(({ code }) => code)).toEqual(['NTFS_UNCLEAN_ACCEPTED']);
    makeLogDirty(after, places);
    const ran = await openBytes(new Uint8Array(after), 512, { acceptUnclean: 'marked' });
    expect(ran.fs.findings.map(({ code }) => code)).toEqual(['NTFS_NOT_CLEAN']);
  });

  test('with a map of clusters older than its files: believed, it costs files; by the records, none', async () => {
    const trusting = Buffer.from(good);
    makeMapOld(trusting);
    const { fs, overlay } = await openBytes(new Uint8Array(trusting));
    await fs.writeFile('/new.sys', content(900_000, 3));
    await fs.flush();
    const out = await writeOut({ overlay }, join(folder, 'believed.img'));
    const lost = await withMount(out, 'ro', async (mount) => {
      const files = [...tree].filter(([, what]) => what !== 'folder');
      const read = ([name]: [string, string]): Promise<string> =>
        readFile(join(mount, name)).then(digest, String);
      const now = await Promise.all(files.map(read));
      return files.filter(([, what], i) => now[i] !== what);
    });
    expect(lost.length).toBeGreaterThan(3);

    const old = unclean((bytes) => {
      makeMapOld(bytes);
      makeRecordMapOld(bytes);
    });
    const careful = await accepted(old);
    expect(careful.fs.findings.map(({ code }) => code)).toEqual(['NTFS_UNCLEAN_ACCEPTED', 'NTFS_BITMAP_OLD']);
    expect(careful.fs.findings[1]!.message).toMatch(
      /^The map of free clusters of the NTFS volume is older than its files and lacks [\d.]+ MiB they use; nothing is written there, and in the copy the map gets them back\.$/u,
    );
    const expected = await change(careful.fs);
    const kept = await writeOut(careful, join(folder, 'careful.img'));
    expect(await damagedFiles(kept, expected)).toEqual([]);
    for (const name of tree.keys())
      if (!/^\/(?:many|Windows\/System32\/size[89]\.bin|Windows\/plain)/u.test(name))
        expect(expected.get(name), name).toBe(tree.get(name));
    // Every cluster of every file is in the map again, and no other.
    expect((await ntfsresize(kept)).stdout).not.toMatch(WRONG);
    expect((await ntfsresize(await written('old.img', old))).stdout).toMatch(WRONG);
  });
});

describe('files that contradict each other', () => {
  const FILES = ['/Windows/System32/size8.bin', '/Windows/System32/size7.bin', '/Windows/System32/size9.bin'];
  const records: number[] = [];
  const runs: number[][] = [];
  const startOf = (i: number): number => places.mft + records[i]! * places.recordSize;
  beforeAll(async () => {
    for (const file of FILES) {
      const record = await recordOf(path, file);
      records.push(record);
      runs.push(await clustersOf(path, record));
    }
    // Each of them whole where it is expected, so that its record can be changed in place.
    for (const [i, list] of runs.entries()) {
      expect(list.at(-1)! - list[0]!).toBe(list.length - 1);
      expect(good.toString('latin1', startOf(i), startOf(i) + 4)).toBe('FILE');
    }
  });

  /** Lets the map of clusters of the second file begin where that of the first does. */
  function share(bytes: Buffer): void {
    const at = runsAt(bytes, startOf(1));
    expect([bytes[at], bytes[runsAt(bytes, startOf(0))]]).toEqual([0x21, 0x21]);
    bytes.writeUInt16LE(runs[0]![0]!, at + 2);
  }

  test('two with the same clusters: told of, never overwritten, never given away', async () => {
    const image = await accepted(
      unclean((bytes) => {
        makeMapOld(bytes);
        share(bytes);
      }),
    );
    const { fs } = image;
    const both = runs[0]!.slice(0, runs[1]!.length);
    const shared = fs.findings.find(({ code }) => code === 'NTFS_CLUSTERS_SHARED');
    expect(shared).toEqual({
      severity: 'warning',
      code: 'NTFS_CLUSTERS_SHARED',
      message: `${(both.length * 4096) / 1024} KiB of the NTFS volume belong to more than one file; 1 file claims what another has already: "size8.bin" (record ${records[0]}). These places are neither written to nor given back.`,
      next: 'Let Windows check the disk at its first start, and look at these files afterwards.',
    });
    // What is written into the second file moves all of it to a place of its own.
    await fs.writeRange(FILES[1]!, 0, Buffer.from('new'));
    const written = await fs.readFile(FILES[1]!);
    expect(Buffer.from(written.subarray(0, 3)).toString()).toBe('new');
    expect(Buffer.compare(written.subarray(3), content(70_001, 108).subarray(3, 65536))).toBe(0);
    expect(Buffer.compare(await fs.readFile(FILES[0]!), content(70_001, 108))).toBe(0);
    await fs.remove(FILES[0]!);
    await fs.writeFile(FILES[1]!, content(20, 1));
    for (let i = 0; i < 30; i++) await fs.writeFile(`/Windows/new ${i}.sys`, content(60_000, 3 + i));
    await fs.flush();
    const out = await readFile(await writeOut(image, join(folder, 'shared.img')));
    const inUse = (cluster: number): boolean =>
      (out[places.bitmap + (cluster >> 3)]! & (1 << (cluster & 7))) !== 0;
    const same = (cluster: number): boolean => {
      const at = cluster * places.clusterSize;
      return Buffer.compare(out.subarray(at, at + 4096), good.subarray(at, at + 4096)) === 0;
    };
    for (const cluster of both) expect([inUse(cluster), same(cluster)]).toEqual([true, true]);
    // What the removed file alone had is free, or has been taken.
    const alone = runs[0]!.slice(both.length);
    expect(alone.length).toBeGreaterThan(0);
    for (const cluster of alone) expect(inUse(cluster) && same(cluster)).toBe(false);
  });

  test('a folder with the clusters of a file: its names stay as they are', async () => {
    const [place] = await clustersOf(path, await recordOf(path, '/many'), 'INDEX_ALLOCATION');
    const image = await accepted(
      unclean((bytes) => {
        const at = runsAt(bytes, startOf(1));
        expect(bytes[at]).toBe(0x21);
        bytes.writeUInt16LE(place!, at + 2);
      }),
    );
    const before = await ourTree(image.fs);
    const writes = async (): Promise<void> => {
      for (let i = 0; i < 200; i++) await image.fs.writeFile(`/many/a name ${i}`, Buffer.from('x'));
    };
    await expect(writes()).rejects.toMatchObject({
      code: 'NTFS_DAMAGED',
      message:
        'The NTFS file system is damaged: something is to be written where two files have their contents.',
    });
    expect(sorted(await ourTree(image.fs))).toEqual(sorted(before));
  });

  test('a record that was written in part: told of, and left as it is with what it names', async () => {
    const image = await accepted(
      unclean((bytes) => {
        makeMapOld(bytes);
        makeRecordMapOld(bytes);
        bytes.writeUInt16LE(0x5a5a, startOf(0) + 1022);
        // And one of which nothing can be told but its name.
        bytes.writeUInt32LE(0x7ffffff0, runsAt(bytes, startOf(2), 'attribute') + 4);
      }),
    );
    const { fs } = image;
    expect(fs.findings.find(({ code }) => code === 'NTFS_RECORDS_UNREADABLE')).toEqual({
      severity: 'warning',
      code: 'NTFS_RECORDS_UNREADABLE',
      message: `2 records of the file table of the NTFS volume cannot be read in full: "size8.bin" (record ${records[0]}) and "size9.bin" (record ${records[2]}). What they use, as far as it can be told, is left alone.`,
      next: 'Let Windows check the disk at its first start, and look at these files afterwards.',
    });
    for (let i = 0; i < 30; i++) await fs.writeFile(`/Windows/new ${i}.sys`, content(900_000, 3 + i));
    for (let i = 0; i < 200; i++) await fs.writeFile(`/many/one more ${i}`, Buffer.from('x'));
    await fs.flush();
    const out = await readFile(await writeOut(image, join(folder, 'torn.img')));
    const same = (at: number, length: number): boolean =>
      Buffer.compare(out.subarray(at, at + length), image.bytes.subarray(at, at + length)) === 0;
    for (const i of [0, 2]) expect(same(startOf(i), places.recordSize)).toBe(true);
    for (const cluster of runs[0]!) expect(same(cluster * places.clusterSize, 4096)).toBe(true);
  });

  test('an index whose map is older than its blocks keeps all its names', async () => {
    const record = await recordOf(path, '/many');
    const start = places.mft + record * places.recordSize;
    const old = unclean((bytes) => {
      const at = runsAt(bytes, start, 'attribute', 0xb0);
      expect(bytes[at + bytes.readUInt16LE(at + 0x14)]).toBeGreaterThan(15);
      bytes[at + bytes.readUInt16LE(at + 0x14)]! &= 3;
    });
    const image = await accepted(old);
    const before = await ourTree(image.fs);
    const expected = new Map(before);
    for (let i = 0; i < 200; i++) {
      await image.fs.writeFile(`/many/one more ${i}`, Buffer.from('x'));
      expected.set(`/many/one more ${i}`, digest(Buffer.from('x')));
    }
    await image.fs.flush();
    const out = await writeOut(image, join(folder, 'index.img'));
    expect(await damagedFiles(out, expected)).toEqual([]);
    expect((await ntfsresize(out)).stdout).not.toMatch(WRONG);
  });

  test.each([
    [
      'a record of the file system that cannot be read',
      (bytes: Buffer) => bytes.writeUInt16LE(0x5a5a, places.mft + 9 * places.recordSize + 1022),
      'record 9 of its file table, which belongs to the file system itself, cannot be read',
    ],
    [
      'a file that lies on the file table',
      (bytes: Buffer) => bytes.writeUInt16LE(places.mft / places.clusterSize, runsAt(bytes, startOf(1)) + 2),
      'a file says it uses what belongs to the file system itself',
    ],
    [
      'a map of clusters that is not there',
      (bytes: Buffer) =>
        bytes.writeUInt32LE(16, runsAt(bytes, places.mft + 6 * places.recordSize, 'attribute') + 0x38),
      'what is in use on it cannot be found out',
    ],
  ])('%s: no decision helps', async (_, damage, why) => {
    const { fs } = await accepted(unclean(damage));
    expect(fs.findings).toEqual([
      {
        severity: 'warning',
        code: 'NTFS_DAMAGED_IN_PART',
        message: `The NTFS volume is copied whole, free space included, and cannot be changed, because ${why}.`,
        next: 'Run "chkdsk /f" for this volume and "shutdown /s /f /t 0" on the server, and make the copy again, to copy only what is in use.',
      },
    ]);
    await expect(fs.writeFile('/new', Buffer.from('x'))).rejects.toMatchObject({
      code: 'NTFS_LOG_DIRTY',
      message: `The NTFS volume cannot be changed, because ${why}.`,
      next: 'Start the server, run "chkdsk /f" for this volume and "shutdown /s /f /t 0" in a command prompt as administrator, and make the copy again.',
    });
  });

  test('an image to resume from is refused, whatever was decided', async () => {
    const other = join(folder, 'hibernated.img');
    await writeFile(other, good);
    await withMount(other, 'rw', (mount) => writeFile(join(mount, 'hiberfil.sys'), 'HIBR'.padEnd(9000)));
    const bytes = await readFile(other);
    makeLogDirty(bytes, places);
    await expect(accepted(bytes)).rejects.toMatchObject({ code: 'NTFS_HIBERNATED' });
  });
});

const WRONG = /accounting failed|referenced multiple|inconsistent/iu;
const ntfsresize = (image: string): ReturnType<typeof tryRun> =>
  tryRun('ntfsresize', ['--info', '--force', '--no-progress-bar', image]);

async function written(name: string, bytes: Uint8Array): Promise<string> {
  await writeFile(join(folder, name), bytes);
  return join(folder, name);
}
