/** Collecting through the command line: what comes in, what is shown, and what a power cut or a wrong password leaves. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { EngagementFile, ServerSummary } from '../../../migration-core/store/engagement.ts';
import { openEngagement } from '../../../migration-core/store/open.ts';
import { hasShared, NEEDS_SHARED, sharedPath } from '../../support/shared.ts';
import { isRoot, startSshd } from '../../support/sshd.ts';
import { needTools, run, scratchFolder, seeded } from '../../support/tools.ts';
import { ironlift } from '../../support/world.ts';

const IRONLIFT = join(import.meta.dirname, '../../../bin/ironlift.js');
const START = Date.UTC(2026, 2, 2);
const MINUTE = 60_000;
/** IRONLIFT_KILLS says another number for a long run. */
const KILLS = Number(process.env['IRONLIFT_KILLS'] ?? 12);

/** The wide CSV that any tool can make: a line for each server and time. */
function table(servers: readonly string[], times: number, seed = 7): string {
  const random = seeded(seed);
  const lines = ['timestamp,server,cpu_percent,memory used (MB)'];
  for (let step = 0; step < times; step++) {
    const time = new Date(START + step * 5 * MINUTE).toISOString();
    for (const server of servers)
      lines.push(`${time},${server},${(random() * 100).toFixed(2)},${Math.floor(random() * 65_536)}`);
  }
  return `${lines.join('\n')}\n`;
}

async function engagementIn(): Promise<{ folder: string; path: string }> {
  const folder = await scratchFolder();
  return { folder, path: join(folder, 'customer.ironlift') };
}

function reading<T>(path: string, look: (engagement: EngagementFile) => T): T {
  const engagement = openEngagement(path, { readOnly: true, now: Date.now });
  try {
    return look(engagement);
  } finally {
    engagement.close();
  }
}

const samplesIn = (path: string): number =>
  reading(path, (engagement) =>
    engagement
      .servers()
      .flatMap(({ id }) => engagement.series(id))
      .reduce((sum, { samples }) => sum + samples, 0),
  );

interface Files {
  files: {
    status: string;
    counts?: { servers: number; samples: number; repeated: number; problems: number };
    problems: { at: number; message: string }[];
  }[];
}

async function importJson(path: string, ...args: string[]): Promise<Files['files']> {
  const { out } = await ironlift(['collect', 'import', '--engagement', path, '--json', ...args]);
  return (JSON.parse(out) as Files).files;
}

/** By the word of SQLite's own program. */
async function expectSound(path: string): Promise<void> {
  needTools('sqlite3');
  expect((await run('sqlite3', [path, 'PRAGMA integrity_check'])).trim()).toBe('ok');
}

