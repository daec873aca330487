/** Recordings made on this machine by the tools themselves, read back through every form they have. */
import { once } from 'node:events';
import { createWriteStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importPath, importText } from '../../../../support/imports.ts';
import { needTools, run, scratchFolder } from '../../../../support/tools.ts';

/** Where Debian and Red Hat have it. */
const SADC = ['/usr/lib/sysstat/sadc', '/usr/lib64/sa/sadc', '/usr/lib/sa/sadc'];

async function recording(): Promise<string> {
  needTools('sadf', 'sar');
  const file = join(await scratchFolder(), 'sa01');
  // It is in no folder of programs.
  const sadc = SADC.find((path) => existsSync(path));
  if (sadc === undefined) throw new Error('Missing on this machine: sadc. Install with: npm run test:setup');
  await run('bash', ['-c', '"$0" -S ALL 1 4 "$1"', sadc, file]);
  return file;
}

interface Moment {
  'cpu-load': { cpu: string; idle: number; iowait: number; steal: number }[];
  'process-and-context-switch': { cswch: number };
  memory: { memfree: number };
}

describe('sysstat', () => {
  it('daily file, JSON, table and text of one recording agree, and with what sadf says', async () => {
    const file = await recording();
    const json = await run('sadf', ['-j', file, '--', '-A']);
    const document = JSON.parse(json) as { sysstat: { hosts: { nodename: string; statistics: Moment[] }[] } };
    const { nodename, statistics } = document.sysstat.hosts[0]!;
    const binary = await importPath(file);
    const fromJson = await importText('sar.json', json);
    const table = await importText('sar.csv', await run('sadf', ['-d', file, '--', '-A']));
    const counted = await importText('sar.csv', await run('sadf', ['-d', '-U', file, '--', '-A']));
    const text = await importText('sar.txt', await run('sar', ['-A', '-f', file], { env: { TZ: 'UTC' } }));
    const iso = await importText(
      'sar.txt',
      await run('sar', ['-A', '-f', file], { env: { TZ: 'UTC', S_TIME_FORMAT: 'ISO' } }),
    );
    expect([binary, fromJson, table, counted, text, iso].map(({ importer }) => importer)).toEqual([
      'sar-binary',
      'sadf-json',
      'sadf-csv',
      'sadf-csv',
      'sar-text',
      'sar-text',
    ]);
    const busy = fromJson.series.get(`${nodename} cpu.busy`)!;
    expect(busy.values).toEqual(
      statistics.map((moment) => {
        const { idle, iowait, steal } = moment['cpu-load'].find(({ cpu }) => cpu === 'all')!;
        return Math.max(0, 100 - idle - iowait - steal);
      }),
    );
    expect(fromJson.series.get(`${nodename} cpu.contextSwitches`)!.values).toEqual(
      statistics.map((moment) => moment['process-and-context-switch'].cswch),
    );
    expect(fromJson.samples).toBeGreaterThan(40);
    expect(binary.samples).toBe(fromJson.samples);
    for (const other of [table, counted, text, iso])
      for (const key of [
        `${nodename} cpu.user`,
        `${nodename} memory.total`,
        `${nodename} cpu.contextSwitches`,
      ]) {
        const expected = fromJson.series.get(key)!;
        const found = other.series.get(key)!;
        expect(found.times, `${other.importer} ${key}`).toEqual(expected.times);
        found.values.forEach((value, i) => expect(value, key).toBeCloseTo(expected.values[i]!, 1));
      }
  }, 60_000);

  it('says what to run where there is no sadf', async () => {
    const file = await recording();
    const path = process.env['PATH'];
    process.env['PATH'] = '/nowhere';
    try {
      await expect(importPath(file)).rejects.toMatchObject({
        code: 'IMPORT_NOT_SUPPORTED',
        next: expect.stringContaining('sadf -j') as string,
      });
    } finally {
      process.env['PATH'] = path;
    }
    await expect(importText('sa02', Buffer.from('96d5752100000000'.repeat(50), 'hex'))).rejects.toMatchObject(
      {
        code: 'IMPORT_NOT_SUPPORTED',
      },
    );
  }, 60_000);
});

