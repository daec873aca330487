import { describe, expect, it } from 'vitest';
import { at, importText } from '../../../../support/imports.ts';

const linux = (date: string, host = 'web1.example.org'): string =>
  `Linux 3.10.0-327.el7.x86_64 (${host}) \t${date} \t_x86_64_\t(2 CPU)\n\n`;
const CPU = 'CPU     %user     %nice   %system   %iowait    %steal     %idle\n';

describe('text of sar', () => {
  it('12 hours, decimal commas, averages in any language, midnight', async () => {
    const text =
      linux('05/31/2024') +
      `11:50:01 PM     ${CPU}` +
      '12:00:01 AM     all      1,50      0,50      2,00      1,00      0,00     95,00\n' +
      '12:10:01 AM     all      2,50      0,00      2,00      1,00      0,00     94,50\n' +
      '12:10:01 AM       0      2,50      0,00      2,00      1,00      0,00     94,50\n' +
      'Durchschn.:     all      2,00      0,25      2,00      1,00      0,00     94,75\n\n' +
      '11:50:01 PM  pswpin/s pswpout/s\n12:00:01 AM      1,00      2,00\nMoyenne :       1,00      2,00\n';
    const { series, problems } = await importText('sar.txt', text, { utcOffsetMinutes: 0 });
    expect(series.get('web1.example.org cpu.busy')).toMatchObject({
      times: [at('2024-06-01T00:00:01Z'), at('2024-06-01T00:10:01Z')],
      values: [4, 4.5],
    });
    expect(series.get('web1.example.org paging.out')).toMatchObject({
      times: [at('2024-06-01T00:00:01Z')],
      values: [8192],
    });
    expect(problems.filter((problem) => problem.at > 0)).toEqual([]);
  });

  it('several days in one file, restarts, watching live', async () => {
    const block = (time: string, user: string): string =>
      `${time}     ${CPU}${time}     all      ${user}      0.00      0.00      0.00      0.00     90.00\n\n${time}    proc/s   cswch/s\n${time}      1.00    ${user}\n\n`;
    const text =
      linux('2024-05-30') +
      block('23:59:00', '1.00') +
      '23:59:30          LINUX RESTART\n\n' +
      block('00:00:00', '2.00') +
      linux('31.05.2024') +
      block('10:00:00', '3.00');
    const { series, said } = await importText('sar.txt', text, { utcOffsetMinutes: 60 });
    for (const metric of ['cpu.user', 'cpu.contextSwitches'])
      expect(series.get(`web1.example.org ${metric}`)).toMatchObject({
        times: [at('2024-05-30T22:59Z'), at('2024-05-30T23:00Z'), at('2024-05-31T09:00Z')],
        values: [1, 2, 3],
      });
    expect(said).toContain('restarted');
  });

  it('an idle interface of sysstat before 9.1 has no traffic, not no figures', async () => {
    const { series } = await importText(
      'sar.txt',
      `${linux('2012-05-31')}00:00:01        IFACE   rxpck/s   txpck/s   rxbyt/s   txbyt/s   rxcmp/s   txcmp/s  rxmcst/s\n` +
        '00:10:01         eth0      0.00      0.00      0.00      0.00      0.00      0.00      0.00\n' +
        '00:20:01         eth0      2.00      1.00    300.00      0.00      0.00      0.00      0.00\n',
      { utcOffsetMinutes: 0 },
    );
    expect(series.get('web1.example.org nic.receivedBytes eth0')?.values).toEqual([0, 300]);
    expect(series.get('web1.example.org nic.sentBytes eth0')?.values).toEqual([0, 0]);
  });

  it('memory with and without caches, disks and interfaces that are no hardware', async () => {
    const text =
      linux('05/31/24') +
      '13:00:00    kbmemfree kbmemused  %memused kbbuffers  kbcached  kbcommit   %commit\n13:10:00         1000      9000     90.00      1000      3000      7000     70.00\n\n' +
      '13:00:00    kbmemfree kbavail kbmemused  %memused kbbuffers  kbcached  kbcommit   %commit kbactive kbslab\n13:10:00         1000      4500      4000     40.00      1000      3000      7000     70.00 1 1000\n\n' +
      '13:00:00          DEV       tps  rd_sec/s  wr_sec/s  avgrq-sz  avgqu-sz     await     svctm     %util\n13:10:00       dev8-0      1.00      2.00      4.00      1.00      0.50      8.00      1.00     25.00\n13:10:00     dev253-0      1.00      2.00      4.00      1.00      0.50      8.00      1.00     25.00\n\n' +
      '13:00:00        IFACE   rxpck/s   txpck/s    rxkB/s    txkB/s\n13:10:00           lo      1.00      1.00      1.00      1.00\n13:10:00         eth0      1.00      1.00      2.00      3.00\n13:10:00        bond0      1.00      1.00      2.00      3.00\n';
    const { series } = await importText('sar.txt', text, { utcOffsetMinutes: 0 });
    const values = Object.fromEntries(
      [...series].map(([key, found]) => [key.replace('web1.example.org ', ''), found.values]),
    );
    expect(values).toEqual({
      'memory.total': [10_000 * 1024],
      'memory.used': [5000 * 1024],
      'memory.committed': [7000 * 1024],
      'memory.available': [4500 * 1024],
      'disk.readBytes dev8-0': [1024],
      'disk.writeBytes dev8-0': [2048],
      'disk.readLatency dev8-0': [0.008],
      'disk.writeLatency dev8-0': [0.008],
      'disk.queue dev8-0': [0.5],
      'disk.busy dev8-0': [25],
      'nic.receivedPackets eth0': [1],
      'nic.sentPackets eth0': [1],
      'nic.receivedBytes eth0': [2048],
      'nic.sentBytes eth0': [3072],
    });
  });

  it('a malformed line costs that line', async () => {
    const text =
      linux('05/31/24') +
      `13:00:00     ${CPU}` +
      '13:10:00     all      1.00      0.00      0.00      0.00      0.00     99.00\n' +
      '13:20:00     all      1.00      0.00\n' +
      '25:20:00     all      1.00      0.00      0.00      0.00      0.00     99.00\n' +
      'what is this\n' +
      '13:30:00     all      2.00      0.00      0.00      0.00      0.00     many\n' +
      '13:40:00     all      3.00      0.00      0.00      0.00      0.00     97.00\n';
    const { series, problems } = await importText('sar.txt', text, { utcOffsetMinutes: 0 });
    expect(series.get('web1.example.org cpu.busy')!.values).toEqual([1, 3]);
    expect(problems.map((problem) => problem.at)).toEqual([5, 6, 7, 8]);
  });

  it.each([
    'SunOS db 5.10 Generic_147440 sun4u 05/31/2024',
    'HP-UX hp B.11.31 U ia64 05/31/24',
    'AIX a 2 7 00F9 05/31/24',
  ])('refuses %s', async (heading) => {
    await expect(importText('sar.txt', `\n${heading}\n\n00:00:00 %usr\n`)).rejects.toMatchObject({
      code: 'IMPORT_NOT_SUPPORTED',
    });
  });
});

describe('the binary file of sysstat', () => {
  it('that is cancelled while it is unpacked was cancelled, and is no fault', async () => {
    const stopping = new AbortController();
    stopping.abort();
    await expect(
      importText('sa01', Buffer.from('96d5000000000000', 'hex'), { signal: stopping.signal }),
    ).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});
