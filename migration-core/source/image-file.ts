/** A disk image in a file: raw, or any format of image/table.ts. */
import { realpath, stat } from 'node:fs/promises';
import { systemErrorCode } from '../base/errors.ts';
import type { Finding } from '../base/finding.ts';
import { latin1 } from '../base/bytes.ts';
import { readBytes, type BlockSource } from '../block/source.ts';
import { fileSource, openReadOnly } from './file-source.ts';
import { readSystemUse, usesOfFile } from './in-use.ts';
import { cannotOpen, compressed, empty, namedTwice, notADisk } from './refusals.ts';
import type { OpenSourceOptions, SourceDisk, SourceKind } from './source.ts';
import { useFindings } from './use-findings.ts';

export const imageFile: SourceKind = {
  id: 'image-file',
  claims: async (spec) => (await stat(spec).catch(() => null))?.isFile() ?? false,
  open: openImage,
};

const SECTOR = 512;

async function openImage(spec: string, options: OpenSourceOptions): Promise<SourceDisk> {
  const path = await realpath(spec);
  const file = await stat(path, { bigint: true });
  const identity = `file ${file.dev} ${file.ino}`;
  const twin = options.others?.find((other) => other.identity === identity);
  if (twin !== undefined) throw namedTwice(spec, twin.spec);
  const fileSize = Number(file.size);
  if (fileSize === 0) throw empty(spec);
  if (fileSize < SECTOR)
    throw notADisk(
      spec,
      `a file of ${fileSize} bytes, less than one sector`,
      'Name the image file of a whole disk.',
    );
  const findings = await checkUse(spec, path, options.allowMounted === true);
  const fd = await openReadOnly(path).catch((error: unknown) => {
    throw cannotOpen(spec, systemErrorCode(error), error);
  });
  // A file system counts the space of a file in units of 512 bytes; what is less than its size has holes.
  const sparse = file.blocks * 512n < file.size;
  const file0 = fileSource(fd, path, { size: fileSize, sectorSize: SECTOR, sparse });
  try {
    await refuseCompressed(spec, file0);
    const sectorSize = await probeSectorSize(file0);
    const size = Math.floor(fileSize / SECTOR) * SECTOR;
    if (size < fileSize)
      findings.push({
        severity: 'warning',
        code: 'SOURCE_PARTIAL_SECTOR',
        message: `${spec} ends in the middle of a sector; its last ${fileSize - size} bytes are left out.`,
        next: 'Check that the image was copied completely.',
      });
    return {
      disk: fileSource(fd, path, { size, sectorSize, sparse }),
      description: {
        spec,
        path,
        kind: 'image',
        format: 'raw',
        size,
        sectorSize,
        physicalSectorSize: sectorSize,
        model: '',
        serial: '',
        bus: '',
        identity,
      },
      fingerprint: {
        size: fileSize,
        mtime: String(file.mtimeNs),
        inode: String(file.ino),
        device: String(file.dev),
      },
      findings,
    };
  } catch (error) {
    await file0.close();
    throw error;
  }
}

async function checkUse(spec: string, path: string, allowed: boolean): Promise<Finding[]> {
  if (process.platform !== 'linux') return [];
  const uses = await usesOfFile(path, await readSystemUse());
  return useFindings(
    spec,
    uses,
    uses.filter((use) => use.writes),
    allowed,
  );
}

/** First bytes of compressed files that people keep disk images in, and how to unpack them. */
const COMPRESSED: [magic: number[], how: string, command: string][] = [
  [[0x1f, 0x8b, 8], 'gzip', 'gunzip --keep FILE'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], 'xz', 'unxz --keep FILE'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'zstd', 'unzstd FILE'],
  [[0x42, 0x5a, 0x68], 'bzip2', 'bunzip2 --keep FILE'],
  [[0x50, 0x4b, 3, 4], 'zip', 'unzip FILE'],
  [[0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], '7-Zip', '7z x FILE'],
];

async function refuseCompressed(spec: string, file: BlockSource): Promise<void> {
  const head = await readBytes(file, 0, SECTOR);
  // A boot sector may begin with anything, and ends with its signature.
  if (head[510] === 0x55 && head[511] === 0xaa) return;
  for (const [magic, how, command] of COMPRESSED)
    if (magic.every((byte, index) => head[index] === byte))
      throw compressed(spec, how, command.replace('FILE', spec));
}

/** The copy of a disk with 4096-byte sectors has its GPT header (UEFI 5.3.2) where the second of those began. */
async function probeSectorSize(file: BlockSource): Promise<number> {
  const isHeader = async (offset: number): Promise<boolean> =>
    file.size >= offset + 8 && latin1(await readBytes(file, offset, 8)) === 'EFI PART';
  return !(await isHeader(512)) && (await isHeader(4096)) ? 4096 : 512;
}
