/** Rights handed on, entry by entry, without a volume; what ntfs-3g says of it is in rights.tools.ts. */
import { describe, expect, test } from 'vitest';
import { isIronliftError } from '../../../../migration-core/base/errors.ts';
import { descriptorBytes, parseDescriptor } from '../../../../migration-core/filesystem/ntfs/descriptor.ts';
import {
  guardedDescriptor,
  inheritedDescriptor,
  SYSTEM_CREATOR,
  USERS,
} from '../../../../migration-core/filesystem/ntfs/inherit.ts';
import { securityHash } from '../../../../migration-core/filesystem/ntfs/secure.ts';
import { ace, descriptor, shown, type Rights } from './rights.ts';

const handedOn = (parent: Rights, folder: boolean): string[] =>
  shown(Buffer.from(descriptorBytes(inheritedDescriptor(parseDescriptor(descriptor(parent)), folder)))).slice(
    1,
  );

/** Every combination of the flags of inheritance, as the table of the Win32 documentation has them. */
const TABLE: [flags: string, file: string | null, folder: string | null][] = [
  ['', null, null],
  ['IO', null, null],
  ['NP', null, null],
  ['OI', 'ID', 'OIIOID'],
  ['OIIO', 'ID', 'OIIOID'],
  ['OINP', 'ID', null],
  ['OINPIO', 'ID', null],
  ['CI', null, 'CIID'],
  ['CIIO', null, 'CIID'],
  ['CINP', null, 'ID'],
  ['CINPIO', null, 'ID'],
  ['OICI', 'ID', 'OICIID'],
  ['OICIIO', 'ID', 'OICIID'],
  ['OICINP', 'ID', 'ID'],
  ['OICINPIO', 'ID', 'ID'],
  ['OICIID', 'ID', 'OICIID'],
];

/** So that the list is never empty, which would bring the default in. */
const ALWAYS = 'A;OICI;1;SY';

describe('an entry with plain rights', () => {
  test.each(TABLE)('with the flags "%s"', (flags, file, folder) => {
    const parent = { dacl: [ALWAYS, `D;${flags};2;BU`] };
    expect(handedOn(parent, false).slice(1)).toEqual(file === null ? [] : [`D;${file};2;BU`]);
    expect(handedOn(parent, true).slice(1)).toEqual(folder === null ? [] : [`D;${folder};2;BU`]);
  });
});

describe('an entry with a generic right, or for whoever makes the file', () => {
  test.each(TABLE)('with the flags "%s"', (flags, file, folder) => {
    for (const [entry, effective] of [
      ['40000000;BU', '120116;BU'],
      ['2;CO', '2;BA'],
      ['a0000000;CG', '1200a9;SY'],
      ['d0000001;CO', '1f01ff;BA'],
    ] as const) {
      const parent = { dacl: [ALWAYS, `A;${flags};${entry}`] };
      expect(handedOn(parent, false).slice(1)).toEqual(file === null ? [] : [`A;${file};${effective}`]);
      const expected: string[] = [];
      // What counts for the folder is said apart from what it hands on, which stays as it was.
      if (folder !== null && flags.includes('CI')) expected.push(`A;ID;${effective}`);
      if (folder?.includes('I') === true && folder !== 'ID')
        expected.push(`A;${folder.replace('IO', '').replace('ID', 'IOID')};${entry}`);
      expect(handedOn(parent, true).slice(1)).toEqual(expected);
    }
  });
});

/** `A` with the flags of an object entry: 8 u32 which of the two classes follow. */
function objectAce(classes: number): Buffer {
  const plain = ace('A;OICI;10000000;CO');
  const guids = Buffer.alloc(16 * ((classes & 1) + (classes >>> 1)), 0x77);
  const mark = Buffer.alloc(4);
  mark.writeUInt32LE(classes);
  const bytes = Buffer.concat([plain.subarray(0, 8), mark, guids, plain.subarray(8)]);
  bytes[0] = 5;
  bytes.writeUInt16LE(bytes.length, 2);
  return bytes;
}

