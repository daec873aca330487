/**
 * Rights of new files on NTFS, judged by ntfs-3g: it makes files beside ours with its option "inherit" and shows the rights of
 * both, and its ntfssecaudit compares every descriptor of $Secure with its copy and with both indexes.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { run, scratchFolder, seeded, tryRun } from '../../../support/tools.ts';
import { makeNtfs, openBytes, openNtfs, withMount, writeOut, type NtfsImage } from './ntfs-image.ts';
import { ace, descriptor, rightsOf, setRights, shown, WHO, type Rights } from './rights.ts';

/** Without a map of users ntfs-3g makes descriptors of its own; with it, root is the group of the administrators. */
const USERS = `::${WHO.USER}0\n`;

const inheriting = async <T>(path: string, use: (mount: string) => Promise<T>): Promise<T> => {
  await writeFile(`${path}.users`, USERS);
  return withMount(path, `permissions,inherit,usermapping=${path}.users`, use);
};

/**
 * ntfssecaudit takes what is left in its buffer for one more descriptor where the last one of $SDS is not the longest, and
 * then finds errors in it or falls over it. So a longer one is added before each audit.
 */
const LONGEST: Rights = {
  dacl: Array.from({ length: 120 }, (_, i) => ace(`A;OICI;${(i + 1).toString(16)};USER`)),
};

/** Every check of others there is for the changed volume; returns the file that was judged and how many descriptors it has. */
async function judge(image: NtfsImage, folder: string): Promise<{ out: string; count: number }> {
  await image.fs.writeFile('/longest/file', Buffer.from('x'));
  await image.fs.flush();
  const out = await writeOut(image, join(folder, 'out'), await image.fs.usedExtents());
  return { out, count: await audited(out) };
}

async function audited(out: string): Promise<number> {
  const audit = (await tryRun('ntfssecaudit', ['-a', out])).stdout;
  expect(audit).not.toMatch(/^\*\*|deleted entry|[1-9]\d* errors|is missing/mu);
  expect(audit).toContain('All keys are present in all lists');
  const counts = [...audit.matchAll(/^(\d+) valid/gmu)].map(([, count]) => Number(count));
  expect(counts).toHaveLength(4);
  expect(new Set(counts).size).toBe(1);
  for (const [program, ...options] of [
    ['ntfsresize', '--info', '--force', '--no-progress-bar'],
    ['ntfsfix', '-n'],
  ] as const) {
    const checked = await tryRun(program, [...options, out]);
    expect(checked.status, checked.stdout + checked.stderr).toBe(0);
    expect(checked.stdout + checked.stderr).not.toMatch(/ERROR|inconsist|mismatch|FAILED/iu);
  }
  return counts[0]!;
}

/** Folders with those rights, made by ntfs-3g; beside ours it makes files of its own. */
async function withParents(parents: Record<string, Rights>): Promise<{
  folder: string;
  image: NtfsImage;
  seen: () => Promise<(name: string) => Buffer>;
}> {
  const folder = await scratchFolder();
  const path = await makeNtfs(folder, 'ntfs', 16);
  const all: Record<string, Rights> = { ...parents, longest: LONGEST };
  const names = Object.keys(all);
  await inheriting(path, async (mount) => {
    for (const name of names) await mkdir(join(mount, name));
    await setRights(mount, new Map(names.map((name) => [name, descriptor(all[name]!)])));
    for (const name of names) {
      await writeFile(join(mount, name, 'theirs'), '');
      await mkdir(join(mount, name, 'theirs.d'));
    }
  });
  const image = await openNtfs(path);
  for (const name of Object.keys(parents)) {
    await image.fs.writeFile(`/${name}/ours`, Buffer.from('x'));
    await image.fs.mkdir(`/${name}/ours.d`);
  }
  const seen = async (): Promise<(name: string) => Buffer> => {
    const { out } = await judge(image, folder);
    const paths = Object.keys(parents).flatMap((name) =>
      ['ours', 'theirs', 'ours.d', 'theirs.d'].map((one) => `${name}/${one}`),
    );
    const rights = await withMount(out, 'ro', (mount) => rightsOf(mount, paths));
    return (name) => rights.get(name)!;
  };
  return { folder, image, seen };
}

const FULL = '1f01ff';

