/** What lies on a partition or a bare disk, told by signatures alone. Types and order are those of blkid. */
import { readBytes, type BlockSource } from '../block/source.ts';
import { FILE_SYSTEMS } from './recognise-filesystems.ts';
import { MEMBERS } from './recognise-members.ts';
import { openWindow, type Match } from './signature.ts';
import type { Content } from './volume.ts';

/** Members of something larger come first: what is inside them may be seen through. */
const SIGNATURES = [...MEMBERS, ...FILE_SYSTEMS];

/** Where a row finds several kinds, they have names of their own. */
const DESCRIPTIONS: Record<string, string> = {
  ext2: 'ext2 file system',
  ext3: 'ext3 file system',
  ext4: 'ext4 file system',
  ext4dev: 'ext4 file system (development version)',
  jbd: 'journal of an ext file system',
};

const EMPTY_WHEN_ZERO = 1 << 20;

export async function recogniseContent(volume: BlockSource): Promise<Content> {
  return (await recogniseWithPlace(volume)).content;
}

/** The content and the byte offset of the mark it was known by. */
export async function recogniseWithPlace(volume: BlockSource): Promise<{ content: Content; at: number }> {
  const window = await openWindow(volume);
  for (const signature of SIGNATURES) {
    const match: Match | null = await signature.match(window);
    if (match === null) continue;
    const type = match.type ?? signature.type;
    const description = DESCRIPTIONS[type] ?? signature.description;
    return {
      content: { type, uuid: match.uuid ?? '', label: match.label ?? '', description },
      at: match.at ?? 0,
    };
  }
  const empty = await isZero(volume, Math.min(EMPTY_WHEN_ZERO, volume.size));
  return {
    content: empty
      ? { type: 'empty', uuid: '', label: '', description: 'empty' }
      : { type: 'unknown', uuid: '', label: '', description: 'unknown content' },
    at: 0,
  };
}

async function isZero(volume: BlockSource, length: number): Promise<boolean> {
  const zeros = new Uint8Array(Math.min(length, 128 * 1024));
  for (let at = 0; at < length; at += zeros.length) {
    const bytes = await readBytes(volume, at, Math.min(zeros.length, length - at));
    if (Buffer.compare(bytes, zeros.subarray(0, bytes.length)) !== 0) return false;
  }
  return true;
}
