import { expect, test } from 'vitest';
import { dirHash, HASH } from '../../../../migration-core/filesystem/ext/dirhash.ts';

const SEED = new Uint32Array(Uint8Array.from(Buffer.from('5eed5eed000040008000000000000002', 'hex')).buffer);
const LONG = 'größenänderung-über-32-bytes-lang-ß';

/** As `debugfs -R "dx_hash -h ALGORITHM -s SEED NAME"` of e2fsprogs 1.47 prints them. */
test.each([
  [HASH.legacy, 'a', 0xe74b53e2, 0],
  [HASH.legacy, 'lost+found', 0x5e2aba24, 0],
  [HASH.legacy, 'a-name-of-some-length-149', 0x2b29a2c4, 0],
  [HASH.legacy, LONG, 0x402be0e2, 0],
  [HASH.halfMd4, 'a', 0x19491030, 0xcb23432a],
  [HASH.halfMd4, 'lost+found', 0xfa75f402, 0x4dad1035],
  [HASH.halfMd4, 'a-name-of-some-length-149', 0xb5b16292, 0xbf824070],
  [HASH.halfMd4, LONG, 0x8d904b72, 0xdafae31c],
  [HASH.tea, 'a', 0xf8cbe724, 0x1dbcaca8],
  [HASH.tea, 'lost+found', 0x462b3382, 0x08bc055b],
  [HASH.tea, 'a-name-of-some-length-149', 0x6a4c5dc6, 0xc517f11e],
  [HASH.tea, LONG, 0x039976e2, 0x2bf2928a],
])('hash %i of %s', (version, name, major, minor) => {
  expect(dirHash(version, true, SEED, Buffer.from(name))).toEqual({ major, minor });
});

test('names in ASCII hash alike signed and unsigned, others do not', () => {
  for (const version of [HASH.legacy, HASH.halfMd4, HASH.tea]) {
    const ascii = Buffer.from('plain');
    expect(dirHash(version, false, SEED, ascii)).toEqual(dirHash(version, true, SEED, ascii));
    const other = Buffer.from(LONG);
    expect(dirHash(version, false, SEED, other)).not.toEqual(dirHash(version, true, SEED, other));
  }
});