/** Rights that need no translation: here ntfs-3g and Windows are of one mind, byte for byte. */
const PLAIN: Record<string, Rights> = {
  everything: { dacl: [`A;OICI;${FULL};SY`, `A;OICI;${FULL};BA`, 'A;OICI;1200a9;BU', 'A;;2;AU'] },
  files: { dacl: [`A;OI;${FULL};SY`, 'A;OIIO;1200a9;BU', 'D;OI;10000;WD', 'D;;1;WD'] },
  folders: { dacl: [`A;CI;${FULL};SY`, 'A;CIIO;1200a9;BU', 'D;OICI;10000;USER', `A;;${FULL};AU`] },
  protected: {
    control: ['P', 'AI'],
    owner: 'TI',
    group: 'TI',
    dacl: [`A;OICI;${FULL};TI`, 'A;OICIIO;1200a9;BU'],
  },
  inherited: { dacl: [`A;OICIID;${FULL};SY`, 'A;CIID;2;BU', 'A;OICIIOID;1301bf;AU', `A;ID;${FULL};BA`] },
};

test('plain rights are handed on as ntfs-3g hands them on, byte for byte but for the group', async () => {
  const { seen } = await withParents(PLAIN);
  const of = await seen();
  const noGroup = (bytes: Buffer): Buffer => bytes.subarray(0, bytes.readUInt32LE(8));
  for (const name of Object.keys(PLAIN))
    for (const kind of ['', '.d']) {
      const [ours, theirs] = [of(`${name}/ours${kind}`), of(`${name}/theirs${kind}`)];
      expect(noGroup(ours).toString('hex'), `${name}${kind} ${shown(theirs).join(' ')}`).toBe(
        noGroup(theirs).toString('hex'),
      );
      // The group of what LocalSystem makes is LocalSystem; ntfs-3g takes that of the administrators for root.
      expect(shown(ours)[0]).toBe('O:BA G:SY 8404');
      expect(shown(theirs)[0]).toBe('O:BA G:BA 8404');
    }
});

describe('rights that are translated as Windows does it, which ntfs-3g does in part', () => {
  /** What Windows itself has set up, and what a new file and folder get of it. */
  const CASES: Record<string, { parent: Rights; file: string[]; folder: string[] }> = {
    // The folder of Windows.
    Windows: {
      parent: {
        owner: 'TI',
        group: 'TI',
        control: ['P', 'AI'],
        dacl: [
          'A;OICIIO;10000000;CO',
          'A;OICIIO;10000000;SY',
          'A;;1301bf;SY',
          'A;OICIIO;10000000;BA',
          'A;;1301bf;BA',
          'A;OICIIO;a0000000;BU',
          'A;;1200a9;BU',
          'A;CIIO;10000000;TI',
          `A;;${FULL};TI`,
        ],
      },
      file: [`A;ID;${FULL};BA`, `A;ID;${FULL};SY`, 'A;ID;1200a9;BU'],
      folder: [
        `A;ID;${FULL};BA`,
        'A;OICIIOID;10000000;CO',
        `A;ID;${FULL};SY`,
        'A;OICIIOID;10000000;SY',
        'A;OICIIOID;10000000;BA',
        'A;ID;1200a9;BU',
        'A;OICIIOID;a0000000;BU',
        `A;ID;${FULL};TI`,
        'A;CIIOID;10000000;TI',
      ],
    },
    // The root of a system volume since Vista.
    root: {
      parent: {
        owner: 'TI',
        group: 'TI',
        control: ['P', 'AI'],
        dacl: [
          `A;OICI;${FULL};BA`,
          `A;OICI;${FULL};SY`,
          'A;OICI;1200a9;BU',
          'A;OICIIO;e0010000;AU',
          'A;;4;AU',
        ],
      },
      file: [`A;ID;${FULL};BA`, `A;ID;${FULL};SY`, 'A;ID;1200a9;BU', 'A;ID;1301bf;AU'],
      folder: [
        `A;OICIID;${FULL};BA`,
        `A;OICIID;${FULL};SY`,
        'A;OICIID;1200a9;BU',
        'A;ID;1301bf;AU',
        'A;OICIIOID;e0010000;AU',
      ],
    },
    // That of Windows 2003: users may make files, which belong to whoever made them.
    creators: {
      parent: {
        owner: 'BA',
        group: 'SY',
        dacl: [
          `A;OICI;${FULL};SY`,
          'A;OICIIO;10000000;CO',
          'A;CI;4;BU',
          'A;CIIO;2;BU',
          'A;OICIIO;80000000;CG',
          'D;CI;40;CO',
        ],
      },
      file: [`A;ID;${FULL};SY`, `A;ID;${FULL};BA`, 'A;ID;120089;SY'],
      folder: [
        `A;OICIID;${FULL};SY`,
        `A;ID;${FULL};BA`,
        'A;OICIIOID;10000000;CO',
        'A;CIID;4;BU',
        'A;CIID;2;BU',
        'A;ID;120089;SY',
        'A;OICIIOID;80000000;CG',
        'D;ID;40;BA',
        'D;CIIOID;40;CO',
      ],
    },
    once: {
      parent: {
        dacl: [`A;OINP;${FULL};SY`, 'A;CINP;1200a9;BU', 'D;OICINP;10000;WD', 'A;OICINPIO;a0000000;CO'],
      },
      file: [`A;ID;${FULL};SY`, 'D;ID;10000;WD', 'A;ID;1200a9;BA'],
      folder: ['A;ID;1200a9;BU', 'D;ID;10000;WD', 'A;ID;1200a9;BA'],
    },
  };

  test('the folders of Windows', async () => {
    const { seen } = await withParents(
      Object.fromEntries(Object.entries(CASES).map(([name, { parent }]) => [name, parent])),
    );
    const of = await seen();
    for (const [name, { file, folder }] of Object.entries(CASES)) {
      expect(shown(of(`${name}/ours`)), name).toEqual(['O:BA G:SY 8404', ...file]);
      expect(shown(of(`${name}/ours.d`)), name).toEqual(['O:BA G:SY 8404', ...folder]);
    }
  });
});

