/**
 * Metrics of node_exporter and windows_exporter and what they are here. Some need others: memory in use is what is
 * installed less what is available, so parts are put together by time.
 */
import type { MetricId } from '../../../../store/model/metrics.ts';
import { isPhysicalDisk, isPhysicalNic } from '../devices.ts';

export interface Rule {
  /** Readings of it only grow, and a rate is made of them. */
  counter: boolean;
  factor: number;
  /** Label that names the device; undefined: of the whole server. */
  device?: string;
  takes?: (name: string) => boolean;
  /** What it is by itself, or the part of a combination that it is. */
  gives: { metric: MetricId } | { combination: keyof typeof COMBINATIONS; part: string };
}

const PAGE = 4096;
/** NaN where the part was not read. */
type Parts = (part: string) => number;

/** What comes of the parts that were read at one moment; NaN where one is missing. */
export const COMBINATIONS: Record<
  'cpu' | 'memory' | 'swap' | 'errors' | 'volume' | 'reads' | 'writes',
  readonly (readonly [MetricId, (parts: Parts) => number])[]
> = {
  // Seconds a second, of all processors; `cores` is how many of them told their idle time.
  cpu: [
    [
      'cpu.busy',
      (of) => (100 * (of('cores') - of('idle') - or0(of('iowait')) - or0(of('steal')))) / of('cores'),
    ],
    ['cpu.user', (of) => (100 * (of('user') + or0(of('nice')))) / of('cores')],
    ['cpu.privileged', (of) => (100 * (of('system') + or0(of('irq')) + or0(of('softirq')))) / of('cores')],
    ['cpu.iowait', (of) => (100 * of('iowait')) / of('cores')],
    ['cpu.steal', (of) => (100 * of('steal')) / of('cores')],
  ],
  memory: [
    ['memory.total', (of) => of('total')],
    ['memory.available', (of) => of('available')],
    ['memory.used', (of) => Math.max(0, of('total') - of('available'))],
  ],
  swap: [['memory.swapUsed', (of) => Math.max(0, of('total') - of('free'))]],
  errors: [['nic.errors', (of) => of('all')]],
  volume: [['volume.used', (of) => Math.max(0, of('size') - of('free'))]],
  // Time of all, over how many; where there was none, it took none.
  reads: [['disk.readLatency', meanTime]],
  writes: [['disk.writeLatency', meanTime]],
};

function or0(value: number): number {
  return Number.isNaN(value) ? 0 : value;
}

function meanTime(of: Parts): number {
  return of('count') === 0 ? 0 : of('time') / of('count');
}

const counter = (metric: MetricId, device?: string, factor = 1): Rule => ({
  counter: true,
  factor,
  ...(device === undefined ? {} : { device }),
  gives: { metric },
});
const gauge = (metric: MetricId, factor = 1): Rule => ({ counter: false, factor, gives: { metric } });
const part = (
  combination: keyof typeof COMBINATIONS,
  name: string,
  device?: string,
  isCounter = true,
): Rule => ({
  counter: isCounter,
  factor: 1,
  ...(device === undefined ? {} : { device }),
  gives: { combination, part: name },
});
const disk = (rule: Rule): Rule => ({ ...rule, takes: isPhysicalDisk });
const nic = (rule: Rule): Rule => ({ ...rule, takes: isPhysicalNic });

