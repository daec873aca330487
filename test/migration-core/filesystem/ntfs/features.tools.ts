/** What else there is on NTFS volumes: packed files, links, streams; page files; and volumes that were not left in order. */
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { isIronliftError } from '../../../../migration-core/base/errors.ts';
import { needTools, run, scratchFolder } from '../../../support/tools.ts';
import { content, linkPoint, reparse, setReparse } from './fill.ts';
import { makeNtfs, openBytes, openNtfs, withMount, writeOut } from './ntfs-image.ts';
import { restartPage } from './unclean.ts';
import { ALGORITHMS, writeWof } from './wof-files.ts';

const refusal = async (work: Promise<unknown>): Promise<{ code: string; message: string; next: string }> => {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!isIronliftError(error)) throw new Error(`not refused: ${String(error)}`);
  return error;
};

test('files packed by Windows (XPRESS of 4, 8 and 16 KiB, LZX) are read unpacked', async () => {
  needTools('wimcapture', 'wiminfo');
  const folder = await scratchFolder();
  const path = await makeNtfs(folder, 'ntfs', 64);
  const program = await readFile('/bin/bash');
  const contents = [
    content(1_000_000, 1),
    program,
    program.subarray(1000, 101_000),
    content(4097, 2),
    content(32768, 4),
    content(65536, 5),
    content(16385, 7),
    content(3000, 8),
    Buffer.alloc(70_000),
    // Half of it cannot be packed: some chunks are stored.
    Buffer.concat([content(90_000, 3), content(90_001, 1)]),
  ];
  await withMount(path, 'streams_interface=windows', async (mount) => {
    for (const algorithm of ALGORITHMS)
      expect(await writeWof(folder, join(mount, `wof${algorithm.number}`), contents, algorithm)).toBe(
        contents.length,
      );
  });
  const { fs } = await openNtfs(path);
  for (const { number } of ALGORITHMS)
    for (const [i, expected] of contents.entries()) {
      const file = `/wof${number}/packed ${i}`;
      expect(await fs.stat(file)).toMatchObject({ type: 'file', size: expected.length });
      expect(Buffer.compare(await fs.readFile(file), expected), file).toBe(0);
      for (const [offset, length] of [
        [0, 10],
        [4090, 20],
        [expected.length - 5, 100],
        [32_760, 9000],
      ] as const)
        expect(Buffer.from(await fs.readRange(file, offset, length))).toEqual(
          expected.subarray(offset, offset + length),
        );
      expect([...(await fs.xattrs(file)).keys()]).toEqual([]);
    }
});

