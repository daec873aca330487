/**
 * Conversions between image formats, each in pairs with `qemu-img convert`. What is held against the limits is
 * `ironlift image convert --quick`, which does what qemu-img does: copy, and leave the rest to the system. Without
 * --quick it also hashes, waits until all is on the medium, reads everything again and compares; that is printed beside.
 */
import { existsSync } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { findTool, run, seeded } from '../support/tools.ts';
import { CACHE } from './disk.ts';
import { measure, type Cost } from './measure.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const IRONLIFT = join(import.meta.dirname, '../../bin/ironlift.js');

interface Pair {
  what: string;
  /** Arguments of qemu-img convert before the files. */
  qemu: string[];
  /** Options of `ironlift image convert`. */
  ours: string[];
  /** What is converted: the raw disk, or an image that qemu-img made of it with these arguments. */
  from?: string[];
  /** Of the wall times. */
  limit: number;
  /** Of the file sizes. */
  sizeLimit?: number;
}

const STREAM = ['-O', 'vmdk', '-o', 'subformat=streamOptimized'];
const PAIRS: Pair[] = [
  { what: 'raw to qcow2', qemu: ['-O', 'qcow2'], ours: ['--format', 'qcow2'], limit: 1 },
  { what: 'raw to VHDX', qemu: ['-O', 'vhdx'], ours: ['--format', 'vhdx'], limit: 1 },
  {
    what: 'qcow2 to raw',
    from: ['-O', 'qcow2'],
    qemu: ['-O', 'raw'],
    ours: ['--format', 'raw'],
    limit: 1,
  },
  {
    what: 'VMDK to VHDX',
    from: ['-O', 'vmdk'],
    qemu: ['-O', 'vhdx'],
    ours: ['--format', 'vhdx'],
    limit: 1,
  },
  { what: 'raw to VMDK monolithicSparse', qemu: ['-O', 'vmdk'], ours: ['--format', 'vmdk'], limit: 0.5 },
  {
    what: 'raw to VMDK streamOptimized',
    qemu: STREAM,
    ours: ['--format', 'vmdk', '--subformat', 'streamOptimized'],
    limit: 0.35,
    sizeLimit: 1.05,
  },
  {
    what: 'raw to qcow2, zlib',
    qemu: ['-c', '-O', 'qcow2'],
    ours: ['--format', 'qcow2', '--compress', 'zlib'],
    limit: 0.35,
    sizeLimit: 1.05,
  },
  {
    what: 'raw to qcow2, zstd',
    qemu: ['-c', '-O', 'qcow2', '-o', 'compression_type=zstd'],
    ours: ['--format', 'qcow2', '--compress', 'zstd'],
    limit: 0.8,
    sizeLimit: 1.05,
  },
  {
    what: 'qcow2, zlib, to raw',
    from: ['-c', '-O', 'qcow2'],
    qemu: ['-O', 'raw'],
    ours: ['--format', 'raw'],
    limit: 0.7,
  },
  {
    what: 'VMDK streamOptimized to qcow2',
    from: STREAM,
    qemu: ['-O', 'qcow2'],
    ours: ['--format', 'qcow2'],
    limit: 0.7,
  },
];

export interface ImageRow {
  what: string;
  /** Of the command with --quick. */
  costs: Cost[];
  /** Of the command as it is. */
  verified: { costs: Cost[]; ratios: number[] };
  reference: Cost[];
  ratios: number[];
  ratioLimit: number;
  peakLimit: number;
  sizeRatio: number;
  sizeLimit?: number;
}