/** By name; several where one serves for two things. */
export const RULES: Readonly<Record<string, readonly Rule[]>> = {
  // The part is the label `mode`.
  node_cpu_seconds_total: [part('cpu', '')],
  node_context_switches_total: [counter('cpu.contextSwitches')],
  node_procs_running: [gauge('cpu.queue')],
  node_memory_MemTotal_bytes: [part('memory', 'total', undefined, false)],
  node_memory_MemAvailable_bytes: [part('memory', 'available', undefined, false)],
  node_memory_Committed_AS_bytes: [gauge('memory.committed')],
  node_memory_SwapTotal_bytes: [part('swap', 'total', undefined, false)],
  node_memory_SwapFree_bytes: [part('swap', 'free', undefined, false)],
  node_vmstat_pswpin: [counter('paging.in', undefined, PAGE)],
  node_vmstat_pswpout: [counter('paging.out', undefined, PAGE)],
  node_vmstat_pgmajfault: [counter('paging.hardFaults')],
  node_disk_reads_completed_total: [
    disk(counter('disk.readOperations', 'device')),
    disk(part('reads', 'count', 'device')),
  ],
  node_disk_writes_completed_total: [
    disk(counter('disk.writeOperations', 'device')),
    disk(part('writes', 'count', 'device')),
  ],
  node_disk_read_bytes_total: [disk(counter('disk.readBytes', 'device'))],
  node_disk_written_bytes_total: [disk(counter('disk.writeBytes', 'device'))],
  node_disk_read_time_seconds_total: [disk(part('reads', 'time', 'device'))],
  node_disk_write_time_seconds_total: [disk(part('writes', 'time', 'device'))],
  node_disk_io_time_seconds_total: [disk(counter('disk.busy', 'device', 100))],
  node_disk_io_time_weighted_seconds_total: [disk(counter('disk.queue', 'device'))],
  node_network_receive_bytes_total: [nic(counter('nic.receivedBytes', 'device'))],
  node_network_transmit_bytes_total: [nic(counter('nic.sentBytes', 'device'))],
  node_network_receive_packets_total: [nic(counter('nic.receivedPackets', 'device'))],
  node_network_transmit_packets_total: [nic(counter('nic.sentPackets', 'device'))],
  node_network_receive_errs_total: [nic(part('errors', 'all', 'device'))],
  node_network_transmit_errs_total: [nic(part('errors', 'all', 'device'))],
  node_network_receive_drop_total: [nic(part('errors', 'all', 'device'))],
  node_network_transmit_drop_total: [nic(part('errors', 'all', 'device'))],
  node_filesystem_size_bytes: [part('volume', 'size', 'mountpoint', false)],
  node_filesystem_free_bytes: [part('volume', 'free', 'mountpoint', false)],

  windows_cpu_time_total: [part('cpu', '')],
  windows_system_context_switches_total: [counter('cpu.contextSwitches')],
  windows_system_processor_queue_length: [gauge('cpu.queue')],
  windows_cs_physical_memory_bytes: [part('memory', 'total', undefined, false)],
  windows_memory_physical_total_bytes: [part('memory', 'total', undefined, false)],
  windows_memory_available_bytes: [part('memory', 'available', undefined, false)],
  windows_memory_committed_bytes: [gauge('memory.committed')],
  windows_memory_swap_page_operations_total: [counter('paging.hardFaults')],
  windows_physical_disk_reads_total: [counter('disk.readOperations', 'disk'), part('reads', 'count', 'disk')],
  windows_physical_disk_writes_total: [
    counter('disk.writeOperations', 'disk'),
    part('writes', 'count', 'disk'),
  ],
  windows_physical_disk_read_bytes_total: [counter('disk.readBytes', 'disk')],
  windows_physical_disk_write_bytes_total: [counter('disk.writeBytes', 'disk')],
  windows_physical_disk_read_latency_seconds_total: [part('reads', 'time', 'disk')],
  windows_physical_disk_write_latency_seconds_total: [part('writes', 'time', 'disk')],
  windows_net_bytes_received_total: [counter('nic.receivedBytes', 'nic')],
  windows_net_bytes_sent_total: [counter('nic.sentBytes', 'nic')],
  windows_net_packets_received_total: [counter('nic.receivedPackets', 'nic')],
  windows_net_packets_sent_total: [counter('nic.sentPackets', 'nic')],
  windows_logical_disk_size_bytes: [part('volume', 'size', 'volume', false)],
  windows_logical_disk_free_bytes: [part('volume', 'free', 'volume', false)],
};

/** Modes of windows_exporter in the words of node_exporter. */
export const MODES: Readonly<Record<string, string>> = {
  privileged: 'system',
  interrupt: 'irq',
  dpc: 'softirq',
};
