/** The logical sector size of a disk of which only the bytes are known. */
import { latin1 } from '../base/bytes.ts';
import { readBytes, type BlockSource } from '../block/source.ts';

/** The copy of a disk with 4096-byte sectors has its GPT header (UEFI 5.3.2) where the second of those began. */
export async function probeSectorSize(disk: BlockSource): Promise<number> {
  const isHeader = async (offset: number): Promise<boolean> =>
    disk.size >= offset + 8 && latin1(await readBytes(disk, offset, 8)) === 'EFI PART';
  return !(await isHeader(512)) && (await isHeader(4096)) ? 4096 : 512;
}