describe('ironlift collect import', () => {
  it('keeps what a table says, tells the lines it could not read, and takes it once', async () => {
    const { folder, path } = await engagementIn();
    const lines = table(['web-1', 'db-1'], 600).split('\n');
    lines.splice(100, 0, '2026-03-02T08:20:00Z,web-1,not a number at all');
    const csv = join(folder, 'load.csv');
    await writeFile(csv, lines.join('\n'));
    const [first] = await importJson(path, csv);
    expect(first).toMatchObject({ status: 'imported', counts: { servers: 2, samples: 2400, problems: 1 } });
    expect(first!.problems.filter(({ at }) => at > 0)).toMatchObject([{ at: 101 }]);

    expect(await importJson(path, csv)).toMatchObject([{ status: 'known' }]);
    expect(await importJson(path, csv, '--again')).toMatchObject([
      { status: 'imported', counts: { samples: 0, repeated: 2400 } },
    ]);
    expect(samplesIn(path)).toBe(2400);

    // The figures themselves, by the sum that awk makes of the same file.
    const awk = await run('awk', [
      '-F,',
      '$2 == "db-1" && NF == 4 { sum += $3 } END { printf "%.2f", sum }',
      csv,
    ]);
    const sum = reading(path, (engagement) => {
      const { id } = engagement.servers().find(({ identity }) => identity.name === 'db-1')!;
      const { values } = engagement.readSamples(id, 'cpu.busy', '', 0, Infinity);
      return values.reduce((total, value) => total + value, 0);
    });
    expect(sum.toFixed(2)).toBe(awk);
  });

  it('shows hostile names as text, and keeps them as they are', async () => {
    const { folder, path } = await engagementIn();
    const names = [
      '\u001b[2J\u001b[31mred',
      '<img src=x onerror=alert(1)>',
      "=cmd|'/c calc'!A1",
      'back\bspace\u009b5m',
    ];
    const csv = join(folder, 'hostile.csv');
    await writeFile(csv, table(names, 10));
    const imported = await ironlift(['collect', 'import', csv, '--engagement', path]);
    const listed = await ironlift(['servers', '--engagement', path]);
    const one = await ironlift(['servers', names[0]!, '--engagement', path]);
    expect([imported.status, listed.status, one.status]).toEqual([0, 0, 0]);
    for (const { out, err } of [imported, listed, one])
      expect(out + err).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/u);
    const { out } = await ironlift(['servers', '--engagement', path, '--json']);
    const { servers } = JSON.parse(out) as { servers: ServerSummary[] };
    expect(servers.map(({ identity }) => identity.name).sort()).toEqual([...names].sort());
  });

  it('goes on with the other files of a folder, and says which it could not use', async () => {
    const { folder, path } = await engagementIn();
    const data = join(folder, 'data');
    await mkdir(data);
    await writeFile(join(data, 'a.csv'), table(['a'], 20));
    await writeFile(
      join(data, 'b.bin'),
      Buffer.from(Array.from({ length: 999 }, (_, at) => (at * 37) % 256)),
    );
    await writeFile(join(data, 'c.csv'), table(['c'], 20));
    const { status, out } = await ironlift(['collect', 'import', data, '--engagement', path]);
    expect(status).toBe(1);
    expect(out).toMatch(/b\.bin +not imported/u);
    expect(samplesIn(path)).toBe(80);
    const alone = await ironlift(['collect', 'import', join(data, 'b.bin'), '--engagement', path]);
    expect(alone.status).toBe(3);
    expect(alone.err).toContain('(IMPORT_NOT_SUPPORTED)');
  });

  it('ends in words when something is missing or wrong', async () => {
    const { folder, path } = await engagementIn();
    await writeFile(join(folder, 'a.csv'), table(['a'], 2));
    await writeFile(join(folder, 'text.ironlift'), 'no engagement');
    const cases = [
      [['collect', 'import', join(folder, 'a.csv')], 'USAGE'],
      [['collect', 'import', '--engagement', path], 'USAGE'],
      [['collect', 'import', join(folder, 'none.csv'), '--engagement', path], 'SOURCE_NOT_FOUND'],
      [
        ['collect', 'import', join(folder, 'a.csv'), '--engagement', join(folder, 'text.ironlift')],
        'NOT_AN_ENGAGEMENT',
      ],
      [['collect', 'import', join(folder, 'a.csv'), '--engagement', path, '--utc-offset', 'noon'], 'USAGE'],
      [['servers', '--engagement', join(folder, 'none.ironlift')], 'ENGAGEMENT_NOT_FOUND'],
      [['collect', 'ssh', '--engagement', path], 'USAGE'],
      [['collect', 'ssh', 'a b', '-x', '--engagement', path], 'USAGE'],
      [['collect', 'windows', 'dc1', '--engagement', path], 'NOT_SUPPORTED'],
      [['collect', 'windows', 'dc1', '--for', 'long', '--engagement', path], 'USAGE'],
      [['collect', 'local', '--every', '1s', '--engagement', path], 'USAGE'],
    ] as const;
    for (const [args, code] of cases) {
      const { status, out, err } = await ironlift([...args]);
      expect([args, err]).toEqual([args, expect.stringContaining(`(${code})`)]);
      expect(status).toBeGreaterThan(0);
      expect(out).toBe('');
    }
  });

  it('leaves a sound file when it is killed, at any instant, and the next run completes it', async () => {
    const { folder, path } = await engagementIn();
    const csv = join(folder, 'load.csv');
    await writeFile(
      csv,
      table(
        Array.from({ length: 40 }, (_, at) => `server-${at}`),
        4000,
      ),
    );
    const all = 40 * 4000 * 2;
    const random = seeded(11);
    let kept = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const args = [IRONLIFT, 'collect', 'import', csv, '--engagement', path, '--again'];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
      const ended = new Promise((resolve) => child.once('exit', resolve));
      // The first line of progress: the file is open, and samples come in.
      const begun = new Promise((resolve) => child.stderr.once('data', resolve));
      await Promise.race([ended, begun]);
      await Promise.race([ended, sleep(random() * 1200)]);
      child.kill('SIGKILL');
      await ended;
      await expectSound(path);
      const samples = samplesIn(path);
      expect(samples).toBeGreaterThanOrEqual(kept);
      expect(samples).toBeLessThanOrEqual(all);
      kept = samples;
    }
    expect(kept).toBeGreaterThan(0);
    const [last] = await importJson(path, csv, '--again');
    expect(last!.counts!.samples + last!.counts!.repeated).toBe(all);
    expect(samplesIn(path)).toBe(all);
  });

  it('leaves a sound file when a measurement that is running is killed, and the next one goes on in it', async () => {
    // Four at a time, each with a file of its own: a sample comes every five seconds only.
    const lanes = [21, 22, 23, 24].map(async (seed) => {
      const { path } = await engagementIn();
      const random = seeded(seed);
      let kept = 0;
      for (let kill = 0; kill < Math.ceil(KILLS / 4); kill++) {
        const args = [IRONLIFT, 'collect', 'local', '--engagement', path, '--every', '5s'];
        const child = spawn(process.execPath, args, { stdio: 'ignore' });
        const ended = new Promise((resolve) => child.once('exit', resolve));
        await sleep(1000 + random() * 14_000);
        child.kill('SIGKILL');
        await ended;
        if (!existsSync(path)) continue;
        await expectSound(path);
        const samples = samplesIn(path);
        expect(samples).toBeGreaterThanOrEqual(kept);
        kept = samples;
      }
      const { status } = await ironlift([
        'collect',
        'local',
        '--engagement',
        path,
        '--for',
        '11s',
        '--every',
        '5s',
      ]);
      expect(status).toBe(0);
      expect(samplesIn(path)).toBeGreaterThan(kept);
      const servers = reading(path, (engagement) => ({
        known: engagement.servers().map(({ identity }) => identity.name),
        outdated: engagement.outdated(),
      }));
      expect(servers).toEqual({ known: [hostname()], outdated: [] });
      return kept;
    });
    expect(Math.max(...(await Promise.all(lanes)))).toBeGreaterThan(0);
  });

  it.skipIf(!hasShared)(`reads everything that real tools have written ${NEEDS_SHARED}`, async () => {
    const { folder, path } = await engagementIn();
    const unpacked = join(folder, 'unpacked');
    await mkdir(unpacked);
    for (const archive of [
      'perf/bitbrains/2013-8_2013-9_vm001-030.tar.xz',
      'inventory/dmidecode-netbox-agent.tar.xz',
      'inventory/cardiff_19x_BL460cGen8.tar.xz',
    ])
      await run('tar', ['-C', unpacked, '-xf', sharedPath(archive)]);
    const sources = [
      unpacked,
      ...['perf/perfmon', 'perf/sar', 'perf/rvtools', 'inventory/hp-dl360p'].map(sharedPath),
    ];
    const files = (await Promise.all([importJson(path, ...sources)])).flat();
    const failed = files
      .filter(({ status }) => status === 'failed')
      .map((file) => (file as unknown as { path: string }).path);
    // AIX, a binary log, sums without machines, the outputs of sysstat in one archive, and the notes of the collection.
    expect(failed.map((name) => name.split('/').at(-1)).sort()).toEqual(
      expect.arrayContaining(['PAL-SampleLog.blg.xz', 'kubev2v-inventory.json', 'ksar-sar-AIX-7.2.xz']),
    );
    expect(failed.length).toBeLessThanOrEqual(8);
    expect(samplesIn(path)).toBeGreaterThan(3_600_000);
    expect(reading(path, (engagement) => engagement.servers().length)).toBeGreaterThan(60);
    await expectSound(path);
  });
});

