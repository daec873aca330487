/** Files of a conversion: their names while they are written, and writing one so that it is there whole or not at all. */
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { PARTIAL } from '../image/partial.ts';

export const partial = (folder: string, file: string): string => join(folder, file + PARTIAL);

/** Writes a file so that it is there whole or not at all, even after a power cut. */
export async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path + PARTIAL, 'w');
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(path + PARTIAL, path);
}

/** Makes the names in a folder durable, where the system can do that; what cannot loses them at a power cut at most. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null);
  await handle?.sync().catch(() => undefined);
  await handle?.close().catch(() => undefined);
}
