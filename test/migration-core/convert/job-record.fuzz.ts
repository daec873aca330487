/**
 * Journals, locks and logs of copies damaged at random: what tells a shell what it may offer never throws, and a job is
 * gone on with or refused with a sentence. IRONLIFT_FUZZ_CASES for a long run.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isIronliftError } from '../../../migration-core/base/errors.ts';
import {
  copyLogName,
  CopyLogFile,
  encodeRecord,
  lastCheckpoint,
  LogNotUnderstood,
  readCopyLog,
} from '../../../migration-core/convert/copy-log.ts';
import { JOB, jobState, recordOptions, type Checkpoint } from '../../../migration-core/convert/job-record.ts';
import { Journal, JOURNAL_NAME, parseJournal } from '../../../migration-core/convert/journal.ts';
import { LOCK_NAME } from '../../../migration-core/convert/lock.ts';
import { unfinishedJob } from '../../../migration-core/convert/unfinished.ts';
import { raw } from '../../../migration-core/image/raw.ts';
import { convertOptions } from '../../support/convert-options.ts';
import { scratchFolder, seeded } from '../../support/tools.ts';

const MIB = 1 << 20;
const CASES = Number(process.env['IRONLIFT_FUZZ_CASES'] ?? 200);
const DIGEST = 'ab'.repeat(32);

const RECORD = {
  formatVersion: 1,
  version: '0.1.0',
  now: 1_700_000_000,
  options: recordOptions(convertOptions('/disk.img', 'kvm')),
  sources: [{ size: 64 * MIB, mtime: '1', inode: '2', device: '3', sample: DIGEST }],
  plan: DIGEST,
  uuid: 'x',
  copyBytes: [32 * MIB],
  madeFolder: true,
  timings: [],
};

async function soundJournal(folder: string): Promise<string> {
  const journal = await Journal.create(join(folder, JOURNAL_NAME), () => 0);
  await journal.write(JOB, 'begun', RECORD);
  await journal.write('fix', 'done', { changes: DIGEST });
  await journal.write('copy-0', 'begun');
  for (let i = 0; i < 4; i++)
    await journal.write('copy-0', 'checkpoint', {
      next: i * 8 * MIB,
      dataBytes: i * 6 * MIB,
      zeroBytes: i * MIB,
      logBytes: i * 100,
      logDigest: DIGEST,
      badSectors: [],
    });
  await journal.close();
  return readFile(join(folder, JOURNAL_NAME), 'utf8');
}

const HOSTILE = [
  'null',
  '-1',
  '1e308',
  '9007199254740993',
  '"../../etc/passwd"',
  '[]',
  '{}',
  '"\\u001b[2J"',
  'true',
];

/** Changes bytes, values, or the order of lines. */
function damage(text: string, random: () => number): string {
  const pick = (n: number): number => Math.floor(random() * n);
  const kind = random();
  if (kind < 0.3) {
    const bytes = Buffer.from(text);
    for (let i = 0; i <= pick(4); i++) bytes[pick(bytes.length)] = pick(256);
    return bytes.toString('latin1');
  }
  if (kind < 0.7) {
    const values = [...text.matchAll(/:("[^"]*"|\d+|null|true|false|\[\])/gu)];
    const match = values[pick(values.length)]!;
    const at = match.index + 1;
    return text.slice(0, at) + HOSTILE[pick(HOSTILE.length)]! + text.slice(at + match[1]!.length);
  }
  const lines = text.split('\n');
  if (kind < 0.85) lines.splice(pick(lines.length), pick(3));
  else lines.splice(pick(lines.length), 0, lines[pick(lines.length)]!, HOSTILE[pick(HOSTILE.length)]!);
  return kind > 0.97 ? text.slice(0, pick(text.length)) : lines.join('\n');
}

describe('a journal', () => {
  it('is told as it is', async () => {
    const folder = await scratchFolder();
    const text = await soundJournal(folder);
    expect(await unfinishedJob(folder)).toEqual({
      state: 'interrupted',
      step: 'copy-0',
      bytesDone: 21 * MIB,
      bytesTotal: 32 * MIB,
      canResume: true,
      reason: null,
    });
    const { disks } = jobState('x', parseJournal(text), text.length);
    expect(disks[0]!.checkpoints.map(({ next }) => next / MIB)).toEqual([0, 8, 16, 24]);
    // A copy that fell back to an earlier checkpoint says so; what the journal told beyond it is no more.
    const again = `${text}${text.split('\n')[4]!}\n`;
    const fallen = jobState('x', parseJournal(again), again.length).disks[0]!;
    expect(fallen.checkpoints.map(({ next }) => next / MIB)).toEqual([0, 8]);
  });

  it(`damaged in ${CASES} ways: what it offers is within bounds, and why it offers nothing is a sentence`, async () => {
    const folder = await scratchFolder();
    const text = await soundJournal(folder);
    const random = seeded(5);
    const seen = { can: 0, cannot: 0 };
    for (let i = 0; i < CASES; i++) {
      const damaged = damage(text, random);
      await writeFile(join(folder, JOURNAL_NAME), damaged, 'latin1');
      const job = await unfinishedJob(folder);
      expect(job.bytesDone, damaged).toBeGreaterThanOrEqual(0);
      expect(job.bytesDone, damaged).toBeLessThanOrEqual(job.bytesTotal);
      expect(Number.isSafeInteger(job.bytesTotal), damaged).toBe(true);
      if (job.canResume) {
        seen.can++;
        expect(job.reason).toBeNull();
      } else {
        seen.cannot++;
        expect(job.reason, damaged).toMatch(/does not tell how to go on: .+\.$/u);
      }
    }
    expect(seen.can).toBeGreaterThan(CASES / 10);
    expect(seen.cannot).toBeGreaterThan(CASES / 20);
  });

  it('a lock of anything: the folder is free, or a sentence says whose it is', async () => {
    const folder = await scratchFolder();
    await soundJournal(folder);
    const sound = JSON.stringify({ pid: process.pid, started: null, host: 'elsewhere', token: 'x' });
    const random = seeded(6);
    const seen = new Set<string>();
    for (let i = 0; i < CASES / 4; i++) {
      await writeFile(join(folder, LOCK_NAME), i % 4 === 0 ? sound : damage(sound, random), 'latin1');
      const { state, reason } = await unfinishedJob(folder);
      seen.add(state);
      if (state === 'running')
        expect(reason).toMatch(/^A job is at work in .+\.$|was taken by a job on the computer/u);
    }
    expect([...seen].sort()).toEqual(['interrupted', 'running']);
  });
});

describe('a log of a copy', () => {
  it(`damaged in ${CASES} ways is not believed, and if its digest fits all the same, it makes no piece beyond the disk`, async () => {
    const folder = await scratchFolder();
    const path = join(folder, copyLogName(0));
    const log = await CopyLogFile.create(path);
    const digest = new Uint8Array(32).fill(7);
    const block = { length: MIB, digest, dataBytes: 0, zeroBytes: 0 };
    const records = [0, 1, 3].map((index) =>
      encodeRecord({ ...block, offset: index * MIB, places: [0, 8192, 16384, MIB] }),
    );
    const held = await log.append(Buffer.concat(records));
    await log.close();
    const sound = await readFile(path);
    const checkpoint: Checkpoint = { next: 4 * MIB, dataBytes: 0, zeroBytes: 0, ...held, badSectors: [] };
    const random = seeded(8);
    const seen = { understood: 0, refused: 0 };
    for (let i = 0; i < CASES; i++) {
      const bytes = Buffer.from(sound);
      bytes[Math.floor(random() * bytes.length)]! ^= 1 << Math.floor(random() * 8);
      await writeFile(path, bytes);
      expect(await lastCheckpoint(path, [checkpoint])).toBeNull();
      // Whoever makes a log can make its digest too.
      const packing =
        i % 2 === 0 ? null : ({ unit: 65536, codec: 'zlib', level: 1, unshrunk: 'packed' } as const);
      const reader = readCopyLog(path, checkpoint, {
        size: 3 * MIB + 4096,
        unit: packing?.unit ?? 4096,
        packing,
      });
      let end = 0;
      try {
        for await (const pieces of reader.pieces) {
          for (const { offset, length } of pieces) {
            expect(offset).toBeGreaterThanOrEqual(end);
            end = offset + length;
            expect(end).toBeLessThanOrEqual(3 * MIB + 4096);
          }
        }
        seen.understood++;
      } catch (error) {
        if (!(error instanceof LogNotUnderstood)) throw error;
        seen.refused++;
      }
    }
    expect(seen.refused).toBeGreaterThan(CASES / 4);
  });

  it('that a hostile one has pieces for, of an image that is too short for them, is damage', async () => {
    const folder = await scratchFolder();
    const path = join(folder, 'disk.raw.partial');
    await writeFile(path, 'short');
    const writer = await raw.create({ path, size: 8 * MIB, allocation: 'thin', existing: true });
    async function* pieces(): AsyncGenerator<{ offset: number; length: number }[]> {
      yield [{ offset: 4 * MIB, length: MIB }];
    }
    const error: unknown = await writer.resume!(pieces()).catch((caught: unknown) => caught);
    expect(isIronliftError(error, 'IMAGE_DAMAGED')).toBe(true);
    await writer.abort();
  });
});
