/** Hives that the test builds: every kind of edit, what it leaves in the cells, and what is refused. */
import { describe, expect, it } from 'vitest';
import { checkHive } from '../../../migration-core/registry/check.ts';
import { revertChanges } from '../../../migration-core/registry/cells.ts';
import { exportText } from '../../../migration-core/registry/export-text.ts';
import { openHive, type Hive } from '../../../migration-core/registry/hive.ts';
import { nameHash, upperName } from '../../../migration-core/registry/names.ts';
import {
  REG,
  binary,
  dword,
  expandText,
  link,
  qword,
  readDword,
  readQword,
  readText,
  readTexts,
  text,
  texts,
  typeName,
} from '../../../migration-core/registry/types.ts';
import { seeded } from '../../support/tools.ts';
import { DESCRIPTOR, emptyHive, seal } from './build-hive.ts';

const NOW = new Date('2026-01-02T03:04:05.678Z');
const FILETIME = 134117966456780000n;
const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return `${(error as { code: string }).code}: ${(error as Error).message}`;
  }
  return 'no error';
};
/** Written, opened again and found sound. */
const reopened = (hive: Hive): Hive => {
  const again = openHive(hive.serialise(NOW));
  expect(checkHive(again)).toEqual([]);
  return again;
};

describe('an empty hive', () => {
  it('is read, and given out as it is while nothing is edited', () => {
    const bytes = emptyHive({ padding: 4096 });
    const hive = openHive(bytes);
    expect(hive.root.subkeys()).toEqual([]);
    expect(hive.root.values()).toEqual([]);
    expect(hive.root.className).toBeNull();
    expect(Buffer.from(hive.root.security)).toEqual(DESCRIPTOR);
    expect(hive.changed).toBe(false);
    expect(Buffer.from(hive.serialise(NOW))).toEqual(bytes);
    expect(checkHive(hive)).toEqual([]);
  });

  it('is written with one number more, the time given and the right checksum', () => {
    const bytes = emptyHive();
    const before = Buffer.from(bytes);
    const hive = openHive(bytes);
    hive.root.setValue('x', ...dword(1));
    const written = Buffer.from(hive.serialise(NOW));
    expect(bytes).toEqual(before);
    expect([written.readUInt32LE(4), written.readUInt32LE(8)]).toEqual([8, 8]);
    expect(written.readBigUInt64LE(12)).toBe(FILETIME);
    expect(written.readBigUInt64LE(4096 + 20)).toBe(FILETIME);
    expect(openHive(written).root.lastWritten).toBe(FILETIME);
    let sum = 0;
    for (let at = 0; at < 508; at += 4) sum ^= written.readUInt32LE(at);
    expect(written.readUInt32LE(508)).toBe(sum >>> 0);
    // The same edits and the same time are the same bytes; asked twice, the number does not rise.
    expect(Buffer.from(hive.serialise(NOW))).toEqual(written);
  });
});

