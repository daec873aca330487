import { describe, expect, it } from 'vitest';
import { CounterRate } from '../../../../../migration-core/collect/import/performance/rates.ts';
import { importText } from '../../../../support/imports.ts';

const T = 1_717_160_400;
type Pair = [number, string];
const series = (name: string, labels: Record<string, string>, figures: (number | null)[], step = 60) => ({
  metric: { ...(name === '' ? {} : { __name__: name }), instance: 'web1:9100', job: 'node', ...labels },
  values: figures.flatMap((figure, i): Pair[] => (figure === null ? [] : [[T + i * step, String(figure)]])),
});
const answer = (...result: unknown[]): string =>
  JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } });

describe('Prometheus', () => {
  it('raw counters of node_exporter become rates and shares', async () => {
    const cpu = (number: string, mode: string, seconds: number[]) =>
      series('node_cpu_seconds_total', { cpu: number, mode }, seconds);
    const imported = await importText(
      'answer.json',
      answer(
        cpu('0', 'idle', [100, 145, 205]),
        cpu('0', 'user', [10, 22, 22]),
        cpu('0', 'iowait', [0, 3, 3]),
        cpu('1', 'idle', [100, 160, 190]),
        cpu('1', 'user', [10, 10, 40]),
        cpu('1', 'iowait', [0, 0, 0]),
        series('node_memory_MemTotal_bytes', {}, [1000, 1000, 1000]),
        series('node_memory_MemAvailable_bytes', {}, [400, null, 300]),
        series('node_disk_read_bytes_total', { device: 'sda' }, [0, 6000, 18000]),
        series('node_disk_read_bytes_total', { device: 'dm-0' }, [0, 6000, 18000]),
        series('node_disk_reads_completed_total', { device: 'sda' }, [0, 60, 60]),
        series('node_disk_read_time_seconds_total', { device: 'sda' }, [0, 0.6, 0.6]),
        series('node_network_receive_bytes_total', { device: 'eth0' }, [5000, 11000, 100]),
        series('node_load1', {}, [1, 2, 3]),
      ),
    );
    expect(imported.importer).toBe('prometheus-json');
    expect(Object.fromEntries([...imported.series].map(([key, { values }]) => [key, values]))).toEqual({
      'web1 cpu.busy': [10, 25],
      'web1 cpu.user': [10, 25],
      'web1 cpu.iowait': [2.5, 0],
      'web1 memory.total': [1000, 1000, 1000],
      'web1 memory.available': [400, 300],
      'web1 memory.used': [600, 700],
      'web1 disk.readBytes sda': [100, 200],
      'web1 disk.readOperations sda': [1, 0],
      'web1 disk.readLatency sda': [0.01, 0],
      'web1 nic.receivedBytes eth0': [100],
    });
    expect(imported.series.get('web1 cpu.busy')!.times).toEqual([(T + 60) * 1000, (T + 120) * 1000]);
    expect(imported.said).toContain('began anew');
    expect(imported.said).toContain('node_load1');
  });

  it('what was rated already, and windows_exporter', async () => {
    const rated = await importText(
      'answer.json',
      answer(series('', { cpu: '0', mode: 'idle' }, [0.75, 0.5])),
    );
    expect(rated.series.get('web1 cpu.busy')!.values).toEqual([25, 50]);
    const named = await importText('answer.json', answer(series('', { device: 'sdb' }, [10, 20])), {
      columns: { metric: 'disk.writeBytes', factor: 1024 },
    });
    expect(named.series.get('web1 disk.writeBytes sdb')!.values).toEqual([10240, 20480]);
    const windows = await importText(
      'answer.json',
      answer(
        series('windows_cpu_time_total', { core: '0,0', mode: 'idle' }, [0, 30]),
        series('windows_cpu_time_total', { core: '0,0', mode: 'privileged' }, [0, 6]),
        series('windows_cpu_time_total', { core: '0,0', mode: 'dpc' }, [0, 6]),
        series('windows_net_bytes_sent_total', { nic: 'Intel' }, [0, 600]),
      ),
    );
    expect(windows.series.get('web1 cpu.busy')!.values).toEqual([50]);
    expect(windows.series.get('web1 cpu.privileged')!.values).toEqual([20]);
    expect(windows.series.get('web1 nic.sentBytes Intel')!.values).toEqual([10]);
  });

  it('a broken record costs that record, a cut the rest', async () => {
    const good = series('node_context_switches_total', {}, [0, 60]);
    const text = answer({ metric: 1 }, good, { metric: {}, values: [['x']] });
    const imported = await importText('answer.json', text);
    expect(imported.samples).toBe(1);
    expect(imported.problems.map((problem) => problem.at)).toContain(1);
    const cut = await importText('answer.json', answer(good, good).slice(0, -60));
    expect(cut.samples).toBe(1);
    expect(cut.said).toContain('cut short');
  });

  it('text with times', async () => {
    const imported = await importText(
      'dump.txt',
      `# TYPE x\n{__name__="node_vmstat_pswpin", instance="db:9100"} 0 ${T}000\n{__name__="node_vmstat_pswpin", instance="db:9100"} 60 ${T + 60}000\n` +
        `node_procs_running{instance="db:9100"} 3 ${T}\nnode_procs_running{instance="db:9100} 4\nnode_procs_running{instance="a\\"b"} 5 ${T}000\n`,
    );
    expect(imported.importer).toBe('prometheus-text');
    expect(imported.series.get('db paging.in')!.values).toEqual([4096]);
    expect(imported.series.get('db cpu.queue')).toMatchObject({ times: [T * 1000], values: [3] });
    expect(imported.series.get('a"b cpu.queue')!.values).toEqual([5]);
    expect(imported.problems.map((problem) => problem.at)).toEqual([5]);
    await expect(importText('metrics', 'node_procs_running 3\n')).rejects.toMatchObject({
      code: 'IMPORT_NOT_SUPPORTED',
    });
  });
});

describe('counters', () => {
  it('never make a negative rate', () => {
    const rate = new CounterRate();
    const seen = (
      [
        [0, 100],
        [1000, 150],
        [2000, 20],
        [3000, 30],
        [3000, 40],
        [1000, 50],
        [2000, 60],
        [2000 + 90_000_000, 100],
      ] as const
    ).map(([time, value]) => [rate.next(time, value), rate.trouble]);
    expect(seen).toEqual([
      [Number.NaN, null],
      [50, null],
      [Number.NaN, 'reset'],
      [10, null],
      [Number.NaN, null],
      [Number.NaN, 'clock-back'],
      [10, null],
      [Number.NaN, 'gap'],
    ]);
    const narrow = new CounterRate();
    narrow.next(0, 2 ** 32 - 10);
    expect([narrow.next(1000, 10), narrow.trouble]).toEqual([20, 'wrapped']);
  });
});
