/** What a test volume is filled with, through a mount of ntfs-3g: every way NTFS has of keeping a file. */
import { appendFile, link, mkdir, open, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run, seeded } from '../../../support/tools.ts';

/** Text that packs well, and noise that does not. */
export function content(length: number, seed: number): Buffer {
  const random = seeded(seed);
  const bytes = Buffer.alloc(length);
  const noise = seed % 3 === 0;
  for (let i = 0; i < length;) {
    if (noise) {
      bytes[i++] = random() * 256;
      continue;
    }
    const word = `${Math.floor(random() * 50)} the quick brown ${'fox '.repeat(random() * 9)}\n`;
    i += bytes.write(word.slice(0, length - i), i, 'latin1');
  }
  return bytes;
}

export const NAMES = [
  'plain.txt',
  'MixedCase.TXT',
  'a long name with spaces and dots.tar.gz',
  'Größe der Datei.txt',
  'файл.txt',
  '日本語 😀.txt',
  'n'.repeat(255),
  'ends with =cmd|calc',
];

const SIZES = [0, 1, 50, 700, 1023, 4096, 5000, 65536, 70_001, 200_000];

/** @param many names in the largest folder */
export async function fill(mount: string, many: number): Promise<void> {
  await mkdir(join(mount, 'Windows/System32/drivers'), { recursive: true });
  for (const [i, name] of NAMES.entries())
    await writeFile(join(mount, 'Windows', name), content(SIZES[i]!, i + 1));
  for (const [i, size] of SIZES.entries())
    await writeFile(join(mount, 'Windows/System32', `size${i}.bin`), content(size, i + 100));
  await mkdir(join(mount, 'many'));
  for (let i = 0; i < many; i++)
    await writeFile(join(mount, 'many', `file number ${i} of the many.dat`), String(i));
  // Holes make the index uneven.
  for (let i = 0; i < many; i += 7) await rm(join(mount, 'many', `file number ${i} of the many.dat`));
  await link(join(mount, 'Windows/plain.txt'), join(mount, 'hard link.txt'));
  await sparse(join(mount, 'sparse.bin'));
  await fragmented(mount);
}

async function sparse(path: string): Promise<void> {
  const file = await open(path, 'w');
  for (let i = 0; i < 12; i++) await file.write(content(3000 + i, i + 7), 0, 3000 + i, i * 150_000);
  await file.truncate(2_000_000);
  await file.close();
}

/** Two files grown in turn, so that neither lies in one piece; the map of one outgrows its record. */
async function fragmented(mount: string): Promise<void> {
  const [a, b] = [join(mount, 'fragments a.bin'), join(mount, 'fragments b.bin')];
  for (let i = 0; i < 60; i++) {
    await appendFile(a, content(9000, i + 1));
    await appendFile(b, content(5000, i + 2));
  }
  await truncate(b, 200_001);
}

/** Files whose content NTFS itself packs; the mount needs the option `compression`. */
export async function fillCompressed(mount: string): Promise<void> {
  const folder = join(mount, 'compressed');
  await mkdir(folder);
  await setFileAttributes(folder, 0x810);
  for (const [i, size] of [0, 100, 4096, 40_000, 65_536, 65_537, 300_000, 1_000_000].entries())
    await writeFile(join(folder, `packed${i}.txt`), content(size, i + 1));
  // Zeros only, zeros in the middle, and text that repeats itself over a long distance.
  await writeFile(join(folder, 'zeros'), Buffer.alloc(200_000));
  await writeFile(
    join(folder, 'middle'),
    Buffer.concat([content(70_000, 1), Buffer.alloc(150_000), content(10, 2)]),
  );
  await writeFile(join(folder, 'repeats'), Buffer.concat(Array.from({ length: 40 }, () => content(4000, 5))));
}

/** FILE_ATTRIBUTE bits, as ntfs-3g takes them. */
export const setFileAttributes = (path: string, bits: number): Promise<string> =>
  run('setfattr', [
    '-h',
    '-n',
    'system.ntfs_attrib_be',
    '-v',
    `0x${bits.toString(16).padStart(8, '0')}`,
    path,
  ]);

export const setReparse = (path: string, value: Buffer): Promise<string> =>
  run('setfattr', ['-h', '-n', 'system.ntfs_reparse_data', '-v', `0x${value.toString('hex')}`, path]);

/** A reparse point: tag, length, data. */
export function reparse(tag: number, data: Buffer): Buffer {
  const bytes = Buffer.alloc(8 + data.length);
  bytes.writeUInt32LE(tag, 0);
  bytes.writeUInt16LE(data.length, 4);
  data.copy(bytes, 8);
  return bytes;
}

/** A symbolic link of Windows; `flags` 1 is a relative one, null a mount point or junction. */
export function linkPoint(target: string, flags: number | null): Buffer {
  const name = Buffer.from(target, 'utf16le');
  const head = Buffer.alloc(flags === null ? 8 : 12);
  head.writeUInt16LE(name.length, 2);
  head.writeUInt16LE(name.length + 2, 4);
  head.writeUInt16LE(name.length, 6);
  if (flags !== null) head.writeUInt32LE(flags, 8);
  const data = Buffer.concat([head, name, Buffer.alloc(2), name, Buffer.alloc(2)]);
  return reparse(flags === null ? 0xa0000003 : 0xa000000c, data);
}
