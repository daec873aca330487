/** All text that is in a file of a report, and in the files that are packed in it. */
import { unzipSync } from 'fflate';

const isZip = (bytes: Uint8Array): boolean => bytes[0] === 0x50 && bytes[1] === 0x4b;

export const unpacked = (bytes: Uint8Array): Map<string, string> =>
  new Map(Object.entries(unzipSync(bytes)).map(([name, part]) => [name, new TextDecoder().decode(part)]));

/** In small letters; with the names of packed files. */
export function allText(bytes: Uint8Array): string {
  const text = isZip(bytes)
    ? [...unpacked(bytes)].map(([name, part]) => `${name}\n${part}`).join('\n')
    : new TextDecoder().decode(bytes);
  return text.toLowerCase();
}