describe('entries of other kinds', () => {
  const childOf = (entry: Buffer, folder: boolean): readonly Uint8Array[] => {
    const parent = parseDescriptor(descriptor({ dacl: [ALWAYS, entry] }));
    return inheritedDescriptor(parent, folder).dacl!.aces.slice(1);
  };

  test('an entry with a condition keeps it behind who it is for', () => {
    const condition = Buffer.from('artx....');
    const entry = Buffer.concat([ace('A;OICI;10000000;CO'), condition]);
    entry[0] = 9;
    entry.writeUInt16LE(entry.length, 2);
    const [child] = childOf(entry, false);
    expect(Buffer.from(child!).toString('hex')).toBe(
      Buffer.concat([
        Buffer.from([9, 0x10, 32, 0, 0xff, 0x01, 0x1f, 0]),
        Buffer.from(SYSTEM_CREATOR.owner),
        condition,
      ]).toString('hex'),
    );
  });

  test('an entry of a directory service: for a class no file has it is handed on only', () => {
    expect(childOf(objectAce(1), false)).toHaveLength(1);
    expect(childOf(objectAce(1), true)).toHaveLength(2);
    expect(childOf(objectAce(2), false)).toEqual([]);
    const [only, ...more] = childOf(objectAce(3), true);
    expect(more).toEqual([]);
    expect(only![1]).toBe(0x1b);
  });

  test('an entry that is too short for its kind is damage', () => {
    for (const bytes of [
      [5, 3, 8, 0, 1, 0, 0, 0],
      [0, 3, 8, 0, 1, 0, 0, 0],
    ])
      expect(() => childOf(Buffer.from(bytes), false)).toThrow(
        /^The NTFS file system is damaged: a security descriptor has an (entry that is cut off|impossible identifier)\.$/u,
      );
  });

  test('entries of an unknown kind keep all but their flags', () => {
    const entry = Buffer.from([0x55, 0x03, 12, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(childOf(entry, true)).toEqual([Uint8Array.from([0x55, 0x13, 12, 0, 1, 2, 3, 4, 5, 6, 7, 8])]);
  });
});

test('a guarded folder hands its rights on; nothing of the folder above is in it', () => {
  const above = parseDescriptor(descriptor({ dacl: ['A;OICI;1f01ff;WD'] }));
  const guarded = guardedDescriptor(above, true);
  expect(shown(Buffer.from(descriptorBytes(guarded)))).toEqual([
    'O:BA G:SY 9004',
    'A;OICI;1f01ff;SY',
    'A;OICI;1f01ff;BA',
    'A;OICI;1200a9;BU',
  ]);
  const below = inheritedDescriptor(parseDescriptor(descriptorBytes(guarded)), true);
  expect(shown(Buffer.from(descriptorBytes(below))).slice(1)).toEqual([
    'A;OICIID;1f01ff;SY',
    'A;OICIID;1f01ff;BA',
    'A;OICIID;1200a9;BU',
  ]);
  expect(Buffer.from(USERS).toString('hex')).toBe('01020000000000052000000021020000');
});

test('rights that do not fit are refused in words', () => {
  // All of them full control, and said once.
  const dacl = Array.from({ length: 500 }, (_, i) => ace(`A;OICI;${(0x10000000 + i).toString(16)};BU`));
  expect(inheritedDescriptor(parseDescriptor(descriptor({ dacl })), false).dacl!.aces).toHaveLength(1);
  // 20 bytes each above, 44 in the new folder: one that counts, and one that is handed on.
  const distinct = Array.from({ length: 2700 }, (_, i) => ace(`A;OICI;${i.toString(16)};CO`));
  let refused: unknown = null;
  try {
    inheritedDescriptor(parseDescriptor(descriptor({ dacl: distinct })), true);
  } catch (error) {
    refused = error;
  }
  if (!isIronliftError(refused)) throw new Error('not refused');
  expect(`${refused.code}: ${refused.message}`).toBe(
    'NOT_SUPPORTED: A folder hands on more rights than a new file can hold.',
  );
});

test.each([
  ['nothing', [], 'an impossible header'],
  ['no self-relative one', [[3, 0]], 'an impossible header'],
  ['an owner outside of it', [[4, 0xff]], 'a part outside of it'],
  ['an identifier of another revision', [[48, 2]], 'an impossible identifier'],
  ['an identifier with too many parts', [[49, 16]], 'an impossible identifier'],
  ['an identifier behind its end', [[49, 15]], 'an identifier that is cut off'],
  ['a list of another revision', [[20, 9]], 'an impossible list'],
  ['a list behind its end', [[23, 0xff]], 'an impossible list'],
  ['more entries than there are', [[24, 200]], 'a list that is cut off'],
  ['an entry without length', [[30, 0]], 'an impossible entry'],
  ['an entry of odd length', [[30, 18]], 'an impossible entry'],
] as [string, [number, number][], string][])('%s is damage', (name, changes, message) => {
  const bytes = name === 'nothing' ? Buffer.alloc(0) : descriptor({ dacl: ['A;OI;1;SY'] });
  for (const [at, value] of changes) bytes[at] = value;
  expect(() => parseDescriptor(bytes)).toThrow(
    `The NTFS file system is damaged: a security descriptor has ${message}.`,
  );
});

test('the hash of a descriptor; ntfssecaudit compares those of whole volumes in rights.tools.ts', () => {
  const bytes = descriptor({ dacl: ['A;OICI;1f01ff;TI', 'A;;120089;BA'], sacl: ['ML;;1;HI'] });
  expect(securityHash(bytes)).toBe(sum(bytes));
  expect(securityHash(Buffer.from([1, 0, 0, 0, 2, 0, 0, 0]))).toBe(10);
  expect(securityHash(Buffer.from([0, 0, 0, 0xe0, 0, 0, 0, 0]))).toBe(7);
});

/** The same sum with numbers that know no limit. */
function sum(bytes: Buffer): number {
  const limit = 1n << 32n;
  let hash = 0n;
  for (let at = 0; at + 4 <= bytes.length; at += 4)
    hash = (BigInt(bytes.readUInt32LE(at)) + ((hash * 8n) % limit) + hash / (1n << 29n)) % limit;
  return Number(hash);
}
