import { describe, expect, it } from 'vitest';
import { at, importText } from '../../../../support/imports.ts';

const valuesOf = (imported: Awaited<ReturnType<typeof importText>>): Record<string, number[]> =>
  Object.fromEntries([...imported.series].map(([key, { values }]) => [key, values]));

describe('plain CSV', () => {
  it('wide, with units in the headings', async () => {
    const imported = await importText(
      'export.csv',
      'Timestamp,Server Name,CPU Usage [%],Memory used (GB),Disk read KB/s,Net in Mbps,Rack\n' +
        '2024-05-31T13:00:00Z,web1,12.5,2,10,8,R1\n2024-05-31T13:05:00Z,web1,n/a,3,,16,R1\n2024-05-31T13:00:00Z,db1,150,4,1,0,R1\n',
    );
    expect(imported.importer).toBe('csv');
    expect(valuesOf(imported)).toEqual({
      'web1 cpu.busy': [12.5],
      'web1 memory.used': [2 * 2 ** 30, 3 * 2 ** 30],
      'web1 disk.readBytes *': [10240],
      'web1 nic.receivedBytes *': [1e6, 2e6],
      'db1 cpu.busy': [100],
      'db1 memory.used': [2 ** 32],
      'db1 disk.readBytes *': [1024],
      'db1 nic.receivedBytes *': [0],
    });
    expect(imported.said).toContain('Rack');
    expect(imported.said).toContain('outside 0 to 100');
  });

  it('long, semicolons, decimal commas, day first', async () => {
    const imported = await importText(
      'export.csv',
      'Datum;Host;Metric;Instance;Value\n31.05.2024 13:00;web1;cpu.busy;;12,5\n31.05.2024 13:00;web1;disk.readBytes;sda;1e3\n31.05.2024 13:00;web1;colour;;1\n',
      { utcOffsetMinutes: 120 },
    );
    expect(valuesOf(imported)).toEqual({ 'web1 cpu.busy': [12.5], 'web1 disk.readBytes sda': [1000] });
    expect(imported.series.get('web1 cpu.busy')!.times).toEqual([at('2024-05-31T11:00Z')]);
    expect(imported.said).toContain('colour');
  });

  it('in UTF-16, as Windows tools write it', async () => {
    const text =
      'Datum;Uhrzeit;Server;CPU-Auslastung (%)\r\n20.10.2025;00:00:00;Größe;12,5\r\n20.10.2025;00:05:00;Größe;13\r\n';
    for (const bytes of [Buffer.from(`\ufeff${text}`, 'utf16le'), Buffer.from(text, 'utf16le')]) {
      const imported = await importText('export.csv', bytes, { utcOffsetMinutes: 0 });
      expect(imported.importer).toBe('csv');
      expect(valuesOf(imported)).toEqual({ 'Größe cpu.busy': [12.5, 13] });
    }
  });

  it('names the servers that it holds no figure of', async () => {
    const imported = await importText(
      'export.csv',
      'time,server,cpu %\n2024-01-01 00:00:00Z,a,1\n2024-01-01 00:00:00Z,quiet,\n2024-01-01 00:05:00Z,quiet,n/a\n2024-01-01 00:05:00Z,a,1\n',
    );
    expect(imported.said).toBe('0: No figure was found for 1 server of the file, left out therefore: quiet.');
  });

  it('takes what the user says of the columns', async () => {
    const text = 'a|b|c|d\n1717160400|x|0.25|7\n1717160700|x|0.5|8\n';
    const columns = {
      form: 'wide',
      time: { column: 'a', format: 'seconds' },
      server: 'b',
      figures: [
        { column: 'c', metric: 'cpu.busy', unit: 'ratio' },
        { column: 3, metric: 'disk.writeLatency', unit: 'ms', instance: 'sda' },
      ],
    };
    const imported = await importText('export.csv', text, { columns });
    expect(valuesOf(imported)).toEqual({ 'x cpu.busy': [25, 50], 'x disk.writeLatency sda': [0.007, 0.008] });
    expect(imported.series.get('x cpu.busy')!.times[0]).toBe(1717160400000);
    const long = {
      form: 'long',
      noHeading: true,
      time: { column: 0, format: 'ymd', clock: 1, utcOffsetMinutes: -300 },
      metric: { column: 2, names: { Lüfter: { metric: 'cpu.queue', factor: 2, plus: 1 } } },
      value: 3,
    };
    const other = await importText('x.csv', '2024-05-31,23:00:00,Lüfter,4\n', {
      columns: long,
      serverName: 'fan',
    });
    expect(valuesOf(other)).toEqual({ 'fan cpu.queue': [9] });
    expect(other.series.get('fan cpu.queue')!.times[0]).toBe(at('2024-06-01T04:00Z'));
  });

  it('asks where it is not certain, with a proposal', async () => {
    const ask = (text: string, options = {}) =>
      importText('export.csv', text, options).catch((error: unknown) => error);
    expect(await ask('time,cpu %\n01/02/2024 00:00,1\n', { serverName: 's' })).toMatchObject({
      code: 'IMPORT_NEEDS_ANSWER',
      data: { option: 'columns', proposal: { form: 'wide', time: { column: 0, format: 'mdy' } } },
    });
    expect(await ask('time,server,memory used\n2024-01-02 00:00,s,1\n')).toMatchObject({
      data: { option: 'columns', doubts: [expect.stringContaining('unit')] },
    });
    expect(await ask('time,cpu %\n2024-01-02 00:00,1\n')).toMatchObject({ data: { option: 'serverName' } });
    // Bits by its letters, bytes by what most tools mean: eight times as much.
    expect(await ask('time,server,disk_read_kbps,net_in_kbps\n2024-01-02 00:00,s,1,1\n')).toMatchObject({
      data: { doubts: ['In what unit is the column disk_read_kbps?'] },
    });
    expect(
      await ask('time,server,disk read KBps,disk write kbit/s\n2024-01-02 00:00,s,1,8\n', {
        utcOffsetMinutes: 0,
      }),
    ).toMatchObject({ said: '' });
    expect(await ask('time,cpu %\n2024-01-02 00:00,1\n', { columns: { form: 'round' } })).toMatchObject({
      code: 'IMPORT_NEEDS_ANSWER',
    });
    const unfit = {
      form: 'wide',
      time: { column: 'time', format: 'ymd' },
      figures: [{ column: 'cpu %', metric: 'cpu.busy', unit: 'MB' }],
    };
    expect(await ask('time,cpu %\n2024-01-02 00:00,1\n', { columns: unfit, serverName: 's' })).toMatchObject({
      code: 'IMPORT_NEEDS_ANSWER',
      message: expect.stringContaining('MB') as string,
    });
  });

  it('with names of columns and nothing below them says that, not that a column is missing', async () => {
    await expect(importText('export.csv', 'timestamp,server,cpu_percent\n')).rejects.toMatchObject({
      code: 'IMPORT_DAMAGED',
      message: 'export.csv names its columns and has no figures below them.',
    });
  });

  it('keeps hostile names as they are and sorts what is out of order', async () => {
    const name = '=cmd|"<b>\u001b[31m';
    const imported = await importText(
      'export.csv',
      `time,server,cpu %\n2024-01-01 00:10:00Z,"=cmd|""<b>\u001b[31m",3\n2024-01-01 00:05:00Z,"=cmd|""<b>\u001b[31m",2\n2024-01-01 00:05:00Z,"=cmd|""<b>\u001b[31m",9\n`,
    );
    expect(imported.series.get(`${name} cpu.busy`)).toMatchObject({
      times: [at('2024-01-01T00:05Z'), at('2024-01-01T00:10Z')],
      values: [2, 3],
    });
    expect(imported.said).toContain('had the time of an earlier one');
  });

  it('figures that no number can hold are told, not kept', async () => {
    const imported = await importText(
      'export.csv',
      'timestamp,server,memory used GB,cpu ratio\n2024-05-31T13:00:00Z,a,1e308,0.5\n2024-05-31T13:05:00Z,a,1,1e308\n',
      {
        columns: {
          form: 'wide',
          time: { column: 'timestamp', format: 'ymd' },
          server: 'server',
          figures: [
            { column: 'memory used GB', metric: 'memory.used', unit: 'GB' },
            { column: 'cpu ratio', metric: 'cpu.busy', unit: 'ratio' },
          ],
        },
      },
    );
    expect(valuesOf(imported)).toEqual({ 'a memory.used': [2 ** 30], 'a cpu.busy': [50] });
    expect(imported.problems.filter(({ at: line }) => line > 0).map(({ at: line }) => line)).toEqual([2, 3]);
  });

  it('of thousands of metrics without a unit does not say so of each', async () => {
    const rows = Array.from({ length: 3000 }, (_, i) => `2024-05-31T13:00:00Z,a,disk read ${i},${i}\n`);
    const imported = await importText('export.csv', `timestamp,server,metric,value\n${rows.join('')}`);
    expect(imported.problems.length).toBeLessThan(110);
    expect(imported.said).toContain('2900 more remarks');
  });

  it('of more servers than anybody has leaves out the last ones, and says so', async () => {
    const rows = Array.from(
      { length: 20_010 },
      (_, i) => `2024-05-31T13:00:00Z,server-${i},${i % 100}\n`,
    ).join('');
    const imported = await importText('export.csv', `timestamp,server,cpu %\n${rows}`);
    expect(imported.samples).toBe(20_000);
    expect(imported.said).toContain('The file has more servers or series than can be kept');
  });

  it('a malformed line costs that line', async () => {
    const imported = await importText(
      'export.csv',
      `time,server,cpu %\n2024-01-01 00:00:00Z,s,1\nnonsense\n2024-01-01 00:05:00Z,"s,2\n2024-01-01 00:10:00Z,s,x\n${'y'.repeat(17 << 20)}\n2024-02-30 00:00:00Z,s,4\n2024-01-01 00:15:00Z,s,5`,
    );
    expect(imported.series.get('s cpu.busy')!.values).toEqual([1, 5]);
    expect(imported.problems.map((problem) => problem.at)).toEqual([3, 4, 5, 6, 7]);
  });
});
