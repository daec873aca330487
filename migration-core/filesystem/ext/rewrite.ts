import type { ExtVolume } from './volume.ts';

/** Puts these bytes into a metadata block; one that holds them already is left alone, so that it need not be copied twice. */
export async function rewriteBlock(volume: ExtVolume, block: number, bytes: Uint8Array): Promise<void> {
  const present = await volume.cache.read(block);
  if (Buffer.compare(present, bytes) === 0) return;
  volume.cache.fresh(block).set(bytes);
}