test('audits and labels are handed on; where nothing is, administrators and the system may do everything', async () => {
  const bare: Rights = { dacl: ['A;;120089;BU'] };
  const { image, seen } = await withParents({
    watched: {
      dacl: [`A;OICI;${FULL};SY`],
      sacl: ['ML;OICI;1;HI', `AU;OICISA;${FULL};WD`, 'AU;CIFA;10000000;BU', 'ML;NPIO;1;ME'],
    },
    bare,
    nobody: { dacl: [] },
    everybody: { dacl: null },
    folders: { dacl: ['A;CI;120089;BU'] },
  });
  const of = await seen();
  expect(shown(of('watched/ours'))).toEqual([
    'O:BA G:SY 8c14',
    'S ML;ID;1;HI',
    `S AU;IDSA;${FULL};WD`,
    `A;ID;${FULL};SY`,
  ]);
  expect(shown(of('watched/ours.d'))).toEqual([
    'O:BA G:SY 8c14',
    'S ML;OICIID;1;HI',
    `S AU;OICIIDSA;${FULL};WD`,
    `S AU;IDFA;${FULL};BU`,
    'S AU;CIIOIDFA;10000000;BU',
    `A;OICIID;${FULL};SY`,
  ]);
  const byDefault = ['O:BA G:SY 8004', `A;;${FULL};SY`, `A;;${FULL};BA`];
  for (const name of ['bare/ours', 'bare/ours.d', 'nobody/ours', 'everybody/ours', 'folders/ours'])
    expect(shown(of(name)), name).toEqual(byDefault);
  expect(shown(of('folders/ours.d'))).toEqual(['O:BA G:SY 8404', 'A;CIID;120089;BU']);
  expect(image.fs.findings).toEqual([]);
});

test('a file that is written over keeps its rights, and one that is moved too', async () => {
  const { image, folder } = await withParents(PLAIN);
  const before = await withMount(image.path, 'ro', (mount) =>
    rightsOf(mount, ['files/theirs', 'folders/theirs']),
  );
  await image.fs.writeFile('/files/theirs', Buffer.alloc(5000, 1));
  await image.fs.rename('/folders/theirs', '/everything/moved');
  const { out } = await judge(image, folder);
  const after = await withMount(out, 'ro', (mount) => rightsOf(mount, ['files/theirs', 'everything/moved']));
  expect(after.get('files/theirs')).toEqual(before.get('files/theirs'));
  expect(after.get('everything/moved')).toEqual(before.get('folders/theirs'));
});

