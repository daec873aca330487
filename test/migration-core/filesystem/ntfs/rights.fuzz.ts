/** Hostile $Secure: descriptors, $SDS, $SII and $SDH with wrong bytes. A new file gets its rights or a typed error, and soon. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isIronliftError } from '../../../../migration-core/base/errors.ts';
import { parseDescriptor } from '../../../../migration-core/filesystem/ntfs/descriptor.ts';
import {
  guardedDescriptor,
  inheritedDescriptor,
} from '../../../../migration-core/filesystem/ntfs/inherit.ts';
import { scratchFolder, seeded } from '../../../support/tools.ts';
import { makeNtfs, openBytes, withMount } from './ntfs-image.ts';
import { ace, descriptor, setRights } from './rights.ts';

const CASES = Number(process.env['IRONLIFT_FUZZ_CASES'] ?? 60);
const FOLDERS = 60;

const parentRights = (i: number): Buffer =>
  descriptor({
    dacl: [...Array(1 + (i % 7)).keys()].map((k) => ace(`A;OICI;${(i * 16 + k + 1).toString(16)};USER`)),
    sacl: ['ML;OICI;1;HI'],
  });

/** A volume whose indexes of rights have blocks. */
async function volume(): Promise<Buffer> {
  const path = await makeNtfs(await scratchFolder(), 'ntfs', 5);
  await withMount(path, 'permissions', async (mount) => {
    for (let i = 0; i < FOLDERS; i++) await mkdir(join(mount, `f${i}`));
    await setRights(mount, new Map([...Array(FOLDERS).keys()].map((i) => [`f${i}`, parentRights(i)])));
  });
  return readFile(path);
}

/** Where the parts of $Secure lie: its record, blocks of its indexes, its descriptors. */
function placesOf(image: Buffer): { at: number; length: number; guarded: boolean }[] {
  const places: { at: number; length: number; guarded: boolean }[] = [];
  const name = Buffer.from('$Secure', 'utf16le');
  for (let at = image.indexOf(name); at >= 0; at = image.indexOf(name, at + 2)) {
    const record = at & ~1023;
    if (image.toString('latin1', record, record + 4) === 'FILE')
      places.push({ at: record, length: 0x320, guarded: true });
  }
  for (let at = image.indexOf('INDX'); at >= 0; at = image.indexOf('INDX', at + 4096)) {
    const entry = at + 0x18 + image.readUInt32LE(at + 0x18);
    if (image.readUInt16LE(entry + 2) === 20) places.push({ at, length: 1600, guarded: true });
  }
  const first = parentRights(0);
  const sds = image.indexOf(first);
  places.push({ at: sds - 20, length: 8000, guarded: false });
  return places;
}

test('damaged files of rights', async () => {
  const good = await volume();
  const places = placesOf(good);
  expect(places.length).toBeGreaterThan(3);
  const random = seeded(9);
  const below = (limit: number): number => Math.floor(random() * limit);
  const seen = new Map<string, number>();
  for (let round = 0; round < CASES; round++) {
    const image = new Uint8Array(good);
    const view = Buffer.from(image.buffer);
    for (let n = 1 + below(8); n > 0; n--) {
      const { at, length, guarded } = places[below(places.length)]!;
      const place = at + below(length);
      // The protection of a record or block is kept right; it is not under test here.
      if (guarded && (place & 511) >= 508) continue;
      if (random() < 0.4)
        view.writeUInt32LE(
          [0, 0xffffffff, 0x7fffffff, 0x100, 0x40000, below(2 ** 31)][below(6)]!,
          place & ~3,
        );
      else if (random() < 0.3)
        view.writeUInt16LE([0, 1, 2, 3, 0x14, 0x28, 0x30, 0xffff][below(8)]!, place & ~1);
      else view[place] = below(256);
    }
    const started = performance.now();
    const did = async (work: () => Promise<unknown>): Promise<void> => {
      let code = 'done';
      try {
        await work();
      } catch (error) {
        if (!isIronliftError(error)) throw error;
        ({ code } = error);
      }
      seen.set(code, (seen.get(code) ?? 0) + 1);
    };
    const { fs } = await openBytes(image);
    for (let i = 0; i < 6; i++) {
      const folder = below(FOLDERS);
      await did(() => fs.writeFile(`/f${folder}/file ${i}`, Buffer.from('x')));
      await did(() => fs.mkdir(`/f${folder}/folder ${i}`));
      await did(() => fs.mkdir(`/f${folder}/closed ${i}`, { rights: 'administrators' }));
    }
    await did(() => fs.flush());
    expect(performance.now() - started, `round ${round}`).toBeLessThan(5000);
  }
  // Both ways must have been gone often enough for this to mean anything.
  expect(seen.get('done')).toBeGreaterThan(CASES);
  expect(seen.get('NTFS_DAMAGED')).toBeGreaterThan(CASES / 2);
  expect(
    [...seen.keys()].filter((code) => !/^(done|NTFS_DAMAGED|NOT_SUPPORTED|NO_SPACE_IN_GUEST)$/u.test(code)),
  ).toEqual([]);
});

test('damaged descriptors', () => {
  const random = seeded(10);
  const below = (limit: number): number => Math.floor(random() * limit);
  const plain = descriptor({
    dacl: ['A;OICI;10000000;CO', 'D;OI;2;BU', 'A;CINP;a0000000;CG'],
    sacl: ['ML;OICI;1;HI', 'AU;CISA;1;WD'],
  });
  let refused = 0;
  for (let round = 0; round < CASES * 50; round++) {
    const bytes = Buffer.from(plain);
    for (let n = 1 + below(4); n > 0; n--)
      bytes[below(bytes.length)] = random() < 0.5 ? below(20) : below(256);
    const cut = random() < 0.1 ? bytes.subarray(0, below(bytes.length)) : bytes;
    try {
      const parent = parseDescriptor(cut);
      for (const folder of [false, true])
        for (const make of [inheritedDescriptor, guardedDescriptor]) make(parent, folder);
    } catch (error) {
      if (!isIronliftError(error) || error.code !== 'NTFS_DAMAGED') throw error;
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(CASES * 5);
  expect(refused).toBeLessThan(CASES * 45);
});
