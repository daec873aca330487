/** Logs of real machines. What has to come out of them is counted by Python and awk over the same files. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { at, importPath, type Imported } from '../../../../support/imports.ts';
import { hasShared, NEEDS_SHARED, sharedPath } from '../../../../support/shared.ts';
import { needTools, run, scratchFolder } from '../../../../support/tools.ts';

const perf = (path: string): string => sharedPath(`perf/${path}`);

async function python<T>(script: string, ...args: string[]): Promise<T> {
  needTools('python3');
  return JSON.parse(await run('python3', ['-c', script, ...args])) as T;
}

/** Samples of each metric. */
function counts({ series }: Imported): Record<string, number> {
  const found: Record<string, number> = {};
  for (const [key, { times }] of series) {
    const metric = key.split(' ')[1]!;
    found[metric] = (found[metric] ?? 0) + times.length;
  }
  return found;
}

/** Counts figures of a Performance Monitor log by the last part of their names, and gives some columns whole. */
const PDH = `
import csv, json, lzma, re, sys
path, encoding, wanted = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
opened = lzma.open(path, 'rt', encoding=encoding, newline='') if path.endswith('.xz') else open(path, encoding=encoding, newline='')
rows = list(csv.reader(opened))
out = {}
for name, pattern in wanted.items():
    columns = [i for i, heading in enumerate(rows[0]) if re.search(pattern, heading)]
    cells = [row[i].strip() for i in columns for row in rows[1:]]
    numbers = [float(cell) for cell in cells if cell]
    out[name] = {'columns': len(columns), 'count': len(numbers), 'sum': sum(numbers)}
print(json.dumps(out))
`;
type PdhJudged = Record<string, { columns: number; count: number; sum: number }>;

const total = (imported: Imported, metric: string): number => {
  let sum = 0;
  for (const [key, { values }] of imported.series)
    if (key.split(' ')[1] === metric) for (const value of values) sum += value;
  return sum;
};