test('links, junctions and streams', async () => {
  const folder = await scratchFolder();
  const path = await makeNtfs(folder, 'ntfs', 16);
  await withMount(path, 'streams_interface=windows', async (mount) => {
    await mkdir(join(mount, 'Users'));
    const links: [string, Buffer, boolean][] = [
      ['relative', linkPoint('Users\\file.txt', 1), false],
      ['absolute', linkPoint('\\??\\C:\\Users\\file.txt', 0), false],
      ['unc', linkPoint('\\??\\UNC\\server\\share', 0), false],
      ['junction', linkPoint('\\??\\C:\\Users', null), true],
      ['mounted', linkPoint('\\??\\Volume{01234567-89ab-cdef-0123-456789abcdef}\\', null), true],
      ['wsl', reparse(0xa000001d, Buffer.concat([Buffer.from([2, 0, 0, 0]), Buffer.from('../ünï')])), false],
      ['deduplicated', reparse(0x80000013, Buffer.alloc(64)), false],
    ];
    for (const [name, point, isFolder] of links) {
      if (isFolder) await mkdir(join(mount, name));
      else await writeFile(join(mount, name), '');
      await setReparse(join(mount, name), point);
    }
    await writeFile(join(mount, 'Users/file.txt'), 'content');
    await writeFile(join(mount, 'Users/file.txt:Zone.Identifier'), '[ZoneTransfer]\r\nZoneId=3\r\n');
    await writeFile(join(mount, 'Users/file.txt:large'), content(100_000, 3));
  });
  const { fs } = await openNtfs(path);
  const targets = {
    relative: 'Users/file.txt',
    absolute: 'C:/Users/file.txt',
    unc: '//server/share',
    junction: 'C:/Users',
    mounted: 'Volume{01234567-89ab-cdef-0123-456789abcdef}/',
    wsl: '../ünï',
  };
  for (const [name, target] of Object.entries(targets)) {
    expect((await fs.stat(`/${name}`)).type, name).toBe('symlink');
    expect(await fs.readlink(`/${name}`)).toBe(target);
  }
  expect((await fs.readdir('/')).map(({ name, type }) => `${name} ${type}`).sort()).toEqual(
    [...Object.keys(targets).map((name) => `${name} symlink`), 'deduplicated file', 'Users directory'].sort(),
  );
  expect((await refusal(fs.readdir('/junction'))).message).toBe('/junction is not a folder.');
  expect((await refusal(fs.stat('/junction/file.txt'))).code).toBe('NOT_A_DIRECTORY');
  expect((await refusal(fs.readlink('/Users'))).message).toBe('/Users is no symbolic link.');
  expect((await refusal(fs.readFile('/relative'))).message).toBe(
    '/relative is no regular file but a symlink.',
  );
  expect(await refusal(fs.readFile('/deduplicated'))).toMatchObject({
    code: 'NTFS_UNSUPPORTED',
    message: 'The content of /deduplicated is kept outside of the file (reparse tag 80000013).',
  });

  // In either case; and streams by their path.
  expect(Buffer.from(await fs.readFile('/USERS/File.TXT')).toString()).toBe('content');
  expect(Buffer.from(await fs.readFile('/users/file.txt:zone.identifier')).toString()).toContain('ZoneId=3');
  expect((await fs.stat('/Users/file.txt:large')).size).toBe(100_000);
  expect(Buffer.from(await fs.readRange('/Users/file.txt:large', 50_000, 99))).toEqual(
    content(100_000, 3).subarray(50_000, 50_099),
  );
  expect([...(await fs.xattrs('/Users/file.txt')).keys()]).toEqual(['user.Zone.Identifier']);
  expect((await refusal(fs.stat('/Users/file.txt:other'))).message).toBe(
    'There is no /Users/file.txt:other on this volume.',
  );
  expect((await refusal(fs.stat('/Users/nothing'))).code).toBe('NOT_FOUND');
  expect((await refusal(fs.readFile('/Users'))).code).toBe('IS_A_DIRECTORY');
  expect((await refusal(fs.readFile('/Users/file.txt:large', 1000))).code).toBe('FILE_TOO_LARGE');
  expect((await refusal(fs.stat('/Users/file.txt/x'))).code).toBe('NOT_A_DIRECTORY');
});