describe('values', () => {
  it.each([3, 4, 5, 6])('of every type and size around the limits, in format 1.%i', (minor) => {
    const hive = openHive(emptyHive({ minor }));
    const sizes = [0, 1, 3, 4, 5, 8, 100, 4000, 16343, 16344, 16345, 32688, 32689, 100_000];
    const data = (size: number): Buffer =>
      Buffer.from(Array.from({ length: size }, (_, i) => (i * 7 + size) & 255));
    for (const size of sizes) hive.root.setValue(`size ${size}`, size % 20, data(size));
    const again = reopened(hive);
    expect(again.root.values().map(({ name }) => name)).toEqual(sizes.map((size) => `size ${size}`));
    for (const size of sizes) {
      const value = again.root.value(`SIZE ${size}`)!;
      expect([value.type, value.size]).toEqual([size % 20, size]);
      expect(Buffer.compare(value.data, data(size))).toBe(0);
    }
    // Large data is divided since format 1.4 alone.
    expect(Buffer.from(hive.serialise(NOW)).includes('db\x03\0', 'latin1')).toBe(minor >= 4);
    // Every size becomes every other one.
    for (const from of sizes)
      for (const to of [0, 4, 5, 16345]) {
        again.root.setValue('changing', REG.BINARY, data(from));
        again.root.setValue('CHANGING', REG.NONE, data(to));
        const value = again.root.value('changing')!;
        expect([value.name, value.type]).toEqual(['changing', REG.NONE]);
        expect(Buffer.compare(value.data, data(to))).toBe(0);
      }
    for (const { name } of again.root.values()) again.root.removeValue(name.toUpperCase());
    expect(reopened(again).root.values()).toEqual([]);
  });

  it('are read and made by their type', () => {
    const hive = openHive(emptyHive());
    const { root } = hive;
    root.setValue('', ...text('default'));
    root.setValue('path', ...expandText('%SystemRoot%\\ü€'));
    root.setValue('list', ...texts(['one', 'two']));
    root.setValue('empty list', ...texts([]));
    root.setValue('link', ...link('\\REGISTRY\\MACHINE'));
    root.setValue('dword', ...dword(0xfffffffe));
    root.setValue('big endian', REG.DWORD_BIG_ENDIAN, Buffer.from([0, 0, 1, 2]));
    root.setValue('qword', ...qword(2n ** 64n - 1n));
    root.setValue('bytes', ...binary(Buffer.from([1, 2])));
    root.setValue('no end', REG.SZ, Buffer.from('abc', 'utf16le'));
    root.setValue('odd', REG.SZ, Buffer.from([0x61, 0, 0x62]));
    const of = (name: string) => reopened(hive).root.value(name)!;
    expect(readText(of(''))).toBe('default');
    expect(readText(of('path'))).toBe('%SystemRoot%\\ü€');
    expect(readTexts(of('list'))).toEqual(['one', 'two']);
    expect(readTexts(of('empty list'))).toEqual([]);
    expect(readText(of('link'))).toBe('\\REGISTRY\\MACHINE');
    expect(readDword(of('dword'))).toBe(0xfffffffe);
    expect(readDword(of('big endian'))).toBe(0x102);
    expect(readQword(of('qword'))).toBe(2n ** 64n - 1n);
    expect(readText(of('no end'))).toBe('abc');
    expect(readText(of('odd'))).toBe('a');
    expect([
      readDword(of('bytes')),
      readText(of('bytes')),
      readTexts(of('')),
      readQword(of('dword')),
    ]).toEqual(Array(4).fill(undefined));
    expect([typeName(7), typeName(0x99)]).toEqual(['REG_MULTI_SZ', 'type 0x99']);
    expect(() => texts(['a', ''])).toThrow(TypeError);
  });
});