describe.skipIf(!hasShared)(`Performance Monitor logs ${NEEDS_SHARED}`, () => {
  it('2,633 columns with a remark as the last one', async () => {
    const path = perf('perfmon/iverson-lu-Performance_Counter.csv.xz');
    const imported = await importPath(path);
    const judged = await python<PdhJudged>(
      PDH,
      path,
      'utf-8',
      JSON.stringify({
        'cpu.busy': String.raw`\\Processor\(_Total\)\\% Processor Time$`,
        'cpu.user': String.raw`\\Processor\(_Total\)\\% User Time$`,
        'cpu.privileged': String.raw`\\Processor\(_Total\)\\% Privileged Time$`,
        'memory.available': String.raw`\\Memory\\Available Bytes$`,
        'memory.committed': String.raw`\\Memory\\Committed Bytes$`,
        'paging.hardFaults': String.raw`\\Memory\\Pages/sec$`,
        'disk.readOperations': String.raw`\\PhysicalDisk\(.*\)\\Disk Reads/sec$`,
        'disk.writeOperations': String.raw`\\PhysicalDisk\(.*\)\\Disk Writes/sec$`,
        'disk.readBytes': String.raw`\\PhysicalDisk\(.*\)\\Disk Read Bytes/sec$`,
        'disk.writeBytes': String.raw`\\PhysicalDisk\(.*\)\\Disk Write Bytes/sec$`,
        'disk.readLatency': String.raw`\\PhysicalDisk\(.*\)\\Avg\. Disk sec/Read$`,
        'disk.writeLatency': String.raw`\\PhysicalDisk\(.*\)\\Avg\. Disk sec/Write$`,
        'disk.queue': String.raw`\\PhysicalDisk\(.*\)\\Avg\. Disk Queue Length$`,
        'disk.busy': String.raw`\\PhysicalDisk\(.*\)\\% Idle Time$`,
      }),
    );
    expect(imported.importer).toBe('pdh-csv');
    expect(counts(imported)).toEqual(
      Object.fromEntries(Object.entries(judged).map(([metric, { count }]) => [metric, count])),
    );
    for (const [metric, { sum, count }] of Object.entries(judged))
      expect(total(imported, metric), metric).toBeCloseTo(
        metric === 'disk.busy' ? 100 * count - sum : sum,
        3,
      );
    // China: 8 hours east. The first row has no rates.
    const busy = imported.series.get('I-MEDUSA cpu.busy')!;
    expect([busy.times[0], busy.values[0]]).toEqual([
      at('2025-11-14T13:46:01.736+08:00'),
      14.763162624449732,
    ]);
    expect([...imported.series.keys()]).toContain('I-MEDUSA disk.readBytes *');
    expect(imported.said).toContain('have no place in an assessment');
    expect(imported.problems.length).toBe(1);
  });

  it('Russian names in code page 1251, a heading cut short, the processor told by its processes', async () => {
    const path = perf('perfmon/waflia-DataCollector01-cp1251.csv');
    const imported = await importPath(path);
    const judged = await python<PdhJudged>(
      PDH,
      path,
      'cp1251',
      JSON.stringify({
        memory: String.raw`\\Процесс\((?!_Total|Idle).*\)\\Рабочий набор$`,
        cpu: String.raw`\\Процесс\((?!_Total|Idle).*\)\\% загруженности процессора$`,
        idle: String.raw`\\Процесс\(Idle\)\\% загруженности процессора$`,
        all: String.raw`\\Процесс\(_Total\)\\% загруженности процессора$`,
      }),
    );
    expect(counts(imported)).toEqual({
      'process.memory': judged['memory']!.count,
      'process.cpu': judged['cpu']!.count,
      'cpu.busy': judged['idle']!.count,
    });
    expect(total(imported, 'process.memory')).toBeCloseTo(judged['memory']!.sum, 0);
    // A machine of eight threads; of each row the busy share is what is not idle.
    const rows = judged['idle']!.count;
    const mean = total(imported, 'cpu.busy') / rows;
    expect(mean).toBeCloseTo(100 * (1 - judged['idle']!.sum / judged['all']!.sum), 0);
    // Moscow.
    expect(imported.series.get('DESKTOP-LRPVSK4 process.memory System')!.times[0]).toBe(
      at('2021-09-20T16:48:17.954+03:00'),
    );
  });

  it('a log without processor and memory gives what it has', async () => {
    const path = perf('perfmon/narmadha-DataCollector01.csv');
    const imported = await importPath(path);
    const judged = await python<PdhJudged>(
      PDH,
      path,
      'utf-8',
      JSON.stringify({ queue: 'Current Disk Queue Length$' }),
    );
    expect(counts(imported)).toEqual({ 'disk.queue': judged['queue']!.count });
    expect(imported.series.get('IMPC3116 disk.queue C:')!.times[0]).toBe(at('2017-09-19T09:51:39.073+05:30'));
  });

  it('refuses a binary log, naming relog', async () => {
    await expect(importPath(perf('perfmon/PAL-SampleLog.blg.xz'))).rejects.toMatchObject({
      code: 'IMPORT_NOT_SUPPORTED',
      next: expect.stringContaining('relog PAL-SampleLog.blg -f csv -o PAL-SampleLog.csv') as string,
    });
  });
});

const BITBRAINS = `
import csv, glob, json, sys
out = {'lines': 0, 'same': 0, 'off': 0, 'over': 0, 'cpu': 0.0, 'memory': 0.0}
for path in glob.glob(sys.argv[1] + '/**/*.csv', recursive=True):
    before = None
    for row in list(csv.reader(open(path), delimiter=';'))[1:]:
        if not row: continue
        if row[0] == before:
            out['same'] += 1
            continue
        before = row[0]
        out['lines'] += 1
        out['memory'] += float(row[6]) * 1024
        if float(row[2]) == 0:
            out['off'] += 1
            continue
        if float(row[4]) > 100: out['over'] += 1
        out['cpu'] += min(100, float(row[4]))
print(json.dumps(out))
`;

