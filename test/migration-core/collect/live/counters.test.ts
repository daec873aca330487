/** Counters of the kernel as metrics: arithmetic by hand, wraps, resets, and texts nobody expects. */
import { describe, expect, it } from 'vitest';
import { hasNarrowCounters, rise } from '../../../../migration-core/collect/live/counters.ts';
import { readFrames, type Frame, type FrameEvent } from '../../../../migration-core/collect/live/frames.ts';
import { Gauge } from '../../../../migration-core/collect/live/gauge.ts';

const MACHINE = { architecture: 'x86_64', pageBytes: 4096, processors: 2 };

function frame(uptime: number, parts: Record<string, string>): Frame {
  return {
    uptime,
    epoch: 0,
    parts: new Map(Object.entries(parts).map(([name, text]) => [name, text.split('\n')])),
  };
}

/** Metrics of the second of two samples, ten seconds apart: `metric instance` to value. */
function measured(
  before: Record<string, string>,
  after: Record<string, string>,
  machine = MACHINE,
): Map<string, number> {
  const gauge = new Gauge(machine, 10);
  gauge.take(frame(1000, before), 5_000_000);
  const { at, batches } = gauge.take(frame(1010, after), 5_010_040);
  expect(at).toBe(5_010_000);
  return new Map(batches.map(({ metric, instance, values }) => [`${metric} ${instance}`, values[0]!]));
}

async function events(text: string, token = 'T', size = 7): Promise<FrameEvent[]> {
  const list: FrameEvent[] = [];
  const bytes = Buffer.from(text);
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  for await (const event of readFrames(pieces(), token)) list.push(event);
  return list;
}

describe('a counter', () => {
  it('rises, wraps where it has 32 bits, or began anew', () => {
    expect(rise(10, 4, 64)).toBe(6);
    expect(rise(5, 0xffff_fffe, 32)).toBe(7);
    expect(rise(5, 0xffff_fffe, 64)).toBeNaN();
    expect(rise(5, 100, 32)).toBeNaN();
    expect(rise(5, 2 ** 40, 32)).toBeNaN();
    expect(rise(NaN, 4, 64)).toBeNaN();
    for (const narrow of ['i686', 'i386', 'armv7l', 'ppc', 'mips'])
      expect(hasNarrowCounters(narrow)).toBe(true);
    for (const wide of ['x86_64', 'aarch64', 'ppc64le', 'ia64', 's390x', 'alpha'])
      expect(hasNarrowCounters(wide)).toBe(false);
  });
});