describe('single tools', () => {
  it('vmstat -t, and without times', async () => {
    needTools('vmstat');
    const text = await run('vmstat', ['-t', '1', '4'], { env: { TZ: 'UTC' } });
    const rows = text
      .trim()
      .split('\n')
      .filter((line) => /^\s*\d/u.test(line));
    const found = await importText('vm.txt', text, { serverName: 'web1' });
    const expected = rows.slice(1).map((row) => row.trim().split(/\s+/u));
    expect(found.importer).toBe('vmstat');
    const user = found.series.get('web1 cpu.user')!;
    expect(user.values).toEqual(expected.map((cells) => Number(cells[12])));
    expect(user.times).toEqual(expected.map((cells) => Date.parse(`${cells.at(-2)!}T${cells.at(-1)!}Z`)));
    expect(found.series.get('web1 memory.available')!.values).toEqual(
      expected.map((cells) => 1024 * (Number(cells[3]) + Number(cells[4]) + Number(cells[5]))),
    );
    const plain = await run('vmstat', ['1', '3']);
    await expect(importText('vm.txt', plain, { serverName: 'web1' })).rejects.toMatchObject({
      code: 'IMPORT_NEEDS_ANSWER',
      data: { option: 'startTime' },
    });
    await expect(importText('vm.txt', plain)).rejects.toMatchObject({ data: { option: 'serverName' } });
    const timed = await importText('vm.txt', plain, {
      serverName: 'web1',
      startTime: 1e12,
      intervalSeconds: 1,
    });
    expect(timed.series.get('web1 cpu.user')!.times).toEqual([1e12 + 1000, 1e12 + 2000]);
  }, 60_000);

  it('iostat and mpstat, as text and as JSON', async () => {
    needTools('iostat', 'mpstat');
    const env = { TZ: 'UTC' };
    const [text, json, mpstat] = await Promise.all([
      run('iostat', ['-xt', '1', '3'], { env }),
      run('iostat', ['-xt', '-o', 'JSON', '1', '3'], { env }),
      run('mpstat', ['-P', 'ALL', '-o', 'JSON', '1', '2'], { env }),
    ]);
    const found = await importText('iostat.txt', text);
    const host = /\((.*?)\)/u.exec(text)![1]!;
    const shown = [...text.matchAll(/avg-cpu:.*\n\s+(.*)/gu)].map((match) =>
      match[1]!.trim().split(/\s+/u).map(Number),
    );
    expect(found.importer).toBe('iostat-text');
    expect(found.series.get(`${host} cpu.user`)!.values.map((value) => value.toFixed(2))).toEqual(
      shown.slice(1).map((cells) => (cells[0]! + cells[1]!).toFixed(2)),
    );
    const times = [...text.matchAll(/^(\d\d)\/(\d\d)\/(\d\d) (\S+)$/gmu)].map((m) =>
      Date.parse(`20${m[3]!}-${m[1]!}-${m[2]!}T${m[4]!}Z`),
    );
    expect(found.series.get(`${host} cpu.user`)!.times).toEqual(times.slice(1));

    const parsed = JSON.parse(json) as {
      sysstat: { hosts: { statistics: { disk: { disk_device: string; 'wkB/s': number }[] }[] }[] };
    };
    const disk = parsed.sysstat.hosts[0]!.statistics[1]!.disk.find(({ disk_device: name }) =>
      /^(?:vd|sd|nvme|xvd)/u.test(name),
    );
    const fromJson = await importText('iostat.json', json);
    expect(fromJson.importer).toBe('sysstat-json');
    expect(fromJson.series.get(`${host} cpu.busy`)!.times.length).toBe(2);
    if (disk !== undefined)
      expect(fromJson.series.get(`${host} disk.writeBytes ${disk.disk_device}`)!.values[0]).toBe(
        disk['wkB/s'] * 1024,
      );

    const fromMpstat = await importText('mpstat.json', mpstat);
    const loads = (JSON.parse(mpstat) as { sysstat: { hosts: { statistics: Moment[] }[] } }).sysstat.hosts[0]!
      .statistics;
    expect(fromMpstat.series.get(`${host} cpu.iowait`)!.values).toEqual(
      loads.map((moment) => moment['cpu-load'][0]!.iowait),
    );
  }, 60_000);

  it('collectl, for plotting and on a terminal', async () => {
    needTools('collectl');
    const env = { TZ: 'UTC' };
    const plot = await run('collectl', ['-P', '-scdmn', '-i1', '-c2'], { env });
    const found = await importText('web1-20240531.tab', plot);
    const names = /^#(Date.*)$/mu.exec(plot)![1]!.trim().split(/\s+/u);
    const rows = plot
      .split('\n')
      .filter((line) => /^\d{8} /u.test(line))
      .map((line) => line.split(/\s+/u));
    const cell = (row: string[], name: string): number => Number(row[names.indexOf(name)]);
    expect(found.importer).toBe('collectl');
    expect(found.series.get('web1 memory.total')!.values).toEqual(
      rows.map((row) => cell(row, '[MEM]Tot') * 1024),
    );
    expect(found.series.get('web1 cpu.user')!.values).toEqual(rows.map((row) => cell(row, '[CPU]User%')));
    expect(found.series.get('web1 disk.writeBytes *')!.values).toEqual(
      rows.map((row) => cell(row, '[DSK]WriteKBTot') * 1024),
    );
    const terminal = await run('collectl', ['-scdn', '-oD', '-i1', '-c2'], { env });
    const shown = await importText('shown.txt', terminal, { serverName: 'web1' });
    const lines = terminal
      .split('\n')
      .filter((line) => /^\d{8} /u.test(line))
      .map((line) => line.trim().split(/\s+/u));
    expect(shown.series.get('web1 cpu.contextSwitches')!.values).toEqual(
      lines.map((line) => Number(line[5])),
    );
  }, 60_000);
});

describe('what tools print is read in constant memory', () => {
  it('a document of 200 MB', async () => {
    const file = join(await scratchFolder(), 'large.json');
    const moments = 18_000;
    const load = JSON.stringify(
      ['all', ...Array(128).keys()].map((cpu) => ({
        cpu: String(cpu),
        usr: 1.5,
        nice: 0,
        sys: 1,
        iowait: 0.5,
        steal: 0,
        idle: 97,
      })),
    );
    const out = createWriteStream(file);
    out.write('{"sysstat": {"hosts": [{"nodename": "big", "statistics": [');
    for (let i = 0; i < moments; i++) {
      const [date, time] = new Date(Date.UTC(2024, 4, 1) + i * 60_000).toISOString().split(/[T.]/u);
      const moment = `${i === 0 ? '' : ','}{"timestamp": {"date": "${date!}", "time": "${time!}", "utc": 1, "interval": 60}, "cpu-load": ${load}}`;
      if (!out.write(moment)) await once(out, 'drain');
    }
    out.end(']}]}}');
    await once(out, 'finish');
    const counter = join(import.meta.dirname, '../../../../bench/count-samples.ts');
    const { samples, peak } = JSON.parse(
      await run('bash', ['-c', '"$0" "$1" "$2" --count', process.execPath, counter, file]),
    ) as {
      samples: number;
      peak: number;
    };
    expect(samples).toBe(moments * 5);
    expect(peak).toBeLessThan(250 * 2 ** 20);
  }, 120_000);
});