describe('ironlift collect local', () => {
  it('knows this computer by its name, and measures it', async () => {
    const { path } = await engagementIn();
    const { status, out } = await ironlift([
      'collect',
      'local',
      '--engagement',
      path,
      '--for',
      '11s',
      '--every',
      '5s',
    ]);
    expect(status).toBe(0);
    expect(out).toMatch(/^Collected 1 server, 1 inventory, \d+ samples/u);
    const one = await ironlift(['servers', hostname(), '--engagement', path]);
    expect(one.out).toContain('Processor in use');
    expect(one.out).toContain((await run('uname', ['-r'])).trim());
    // Again: the same server, not another one.
    expect((await ironlift(['collect', 'local', '--engagement', path])).status).toBe(0);
    expect(reading(path, (engagement) => engagement.servers().length)).toBe(1);
  });
});

describe('ironlift collect ssh', () => {
  const SECRET = 'sEcReT-cli-51c0';

  it('collects with a key after its host key was accepted, and pins that', async () => {
    const { folder, path } = await engagementIn();
    const sshd = await startSshd();
    const known = join(folder, 'known');
    const args = [
      'collect',
      'ssh',
      `${sshd.user}@127.0.0.1:${sshd.port}`,
      '--key',
      sshd.keyFile,
      '--engagement',
      path,
      '--known-hosts',
      known,
    ];
    const refused = await ironlift(args);
    expect(refused.status).toBe(1);
    expect(refused.err.replaceAll(/\s+/gu, ' ')).toContain('HOST_KEY_UNKNOWN');
    const accepted = await ironlift([...args, '--accept-new-keys']);
    expect(accepted.out).toContain('Collected 1 server, 1 inventory');
    expect(accepted.status).toBe(0);
    // Pinned: it needs no acceptance any more.
    expect((await ironlift(args)).status).toBe(0);
    expect(reading(path, (engagement) => engagement.servers().map(({ identity }) => identity.name))).toEqual([
      hostname(),
    ]);
    expect(sshd.leftovers()).toEqual([]);
  });

  it.skipIf(!isRoot)('never lets a password out: not into the file, not into words', async () => {
    const { folder, path } = await engagementIn();
    const sshd = await startSshd({
      users: [{ name: 'ironuser', password: SECRET }],
      config: ['PasswordAuthentication yes', 'KbdInteractiveAuthentication no'],
    });
    const known = join(folder, 'known');
    const args = [
      'collect',
      'ssh',
      `ironuser@127.0.0.1:${sshd.port}`,
      'ironuser@127.0.0.1:9',
      '--accept-new-keys',
      '--known-hosts',
      known,
      '--engagement',
      path,
      '--sudo',
    ];
    const said: string[] = [];
    for (const password of [`${SECRET}-wrong`, SECRET]) {
      const environment = { IRONLIFT_SSH_PASSWORD: password, IRONLIFT_SUDO_PASSWORD: `${SECRET}-sudo` };
      for (const more of [[], ['--json']]) {
        const { status, out, err } = await ironlift([...args, ...more], undefined, environment);
        expect(status).toBe(1);
        said.push(out, err);
      }
    }
    expect(said.join('\n')).toContain('LOGIN_FAILED');
    expect(said.join('\n')).toContain('HOST_NOT_REACHED');
    expect(said.join('\n')).toContain('Collected 1 server');
    expect(said.join('\n')).not.toContain(SECRET);
    for (const name of readdirSync(folder))
      expect(readFileSync(join(folder, name)).includes(SECRET), name).toBe(false);
    await rm(folder, { recursive: true, force: true });
  });
});
