/** Runs packed bytes through one of Node's own decoders. */
import { Readable, pipeline, type Transform } from 'node:stream';
import { isIronliftError } from '../../base/errors.ts';
import { damaged } from '../read-file.ts';

/** Bytes a decoder puts out at a time. */
export const CHUNK = 256 << 10;

/** Never more than a few pieces ahead of the reader. @throws IMAGE_DAMAGED, and what `input` throws */
export async function* throughDecoder(
  path: string,
  decoder: Transform,
  input: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const source = Readable.from(input, { highWaterMark: 1 });
  pipeline(source, decoder, () => undefined);
  try {
    for await (const chunk of decoder) yield chunk as Uint8Array;
  } catch (error) {
    if (isIronliftError(error)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw damaged(path, `its compressed data cannot be unpacked (${reason})`);
  } finally {
    decoder.destroy();
    source.destroy();
  }
}
