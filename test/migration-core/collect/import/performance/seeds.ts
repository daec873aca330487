/** A small input of each kind, for changing. */
const repeat = (times: number, line: (i: number) => string): string =>
  Array.from({ length: times }, (_, i) => line(i)).join('');
const clock = (i: number): string =>
  `${String(Math.floor(i / 6) % 24).padStart(2, '0')}:${(i % 6) * 10 || '00'}:00`;

const prometheus = JSON.stringify({
  status: 'success',
  data: {
    resultType: 'matrix',
    result: ['idle', 'user', 'iowait'].map((mode) => ({
      metric: { __name__: 'node_cpu_seconds_total', instance: 'a:9100', cpu: '0', mode },
      values: Array.from({ length: 50 }, (_, i) => [1_717_160_400 + i * 60, String(i * 20)]),
    })),
  },
});

const moment = (i: number): string =>
  `{"timestamp": {"date": "2024-05-31", "time": "${clock(i)}", "utc": 1, "interval": 600},
  "cpu-load": [{"cpu": "all", "user": 1.5, "nice": 0, "system": 2, "iowait": 0, "steal": 0, "idle": 96.5}],
  "io": {"tps": 3, "io-reads": {"rtps": 1, "bread": 2}, "io-writes": {"wtps": 2, "bwrtn": 9}},
  "memory": {"memfree": 1000, "memused": 9000, "memused-percent": 90.0, "buffers": 10, "cached": 20, "commit": 5},
  "disk": [{"disk-device": "sda", "tps": 1, "rkB": 2, "wkB": 3, "await": 4, "util-percent": 5}],
  "network": {"net-dev": [{"iface": "eth0", "rxpck": 1, "txpck": 2, "rxkB": 3, "txkB": 4}]}}`;

export const SEEDS: readonly (readonly [string, string])[] = [
  [
    'log.csv',
    `"(PDH-CSV 4.0) (UTC)(0)","\\\\A\\Processor(_Total)\\% Processor Time","\\\\A\\PhysicalDisk(0 C:)\\Disk Reads/sec","\\\\A\\Process(_Total)\\% Processor Time","\\\\A\\Process(x)\\% Processor Time"\r\n` +
      repeat(100, (i) => `"05/31/2024 ${clock(i)}.000","${i / 3}","${i}","800","1,5"\r\n`),
  ],
  [
    'wide.csv',
    `time,server,cpu %,memory used (MB)\n${repeat(100, (i) => `2024-05-31 ${clock(i)},"s""${i % 3}",${i}.5,${i * 3}\n`)}`,
  ],
  [
    'long.csv',
    `time;host;metric;instance;value\n${repeat(100, (i) => `31.05.2024 ${clock(i)};a;disk.readBytes;sda;${i},5\n`)}`,
  ],
  [
    'sar.json',
    `{"sysstat": {"hosts": [{"nodename": "a", "statistics": [${repeat(30, (i) => `${i === 0 ? '' : ','}${moment(i)}`)}]}]}}`,
  ],
  [
    'sar.txt',
    `Linux 3.10.0 (a) \t05/31/24 \t_x86_64_\t(2 CPU)\n\n00:00:01     CPU     %user     %nice   %system   %iowait    %steal     %idle\n` +
      `${repeat(100, (i) => `${clock(i)}     all      1.00      0.00      1,00      0.00      0.00     98.00\n`)}Average:  all 1 0 1 0 0 98\n\n` +
      `00:00:01          DEV       tps     rkB/s     wkB/s   areq-sz    aqu-sz     await     %util\n${repeat(50, (i) => `${clock(i)} AM  sda 1 2 3 4 5 6 7\n`)}`,
  ],
  [
    'sadf.csv',
    `# hostname;interval;timestamp;CPU;%user;%nice;%system;%iowait;%steal;%idle\n${repeat(100, (i) => `a;600;2024-05-31 ${clock(i)} UTC;-1;1;2;3;4;5;85\n`)}`,
  ],
  [
    'vmstat.txt',
    `procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu----- -----timestamp-----\n r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st                 UTC\n${repeat(50, (i) => ` 5  0      0 4394312  99060 17406624    0    0  2877 29414  957 4156 63 18 18  1  0 2024-05-31 ${clock(i)}\n`)}`,
  ],
  [
    'iostat.txt',
    `Linux 6.1 (a) \t11/25/26 \t_x86_64_\t(2 CPU)\n\n${repeat(20, (i) => `11/25/26 ${clock(i)}\navg-cpu:  %user   %nice %system %iowait  %steal   %idle\n          44.83   18.00   17.93    0.78    0.41   18.05\n\nDevice            r/s     rkB/s r_await     w/s     wkB/s w_await  aqu-sz  %util\nsda 1 2 3 4 5 6 7 8\n\n`)}`,
  ],
  [
    'iostat.json',
    `{"sysstat": {"hosts": [{"nodename": "a", "date": "11/25/26", "statistics": [${repeat(20, (i) => `${i === 0 ? '' : ','}{"timestamp": "11/25/26 ${clock(i)}", "avg-cpu": {"user": 1, "nice": 0, "system": 2, "iowait": 0, "steal": 0, "idle": 97}, "disk": [{"disk_device": "sda", "r/s": 1, "w/s": 2, "rkB/s": 3, "wkB/s": 4, "r_await": 1, "w_await": 1, "aqu-sz": 0, "util": 9}]}`)}]}]}}`,
  ],
  [
    'web1-20240531.tab',
    `#Date Time [CPU]User% [CPU]Sys% [CPU]Wait% [CPU]Idle% [MEM]Tot [MEM]Used [MEM]Buf [MEM]Cached [DSK]ReadKBTot\n${repeat(50, (i) => `20240531 ${clock(i)} 1 2 3 94 1000 900 10 20 ${i}\n`)}`,
  ],
  ['answer.json', prometheus],
  [
    'dump.txt',
    repeat(
      100,
      (i) => `{__name__="node_procs_running", instance="a:9100"} ${i} ${1_717_160_400 + i * 60}000\n`,
    ),
  ],
  [
    '1.csv',
    `Timestamp [ms];\tCPU cores;\tCPU capacity provisioned [MHZ];\tCPU usage [MHZ];\tCPU usage [%];\tMemory usage [KB]\n${repeat(100, (i) => `${1_375_308_176 + i * 300};\t2;\t5852;\t700;\t${i};\t512\n`)}`,
  ],
  ['azure.csv', repeat(100, (i) => `${i * 300},abcdefghijklmnop,1,2,${i}\n`)],
  ['planetlab', repeat(288, (i) => `${i % 100}\n`)],
];