describe('two samples', () => {
  it('give processor times; guests are not counted twice, and what is taken away is not busy', () => {
    const values = measured(
      { stat: 'cpu  100 0 100 1000 0 0 0 0 50 0\nctxt 500\nprocs_running 1' },
      { stat: 'cpu  200 20 150 1500 100 10 20 100 100 0\nctxt 1500\nprocs_running 8' },
    );
    expect(values.get('cpu.busy ')).toBe((100 * 200) / 900);
    expect(values.get('cpu.user ')).toBe((100 * 120) / 900);
    expect(values.get('cpu.privileged ')).toBe((100 * 80) / 900);
    expect(values.get('cpu.iowait ')).toBe((100 * 100) / 900);
    expect(values.get('cpu.steal ')).toBe((100 * 100) / 900);
    expect(values.get('cpu.contextSwitches ')).toBe(100);
    expect(values.get('cpu.queue ')).toBe(5);
  });

  it('count no idle time that went backwards', () => {
    const values = measured({ stat: 'cpu 100 0 100 1000 50' }, { stat: 'cpu 200 0 100 1100 48' });
    expect(values.get('cpu.busy ')).toBe(50);
    expect(values.get('cpu.iowait ')).toBe(0);
  });

  it('give memory with and without MemAvailable, swap and paging', () => {
    const old =
      'MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 50 kB\nCached: 350 kB\nSwapTotal: 200 kB\nSwapFree: 150 kB';
    const values = measured(
      { meminfo: old, vmstat: 'pswpin 10\npswpout 100' },
      { meminfo: `${old}\nShmem: 100 kB\nSReclaimable: 20 kB`, vmstat: 'pswpin 20\npswpout 100' },
    );
    expect(values.get('memory.available ')).toBe(420 * 1024);
    expect(values.get('memory.used ')).toBe(580 * 1024);
    expect(values.get('memory.swapUsed ')).toBe(50 * 1024);
    expect(values.get('paging.in ')).toBe(4096);
    expect(values.get('paging.out ')).toBe(0);
    const told = measured({}, { meminfo: `${old}\nMemAvailable: 700 kB` });
    expect(told.get('memory.used ')).toBe(300 * 1024);
  });

  it('give each disk of hardware once, with the widths of its counters', () => {
    const names = 'sda\nnvme0n1\ncciss!c0d0';
    const line = (name: string, numbers: string): string => `   8       0 ${name} ${numbers}`;
    const before = ['sda', 'sda1', 'dm-0', 'md0', 'loop0', 'nvme0n1', 'nvme0n1p1', 'cciss/c0d0']
      .map((name) => line(name, `100 0 1000 4294967290 50 0 500 10 0 100 200`))
      .join('\n');
    const after = before.replaceAll(
      '100 0 1000 4294967290 50 0 500 10 0 100 200',
      '200 0 3000 494 50 0 500 10 0 5100 20200',
    );
    const values = measured({ disks: names, diskstats: before }, { diskstats: after });
    const instances = new Set(
      [...values.keys()].filter((key) => key.startsWith('disk')).map((key) => key.split(' ')[1]),
    );
    expect([...instances]).toEqual(['sda', 'nvme0n1', 'cciss/c0d0']);
    expect(values.get('disk.readOperations sda')).toBe(10);
    expect(values.get('disk.readBytes sda')).toBe((2000 * 512) / 10);
    // 500 ms for 100 reads, over a wrap of the 32 bits that milliseconds have on every kernel.
    expect(values.get('disk.readLatency sda')).toBe(0.005);
    expect(values.has('disk.writeLatency sda')).toBe(false);
    expect(values.get('disk.busy sda')).toBe(50);
    expect(values.get('disk.queue sda')).toBe(2);
    // Without /sys the names tell.
    const blind = measured({ diskstats: before }, { diskstats: after });
    expect([...blind.keys()].sort()).toEqual([...values.keys()].sort());
  });

  it('give each network card once; a 32-bit kernel wraps, a 64-bit one began anew', () => {
    const net = (bytes: number): string =>
      ['lo', 'eth0', 'bond0', 'eth0.7', 'veth1']
        .map((name) => `${name}:${bytes} 100 1 0 0 0 0 0 ${bytes} 200 0 0 0 0 0 0`)
        .join('\n');
    const narrow = measured(
      { nics: 'eth0', net: net(4_294_967_000) },
      { net: net(704) },
      { ...MACHINE, architecture: 'i686' },
    );
    expect(narrow.get('nic.receivedBytes eth0')).toBe(100);
    expect(
      [...narrow.keys()].filter((key) => key.startsWith('nic')).every((key) => key.endsWith(' eth0')),
    ).toBe(true);
    const wide = measured({ nics: 'eth0', net: net(4_294_967_000) }, { net: net(704) });
    expect(wide.has('nic.receivedBytes eth0')).toBe(false);
    expect(wide.get('nic.receivedPackets eth0')).toBe(0);
    const blind = measured({ net: net(1000) }, { net: net(2000) });
    expect([...blind.keys()]).toEqual([...narrow.keys()]);
  });

  it('give volumes once for each device, and programs by their whole names', () => {
    const values = measured(
      { stat: 'cpu 0 0 0 0' },
      {
        stat: 'cpu 500 0 0 500',
        volumes:
          'Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/sda1 100 40 60 40% /\n/dev/sda1 100 40 60 40% /bind\n/dev/sdb 9 5 4 50% /mnt/two words',
        processes: '100 2 a b\u001b[31m <b>=cmd\n0 7 idle\nnonsense',
      },
    );
    expect(values.get('volume.used /')).toBe(40 * 1024);
    expect(values.has('volume.used /bind')).toBe(false);
    expect(values.get('volume.used /mnt/two words')).toBe(5 * 1024);
    expect(values.get('process.cpu a b\u001b[31m <b>=cmd')).toBe(10);
    expect(values.get('process.memory idle')).toBe(7 * 4096);
  });

  it('with times that do not ascend give nothing', () => {
    const gauge = new Gauge(MACHINE, 5);
    gauge.take(frame(100, {}), 1_000_000);
    expect(gauge.take(frame(100, { meminfo: 'MemTotal: 1 kB' }), 1_000_000).batches).toEqual([]);
    expect(gauge.take(frame(90, { meminfo: 'MemTotal: 1 kB' }), 1_000_000).batches).toEqual([]);
  });
});

