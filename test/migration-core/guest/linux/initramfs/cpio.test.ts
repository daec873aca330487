import { describe, expect, test } from 'vitest';
import {
  readCpio,
  writeCpio,
  type CpioEntry,
} from '../../../../../migration-core/guest/linux/initramfs/cpio.ts';
import { ChunkFeed } from '../../../../../migration-core/guest/linux/initramfs/feed.ts';
import { isIronliftError } from '../../../../../migration-core/base/errors.ts';
import { bytes, file, folder, link } from './images.ts';

async function* pieces(content: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size);
}
async function list(content: Uint8Array, size = 7, keep?: (path: string) => number): Promise<CpioEntry[]> {
  const entries: CpioEntry[] = [];
  for await (const entry of readCpio(
    new ChunkFeed(pieces(content, size)),
    keep === undefined ? {} : { keep },
  ))
    entries.push(entry);
  return entries;
}
const damaged = (error: unknown): boolean => isIronliftError(error, 'INITRAMFS_DAMAGED');

describe('cpio', () => {
  const archive = writeCpio([
    folder('usr'),
    file('usr/a', 'hello'),
    link('lib', 'usr/lib'),
    file('empty', ''),
  ]);

  test('the layout of the first entry, byte for byte', () => {
    const text = Buffer.from(archive).toString('latin1');
    expect(text.slice(0, 110)).toBe(
      '07070100000001000041ed000000000000000000000002000000000000000000000000000000000000000000000000' +
        '0000000400000000',
    );
    // Name and NUL end at 114; 116 is the next multiple of 4.
    expect(text.slice(110, 122)).toBe('usr\0\0\x00070701');
    expect(archive.length % 4).toBe(0);
  });

  test.each([1, 7, 4096])('reads back what it writes, in pieces of %i bytes', async (size) => {
    expect(await list(archive, size, () => 10)).toEqual([
      { path: 'usr', type: 'directory', mode: 0o755, size: 0, target: '', content: null },
      { path: 'usr/a', type: 'file', mode: 0o644, size: 5, target: '', content: bytes('hello') },
      { path: 'lib', type: 'symlink', mode: 0o777, size: 7, target: 'usr/lib', content: null },
      { path: 'empty', type: 'file', mode: 0o644, size: 0, target: '', content: new Uint8Array(0) },
    ]);
  });

  test('only small files that are wanted are kept', async () => {
    const contents = (await list(archive, 64, (path) => (path === 'usr/a' ? 4 : -1))).map(
      ({ content }) => content,
    );
    expect(contents).toEqual([null, null, null, null]);
  });

  test('leading slashes and dots are left out; no trailer is the end of the feed', async () => {
    const odd = writeCpio([file('./usr//./b'), file('/c')]);
    const end = Buffer.from(odd).indexOf('TRAILER') - 110;
    expect((await list(odd.subarray(0, end))).map(({ path }) => path)).toEqual(['usr/b', 'c']);
  });

  test('the checksum variety, and types the kernel makes nodes of', async () => {
    const text = Buffer.from(writeCpio([file('dev/console', '')])).toString('latin1');
    const node = text.replace('070701', '070702').replace('000081a4', '000021a4');
    expect(await list(Buffer.from(node, 'latin1'))).toMatchObject([
      { path: 'dev/console', type: 'character' },
    ]);
  });

  const change = (from: string, to: string): Uint8Array => {
    const text = Buffer.from(archive).toString('latin1');
    if (!text.includes(from)) throw new Error('nothing to change');
    return Buffer.from(text.replace(from, to), 'latin1');
  };
  test.each([
    ['no header', bytes('x'.repeat(200))],
    ['a cut header', archive.subarray(0, 60)],
    ['a digit that is none', change('000041ed', '0000zzed')],
    ['a name of 4 GiB', change('0000000400000000usr', 'fffffff400000000usr')],
    ['a name of no length', change('0000000400000000usr', '0000000000000000usr')],
    ['content of 4 GiB', change('00000005', 'ffffffff')],
    ['a link target of 4 GiB', change('00000007', 'ffffffff')],
    ['a cut file', archive.subarray(0, 235)],
  ])('%s is refused', async (_name, content) => {
    await expect(list(content)).rejects.toSatisfy(damaged);
  });
});