describe('keys', () => {
  it('are found and made by their path, upper and lower case alike', () => {
    const hive = openHive(emptyHive());
    const made = hive.createKey('ControlSet001\\Services\\Ünïcode€ Ωμέγα');
    made.setValue('Start', ...dword(3));
    expect(hive.createKey('controlset001\\SERVICES')).toMatchObject({ path: 'ControlSet001\\Services' });
    const again = reopened(hive);
    expect(again.key('\\CONTROLSET001\\services\\üNÏCODE€ ωΜΈΓΑ').path).toBe(
      'ControlSet001\\Services\\Ünïcode€ Ωμέγα',
    );
    expect(again.find('ControlSet001\\Nothing')).toBeUndefined();
    expect(codeOf(() => again.key('ControlSet001\\Nothing'))).toBe(
      'HIVE_KEY_NOT_FOUND: The registry hive has no key "ControlSet001\\Nothing".',
    );
    expect([again.root.subkeyCount, again.minorVersion]).toEqual([1, 5]);
  });

  it.each([
    [2, 1200],
    [3, 1200],
    [5, 5000],
  ])('by the thousand, in any order, under one key, in format 1.%i (%i keys)', (minor, count) => {
    const hive = openHive(emptyHive({ minor }));
    const parent = hive.createKey('many');
    const random = seeded(minor);
    const names = Array.from({ length: count }, (_, i) => `${i % 3 === 0 ? 'Key' : 'key'}${i}`);
    for (let i = names.length - 1; i > 0; i--) {
      const other = Math.floor(random() * (i + 1));
      [names[i], names[other]] = [names[other]!, names[i]!];
    }
    for (const name of names) parent.createSubkey(name);
    const sorted = [...names].sort((a, b) => (upperName(a) < upperName(b) ? -1 : 1));
    let again = reopened(hive);
    expect(
      again
        .key('many')
        .subkeys()
        .map(({ name }) => name),
    ).toEqual(sorted);
    expect(Buffer.from(hive.serialise(NOW)).includes('ri', 4096, 'latin1')).toBe(true);
    const gone = names.filter((_, i) => i % 2 === 0);
    for (const name of gone) again.key('many').removeSubkey(name);
    again = reopened(again);
    expect(again.key('many').subkeyCount).toBe(count / 2);
    const size = again.serialise(NOW).length;
    for (const name of gone) again.key('many').createSubkey(name);
    // What was freed is used again.
    expect(again.serialise(NOW).length).toBe(size);
    again.root.removeSubkey('many');
    expect(reopened(again).root.subkeys()).toEqual([]);
  });

  it("share their parent's security, counted; another one is theirs alone and goes with them", () => {
    const hive = openHive(emptyHive());
    const other = Buffer.from(DESCRIPTOR);
    other[30] = 99;
    hive.root.createSubkey('a').createSubkey('b');
    hive.root.createSubkey('c', { security: other, className: 'Klasse' }).createSubkey('d');
    hive.root.createSubkey('e', { security: other });
    const again = reopened(hive);
    expect(Buffer.from(again.key('a\\b').security)).toEqual(DESCRIPTOR);
    expect(Buffer.from(again.key('c\\d').security)).toEqual(other);
    expect([again.key('c').className, again.key('e').className]).toEqual(['Klasse', null]);
    again.root.removeSubkey('c');
    const less = reopened(again);
    expect(Buffer.from(less.key('e').security)).toEqual(other);
    less.root.removeSubkey('e');
    const written = less.serialise(NOW);
    expect(checkHive(openHive(written))).toEqual([]);
    expect(openHive(written).core.cells.view.getUint32(4096 + 0x80 + 4 + 12, true)).toBe(3);
  });

  it('that were removed are told so, also when their cell is another key by then', () => {
    const hive = openHive(emptyHive());
    const held = hive.root.createSubkey('held');
    hive.root.removeSubkey('held');
    hive.root.createSubkey('next');
    expect(codeOf(() => held.values())).toBe('HIVE_KEY_NOT_FOUND: The registry hive has no key "held".');
    expect(codeOf(() => hive.root.removeSubkey('held'))).toBe(
      'HIVE_KEY_NOT_FOUND: The registry hive has no key "held".',
    );
    expect(codeOf(() => hive.root.removeValue('v'))).toBe(
      'HIVE_KEY_NOT_FOUND: The registry key "" has no value "v".',
    );
  });

  it('with impossible names, and types that are none, are refused', () => {
    const { root } = openHive(emptyHive());
    for (const name of ['', 'a\\b', 'x'.repeat(256)])
      expect(codeOf(() => root.createSubkey(name))).toMatch(
        /^NAME_NOT_ALLOWED: ".*" cannot be the name of a registry key: it has 1 to 255 characters and no backslash\.$/u,
      );
    expect(codeOf(() => root.setValue('v'.repeat(16384), 1, Buffer.alloc(0)))).toBe(
      "NAME_NOT_ALLOWED: A registry value's name has 16384 characters, and 16383 are the most.",
    );
    expect(codeOf(() => root.setValue('v', -1, Buffer.alloc(0)))).toBe(
      'EDIT_NOT_POSSIBLE: The registry hive cannot be edited: -1 is no type of a value.',
    );
    expect(codeOf(() => root.createSubkey('c', { className: 'c'.repeat(32768) }))).toBe(
      'NAME_NOT_ALLOWED: The class name of a registry key has at most 32767 characters.',
    );
    let key = root;
    for (let depth = 0; depth < 512; depth++) key = key.createSubkey('d');
    expect(codeOf(() => key.createSubkey('d'))).toBe('NAME_NOT_ALLOWED: Registry keys lie at most 512 deep.');
  });
});

