/** A CD image as a driver source: virtio-win.iso and its like. */
import type { BlockSource } from '../../../../block/source.ts';
import { openIso } from '../../../../filesystem/iso9660/open.ts';
import type { SourceTree } from './tree.ts';

/** Takes the source over: closing the tree closes it. @throws ISO_DAMAGED, ISO_NOT_SUPPORTED */
export async function isoTree(source: BlockSource): Promise<SourceTree> {
  const image = await openIso(source);
  return {
    async list(folder) {
      const files = await image.list(`/${folder}`);
      return files.flatMap(({ name, type, size }) => (type === 'other' ? [] : [{ name, type, size }]));
    },
    read: (path, limit) => image.readFile(`/${path}`, limit),
    close: () => source.close(),
  };
}