test('what runs as LocalSystem is closed to users in a Windows whose folders are open to everybody', async () => {
  const { image, folder } = await withParents({
    Windows: {
      dacl: [`A;OICI;${FULL};WD`, 'A;OICIIO;10000000;CO', 'A;OICIIO;40000000;AU', 'A;OICI;40000;BU'],
      sacl: ['ML;OICI;1;ME'],
    },
  });
  await image.fs.mkdir('/Windows/Ironlift', { rights: 'administrators' });
  await image.fs.mkdir('/Windows/Ironlift/FirstBoot');
  await image.fs.writeFile('/Windows/Ironlift/FirstBoot/10-a.cmd', Buffer.from('@echo off'));
  await image.fs.writeFile('/Windows/closed.txt', Buffer.from('x'), { rights: 'administrators' });
  const { out } = await judge(image, folder);
  const paths = ['', '/FirstBoot', '/FirstBoot/10-a.cmd'].map((end) => `Windows/Ironlift${end}`);
  const rights = await withMount(out, 'ro', (mount) => rightsOf(mount, [...paths, 'Windows/closed.txt']));
  const lists = (flags: string): string[] => [
    `A;${flags};${FULL};SY`,
    `A;${flags};${FULL};BA`,
    `A;${flags};1200a9;BU`,
  ];
  expect(paths.map((path) => shown(rights.get(path)!))).toEqual([
    ['O:BA G:SY 9814', 'S ML;OICIID;1;ME', ...lists('OICI')],
    ['O:BA G:SY 8c14', 'S ML;OICIID;1;ME', ...lists('OICIID')],
    ['O:BA G:SY 8c14', 'S ML;ID;1;ME', ...lists('ID')],
  ]);
  expect(shown(rights.get('Windows/closed.txt')!)).toEqual(['O:BA G:SY 9814', 'S ML;ID;1;ME', ...lists('')]);
});

test.each([
  ['as they come', false],
  ['in crumbs of free space, so that $Secure needs a second record', true],
])(
  'hundreds of new descriptors, %s: blocks of $SDS and of both indexes fill up, and ntfs-3g goes on from there',
  async (_, crumbs) => {
    const folder = await scratchFolder();
    const path = await makeNtfs(folder, 'ntfs', 24);
    const random = seeded(42);
    const names = Array.from({ length: 320 }, (_, i) => `f${i}`);
    const parents = new Map(
      names.map((name, i) => [
        name,
        descriptor({
          // About a kilobyte each, so that a block of 256 KiB is full after some 250 of them.
          dacl: Array.from({ length: 25 + Math.floor(random() * 40) }, (_, k) =>
            ace(`A;OICI;${(i * 100 + k + 1).toString(16)};USER`),
          ),
        }),
      ]),
    );
    parents.set('longest', descriptor(LONGEST));
    await withMount(path, 'permissions', async (mount) => {
      for (const name of parents.keys()) await mkdir(join(mount, name));
      await setRights(mount, parents);
    });
    const before = await audited(path);
    const image = await openNtfs(path);
    if (crumbs) {
      const { fs } = image;
      for (let i = 0; i < 1000; i++) await fs.writeFile(`/crumb ${i}`, Buffer.alloc(8192, i));
      await fs.writeFile('/rest', Buffer.alloc(fs.freeBytes - (600 << 10), 1));
      for (let i = 0; i < 1000; i += 2) await fs.remove(`/crumb ${i}`);
    }
    for (const name of names) await image.fs.writeFile(`/${name}/file`, Buffer.from(name));
    // The same rights again are not kept again.
    for (const name of names) await image.fs.writeFile(`/${name}/again`, Buffer.from(name));
    const { out, count } = await judge(image, folder);
    // Besides those: that of the longest, and what the main folder hands on to the crumbs.
    expect(count).toBe(before + names.length + (crumbs ? 2 : 1));
    expect((await run('ntfsinfo', ['-i', '9', out])).includes('$ATTRIBUTE_LIST')).toBe(crumbs);
    const files = names.flatMap((name) => [`${name}/file`, `${name}/again`]);
    const rights = await withMount(out, 'ro', (mount) => rightsOf(mount, files));
    for (const name of names) {
      const expected = shown(parents.get(name)!)
        .slice(1)
        .map((one) => one.replace('OICI', 'ID'));
      expect(shown(rights.get(`${name}/file`)!)).toEqual(['O:BA G:SY 8404', ...expected]);
      expect(rights.get(`${name}/again`)).toEqual(rights.get(`${name}/file`));
    }
    await inheriting(out, async (mount) => {
      for (const name of names.slice(0, 50)) await mkdir(join(mount, name, 'more'));
      await mkdir(join(mount, 'longest', 'more'));
    });
    expect(await audited(out)).toBe(count + 51);
  },
);

