/** Readers of disk images besides QEMU: 7-Zip and libvhdi. Both know sector bitmaps and parents of VHDs; QEMU does not. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { run, scratchFolder } from '../../support/tools.ts';

/** Expects that 7-Zip unpacks the image to exactly the bytes of the raw disk. `type`: as 7-Zip calls the format. */
export async function expectBy7zip(type: 'VHD' | 'VDI', image: string, disk: string): Promise<void> {
  const folder = await scratchFolder();
  await run('7zz', ['x', `-t${type}`, `-o${folder}`, image]);
  const [unpacked] = await readdir(folder);
  await run('cmp', [join(folder, unpacked!), disk]);
}

export interface VhdByLibvhdi {
  size: number;
  sha256: string;
  identifier: string;
}

/** The disk at the end of a chain of VHDs, child first. */
const SCRIPT = `
import hashlib, json, pyvhdi, sys
files = []
for path in sys.argv[1:]:
    file = pyvhdi.file()
    file.open(path)
    files.append(file)
for child, parent in reversed(list(zip(files, files[1:]))):
    child.set_parent(parent)
disk = files[0]
digest = hashlib.sha256()
left = disk.get_media_size()
while left > 0:
    piece = disk.read_buffer(min(left, 1 << 20))
    digest.update(piece)
    left -= len(piece)
print(json.dumps({"size": disk.get_media_size(), "sha256": digest.hexdigest(), "identifier": disk.get_identifier()}))
`;

export async function byLibvhdi(...chain: string[]): Promise<VhdByLibvhdi> {
  // Debian's own Python has Debian's modules, whatever else is on the path.
  const env = { PATH: '/usr/bin:/bin' };
  return JSON.parse(await run('python3', ['-c', SCRIPT, ...chain], { env })) as VhdByLibvhdi;
}

export async function expectByLibvhdi(chain: string[], disk: string, size: number): Promise<void> {
  const read = await byLibvhdi(...chain);
  expect(read.size).toBe(size);
  expect(read.sha256).toBe((await run('sha256sum', [disk])).slice(0, 64));
}
