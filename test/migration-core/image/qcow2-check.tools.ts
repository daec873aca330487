/** Images broken on purpose: what our check says of them against what `qemu-img check` says. */
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { qcow2 } from '../../../migration-core/image/qcow2/format.ts';
import { run, scratchFolder, seeded, tryRun } from '../../support/tools.ts';

const MIB = 2 ** 20;

interface Places {
  l1: number;
  l2: number;
  refcountBlock: number;
  refcountTable: number;
}

/** With a snapshot, compressed clusters, and data that was written after both. */
async function image(folder: string, ...options: string[]): Promise<string> {
  const path = join(folder, 'image');
  await run('qemu-img', ['create', '-f', 'qcow2', ...options, path, '20M']);
  const io = (...commands: string[]): Promise<string> =>
    run('qemu-io', ['-f', 'qcow2', ...commands.flatMap((text) => ['-c', text]), path]);
  await io('write -P 1 0 3M', 'write -c -P 2 5M 64k', 'write -c -P 3 5184k 64k');
  await run('qemu-img', ['snapshot', '-c', 'before', path]);
  await io('write -P 4 1M 1M', 'write -P 5 8M 500k');
  return path;
}

async function places(path: string): Promise<Places> {
  const file = await open(path);
  const read = async (at: number): Promise<number> => {
    const bytes = Buffer.alloc(8);
    await file.read(bytes, 0, 8, at);
    return Number(bytes.readBigUInt64BE() & 0x00ff_ffff_ffff_fe00n);
  };
  const [l1, refcountTable] = [await read(40), await read(48)];
  const found = { l1, l2: await read(l1), refcountTable, refcountBlock: await read(refcountTable) };
  await file.close();
  return found;
}

async function poke(path: string, at: number, change: (bytes: Buffer) => void, length = 8): Promise<void> {
  const file = await open(path, 'r+');
  const bytes = Buffer.alloc(length);
  await file.read(bytes, 0, length, at);
  change(bytes);
  await file.write(bytes, 0, length, at);
  await file.close();
}

interface Verdict {
  errors: boolean;
  leaks: number;
}

async function qemuVerdict(path: string): Promise<Verdict | null> {
  const ran = await tryRun('qemu-img', ['check', '-f', 'qcow2', '--output=json', path]);
  if (ran.stdout === '') return null;
  const told = JSON.parse(ran.stdout) as { corruptions?: number; leaks?: number; 'check-errors'?: number };
  return { errors: (told.corruptions ?? 0) + (told['check-errors'] ?? 0) > 0, leaks: told.leaks ?? 0 };
}

async function ourVerdict(path: string): Promise<Verdict> {
  const { problems, more } = await qcow2.check!(path);
  expect(more).toBe(0);
  return {
    errors: problems.some(({ severity }) => severity === 'error'),
    leaks: problems.filter(({ severity }) => severity === 'leak').length,
  };
}

const CLUSTER = 65536;

