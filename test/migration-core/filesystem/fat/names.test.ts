import { describe, expect, test } from 'vitest';
import {
  encodeLong,
  encodeShort,
  longParts,
  parseEntries,
} from '../../../../migration-core/filesystem/fat/entry.ts';
import {
  asShortName,
  checkName,
  makeAlias,
  shortNameChecksum,
  showShortName,
} from '../../../../migration-core/filesystem/fat/names.ts';

const ascii = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

describe('short names', () => {
  test.each([
    ['README.TXT', 'README  TXT', 0],
    ['grubx64.efi', 'GRUBX64 EFI', 0x18],
    ['README.txt', 'README  TXT', 0x10],
    ['readme.TXT', 'README  TXT', 0x08],
    ['NOEXT', 'NOEXT      ', 0],
    ['a~1{}.$$$', 'A~1{}   $$$', 0x08],
  ])('%s needs no long name', (name, bytes, caseBits) => {
    const short = asShortName(name)!;
    expect([ascii(short.bytes), short.caseBits]).toEqual([bytes, caseBits]);
    expect(showShortName(short.bytes, short.caseBits)).toBe(name);
  });

  test.each([
    'Readme.txt',
    'ninechars',
    'a.text',
    'two.dots.c',
    '.hidden',
    'with space',
    'grün.txt',
    'a+b',
    'x.',
  ])('%s needs one', (name) => {
    expect(asShortName(name)).toBeNull();
  });

  test('aliases are upper case, short, and unique', () => {
    const taken = new Set<string>();
    const alias = (name: string): string => {
      const bytes = ascii(makeAlias(name, (one) => taken.has(ascii(one))));
      expect(bytes).toHaveLength(11);
      taken.add(bytes);
      return bytes;
    };
    expect(alias('Readme.txt')).toBe('README  TXT');
    expect(alias('README.Txt')).toBe('README~1TXT');
    expect(alias('The quick brown.fox jumps')).toBe('THEQUI~1FOX');
    expect(alias('The quick brown.fox')).toBe('THEQUI~2FOX');
    expect(alias('.profile')).toBe('PROFIL~1   ');
    expect(alias('日本.txt')).toBe('__~1    TXT');
    expect(alias('a+b=c.x')).toBe('A_B_C~1 X  ');
    for (let n = 3; n < 12; n++) alias('The quick brown.fo');
    for (let n = 0; n < 120; n++) alias('longer name.bin');
    expect(taken.has('LONGE~10BIN')).toBe(true);
    expect(taken.has('LONG~120BIN')).toBe(true);
  });

  test('the checksum of the specification', () => {
    // Worked out by hand: rotate right by one, add the next byte.
    const byHand = [...Buffer.from('THEQUI~1FOX')].reduce(
      (sum, byte) => (((sum >> 1) | ((sum & 1) << 7)) + byte) & 255,
      0,
    );
    expect(shortNameChecksum(Buffer.from('THEQUI~1FOX'))).toBe(byHand);
  });

  test('names that no system could find again are refused', () => {
    for (const name of ['', 'a:b', 'a*', 'dot.', 'space ', 'tab\t', 'back\\slash'])
      expect(() => checkName(name)).toThrow(expect.objectContaining({ code: 'NAME_NOT_ALLOWED' }));
    expect(() => checkName('x'.repeat(256))).toThrow(expect.objectContaining({ code: 'NAME_TOO_LONG' }));
    expect(() => checkName('x'.repeat(255))).not.toThrow();
  });
});

describe('long names', () => {
  const shortName = Buffer.from('ALIAS~1 TXT');
  const directory = (name: string): Buffer<ArrayBuffer> => {
    const short = encodeShort({
      shortName,
      caseBits: 0,
      attributes: 0x20,
      firstCluster: 0x12345,
      size: 7,
      mtime: 1_700_000_000,
      created: 0,
    });
    return Buffer.concat([encodeLong(name, shortName), short, Buffer.alloc(32)]);
  };

  test.each([1, 12, 13, 14, 26, 255])('of %i characters comes back', (length) => {
    const name = Array.from({ length }, (_, i) => String.fromCharCode(0x3b1 + (i % 24))).join('');
    const [entry] = parseEntries(directory(name), true);
    expect(entry).toMatchObject({
      name,
      alias: 'ALIAS~1.TXT',
      firstCluster: 0x12345,
      size: 7,
      parts: longParts(name),
    });
    expect(entry!.mtime).toBe(1_700_000_000);
  });

  test('parts that do not belong together leave the alias', () => {
    const good = directory('a name of more than two parts, surely');
    const wrongSum = Buffer.from(good);
    wrongSum[13]! ^= 1;
    const wrongOrder = Buffer.from(good);
    wrongOrder[32] = 0x05;
    const missing = good.subarray(32);
    const deletedBetween = Buffer.from(good);
    deletedBetween[32] = 0xe5;
    for (const bytes of [wrongSum, wrongOrder, missing, deletedBetween])
      expect(parseEntries(bytes, true)).toMatchObject([{ name: 'ALIAS~1.TXT', parts: 0 }]);
  });
});