/** Runs the pair of that name, or those whose name contains `only`, taking turns; the first round warms the caches and is not counted. */
export async function imageConversions(out: string, rounds: number, only = ''): Promise<ImageRow[]> {
  const qemuImg = findTool('qemu-img')!;
  const [input, theirs, ours] = [join(out, 'input'), join(out, 'theirs'), join(out, 'ours')];
  const rows: ImageRow[] = [];
  const exact = PAIRS.some(({ what }) => what === only);
  for (const pair of PAIRS.filter(({ what }) => (exact ? what === only : what.includes(only)))) {
    // Packing takes a minute for 1.5 GiB. A plain copy of that takes half a second, a fifth of which is the start of Node.
    const disk = await syntheticDisk(isPlain(pair) ? 'large' : 'small');
    if (pair.from !== undefined)
      await run('qemu-img', ['convert', ...pair.from, disk, input], { timeoutSeconds: 3600 });
    const from = pair.from === undefined ? disk : input;
    const costs: Cost[] = [];
    const verified: Cost[] = [];
    const reference: Cost[] = [];
    let sizeRatio = 1;
    for (let round = 0; round <= rounds; round++) {
      // Each program begins just after as much memory was given back as it will fill: on a virtual machine whose host takes
      // free pages away after seconds, whoever ran second in a round paid for all of them (2.46 times the other).
      // They take turns at going first, too: every other run was slower, whoever it was (2.3 and 2.9 s).
      const convert = (...options: string[]): Promise<Cost> =>
        measure(process.execPath, [IRONLIFT, 'image', 'convert', from, ours, ...pair.ours, ...options]);
      let qemu: Cost | undefined;
      let cost: Cost | undefined;
      let theirSize = 0;
      let ourSize = 0;
      const both = [
        async () => {
          qemu = await measure(qemuImg, ['convert', ...pair.qemu, from, theirs]);
          theirSize = (await stat(theirs)).size;
          await rm(theirs);
        },
        async () => {
          cost = await convert('--quick');
          ourSize = (await stat(ours)).size;
          await rm(ours);
        },
      ];
      for (const one of round % 2 === 0 ? both : both.reverse()) {
        await run('bash', ['-c', 'cat "$1" > /dev/null', 'bash', from]);
        await one();
      }
      sizeRatio = ourSize / theirSize;
      // Takes long, and nobody compares it with anything: once is enough.
      const full = round <= 1 ? await convert() : null;
      await rm(ours, { force: true });
      if (round === 0 && rounds > 1) continue;
      reference.push(qemu!);
      costs.push(cost!);
      if (full !== null) verified.push(full);
    }
    await rm(input, { force: true });
    const ratios = (of: Cost[]): number[] => of.map(({ wall }, index) => wall / reference[index]!.wall);
    rows.push({
      what: pair.what,
      costs,
      verified: { costs: verified, ratios: ratios(verified) },
      reference,
      ratios: ratios(costs),
      ratioLimit: pair.limit,
      peakLimit: 300 * MIB,
      sizeRatio,
      ...(pair.sizeLimit === undefined ? {} : { sizeLimit: pair.sizeLimit }),
    });
  }
  return rows;
}

const isPlain = ({ qemu, from = [] }: Pair): boolean =>
  ![...qemu, ...from].some((option) => option === '-c' || option.includes('streamOptimized'));

/**
 * Data in pieces of 64 MiB with holes between them: two thirds like log files, one third noise. The small disk has 8 GiB
 * and 1.5 GiB of data, the large one three times as much.
 */
async function syntheticDisk(size: 'small' | 'large'): Promise<string> {
  const pieces = size === 'small' ? 24 : 72;
  const path = join(CACHE, `images-${size}.raw`);
  if (existsSync(path)) return path;
  await mkdir(CACHE, { recursive: true });
  const building = `${path}.building`;
  const file = await open(building, 'w');
  await file.truncate((pieces / 24) * 8 * GIB);
  const random = seeded(99);
  for (let piece = 0, at = MIB; piece < pieces; piece++, at += 5 * 64 * MIB)
    for (let i = 0; i < 64; i++)
      await file.write(i % 3 === 0 ? noise(random) : logLines(random), 0, MIB, at + i * MIB);
  await file.close();
  await rename(building, path);
  return path;
}

function noise(random: () => number): Uint8Array {
  const words = new Uint32Array(MIB / 4);
  for (let i = 0; i < words.length; i++) words[i] = random() * 2 ** 32;
  return new Uint8Array(words.buffer);
}

const WORDS =
  `kernel systemd sshd cron nginx postgres audit session opened closed for user root by uid=0 connection from port
  accepted publickey failed password started stopped target reached interface link up down eth0 ens192 GET POST
  /index.html /api/v1/items 200 404 500 Mozilla/5.0 X11 Linux x86_64 checkpoint complete wrote buffers denied profile
  operation=open /var/log/messages segment fault retry timeout connected disk sda1 mounted clean`.split(
    /\s+/u,
  );

function logLines(random: () => number): Uint8Array {
  const bytes = Buffer.alloc(MIB, '\n');
  let second = Math.floor(random() * 1e9);
  for (let at = 0; at < MIB - 500;) {
    if (random() < 0.3) second++;
    let line = `${new Date(second * 1000).toISOString()} host${Math.floor(random() * 20)} `;
    for (let count = 3 + random() * 12; count > 0; count--)
      line +=
        random() < 0.15
          ? `10.0.${Math.floor(random() * 256)}.${Math.floor(random() * 256)} `
          : `${WORDS[Math.floor(random() ** 2 * WORDS.length)]!} `;
    at += bytes.write(`${line}\n`, at, 'latin1');
  }
  return bytes;
}