describe('qcow2 check says what qemu-img check says', () => {
  const damages: { what: string; damage: (path: string, at: Places) => Promise<void>; expected: Verdict }[] =
    [
      { what: 'of a sound image', damage: async () => undefined, expected: { errors: false, leaks: 0 } },
      {
        what: 'of three leaked clusters',
        async damage(path) {
          // An image of one cluster less is the end of the last; beyond it lies nothing.
          const { size } = await stat(path);
          const { refcountBlock } = await places(path);
          const file = await open(path, 'r+');
          await file.truncate(size + 3 * CLUSTER);
          await file.close();
          await poke(
            path,
            refcountBlock + Math.ceil(size / CLUSTER) * 2,
            (bytes) => bytes.fill('\0\x01', 0, 6),
            6,
          );
        },
        expected: { errors: false, leaks: 3 },
      },
      {
        what: 'of data that nothing counts',
        damage: (path, at) => pokeRefcountOf(path, at, 128, 0),
        expected: { errors: true, leaks: 0 },
      },
      {
        what: 'of data that is counted twice',
        damage: (path, at) => pokeRefcountOf(path, at, 128, 2),
        expected: { errors: true, leaks: 1 },
      },
      {
        what: 'of a cluster shared with a snapshot and marked as not shared',
        damage: (path, { l2 }) => poke(path, l2, (bytes) => bytes.writeUInt8(bytes[0]! | 0x80, 0)),
        expected: { errors: true, leaks: 0 },
      },
      {
        what: 'of data over the L1 table',
        damage: (path, { l1, l2 }) => poke(path, l2, (bytes) => bytes.writeBigUInt64BE(BigInt(l1))),
        expected: { errors: true, leaks: 1 },
      },
      {
        what: 'of a cluster beyond the end',
        damage: (path, { l2 }) => poke(path, l2, (bytes) => bytes.writeBigUInt64BE(1n << 40n)),
        expected: { errors: true, leaks: 1 },
      },
      {
        what: 'of a cluster that begins within another',
        damage: (path, { l2 }) => poke(path, l2, (bytes) => bytes.writeUInt8(bytes[6]! | 2, 6)),
        expected: { errors: true, leaks: 0 },
      },
      {
        what: 'of a refcount block that begins within a cluster',
        damage: (path, { refcountTable }) =>
          poke(path, refcountTable, (bytes) => bytes.writeUInt8(bytes[6]! | 2, 6)),
        expected: { errors: true, leaks: 0 },
      },
      {
        what: 'of a compressed cluster that is marked as used once',
        damage: (path, { l2 }) => poke(path, l2 + 80 * 8, (bytes) => bytes.writeUInt8(bytes[0]! | 0x80, 0)),
        expected: { errors: true, leaks: 0 },
      },
    ];

  async function pokeRefcountOf(path: string, at: Places, entry: number, count: number): Promise<void> {
    let cluster = 0;
    await poke(path, at.l2 + entry * 8, (bytes) => {
      cluster = Number(bytes.readBigUInt64BE() & 0x00ff_ffff_ffff_fe00n) / CLUSTER;
    });
    await poke(path, at.refcountBlock + cluster * 2, (bytes) => bytes.writeUInt16BE(count), 2);
  }

  it.each(damages)('$what', async ({ damage, expected }) => {
    const path = await image(await scratchFolder());
    await damage(path, await places(path));
    expect(await qemuVerdict(path)).toEqual(expected);
    expect(await ourVerdict(path)).toEqual(expected);
  });

  it.each([
    ['refcount_bits=1', 'lazy_refcounts=on'],
    ['refcount_bits=2'],
    ['refcount_bits=4'],
    ['refcount_bits=8'],
    ['refcount_bits=32', 'cluster_size=512'],
    ['refcount_bits=64', 'extended_l2=on', 'compression_type=zstd'],
    ['compat=0.10'],
  ])('of refcounts: %s', async (...options) => {
    const folder = await scratchFolder();
    const path = join(folder, 'image');
    const settings = options.flatMap((option) => ['-o', option]);
    await run('qemu-img', ['create', '-f', 'qcow2', ...settings, path, '20M']);
    await run('qemu-io', ['-f', 'qcow2', '-c', 'write -P 1 1M 2M', '-c', 'write -c -P 2 8M 1M', path]);
    expect(await ourVerdict(path)).toEqual({ errors: false, leaks: 0 });
    expect(await qemuVerdict(path)).toEqual({ errors: false, leaks: 0 });
    // Clears a byte of the counts: some clusters that are in use count nothing.
    const { refcountBlock } = await places(path);
    await poke(path, refcountBlock, (bytes) => bytes.fill(0));
    expect((await ourVerdict(path)).errors).toBe(true);
    expect((await qemuVerdict(path))!.errors).toBe(true);
  });

  it('of dirty bitmaps, which are no leaks', async () => {
    const path = await image(await scratchFolder());
    await run('qemu-img', ['bitmap', '--add', path, 'since-monday']);
    expect(await qemuVerdict(path)).toEqual({ errors: false, leaks: 0 });
    expect(await ourVerdict(path)).toEqual({ errors: false, leaks: 0 });
  });

  it('of tables damaged at random', async () => {
    const folder = await scratchFolder();
    const sound = await image(folder);
    const { l2, refcountBlock } = await places(sound);
    const random = seeded(77);
    const path = join(folder, 'damaged');
    let wrong = 0;
    for (let round = 0; round < 25; round++) {
      await run('cp', [sound, path]);
      const [table, entry] = random() < 0.5 ? [l2, 8] : [refcountBlock, 2];
      const at = table + Math.floor(random() * 100) * entry;
      await poke(path, at, (bytes) => bytes.writeUInt8(Math.floor(random() * 4), entry - 1), entry);
      const theirs = await qemuVerdict(path);
      if (theirs === null) continue;
      const ours = await ourVerdict(path);
      expect(ours, `round ${round}: ${at}`).toMatchObject({ errors: theirs.errors });
      if (!theirs.errors) expect(ours.leaks).toBe(theirs.leaks);
      if (theirs.errors || theirs.leaks > 0) wrong++;
    }
    expect(wrong).toBeGreaterThan(5);
  });
});

describe('qcow2 check', () => {
  it('knows how much is allocated, of a disk of 2 TiB in a moment', async () => {
    const path = join(await scratchFolder(), 'image');
    await run('qemu-img', ['create', '-f', 'qcow2', path, '2T']);
    const commands = [0, 700, 1900].flatMap((gib) => ['-c', `write -P 1 ${gib}G 1M`]);
    await run('qemu-io', ['-f', 'qcow2', ...commands, path]);
    let steps = 0;
    const checked = await qcow2.check!(path, { onProgress: () => steps++ });
    expect(checked).toEqual({ problems: [], more: 0, allocatedBytes: 3 * MIB });
    expect(steps).toBeGreaterThan(0);
  });

  it('can be cancelled', async () => {
    const path = await image(await scratchFolder());
    await expect(qcow2.check!(path, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
  });
});
