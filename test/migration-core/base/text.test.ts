import { expect, it } from 'vitest';
import { formatBytes, formatSeconds, listed, plural } from '../../../migration-core/base/text.ts';

it('tells a time in the two units that matter, and not the second where it is nothing', () => {
  expect([0, 9.94, 59.4, 59.6, 300, 3061, 3599.7, 3600, 28_800, 9420].map(formatSeconds)).toEqual([
    ...['0.0 s', '9.9 s', '59 s', '1 min', '5 min', '51 min 1 s', '1 h', '1 h', '8 h', '2 h 37 min'],
  ]);
});

it('tells sizes, counts and names as they are said', () => {
  expect([0, 1023, 1024, 1.5 * 2 ** 30].map(formatBytes)).toEqual([
    '0 bytes',
    '1023 bytes',
    '1 KiB',
    '1.5 GiB',
  ]);
  expect([plural(1, 'disk'), plural(0, 'disk'), plural(2, 'copy', 'copies')]).toEqual([
    ...['1 disk', '0 disks', '2 copies'],
  ]);
  expect([listed(['a']), listed(['a', 'b', 'c']), listed(['a', 'b', 'c'], 2)]).toEqual([
    ...['a', 'a, b and c', 'a, b and 1 more'],
  ]);
});