describe('what of a volume is copied', () => {
  const VSS = '{3808876b-c176-4e48-b7ae-04046e6cc752}';
  const STORE = `{11111111-2222-3333-4444-555555555555}${VSS}`;
  const MIB = 1 << 20;

  async function withFiles(files: Record<string, Buffer>): Promise<string> {
    const folder = await scratchFolder();
    const path = await makeNtfs(folder, 'ntfs', 40);
    await withMount(path, 'rw', async (mount) => {
      await mkdir(join(mount, 'System Volume Information'));
      for (const [name, bytes] of Object.entries(files)) await writeFile(join(mount, name), bytes);
    });
    return path;
  }

  test('page file, swap file, stale hibernation file and stores of shadow copies are left out, with the pointer to them', async () => {
    const path = await withFiles({
      'pagefile.sys': content(3 * MIB, 3),
      'Swapfile.SYS': content(MIB, 6),
      'hiberfil.sys': Buffer.concat([Buffer.from('wake'), content(2 * MIB, 9)]),
      [`System Volume Information/${STORE}`]: content(4 * MIB, 3),
      [`System Volume Information/${VSS}`]: content(65536, 3),
      'keep.bin': content(MIB, 3),
    });
    // The header of VSS, with a catalogue.
    const file = await open(path, 'r+');
    const header = Buffer.alloc(512);
    Buffer.from('6b87083876c1484eb7ae04046e6cc752', 'hex').copy(header);
    header.writeUInt32LE(1, 16);
    header.writeUInt32LE(1, 20);
    header.writeBigUInt64LE(0x700000n, 0x30);
    await file.write(header, 0, 512, 0x1e00);
    await file.close();

    const image = await openNtfs(path);
    expect(image.fs.findings.map(({ code }) => code)).toEqual(['NTFS_SHADOW_COPIES_LEFT_OUT']);
    const used = await image.fs.usedExtents();
    const all = 3 * MIB + MIB + 2 * MIB + 4 * MIB;
    const free = Number(/Free Clusters: (\d+)/.exec(await run('ntfsinfo', ['-m', path]))![1]) * 4096;
    expect(image.bytes.length - used.bytes - free).toBeGreaterThanOrEqual(all - 8192);
    expect(image.fs.freeBytes).toBe(free);
    expect(image.bytes.length - used.bytes - free).toBeLessThan(all + 5 * 4096);
    expect(image.fs.findings).toEqual([
      {
        severity: 'info',
        code: 'NTFS_SHADOW_COPIES_LEFT_OUT',
        message:
          'A copy of what is in use leaves out 1 store of shadow copies (4 MiB): the virtual machine begins without previous versions of this volume.',
        next: 'Keep the server, or a backup of it, as long as its previous versions may be asked for.',
      },
    ]);
    const now = Buffer.alloc(512);
    await image.overlay.read(now, 0x1e00);
    expect(now.readBigUInt64LE(0x30)).toBe(0n);
    expect(now.subarray(0, 0x30)).toEqual(header.subarray(0, 0x30));

    const out = await writeOut(image, `${path}.out`, used);
    await run('ntfsfix', ['-n', out]);
    await withMount(out, 'ro', async (mount) => {
      expect(Buffer.compare(await readFile(join(mount, 'keep.bin')), content(MIB, 3))).toBe(0);
      expect((await readFile(join(mount, 'pagefile.sys'))).length).toBe(3 * MIB);
      expect(
        await readFile(join(mount, 'pagefile.sys')).then((bytes) =>
          bytes.subarray(4096, MIB).every((byte) => byte === 0xa5),
        ),
      ).toBe(true);
      expect(
        (await readFile(join(mount, `System Volume Information/${VSS}`))).equals(content(65536, 3)),
      ).toBe(true);
    });
  });

  test('a page file with a crash dump is kept', async () => {
    const dump = Buffer.concat([Buffer.from('PAGEDU64'), content(2 * MIB, 3)]);
    const image = await openNtfs(await withFiles({ 'pagefile.sys': dump }));
    const out = await writeOut(image, `${image.path}.out`, await image.fs.usedExtents());
    expect(Buffer.compare(await (await openNtfs(out)).fs.readFile('/pagefile.sys'), dump)).toBe(0);
  });

  test.each(['hibr', 'HIBR', 'RSTR'])(
    'a volume with an image to resume from (%s) is refused with its cure',
    async (signature) => {
      const path = await withFiles({
        'HiberFil.sys': Buffer.concat([Buffer.from(signature), Buffer.alloc(9000)]),
      });
      expect(await refusal(openNtfs(path))).toMatchObject({
        code: 'NTFS_HIBERNATED',
        message:
          'Windows on this volume is hibernated or was shut down with Fast Startup, so parts of its file system are in the hibernation image only.',
        next: 'Start the server, run "powercfg /h off" and "shutdown /s /f /t 0" in a command prompt as administrator, and make the copy again.',
      });
    },
  );
});

const ACCEPT =
  ' Where that is not possible, --accept-unclean-ntfs goes on with the copy as it is: changes of the last seconds before the copy that only the log held are lost in the clone, and Windows checks the disk at its first start.';

