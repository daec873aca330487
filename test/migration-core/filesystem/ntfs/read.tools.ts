/** NTFS volumes of every shape read, and compared with what ntfs-3g reads. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { run, scratchFolder } from '../../../support/tools.ts';
import { fill, fillCompressed } from './fill.ts';
import { diskTree, makeNtfs, openNtfs, ourTree, sorted, withMount, writeOut } from './ntfs-image.ts';

const SHAPES: [name: string, mib: number, options: string[], many: number][] = [
  ['512-byte clusters', 24, ['-c', '512'], 1200],
  ['2 KiB clusters', 24, ['-c', '2048'], 300],
  ['4 KiB clusters', 32, ['-c', '4096'], 3000],
  ['64 KiB clusters', 96, ['-c', '65536'], 400],
  ['4096-byte sectors', 48, ['-s', '4096', '-c', '4096'], 400],
];

describe('NTFS read as ntfs-3g reads it', () => {
  test.each(SHAPES)('%s', async (_, mib, options, many) => {
    const folder = await scratchFolder();
    const path = await makeNtfs(folder, 'ntfs', mib, [...options, '-L', 'Daten ä']);
    const packs = !options.includes('65536');
    const expected = await withMount(path, packs ? 'compression' : 'rw', async (mount) => {
      await fill(mount, many);
      if (packs) {
        await fillCompressed(mount);
        // They must be packed indeed, or nothing is proven.
        const { size, blocks } = await stat(join(mount, 'compressed/packed7.txt'));
        expect(blocks * 512).toBeLessThan(size * 0.8);
      }
      return diskTree(mount);
    });
    const image = await openNtfs(path);
    const { fs } = image;
    expect(fs).toMatchObject({ type: 'ntfs', label: 'Daten ä', findings: [] });
    expect((await run('blkid', ['-p', '-s', 'UUID', '-o', 'value', path])).trim()).toBe(fs.uuid);
    expect(sorted(await ourTree(fs))).toEqual(sorted(expected));
    // Everything else is overwritten: whatever is missing in the used extents would be missing for ntfs-3g.
    const used = await fs.usedExtents();
    expect(used.bytes).toBeLessThan(image.bytes.length);
    const out = await writeOut(image, join(folder, 'out'), used);
    expect(sorted(await withMount(out, 'ro', diskTree))).toEqual(sorted(expected));
    expect(sorted(await ourTree((await openNtfs(out)).fs))).toEqual(sorted(expected));
    await run('ntfsfix', ['-n', out]);
    // A second reader that knows nothing of ntfs-3g (sleuthkit misreads sectors of 4096 and index blocks below clusters of 64 KiB); it shows the files of the file system as well.
    if (options.includes('-s') || options.includes('65536')) return;
    const listed = (await run('fls', ['-f', 'ntfs', '-r', '-p', '-u', '-F', path])).split('\n');
    const files = listed
      .map((line) => /^r\/r (\d+)-128-(\d+):\t(.*)$/.exec(line))
      .filter((match) => match !== null && !/^\$|:/.test(match[3]!))
      .map((match) => `/${match![3]!}`);
    expect(new Set(files)).toEqual(
      new Set([...expected].filter(([, what]) => what !== 'folder').map(([name]) => name)),
    );
  });
});