describe('edits', () => {
  it('leave other cells as they are, and are reverted byte for byte', () => {
    const first = openHive(emptyHive({ padding: 8192 }));
    for (let i = 0; i < 300; i++) first.createKey(`set\\key ${i}`).setValue('v', ...text(`value ${i}`));
    const original = first.serialise(NOW);
    const hive = openHive(original);
    hive.key('set\\key 7').setValue('v', ...text('changed'));
    hive.createKey('set\\new').setValue('big', 3, Buffer.alloc(200_000, 1));
    hive.key('set').removeSubkey('key 9');
    const written = hive.serialise(new Date(NOW.getTime() + 1000));
    const changes = hive.changes();
    expect(Buffer.from(revertChanges(written, changes))).toEqual(Buffer.from(original));
    const small = changes
      .filter(({ before }) => before.length > 0)
      .reduce((sum, { before }) => sum + before.length, 0);
    expect(small).toBeGreaterThan(50);
    expect(small).toBeLessThan(16384);
    for (const { offset, after } of changes)
      expect(Buffer.compare(written.subarray(offset, offset + after.length), after)).toBe(0);
  });

  it('put a subkey list in order that Windows would not search right', () => {
    const first = openHive(emptyHive());
    for (const name of ['alpha', 'beta', 'gamma']) first.root.createSubkey(name);
    const bytes = Buffer.from(first.serialise(NOW));
    const list = 4096 + 4 + bytes.readUInt32LE(4096 + 0x20 + 4 + 28);
    // Two elements change places, and a hash is wrong.
    const element = Buffer.from(bytes.subarray(list + 4, list + 12));
    bytes.copy(bytes, list + 4, list + 12, list + 20);
    element.copy(bytes, list + 12);
    bytes.writeUInt32LE(1, list + 16);
    const hive = openHive(bytes);
    expect(checkHive(hive).map(({ kind }) => kind)).toEqual(['order']);
    for (const name of ['ALPHA', 'Beta', 'gammA']) expect(hive.find(name)).toBeDefined();
    hive.root.createSubkey('aaa');
    expect(
      reopened(hive)
        .root.subkeys()
        .map(({ name }) => name),
    ).toEqual(['aaa', 'alpha', 'beta', 'gamma']);
  });

  it('of an empty value free no cell of somebody else', () => {
    const first = openHive(emptyHive());
    first.root.setValue('v', 3, new Uint8Array(0));
    const bytes = Buffer.from(first.serialise(NOW));
    const record = bytes.indexOf('vk');
    bytes.writeUInt32LE(0, record + 4);
    bytes.writeUInt32LE(first.root.cell, record + 8);
    const hive = openHive(bytes);
    hive.root.removeValue('v');
    expect(reopened(hive).root.values()).toEqual([]);
  });

  it('that fail halfway leave a hive that is not written', () => {
    const first = openHive(emptyHive());
    first.createKey('a\\b').setValue('v', ...text('some text'));
    const bytes = Buffer.from(first.serialise(NOW));
    // The list of a's subkeys is gone: found before anything is changed.
    const a = openHive(bytes).key('a').cell;
    bytes.writeUInt32LE(0x123450, 4096 + a + 4 + 28);
    const hive = openHive(bytes);
    expect(codeOf(() => hive.root.removeSubkey('a'))).toBe(
      'HIVE_DAMAGED: The registry hive is damaged: a list of subkeys should lie at 0x123450, where no cell is in use.',
    );
    expect(hive.changed).toBe(false);
    // The security is gone: found after the key was taken from its list.
    const other = Buffer.from(first.serialise(NOW));
    other.writeUInt32LE(0xffffff00, 4096 + 0x80 + 4 + 12);
    other.writeUInt32LE(0xfffffffe, 4096 + 0x80 + 4 + 12);
    const full = openHive(other);
    expect(codeOf(() => full.root.createSubkey('x'))).toBe(
      'HIVE_DAMAGED: The registry hive is damaged: a security cell counts more keys than there can be.',
    );
    expect(Buffer.from(full.serialise(NOW))).toEqual(other);
  });

  it('are shown as text in the layout of hivexregedit', () => {
    const hive = openHive(emptyHive());
    hive.createKey('b').setValue('say "hi" \\', ...dword(16));
    hive.createKey('B2').setValue('', 0x1234, Buffer.from([1, 255]));
    hive.createKey('b\\sub');
    expect(exportText(hive.root)).toBe(
      'Windows Registry Editor Version 5.00\n\n[\\]\n\n[\\B2]\n@=hex(1234):01,ff\n\n[\\b]\n"say \\"hi\\" \\\\"=dword:00000010\n\n[\\b\\sub]\n\n',
    );
  });
});