describe.skipIf(!hasShared)(`Bitbrains traces ${NEEDS_SHARED}`, () => {
  it('thirty machines over two months', async () => {
    needTools('tar', 'xz');
    const folder = join(await scratchFolder(), 'rnd');
    await mkdir(folder);
    await run('tar', ['-xJf', perf('bitbrains/2013-8_2013-9_vm001-030.tar.xz'), '-C', folder]);
    const judged = await python<Record<'lines' | 'same' | 'off' | 'over' | 'cpu' | 'memory', number>>(
      BITBRAINS,
      folder,
    );
    const imported = await importPath(folder);
    expect(imported.importer).toBe('bitbrains');
    const { off, lines } = judged;
    expect(counts(imported)).toEqual({
      'cpu.busy': lines - off,
      'memory.total': lines,
      'memory.used': lines,
      'disk.readBytes': lines,
      'disk.writeBytes': lines,
      'nic.receivedBytes': lines,
      'nic.sentBytes': lines,
    });
    expect(total(imported, 'cpu.busy') / judged.cpu).toBeCloseTo(1, 10);
    expect(total(imported, 'memory.used') / judged.memory).toBeCloseTo(1, 10);
    const busy = imported.series.get('vm-1 cpu.busy')!;
    expect([busy.times[0], busy.values[0], busy.interval]).toEqual([1375308176000, 12.766666666666667, 300]);
    for (const count of [lines, judged.same, off, judged.over])
      if (count > 0) expect(imported.said).toContain(String(count));
  });
});

