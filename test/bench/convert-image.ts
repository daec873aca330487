/** One image into another, as a program of its own so that it can be measured: `node convert-image.ts IN OUT FORMAT [SUBFORMAT|-] [COMPRESSION]`. */
import { enableCompileCache } from 'node:module';
import type { Compression } from '../../migration-core/image/image.ts';

enableCompileCache();
const [input, output, id, subformat = '-', compression] = process.argv.slice(2);
// The threads come up while the rest is loaded and the image is opened.
const { packingThreads, startCopyWorkers } = await import('../../migration-core/block/pipeline-workers.ts');
const isPacked = compression !== undefined || subformat === 'streamOptimized';
const workers = startCopyWorkers(isPacked ? packingThreads() : {});
const [{ ExtentList }, { copyBlocks }, { formatById, openImage }] = await Promise.all([
  import('../../migration-core/base/extents.ts'),
  import('../../migration-core/block/pipeline.ts'),
  import('../../migration-core/image/table.ts'),
]);

const source = await openImage(input!);
const { size } = source;
const writer = await formatById(id!)!.create({
  path: output!,
  size,
  allocation: 'thin',
  subformat: subformat === '-' ? undefined : subformat,
  compression: compression as Compression | undefined,
});
await copyBlocks({ source, used: ExtentList.of([{ offset: 0, length: size }]), writer, workers });
// `qemu-img convert` does not wait for the medium either.
await writer.finish({ durable: false });
await Promise.all([source.close(), workers.close()]);
