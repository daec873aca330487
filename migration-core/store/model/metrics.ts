/**
 * What is measured on a server, one line each. Whatever tool a figure comes from, it is kept under one of these names in
 * the unit given here; importers convert. A sample at time t stands for the interval that ends at t.
 */

/** What the instance of a metric names; metrics of a whole server have the instance ''. */
export type MetricScope = 'server' | 'disk' | 'nic' | 'volume' | 'process';

export interface MetricInfo {
  id: string;
  scope: MetricScope;
  /** Of the values as they are kept. Percent runs from 0 to 100, of all logical processors of the server together. */
  unit: 'percent' | 'bytes' | 'bytes/s' | 'operations/s' | 'packets/s' | 'events/s' | 'seconds' | 'count';
  /** For a chart's title. */
  title: string;
}

const metric = (scope: MetricScope, id: string, unit: MetricInfo['unit'], title: string): MetricInfo => ({
  id,
  scope,
  unit,
  title,
});

export const METRICS = [
  metric('server', 'cpu.busy', 'percent', 'Processor in use'),
  metric('server', 'cpu.user', 'percent', 'Processor in user mode'),
  metric('server', 'cpu.privileged', 'percent', 'Processor in privileged mode'),
  metric('server', 'cpu.iowait', 'percent', 'Processor waiting for disks'),
  metric('server', 'cpu.steal', 'percent', 'Processor taken away by a hypervisor'),
  metric('server', 'cpu.queue', 'count', 'Threads waiting for a processor'),
  metric('server', 'cpu.contextSwitches', 'events/s', 'Context switches'),
  metric('server', 'memory.total', 'bytes', 'Memory installed'),
  // Without buffers and caches that are given back on demand.
  metric('server', 'memory.used', 'bytes', 'Memory in use'),
  metric('server', 'memory.available', 'bytes', 'Memory available'),
  metric('server', 'memory.committed', 'bytes', 'Memory promised to programs'),
  metric('server', 'memory.swapUsed', 'bytes', 'Swap or page file in use'),
  metric('server', 'paging.in', 'bytes/s', 'Read back from swap or page file'),
  metric('server', 'paging.out', 'bytes/s', 'Written to swap or page file'),
  // Of Windows `Pages/sec`, which counts hard faults of mapped files too.
  metric('server', 'paging.hardFaults', 'events/s', 'Pages read or written to resolve hard faults'),
  metric('disk', 'disk.readOperations', 'operations/s', 'Reads'),
  metric('disk', 'disk.writeOperations', 'operations/s', 'Writes'),
  metric('disk', 'disk.readBytes', 'bytes/s', 'Read'),
  metric('disk', 'disk.writeBytes', 'bytes/s', 'Written'),
  // Where a tool knows only the mean of both, it is kept in both.
  metric('disk', 'disk.readLatency', 'seconds', 'Time a read takes'),
  metric('disk', 'disk.writeLatency', 'seconds', 'Time a write takes'),
  metric('disk', 'disk.queue', 'count', 'Requests in the queue'),
  metric('disk', 'disk.busy', 'percent', 'Time the disk was busy'),
  metric('nic', 'nic.receivedBytes', 'bytes/s', 'Received'),
  metric('nic', 'nic.sentBytes', 'bytes/s', 'Sent'),
  metric('nic', 'nic.receivedPackets', 'packets/s', 'Packets received'),
  metric('nic', 'nic.sentPackets', 'packets/s', 'Packets sent'),
  metric('nic', 'nic.errors', 'events/s', 'Errors and dropped packets'),
  metric('volume', 'volume.used', 'bytes', 'Volume in use'),
  metric('process', 'process.cpu', 'percent', 'Processor used by'),
  metric('process', 'process.memory', 'bytes', 'Memory used by'),
] as const satisfies readonly MetricInfo[];

export type MetricId = (typeof METRICS)[number]['id'];

const byId = new Map<string, MetricInfo>(METRICS.map((info) => [info.id, info]));

/** The metric of that name, or undefined. */
export const metricInfo = (id: string): MetricInfo | undefined => byId.get(id);

/**
 * The instance that stands for all disks or all network interfaces of a server together. Exports that know only sums use
 * it; where both are there, readers use the parts.
 */
export const ALL_INSTANCES = '*';
