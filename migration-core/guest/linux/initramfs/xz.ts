/** xz (base/xz.ts) as far as initramfs images and kernel modules use it, with the words of the initramfs. */
import { IronliftError } from '../../../base/errors.ts';
import { unpackXz as unpackStream, type XzRefusals } from '../../../base/xz.ts';
import { ChunkFeed, damaged, type ByteFeed } from './feed.ts';

const REFUSALS: XzRefusals = {
  damaged,
  unsupported: (what, data) =>
    new IronliftError('NOT_SUPPORTED', `An xz file of the guest ${what}.`, {
      next: 'Rebuild the initramfs on the server with its default compression.',
      ...(data === undefined ? {} : { data }),
    }),
};

/**
 * Unpacks one stream; the feed then stands behind it. Chunks are valid until the next one is asked for.
 * @throws INITRAMFS_DAMAGED; NOT_SUPPORTED for filters other than LZMA2.
 */
export function unpackXz(feed: ByteFeed): AsyncGenerator<Uint8Array> {
  return unpackStream(feed, REFUSALS);
}

/** A small file, such as a kernel module, in one piece. @throws INITRAMFS_DAMAGED also above `limit` bytes. */
export async function unpackXzWhole(bytes: Uint8Array, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const one = (async function* (): AsyncGenerator<Uint8Array> {
    yield bytes;
  })();
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of unpackXz(new ChunkFeed(one))) {
    size += chunk.length;
    if (size > limit) throw damaged('a kernel module unpacks to an unlikely size', { limit });
    parts.push(chunk.slice());
  }
  return new Uint8Array(Buffer.concat(parts));
}