describe('a server that sends samples without a pause', () => {
  it('gives no more than two a second', () => {
    const gauge = new Gauge(MACHINE, 5);
    let taken = 0;
    for (let index = 0; index < 1000; index++) {
      const now = frame(100 + index, { meminfo: 'MemTotal: 1 kB' });
      if (gauge.take(now, 1_000_000 + index).batches.length > 0) taken++;
    }
    expect(taken).toBeLessThanOrEqual(2);
  });
});

describe('the text of samples', () => {
  it('comes in pieces of any size', async () => {
    const text =
      'hello\nT machine i686 4096 2\nT sample 1.5 99\nT stat\ncpu 1\nT net\nä:1\nT end\nT sample 2.5 100\nT end\n';
    for (const size of [1, 2, 3, 1000]) {
      const list = await events(text, 'T', size);
      expect(list.map(({ kind }) => kind)).toEqual(['machine', 'frame', 'frame']);
      const first = list[1] as FrameEvent & { kind: 'frame' };
      expect(first.frame).toEqual({
        uptime: 1.5,
        epoch: 99,
        parts: new Map([
          ['stat', ['cpu 1']],
          ['net', ['ä:1']],
        ]),
      });
    }
  });

  it('is bounded: a line, a sample', async () => {
    const long = await events(`T sample 1 1\nT stat\n${'x'.repeat(200_000)}\ncpu 1\nT end\n`, 'T', 4096);
    expect(long.map(({ kind }) => kind)).toEqual(['problem', 'frame']);
    const flood = await events(
      `T sample 1 1\nT stat\ncpu 1\nT net\n${'x\n'.repeat(150_000)}T end\n`,
      'T',
      65_536,
    );
    expect(flood.map(({ kind }) => kind)).toEqual(['problem', 'frame']);
    expect((flood[1] as FrameEvent & { kind: 'frame' }).frame.parts.get('net')).toEqual([]);
    const parts = Array.from({ length: 5000 }, (_, index) => `T part${index}\n`).join('');
    const many = await events(`T sample 1 1\n${parts}T end\n`, 'T', 65_536);
    expect((many[0] as FrameEvent & { kind: 'frame' }).frame.parts.size).toBeLessThan(100);
    expect((await events('T sample soon 1\nT stat\nT end\n')).map(({ kind }) => kind)).toEqual(['problem']);
  });

  it('of a server that claims to run for longer than time itself is left out', async () => {
    for (const uptime of ['1e306', '1e17', 'Infinity']) {
      const list = await events(`T sample ${uptime} 1\nT stat\ncpu 1\nT end\nT sample 5 1\nT end\n`);
      expect(
        list.map(({ kind }) => kind),
        uptime,
      ).toEqual(['problem', 'frame']);
    }
  });
});