describe('what is refused', () => {
  const changed = (change: (hive: Buffer) => unknown): Buffer => {
    const hive = emptyHive();
    change(hive);
    return seal(hive);
  };
  it.each([
    [
      'an empty file',
      Buffer.alloc(0),
      'NOT_A_HIVE: This is not a registry hive of Windows NT: the file is empty.',
    ],
    [
      'text',
      Buffer.from('hello world'),
      'NOT_A_HIVE: This is not a registry hive of Windows NT: it does not begin with the letters regf.',
    ],
    [
      'a Windows 9x hive',
      Buffer.from('CREG'.padEnd(5000)),
      'NOT_A_HIVE: This is not a registry hive of Windows NT: it is a registry file of Windows 95, 98 or Me (CREG).',
    ],
    [
      'a cut base block',
      emptyHive().subarray(0, 600),
      'HIVE_DAMAGED: The registry hive is damaged: the file ends after 600 bytes, inside its base block.',
    ],
    [
      'cut bins',
      emptyHive().subarray(0, 8000),
      'HIVE_DAMAGED: The registry hive is damaged: its bins should measure 4096 bytes, but the file ends before.',
    ],
    [
      'a wrong checksum',
      ((hive) => hive.fill(1, 100, 101))(emptyHive()),
      'HIVE_DAMAGED: The registry hive is damaged: the checksum of its base block is wrong, and there is no transaction log to complete it.',
    ],
    [
      'another format',
      changed((hive) => hive.writeUInt32LE(9, 24)),
      'NOT_A_HIVE: This is not a registry hive of Windows NT: its format is 1.9, and 1.2 to 1.6 are known.',
    ],
    [
      'a log',
      changed((hive) => hive.writeUInt32LE(6, 28)),
      'NOT_A_HIVE: This is not a registry hive of Windows NT: its base block is one of a transaction log (type 6).',
    ],
    [
      'no bin',
      changed((hive) => hive.write('xbin', 4096)),
      'HIVE_DAMAGED: The registry hive is damaged: there is no bin at 0x0.',
    ],
    [
      'a bin of another place',
      changed((hive) => hive.writeUInt32LE(4096, 4100)),
      'HIVE_DAMAGED: The registry hive is damaged: the bin at 0x0 says that it lies elsewhere.',
    ],
    [
      'a bin of no size',
      changed((hive) => hive.writeUInt32LE(0, 4104)),
      'HIVE_DAMAGED: The registry hive is damaged: the bin at 0x0 gives 0 bytes as its size.',
    ],
    [
      'a cell of no size',
      changed((hive) => hive.writeInt32LE(0, 4096 + 0x20)),
      'HIVE_DAMAGED: The registry hive is damaged: the cell at 0x20 gives 0 bytes as its size.',
    ],
    [
      'a cell beyond its bin',
      changed((hive) => hive.writeInt32LE(-8192, 4096 + 0x20)),
      'HIVE_DAMAGED: The registry hive is damaged: the cell at 0x20 gives 8192 bytes as its size.',
    ],
    [
      'no root',
      changed((hive) => hive.writeUInt32LE(0x40, 36)),
      'HIVE_DAMAGED: The registry hive is damaged: a key should lie at 0x40, where no cell is in use.',
    ],
    [
      'a root that is no key',
      changed((hive) => hive.writeUInt32LE(0x80, 36)),
      'HIVE_DAMAGED: The registry hive is damaged: a key should lie at 0x80, where something else lies.',
    ],
  ])('%s', (_name, bytes, sentence) => {
    expect(codeOf(() => openHive(bytes))).toBe(sentence);
  });

  it('an unfinished hive, unless it is only to be read', () => {
    const bytes = changed((hive) => hive.writeUInt32LE(8, 4));
    expect(codeOf(() => openHive(bytes))).toBe(
      'HIVE_DAMAGED: The registry hive is damaged: its last write did not end, and there is no transaction log to complete it.',
    );
    const hive = openHive(bytes, { dirty: 'read' });
    expect([hive.unfinished, hive.root.subkeyCount]).toEqual([true, 0]);
    expect(codeOf(() => hive.root.createSubkey('x'))).toBe(
      'EDIT_NOT_POSSIBLE: The registry hive cannot be edited: its last write did not end, and it was opened to be read as it is.',
    );
  });

  it('a key that is below itself', () => {
    const first = openHive(emptyHive());
    const a = first.createKey('a').cell;
    const bytes = Buffer.from(first.serialise(NOW));
    // The subkeys of "a" are those of the root.
    bytes.writeUInt32LE(1, 4096 + a + 4 + 20);
    bytes.copy(bytes, 4096 + a + 4 + 28, 4096 + 0x20 + 4 + 28, 4096 + 0x20 + 4 + 32);
    const hive = openHive(bytes);
    expect(codeOf(() => exportText(hive.root))).toBe(
      'HIVE_DAMAGED: The registry hive is damaged: the key "a\\a" is a subkey of two keys.',
    );
    expect(codeOf(() => hive.root.removeSubkey('a'))).toBe(
      'HIVE_DAMAGED: The registry hive is damaged: a cell belongs to two keys or values at once.',
    );
    expect(checkHive(hive).map(({ kind }) => kind)).toContain('damage');
    expect(Buffer.from(hive.serialise(NOW))).toEqual(bytes);
  });
});

describe('names', () => {
  it('are hashed as in lists of Windows', () => {
    // That the hashes are those of Windows is seen in its hives: checkHive compares every one of them (hives.tools.ts).
    expect(nameHash('Select')).toBe(nameHash('SELECT'));
    expect(nameHash('AB')).toBe(65 * 37 + 66);
    expect([upperName('straße'), upperName('ÿ'), upperName('ı'), upperName('ς')]).toEqual([
      'STRAßE',
      'Ÿ',
      'ı',
      'ς',
    ]);
  });
});