describe.skipIf(!hasShared)(`sysstat files ${NEEDS_SHARED}`, () => {
  const JSON_JUDGE = `
import json, lzma, sys
host = json.load(lzma.open(sys.argv[1]))['sysstat']['hosts'][0]
out = {'moments': len(host['statistics']), 'nics': 0, 'disks': 0, 'idle': 0.0, 'rkB': 0.0}
for s in host['statistics']:
    out['nics'] += len([n for n in s['network']['net-dev'] if n['iface'] != 'lo'])
    out['disks'] += len(s['disk'])
    out['idle'] += [c for c in s['cpu-load'] if c['cpu'] == 'all'][0]['idle']
    out['rkB'] += sum(d['rkB'] for d in s['disk'])
print(json.dumps(out))
`;
  const expectMoments = (
    imported: Imported,
    judged: Record<'moments' | 'nics' | 'disks' | 'idle' | 'rkB', number>,
  ): void => {
    const found = counts(imported);
    for (const metric of ['cpu.busy', 'cpu.iowait', 'memory.total', 'memory.used', 'cpu.queue', 'paging.in'])
      expect(found[metric], metric).toBe(judged.moments);
    expect(found['nic.receivedBytes']).toBe(judged.nics);
    expect(found['disk.readBytes']).toBe(judged.disks);
    expect(total(imported, 'disk.readBytes')).toBeCloseTo(judged.rkB * 1024, 2);
    const idle = 100 * judged.moments - total(imported, 'cpu.busy') - total(imported, 'cpu.iowait');
    expect(idle).toBeCloseTo(judged.idle, 0);
  };

  it('JSON of sadf, and the binary file it came from', async () => {
    needTools('sadf');
    const judged = await python<Parameters<typeof expectMoments>[1]>(
      JSON_JUDGE,
      perf('sar/mw2q-sar.sadf-j.json.xz'),
    );
    const json = await importPath(perf('sar/mw2q-sar.sadf-j.json.xz'));
    expectMoments(json, judged);
    expect(json.series.get('CentOS-71-64-minimal cpu.iowait')!.values.slice(0, 2)).toEqual([0.47, 18.3]);
    expect(json.series.get('CentOS-71-64-minimal cpu.iowait')!.times[0]).toBe(at('2015-11-25T19:58:24Z'));
    const binary = await importPath(perf('sar/mw2q-sar_raw-sysstat10.1.5.bin.xz'));
    expect(binary.importer).toBe('sar-binary');
    expect([...binary.series].sort()).toEqual([...json.series].sort());
    // The same measured, printed by the sar of that server an hour east of UTC.
    const text = await importPath(perf('sar/mw2q-sar.txt'), { utcOffsetMinutes: 60 });
    expect(text.importer).toBe('sar-text');
    const busy = text.series.get('CentOS-71-64-minimal cpu.iowait')!;
    expect(busy.times).toEqual(json.series.get('CentOS-71-64-minimal cpu.iowait')!.times);
    const exact = json.series.get('CentOS-71-64-minimal cpu.iowait')!.values;
    // The two versions of sysstat round differently.
    busy.values.forEach((value, i) => expect(Math.abs(value - exact[i]!)).toBeLessThan(0.011));
  });

  it.each([
    ['sar/ksar-sar-10.1.5.xz', 'hostname.example.com', '2016-03-28T09:10:01Z', 0.02],
    ['sar/ksar-sar-12.0.2-historical.xz', 'slt-p-ntr001', '2018-12-18T00:10:01Z', 1.58],
  ])('text of sar: %s', async (file, host, first, user) => {
    needTools('awk', 'xz');
    const imported = await importPath(perf(file));
    // The number of lines of a block, counted by awk: from its heading to its average.
    const lines = async (heading: string, row: string): Promise<number> =>
      Number(
        await run('bash', [
          '-c',
          `xz -dc "$0" | awk -v heading="$1" -v row="$2" '/^Average/ || /^$/ {on = 0} on && $0 ~ row {n++} index($0, heading) {on = 1} END {print n + 0}'`,
          perf(file),
          heading,
          row,
        ]),
      );
    const found = counts(imported);
    expect(found['cpu.busy']).toBe(await lines('%usr', '^[0-9:]+ +all '));
    expect(found['memory.used']).toBe(await lines('kbmemfree', '^[0-9]'));
    expect(found['memory.swapUsed']).toBe(await lines('kbswpfree', '^[0-9]'));
    expect(found['cpu.queue']).toBe(await lines('runq-sz', '^[0-9]'));
    expect(found['cpu.contextSwitches']).toBe(await lines('cswch/s', '^[0-9]'));
    expect(found['disk.readBytes']).toBe(
      (await lines('areq-sz', '^[0-9:]+ +(dev8|sd)')) + (await lines('avgrq-sz', '^[0-9:]+ +(dev8|sd)')),
    );
    expect(found['nic.receivedBytes']).toBe(await lines('rxpck/s', '^[0-9:]+ +(eth|ens)'));
    expect(found['nic.errors']).toBe(await lines('rxerr/s', '^[0-9:]+ +(eth|ens)'));
    const series = imported.series.get(`${host} cpu.user`)!;
    expect([series.times[0], series.values[0]]).toEqual([at(first), user]);
    expect(imported.problems.every((problem) => problem.at === 0)).toBe(true);
  });

  it('all that sysstat itself is tested with, in three forms', async () => {
    needTools('tar', 'xz');
    const folder = await scratchFolder();
    await run('tar', ['-xJf', perf('sar/sysstat-fixtures.tar.xz'), '-C', folder]);
    const json = await importPath(join(folder, 'expected.sadf-j'));
    const table = await importPath(join(folder, 'expected.sadf-d'));
    expect(json.importer).toBe('sadf-json');
    expect(table.importer).toBe('sadf-csv');
    expect([...table.series].sort()).toEqual([...json.series].sort());
    const mpstat = await importPath(join(folder, 'expected.mpstat-A-JSON'));
    expect(mpstat.series.get('SYSSTAT.TEST cpu.user')!.times[0]).toBe(at('2020-06-01T12:53:21Z'));
  });

  it('refuses AIX', async () => {
    await expect(importPath(perf('sar/ksar-sar-AIX-7.2.xz'))).rejects.toMatchObject({
      code: 'IMPORT_NOT_SUPPORTED',
      message: expect.stringContaining('AIX') as string,
    });
  });
});
