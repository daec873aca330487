import { describe, expect, test } from 'vitest';
import { isIronliftError } from '../../../../../migration-core/base/errors.ts';
import {
  readKmodIndex,
  writeKmodIndex,
} from '../../../../../migration-core/guest/linux/initramfs/kmod-index.ts';

const damaged = (error: unknown): boolean => isIronliftError(error, 'INITRAMFS_DAMAGED');

describe('the binary index of kmod', () => {
  test('keys that share beginnings, end within others, and have several values', () => {
    const entries: [string, string][] = [
      ['virtio', 'a'],
      ['virtio_blk', 'b'],
      ['virtio_pci', 'c'],
      ['vmxnet3', 'd'],
      ['e1000', 'e'],
      ['e1000', 'second'],
    ];
    expect(readKmodIndex(writeKmodIndex(entries))).toEqual(
      new Map([
        ['e1000', ['e', 'second']],
        ['virtio', ['a']],
        ['virtio_blk', ['b']],
        ['virtio_pci', ['c']],
        ['vmxnet3', ['d']],
      ]),
    );
  });

  test('no key at all', () => {
    expect(readKmodIndex(writeKmodIndex([]))).toEqual(new Map());
  });

  const good = writeKmodIndex([
    ['abc', 'x'],
    ['abd', 'y'],
  ]);
  const changed = (offset: number, ...values: number[]): Uint8Array => {
    const copy = good.slice();
    copy.set(values, offset);
    return copy;
  };
  test.each([
    ['another magic', changed(0, 1)],
    ['a newer version', changed(4, 9)],
    ['cut short', good.subarray(0, -3)],
    ['nothing', new Uint8Array(0)],
    ['a root behind the end', changed(8, 0xe0, 0xff, 0xff, 0xff)],
  ])('%s is refused', (_name, bytes) => {
    expect(() => readKmodIndex(bytes)).toThrow(expect.toSatisfy(damaged));
  });

  test('a circle ends', () => {
    // A node whose only child is itself.
    const circle = Uint8Array.from([0xb0, 7, 0xf4, 0x57, 0, 2, 0, 1, 0x20, 0, 0, 12, 65, 65, 0x20, 0, 0, 12]);
    expect(() => readKmodIndex(circle)).toThrow(expect.toSatisfy(damaged));
  });
});
