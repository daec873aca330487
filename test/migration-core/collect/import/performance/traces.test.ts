import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { at, importPath, importText } from '../../../../support/imports.ts';
import { scratchFolder } from '../../../../support/tools.ts';

const HEADING =
  'Timestamp [ms];\tCPU cores;\tCPU capacity provisioned [MHZ];\tCPU usage [MHZ];\tCPU usage [%];\tMemory capacity provisioned [KB];\tMemory usage [KB];\tDisk read throughput [KB/s];\tDisk write throughput [KB/s];\tNetwork received throughput [KB/s];\tNetwork transmitted throughput [KB/s]\n';

describe('Bitbrains', () => {
  it('says what was corrected', async () => {
    const row = (...figures: (number | string)[]): string => `${figures.join(';\t')}\n`;
    const text =
      HEADING +
      row(1375308176, 2, 5852, 700, 12.5, 1024, 512, 1, 2, 3, 4) +
      row(1375308176, 2, 5852, 700, 99, 1024, 512, 1, 2, 3, 4) +
      row(1375308476, 2, 5852, 6000, 102.5, 1024, 512, 1, 2, 3, 4) +
      row(1375308776, 0, 0, 0, 0, 1024, 0, 0, 0, 0, 0) +
      row(1375309076, 2, 5852) +
      row('never', 2, 5852, 700, 12.5, 1024, 512, 1, 2, 3, 4) +
      row(1375309376000, 2, 5852, 700, 1, 1024, 512, 1, 2, 3, 4);
    const { series, said, problems } = await importText('7.csv', text);
    expect(series.get('vm-7 cpu.busy')).toEqual({
      times: [1375308176000, 1375308476000, 1375309376000],
      values: [12.5, 100, 1],
      interval: 300,
    });
    expect(series.get('vm-7 memory.total')!.values).toEqual([2 ** 20, 2 ** 20, 2 ** 20, 2 ** 20]);
    expect(problems.filter((problem) => problem.at > 0).map((problem) => problem.at)).toEqual([6, 7]);
    for (const what of ['repeated the time', 'were set to 100 %', 'machine that was off', 'are in seconds'])
      expect(said).toContain(what);
  });
});

describe('PlanetLab', () => {
  it('a folder named by its day', async () => {
    const folder = join(await scratchFolder(), '20110303');
    await mkdir(folder);
    const lines = Array.from({ length: 288 }, (_, i) => i % 101);
    await writeFile(join(folder, 'host-1_example_org'), `${lines.join('\n')}\n`);
    await writeFile(
      join(folder, 'host-2_example_org'),
      `${[...lines.slice(0, 10), 'x', 101, ...lines.slice(12), 5].join('\n')}\n`,
    );
    const { importer, series, problems } = await importPath(folder);
    expect(importer).toBe('planetlab');
    const first = series.get('host-1_example_org cpu.busy')!;
    expect(first.values).toEqual(lines);
    expect([first.times[0], first.times.at(-1)]).toEqual([at('2011-03-03T00:05Z'), at('2011-03-04T00:00Z')]);
    expect(series.get('host-2_example_org cpu.busy')!.values.length).toBe(286);
    expect(problems.map((problem) => problem.at)).toEqual([11, 12, 289]);
  });

  it('a single file needs the day', async () => {
    const text = `${Array.from({ length: 288 }, () => 7).join('\n')}\n`;
    await expect(importText('machine', text)).rejects.toMatchObject({ data: { option: 'startTime' } });
    const { samples } = await importText('machine', text, { startTime: at('2011-03-03T00:00Z') });
    expect(samples).toBe(288);
  });
});

describe('Azure', () => {
  it('counts from the beginning of the trace', async () => {
    const text =
      '0,yNf/R3X8fyXkOJm3ihXQcT0F52a8cDWP,1.5,20,7.25\n0,abcdefghijkl+=,1,2,3\n300,yNf/R3X8fyXkOJm3ihXQcT0F52a8cDWP,1,2,101\nx,y\n600,abcdefghijkl+=,1,2,1e-3\n';
    await expect(importText('vm_cpu_readings.csv', text)).rejects.toMatchObject({
      data: { option: 'startTime' },
    });
    const start = at('2016-11-16T00:00Z');
    const { importer, series, problems } = await importText('vm_cpu_readings.csv', text, {
      startTime: start,
    });
    expect(importer).toBe('azure-trace');
    expect(series.get('yNf/R3X8fyXkOJm3ihXQcT0F52a8cDWP cpu.busy')).toMatchObject({
      times: [start, start + 300_000],
      values: [7.25, 100],
    });
    expect(series.get('abcdefghijkl+= cpu.busy')).toMatchObject({
      times: [start, start + 600_000],
      values: [3, 0.001],
    });
    expect(problems[0]!.at).toBe(4);
  });
});