describe('volumes that were not left in order', () => {
  let clean: Buffer;
  let places: { log: number; volume: number };

  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ironlift-test-'));
    const path = await makeNtfs(folder, 'ntfs', 16);
    await withMount(path, 'rw', (mount) => writeFile(join(mount, 'file.txt'), 'content'));
    clean = await readFile(path);
    const istat = await run('istat', ['-f', 'ntfs', path, '2']);
    const log = Number(/Type: \$DATA .*?\n(\d+) /s.exec(istat)![1]) * 4096;
    places = { log, volume: clean.readUInt32LE(0x30) * 4096 + 3 * 1024 };
    await rm(folder, { recursive: true });
  });

  async function opened(change: (bytes: Buffer) => void): ReturnType<typeof openBytes> {
    const bytes = Buffer.from(clean);
    change(bytes);
    return openBytes(new Uint8Array(bytes));
  }

  async function expectNotClean(
    change: (bytes: Buffer) => void,
    why: string,
    code = 'NTFS_NOT_CLEAN',
  ): Promise<void> {
    const { fs, bytes, overlay } = await opened(change);
    expect(fs.findings).toEqual([
      {
        severity: 'warning',
        code,
        message: `The NTFS volume is copied whole, free space included, and cannot be changed, because ${why}.`,
        next: 'Run "chkdsk /f" for this volume and "shutdown /s /f /t 0" on the server, and make the copy again, to copy only what is in use.',
      },
    ]);
    expect([...(await fs.usedExtents())]).toEqual([{ offset: 0, length: bytes.length }]);
    expect(Buffer.from(await fs.readFile('/file.txt')).toString()).toBe('content');
    expect(await refusal(fs.writeFile('/file.txt', Buffer.from('new')))).toMatchObject({
      code: 'NTFS_LOG_DIRTY',
      message: `The NTFS volume cannot be changed, because ${why}.`,
      next:
        'Start the server, run "chkdsk /f" for this volume and "shutdown /s /f /t 0" in a command prompt as administrator, and make the copy again.' +
        (code === 'NTFS_NOT_CLEAN' ? ACCEPT : ''),
    });
    expect(overlay.dirty.count).toBe(0);
  }

  const NO_CLIENT = 0xffff;
  test('a log that Windows closed is in order', async () => {
    for (const [flags, client] of [
      [2, 0],
      [0, NO_CLIENT],
    ] as const) {
      const { fs, overlay } = await opened((bytes) => {
        restartPage('RSTR', 1, flags, client, 99n).copy(bytes, places.log);
        restartPage('RSTR', 1, 0, 0, 50n).copy(bytes, places.log + 4096);
      });
      expect(fs.findings).toEqual([]);
      // Reading leaves it, the first change empties it.
      expect(overlay.dirty.count).toBe(0);
      await fs.writeFile('/new.txt', Buffer.from('new'));
      await fs.flush();
      const log = new Uint8Array(64 << 10);
      await overlay.read(log, places.log);
      expect(log.every((byte) => byte === 0xff)).toBe(true);
    }
  });

  test('a log with work left', async () => {
    await expectNotClean((bytes) => {
      restartPage('RSTR', 1, 2, 0, 50n).copy(bytes, places.log);
      restartPage('RSTR', 1, 0, 0, 99n).copy(bytes, places.log + 4096);
    }, 'its log ($LogFile) holds changes that were not carried out: the server was running, crashed or is hibernated');
    await expectNotClean((bytes) => {
      restartPage('RSTR', 2, 0, 0, 99n).copy(bytes, places.log);
    }, 'its log ($LogFile) holds changes that were not carried out: the server was running, crashed, is hibernated, or was shut down with Fast Startup');
  });

  test('a log that cannot be read', async () => {
    await expectNotClean(
      (bytes) => bytes.fill(0x77, places.log, places.log + 8192),
      'its log ($LogFile) cannot be read',
    );
  });

  test('the dirty flag', async () => {
    await expectNotClean((bytes) => {
      const record = bytes.subarray(places.volume, places.volume + 1024);
      for (let at = record.readUInt16LE(0x14); ; at += record.readUInt32LE(at + 4))
        if (record.readUInt32LE(at) === 0x70) {
          record[at + record.readUInt16LE(at + 0x14) + 10]! |= 1;
          break;
        }
    }, 'Windows has marked it to be checked (its dirty flag is set)');
  });

  test('a destroyed boot sector or start of the MFT is read from its copy', async () => {
    await expectNotClean(
      (bytes) => bytes.fill(0x11, places.volume - 3 * 1024, places.volume - 2 * 1024),
      'only the copy of the start of its file table can be read',
      'NTFS_DAMAGED_IN_PART',
    );
    const { fs } = await opened((bytes) => bytes.fill(0, 11, 64));
    expect(fs.findings.map(({ code }) => code)).toEqual(['NTFS_BACKUP_USED', 'NTFS_DAMAGED_IN_PART']);
    expect(Buffer.from(await fs.readFile('/file.txt')).toString()).toBe('content');
  });

  test('a volume larger than its partition', async () => {
    expect(await refusal(openBytes(new Uint8Array(clean.subarray(0, 8 << 20))))).toMatchObject({
      code: 'NTFS_DAMAGED',
      message: `The NTFS file system is damaged: it has ${clean.length - 512} bytes, and its partition only ${8 << 20}.`,
    });
  });
});

test('an encrypted file is refused by name', async () => {
  const folder = await scratchFolder();
  const path = await makeNtfs(folder, 'ntfs', 16);
  await withMount(path, 'rw', (mount) => writeFile(join(mount, 'secret.txt'), 'x'.repeat(5000)));
  const bytes = await readFile(path);
  const record = bytes.indexOf(Buffer.from('secret.txt', 'utf16le')) & ~1023;
  for (let at = record + bytes.readUInt16LE(record + 0x14); ; at += bytes.readUInt32LE(at + 4))
    if (bytes.readUInt32LE(at) === 0x80) {
      bytes.writeUInt16LE(0x4000, at + 0x0c);
      break;
    }
  const { fs } = await openBytes(new Uint8Array(bytes));
  expect(await refusal(fs.readFile('/secret.txt'))).toMatchObject({
    code: 'NTFS_ENCRYPTED',
    message: '/secret.txt is encrypted (EFS), and its key is not on the volume.',
  });
});