test('a volume of version 1.2 keeps the descriptor in the file itself', async () => {
  const folder = await scratchFolder();
  const path = await makeNtfs(folder, 'ntfs', 12);
  // The version in $Volume; the root of what mkntfs makes has its descriptor in its own record, as on such volumes.
  const made = await openNtfs(path);
  const { bytes } = made;
  const name = Buffer.from('$Volume', 'utf16le');
  const whole = Buffer.from(bytes.buffer);
  // Once in the MFT, and once in its copy.
  for (let found = whole.indexOf(name); found >= 0; found = whole.indexOf(name, found + 1024)) {
    const record = new DataView(bytes.buffer, found & ~1023, 1024);
    let at = record.getUint16(0x14, true);
    while (record.getUint32(at, true) < 0x70) at += record.getUint32(at + 4, true);
    if (record.getUint32(at, true) === 0x70)
      record.setUint16(at + record.getUint16(at + 0x14, true) + 8, 0x0201, true);
  }
  const { fs, overlay } = await openBytes(bytes);
  await fs.mkdir('/folder');
  await fs.writeFile('/folder/file', Buffer.from('x'));
  await fs.flush();
  const out = await writeOut({ overlay }, join(folder, 'out'));
  const info = await run('ntfsinfo', ['-v', '-F', '/folder/file', out]);
  expect(info).toContain('$SECURITY_DESCRIPTOR');
  expect(info).not.toContain('Security ID:');
  expect(info).toMatch(/Owner SID:\s+S-1-5-32-544/u);
});

/** Gives $SDS of a fresh volume a hole between the descriptors and their copy, as a program that saves space might. */
function punch(image: Buffer): void {
  const name = Buffer.from('$Secure', 'utf16le');
  let record = -1;
  for (let at = image.indexOf(name); at >= 0 && record < 0; at = image.indexOf(name, at + 2))
    if (image.toString('latin1', at & ~1023, (at & ~1023) + 4) === 'FILE') record = at & ~1023;
  const bytes = image.subarray(record, record + 1024);
  const array = bytes.readUInt16LE(4);
  for (const k of [1, 2]) bytes.copy(bytes, k * 512 - 2, array + k * 2, array + k * 2 + 2);
  let at = bytes.readUInt16LE(0x14);
  while (bytes.readUInt32LE(at) !== 0x80) at += bytes.readUInt32LE(at + 4);
  const map = at + bytes.readUInt16LE(at + 0x20);
  // One run of 65 clusters of 4 KiB, its length in one byte and its place in two.
  expect([bytes[map], bytes[map + 1], bytes[map + 4]]).toEqual([0x21, 65, 0]);
  const end = at + bytes.readUInt32LE(at + 4);
  bytes.copyWithin(end + 8, end, bytes.readUInt32LE(0x18));
  bytes.writeUInt32LE(bytes.readUInt32LE(at + 4) + 8, at + 4);
  bytes.writeUInt32LE(bytes.readUInt32LE(0x18) + 8, 0x18);
  bytes[map + 1] = 1;
  // 63 clusters of nothing, and one that lies 64 behind the first.
  bytes.set([0x01, 63, 0x11, 1, 64, 0, 0, 0, 0, 0], map + 4);
  bytes.writeUInt16LE(0x8000, at + 0x0c);
  for (const k of [1, 2]) {
    bytes.copy(bytes, array + k * 2, k * 512 - 2, k * 512);
    bytes.copy(bytes, k * 512 - 2, array, array + 2);
  }
}

test('a file of rights with a hole is written anew without it', async () => {
  const folder = await scratchFolder();
  const path = await makeNtfs(folder, 'ntfs', 12);
  const { bytes } = await openNtfs(path);
  punch(Buffer.from(bytes.buffer));
  const { fs, overlay } = await openBytes(bytes);
  await fs.mkdir('/closed', { rights: 'administrators' });
  await fs.writeFile('/closed/file', Buffer.from('x'));
  await fs.flush();
  const out = await writeOut({ overlay }, join(folder, 'out'));
  expect((await tryRun('ntfssecaudit', ['-a', out])).stdout).toContain('All keys are present in all lists');
  const info = await run('ntfsinfo', ['-v', '-i', '9', out]);
  expect(info).not.toContain('Attribute flags:\t 0x8000');
  const rights = await withMount(out, 'ro', (mount) => rightsOf(mount, ['closed/file']));
  expect(shown(rights.get('closed/file')!)).toEqual([
    'O:BA G:SY 8404',
    `A;ID;${FULL};SY`,
    `A;ID;${FULL};BA`,
    'A;ID;1200a9;BU',
  ]);
});
